package kernel

import "math"

// BatchNorm normalises each channel of x [rows, channels] over the rows: for a
// convolution's [n, h, w, channels], rows is n*h*w, for a dense layer's it is n.
//
// The statistics are taken by blocks of rows: a block's float32 sums are those of
// deviations from its own mean, so they lose nothing where the mean is far larger
// than the deviation, and the blocks are merged in float64 in their order.
type BatchNorm struct {
	channels          int
	blockRows         int
	epsilon, momentum float32
	ws                *Workspace
}

// NewBatchNorm returns the kernel for the given number of channels. epsilon is
// added to the variance under the root; momentum is the share of the moving
// statistics that a training step keeps.
func NewBatchNorm(channels int, epsilon, momentum float32, ws *Workspace) *BatchNorm {
	return &BatchNorm{
		channels:  channels,
		blockRows: min(max(blockFloats/channels, minBlockRows), maxBlockRows),
		epsilon:   epsilon,
		momentum:  momentum,
		ws:        ws,
	}
}

const (
	// A block is read twice while its sums are taken: it should stay in the
	// first-level cache or at least in the second.
	blockFloats = 16384
	// Fewer rows, and a block's sums are no longer small beside its rows.
	minBlockRows = 8
	// More rows, and the rounding errors of float32 sums grow.
	maxBlockRows = 256
	// Channels merged by one task: a cache line of each block's sums.
	groupChannels = 16
)

// ForwardTraining writes y = (x - mean) * invStd * gamma + beta for x and y
// [rows, channels], rows >= 1, with the mean of each channel and invStd =
// 1/sqrt(variance + epsilon) of this batch, which it keeps in mean and invStd for
// Backward. The variance is that of the population (divided by rows). The moving
// statistics are updated: moving = moving*momentum + batch*(1-momentum). All but x
// and y have one value for each channel.
func (b *BatchNorm) ForwardTraining(rows int, y, x, gamma, beta, movingMean, movingVariance, mean, invStd []float32) {
	blocks := blockCount(rows, b.blockRows)
	scratch := b.ws.split(b.channels, b.channels, blocks*momentSums*b.channels)
	o := normOperands{
		BatchNorm: b, rows: rows, y: y, x: x, gamma: gamma, beta: beta,
		movingMean: movingMean, movingVariance: movingVariance, mean: mean, invStd: invStd,
		scale: scratch[0], shift: scratch[1], sums: scratch[2],
	}
	momentsPass.run(blocks, o)
	statisticsPass.run(blockCount(b.channels, groupChannels), o)
	normalizePass.run(blocks, o)
}

// ForwardInference writes y = (x - movingMean) / sqrt(movingVariance + epsilon) *
// gamma + beta for x and y [rows, channels]. y may be x.
func (b *BatchNorm) ForwardInference(rows int, y, x, gamma, beta, movingMean, movingVariance []float32) {
	scale := b.ws.Floats(b.channels)[:b.channels]
	for c, variance := range movingVariance[:b.channels] {
		scale[c] = float32(float64(gamma[c]) * b.inverseDeviation(float64(variance)))
	}
	normalizePass.run(blockCount(rows, b.blockRows), normOperands{
		BatchNorm: b, rows: rows, y: y, x: x, mean: movingMean, scale: scale, shift: beta,
	})
}

func (b *BatchNorm) inverseDeviation(variance float64) float64 {
	return 1 / math.Sqrt(variance+float64(b.epsilon))
}

// normOperands are the operands of the forward passes.
type normOperands struct {
	*BatchNorm
	rows                       int
	y, x                       []float32
	gamma, beta                []float32
	movingMean, movingVariance []float32
	mean, invStd               []float32
	scale, shift               []float32 // y = (x-mean)*scale + shift
	sums                       []float32 // [blocks, momentSums, channels]
}

var (
	momentsPass    = newPass((*normOperands).blockMoments)
	statisticsPass = newPass((*normOperands).groupStatistics)
	normalizePass  = newPass((*normOperands).normalizeBlock)
)

// momentSums is the number of sums that blockMoments keeps for a channel.
const momentSums = 3

// moments are the sums of a block: those of d = x-center and of d*d.
func (o *normOperands) moments(block int) (center, sum, squares []float32) {
	n := o.channels
	s := o.sums[block*momentSums*n:][:momentSums*n]
	return s[:n], s[n : 2*n], s[2*n:]
}

func (o *normOperands) blockMoments(block int) {
	from, to := blockRange(block, o.blockRows, o.rows)
	x := o.x[from*o.channels : to*o.channels]
	center, sum, squares := o.moments(block)
	meanRows(center, x)
	deviationRows(sum, squares, x, center)
}

// groupStatistics merges the blocks' moments of a group of channels by Chan's
// formula and derives from them what normalizeBlock needs.
func (o *normOperands) groupStatistics(group int) {
	from, to := blockRange(group, groupChannels, o.channels)
	var mean, squares [groupChannels]float64 // of the rows merged so far
	for block := range blockCount(o.rows, o.blockRows) {
		first, end := blockRange(block, o.blockRows, o.rows)
		before, size := float64(first), float64(end-first)
		share := size / float64(end)
		center, sum, square := o.moments(block)
		for i, c := 0, from; c < to; i, c = i+1, c+1 {
			s := float64(sum[c])
			offset := s / size // of the block's mean from its center
			delta := float64(center[c]) + offset - mean[i]
			mean[i] += delta * share
			squares[i] += float64(square[c]) - s*offset + delta*delta*before*share
		}
	}
	for i, c := 0, from; c < to; i, c = i+1, c+1 {
		// Rounding could take the sum of squares of a constant channel below 0.
		o.finish(c, mean[i], max(squares[i], 0)/float64(o.rows))
	}
}

// finish stores the statistics of a channel.
func (o *normOperands) finish(c int, mean, variance float64) {
	invStd := o.inverseDeviation(variance)
	scale := float64(o.gamma[c]) * invStd
	o.mean[c], o.invStd[c], o.scale[c] = float32(mean), float32(invStd), float32(scale)
	// What the mean loses as a float32 matters where it is far larger than the
	// deviation; the shift makes up for it.
	o.shift[c] = float32(float64(o.beta[c]) - (mean-float64(o.mean[c]))*scale)

	keep := float64(o.momentum)
	o.movingMean[c] = float32(float64(o.movingMean[c])*keep + mean*(1-keep))
	o.movingVariance[c] = float32(float64(o.movingVariance[c])*keep + variance*(1-keep))
}

func (o *normOperands) normalizeBlock(block int) {
	from, to := blockRange(block, o.blockRows, o.rows)
	from, to = from*o.channels, to*o.channels
	normalizeRows(o.y[from:to], o.x[from:to], o.mean[:o.channels], o.scale, o.shift[:o.channels])
}
