package layer

import (
	"zoo/models/op"
)

// Keras's defaults.
const (
	batchNormMomentum = 0.99
	batchNormEpsilon  = 1e-3
)

// BatchNormalization normalises each channel (the last axis): while training
// with the batch's mean and population variance, in inference with their moving
// averages; then it scales by gamma and adds beta.
func BatchNormalization() Layer { return of(batchNormalization{}) }

type batchNormalization struct{}

func (batchNormalization) class() (string, string) {
	return "BatchNormalization", "batch_normalization"
}
func (batchNormalization) activation() string                   { return "" }
func (batchNormalization) output(inputs [][]int) ([]int, error) { return single(inputs, 0) }

func (batchNormalization) variables(inputs [][]int) []*Variable {
	channels := inputs[0][len(inputs[0])-1]
	return []*Variable{
		newVariable("gamma", true, constant(1), channels),
		newVariable("beta", true, constant(0), channels),
		newVariable("moving_mean", false, constant(0), channels),
		newVariable("moving_variance", false, constant(1), channels),
	}
}

func (batchNormalization) nodes(b *builder, l *instance) (node, error) {
	in, v := b.in(l, 0), b.variables(l)
	norm := op.BatchNorm{
		Gamma: v[0], Beta: v[1], MovingMean: v[2], MovingVariance: v[3],
		Epsilon: batchNormEpsilon, Momentum: batchNormMomentum,
		Training: b.mode.training, InputGrad: in.grad,
		Handover: b.handovers[l],
	}
	if b.pooled[l] {
		n, err := op.BatchNormalizationMaxPool2D(b.context, l.name, l.shape[0], l.shape[1], l.shape[2], fusedPool, norm, in.Node)
		return node{n, true}, err
	}
	n, err := op.BatchNormalization(b.context, l.name, l.shape, norm, in.Node)
	return node{n, true}, err
}
