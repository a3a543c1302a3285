package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// BatchNormalizationMaxPool2D adds MaxPool2D of BatchNormalization as one op, for
// a normalisation that only the pooling reads: its result, four times as large
// as what is left of it, is never stored. x (batch, h, w, c), result (batch,
// h/size, w/size, c).
func BatchNormalizationMaxPool2D(ctx *Context, name string, h, w, c, size int, bn BatchNorm, x *G.Node) (*G.Node, error) {
	norm := kernel.NewBatchNormPool(h, w, c, size, bn.Epsilon, bn.Momentum, &ctx.Workspace)
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  []spec{rows(h, w, c), {c}, {c}, {c}, {c}},
		output:  rows(h/size, w/size, c),
	}
	if !bn.Training {
		o.forward = func(n int, y *tensor.Dense, in []G.Value) error {
			norm.ForwardInference(n, y.Float32s(), float32s(in[0]), float32s(in[1]), float32s(in[2]),
				float32s(in[3]), float32s(in[4]))
			return nil
		}
		return o.node(x, bn.Gamma, bn.Beta, bn.MovingMean, bn.MovingVariance)
	}
	if bn.Handover != nil {
		norm.Moments, norm.InputActivation = bn.Handover.moments, bn.Handover.activation
	}
	mean, invStd := make([]float32, c), make([]float32, c)
	var winner []uint8
	o.wanted = []bool{bn.InputGrad, true, true, false, false}
	o.forward = func(n int, y *tensor.Dense, in []G.Value) error {
		if size := o.output.size(n); len(winner) < size {
			winner = make([]uint8, size)
		}
		norm.ForwardTraining(n, y.Float32s(), float32s(in[0]), float32s(in[1]), float32s(in[2]),
			float32s(in[3]), float32s(in[4]), mean, invStd, winner[:o.output.size(n)])
		return nil
	}
	o.reads = []int{0, 1}
	o.backward = func(n int, grads []*tensor.Dense, in []G.Value, _, dy G.Value) error {
		norm.Backward(n, optional(grads[0]), grads[1].Float32s(), grads[2].Float32s(),
			float32s(in[0]), float32s(in[1]), mean, invStd, float32s(dy), winner[:o.output.size(n)])
		return nil
	}
	return o.node(x, bn.Gamma, bn.Beta, bn.MovingMean, bn.MovingVariance)
}
