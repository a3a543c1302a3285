package kernel

// ConvShape is the shape of a convolution with stride 1: its input is
// [n, H, W, Cin] with the given rows and columns of zeros around each picture, its
// weights are [KH, KW, Cin, Cout] and its output is [n, OutH, OutW, Cout]. The
// window must fit into the padded picture.
type ConvShape struct {
	H, W, Cin, Cout                      int
	KH, KW                               int
	PadTop, PadBottom, PadLeft, PadRight int
}

// OutH returns the height of the output.
func (s ConvShape) OutH() int { return s.PadTop + s.H + s.PadBottom - s.KH + 1 }

// OutW returns the width of the output.
func (s ConvShape) OutW() int { return s.PadLeft + s.W + s.PadRight - s.KW + 1 }

// depth is the number of products in one output.
func (s ConvShape) depth() int { return s.KH * s.KW * s.Cin }

// weights is the number of weights.
func (s ConvShape) weights() int { return s.depth() * s.Cout }

// input is a picture of the input in its padding.
func (s ConvShape) input() frame {
	return frame{
		height: s.H, width: s.W, channels: s.Cin,
		top: s.PadTop, bottom: s.PadBottom, left: s.PadLeft, right: s.PadRight,
	}
}

// gradient is a picture of the output's gradient in zeros, so that each input has
// a whole window of the outputs that it took part in.
func (s ConvShape) gradient() frame {
	return frame{
		height: s.OutH(), width: s.OutW(), channels: s.Cout,
		top: s.KH - 1 - s.PadTop, bottom: s.KH - 1 - s.PadBottom,
		left: s.KW - 1 - s.PadLeft, right: s.KW - 1 - s.PadRight,
	}
}

// over returns the convolution of s's window over framed pictures, without
// padding, to the given number of channels.
func (s ConvShape) over(f frame, channels int) ConvShape {
	return ConvShape{H: f.rows(), W: f.columns(), Cin: f.channels, Cout: channels, KH: s.KH, KW: s.KW}
}

// Conv2D is a convolution (a cross-correlation, as in Keras) with bias and
// activation.
//
// It needs no copy of the windows: in NHWC the KW*Cin inputs of one output and one
// row of its window are consecutive, and those of the next output begin Cin floats
// later. So a row of outputs is a product whose left factor has KH segments and
// rows that overlap in memory.
type Conv2D struct {
	// Moments, unless nil, get the moments of y in each Forward, while y is still in
	// the cache, for the BatchNorm that reads it.
	Moments *Moments

	shape      ConvShape
	activation Activation
	ws         *Workspace
	winograd   *winograd // nil: the shape does not suit it

	call convCall // the call that is under way
	// The tasks of calls, bound once: then a call needs no memory for closures.
	forwardTask, backwardTask func(task, slot int)
}

// convCall holds the operands of a call, its buffers in the workspace, and how its
// work is split.
type convCall struct {
	n                  int
	x, y, dy, dx       []float32
	panels, bias       []float32 // weights and bias in panels
	partialW, partialB []float32 // the gradients of each chunk of the batch
	scratch            []float32 // slotSize floats for each slot
	slotSize           int

	activation      Activation // of Backward: Linear when dy is behind it already
	bands, bandRows int        // bands of an output picture, rows in a band
	chunkImages     int        // pictures in a chunk of the batch
}

// NewConv2D returns a convolution of the given shape.
func NewConv2D(s ConvShape, act Activation, ws *Workspace) *Conv2D {
	c := &Conv2D{shape: s, activation: act, ws: ws}
	c.forwardTask, c.backwardTask = c.forwardBand, c.backwardChunk
	if active != portable && s.suitsWinograd() {
		c.winograd = newWinograd(s, act, ws)
	}
	return c
}

// minTasks is how many tasks Forward makes at least, if there are rows enough.
const minTasks = 16

// Forward computes y [n, OutH, OutW, Cout] = activation(x * w + b) from
// x [n, H, W, Cin], w [KH, KW, Cin, Cout] and b [Cout].
func (c *Conv2D) Forward(n int, y, x, w, b []float32) {
	if c.winograd != nil {
		c.winograd.moments = c.Moments
		c.winograd.forward(n, y, x, w, b)
		return
	}
	s, slots := c.shape, Workers()
	bands := min(s.OutH(), blockCount(minTasks, n))
	bandRows := blockCount(s.OutH(), bands)
	bands = blockCount(s.OutH(), bandRows)
	slotSize := 0
	if input := s.input(); input.padded() {
		slotSize = splitSize((bandRows + s.KH - 1) * input.rowSize())
	}
	parts := c.ws.split(panelsSize(s.depth(), s.Cout), panelsSize(1, s.Cout), slots*slotSize)
	c.call = convCall{
		x: x, y: y,
		panels: parts[0], bias: parts[1], scratch: parts[2], slotSize: slotSize,
		bands: bands, bandRows: bandRows,
	}
	packPanels(c.call.panels, w, s.depth(), s.Cout, s.Cout)
	packPanels(c.call.bias, b, 1, s.Cout, s.Cout)
	if c.Moments != nil {
		c.Moments.begin(n, s.OutH()*s.OutW(), bandRows*s.OutW())
	}
	parallelSlots(slots, n*bands, c.forwardTask)
	c.call = convCall{} // keeps none of the caller's buffers alive
}

// forwardBand computes one band of rows of one output picture.
func (c *Conv2D) forwardBand(task, slot int) {
	s, call := c.shape, &c.call
	image := task / call.bands
	from, to := blockRange(task%call.bands, call.bandRows, s.OutH())
	input := s.input()
	size := s.H * s.W * s.Cin
	x := call.x[image*size : (image+1)*size]
	if input.padded() {
		band := call.scratch[slot*call.slotSize : (slot+1)*call.slotSize]
		input.copy(band, x, from, to-from+s.KH-1)
		x = band
	} else {
		x = x[from*input.rowSize():]
	}
	y := call.y[(image*s.OutH()+from)*s.OutW()*s.Cout:]
	convolve(y, to-from, x, s.over(input, s.Cout), call.panels, call.bias, c.activation)
	if c.Moments != nil {
		c.Moments.add(call.y, (image*s.OutH()+from)*s.OutW(), (image*s.OutH()+to)*s.OutW())
	}
}

// convolve computes the first rows of one picture's output of s, which has no
// padding, with weights and bias in panels. bias may be nil.
func convolve(y []float32, rows int, x []float32, s ConvShape, panels, bias []float32, act Activation) {
	width, rowSize := s.OutW(), s.W*s.Cin
	o := operand{
		rows: width, rowStride: s.Cin,
		segments: s.KH, segmentStride: rowSize,
		length: s.KW * s.Cin, stride: 1,
	}
	for col := 0; col < s.Cout; col += panelWidth() {
		cols := min(panelWidth(), s.Cout-col)
		panel := panels[col*s.depth():]
		e := epilogue{activation: act}
		if bias != nil {
			e.bias = bias[col:]
		}
		for row := range rows {
			gemm(y[row*width*s.Cout+col:], s.Cout, cols, x[row*rowSize:], &o, panel, &e)
		}
	}
}
