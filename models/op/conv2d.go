package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// Conv2D adds act(conv(x, w) + b): x (batch, H, W, Cin), w (KH, KW, Cin, Cout),
// b (Cout), result (batch, OutH, OutW, Cout). inputGrad tells whether x has a
// gradient; the pictures that a network begins with have none. h is nil, or what
// ties the convolution to the BatchNormalization behind it.
func Conv2D(ctx *Context, name string, s kernel.ConvShape, act kernel.Activation, inputGrad bool, h *Handover, x, w, b *G.Node) (*G.Node, error) {
	conv := kernel.NewConv2D(s, act, &ctx.Workspace)
	if h != nil {
		h.moments, h.activation = kernel.NewMoments(s.Cout), act
		conv.Moments = h.moments
	}
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  []spec{rows(s.H, s.W, s.Cin), {s.KH, s.KW, s.Cin, s.Cout}, {s.Cout}},
		output:  rows(s.OutH(), s.OutW(), s.Cout),
		wanted:  []bool{inputGrad, true, true},
		forward: func(n int, y *tensor.Dense, in []G.Value) error {
			conv.Forward(n, y.Float32s(), float32s(in[0]), float32s(in[1]), float32s(in[2]))
			return nil
		},
		reads:       []int{0, 1},
		readsOutput: act != kernel.Linear && h == nil,
		flops:       2 * float64(s.OutH()*s.OutW()*s.Cout) * float64(s.KH*s.KW*s.Cin),
		backward: func(n int, grads []*tensor.Dense, in []G.Value, y, dy G.Value) error {
			conv.Backward(n, optional(grads[0]), grads[1].Float32s(), grads[2].Float32s(),
				float32s(in[0]), float32s(in[1]), optional(y), float32s(dy))
			return nil
		},
	}
	return o.node(x, w, b)
}

// optional is a tensor's slice, nil where there is none.
func optional(v G.Value) []float32 {
	if t, ok := v.(*tensor.Dense); ok && t != nil {
		return t.Float32s()
	}
	return nil
}
