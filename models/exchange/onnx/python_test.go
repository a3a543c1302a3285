package onnx

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/mnist"
	"zoo/models"
	"zoo/models/layer"
	"zoo/train"
)

// tolerance of a probability, between onnxruntime and here.
const tolerance = 1e-5

// TestPython has the report's models, after some steps of training, and one of all
// that they have not, checked by onnx and run by onnxruntime: 256 test pictures in one
// batch and each alone.
//
// ZOO_PYTHON is a Python that has testdata/requirements.txt.
func TestPython(t *testing.T) {
	python := os.Getenv("ZOO_PYTHON")
	if python == "" {
		t.Skip("ZOO_PYTHON is not set; make keras sets it")
	}
	for _, entry := range append(models.All(), models.Entry{Name: "odd", Dataset: "mnist", Build: odd}) {
		t.Run(entry.Name, func(t *testing.T) {
			m, data := trained(t, entry)
			const n = 256
			classes, err := json.Marshal(data.Classes)
			if err != nil {
				t.Fatal(err)
			}
			metadata := map[string]string{"classes": string(classes), "dataset": data.Name, "producer": "zoo test"}
			a := runPython(t, python, m, metadata, data.Test, n)

			want := probabilities(t, m, data.Test, n)
			compare(t, "in one batch", a.together, want)
			compare(t, "each alone", a.alone, want)
			metadata["model"] = entry.Name
			if a.Metadata[checksumKey] == "" {
				t.Errorf("metadata without %s", checksumKey)
			}
			delete(a.Metadata, checksumKey) // onnx_test.go sees to what it is
			if diff := cmp.Diff(metadata, a.Metadata); diff != "" {
				t.Errorf("metadata (-want +got)\n%s", diff)
			}
			input, output := []any{"image", "tensor(float)", []any{"batch", 28.0, 28.0, 1.0}}, []any{"probabilities", "tensor(float)", []any{"batch", 10.0}}
			if diff := cmp.Diff([][]any{input, output}, [][]any{a.Input, a.Output}); diff != "" || a.Producer != "zoo" {
				t.Errorf("producer %q, input and output (-want +got)\n%s", a.Producer, diff)
			}
			checkShapes(t, m, a.Inferred)
			if diff := cmp.Diff(a.Inferred, a.Written); diff != "" {
				t.Errorf("shapes in value_info (-inferred +written)\n%s", diff)
			}
		})
	}
}

// odd is a model with what none of the registry has: branches that join with their
// channels first, normalisation of the picture and of two axes, an uneven pool,
// ReLU as a layer, axes that are moved twice.
func odd() (*layer.Model, error) {
	image := layer.Input(28, 28, 1)
	x := layer.BatchNormalization()(image)
	a := layer.Conv2D(5, 2, layer.Same)(x)
	b := layer.Conv2D(3, 5, layer.Same, layer.ReLU)(x)
	x = layer.Concatenate()(a, b)
	x = layer.Activation(layer.ReLU)(x)
	x = layer.MaxPooling2D(3)(x)
	x = layer.Concatenate()(x, layer.LeakyReLU(0.25)(x))
	x = layer.Reshape(27, 48)(x)
	x = layer.BatchNormalization()(x)
	x = layer.Reshape(9, 9, 16)(x)
	x = layer.Concatenate()(x, layer.Conv2D(4, 3, layer.Same)(x))
	x = layer.Dropout(0.25)(x)
	x = layer.Flatten()(x)
	x = layer.Dense(10)(x)
	return layer.Functional("odd", image, layer.LeakyReLU(0.5)(x))
}

func compare(t *testing.T, how string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d probabilities, want %d", how, len(got), len(want))
	}
	largest := 0.0
	for i := range want {
		largest = max(largest, math.Abs(float64(got[i])-float64(want[i])))
	}
	t.Logf("%s: largest difference %.2g", how, largest)
	if !(largest <= tolerance) {
		t.Errorf("%s: probabilities differ by %g, want at most %g", how, largest, tolerance)
	}
}

// checkShapes compares the shapes that onnx infers with the layers'.
func checkShapes(t *testing.T, m *layer.Model, shapes map[string][]any) {
	t.Helper()
	for _, l := range m.Layers() {
		got, ok := shapes[l.Name]
		if !ok {
			if slices.Contains([]string{"InputLayer", "Dropout", "Activation"}, l.Class) {
				continue
			}
			t.Errorf("no value %s", l.Name)
			continue
		}
		last := []any{"batch"}
		for _, n := range l.OutputShape {
			last = append(last, float64(n))
		}
		want := [][]any{last}
		if axes := len(last); axes > 2 {
			want = append(want, slices.Concat(last[:1], last[axes-1:], last[1:axes-1]))
		}
		if !slices.ContainsFunc(want, func(w []any) bool { return cmp.Equal(w, got) }) {
			t.Errorf("%s has shape %v, want one of %v", l.Name, got, want)
		}
	}
}

// trained is a model after a few steps, and its data.
func trained(t *testing.T, entry models.Entry) (*layer.Model, *mnist.Dataset) {
	t.Helper()
	m, err := entry.Build()
	if err != nil {
		t.Fatal(err)
	}
	data, err := mnist.Load(entry.Dataset)
	if err != nil {
		t.Fatal(err)
	}
	m.Initialize(1)
	config := train.Config{Epochs: 1, Batch: 16, LearningRate: 0.01, Momentum: entry.Momentum, Seed: 1}
	if _, err := train.Fit(context.Background(), m, data.Train.Slice(0, 80), data.Test.Slice(0, 16), config); err != nil {
		t.Fatal(err)
	}
	soften(m)
	return m, data
}

// soften scales down the last layer where the logits are in the hundreds, as with
// the standard normal weights of section 2.0: behind them all probabilities are 0 or 1,
// in which no error would be seen.
func soften(m *layer.Model) {
	variables := m.Variables()
	for _, v := range variables[len(variables)-2:] {
		largest := float32(0)
		for _, x := range v.Data() {
			largest = max(largest, x, -x)
		}
		if largest > 2 {
			for i := range v.Data() {
				v.Data()[i] *= 1e-3
			}
		}
	}
}

// probabilities are ours for the first n pictures.
func probabilities(t *testing.T, m *layer.Model, data mnist.Samples, n int) []float32 {
	t.Helper()
	graph, err := m.InferenceGraph(n)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := graph.Close(); err != nil {
			t.Error(err)
		}
	}()
	copy(graph.Images(n), pixels(data, n))
	if err := graph.Run(n); err != nil {
		t.Fatal(err)
	}
	p := slices.Clone(graph.Probabilities())
	middling := 0
	for _, x := range p {
		if x > 0.01 && x < 0.99 {
			middling++
		}
	}
	if middling < n {
		t.Fatalf("only %d of %d probabilities are not near 0 or 1: they show no error", middling, len(p))
	}
	return p
}

func pixels(data mnist.Samples, n int) []float32 {
	all := make([]float32, 0, n*mnist.PixelsPerImage)
	for _, x := range data.Slice(0, n).Pixels {
		all = append(all, float32(x)/255)
	}
	return all
}

// answer is what run.py tells.
type answer struct {
	Input, Output     []any
	Metadata          map[string]string
	Producer          string
	Written, Inferred map[string][]any // shapes by value

	together, alone []float32
}

func runPython(t *testing.T, python string, m *layer.Model, metadata map[string]string, data mnist.Samples, n int) *answer {
	t.Helper()
	folder := t.TempDir()
	file, pictures, answers := filepath.Join(folder, "m.onnx"), filepath.Join(folder, "pictures"), filepath.Join(folder, "answers")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(f, m, metadata); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := binary.Append(nil, binary.LittleEndian, pixels(data, n))
	if err == nil {
		err = os.WriteFile(pictures, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python, "testdata/run.py", file, pictures, answers)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	a := new(answer)
	if err := json.Unmarshal(output, a); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	if content, err = os.ReadFile(answers); err != nil {
		t.Fatal(err)
	}
	all := make([]float32, len(content)/4)
	if _, err := binary.Decode(content, binary.LittleEndian, all); err != nil {
		t.Fatal(err)
	}
	a.together, a.alone = all[:len(all)/2], all[len(all)/2:]
	return a
}
