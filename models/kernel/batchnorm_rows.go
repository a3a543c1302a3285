package kernel

// The inner loops of BatchNorm. Each runs over the whole rows of x, one element
// for each channel. Sums take two rows at a time: that halves the additions to
// memory and keeps the rounding errors smaller.

// meanRows writes the mean of each channel over the rows of x.
func meanRows(mean, x []float32) {
	channels := len(mean)
	perRow := float32(channels) / float32(len(x))
	clear(mean)
	for ; len(x) >= 2*channels; x = x[2*channels:] {
		x0, x1 := x[:len(mean)], x[channels:][:len(mean)]
		for c := range mean {
			mean[c] += x0[c] + x1[c]
		}
	}
	for c, v := range x {
		mean[c] += v
	}
	for c := range mean {
		mean[c] *= perRow
	}
}

// deviationRows writes, for each channel, the sums over the rows of x of
// d = x - center and of d*d.
func deviationRows(sum, squares, x, center []float32) {
	channels := len(center)
	sum, squares = sum[:channels], squares[:channels]
	clear(sum)
	clear(squares)
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

// gradientSumRows writes, for each channel, the sums over the rows of dy and of
// dy*(x-mean).
func gradientSumRows(sum, product, x, dy, mean []float32) {
	channels := len(mean)
	sum, product = sum[:channels], product[:channels]
	clear(sum)
	clear(product)
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

// inputGradientRows writes dx = (dy - dyMean - (x-mean)*slope) * scale.
func inputGradientRows(dx, x, dy, mean, dyMean, slope, scale []float32) {
	channels := len(mean)
	dyMean, slope, scale = dyMean[:channels], slope[:channels], scale[:channels]
	for ; len(x) >= channels; dx, x, dy = dx[channels:], x[channels:], dy[channels:] {
		dx0, x0, dy0 := dx[:channels], x[:channels], dy[:channels]
		for c, m := range mean {
			dx0[c] = (dy0[c] - dyMean[c] - (x0[c]-m)*slope[c]) * scale[c]
		}
	}
}
