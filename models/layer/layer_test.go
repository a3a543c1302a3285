package layer

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/models/op"
)

// Every layer: its output's shape, its weights and its default name.
func TestLayers(t *testing.T) {
	tests := []struct {
		name    string
		layer   Layer
		inputs  [][]int
		shape   []int
		weights map[string][]int
		base    string // of its default names
	}{
		{"Conv2D", Conv2D(8, 3), [][]int{{28, 28, 4}}, []int{26, 26, 8}, map[string][]int{"kernel": {3, 3, 4, 8}, "bias": {8}}, "conv2d"},
		{"Conv2D same", Conv2D(8, 4, ReLU, Same), [][]int{{28, 27, 1}}, []int{28, 27, 8}, map[string][]int{"kernel": {4, 4, 1, 8}, "bias": {8}}, "conv2d"},
		{"Dense", Dense(5, ReLU), [][]int{{7}}, []int{5}, map[string][]int{"kernel": {7, 5}, "bias": {5}}, "dense"},
		{"BatchNormalization", BatchNormalization(), [][]int{{4, 5, 6}}, []int{4, 5, 6}, map[string][]int{"gamma": {6}, "beta": {6}, "moving_mean": {6}, "moving_variance": {6}}, "batch_normalization"},
		{"MaxPooling2D", MaxPooling2D(2), [][]int{{5, 4, 3}}, []int{2, 2, 3}, nil, "max_pooling2d"},
		{"Flatten", Flatten(), [][]int{{5, 4, 3}}, []int{60}, nil, "flatten"},
		{"Reshape", Reshape(3, 4), [][]int{{12}}, []int{3, 4}, nil, "reshape"},
		{"Concatenate", Concatenate(), [][]int{{5, 4, 3}, {5, 4, 1}, {5, 4, 2}}, []int{5, 4, 6}, nil, "concatenate"},
		{"Dropout", Dropout(0.5), [][]int{{12}}, []int{12}, nil, "dropout"},
		{"Activation", Activation(ReLU), [][]int{{12}}, []int{12}, nil, "activation"},
		{"LeakyReLU", LeakyReLU(0.5), [][]int{{3, 12}}, []int{3, 12}, nil, "leaky_re_lu"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The inputs of the layer under test are reshaped from one picture.
			image := Input(2520)
			var xs []*Tensor
			for _, shape := range tt.inputs {
				xs = append(xs, Reshape(shape...)(Dense(size(shape))(image)))
			}
			first, second := tt.layer(xs...), tt.layer(xs...)
			if first.err != nil {
				t.Fatal(first.err)
			}
			if diff := cmp.Diff(tt.shape, first.shape); diff != "" {
				t.Errorf("output shape (-want +got):\n%s", diff)
			}
			weights := map[string][]int{}
			for _, v := range first.kind.variables(tt.inputs) {
				weights[v.Name] = v.Shape()
			}
			if len(tt.weights)+len(weights) > 0 && !cmp.Equal(tt.weights, weights) {
				t.Errorf("weights (-want +got):\n%s", cmp.Diff(tt.weights, weights))
			}
			m, err := Functional("two", image, Dense(2)(Concatenate()(Flatten()(first), Flatten()(second))))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			class, _ := first.kind.class()
			for _, l := range m.Layers() {
				if l.Class == class {
					names = append(names, l.Name)
				}
			}
			for _, name := range []string{tt.base, tt.base + "_1"} {
				if !slices.Contains(names, name) {
					t.Errorf("names %q, want %s among them", names, name)
				}
			}
			for _, training := range []bool{true, false} {
				g, err := m.graph(3, mode{training: training, dropout: training})
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range []int{3, 1, 2} {
					if err := g.Run(n); err != nil {
						t.Fatal(err)
					}
				}
				if err := g.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestMistakesInDeclarations(t *testing.T) {
	image := func() *Tensor { return Input(28, 28, 1) }
	through := func(layers ...Layer) func() (*Model, error) {
		return func() (*Model, error) { return Sequential("m", image(), layers...) }
	}
	tests := []struct {
		build func() (*Model, error)
		want  string
	}{
		{through(Dense(10)), "model m: Dense on [[28 28 1]]: takes 1 axes without the batch, not 3"},
		{through(Conv2D(4, 29), Flatten(), Dense(10)), "Conv2D on [[28 28 1]]: a kernel of 29x29 does not fit"},
		{through(Conv2D(0, 3), Flatten(), Dense(10)), "0 filters of size 3, want at least 1"},
		{through(Flatten(), Dense(0)), "0 units, want at least 1"},
		{through(Flatten(), Dense(10, Same)), "padding is an option of Conv2D alone"},
		{through(MaxPooling2D(29), Flatten(), Dense(10)), "pool size 29"},
		{through(Flatten(), Reshape(5, 5), Dense(10)), "cannot reshape [784] to [5 5]"},
		{through(Flatten(), Dropout(1), Dense(10)), "rate 1, want at least 0 and less than 1"},
		{through(Flatten(), Dropout(math.NaN()), Dense(10)), "rate NaN"},
		{through(LeakyReLU(-1), Flatten(), Dense(10)), "slope -1, want 0 to 1"},
		{through(Activation(Same), Flatten(), Dense(10)), "takes an activation: ReLU or Softmax"},
		{through(Flatten(), Dense(10, Softmax), Dense(10)), "dense: softmax is for the last layer only"},
		{through(Conv2D(10, 3)), "the output has shape [26 26 10], want one axis"},
		{func() (*Model, error) { return Sequential("m", Input(28, 0, 1), Flatten()) }, "input: shape [28 0 1]"},
		{func() (*Model, error) { return Sequential("m", nil, Flatten()) }, "input 0 is nil"},
		{func() (*Model, error) { return Functional("m", image(), nil) }, "needs an input and an output"},
		{func() (*Model, error) { return Functional("m", image(), Flatten()(image())) }, "does not depend on the input"},
		{func() (*Model, error) {
			x := image()
			return Functional("m", x, Flatten()(Concatenate()(x, image())))
		}, "depends on an input that is not the model's"},
		{func() (*Model, error) {
			x := image()
			return Functional("m", x, Flatten()(Concatenate()(x, MaxPooling2D(2)(x))))
		}, "input 1 has shape [14 14 1], input 0 [28 28 1]: only the last axis may differ"},
		{func() (*Model, error) { return Functional("m", image(), Flatten()()) }, "Flatten: called without an input"},
		{func() (*Model, error) { x := image(); return Functional("m", x, Flatten()(x, x)) }, "takes one input, not 2"},
	}
	for _, tt := range tests {
		_, err := tt.build()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

func small(t *testing.T) *Model {
	t.Helper()
	m, err := Sequential("small", Input(8, 8, 1),
		Conv2D(4, 3, ReLU), BatchNormalization(), MaxPooling2D(2), Flatten(), Dropout(0.5), Dense(3, Softmax))
	if err != nil {
		t.Fatal(err)
	}
	m.Initialize(1)
	return m
}

func TestInitialize(t *testing.T) {
	weights := func(seed uint64) map[string][]float32 {
		m, err := Sequential("m", Input(20), Dense(30, ReLU), BatchNormalization(), Dense(10, StandardNormal))
		if err != nil {
			t.Fatal(err)
		}
		m.Initialize(seed)
		all := map[string][]float32{}
		for _, v := range m.Variables() {
			all[v.Name] = v.Data()
		}
		return all
	}
	first := weights(7)
	if !cmp.Equal(first, weights(7)) {
		t.Error("the same seed gave other weights")
	}
	if cmp.Equal(first["dense/kernel"], weights(8)["dense/kernel"]) {
		t.Error("another seed gave the same weights")
	}
	for name, want := range map[string]float32{"dense/bias": 0, "batch_normalization/gamma": 1, "batch_normalization/beta": 0,
		"batch_normalization/moving_mean": 0, "batch_normalization/moving_variance": 1} {
		for _, v := range first[name] {
			if v != want {
				t.Fatalf("%s begins with %v, want %v", name, v, want)
			}
		}
	}
	limit := math.Sqrt(6.0 / 50)
	largest, squares := 0.0, 0.0
	for _, v := range first["dense/kernel"] {
		largest = max(largest, math.Abs(float64(v)))
		squares += float64(v) * float64(v) / 600
	}
	if largest > limit || largest < 0.98*limit {
		t.Errorf("the largest of 600 Glorot weights is %v, want just below %v", largest, limit)
	}
	if want := limit * limit / 3; math.Abs(squares-want) > 0.15*want {
		t.Errorf("the Glorot weights' variance is %v, want about %v", squares, want)
	}
	squares = 0
	for _, v := range first["dense_1/kernel"] {
		squares += float64(v) * float64(v) / 300
	}
	if math.Abs(squares-1) > 0.25 {
		t.Errorf("the variance of 300 standard normal weights is %v", squares)
	}
}

func fill(g *Graph, n int) {
	for i := range g.Images(n) {
		g.Images(n)[i] = float32(i*i%17) / 17
	}
	for i := range g.Labels(n) {
		g.Labels(n)[i] = int32(i % 3)
	}
}

// A graph made for a large batch gives smaller ones the same bits as a graph
// made for them.
func TestAnyBatchSize(t *testing.T) {
	m := small(t)
	large, err := m.InferenceGraph(16)
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	for _, n := range []int{16, 5, 1, 16} {
		exact, err := m.InferenceGraph(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range []*Graph{large, exact} {
			fill(g, n)
			if err := g.Run(n); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(exact.Probabilities(), large.Probabilities()); diff != "" {
			t.Errorf("batch of %d:\n%s", n, diff)
		}
		if exact.Loss() != large.Loss() || exact.Correct() != large.Correct() {
			t.Errorf("batch of %d: loss %v and %v, correct %d and %d", n, exact.Loss(), large.Loss(), exact.Correct(), large.Correct())
		}
		exact.Close()
	}
	for _, n := range []int{0, -1, 17} {
		if err := large.Run(n); err == nil {
			t.Errorf("a batch of %d in a graph for 16 was accepted", n)
		}
	}
	if _, err := m.TrainingGraph(0, 1); err == nil {
		t.Error("a graph for batches of 0 was made")
	}
}

// Inference sees the weights that training changes, and training moves the
// moving statistics; inference changes nothing.
func TestGraphsShareWeights(t *testing.T) {
	m := small(t)
	train, err := m.TrainingGraph(4, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer train.Close()
	infer, err := m.InferenceGraph(4)
	if err != nil {
		t.Fatal(err)
	}
	defer infer.Close()
	loss := func() float64 {
		fill(infer, 4)
		if err := infer.Run(4); err != nil {
			t.Fatal(err)
		}
		return infer.Loss()
	}
	before := loss()
	if again := loss(); again != before {
		t.Errorf("inference changed its own loss from %v to %v", before, again)
	}
	fill(train, 4)
	if err := train.Run(4); err != nil {
		t.Fatal(err)
	}
	moved := loss()
	if moved == before {
		t.Error("a training pass did not move the moving statistics")
	}
	for _, l := range train.Learnables() {
		grad, err := l.Grad()
		if err != nil {
			t.Fatal(err)
		}
		w, g := l.Value().Data().([]float32), grad.Data().([]float32)
		for i := range w {
			w[i] -= 0.1 * g[i]
		}
	}
	if after := loss(); after >= moved {
		t.Errorf("a step down the gradients took the loss from %v to %v", moved, after)
	}
}

func TestDropoutFollowsSeedAndStep(t *testing.T) {
	loss := func(seed uint64, step int) float64 {
		m := small(t)
		g, err := m.TrainingGraph(4, seed)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		g.SetStep(step)
		fill(g, 4)
		if err := g.Run(4); err != nil {
			t.Fatal(err)
		}
		return g.Loss()
	}
	if a, b := loss(1, 5), loss(1, 5); a != b {
		t.Errorf("the same seed and step gave losses %v and %v", a, b)
	}
	if a, b := loss(1, 5), loss(2, 5); a == b {
		t.Error("another seed gave the same masks")
	}
	if a, b := loss(1, 5), loss(1, 6); a == b {
		t.Error("another step gave the same masks")
	}
}

// A convolution takes in the activation layer behind it; the values are those
// of the activation inside the layer.
func TestFusedActivation(t *testing.T) {
	run := func(layers ...Layer) ([]float32, int) {
		m, err := Sequential("m", Input(6, 6, 1), append(layers, Flatten(), Dense(3))...)
		if err != nil {
			t.Fatal(err)
		}
		m.Initialize(3)
		g, err := m.TrainingGraph(2, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		fill(g, 2)
		if err := g.Run(2); err != nil {
			t.Fatal(err)
		}
		return g.Probabilities(), len(g.ExprGraph().AllNodes())
	}
	inside, nodes := run(Conv2D(5, 3, ReLU))
	behind, fused := run(Conv2D(5, 3), Activation(ReLU))
	if diff := cmp.Diff(inside, behind); diff != "" {
		t.Errorf("probabilities differ:\n%s", diff)
	}
	if nodes != fused {
		t.Errorf("%d nodes with the activation behind the layer, %d inside", fused, nodes)
	}
}

// Observe reports each op once, with the arithmetic that its shape defines.
func TestObserve(t *testing.T) {
	m := small(t)
	g, err := m.TrainingGraph(4, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	flops := map[string]float64{}
	g.Observe(func(w op.Work) {
		if _, ok := flops[w.Op]; ok || w.Rows != 4 || w.Bytes <= 0 {
			t.Errorf("reported %+v", w)
		}
		flops[w.Op] = w.Flops
	})
	fill(g, 4)
	if err := g.Run(4); err != nil {
		t.Fatal(err)
	}
	conv, dense := 4*2.0*6*6*4*9, 4*2.0*36*3
	want := map[string]float64{
		"conv2d": conv, "conv2d/backward": conv, // no gradient of the pictures
		"batch_normalization": 0, "batch_normalization/backward": 0,
		// The pooling is done by the normalisation before it.
		"dropout": 0, "dropout/backward": 0,
		"dense": dense, "dense/backward": 2 * dense,
		"loss": 0, "loss/backward": 0,
	}
	if diff := cmp.Diff(want, flops); diff != "" {
		t.Errorf("flops (-want +got):\n%s", diff)
	}
}

// A step allocates what Gorgonia's tape takes for itself, a few kilobytes, and
// nothing that grows with the batch.
func TestStepsAllocateLittle(t *testing.T) {
	m := small(t)
	g, err := m.TrainingGraph(256, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	run := func() {
		if err := g.Run(256); err != nil {
			t.Fatal(err)
		}
	}
	run()
	run()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const runs = 20
	for range runs {
		run()
	}
	runtime.ReadMemStats(&after)
	if bytes := (after.TotalAlloc - before.TotalAlloc) / runs; bytes > 16<<10 || bytes > uint64(g.Memory())/8 {
		t.Errorf("a step allocates %d bytes; the results of all ops are %d", bytes, g.Memory())
	}
}
