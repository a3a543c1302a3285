package layer

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// branched has every kind of layer, layers that run together, two branches and
// memory that several layers share. With sixteen channels its second convolution
// goes by tiles where the CPU has vectors.
func branched(t *testing.T) *Model {
	t.Helper()
	image := Input(10, 10, 1)
	x := Conv2D(16, 3, ReLU)(image)
	x = BatchNormalization()(x)
	x = Conv2D(16, 3)(x)
	x = LeakyReLU(0.5)(x)
	x = BatchNormalization()(x)
	x = MaxPooling2D(2)(x)
	deep := Flatten()(x)
	wide := Conv2D(8, 4, Same)(image)
	wide = LeakyReLU(0.25)(wide)
	wide = BatchNormalization()(wide)
	wide = MaxPooling2D(5)(wide)
	wide = Dense(20, ReLU)(Flatten()(wide))
	wide = BatchNormalization()(wide)
	x = Concatenate()(Flatten()(image), Activation(ReLU)(deep), wide, deep)
	x = Dropout(0.5)(x)
	m, err := Functional("branched", image, Dense(5, Softmax)(x))
	if err != nil {
		t.Fatal(err)
	}
	m.Initialize(5)
	for _, v := range m.Variables() { // biases on both sides of the kinks
		for i := range v.Data() {
			if v.Shape()[0] == v.Size() {
				v.Data()[i] += 0.1 * float32(i%7-3)
			}
		}
	}
	return m
}

// step trains one batch of n rows and returns what it computed.
func step(t *testing.T, m *Model, g *Graph, n, number int) map[string][]float32 {
	t.Helper()
	for i := range g.Images(n) {
		g.Images(n)[i] = float32((i*i+number*31)%23) / 23
	}
	for i := range g.Labels(n) {
		g.Labels(n)[i] = int32((i + number) % 5)
	}
	g.SetStep(number)
	if err := g.Run(n); err != nil {
		t.Fatal(err)
	}
	found := map[string][]float32{"loss": {float32(g.Loss())}, "correct": {float32(g.Correct())}}
	for i, l := range g.Learnables() {
		grad, err := l.Grad()
		if err != nil {
			t.Fatal(err)
		}
		found[fmt.Sprint("gradient ", i)] = append([]float32{}, grad.Data().([]float32)...)
	}
	for _, v := range m.Variables() {
		found[v.Name] = append([]float32{}, v.Data()...)
	}
	return found
}

// A training graph for large batches gives small ones, and large ones after
// them, the same bits as graphs made for each, whose results share no memory.
func TestTrainingGraphOfAnyBatchSize(t *testing.T) {
	a, b := branched(t), branched(t)
	large, err := a.TrainingGraph(16, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	for number, n := range []int{16, 5, 1, 16, 2} {
		exact, err := b.graph(n, mode{training: true, dropout: true, seed: 3, unplanned: true})
		if err != nil {
			t.Fatal(err)
		}
		want := step(t, b, exact, n, number)
		if diff := cmp.Diff(want, step(t, a, large, n, number)); diff != "" {
			t.Errorf("batch of %d (-exact +large):\n%.2000s", n, diff)
		}
		exact.Close()
	}
}

// Layers that run together compute what they compute apart, but for rounding.
func TestLayersRunTogether(t *testing.T) {
	a, b := branched(t), branched(t)
	together, err := a.TrainingGraph(12, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer together.Close()
	apart, err := b.graph(12, mode{training: true, dropout: true, seed: 3, separate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer apart.Close()
	if fused, separate := len(together.ExprGraph().AllNodes()), len(apart.ExprGraph().AllNodes()); fused >= separate {
		t.Errorf("%d nodes together, %d apart", fused, separate)
	}
	want, got := step(t, b, apart, 12, 0), step(t, a, together, 12, 0)
	for name := range want {
		difference, norm := 0.0, 0.0
		for i, w := range want[name] {
			difference += math.Pow(float64(got[name][i]-w), 2)
			norm += math.Pow(float64(w), 2)
		}
		if !(math.Sqrt(difference) <= 1e-4*math.Sqrt(norm)+1e-7) {
			t.Errorf("%s: a difference of %v, of %v", name, math.Sqrt(difference), math.Sqrt(norm))
		}
	}
}

// Graphs of one model may predict at the same time, each in its goroutine: they
// share the weights, the worker pool and nothing else.
func TestGraphsRunAtOnce(t *testing.T) {
	m := branched(t)
	predict := func(number int) ([]float32, error) {
		g, err := m.InferenceGraph(7)
		if err != nil {
			return nil, err
		}
		defer g.Close()
		for i := range g.Images(7) {
			g.Images(7)[i] = float32((i*i+number*31)%23) / 23
		}
		for range 3 {
			if err := g.Run(7); err != nil {
				return nil, err
			}
		}
		return append([]float32{}, g.Probabilities()...), nil
	}
	const graphs = 6
	want, got := make([][]float32, graphs), make([][]float32, graphs)
	errs := make([]error, graphs)
	for i := range graphs {
		var err error
		if want[i], err = predict(i); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for i := range graphs {
		group.Go(func() { got[i], errs[i] = predict(i) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("probabilities (-one after the other +at once):\n%.2000s", diff)
	}
}
