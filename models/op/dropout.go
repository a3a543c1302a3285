package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// Dropout adds training's dropout: every element is kept with probability
// 1-rate and then divided by it. The mask is a function of the context's Seed
// and Step and of layer, the number of this Dropout in its model. There is no
// op for inference, where dropout does nothing. shape is x's without the batch.
func Dropout(ctx *Context, name string, shape []int, rate float32, layer int, x *G.Node) (*G.Node, error) {
	s := rows(shape...)
	return masked(ctx, name, s, func(mask []float32) {
		kernel.DropoutMask(mask, rate, ctx.Seed, uint64(ctx.Step)<<16|uint64(layer))
	}, x)
}

// masked multiplies x with a mask that draw fills anew in each forward pass.
func masked(ctx *Context, name string, s spec, draw func(mask []float32), x *G.Node) (*G.Node, error) {
	var mask []float32
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  []spec{s},
		output:  s,
		wanted:  []bool{true},
		forward: func(n int, y *tensor.Dense, in []G.Value) error {
			if len(mask) < s.size(n) {
				mask = make([]float32, s.size(n))
			}
			draw(mask[:s.size(n)])
			kernel.Mul(y.Float32s(), float32s(in[0]), mask[:s.size(n)])
			return nil
		},
		backward: func(n int, grads []*tensor.Dense, _ []G.Value, _, dy G.Value) error {
			kernel.Mul(grads[0].Float32s(), float32s(dy), mask[:s.size(n)])
			return nil
		},
	}
	return o.node(x)
}
