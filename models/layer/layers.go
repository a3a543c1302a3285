package layer

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"zoo/models/kernel"
	"zoo/models/op"
)

type input struct{}

func (input) class() (string, string)                     { return "InputLayer", "input_layer" }
func (input) output([][]int) ([]int, error)               { return nil, nil }
func (input) variables([][]int) []*Variable               { return nil }
func (input) activation() string                          { return "" }
func (input) nodes(b *builder, _ *instance) (node, error) { return node{Node: b.images}, nil }

// weightless is for layers without variables and activation.
type weightless struct{}

func (weightless) variables([][]int) []*Variable { return nil }
func (weightless) activation() string            { return "" }

// MaxPooling2D is the maximum over windows of size x size that do not overlap;
// rows and columns that fill no window are cut off.
func MaxPooling2D(size int) Layer { return of(maxPooling2D{size: size}) }

type maxPooling2D struct {
	weightless
	size int
}

func (maxPooling2D) class() (string, string) { return "MaxPooling2D", "max_pooling2d" }

func (p maxPooling2D) output(inputs [][]int) ([]int, error) {
	in, err := single(inputs, 3)
	if err != nil {
		return nil, err
	}
	if p.size < 1 || p.size > 15 || p.size > in[0] || p.size > in[1] {
		return nil, fmt.Errorf("pool size %d, want 1 to 15 and at most the input's height and width", p.size)
	}
	return []int{in[0] / p.size, in[1] / p.size, in[2]}, nil
}

func (p maxPooling2D) nodes(b *builder, l *instance) (node, error) {
	in, shape := b.in(l, 0), l.inputs[0].shape
	if b.pooled[l] {
		return in, nil
	}
	n, err := op.MaxPool2D(b.context, l.name, shape[0], shape[1], shape[2], p.size, b.mode.training, in.Node)
	return node{n, in.grad}, err
}

// Flatten lays a picture's values out on one axis.
func Flatten() Layer { return of(flatten{}) }

type flatten struct{ weightless }

func (flatten) class() (string, string) { return "Flatten", "flatten" }

func (flatten) output(inputs [][]int) ([]int, error) {
	in, err := single(inputs, 0)
	if err != nil {
		return nil, err
	}
	return []int{size(in)}, nil
}

func (flatten) nodes(b *builder, l *instance) (node, error) { return reshaped(b, l) }

// Reshape gives its input another shape with as many elements.
func Reshape(shape ...int) Layer { return of(reshape{shape: slices.Clone(shape)}) }

type reshape struct {
	weightless
	shape []int
}

func (reshape) class() (string, string) { return "Reshape", "reshape" }

func (r reshape) output(inputs [][]int) ([]int, error) {
	in, err := single(inputs, 0)
	if err != nil {
		return nil, err
	}
	if len(r.shape) == 0 || slices.Min(r.shape) < 1 || size(r.shape) != size(in) {
		return nil, fmt.Errorf("cannot reshape %v to %v: both must have as many elements", in, r.shape)
	}
	return r.shape, nil
}

func (reshape) nodes(b *builder, l *instance) (node, error) { return reshaped(b, l) }

func reshaped(b *builder, l *instance) (node, error) {
	in := b.in(l, 0)
	n, err := op.Reshape(b.context, l.name, l.inputs[0].shape, l.shape, in.Node)
	return node{n, in.grad}, err
}

// Concatenate joins its inputs along the last axis.
func Concatenate() Layer { return of(concatenate{}) }

type concatenate struct{ weightless }

func (concatenate) class() (string, string) { return "Concatenate", "concatenate" }

func (concatenate) output(inputs [][]int) ([]int, error) {
	joined := slices.Clone(inputs[0])
	last := len(joined) - 1
	for i, in := range inputs[1:] {
		if len(in) != len(joined) || !slices.Equal(in[:last], joined[:last]) {
			return nil, fmt.Errorf("input %d has shape %v, input 0 %v: only the last axis may differ", i+1, in, inputs[0])
		}
		joined[last] += in[last]
	}
	return joined, nil
}

func (concatenate) nodes(b *builder, l *instance) (node, error) {
	out := node{}
	xs := make([]*G.Node, len(l.inputs))
	grads := make([]bool, len(l.inputs))
	for i := range l.inputs {
		in := b.in(l, i)
		xs[i], grads[i] = in.Node, in.grad
		out.grad = out.grad || in.grad
	}
	var err error
	out.Node, err = op.Concatenate(b.context, l.name, l.inputShapes(), grads, xs...)
	return out, err
}

// Dropout sets each element to 0 with probability rate while training and
// divides the others by 1-rate; in inference it does nothing.
func Dropout(rate float64) Layer { return of(dropout{rate: rate}) }

type dropout struct {
	weightless
	rate float64
}

func (dropout) class() (string, string) { return "Dropout", "dropout" }

func (d dropout) output(inputs [][]int) ([]int, error) {
	if !(d.rate >= 0 && d.rate < 1) {
		return nil, fmt.Errorf("rate %v, want at least 0 and less than 1", d.rate)
	}
	return single(inputs, 0)
}

func (d dropout) nodes(b *builder, l *instance) (node, error) {
	in := b.in(l, 0)
	if !b.mode.dropout || d.rate == 0 {
		return in, nil
	}
	b.dropouts++
	n, err := op.Dropout(b.context, l.name, l.shape, float32(d.rate), b.dropouts, in.Node)
	return node{n, in.grad}, err
}

// Activation is ReLU or Softmax as a layer of its own.
func Activation(option Option) Layer {
	return of(activation{name: "Activation", base: "activation", option: read([]Option{option}), slope: read([]Option{option}).slope()})
}

// LeakyReLU is x where it is positive and slope*x elsewhere.
func LeakyReLU(slope float64) Layer {
	return of(activation{name: "LeakyReLU", base: "leaky_re_lu", slope: kernel.Activation(slope), negativeSlope: slope})
}

type activation struct {
	weightless
	name, base string
	option     options
	slope      kernel.Activation
	// negativeSlope is LeakyReLU's as it was declared, before it is rounded to float32.
	negativeSlope float64
}

func (a activation) class() (string, string) { return a.name, a.base }
func (a activation) activation() string      { return a.option.activation }

func (a activation) output(inputs [][]int) ([]int, error) {
	if a.option.same || a.option.normal || a.name == "Activation" && a.option.activation == "" {
		return nil, fmt.Errorf("takes an activation: ReLU or Softmax")
	}
	if !(a.slope >= 0 && a.slope <= 1) {
		return nil, fmt.Errorf("slope %v, want 0 to 1", a.slope)
	}
	return single(inputs, 0)
}

func (a activation) nodes(b *builder, l *instance) (node, error) {
	in := b.in(l, 0)
	if _, ok := b.fused[l]; ok || a.option.activation == "softmax" {
		return in, nil
	}
	n, err := op.Activation(b.context, l.name, l.shape, a.slope, in.Node)
	return node{n, in.grad}, err
}
