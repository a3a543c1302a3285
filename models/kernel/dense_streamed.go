package kernel

// cachedWeights is the largest number of weights that a cache holds from one pass to
// the next: of more, each is read only once.
const cachedWeights = 1 << 20

// forwardColumns computes a panel of columns of the output, from weights that are read
// where they lie, over and over.
func (d *Dense) forwardColumns(task, _ int) {
	call := &d.call
	first, last := blockRange(task, panelWidth(), d.out)
	for from := 0; from < d.in; from += depthBlock {
		depth := min(depthBlock, d.in-from)
		args := gemmArgs{
			c: call.y[first:], a: call.x[from:], b: call.w[from*d.out+first:], addend: call.b[first:],
			rows: call.n, k: depth, segments: 1,
			aStride: d.in, bStride: d.out, cStride: d.out, slope: Linear,
		}
		if from > 0 {
			args.addend, args.addendStride = args.c, d.out
		}
		if from+depth == d.in {
			args.slope, args.floor = d.activation, d.activation.floor()
		}
		active.multiply(&args, last-first, false)
	}
}

const (
	// streamBlock is the number of the weights' rows that are used together.
	streamBlock = 64
	// streamChunks is the number of partial sums of Forward.
	streamChunks = 8
)

// forwardStreamed cuts the depth into chunks, so that each task reads consecutive
// weights once, where they lie: in large layers they come from main memory, and are
// prefetched while the block before them is used.
func (d *Dense) forwardStreamed() {
	call := &d.call
	chunks := min(streamChunks, blockCount(d.in, streamBlock))
	call.partials = d.ws.Floats(chunks * call.n * d.out)
	call.chunks = chunks
	parallelSlots(Workers(), chunks, d.streamTask)
	parallelSlots(Workers(), blockCount(call.n, streamRows), d.streamSumTask)
}

// streamChunk computes the partial sums of one chunk.
func (d *Dense) streamChunk(task, _ int) {
	call := &d.call
	sums := call.partials[task*call.n*d.out : (task+1)*call.n*d.out]
	blocks := blockCount(d.in, streamBlock)
	first, last := blocks*task/call.chunks*streamBlock, min(d.in, blocks*(task+1)/call.chunks*streamBlock)
	for from := first; from < last; from += streamBlock {
		depth := min(streamBlock, last-from)
		next := min(from+depth, d.in-depth)
		for col := 0; col < d.out; col += panelWidth() {
			args := gemmArgs{
				c: sums[col:], a: call.x[from:], b: call.w[from*d.out+col:],
				next: call.w[next*d.out+col*depth:], nextStride: prefetchStride(call.n),
				rows: call.n, k: depth, segments: 1,
				aStride: d.in, bStride: d.out, cStride: d.out, slope: Linear,
			}
			if from > first {
				args.addend, args.addendStride = args.c, d.out
			}
			active.multiply(&args, min(panelWidth(), d.out-col), false)
		}
	}
}

// streamRows is the number of rows of the output in a task of streamSum.
const streamRows = 8

// streamSum adds up the partial sums and the bias of some rows.
func (d *Dense) streamSum(task, _ int) {
	call := &d.call
	first, last := blockRange(task, streamRows, call.n)
	for row := first; row < last; row++ {
		for col := 0; col < d.out; col += panelWidth() {
			active.multiply(&gemmArgs{
				c: call.y[row*d.out+col:], a: one, b: call.partials[row*d.out+col:], addend: call.b[col:],
				rows: 1, k: call.chunks, segments: 1, bStride: call.n * d.out, slope: d.activation, floor: d.activation.floor(),
			}, min(panelWidth(), d.out-col), true)
		}
	}
}
