package kernel

// winogradParts is the number of partial sums of the filters' gradient: 36 matrices
// take much memory.
const winogradParts = 4

// backwardSizes are the sizes of a slot's buffers: the tiles of the output and of the
// input, the enlarged input, the enlarged dy and y.
func (c *winograd) backwardSizes() [5]int {
	return [5]int{
		frequencies * c.outputTiles(), frequencies * c.inputTiles(),
		c.input.copySize(), c.output.copySize(), c.output.copySize(),
	}
}

// backward is [Conv2D.Backward].
func (c *winograd) backward(n int, dx, dw, db, x, w, y, dy []float32) {
	act := c.activation
	if y == nil {
		act, y = Linear, dy
	}
	s, slots, sizes := c.shape, Workers(), c.backwardSizes()
	slotSize := splitSize(sizes[:]...)
	matrices := frequencies * c.weights()
	parts := c.ws.split(s.weights(), matrices, winogradParts*matrices, winogradParts*s.Cout, slots*slotSize)
	c.call = winogradCall{
		n: n, x: x, w: w, y: y, dy: dy, dx: dx, dw: dw,
		transposed: parts[0], filters: parts[1], gradients: parts[2], biasPartials: parts[3],
		scratch: parts[4], slotSize: slotSize, activation: act,
	}
	if dx != nil {
		parallelSlots(slots, filterSide*filterSide, c.transposeTask)
		c.call.source = filterBank{parts[0], s.Cout, s.Cin}
		c.transformFilters()
	}
	parallelSlots(slots, winogradParts, c.backwardTask)
	parallelSlots(slots, blockCount(c.weights(), gradientBlock), c.gradientTask)
	addPartials(db, c.call.biasPartials, winogradParts)
	c.call = winogradCall{}
}

// transposeFilter exchanges the channels of one of the 9 values of the filters.
func (c *winograd) transposeFilter(tap, _ int) {
	from := tap * c.weights()
	transpose(c.call.transposed[from:], c.shape.Cin, c.call.w[from:], c.shape.Cin, c.shape.Cout, c.shape.Cout)
}

// backwardPart computes the partial sums of one part of the images, and their dx.
func (c *winograd) backwardPart(part, slot int) {
	call, sizes := &c.call, c.backwardSizes()
	groups := blockCount(call.n, c.images)
	first, last := groups*part/winogradParts, groups*(part+1)/winogradParts
	gradient := call.gradients[part*frequencies*c.weights() : (part+1)*frequencies*c.weights()]
	bias := call.biasPartials[part*c.shape.Cout : (part+1)*c.shape.Cout]
	clear(bias)
	if first == last {
		clear(gradient)
	}
	scratch := split(call.scratch[slot*call.slotSize:(slot+1)*call.slotSize], sizes[:]...)
	z, v, framed := scratch[0], scratch[1], scratch[2]
	for group := first; group < last; group++ {
		from, to := blockRange(group, c.images, call.n)
		tiles := (to - from) * c.tiles()
		c.transformOutputGradient(z, from, to, scratch[3], scratch[4])
		addRows(bias, z[frequencyOfOnes*c.outputTiles():], tiles, c.shape.Cout)
		if call.dx != nil {
			c.multiplyGradient(v, z, from, to)
			c.transformInputGradient(v, from, to, framed)
		}
		c.transformInput(v, from, to, framed)
		c.addFilterGradient(gradient, v, z, tiles, group > first)
	}
}

// transformOutputGradient writes the transform of dy, times the activation's
// derivative, of images [from, to) to z.
func (c *winograd) transformOutputGradient(z []float32, from, to int, framedDY, framedY []float32) {
	size := c.output.height * c.output.width * c.shape.Cout
	for image := from; image < to; image++ {
		dy, y := c.call.dy[image*size:(image+1)*size], c.call.y[image*size:(image+1)*size]
		if c.output.padded() {
			c.output.copy(framedDY, dy, 0, c.output.rows())
			if c.call.activation == Linear {
				framedY = framedDY // it is not looked at
			} else {
				c.output.copy(framedY, y, 0, c.output.rows())
			}
			dy, y = framedDY, framedY
		}
		for row := range c.down {
			at := row * outputSide * c.output.rowSize()
			active.winogradOutputGrad(&winogradArgs{
				tiles: z[((image-from)*c.down+row)*c.across*c.shape.Cout:],
				image: dy[at:], y: y[at:],
				count: c.across, channels: c.shape.Cout,
				imageStride: c.output.rowSize(), frequencyStride: c.outputTiles(),
				slope: c.call.activation,
			})
		}
	}
}

// multiplyGradient computes the 36 products v = z filters of images [from, to), and
// prefetches their input.
func (c *winograd) multiplyGradient(v, z []float32, from, to int) {
	size := c.shape.H * c.shape.W * c.shape.Cin
	x := c.call.x[from*size : to*size]
	p := tileProduct{rows: (to - from) * c.tiles(), k: c.shape.Cout, columns: c.shape.Cin}
	for f := range frequencies {
		p.prefetch(x, f, frequencies)
		p.compute(v[f*c.inputTiles():], z[f*c.outputTiles():], c.call.filters[f*c.weights():])
	}
}

// transformInputGradient writes dx of images [from, to) from the products in v.
func (c *winograd) transformInputGradient(v []float32, from, to int, framed []float32) {
	size := c.shape.H * c.shape.W * c.shape.Cin
	for image := from; image < to; image++ {
		picture := c.call.dx[image*size : (image+1)*size]
		target := picture
		if c.input.padded() {
			target = framed[:c.input.size()]
		}
		clear(target)
		for row := range c.down {
			active.winogradInputGrad(&winogradArgs{
				tiles: v[((image-from)*c.down+row)*c.across*c.shape.Cin:],
				image: target[row*outputSide*c.input.rowSize():],
				count: c.across, channels: c.shape.Cin,
				imageStride: c.input.rowSize(), frequencyStride: c.inputTiles(),
			})
		}
		if c.input.padded() {
			c.input.crop(picture, target)
		}
	}
}

// addFilterGradient adds the 36 products of v transposed and z to gradient, or writes
// them. Each prefetches the matrix of the next.
func (c *winograd) addFilterGradient(gradient, v, z []float32, tiles int, add bool) {
	cin, cout := c.shape.Cin, c.shape.Cout
	for f := range frequencies {
		matrix := gradient[f*c.weights() : (f+1)*c.weights()]
		next := gradient[(f+1)%frequencies*c.weights():]
		for from := 0; from < cout; from += panelWidth() {
			args := gemmArgs{
				c: matrix[from:], a: v[f*c.inputTiles():], b: z[f*c.outputTiles()+from:],
				next: next[from*cin:], nextStride: 4 * panelWidth() * tileRows / tiles,
				rows: cin, k: tiles, segments: 1,
				aStride: cin, bStride: cout, cStride: cout, slope: Linear,
			}
			if add {
				args.addend, args.addendStride = args.c, cout
			}
			active.multiply(&args, min(panelWidth(), cout-from), true)
		}
	}
}

// gradientBlock is the number of values of each matrix in a task of filterGradient.
const gradientBlock = 1024

// filterGradient writes a block of dw, the transform of the sum of all parts.
func (c *winograd) filterGradient(task, _ int) {
	weights, gradients := c.weights(), c.call.gradients
	from, to := blockRange(task, gradientBlock, weights)
	for f := range frequencies {
		sum := gradients[f*weights+from : f*weights+to]
		sumParts(sum, sum[:cap(sum)], frequencies*weights, winogradParts)
	}
	active.winogradFilterGrad(&winogradFilterArgs{
		filter: c.call.dw[from:], tiles: gradients[from:],
		rows: 1, columns: to - from,
		tapStride: weights, frequencyStride: weights,
	})
}
