package keras_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zoo/models"
	"zoo/models/exchange/hdf5"
	"zoo/models/exchange/keras"
	"zoo/models/layer"
)

// optimizerOf is how the report trains the model.
func optimizerOf(e models.Entry) keras.Optimizer {
	o := keras.Optimizer{LearningRate: e.LearningRate, Momentum: e.Momentum}
	if e.Decay {
		o.Decay = e.LearningRate / float64(e.Epochs)
	}
	return o
}

func build(t testing.TB, e models.Entry) *layer.Model {
	t.Helper()
	m, err := e.Build()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// small is quick to write and read and has every kind of weight.
func small(t testing.TB) *layer.Model {
	t.Helper()
	image := layer.Input(6, 6, 1)
	x := layer.LeakyReLU(0.5)(layer.Conv2D(2, 3)(image))
	x = layer.BatchNormalization()(layer.MaxPooling2D(2)(x))
	x = layer.Concatenate()(layer.Flatten()(x), layer.Flatten()(image))
	x = layer.Dropout(0.5)(layer.Reshape(44)(x))
	m, err := layer.Functional("small", image, layer.Activation(layer.Softmax)(layer.Dense(3)(x)))
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

func written(t testing.TB, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func weightsOf(t testing.TB, m *layer.Model) []byte {
	return written(t, func(w io.Writer) error { return keras.WriteWeights(w, m) })
}

func modelOf(t testing.TB, s keras.Settings, m *layer.Model) []byte {
	return written(t, func(w io.Writer) error { return keras.WriteModel(w, s, m) })
}

var smallSettings = keras.Settings{Optimizer: keras.Optimizer{LearningRate: 0.01, Momentum: 0.9, Decay: 0.001}}

// member is the content of a part of a zip file.
func member(t testing.TB, content []byte, name string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func fixture(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What is written of the report's models is what Keras writes: config.json to the
// last setting, and every group, data set and name of model.weights.h5.
func TestWritesWhatKerasWrites(t *testing.T) {
	for _, e := range models.All() {
		t.Run(e.Name, func(t *testing.T) {
			if testing.Short() && e.Name == "fashion-best" {
				t.Skip("180 MB")
			}
			content := modelOf(t, keras.Settings{Optimizer: optimizerOf(e)}, build(t, e))
			var want, got any
			fixture(t, "config_"+e.Name+".json", &want)
			if err := json.Unmarshal(member(t, content, "config.json"), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("config.json (-Keras +ours)\n%s", diff)
			}
			var layout, ours struct {
				Groups   map[string]map[string]string
				Datasets map[string][]any
			}
			fixture(t, "layout_"+e.Name+".json", &layout)
			f, err := hdf5.Read(member(t, content, "model.weights.h5"))
			if err != nil {
				t.Fatal(err)
			}
			ours.Groups, ours.Datasets = map[string]map[string]string{}, map[string][]any{}
			for _, path := range f.Groups {
				ours.Groups[path] = map[string]string{}
			}
			for _, a := range f.Attributes {
				ours.Groups[a.Path][a.Name] = a.Value
			}
			for _, d := range f.Datasets {
				ours.Datasets[d.Path] = []any{"float32"}
				if d.Int64 != nil {
					ours.Datasets[d.Path][0] = "int64"
				}
				for _, n := range d.Shape {
					ours.Datasets[d.Path] = append(ours.Datasets[d.Path], float64(n))
				}
			}
			if diff := cmp.Diff(layout, ours); diff != "" {
				t.Errorf("model.weights.h5 (-Keras +ours)\n%s", diff)
			}
		})
	}
}

// Every model of the zoo, variants too, comes back to the bit from both formats.
func TestRoundTrip(t *testing.T) {
	for _, e := range append(models.All(), models.Variants()...) {
		if testing.Short() && e.Name == "fashion-best" {
			continue // 90 MB
		}
		first := build(t, e)
		scramble(first, 1)
		second := build(t, e)
		if err := keras.ReadWeights(weightsOf(t, first), second); err != nil {
			t.Fatal(err)
		}
		third := build(t, e)
		content := modelOf(t, keras.Settings{Optimizer: optimizerOf(e), Metadata: map[string]string{"dataset": e.Dataset}}, first)
		f, err := keras.ParseModel(content)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != e.Name || !cmp.Equal(f.Metadata, map[string]string{"dataset": e.Dataset}) {
			t.Errorf("%s: name %q, metadata %v", e.Name, f.Name, f.Metadata)
		}
		if err := f.LoadInto(third); err != nil {
			t.Fatal(err)
		}
		for i, v := range first.Variables() {
			if !slices.Equal(v.Data(), second.Variables()[i].Data()) || !slices.Equal(v.Data(), third.Variables()[i].Data()) {
				t.Errorf("%s: %s differs", e.Name, v.Name)
			}
		}
		if !bytes.Equal(content, modelOf(t, keras.Settings{Optimizer: optimizerOf(e), Metadata: map[string]string{"dataset": e.Dataset}}, third)) {
			t.Errorf("%s: written again, other bytes", e.Name)
		}
	}
}

// The optimizer's state: Keras's order is that of the trained weights.
func TestOptimizerState(t *testing.T) {
	m := small(t)
	o := keras.Optimizer{LearningRate: 0.3, Momentum: 0.8, Iterations: 77, Velocities: map[string][]float32{}}
	names := []string{"conv2d/kernel", "conv2d/bias", "batch_normalization/gamma", "batch_normalization/beta", "dense/kernel", "dense/bias"}
	for i, name := range names {
		for _, v := range m.Variables() {
			if v.Name == name {
				o.Velocities[name] = slices.Repeat([]float32{float32(i + 1)}, v.Size())
			}
		}
	}
	saved := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	content := modelOf(t, keras.Settings{Optimizer: o, Saved: saved}, m)
	if got, want := string(member(t, content, "metadata.json")), `{"keras_version":"3.15.1","date_saved":"2026-01-02@03:04:05"}`+"\n"; got != want {
		t.Errorf("metadata.json %s, want %s", got, want)
	}
	f, err := hdf5.Read(member(t, content, "model.weights.h5"))
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := f.Dataset("optimizer/vars/0"); !slices.Equal(d.Int64, []int64{77}) || len(d.Shape) > 0 {
		t.Errorf("steps done: %v", d)
	}
	if d, _ := f.Dataset("optimizer/vars/1"); !slices.Equal(d.Float32, []float32{0.3}) || len(d.Shape) > 0 {
		t.Errorf("learning rate: %v", d)
	}
	for i, name := range names {
		d, _ := f.Dataset("optimizer/vars/" + string(rune('2'+i)))
		if !slices.Equal(d.Float32, o.Velocities[name]) {
			t.Errorf("velocities of %s: %v", name, d)
		}
	}
	if err := keras.ReadModel(content, small(t)); err != nil {
		t.Error(err)
	}
}

func TestWriteModelRefuses(t *testing.T) {
	m := small(t)
	large := keras.Settings{Optimizer: smallSettings.Optimizer, Metadata: map[string]string{"classes": strings.Repeat("x", 1<<20)}}
	var b bytes.Buffer
	want := "metadata.json: it has 1048624 bytes, want at most 1048576"
	if err := keras.WriteModel(&b, large, m); err == nil || err.Error() != want || b.Len() > 0 {
		t.Errorf("error %v, want %s; %d bytes", err, want, b.Len())
	}
	for want, o := range map[string]keras.Optimizer{
		"learning rate 0, want a number above 0 in the range of float32": {},
		"momentum 2, want 0 to 1":                    {LearningRate: 1, Momentum: 2},
		"decay -1, want a number, 0 or above":        {LearningRate: 1, Decay: -1},
		"-1 optimizer steps done, want at least 0":   {LearningRate: 1, Iterations: -1},
		"0 velocities of conv2d/kernel, want its 18": {LearningRate: 1, Momentum: 0.5, Velocities: map[string][]float32{}},
		"1 velocities of conv2d/kernel, want its 18": {LearningRate: 1, Momentum: 0.5, Velocities: map[string][]float32{"conv2d/kernel": {1}}},
	} {
		var b bytes.Buffer
		if err := keras.WriteModel(&b, keras.Settings{Optimizer: o}, m); err == nil || err.Error() != want || b.Len() > 0 {
			t.Errorf("error %v, want %s; %d bytes", err, want, b.Len())
		}
	}
}

// refuses checks that the read fails with the error and leaves the model as it was.
func refuses(t *testing.T, what, want string, m *layer.Model, read func(*layer.Model) error) {
	t.Helper()
	scramble(m, 3)
	before := all(m)
	if err := read(m); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: error %v, want %s", what, err, want)
	}
	if !cmp.Equal(before, all(m)) {
		t.Errorf("%s: the model was changed", what)
	}
}

func TestReadWeightsRefuses(t *testing.T) {
	sound, err := hdf5.Read(weightsOf(t, small(t)))
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(f *hdf5.File){
		"no tensor layers/dense/vars/1 for dense/bias [3] of model small": func(f *hdf5.File) {
			f.Datasets = slices.DeleteFunc(f.Datasets, func(d hdf5.Dataset) bool { return d.Path == "layers/dense/vars/1" })
		},
		"tensor layers/dense/vars/0 has shape [3 44], want the [44 3] of dense/kernel of model small": func(f *hdf5.File) {
			at(f, "layers/dense/vars/0").Shape = []int{3, 44}
		},
		"tensor layers/dense/vars/1 holds integers, want the float32 of dense/bias of model small": func(f *hdf5.File) {
			d := at(f, "layers/dense/vars/1")
			d.Float32, d.Int64 = nil, make([]int64, 3)
		},
		`tensor "layers/dense_1/vars/0" [1] is none of model small`: func(f *hdf5.File) {
			f.Datasets = append(f.Datasets, hdf5.Dataset{Path: "layers/dense_1/vars/0", Shape: []int{1}, Float32: []float32{1}})
		},
		`tensor "layers/\n/vars/0" [1] is none of model small`: func(f *hdf5.File) {
			f.Datasets = append(f.Datasets, hdf5.Dataset{Path: "layers/\n/vars/0", Shape: []int{1}, Float32: []float32{1}})
		},
		"not a file of Keras 3 but in the older .h5 format: load it in Keras and save it as .keras": func(f *hdf5.File) {
			f.Attributes = append(f.Attributes, hdf5.Attribute{Name: "keras_version", Value: "2.15.0"})
		},
		`not a file of Keras 3: no group "layers"`: func(f *hdf5.File) {
			f.Groups, f.Attributes = []string{"model_weights"}, nil
			f.Datasets = nil
		},
	} {
		f := &hdf5.File{Groups: slices.Clone(sound.Groups), Datasets: slices.Clone(sound.Datasets), Attributes: slices.Clone(sound.Attributes)}
		change(f)
		content := written(t, func(w io.Writer) error { return hdf5.Write(w, f) })
		refuses(t, want, want, small(t), func(m *layer.Model) error { return keras.ReadWeights(content, m) })
	}
	refuses(t, "text", "not a sound HDF5 file", small(t), func(m *layer.Model) error { return keras.ReadWeights([]byte("text"), m) })
}

// What else Keras keeps in the file is no weight.
func TestReadWeightsPassesOver(t *testing.T) {
	first, second := small(t), small(t)
	scramble(first, 1)
	f, err := hdf5.Read(weightsOf(t, first))
	if err != nil {
		t.Fatal(err)
	}
	f.Datasets = append(f.Datasets,
		hdf5.Dataset{Path: "optimizer/vars/0", Int64: []int64{5}},
		hdf5.Dataset{Path: "layers/dropout/seed_generator/vars/0", Shape: []int{2}, Int64: []int64{1, 2}})
	if err := keras.ReadWeights(written(t, func(w io.Writer) error { return hdf5.Write(w, f) }), second); err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(all(first), all(second)) {
		t.Error("not loaded")
	}
}

func at(f *hdf5.File, path string) *hdf5.Dataset {
	i := slices.IndexFunc(f.Datasets, func(d hdf5.Dataset) bool { return d.Path == path })
	return &f.Datasets[i]
}

// Every model of the zoo refuses the files of those that have another network.
func TestOtherArchitecture(t *testing.T) {
	for i, tt := range []struct{ file, model, want string }{
		{"mnist-seq", "mnist-dense", "tensor layers/dense/vars/0 has shape [1600 512], want the [784 512] of dense/kernel of model mnist-dense"},
		{"mnist-seq", "mnist-func", "tensor layers/dense/vars/0 has shape [1600 512], want the [1600 784] of dense/kernel of model mnist-func"},
		{"mnist-func", "mnist-seq", "tensor layers/dense/vars/0 has shape [1600 784], want the [1600 512] of dense/kernel of model mnist-seq"},
		{"mnist-seq", "mnist-seq-nobn", `tensor "layers/batch_normalization/vars/0" [64] is none of model mnist-seq-nobn`},
		{"mnist-seq-nobn", "mnist-seq", "no tensor layers/batch_normalization/vars/0 for batch_normalization/gamma [64] of model mnist-seq"},
		{"fashion-seq", "fashion-seq-nodropout", `layer 12 of the file, "dropout", is a "Dropout", want the Dense dense_1 of model fashion-seq-nodropout`},
	} {
		if testing.Short() && i > 0 {
			break
		}
		file, model := named(t, tt.file), named(t, tt.model)
		content := modelOf(t, smallSettings, file)
		refuses(t, tt.file+" into "+tt.model, tt.want, model, func(m *layer.Model) error { return keras.ReadModel(content, m) })
	}
}

func named(t *testing.T, name string) *layer.Model {
	t.Helper()
	entries, err := models.Select(name)
	if err != nil {
		t.Fatal(err)
	}
	return build(t, entries[0])
}
