package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// Dense adds act(x·w + b): x (batch, in), w (in, out), b (out), result
// (batch, out). inputGrad tells whether x has a gradient. h is nil, or what ties
// the layer to the BatchNormalization behind it.
func Dense(ctx *Context, name string, in, out int, act kernel.Activation, inputGrad bool, h *Handover, x, w, b *G.Node) (*G.Node, error) {
	dense := kernel.NewDense(in, out, act, &ctx.Workspace)
	if h != nil {
		h.activation = act
	}
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  []spec{rows(in), {in, out}, {out}},
		output:  rows(out),
		wanted:  []bool{inputGrad, true, true},
		forward: func(n int, y *tensor.Dense, in []G.Value) error {
			dense.Forward(n, y.Float32s(), float32s(in[0]), float32s(in[1]), float32s(in[2]))
			return nil
		},
		reads:       []int{0, 1},
		readsOutput: act != kernel.Linear && h == nil,
		flops:       2 * float64(in) * float64(out),
		backward: func(n int, grads []*tensor.Dense, in []G.Value, y, dy G.Value) error {
			dense.Backward(n, optional(grads[0]), grads[1].Float32s(), grads[2].Float32s(),
				float32s(in[0]), float32s(in[1]), optional(y), float32s(dy))
			return nil
		},
	}
	return o.node(x, w, b)
}
