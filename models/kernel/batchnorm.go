package kernel

import "math"

// BatchNorm normalises each channel of x [rows, channels] over the rows: for a
// convolution's [n, h, w, channels], rows is n*h*w, for a dense layer's it is n.
type BatchNorm struct {
	// Moments, unless nil, hold the moments of x when ForwardTraining is called: the
	// kernel that wrote x left them.
	Moments *Moments
	// InputActivation is the activation whose result x is, [Linear] at first. Backward
	// multiplies dx by its derivative, as read from x: then the kernel that wrote x
	// gets its dy behind the activation.
	InputActivation Activation

	channels          int
	blockRows         int
	epsilon, momentum float32
	own               *Moments
	ws                *Workspace
}

// NewBatchNorm returns the kernel for the given number of channels. epsilon is
// added to the variance under the root; momentum is the share of the moving
// statistics that a training step keeps.
func NewBatchNorm(channels int, epsilon, momentum float32, ws *Workspace) *BatchNorm {
	return &BatchNorm{
		InputActivation: Linear,

		channels:  channels,
		blockRows: min(max(blockFloats/channels, minBlockRows), maxBlockRows),
		epsilon:   epsilon,
		momentum:  momentum,
		own:       NewMoments(channels),
		ws:        ws,
	}
}

const (
	// A task takes 64 KiB of each operand, which is enough to hide its cost.
	blockFloats = 16384
	// Fewer rows, and a block's sums are no longer small beside its rows.
	minBlockRows = 8
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
	scratch := b.ws.split(b.channels, b.channels)
	o := normOperands{
		BatchNorm: b, rows: rows, y: y, x: x, gamma: gamma, beta: beta,
		movingMean: movingMean, movingVariance: movingVariance, mean: mean, invStd: invStd,
		scale: scratch[0], shift: scratch[1],
	}
	b.statistics(o)
	normalizePass.run(blockCount(rows, b.blockRows), o)
}

// statistics sets what ForwardTraining derives from x for each channel.
func (b *BatchNorm) statistics(o normOperands) {
	o.moments = b.Moments
	if o.moments == nil {
		o.moments = b.own
		b.own.begin(1, o.rows, b.blockRows)
		momentsPass.run(b.own.blocks(), o)
	}
	statisticsPass.run(blockCount(b.channels, groupChannels), o)
}

// ForwardInference writes y = (x - movingMean) / sqrt(movingVariance + epsilon) *
// gamma + beta for x and y [rows, channels]. y may be x.
func (b *BatchNorm) ForwardInference(rows int, y, x, gamma, beta, movingMean, movingVariance []float32) {
	normalizePass.run(blockCount(rows, b.blockRows), normOperands{
		BatchNorm: b, rows: rows, y: y, x: x,
		mean: movingMean, scale: b.inferenceScale(gamma, movingVariance), shift: beta,
	})
}

func (b *BatchNorm) inferenceScale(gamma, movingVariance []float32) []float32 {
	scale := b.ws.Floats(b.channels)[:b.channels]
	for c, variance := range movingVariance[:b.channels] {
		scale[c] = float32(float64(gamma[c]) * b.inverseDeviation(float64(variance)))
	}
	return scale
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
	moments                    *Moments
	pooling                    // of BatchNormPool
}

var (
	momentsPass    = newPass((*normOperands).addBlock)
	statisticsPass = newPass((*normOperands).groupStatistics)
	normalizePass  = newPass((*normOperands).normalizeBlock)
)

func (o *normOperands) addBlock(block int) {
	from, to := blockRange(block, o.moments.blockRows, o.rows)
	o.moments.add(o.x, from, to)
}

// groupStatistics sets the statistics of a group of channels.
func (o *normOperands) groupStatistics(group int) {
	from, to := blockRange(group, groupChannels, o.channels)
	var means, variances [groupChannels]float64
	o.moments.merge(from, means[:to-from], variances[:to-from])
	for c := from; c < to; c++ {
		o.finish(c, means[c-from], variances[c-from])
	}
}

// lastFirst returns the block that a task of a second pass over n rows takes: the
// blocks that the first pass read last may still be in the cache.
func lastFirst(task, n, size int) int { return blockCount(n, size) - 1 - task }

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

func (o *normOperands) normalizeBlock(task int) {
	from, to := blockRange(lastFirst(task, o.rows, o.blockRows), o.blockRows, o.rows)
	from, to = from*o.channels, to*o.channels
	rowTiers[active].normalize(o.y[from:to], o.x[from:to], o.mean[:o.channels], o.scale, o.shift[:o.channels])
}
