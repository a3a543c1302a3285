package kernel

// MaxPool2D takes the maximum of each channel over windows of size x size pixels,
// which lie side by side (stride = size). Rows and columns beyond the last whole
// window are left out ('valid' padding).
type MaxPool2D struct {
	h, w, c, size int
	offsets       []int // of the window's pixels from its first, in order of rows
}

// NewMaxPool2D returns the kernel for pictures [h, w, c]; 1 <= size <= 16, and
// not above h or w.
func NewMaxPool2D(h, w, c, size int) *MaxPool2D {
	p := &MaxPool2D{h: h, w: w, c: c, size: size, offsets: make([]int, 0, size*size)}
	for ky := range size {
		for kx := range size {
			p.offsets = append(p.offsets, (ky*w+kx)*c)
		}
	}
	return p
}

// OutH is the height of the output.
func (p *MaxPool2D) OutH() int { return p.h / p.size }

// OutW is the width of the output.
func (p *MaxPool2D) OutW() int { return p.w / p.size }

// Forward writes the maxima of x [n, h, w, c] to y [n, OutH, OutW, c] and to
// winner, of y's shape, where in its window each was found: ky*size + kx of the
// first one, in order of rows, where several are equal. NaN is larger than any
// number. winner is nil where it is not wanted.
func (p *MaxPool2D) Forward(n int, y, x []float32, winner []uint8) {
	maxPoolPass.run(n*p.OutH(), poolOperands{MaxPool2D: p, y: y, x: x, winner: winner})
}

// Backward writes dx [n, h, w, c]: dy [n, OutH, OutW, c] where winner points, zero
// everywhere else.
func (p *MaxPool2D) Backward(n int, dx, dy []float32, winner []uint8) {
	maxPoolGradientPass.run(n*p.OutH(), poolOperands{MaxPool2D: p, y: dy, x: dx, winner: winner})
}

// poolOperands are the operands of a pass, whose tasks are the rows of the output
// of all pictures. y and x are the gradients in the backward pass.
type poolOperands struct {
	*MaxPool2D
	y, x   []float32
	winner []uint8
}

var (
	maxPoolPass         = newPass((*poolOperands).forwardRow)
	maxPoolGradientPass = newPass((*poolOperands).backwardRow)
)

// band returns the rows of x that belong to a row of y, and that row. The last
// row of a picture also owns the rows that no window covers.
func (o *poolOperands) band(row int) (x, y []float32) {
	image, oy := row/o.OutH(), row%o.OutH()
	from, to := oy*o.size, (oy+1)*o.size
	if oy == o.OutH()-1 {
		to = o.h
	}
	from, to = (image*o.h+from)*o.w*o.c, (image*o.h+to)*o.w*o.c
	width := o.OutW() * o.c
	return o.x[from:to], o.y[row*width:][:width]
}

func (o *poolOperands) forwardRow(row int) {
	x, y := o.band(row)
	var winner []uint8
	if o.winner != nil {
		winner = o.winner[row*len(y):][:len(y)]
	}
	if kernels := o.kernels(); kernels != nil {
		kernels.forward(y, winner, x[:2*o.w*o.c], o.c)
		return
	}
	for pixel := range o.OutW() {
		from := pixel * o.c
		window, best := x[from*o.size:], y[from:][:o.c]
		copy(best, window)
		if winner == nil {
			for _, offset := range o.offsets[1:] {
				maxPixel(best, window[offset:])
			}
			continue
		}
		places := winner[from:][:o.c]
		clear(places)
		for k, offset := range o.offsets[1:] {
			maxPixelIndex(best, places, window[offset:], k+1)
		}
	}
}

func (o *poolOperands) backwardRow(row int) {
	dx, dy := o.band(row)
	winner := o.winner[row*len(dy):][:len(dy)]
	kernels, whole := o.kernels(), len(dx) == len(dy)*o.size*o.size
	if kernels == nil || !whole {
		clear(dx)
	}
	if kernels != nil {
		kernels.backward(dx[:2*o.w*o.c], dy, winner, o.c)
		return
	}
	for pixel := range o.OutW() {
		from := pixel * o.c
		scatterPixel(dx[from*o.size:], dy[from:][:o.c], winner[from:], o.offsets)
	}
}

// poolKernels are a tier's inner loops for windows of 2x2, over two rows of x with all
// channels, those of a window's two rows.
type poolKernels struct {
	lanes    int // the channels are a multiple of it
	forward  func(y []float32, winner []uint8, x []float32, channels int)
	backward func(dx, dy []float32, winner []uint8, channels int)
	// Those of BatchNorm followed by MaxPool2D, for whole windows.
	normalize     func(y []float32, winner []uint8, x, mean, scale, shift []float32)
	gradientSum   func(sum, product, x, dy []float32, winner []uint8, mean []float32)
	inputGradient func(dx, x, dy []float32, winner []uint8, mean, dyMean, slope, scale []float32, activation float32)
}

// kernels returns the tier's kernels, nil if they do not suit the shape.
func (p *MaxPool2D) kernels() *poolKernels {
	for t := active; t > portable; t-- {
		if k := &poolTiers[t]; p.size == 2 && p.c%k.lanes == 0 {
			return k
		}
	}
	return nil
}

// maxPixel takes x into the maxima found so far.
func maxPixel(best, x []float32) {
	x = x[:len(best)]
	for c, v := range x {
		best[c] = max(best[c], v)
	}
}

// maxPixelIndex takes x, the window's pixel k, into the maxima found so far. It is
// free of branches that depend on which is larger: that is random.
func maxPixelIndex(best []float32, winner []uint8, x []float32, k int) {
	winner, x = winner[:len(best)], x[:len(best)]
	for c, v := range x {
		old, at := best[c], int(winner[c])
		if v > old {
			at = k
		}
		larger := max(old, v) // NaN if either is
		if larger != larger && old == old {
			at = k // the first NaN
		}
		best[c], winner[c] = larger, uint8(at)
	}
}

// scatterPixel puts the gradients of one output pixel where its maxima were found.
func scatterPixel(dx, dy []float32, winner []uint8, offsets []int) {
	winner = winner[:len(dy)]
	for c, g := range dy {
		dx[offsets[winner[c]]+c] = g
	}
}
