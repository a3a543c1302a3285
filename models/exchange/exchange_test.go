package exchange_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"zoo/models"
	"zoo/models/exchange"
	"zoo/models/exchange/keras"
	"zoo/models/layer"
)

func build(t testing.TB, name string) *layer.Model {
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

var options = exchange.Options{
	Metadata: map[string]string{models.MetadataClasses: `["0","1","2","3","4","5","6","7","8","9"]`, models.MetadataDataset: "bars"},
	Keras:    keras.Settings{Optimizer: keras.Optimizer{LearningRate: 0.01}},
}

func content(t testing.TB, extension string, m *layer.Model, o exchange.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := exchange.Save(&b, extension, m, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func equal(a, b *layer.Model) bool {
	others := b.Variables()
	for i, v := range a.Variables() {
		if !slices.EqualFunc(v.Data(), others[i].Data(), func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }) {
			return false
		}
	}
	return true
}

// TestFormats saves a model in every format and reads it under its own name and under
// none that tells.
func TestFormats(t *testing.T) {
	m := build(t, "mnist-dense")
	m.Initialize(1)
	for _, extension := range exchange.Extensions() {
		saved := content(t, extension, m, options)
		for _, name := range []string{"x" + extension, "X" + strings.ToUpper(extension), "nameless"} {
			if name == "nameless" && extension == exchange.ONNX {
				continue // which begins with nothing of its own
			}
			f, err := exchange.Parse(name, saved)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if f.Extension != extension || (f.Safetensors() != nil) != (extension == exchange.Safetensors) {
				t.Errorf("%s: read as %s", name, f.Extension)
			}
			again := build(t, "mnist-dense")
			if err := f.LoadInto(again); err != nil || !equal(m, again) {
				t.Errorf("%s: the weights are not the same, error %v", name, err)
			}
			p, err := f.Predictor("")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := p.Entry().Name; got != "mnist-dense" {
				t.Errorf("%s: the model is %q", name, got)
			}
			if extension == exchange.KerasWeights {
				continue // which has no place for texts
			}
			if p.Dataset() != "bars" || len(p.Classes()) != 10 {
				t.Errorf("%s: data set %q, classes %q", name, p.Dataset(), p.Classes())
			}
		}
	}
}

// TestKerasNames: a name that Keras gave a model by itself says nothing.
func TestKerasNames(t *testing.T) {
	m, err := layer.Sequential("sequential_1", layer.Input(28, 28, 1), layer.Flatten(), layer.Dense(512, layer.ReLU),
		layer.Dense(256, layer.ReLU), layer.Dense(10))
	if err != nil {
		t.Fatal(err)
	}
	f, err := exchange.Parse("x.weights.h5", content(t, exchange.KerasWeights, m, options))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{}, f.Metadata); diff != "" {
		t.Errorf("metadata (-want +got)\n%s", diff)
	}
	if _, err := f.Predictor("mnist-dense"); err != nil {
		t.Error(err)
	}
}

// TestRead: what a reader cannot give is its error.
func TestRead(t *testing.T) {
	if _, err := exchange.Read("x.keras", iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
}

func TestRefuses(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	long := strings.Repeat("what is this? ", 9)
	sparse := write("sparse.onnx", "\x08\x08")
	if err := os.Truncate(sparse, 1<<31); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		write("x.keras", long):              "not a file of Keras 3",
		write("x.weights.h5", long):         "HDF5",
		write("x.onnx", long):               "ONNX",
		write("x.safetensors", long):        "not a sound safetensors file: it does not begin as one",
		write("x", long):                    "files of weights are .safetensors, .keras, .weights.h5 or .onnx",
		write("x.h5", ""):                   "files of weights are .safetensors, .keras, .weights.h5 or .onnx",
		write("empty.safetensors", ""):      "not a sound safetensors file: it has only 0 bytes",
		write("empty.keras", ""):            "not a file of Keras 3",
		write("empty.weights.h5", ""):       "HDF5",
		write("empty.onnx", ""):             "not an ONNX file that zoo wrote",
		write("begins.keras", "PK\x03\x04"): "not a file of Keras 3",
		write("begins", "PK\x03\x04"):       "not a file of Keras 3",
		sparse:                              "it has 2147483648 bytes, want at most 2147483647",
		folder:                              "not a file",
		filepath.Join(folder, "nowhere"):    "no such file",
	} {
		_, err := exchange.Load(path)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: error %v, want one that names it once and has %q", path, err, want)
		}
	}
	if err := exchange.Save(io.Discard, ".pt", build(t, "mnist-dense"), options); err == nil {
		t.Error("a format that is not known was saved")
	}
}

// TestOtherModel: each format's error names the file, the tensor and the shapes.
func TestOtherModel(t *testing.T) {
	m := build(t, "mnist-dense")
	for _, extension := range exchange.Extensions() {
		path := filepath.Join(t.TempDir(), "x"+extension)
		if err := os.WriteFile(path, content(t, extension, m, options), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := exchange.LoadAs("mnist-seq", path)
		if err == nil {
			t.Fatalf("%s: loaded into another model", extension)
		}
		for _, part := range []string{path, "conv2d", "64", "mnist-seq"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %v, want %q in it", extension, err, part)
			}
		}
	}
}

// A model goes to another format by way of memory alone.
func ExampleSave() {
	entries, err := models.Select("mnist-dense")
	if err != nil {
		fmt.Println(err)
		return
	}
	model, err := entries[0].Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	model.Initialize(1)
	var file bytes.Buffer
	if err := exchange.Save(&file, exchange.ONNX, model, exchange.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	back, err := exchange.Read("back.onnx", &file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(back.Metadata["model"], back.LoadInto(model))
	// Output: mnist-dense <nil>
}
