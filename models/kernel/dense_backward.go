package kernel

// Backward computes the gradients of a loss from dy, its gradient with respect to
// y: dx [n, in] (nil: not wanted), dw [in, out] and db [out]. x and w are what
// [Dense.Forward] was given, y is what it computed. y may be nil: dy is then the
// gradient before the activation.
func (d *Dense) Backward(n int, dx, dw, db, x, w, y, dy []float32) {
	slots, act := Workers(), d.activation
	if y == nil {
		act = Linear
	}
	maskedSize := 0
	if act != Linear {
		maskedSize = n * d.out
	}
	transposedSize := 0
	if dx != nil {
		transposedSize = panelsSize(d.out, n)
	}
	slotSize := splitSize(denseBlock*depthBlock, denseBlock*n)
	parts := d.ws.split(maskedSize, panelsSize(n, d.out), transposedSize, slots*slotSize)
	d.call = denseCall{
		n: n, x: x, w: w, y: y, dy: dy, dx: dx, dw: dw, db: db,
		masked: parts[0], panels: parts[1], transposed: parts[2], scratch: parts[3], slotSize: slotSize,
	}
	d.call.activation = act
	if act == Linear {
		d.call.masked = dy
	}
	parallelSlots(slots, blockCount(d.out, denseBlock), d.gradientTask)
	d.call.run = min(denseRun, max(1, blockCount(d.in, denseBlock)/denseTasks))
	parallelSlots(slots, blockCount(d.in, d.call.run*denseBlock), d.backwardTask)
	d.call = denseCall{}
}

// gradientBlock takes a block of columns of dy through the activation, packs it and
// adds it up to db.
func (d *Dense) gradientBlock(task, _ int) {
	call := &d.call
	first, last := blockRange(task, denseBlock, d.out)
	if call.activation != Linear {
		for r := range call.n {
			from, to := r*d.out+first, r*d.out+last
			vectorTiers[active].derivative(call.masked[from:to], call.y[from:to], call.dy[from:to], float32(call.activation), 0)
		}
	}
	packPanels(call.panels[first*call.n:], call.masked[first:], call.n, last-first, d.out)
	if call.dx != nil {
		for row := 0; row < call.n; row += panelWidth() {
			rows := min(panelWidth(), call.n-row)
			panel := call.transposed[row*d.out+first*panelWidth():]
			packTransposed(panel, call.masked[row*d.out+first:], last-first, rows, d.out)
		}
	}
	var block [denseBlock]float32
	db := call.db[first:last]
	clear(db)
	addColumns(db, block[:last-first], call.masked[first:], call.n, d.out)
}

const (
	// denseRun is the number of consecutive blocks in a task of Backward, fewer in
	// layers that would not have denseTasks tasks then.
	denseRun   = 4
	denseTasks = 8
)

// backwardRun computes dw and dx for some blocks of inputs. In large layers the
// weights and their gradient come from main memory and go there, so the next block of
// both is prefetched.
func (d *Dense) backwardRun(task, slot int) {
	call := &d.call
	from, to := blockRange(task, call.run*denseBlock, d.in)
	scratch := call.scratch[slot*call.slotSize : (slot+1)*call.slotSize]
	parts := split(scratch, denseBlock*depthBlock, denseBlock*call.n)
	for first := from; first < to; first += denseBlock {
		last := min(to, first+denseBlock)
		next := min(last, d.in-(last-first)) * d.out
		d.weightGradient(first, last, parts[0], call.dw[next:])
		if call.dx != nil {
			d.inputGradient(first, last, parts[1], call.w[next:])
		}
	}
}

// weightGradient writes dw = x' dy for the inputs [first, last).
func (d *Dense) weightGradient(first, last int, transposed, next []float32) {
	call := &d.call
	o := operand{rows: last - first, segments: 1, stride: 1}
	o.nextStride = panelWidth() * 4 * tileRows / call.n
	for from := 0; from < call.n; from += depthBlock {
		o.length = min(depthBlock, call.n-from)
		o.rowStride = o.length
		transpose(transposed, o.length, call.x[from*d.in+first:], o.length, last-first, d.in)
		e := epilogue{accumulate: from > 0, activation: Linear}
		for col := 0; col < d.out; col += panelWidth() {
			cols := min(panelWidth(), d.out-col)
			o.next = next[col*o.rows:]
			gemm(call.dw[first*d.out+col:], d.out, cols, transposed, &o, call.panels[col*call.n+from*panelWidth():], &e)
		}
	}
}

// inputGradient writes dx' = w dy' for the inputs [first, last), transposed: so the
// weights, which are many, are read where they lie.
func (d *Dense) inputGradient(first, last int, transposed, next []float32) {
	call := &d.call
	o := operand{rows: last - first, rowStride: d.out, segments: 1, stride: 1}
	o.nextStride = 4 * tileRows / blockCount(call.n, panelWidth())
	for from := 0; from < d.out; from += depthBlock {
		o.length = min(depthBlock, d.out-from)
		o.next = next[from*o.rows:]
		e := epilogue{accumulate: from > 0, activation: Linear}
		for row := 0; row < call.n; row += panelWidth() {
			rows := min(panelWidth(), call.n-row)
			panel := call.transposed[row*d.out+from*panelWidth():]
			gemm(transposed[row:], call.n, rows, call.w[first*d.out+from:], &o, panel, &e)
		}
	}
	transpose(call.dx[first:], d.in, transposed, last-first, call.n, call.n)
}
