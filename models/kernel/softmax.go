package kernel

import "math"

const (
	softmaxFloats = 2048 // elements of one task, about 10 microseconds
	maxLossBlocks = 64   // bounds the memory for the losses of the blocks
)

// SoftmaxCrossEntropy writes the probabilities p = softmax(logits) [n, classes] and
// returns the sum over the rows of the cross-entropy -log p[label], taken from the
// logits in float64: it stays exact where p underflows, and it is NaN if any logit
// is. correct counts the rows whose first largest logit is the label's; a row with
// NaN has none. labels [n] are in [0, classes). p may be logits.
func SoftmaxCrossEntropy(n, classes int, p, logits []float32, labels []int32) (lossSum float64, correct int) {
	o := newSoftmax(n, classes)
	o.p, o.logits, o.labels = p, logits, labels
	blocks := blockCount(n, o.blockRows)
	o = crossEntropyPass.run(blocks, o)
	for block := range blocks {
		lossSum += o.losses[block]
		correct += o.correct[block]
	}
	return lossSum, correct
}

// SoftmaxCrossEntropyBackward writes the gradient of scale times the sum of the
// losses: dlogits = (p - onehot(label)) * scale for dlogits and p [n, classes].
// dlogits may be p.
func SoftmaxCrossEntropyBackward(n, classes int, dlogits, p []float32, labels []int32, scale float32) {
	o := newSoftmax(n, classes)
	o.logits, o.p, o.labels, o.scale = dlogits, p, labels, scale
	crossEntropyGradientPass.run(blockCount(n, o.blockRows), o)
}

// softmaxOperands are the operands of a pass; logits are their gradient in the
// backward pass.
type softmaxOperands struct {
	n, classes, blockRows int
	p, logits             []float32
	labels                []int32
	scale                 float32
	losses                [maxLossBlocks]float64
	correct               [maxLossBlocks]int
}

var (
	crossEntropyPass         = newPass((*softmaxOperands).crossEntropyBlock)
	crossEntropyGradientPass = newPass((*softmaxOperands).gradientBlock)
)

func newSoftmax(n, classes int) softmaxOperands {
	blockRows := max(1, softmaxFloats/classes, blockCount(n, maxLossBlocks))
	return softmaxOperands{n: n, classes: classes, blockRows: blockRows}
}

func (o *softmaxOperands) row(matrix []float32, r int) []float32 {
	return matrix[r*o.classes:][:o.classes]
}

func (o *softmaxOperands) crossEntropyBlock(block int) {
	from, to := blockRange(block, o.blockRows, o.n)
	for r := from; r < to; r++ {
		logits := o.row(o.logits, r)
		label := int(o.labels[r])
		peak := maximum(logits)
		if firstEqual(logits, peak) == label {
			o.correct[block]++
		}
		below := float64(peak) - float64(logits[label])
		sum := softmaxRow(o.row(o.p, r), logits, peak)
		o.losses[block] += math.Log(sum) + below
	}
}

func (o *softmaxOperands) gradientBlock(block int) {
	from, to := blockRange(block, o.blockRows, o.n)
	for r := from; r < to; r++ {
		gradient, p := o.row(o.logits, r), o.row(o.p, r)
		label := o.labels[r]
		own := (p[label] - 1) * o.scale // before p is overwritten, which may be gradient
		scaleVector(gradient, p, o.scale)
		gradient[label] = own
	}
}

// maximum is the largest value, NaN if there is a NaN.
func maximum(s []float32) float32 {
	peak := s[0]
	for _, v := range s[1:] {
		peak = max(peak, v)
	}
	return peak
}

// firstEqual is the index of the first element equal to value, -1 if none is.
func firstEqual(s []float32, value float32) int {
	for i, v := range s {
		if v == value {
			return i
		}
	}
	return -1
}

// softmaxRow writes the softmax of a row whose maximum is peak and returns the sum
// of exp(logits - peak).
func softmaxRow(p, logits []float32, peak float32) float64 {
	logits = logits[:len(p)]
	sum := 0.0
	for i, v := range logits {
		e := math.Exp(float64(v) - float64(peak))
		p[i] = float32(e)
		sum += e
	}
	scaleVector(p, p, float32(1/sum))
	return sum
}

// scaleVector writes dst = a * scale.
func scaleVector(dst, a []float32, scale float32) {
	a = a[:len(dst)]
	for i, v := range a {
		dst[i] = v * scale
	}
}
