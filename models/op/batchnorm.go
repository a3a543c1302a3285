package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// BatchNorm is what Keras's BatchNormalization needs besides its input: the
// variables, each of shape (channels), and its two constants.
type BatchNorm struct {
	Gamma, Beta, MovingMean, MovingVariance *G.Node
	Epsilon, Momentum                       float32
	// Training normalises with the batch's own statistics and moves the
	// moving ones in place; otherwise the moving ones are used.
	Training  bool
	InputGrad bool
	// Handover is nil, or what ties the normalisation to the layer before it.
	Handover *Handover
}

// Handover ties a Conv2D or Dense to the BatchNormalization that alone reads its
// result, in a training graph, and saves two passes over memory: the convolution
// leaves the moments of its result, taken while it is in the cache, and the
// normalisation, which reads that result anyway, returns the gradient from before
// the layer's activation. The layer's op fills it, so it is built first.
type Handover struct {
	moments    *kernel.Moments // nil: of a Dense, whose results are small
	activation kernel.Activation
}

// BatchNormalization adds (x-mean)/sqrt(variance+epsilon)*gamma + beta over the
// last axis of x; shape is x's without the batch.
func BatchNormalization(ctx *Context, name string, shape []int, bn BatchNorm, x *G.Node) (*G.Node, error) {
	channels := shape[len(shape)-1]
	perRow := spec(shape).size(1) / channels
	norm := kernel.NewBatchNorm(channels, bn.Epsilon, bn.Momentum, &ctx.Workspace)
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  []spec{rows(shape...), {channels}, {channels}, {channels}, {channels}},
		output:  rows(shape...),
	}
	if bn.Training {
		if bn.Handover != nil {
			norm.Moments, norm.InputActivation = bn.Handover.moments, bn.Handover.activation
		}
		mean, invStd := make([]float32, channels), make([]float32, channels)
		o.wanted = []bool{bn.InputGrad, true, true, false, false}
		o.forward = func(n int, y *tensor.Dense, in []G.Value) error {
			norm.ForwardTraining(n*perRow, y.Float32s(), float32s(in[0]), float32s(in[1]), float32s(in[2]),
				float32s(in[3]), float32s(in[4]), mean, invStd)
			return nil
		}
		o.reads = []int{0, 1}
		o.backward = func(n int, grads []*tensor.Dense, in []G.Value, _, dy G.Value) error {
			norm.Backward(n*perRow, optional(grads[0]), grads[1].Float32s(), grads[2].Float32s(),
				float32s(in[0]), float32s(in[1]), mean, invStd, float32s(dy))
			return nil
		}
	} else {
		o.forward = func(n int, y *tensor.Dense, in []G.Value) error {
			norm.ForwardInference(n*perRow, y.Float32s(), float32s(in[0]), float32s(in[1]), float32s(in[2]),
				float32s(in[3]), float32s(in[4]))
			return nil
		}
	}
	return o.node(x, bn.Gamma, bn.Beta, bn.MovingMean, bn.MovingVariance)
}
