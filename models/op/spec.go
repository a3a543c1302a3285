package op

import (
	"fmt"
	"slices"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// spec is the shape that an op takes or gives, with batch in place of the
// number of rows, which is known only when the op runs. An empty spec is a scalar.
type spec []int

const batch = -1

// rows is the spec of a batch of tensors of the given shape.
func rows(shape ...int) spec { return append(spec{batch}, shape...) }

// shape fills in the number of rows.
func (s spec) shape(n int) tensor.Shape {
	shape := make(tensor.Shape, len(s))
	for i, d := range s {
		if d == batch {
			d = n
		}
		shape[i] = d
	}
	return shape
}

// size is the number of elements with n rows.
func (s spec) size(n int) int {
	size := 1
	for _, d := range s {
		if d == batch {
			d = n
		}
		size *= d
	}
	return size
}

// batched tells whether the shape depends on the number of rows.
func (s spec) batched() bool { return slices.Contains(s, batch) }

// check compares a shape with the spec for n rows.
func (s spec) check(n int, shape tensor.Shape) error {
	ok := len(shape) == len(s)
	for i := 0; ok && i < len(s); i++ {
		ok = shape[i] == s[i] || s[i] == batch && shape[i] == n
	}
	if !ok {
		return fmt.Errorf("shape %v, want %v", shape, s.shape(n))
	}
	return nil
}

func (s spec) hmType(dt tensor.Dtype) hm.Type {
	if len(s) == 0 {
		return dt
	}
	return G.TensorType{Dims: len(s), Of: dt}
}

// fnType is a new function type each time: Gorgonia recycles it after use.
func fnType(in []spec, dtypes []tensor.Dtype, out spec) hm.Type {
	types := make([]hm.Type, 0, len(in)+1)
	for i, s := range in {
		dt := tensor.Float32
		if dtypes != nil {
			dt = dtypes[i]
		}
		types = append(types, s.hmType(dt))
	}
	return hm.NewFnType(append(types, out.hmType(tensor.Float32))...)
}

// inferRows reads the number of rows off the inputs' shapes while the graph is
// built and checks every dimension.
func inferRows(name string, specs []spec, dims []G.DimSizer) (int, error) {
	if len(dims) != len(specs) {
		return 0, fmt.Errorf("%s: %d inputs, want %d", name, len(dims), len(specs))
	}
	n := 0
	for i, s := range specs {
		for axis, want := range s {
			got, err := dims[i].DimSize(axis)
			if err != nil {
				return 0, fmt.Errorf("%s: input %d: %w", name, i, err)
			}
			if want == batch && n == 0 {
				n = got
			}
			if want == batch {
				want = n
			}
			if got != want {
				return 0, fmt.Errorf("%s: input %d: axis %d has %d, want %d", name, i, axis, got, want)
			}
		}
	}
	return n, nil
}

// checkValues reads the number of rows off the values of a pass and checks
// every shape, so that kernels may rely on their slices.
func checkValues(name string, specs []spec, in []G.Value) (int, error) {
	if len(in) != len(specs) {
		return 0, fmt.Errorf("%s: %d inputs, want %d", name, len(in), len(specs))
	}
	n := 0
	for i, s := range specs {
		shape := in[i].Shape()
		if n == 0 && len(shape) > 0 && s.batched() {
			n = shape[0]
		}
		if err := s.check(n, shape); err != nil {
			return 0, fmt.Errorf("%s: input %d: %w", name, i, err)
		}
	}
	return n, nil
}

// float32s is the backing slice of a tensor value.
func float32s(v G.Value) []float32 { return v.(*tensor.Dense).Float32s() }
