package kernel

// Backward computes the gradients of a loss from dy, its gradient with respect to
// y: dx [n, in] (nil: not wanted), dw [in, out] and db [out]. x and w are what
// [Dense.Forward] was given, y is what it computed.
func (d *Dense) Backward(n int, dx, dw, db, x, w, y, dy []float32) {
	slots := Workers()
	maskedSize := 0
	if d.activation != Linear {
		maskedSize = n * d.out
	}
	slotSize := splitSize(denseBlock*depthBlock, panelWidth*depthBlock)
	parts := d.ws.split(maskedSize, panelsSize(n, d.out), slots*slotSize)
	d.call = denseCall{
		n: n, x: x, w: w, y: y, dy: dy, dx: dx, dw: dw, db: db,
		masked: parts[0], panels: parts[1], scratch: parts[2], slotSize: slotSize,
	}
	if d.activation == Linear {
		d.call.masked = dy
	}
	parallelSlots(slots, blockCount(d.out, denseBlock), d.gradientTask)
	parallelSlots(slots, blockCount(d.in, denseBlock), d.backwardTask)
	d.call = denseCall{}
}

// gradientBlock takes a block of columns of dy through the activation, packs it and
// adds it up to db.
func (d *Dense) gradientBlock(task, _ int) {
	call := &d.call
	first, last := blockRange(task, denseBlock, d.out)
	if d.activation != Linear {
		for r := range call.n {
			from, to := r*d.out+first, r*d.out+last
			derivativeVector(call.masked[from:to], call.y[from:to], call.dy[from:to], float32(d.activation), 0)
		}
	}
	packPanels(call.panels[first*call.n:], call.masked[first:], call.n, last-first, d.out)
	var block [denseBlock]float32
	db := call.db[first:last]
	clear(db)
	addColumns(db, block[:last-first], call.masked[first:], call.n, d.out)
}

// backwardBlock computes dx and dw for a block of inputs.
func (d *Dense) backwardBlock(task, slot int) {
	call := &d.call
	first, last := blockRange(task, denseBlock, d.in)
	parts := split(call.scratch[slot*call.slotSize:], denseBlock*depthBlock, panelWidth*depthBlock)
	d.weightGradient(first, last, parts[0])
	if call.dx != nil {
		d.inputGradient(first, last, parts[1])
	}
}

// weightGradient computes dw for inputs [first, last): their columns of x,
// transposed, times the gradient.
func (d *Dense) weightGradient(first, last int, transposed []float32) {
	call := &d.call
	o := operand{rows: last - first, segments: 1, stride: 1}
	for from := 0; from < call.n; from += depthBlock {
		o.length = min(depthBlock, call.n-from)
		o.rowStride = o.length
		transpose(transposed, call.x[from*d.in+first:], o.length, last-first, d.in)
		e := epilogue{accumulate: from > 0, activation: Linear}
		for col := 0; col < d.out; col += panelWidth {
			cols := min(panelWidth, d.out-col)
			panel := call.panels[col*call.n+from*panelWidth:]
			gemm(call.dw[first*d.out+col:], d.out, cols, transposed, &o, panel, &e)
		}
	}
}

// inputGradient computes columns [first, last) of dx: the gradient times their rows
// of the weights, transposed.
func (d *Dense) inputGradient(first, last int, panel []float32) {
	call := &d.call
	o := operand{rows: call.n, rowStride: d.out, segments: 1, stride: 1}
	for from := 0; from < d.out; from += depthBlock {
		o.length = min(depthBlock, d.out-from)
		e := epilogue{accumulate: from > 0, activation: Linear}
		for col := first; col < last; col += panelWidth {
			cols := min(panelWidth, last-col)
			packTransposed(panel, call.w[col*d.out+from:], o.length, cols, d.out)
			gemm(call.dx[col:], d.in, cols, call.masked[from:], &o, panel, &e)
		}
	}
}

// transpose writes the transpose of src [rows, cols], whose rows are ld apart.
func transpose(dst, src []float32, rows, cols, ld int) {
	for r := range rows {
		for j, v := range src[r*ld : r*ld+cols] {
			dst[j*rows+r] = v
		}
	}
}
