package kernel

// winograd is a 3x3 convolution computed by tiles; winograd_transform.go explains
// how. A task takes one image at a time, or a few small ones, so that all that it
// computes stays in the second-level cache.
type winograd struct {
	shape         ConvShape
	activation    Activation
	ws            *Workspace
	down, across  int      // tiles in an image
	input, output frame    // the pictures, enlarged to whole tiles
	images        int      // in a group, which is computed at once
	moments       *Moments // see [Conv2D.Moments]

	call winogradCall // the call that is under way
	// The tasks of calls, bound once: then a call needs no memory for closures.
	transposeTask, filterTask, forwardTask, backwardTask, gradientTask func(task, slot int)
}

// winogradCall holds the operands of a call and its buffers in the workspace.
type winogradCall struct {
	n                       int
	x, w, b, y, dy, dx, dw  []float32
	source                  filterBank // what is transformed to filters
	filters                 []float32  // 36 matrices in panels
	transposed              []float32  // the weights with the channels exchanged
	gradients, biasPartials []float32  // partial sums: 36 matrices [cin, cout]; [cout]
	scratch                 []float32  // slotSize floats for each slot
	slotSize                int
	activation              Activation // of backward: Linear when dy is behind it already
}

// filterBank are filters [3, 3, cin, cout].
type filterBank struct {
	w         []float32
	cin, cout int
}

const (
	// winogradTiles is about how many tiles a group has: a multiple of the rows of the
	// matrix-product kernels.
	winogradTiles = 6 * tileRows
	// winogradChannels is what the numbers of channels must be multiples of: the lanes
	// of the widest vector.
	winogradChannels = 16
)

// suitsWinograd reports whether winograd can compute the convolution.
func (s ConvShape) suitsWinograd() bool {
	return s.KH == filterSide && s.KW == filterSide && s.Cin%winogradChannels == 0 && s.Cout%winogradChannels == 0
}

func newWinograd(s ConvShape, act Activation, ws *Workspace) *winograd {
	c := &winograd{
		shape: s, activation: act, ws: ws,
		down:   blockCount(s.OutH(), outputSide),
		across: blockCount(s.OutW(), outputSide),
		input:  s.input(),
		output: frame{height: s.OutH(), width: s.OutW(), channels: s.Cout},
	}
	c.output.bottom, c.output.right = c.down*outputSide-s.OutH(), c.across*outputSide-s.OutW()
	c.input.bottom += c.output.bottom
	c.input.right += c.output.right
	c.images = max(1, winogradTiles/c.tiles())
	c.transposeTask, c.filterTask = c.transposeFilter, c.transformFilter
	c.forwardTask, c.backwardTask, c.gradientTask = c.forwardGroup, c.backwardPart, c.filterGradient
	return c
}

// tiles is the number of tiles in an image.
func (c *winograd) tiles() int { return c.down * c.across }

// weights is the number of values of one transformed matrix of filters.
func (c *winograd) weights() int { return c.shape.Cin * c.shape.Cout }

// inputTiles and outputTiles are the sizes of one matrix of a group's tiles.
func (c *winograd) inputTiles() int  { return oddLines(c.images * c.tiles() * c.shape.Cin) }
func (c *winograd) outputTiles() int { return oddLines(c.images * c.tiles() * c.shape.Cout) }

// oddLines rounds up to an odd number of cache lines: what is so far apart does not
// compete for the same places of a cache.
func oddLines(floats int) int { return roundUp(floats, 2*alignment) + alignment }

// forwardSizes are the sizes of a slot's buffers: the tiles of the input and of the
// output, the enlarged pictures.
func (c *winograd) forwardSizes() [4]int {
	return [4]int{
		frequencies * c.inputTiles(), frequencies * c.outputTiles(),
		c.input.copySize(), c.output.copySize(),
	}
}

// copySize is the size of the framed picture, 0 if the picture is used as it is.
func (f frame) copySize() int {
	if f.padded() {
		return f.size()
	}
	return 0
}

// forward is [Conv2D.Forward].
func (c *winograd) forward(n int, y, x, w, b []float32) {
	slots, sizes := Workers(), c.forwardSizes()
	slotSize := splitSize(sizes[:]...)
	parts := c.ws.split(frequencies*c.weights(), slots*slotSize)
	c.call = winogradCall{
		n: n, x: x, b: b, y: y, source: filterBank{w, c.shape.Cin, c.shape.Cout},
		filters: parts[0], scratch: parts[1], slotSize: slotSize,
	}
	if c.moments != nil {
		c.moments.begin(n, c.pixels(), c.pixels())
	}
	c.transformFilters()
	parallelSlots(slots, blockCount(n, c.images), c.forwardTask)
	c.call = winogradCall{} // keeps none of the caller's buffers alive
}

// forwardGroup computes one group of images.
func (c *winograd) forwardGroup(task, slot int) {
	call, sizes := &c.call, c.forwardSizes()
	from, to := blockRange(task, c.images, call.n)
	scratch := split(call.scratch[slot*call.slotSize:(slot+1)*call.slotSize], sizes[:]...)
	v, m := scratch[0], scratch[1]
	c.transformInput(v, from, to, scratch[2])
	c.multiply(m, v, from, to)
	c.transformOutput(m, from, to, scratch[3])
	if c.moments != nil {
		c.moments.add(call.y, from*c.pixels(), to*c.pixels())
	}
}

// pixels is the number of outputs of an image in each channel.
func (c *winograd) pixels() int { return c.output.height * c.output.width }

// filterRows is the number of rows of filters in a task of transformFilters.
const filterRows = winogradChannels

// transformFilters writes the 36 matrices [cin, cout] of call.source, each in panels.
func (c *winograd) transformFilters() {
	s := &c.call.source
	parallelSlots(Workers(), blockCount(s.cout, panelWidth())*s.cin/filterRows, c.filterTask)
}

func (c *winograd) transformFilter(task, _ int) {
	s := &c.call.source
	panels := blockCount(s.cout, panelWidth())
	from, to := blockRange(task%panels, panelWidth(), s.cout)
	row := task / panels * filterRows
	active.winogradFilter(&winogradFilterArgs{
		filter: s.w[row*s.cout+from:], tiles: c.call.filters[from*s.cin+row*(to-from):],
		rows: filterRows, columns: to - from,
		filterStride: s.cout, tapStride: s.cin * s.cout, frequencyStride: s.cin * s.cout,
	})
}

// transformInput writes the transformed input tiles of images [from, to) to v.
func (c *winograd) transformInput(v []float32, from, to int, framed []float32) {
	size := c.shape.H * c.shape.W * c.shape.Cin
	for image := from; image < to; image++ {
		picture := c.call.x[image*size : (image+1)*size]
		if c.input.padded() {
			c.input.copy(framed, picture, 0, c.input.rows())
			picture = framed
		}
		for row := range c.down {
			active.winogradInput(&winogradArgs{
				tiles: v[((image-from)*c.down+row)*c.across*c.shape.Cin:],
				image: picture[row*outputSide*c.input.rowSize():],
				count: c.across, channels: c.shape.Cin,
				imageStride: c.input.rowSize(), frequencyStride: c.inputTiles(),
			})
		}
	}
}

// frequencyOfOnes is the index of the matrix whose values the output transform adds to
// all outputs of their tile; in the transform's transpose it holds their sum.
const frequencyOfOnes = 1*inputSide + 1

// multiply computes the 36 products m = v filters of images [from, to); while it does,
// it prefetches the next images' input and the outputs of these. The bias goes into the
// matrix that the output transform adds to all outputs of a tile.
func (c *winograd) multiply(m, v []float32, from, to int) {
	const half = frequencies / 2
	call, s := &c.call, c.shape
	input, output := s.H*s.W*s.Cin, s.OutH()*s.OutW()*s.Cout
	next := call.x[to*input : min(call.n, to+c.images)*input]
	y := call.y[from*output : to*output]
	p := tileProduct{rows: (to - from) * c.tiles(), k: s.Cin, columns: s.Cout}
	for f := range frequencies {
		if f < half {
			p.prefetch(next, f, half)
		} else {
			p.prefetch(y, f-half, half)
		}
		p.bias = nil
		if f == frequencyOfOnes {
			p.bias = call.b
		}
		p.compute(m[f*c.outputTiles():], v[f*c.inputTiles():], call.filters[f*c.weights():])
	}
}

// transformOutput writes the outputs of images [from, to).
func (c *winograd) transformOutput(m []float32, from, to int, framed []float32) {
	size := c.output.height * c.output.width * c.shape.Cout
	for image := from; image < to; image++ {
		picture := c.call.y[image*size : (image+1)*size]
		target := picture
		if c.output.padded() {
			target = framed
		}
		for row := range c.down {
			active.winogradOutput(&winogradArgs{
				tiles: m[((image-from)*c.down+row)*c.across*c.shape.Cout:],
				image: target[row*outputSide*c.output.rowSize():],
				count: c.across, channels: c.shape.Cout,
				imageStride: c.output.rowSize(), frequencyStride: c.outputTiles(),
				slope: c.activation, floor: c.activation.floor(),
			})
		}
		if c.output.padded() {
			c.output.crop(picture, target)
		}
	}
}

// crop is the inverse of copy: it writes the picture that a framed picture holds. No
// side of the frame takes pixels away.
func (f frame) crop(picture, framed []float32) {
	line := f.width * f.channels
	for row := range f.height {
		copy(picture[row*line:(row+1)*line], framed[(f.top+row)*f.rowSize()+f.left*f.channels:])
	}
}
