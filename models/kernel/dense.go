package kernel

// Dense is a fully connected layer with bias and activation.
type Dense struct {
	in, out    int
	activation Activation
	ws         *Workspace

	call denseCall // the call that is under way
	// The tasks of calls, bound once: then a call needs no memory for closures.
	forwardTask, forwardFewTask, columnsTask, streamTask, streamSumTask func(task, slot int)
	gradientTask, backwardTask                                          func(task, slot int)
}

// denseCall holds the operands of a call and its buffers in the workspace.
type denseCall struct {
	n              int
	x, w, b, y     []float32
	dy, dx, dw, db []float32
	bias           []float32  // in panels
	activation     Activation // of Backward: Linear when dy is behind it already
	rowBlock       int        // rows of the batch in a task of Forward
	partials       []float32  // [chunks of the depth, n, out], in Forward
	chunks         int        // of the depth, in forwardStreamed
	masked         []float32  // dy behind the activation
	panels         []float32  // the same in panels
	transposed     []float32  // its transpose in panels
	run            int        // blocks of the weights' rows in a task of Backward
	scratch        []float32  // slotSize floats for each slot
	slotSize       int
}

const (
	// denseBlock is the number of the weights' rows or columns in a task.
	denseBlock = 64
	// depthBlock is how many products are added up before they go into a larger
	// sum; depthBlock*denseBlock floats fit into the second-level cache. It is no
	// power of two, so that panels of a block begin in different sets of a cache.
	depthBlock = 240
	// fewRows is the largest batch for which Forward uses weights where they lie:
	// to pack them would cost more than it saves.
	fewRows = 6
)

// NewDense returns a layer with in inputs and out outputs.
func NewDense(in, out int, act Activation, ws *Workspace) *Dense {
	d := &Dense{in: in, out: out, activation: act, ws: ws}
	d.forwardTask, d.forwardFewTask = d.forwardBlock, d.forwardFewBlock
	d.streamTask, d.streamSumTask = d.streamChunk, d.streamSum
	d.columnsTask = d.forwardColumns
	d.gradientTask, d.backwardTask = d.gradientBlock, d.backwardRun
	return d
}

// Forward computes y [n, out] = activation(x w + b) from x [n, in], w [in, out] and
// b [out].
func (d *Dense) Forward(n int, y, x, w, b []float32) {
	d.call = denseCall{n: n, x: x, w: w, b: b, y: y}
	switch {
	case readable(d.out) && n > fewRows && d.in*d.out <= cachedWeights:
		parallelSlots(Workers(), blockCount(d.out, panelWidth()), d.columnsTask)
	case readable(d.out):
		d.forwardStreamed()
	case n <= fewRows:
		d.forwardFew()
	default:
		d.forwardMany()
	}
	d.call = denseCall{} // keeps none of the caller's buffers alive
}

// forwardMany cuts the output into blocks of rows and columns.
func (d *Dense) forwardMany() {
	call, slots := &d.call, Workers()
	call.rowBlock = denseBlock
	if d.out <= denseBlock {
		call.rowBlock = denseBlock / 4 // there is one block of columns to share out
	}
	call.slotSize = depthBlock * denseBlock
	parts := d.ws.split(panelsSize(1, d.out), slots*call.slotSize)
	call.bias, call.scratch = parts[0], parts[1]
	packPanels(call.bias, call.b, 1, d.out, d.out)
	tasks := blockCount(d.out, denseBlock) * blockCount(call.n, call.rowBlock)
	parallelSlots(slots, tasks, d.forwardTask)
}

// forwardBlock computes a block of the output.
func (d *Dense) forwardBlock(task, slot int) {
	call := &d.call
	rowBlocks := blockCount(call.n, call.rowBlock)
	firstRow, lastRow := blockRange(task%rowBlocks, call.rowBlock, call.n)
	first, last := blockRange(task/rowBlocks, denseBlock, d.out)
	panels := call.scratch[slot*call.slotSize : (slot+1)*call.slotSize]
	o := operand{rows: lastRow - firstRow, rowStride: d.in, segments: 1, stride: 1}
	for from := 0; from < d.in; from += depthBlock {
		o.length = min(depthBlock, d.in-from)
		packPanels(panels, call.w[from*d.out+first:], o.length, last-first, d.out)
		e := epilogue{accumulate: from > 0, activation: Linear}
		for col := first; col < last; col += panelWidth() {
			cols := min(panelWidth(), last-col)
			if from == 0 {
				e.bias = call.bias[col:]
			}
			if from+o.length == d.in {
				e.activation = d.activation
			}
			y, x := call.y[firstRow*d.out+col:], call.x[firstRow*d.in+from:]
			gemm(y, d.out, cols, x, &o, panels[(col-first)*o.length:], &e)
		}
	}
}

// forwardFew cuts the depth into blocks, so that each task reads consecutive
// weights, once.
func (d *Dense) forwardFew() {
	call := &d.call
	blocks, size := blockCount(d.in, depthBlock), call.n*d.out
	call.partials = d.ws.Floats(blocks * size)
	parallelSlots(Workers(), blocks, d.forwardFewTask)
	addPartials(call.y[:size], call.partials, blocks)
	for r := range call.n {
		y := call.y[r*d.out : (r+1)*d.out]
		addVector(y, y, call.b)
	}
	Activate(call.y[:size], call.y[:size], d.activation)
}

// forwardFewBlock adds up the products with one block of the weights' rows.
func (d *Dense) forwardFewBlock(task, _ int) {
	call := &d.call
	sums := call.partials[task*call.n*d.out : (task+1)*call.n*d.out]
	clear(sums)
	from, to := blockRange(task, depthBlock, d.in)
	for i := from; i < to; i++ {
		w := call.w[i*d.out : (i+1)*d.out]
		for r := range call.n {
			addScaled(sums[r*d.out:(r+1)*d.out], w, call.x[r*d.in+i])
		}
	}
}

// addScaled adds factor * x to dst.
func addScaled(dst, x []float32, factor float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] += factor * v
	}
}
