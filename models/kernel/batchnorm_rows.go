package kernel

// rowKernels are the inner loops of BatchNorm. Each runs over the whole rows of its
// first operand [rows, channels]; the operands without rows have one value for each
// channel. A tier's kernels are the same functions but for rounding.
type rowKernels struct {
	sum           func(sum, x []float32)
	deviation     func(sum, squares, x, center []float32)
	gradientSum   func(sum, product, x, dy, mean []float32)
	normalize     func(y, x, mean, scale, shift []float32)
	inputGradient func(dx, x, dy, mean, dyMean, slope, scale []float32, activation float32)
}

var portableRows = rowKernels{
	sum:           sumRows,
	deviation:     deviationRows,
	gradientSum:   gradientSumRows,
	normalize:     normalizeRows,
	inputGradient: inputGradientRows,
}

// Sums take two rows at a time: that halves the additions to memory and keeps the
// rounding errors smaller.

// sumRows adds the rows of x to sum.
func sumRows(sum, x []float32) {
	channels := len(sum)
	for ; len(x) >= 2*channels; x = x[2*channels:] {
		x0, x1 := x[:len(sum)], x[channels:][:len(sum)]
		for c := range sum {
			sum[c] += x0[c] + x1[c]
		}
	}
	for c, v := range x {
		sum[c] += v
	}
}

// deviationRows adds, over the rows of x, d = x - center to sum and d*d to squares.
func deviationRows(sum, squares, x, center []float32) {
	channels := len(center)
	sum, squares = sum[:channels], squares[:channels]
	for ; len(x) >= 2*channels; x = x[2*channels:] {
		x0, x1 := x[:channels], x[channels:][:channels]
		for c, m := range center {
			d0, d1 := x0[c]-m, x1[c]-m
			sum[c] += d0 + d1
			squares[c] += d0*d0 + d1*d1
		}
	}
	for c, v := range x {
		d := v - center[c]
		sum[c] += d
		squares[c] += d * d
	}
}

// gradientSumRows adds, over the rows, dy to sum and dy*(x-mean) to product.
func gradientSumRows(sum, product, x, dy, mean []float32) {
	channels := len(mean)
	sum, product = sum[:channels], product[:channels]
	for ; len(x) >= 2*channels; x, dy = x[2*channels:], dy[2*channels:] {
		x0, x1 := x[:channels], x[channels:][:channels]
		dy0, dy1 := dy[:channels], dy[channels:][:channels]
		for c, m := range mean {
			sum[c] += dy0[c] + dy1[c]
			product[c] += (x0[c]-m)*dy0[c] + (x1[c]-m)*dy1[c]
		}
	}
	for c, v := range x {
		sum[c] += dy[c]
		product[c] += (v - mean[c]) * dy[c]
	}
}

// normalizeRows writes y = (x-mean)*scale + shift. The mean is subtracted first
// because x*scale would cancel against it where it is far larger than the deviation.
func normalizeRows(y, x, mean, scale, shift []float32) {
	channels := len(mean)
	scale, shift = scale[:channels], shift[:channels]
	for ; len(x) >= channels; x, y = x[channels:], y[channels:] {
		x0, y0 := x[:channels], y[:channels]
		for c, m := range mean {
			y0[c] = (x0[c]-m)*scale[c] + shift[c]
		}
	}
}

// inputGradientRows writes dx = (dy - dyMean - (x-mean)*slope) * scale, times
// activation, a slope, where not x > 0.
func inputGradientRows(dx, x, dy, mean, dyMean, slope, scale []float32, activation float32) {
	channels := len(mean)
	dyMean, slope, scale = dyMean[:channels], slope[:channels], scale[:channels]
	for ; len(x) >= channels; dx, x, dy = dx[channels:], x[channels:], dy[channels:] {
		dx0, x0, dy0 := dx[:channels], x[:channels], dy[:channels]
		for c, m := range mean {
			dx0[c] = (dy0[c] - dyMean[c] - (x0[c]-m)*slope[c]) * scale[c]
		}
		if activation != float32(Linear) {
			derivativeVector(dx0, x0, dx0, activation, 0)
		}
	}
}
