package weights

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"zoo/models/layer"
)

// Prefixes of the names of tensors that are not a model's weights but of its
// training: LoadInto leaves them alone.
const (
	OptimizerPrefix = "optimizer/"
	CallbackPrefix  = "callbacks/"
)

// Of is the model's weights, those that are not trained included, over its own
// memory and in its order.
func Of(m *layer.Model) []Tensor {
	var all []Tensor
	for _, v := range m.Variables() {
		all = append(all, Tensor{Name: v.Name, Shape: v.Shape(), DType: F32, Data: v.Data()})
	}
	return all
}

// Save writes the model's weights with these texts.
func Save(w io.Writer, m *layer.Model, metadata map[string]string) error {
	return (&File{Tensors: Of(m), Metadata: metadata}).Write(w)
}

// LoadInto sets all weights of m to the file's. Every weight must be there as
// float32 in m's shape, and nothing else but a training's tensors: otherwise the
// error names the tensor and the shapes, and m is as it was.
func (f *File) LoadInto(m *layer.Model) error {
	byName := make(map[string]Tensor, len(f.Tensors))
	for _, t := range f.Tensors {
		byName[t.Name] = t
	}
	variables := m.Variables()
	for _, v := range variables {
		t, ok := byName[v.Name]
		if !ok {
			return fmt.Errorf("no tensor %s %v, which model %s has", v.Name, v.Shape(), m.Name())
		}
		if err := t.Matches(v.Shape()); err != nil {
			return fmt.Errorf("%w of model %s", err, m.Name())
		}
	}
	for _, t := range f.Tensors {
		own := slices.ContainsFunc(variables, func(v *layer.Variable) bool { return v.Name == t.Name })
		if !own && !strings.HasPrefix(t.Name, OptimizerPrefix) && !strings.HasPrefix(t.Name, CallbackPrefix) {
			return fmt.Errorf("tensor %.80q %v is none of model %s", t.Name, t.Shape, m.Name())
		}
	}
	for _, v := range variables {
		copy(v.Data(), byName[v.Name].Data)
	}
	return nil
}

// Matches refuses a tensor that is not float32 of that shape; the error says what
// it is and what was wanted.
func (t Tensor) Matches(shape []int) error {
	if t.DType != F32 && t.DType != "" {
		return fmt.Errorf("tensor %s is of type %s, want the %s", t.Name, t.DType, F32)
	}
	if !slices.Equal(t.Shape, shape) {
		return fmt.Errorf("tensor %s has shape %v, want the %v", t.Name, t.Shape, shape)
	}
	return nil
}
