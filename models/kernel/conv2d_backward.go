package kernel

const (
	// gradientChunks is into how many chunks a batch is cut at most; each has its
	// own sums for dw and db.
	gradientChunks = 16
	// sumLength is about how many terms of a gradient are added up before they go
	// into a larger sum, so that the rounding error does not grow with the batch.
	sumLength = 128
)

// Backward computes the gradients of a loss from dy, its gradient with respect to
// y: dx [n, H, W, Cin] (nil: not wanted), dw [KH, KW, Cin, Cout] and db [Cout]. x
// and w are what [Conv2D.Forward] was given, y is what it computed. y may be nil: dy
// is then the gradient before the activation, as a BatchNorm with InputActivation
// gives it.
func (c *Conv2D) Backward(n int, dx, dw, db, x, w, y, dy []float32) {
	if c.winograd != nil {
		c.winograd.backward(n, dx, dw, db, x, w, y, dy)
		return
	}
	act := c.activation
	if y == nil {
		act = Linear
	}
	s, slots := c.shape, Workers()
	chunkImages := blockCount(n, gradientChunks)
	chunks := blockCount(n, chunkImages)
	sizes := c.imageSizes(dx != nil, act)
	slotSize := splitSize(sizes[:]...)
	flippedSize := 0
	if dx != nil {
		flippedSize = panelsSize(s.KH*s.KW*s.Cout, s.Cin)
	}
	parts := c.ws.split(flippedSize, chunks*s.weights(), chunks*s.Cout, slots*slotSize)
	c.call = convCall{
		n: n, x: x, y: y, dy: dy, dx: dx,
		panels: parts[0], partialW: parts[1], partialB: parts[2],
		scratch: parts[3], slotSize: slotSize,
		chunkImages: chunkImages, activation: act,
	}
	if dx != nil {
		packFlipped(c.call.panels, w, s)
	}
	parallelSlots(slots, chunks, c.backwardTask)
	addPartials(dw, c.call.partialW, chunks)
	addPartials(db, c.call.partialB, chunks)
	c.call = convCall{}
}

// packFlipped writes to panels the weights of the convolution that takes gradients
// back: w turned by 180 degrees, with input and output channels exchanged.
func packFlipped(panels, w []float32, s ConvShape) {
	taps := s.KH * s.KW
	for col := 0; col < s.Cin; col += panelWidth() {
		cols := min(panelWidth(), s.Cin-col)
		panel := panels[col*taps*s.Cout:]
		for tap := range taps {
			block := w[((taps-1-tap)*s.Cin+col)*s.Cout:]
			packTransposed(panel[tap*s.Cout*panelWidth():], block, s.Cout, cols, s.Cout)
		}
	}
}

// backwardChunk computes one chunk's dw and db and its pictures' dx.
func (c *Conv2D) backwardChunk(task, slot int) {
	s, call := c.shape, &c.call
	dw := call.partialW[task*s.weights() : (task+1)*s.weights()]
	db := call.partialB[task*s.Cout : (task+1)*s.Cout]
	clear(dw)
	clear(db)
	scratch := call.scratch[slot*call.slotSize : (slot+1)*call.slotSize]
	from, to := blockRange(task, call.chunkImages, call.n)
	for image := from; image < to; image++ {
		c.backwardImage(image, dw, db, scratch)
	}
}

// imageSizes returns the sizes of backwardImage's buffers: the gradient behind the
// activation, its panels, sums of its columns, the padded input, the padded gradient.
func (c *Conv2D) imageSizes(wantDX bool, act Activation) (sizes [5]int) {
	s := c.shape
	pixels := s.OutH() * s.OutW()
	if act != Linear {
		sizes[0] = pixels * s.Cout
	}
	if !readable(s.Cout) {
		sizes[1] = panelsSize(pixels, s.Cout)
	}
	sizes[2] = s.Cout
	if input := s.input(); input.padded() {
		sizes[3] = input.size()
	}
	if wantDX {
		sizes[4] = s.gradient().size()
	}
	return sizes
}

// backwardImage adds one picture's part to dw and db, and computes its dx.
func (c *Conv2D) backwardImage(image int, dw, db, scratch []float32) {
	s, call := c.shape, &c.call
	sizes := c.imageSizes(call.dx != nil, call.activation)
	parts := split(scratch, sizes[:]...)
	masked, panels, sums, paddedX, paddedG := parts[0], parts[1], parts[2], parts[3], parts[4]

	pixels := s.OutH() * s.OutW()
	size := pixels * s.Cout
	g := call.dy[image*size : (image+1)*size]
	if call.activation != Linear {
		vectorTiers[active].derivative(masked, call.y[image*size:(image+1)*size], g, float32(call.activation), 0)
		g = masked
	}
	addColumns(db, sums, g, pixels, s.Cout)

	input := s.input()
	size = s.H * s.W * s.Cin
	x := call.x[image*size : (image+1)*size]
	if input.padded() {
		input.copy(paddedX, x, 0, input.rows())
		x = paddedX
	}
	right := gradientFactor{g, s.Cout, panelWidth()}
	if !readable(s.Cout) {
		packPanels(panels, g, pixels, s.Cout, s.Cout)
		right = gradientFactor{panels, panelWidth(), pixels * panelWidth()}
	}
	addWeightGradient(dw, x, right, s.over(input, s.Cout))

	if call.dx != nil {
		gradient := s.gradient()
		gradient.copy(paddedG, g, 0, gradient.rows())
		dx := call.dx[image*size : (image+1)*size]
		convolve(dx, s.H, paddedG, s.over(gradient, s.Cin), call.panels, nil, Linear)
	}
}

// gradientFactor is the gradient of an output picture as a right factor: its rows are
// stride floats apart, its panels panel floats.
type gradientFactor struct {
	floats        []float32
	stride, panel int
}

// addWeightGradient adds to dw one picture's part of the weights' gradient in s,
// which has no padding: for each place in the window its inputs, transposed, times
// the outputs' gradients g.
func addWeightGradient(dw, x []float32, g gradientFactor, s ConvShape) {
	height, width, rowSize := s.OutH(), s.OutW(), s.W*s.Cin
	o := operand{
		rows: s.KW * s.Cin, rowStride: 1,
		segmentStride: rowSize,
		length:        width, stride: s.Cin,
	}
	e := epilogue{accumulate: true, activation: Linear}
	blockRows := max(1, sumLength/width)
	for row := 0; row < height; row += blockRows {
		o.segments = min(blockRows, height-row)
		for col := 0; col < s.Cout; col += panelWidth() {
			cols := min(panelWidth(), s.Cout-col)
			panel := g.floats[col/panelWidth()*g.panel+row*width*g.stride:]
			for ky := range s.KH {
				gemmStrided(dw[ky*o.rows*s.Cout+col:], s.Cout, cols, x[(row+ky)*rowSize:], &o, panel, g.stride, &e)
			}
		}
	}
}
