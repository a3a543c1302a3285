package layer

import (
	"fmt"

	"zoo/models/op"
)

// Dense is a fully connected layer with a bias. Options: ReLU, Softmax (last
// layer only), StandardNormal. Kernels begin Glorot uniform, biases 0.
func Dense(units int, settings ...Option) Layer {
	return of(dense{units: units, options: read(settings)})
}

type dense struct {
	units   int
	options options
}

func (dense) class() (string, string) { return "Dense", "dense" }
func (d dense) activation() string    { return d.options.activation }

func (d dense) output(inputs [][]int) ([]int, error) {
	if _, err := single(inputs, 1); err != nil {
		return nil, err
	}
	if d.options.same {
		return nil, errPadding
	}
	if d.units < 1 {
		return nil, fmt.Errorf("%d units, want at least 1", d.units)
	}
	return []int{d.units}, nil
}

func (d dense) variables(inputs [][]int) []*Variable {
	in := inputs[0][0]
	fill, bias := initializers(d.options, in, d.units)
	return []*Variable{
		newVariable("kernel", true, fill, in, d.units),
		newVariable("bias", true, bias, d.units),
	}
}

func (d dense) nodes(b *builder, l *instance) (node, error) {
	in, v := b.in(l, 0), b.variables(l)
	act, ok := b.fused[l]
	if !ok {
		act = d.options.slope()
	}
	n, err := op.Dense(b.context, l.name, l.inputs[0].shape[0], d.units, act, in.grad, b.handovers[l], in.Node, v[0], v[1])
	return node{n, true}, err
}
