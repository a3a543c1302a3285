package kernel

// Direct convolutions and most of the dense layers, forward and backward, are driven
// by one micro kernel, gemm: the product of a left factor that is read where it lies,
// by strides, and a right factor in panels.

// maxPanelWidth is how many columns of a right factor the widest panel of any
// tier holds; [tier.panelWidth] is that of one tier. A panel of k rows is
// k*panelWidth consecutive floats; panels of one factor follow each other, and the
// last is filled up with zeros.
const maxPanelWidth = 64

// operand tells how a left factor lies in memory. Its columns come in segments:
// element (r, s*length+k) is at r*rowStride + s*segmentStride + k*stride.
// One of rowStride and stride is 1.
type operand struct {
	rows, rowStride         int
	segments, segmentStride int
	length, stride          int

	next       []float32 // memory that is used soon, or nil: it may be prefetched
	nextStride int       // bytes of it for each column and 6 rows
}

// columns returns the depth of the product: the number of rows of a panel.
func (o *operand) columns() int { return o.segments * o.length }

// epilogue is what happens to a product p on its way to memory:
// c = activation(p + c if accumulate, or + bias).
type epilogue struct {
	accumulate bool
	bias       []float32 // one for each column; nil: none; not with accumulate
	activation Activation
}

// gemm multiplies the left factor at a with one panel: for each row r and each
// column j < cols <= panelWidth,
//
//	c[r*ldc+j] = epilogue(sum over i < o.columns() of a(r, i) * panel[i*panelWidth+j])
//
// The sum is taken in the order of i.
func gemm(c []float32, ldc, cols int, a []float32, o *operand, panel []float32, e *epilogue) {
	gemmStrided(c, ldc, cols, a, o, panel, panelWidth(), e)
}

// gemmStrided is gemm for a right factor whose rows are ld apart, which must be
// panelWidth() unless they are [readable].
func gemmStrided(c []float32, ldc, cols int, a []float32, o *operand, b []float32, ld int, e *epilogue) {
	if active == portable { // ld is panelWidth()
		gemmPortable(c, ldc, cols, a, o, b, e)
		return
	}
	args := gemmArgs{
		c: c, a: a, b: b,
		rows: o.rows, k: o.length, segments: o.segments,
		aStride: o.rowStride, aSkip: o.segmentStride - o.length*o.stride,
		bStride: ld, cStride: ldc,
		next: o.next, nextStride: o.nextStride,
		slope: e.activation, floor: e.activation.floor(),
	}
	switch {
	case e.accumulate:
		args.addend, args.addendStride = c, ldc
	case e.bias != nil:
		args.addend = e.bias
	}
	if o.stride != 1 {
		args.aStride = o.stride
	}
	active.multiply(&args, cols, o.stride != 1)
}

// readable reports whether a right factor with rows of the given number of columns can
// be used where it lies, without panels: kernels read whole vectors.
func readable(columns int) bool { return active != portable && columns%active.lanes() == 0 }

// gemmArgs are the arguments of the matrix-product kernels, which compute
//
//	C = act(A B + addend)
//
// for C of args.rows rows. The sum over k runs through segments of args.k
// products each. Strides and skips count float32s.
type gemmArgs struct {
	c, a, b []float32
	addend  []float32 // nil: none
	next    []float32 // used soon: it is prefetched

	rows         int
	k            int // products in a segment, at least 1
	segments     int // at least 1
	aStride      int // from one row of A to the next; transposed: from one k to the next
	aSkip        int // from the end of one segment of A to the start of the next
	bStride      int // from one k to the next
	cStride      int
	addendStride int // 0: one row for all, such as a bias
	nextStride   int // bytes of next to prefetch with each step of k
	tail         int // columns in the last vector, set by multiply
	slope        Activation
	floor        float32 // slope.floor()
}

// tileRows is the number of rows that the kernels compute at once.
const tileRows = 6

// prefetchStride is the nextStride with which a product of so many rows prefetches as
// much as its panel holds.
func prefetchStride(rows int) int { return panelWidth() * 4 / blockCount(rows, tileRows) }

// multiply computes at most [tier.panelWidth] columns with the kernels of the tier.
// Rows of B must be readable up to the next multiple of [tier.lanes] columns.
func (t tier) multiply(args *gemmArgs, columns int, transposed bool) {
	if t == portable {
		multiplyGeneric(args, columns, transposed)
		return
	}
	p := *args
	if p.next == nil {
		p.next, p.nextStride = p.b, 0
	}
	lanes := t.lanes()
	for {
		vectors := (columns + lanes - 1) / lanes
		vectors &^= vectors >> 1 // the power of two not above it
		n := min(columns, vectors*lanes)
		p.tail = n - (vectors-1)*lanes
		t.multiplyVectors(&p, vectors, transposed)
		columns -= n
		if columns == 0 {
			return
		}
		p.c, p.b = p.c[n:], p.b[n:]
		if p.addend != nil {
			p.addend = p.addend[n:]
		}
	}
}
