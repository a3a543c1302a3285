package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// MaxPool2D adds the maximum over windows of size x size that do not overlap:
// x (batch, h, w, c), result (batch, h/size, w/size, c), rows and columns that
// fill no window cut off. Among equal values the first has the gradient.
func MaxPool2D(ctx *Context, name string, h, w, c, size int, training bool, x *G.Node) (*G.Node, error) {
	pool := kernel.NewMaxPool2D(h, w, c, size)
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  []spec{rows(h, w, c)},
		output:  rows(pool.OutH(), pool.OutW(), c),
	}
	if !training {
		o.forward = func(n int, y *tensor.Dense, in []G.Value) error {
			pool.Forward(n, y.Float32s(), float32s(in[0]), nil)
			return nil
		}
		return o.node(x)
	}
	var winner []uint8
	o.wanted = []bool{true}
	o.forward = func(n int, y *tensor.Dense, in []G.Value) error {
		if size := o.output.size(n); len(winner) < size {
			winner = make([]uint8, size)
		}
		pool.Forward(n, y.Float32s(), float32s(in[0]), winner[:o.output.size(n)])
		return nil
	}
	o.backward = func(n int, grads []*tensor.Dense, _ []G.Value, _, dy G.Value) error {
		pool.Backward(n, grads[0].Float32s(), float32s(dy), winner[:o.output.size(n)])
		return nil
	}
	return o.node(x)
}
