package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// Activation adds ReLU or LeakyReLU as an op of its own, for activations that
// no Conv2D or Dense before them has taken in; shape is x's without the batch.
func Activation(ctx *Context, name string, shape []int, act kernel.Activation, x *G.Node) (*G.Node, error) {
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  []spec{rows(shape...)},
		output:  rows(shape...),
		wanted:  []bool{true},
		forward: func(_ int, y *tensor.Dense, in []G.Value) error {
			kernel.Activate(y.Float32s(), float32s(in[0]), act)
			return nil
		},
		readsOutput: true,
		backward: func(_ int, grads []*tensor.Dense, _ []G.Value, y, dy G.Value) error {
			kernel.ActivateBackward(grads[0].Float32s(), float32s(y), float32s(dy), act)
			return nil
		},
	}
	return o.node(x)
}
