package layer

import (
	"fmt"

	"zoo/models/kernel"
	"zoo/models/op"
)

// Conv2D is a convolution of stride 1 with square kernels and a bias. Options:
// ReLU, Same (the default padding is Keras's 'valid'). Kernels begin Glorot
// uniform, biases 0.
func Conv2D(filters, kernelSize int, settings ...Option) Layer {
	return of(conv2D{filters: filters, size: kernelSize, options: read(settings)})
}

type conv2D struct {
	filters, size int
	options       options
}

func (conv2D) class() (string, string) { return "Conv2D", "conv2d" }
func (c conv2D) activation() string    { return c.options.activation }

func (c conv2D) output(inputs [][]int) ([]int, error) {
	in, err := single(inputs, 3)
	if err != nil {
		return nil, err
	}
	if c.filters < 1 || c.size < 1 {
		return nil, fmt.Errorf("%d filters of size %d, want at least 1", c.filters, c.size)
	}
	s := c.geometry(in)
	if s.OutH() < 1 || s.OutW() < 1 {
		return nil, fmt.Errorf("a kernel of %dx%d does not fit", c.size, c.size)
	}
	return []int{s.OutH(), s.OutW(), c.filters}, nil
}

func (c conv2D) geometry(in []int) kernel.ConvShape {
	s := kernel.ConvShape{H: in[0], W: in[1], Cin: in[2], Cout: c.filters, KH: c.size, KW: c.size}
	if c.options.same {
		s.PadTop, s.PadLeft = (c.size-1)/2, (c.size-1)/2
		s.PadBottom, s.PadRight = c.size/2, c.size/2
	}
	return s
}

func (c conv2D) variables(inputs [][]int) []*Variable {
	in := inputs[0][2]
	area := c.size * c.size
	fill, bias := initializers(c.options, area*in, area*c.filters)
	return []*Variable{
		newVariable("kernel", true, fill, c.size, c.size, in, c.filters),
		newVariable("bias", true, bias, c.filters),
	}
}

func initializers(o options, fanIn, fanOut int) (kernel, bias initializer) {
	if o.normal {
		return standardNormal, standardNormal
	}
	return glorotUniform(fanIn, fanOut), constant(0)
}

func (c conv2D) nodes(b *builder, l *instance) (node, error) {
	in, v := b.in(l, 0), b.variables(l)
	act, ok := b.fused[l]
	if !ok {
		act = c.options.slope()
	}
	n, err := op.Conv2D(b.context, l.name, c.geometry(l.inputs[0].shape), act, in.grad, b.handovers[l], in.Node, v[0], v[1])
	return node{n, true}, err
}
