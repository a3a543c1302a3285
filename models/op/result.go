package op

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// result is a tensor that an op owns: one backing array that grows to the
// largest batch seen, and one header for each batch size over it.
type result struct {
	spec    spec
	data    []float32
	headers map[int]*tensor.Dense
	scalar  *G.F32 // in place of the tensor when the spec is a scalar
}

func newResult(s spec) *result {
	if len(s) == 0 {
		return &result{spec: s, scalar: new(G.F32)}
	}
	return &result{spec: s, headers: map[int]*tensor.Dense{}}
}

// tensor is the result's tensor for a batch of n rows; nil for a scalar.
func (r *result) tensor(n int) *tensor.Dense {
	if r.scalar != nil {
		return nil
	}
	if !r.spec.batched() {
		n = 0
	}
	if t, ok := r.headers[n]; ok {
		return t
	}
	size := r.spec.size(n)
	if size > len(r.data) {
		r.bind(make([]float32, size))
	}
	t := tensor.New(tensor.WithShape(r.spec.shape(n)...), tensor.WithBacking(r.data[:size:size]))
	r.headers[n] = t
	return t
}

// bind puts the result over the given memory and forgets headers over other memory.
func (r *result) bind(data []float32) {
	if len(data) > 0 && len(r.data) >= len(data) && &data[0] == &r.data[0] {
		return
	}
	r.data = data
	clear(r.headers)
}

// value is what the op hands to Gorgonia.
func (r *result) value(n int) G.Value {
	if r.scalar != nil {
		return r.scalar
	}
	return r.tensor(n)
}
