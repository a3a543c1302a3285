package weights_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/models"
	"zoo/models/layer"
	"zoo/models/weights"
)

func newModel(t testing.TB, units int) *layer.Model {
	t.Helper()
	m, err := layer.Sequential("small", layer.Input(4, 4, 1),
		layer.Conv2D(2, 3, layer.ReLU),
		layer.BatchNormalization(),
		layer.Flatten(),
		layer.Dense(units, layer.Softmax),
	)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func scramble(m *layer.Model, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for _, v := range m.Variables() {
		for i := range v.Data() {
			v.Data()[i] = float32(r.NormFloat64())
		}
	}
}

func all(m *layer.Model) (data [][]float32) {
	for _, v := range m.Variables() {
		data = append(data, slices.Clone(v.Data()))
	}
	return data
}

// Every model of the zoo, its moving statistics among the weights.
func TestSaveAndLoadModels(t *testing.T) {
	for _, e := range models.All() {
		if testing.Short() && e.Name == "fashion-best" {
			continue // 90 MB
		}
		first, err := e.Build()
		if err != nil {
			t.Fatal(err)
		}
		second, err := e.Build()
		if err != nil {
			t.Fatal(err)
		}
		scramble(first, 1)
		var b bytes.Buffer
		if err := weights.Save(&b, first, map[string]string{"model": e.Name}); err != nil {
			t.Fatal(err)
		}
		f, err := weights.Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if f.Metadata["model"] != e.Name || len(f.Metadata) != 1 {
			t.Errorf("%s: metadata %v", e.Name, f.Metadata)
		}
		if err := f.LoadInto(second); err != nil {
			t.Fatal(err)
		}
		for i, data := range all(second) {
			if !slices.Equal(data, first.Variables()[i].Data()) {
				t.Errorf("%s: %s differs", e.Name, first.Variables()[i].Name)
			}
		}
	}
}

func TestLoadIntoRefuses(t *testing.T) {
	sound := func() *weights.File {
		m := newModel(t, 3)
		scramble(m, 2)
		return &weights.File{Tensors: weights.Of(m)}
	}
	kernel := slices.IndexFunc(sound().Tensors, func(t weights.Tensor) bool { return t.Name == "dense/kernel" })
	for want, change := range map[string]func(f *weights.File){
		"": func(f *weights.File) {
			f.Tensors = append(f.Tensors, weights.Tensor{Name: "optimizer/momentum/dense/kernel", Data: []float32{1}},
				weights.Tensor{Name: "callbacks/EarlyStopping/x", Data: []float32{1}})
		},
		"no tensor dense/kernel [8 3], which model small has":                func(f *weights.File) { f.Tensors = slices.Delete(f.Tensors, kernel, kernel+1) },
		"tensor dense/kernel has shape [3 8], want the [8 3] of model small": func(f *weights.File) { f.Tensors[kernel].Shape = []int{3, 8} },
		"tensor dense/kernel is of type F16, want the F32 of model small":    func(f *weights.File) { f.Tensors[kernel].DType = "F16" },
		`tensor "dense_1/kernel" [1] is none of model small`: func(f *weights.File) {
			f.Tensors = append(f.Tensors, weights.Tensor{Name: "dense_1/kernel", Shape: []int{1}, Data: []float32{1}})
		},
	} {
		f, m := sound(), newModel(t, 3)
		scramble(m, 3)
		before := all(m)
		change(f)
		err := f.LoadInto(m)
		if want == "" {
			if err != nil || cmp.Equal(before, all(m)) {
				t.Errorf("error %v, or not loaded", err)
			}
			continue
		}
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if !cmp.Equal(before, all(m)) {
			t.Errorf("%s: the model was changed", want)
		}
	}
}
