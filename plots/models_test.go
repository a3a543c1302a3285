package plots

import (
	"testing"

	"pgregory.net/rapid"

	"zoo/models"
	"zoo/models/layer"
)

// modelNamed builds a model of the registry.
func modelNamed(t testing.TB, name string) *layer.Model {
	t.Helper()
	entries, err := models.Select(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := entries[0].Build()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// declared is a model given by its layers.
type declared struct {
	name       string
	sequential bool
	layers     []layer.Info
}

func (d *declared) Name() string         { return d.name }
func (d *declared) Sequential() bool     { return d.sequential }
func (d *declared) Layers() []layer.Info { return d.layers }

// add adds a layer with the given inputs and returns its index.
func (d *declared) add(name, class string, shape []int, inputs ...int) int {
	l := layer.Info{Name: name, Class: class, OutputShape: shape, Inputs: inputs}
	for _, in := range inputs {
		l.InputShapes = append(l.InputShapes, d.layers[in].OutputShape)
	}
	d.layers = append(d.layers, l)
	return len(d.layers) - 1
}

// drawModel draws a model with any names, classes, shapes and inputs.
func drawModel(t *rapid.T) *declared {
	m := &declared{name: rapid.StringN(0, 60, -1).Draw(t, "model")}
	for v := range rapid.IntRange(1, 12).Draw(t, "layers") {
		var inputs []int
		if v > 0 {
			inputs = rapid.SliceOfN(rapid.IntRange(0, v-1), 0, 4).Draw(t, "inputs")
		}
		name := rapid.OneOf(rapid.StringMatching(`[a-z_0-9]{1,80}`), rapid.String()).Draw(t, "name")
		class := rapid.SampledFrom([]string{"Conv2D", "Dense", "Concatenate", "AClassThatNobodyKnowsOf"}).Draw(t, "class")
		shape := rapid.SliceOfN(rapid.IntRange(1, 1<<30), 0, 5).Draw(t, "shape")
		m.add(name, class, shape, inputs...)
		m.layers[v].Params = rapid.IntRange(0, 1<<40).Draw(t, "params")
		m.layers[v].Activation = rapid.SampledFrom([]string{"", "relu", "softmax"}).Draw(t, "activation")
	}
	return m
}
