package kernel

// Backward writes the gradients of ForwardTraining for dy [rows, channels], given
// its x, gamma, mean and invStd, with xhat = (x - mean) * invStd:
//
//	dbeta  = sum of dy over the rows
//	dgamma = sum of dy * xhat over the rows
//	dx     = gamma * invStd * (dy - dbeta/rows - xhat*dgamma/rows)
//
// dx [rows, channels] is times the derivative of InputActivation; it is nil where it is
// not wanted, and may be dy. The mean comes rounded
// to float32: where it is 1000 times the deviation, xhat is off by 3e-5.
func (b *BatchNorm) Backward(rows int, dx, dgamma, dbeta, x, gamma, mean, invStd, dy []float32) {
	b.backward(normGradient{
		BatchNorm: b, rows: rows, dx: dx, dgamma: dgamma, dbeta: dbeta,
		x: x, gamma: gamma, mean: mean, invStd: invStd, dy: dy,
	}, gradientSumsPass, inputGradientPass)
}

// backward runs the passes over the blocks with the given bodies.
func (b *BatchNorm) backward(o normGradient, sums, inputGradient *pass[normGradient]) {
	blocks := blockCount(o.rows, b.blockRows)
	scratch := b.ws.split(b.channels, b.channels, b.channels, blocks*gradientSums*b.channels)
	o.dyMean, o.slope, o.scale, o.sums = scratch[0], scratch[1], scratch[2], scratch[3]
	sums.run(blocks, o)
	channelGradientPass.run(blockCount(b.channels, groupChannels), o)
	if o.dx != nil {
		inputGradient.run(blocks, o)
	}
}

// normGradient holds the operands of the backward passes.
type normGradient struct {
	*BatchNorm
	rows                 int
	dx, dgamma, dbeta    []float32
	x, gamma             []float32
	mean, invStd         []float32
	dy                   []float32
	dyMean, slope, scale []float32 // dx = (dy - dyMean - (x-mean)*slope) * scale
	sums                 []float32 // [blocks, gradientSums, channels]
	pooling                        // of BatchNormPool
}

var (
	gradientSumsPass    = newPass((*normGradient).blockGradientSums)
	channelGradientPass = newPass((*normGradient).groupGradients)
	inputGradientPass   = newPass((*normGradient).inputGradientBlock)
)

// gradientSums is the number of sums that blockGradientSums keeps for a channel.
const gradientSums = 2

// blockSums are the sums of a block: those of dy and of dy*(x-mean).
func (o *normGradient) blockSums(block int) (dy, product []float32) {
	n := o.channels
	s := o.sums[block*gradientSums*n:][:gradientSums*n]
	return s[:n], s[n:]
}

func (o *normGradient) blockGradientSums(block int) {
	from, to := blockRange(block, o.blockRows, o.rows)
	from, to = from*o.channels, to*o.channels
	dy, product := o.blockSums(block)
	clear(dy)
	clear(product)
	rowTiers[active].gradientSum(dy, product, o.x[from:to], o.dy[from:to], o.mean[:o.channels])
}

// groupGradients merges the blocks' sums of a group of channels and derives from
// them what inputGradientBlock needs.
func (o *normGradient) groupGradients(group int) {
	from, to := blockRange(group, groupChannels, o.channels)
	var dys, products [groupChannels]float64
	for block := range blockCount(o.rows, o.blockRows) {
		dy, product := o.blockSums(block)
		for i, c := 0, from; c < to; i, c = i+1, c+1 {
			dys[i] += float64(dy[c])
			products[i] += float64(product[c])
		}
	}
	for i, c := 0, from; c < to; i, c = i+1, c+1 {
		invStd := float64(o.invStd[c])
		o.dbeta[c] = float32(dys[i])
		o.dgamma[c] = float32(products[i] * invStd)
		o.dyMean[c] = float32(dys[i] / float64(o.rows))
		o.slope[c] = float32(products[i] * invStd * invStd / float64(o.rows))
		o.scale[c] = float32(float64(o.gamma[c]) * invStd)
	}
}

func (o *normGradient) inputGradientBlock(task int) {
	from, to := blockRange(lastFirst(task, o.rows, o.blockRows), o.blockRows, o.rows)
	from, to = from*o.channels, to*o.channels
	rowTiers[active].inputGradient(o.dx[from:to], o.x[from:to], o.dy[from:to],
		o.mean[:o.channels], o.dyMean, o.slope, o.scale, float32(o.InputActivation))
}
