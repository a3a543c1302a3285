package kernel

// BatchNormPool is a [BatchNorm] followed by a [MaxPool2D], with the same results, to
// the bit: but what lies between them is never stored, which saves passes over a tensor
// of the input's size in both directions. Its fields are those of BatchNorm.
type BatchNormPool struct {
	BatchNorm
	pool *MaxPool2D
	// between is [n, h, w, channels]: the normalised pictures, or their gradient, where
	// the two kernels have to run one after the other.
	between []float32
}

// NewBatchNormPool returns the kernel for pictures [h, w, channels]; the windows are as
// in [NewMaxPool2D], the other arguments as in [NewBatchNorm].
func NewBatchNormPool(h, w, channels, size int, epsilon, momentum float32, ws *Workspace) *BatchNormPool {
	b := &BatchNormPool{
		BatchNorm: *NewBatchNorm(channels, epsilon, momentum, ws),
		pool:      NewMaxPool2D(h, w, channels, size),
	}
	// Whole rows of windows: then a block has whole windows, unless a picture has rows
	// beyond its last window.
	b.blockRows = max(1, b.blockRows/(size*w)) * size * w
	return b
}

// fused returns the kernels that do both steps at once, nil if none suits the shape.
func (b *BatchNormPool) fused() *poolKernels {
	if b.pool.h%2 != 0 || b.pool.w%2 != 0 {
		return nil
	}
	return b.pool.kernels()
}

func (b *BatchNormPool) rows(n int) int { return n * b.pool.h * b.pool.w }

// unfused returns room for what lies between the two kernels.
func (b *BatchNormPool) unfused(n int) []float32 {
	if size := b.rows(n) * b.channels; size > len(b.between) {
		b.between = alignedFloats(size)
	}
	return b.between[:b.rows(n)*b.channels]
}

// ForwardTraining is [BatchNorm.ForwardTraining] of x [n, h, w, channels], then
// [MaxPool2D.Forward] to y and winner [n, OutH, OutW, channels]: the first of the
// largest normalised values of a window wins.
func (b *BatchNormPool) ForwardTraining(n int, y, x, gamma, beta, movingMean, movingVariance, mean, invStd []float32, winner []uint8) {
	kernels := b.fused()
	if kernels == nil {
		z := b.unfused(n)
		b.BatchNorm.ForwardTraining(b.rows(n), z, x, gamma, beta, movingMean, movingVariance, mean, invStd)
		b.pool.Forward(n, y, z, winner)
		return
	}
	scratch := b.ws.split(b.channels, b.channels)
	o := normOperands{
		BatchNorm: &b.BatchNorm, rows: b.rows(n), y: y, x: x, gamma: gamma, beta: beta,
		movingMean: movingMean, movingVariance: movingVariance, mean: mean, invStd: invStd,
		scale: scratch[0], shift: scratch[1],
	}
	b.statistics(o)
	b.normalizePool(kernels, o, winner)
}

// ForwardInference is [BatchNorm.ForwardInference] of x [n, h, w, channels], then
// [MaxPool2D.Forward] to y [n, OutH, OutW, channels].
func (b *BatchNormPool) ForwardInference(n int, y, x, gamma, beta, movingMean, movingVariance []float32) {
	kernels := b.fused()
	if kernels == nil {
		z := b.unfused(n)
		b.BatchNorm.ForwardInference(b.rows(n), z, x, gamma, beta, movingMean, movingVariance)
		b.pool.Forward(n, y, z, nil)
		return
	}
	b.normalizePool(kernels, normOperands{
		BatchNorm: &b.BatchNorm, rows: b.rows(n), y: y, x: x,
		mean: movingMean, scale: b.inferenceScale(gamma, movingVariance), shift: beta,
	}, nil)
}

// Backward is [MaxPool2D.Backward] of dy [n, OutH, OutW, channels], then
// [BatchNorm.Backward] to dx [n, h, w, channels], which may be nil.
func (b *BatchNormPool) Backward(n int, dx, dgamma, dbeta, x, gamma, mean, invStd, dy []float32, winner []uint8) {
	o := normGradient{
		BatchNorm: &b.BatchNorm, rows: b.rows(n), dx: dx, dgamma: dgamma, dbeta: dbeta,
		x: x, gamma: gamma, mean: mean, invStd: invStd, dy: dy,
		pooling: pooling{kernels: b.fused(), width: b.pool.w, winner: winner},
	}
	if o.kernels == nil {
		o.dy = b.unfused(n)
		b.pool.Backward(n, o.dy, dy, winner)
		b.backward(o, gradientSumsPass, inputGradientPass)
		return
	}
	b.backward(o, pooledSumsPass, pooledGradientPass)
}

func (b *BatchNormPool) normalizePool(kernels *poolKernels, o normOperands, winner []uint8) {
	o.pooling = pooling{kernels: kernels, width: b.pool.w, winner: winner}
	normalizePoolPass.run(blockCount(o.rows, b.blockRows), o)
}

// pooling is what the passes need besides BatchNorm's operands.
type pooling struct {
	kernels *poolKernels
	width   int
	winner  []uint8 // nil: not wanted
}

// bands calls body for each pair of picture rows of a block: its elements in the tensor
// from the given one on, and their number in the pooled one.
func (p *pooling) bands(block, blockRows, rows, channels int, body func(from, to, pooled, pooledEnd int)) {
	first, end := blockRange(block, blockRows, rows)
	for step := 2 * p.width; first < end; first += step {
		from, to := first*channels, (first+step)*channels
		body(from, to, from/4, to/4)
	}
}

var (
	normalizePoolPass  = newPass((*normOperands).normalizePoolBlock)
	pooledSumsPass     = newPass((*normGradient).pooledSums)
	pooledGradientPass = newPass((*normGradient).pooledGradientBlock)
)

func (o *normOperands) normalizePoolBlock(task int) {
	mean, shift := o.mean[:o.channels], o.shift[:o.channels]
	o.bands(lastFirst(task, o.rows, o.blockRows), o.blockRows, o.rows, o.channels, func(from, to, pooled, pooledEnd int) {
		var winner []uint8
		if o.winner != nil {
			winner = o.winner[pooled:pooledEnd]
		}
		o.kernels.normalize(o.y[pooled:pooledEnd], winner, o.x[from:to], mean, o.scale, shift)
	})
}

func (o *normGradient) pooledSums(block int) {
	sum, product := o.blockSums(block)
	clear(sum)
	clear(product)
	o.bands(block, o.blockRows, o.rows, o.channels, func(from, to, pooled, pooledEnd int) {
		o.kernels.gradientSum(sum, product, o.x[from:to], o.dy[pooled:pooledEnd], o.winner[pooled:pooledEnd], o.mean[:o.channels])
	})
}

func (o *normGradient) pooledGradientBlock(task int) {
	o.bands(lastFirst(task, o.rows, o.blockRows), o.blockRows, o.rows, o.channels, func(from, to, pooled, pooledEnd int) {
		o.kernels.inputGradient(o.dx[from:to], o.x[from:to], o.dy[pooled:pooledEnd], o.winner[pooled:pooledEnd],
			o.mean[:o.channels], o.dyMean, o.slope, o.scale, float32(o.InputActivation))
	})
}
