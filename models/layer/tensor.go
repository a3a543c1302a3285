package layer

import (
	"fmt"
	"slices"
)

// Tensor is the output of a layer in a declaration: a shape and where it comes
// from. A mistake in a declaration travels along and is returned by Functional
// or Sequential, so that declarations read without error checks.
type Tensor struct {
	kind   kind
	inputs []*Tensor
	shape  []int // without the batch
	err    error
}

// Layer adds itself behind its inputs and returns its output, as a Keras layer
// that is called. A Layer can be called once or, as another layer with weights
// of its own, again.
type Layer func(inputs ...*Tensor) *Tensor

// kind is what one class of layers knows of itself.
type kind interface {
	// class is Keras's class name and base the stem of its default layer names.
	class() (class, base string)
	// output is the shape behind inputs of the given shapes, or what is wrong with them.
	output(inputs [][]int) ([]int, error)
	// variables are the layer's new weights.
	variables(inputs [][]int) []*Variable
	// activation is the name of the activation that the layer ends with, "" for none.
	activation() string
	// settings are what else an exporter must know.
	settings() Config
	// nodes adds the layer to a graph.
	nodes(b *builder, l *instance) (node, error)
}

// Input declares the pictures that a model takes: height, width, channels.
func Input(shape ...int) *Tensor {
	t := &Tensor{kind: input{}, shape: slices.Clone(shape)}
	if len(shape) == 0 || slices.Min(shape) < 1 {
		t.err = fmt.Errorf("input: shape %v, want one or more axes of at least 1", shape)
	}
	return t
}

// of makes a Layer out of a kind.
func of(k kind) Layer {
	return func(inputs ...*Tensor) *Tensor {
		t := &Tensor{kind: k, inputs: inputs}
		class, _ := k.class()
		if len(inputs) == 0 {
			t.err = fmt.Errorf("%s: called without an input", class)
			return t
		}
		shapes := make([][]int, len(inputs))
		for i, in := range inputs {
			if in == nil {
				t.err = fmt.Errorf("%s: input %d is nil", class, i)
				return t
			}
			if in.err != nil {
				t.err = in.err
				return t
			}
			shapes[i] = in.shape
		}
		var err error
		if t.shape, err = k.output(shapes); err != nil {
			t.err = fmt.Errorf("%s on %v: %w", class, shapes, err)
		}
		return t
	}
}

// single returns the only input's shape, with the number of axes wanted.
func single(inputs [][]int, axes int) ([]int, error) {
	if len(inputs) != 1 {
		return nil, fmt.Errorf("takes one input, not %d", len(inputs))
	}
	if axes > 0 && len(inputs[0]) != axes {
		return nil, fmt.Errorf("takes %d axes without the batch, not %d", axes, len(inputs[0]))
	}
	return inputs[0], nil
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
