package models_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/nlpodyssey/safetensors"

	"zoo/mnist"
	"zoo/models"
	"zoo/models/layer"
)

// fixture is what testdata/keras/dump.py wrote of one model: its README tells
// what the tensors are.
type fixture struct {
	settings
	entry         models.Entry
	data          mnist.Samples // the training images, once loaded
	indices       []int32       // steps*batch: the images of each step
	labels        []int32       // theirs
	probabilities []float64     // batch*10
	losses        []float64     // of each step
	gradients     map[string]sample
	updates       map[string]sample // final less initial weights
}

// settings is the metadata of a fixture.
type settings struct {
	Model         string  `json:"model"`
	Dataset       string  `json:"dataset"`
	Seed          uint64  `json:"seed"`
	Batch         int     `json:"batch"`
	Steps         int     `json:"steps"`
	LearningRate  float64 `json:"learning_rate"`
	Momentum      float64 `json:"momentum"`
	Decay         float64 `json:"decay"`
	Dropout       string  `json:"dropout"` // always off
	Sample        int     `json:"sample"`  // entries kept of a larger tensor; 0: all
	WeightsSHA256 string  `json:"weights_sha256"`
	Keras         string  `json:"keras"`
	TensorFlow    string  `json:"tensorflow"`
}

// sample is a tensor of a fixture: some of its entries, or all.
type sample struct {
	positions []int
	values    []float32
	norm, max float64 // of the whole tensor
}

// distance is ||d|| of d = ours - before - theirs over the whole tensor, as the
// sampled entries, the norm and the maximum show it; before may be nil.
func (s sample) distance(ours, before []float32) float64 {
	difference := func(i int) float64 {
		if before == nil {
			return float64(ours[i])
		}
		return float64(ours[i]) - float64(before[i])
	}
	var sampled, whole, largest float64
	for k, i := range s.positions {
		d := difference(i) - float64(s.values[k])
		sampled += d * d
	}
	for i := range ours {
		d := difference(i)
		whole += d * d
		largest = math.Max(largest, math.Abs(d))
	}
	sampled *= float64(len(ours)) / float64(len(s.positions))
	return max(math.Sqrt(sampled), math.Abs(math.Sqrt(whole)-s.norm), math.Abs(largest-s.max))
}

// normAfter is the norm of before + the tensor, from the sampled entries.
func (s sample) normAfter(before []float32) float64 {
	sum := 0.0
	for k, i := range s.positions {
		w := float64(before[i]) + float64(s.values[k])
		sum += w * w
	}
	return math.Sqrt(sum * float64(len(before)) / float64(len(s.positions)))
}

func norm[T float32 | float64](values []T) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

// readFixture reads a file that dump.py wrote. Its errors name the file.
func readFixture(path string) (*fixture, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := parseFixture(content)
	if err != nil {
		return nil, fmt.Errorf("%s is not a fixture of testdata/keras/dump.py: %w", path, err)
	}
	return f, nil
}

func parseFixture(content []byte) (*fixture, error) {
	file, err := safetensors.Deserialize(content)
	if err != nil {
		return nil, err
	}
	_, header, err := safetensors.ReadMetadata(content)
	if err != nil {
		return nil, err
	}
	metadata, ok := header.Metadata()["parity"]
	if !ok {
		return nil, errors.New("its metadata has no key parity")
	}
	f := &fixture{gradients: map[string]sample{}, updates: map[string]sample{}}
	if err := json.Unmarshal([]byte(metadata), &f.settings); err != nil {
		return nil, fmt.Errorf("its metadata: %w", err)
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	t := &tensors{file: file}
	f.indices = read[int32](t, "indices", f.Steps*f.Batch)
	f.labels = read[int32](t, "labels", f.Steps*f.Batch)
	f.probabilities = read[float64](t, "probabilities", f.Batch*10)
	f.losses = read[float64](t, "losses", f.Steps)
	if err := f.readVariables(t); err != nil {
		return nil, err
	}
	return f, nil
}

// check validates the settings and finds the model.
func (f *fixture) check() error {
	selected, err := models.Select(f.Model)
	if err != nil {
		return err
	}
	f.entry = selected[0]
	if f.entry.Name != f.Model || f.entry.Dataset != f.Dataset {
		return fmt.Errorf("model %q on data set %q", f.Model, f.Dataset)
	}
	if f.Batch < 1 || f.Steps < 1 || f.Batch > 1<<16 || f.Steps > 1<<16 || f.Sample < 0 || f.Dropout != "off" {
		return fmt.Errorf("batch %d, steps %d, sample %d, dropout %q", f.Batch, f.Steps, f.Sample, f.Dropout)
	}
	return nil
}

// loadData finds the images, and makes sure that they are those that Keras saw.
func (f *fixture) loadData() error {
	set, err := mnist.Load(f.Dataset)
	if err != nil {
		return err
	}
	f.data = set.Train
	for i, index := range f.indices {
		if index < 0 || int(index) >= f.data.Len() {
			return fmt.Errorf("the fixture has image %d, %s has %d", index, f.Dataset, f.data.Len())
		}
		if label := f.data.Labels[index]; int32(label) != f.labels[i] {
			return fmt.Errorf("image %d has label %d for Keras and %d here: different data", index, f.labels[i], label)
		}
	}
	return nil
}

// readVariables reads the gradients and updates of all weights.
func (f *fixture) readVariables(t *tensors) error {
	model, err := f.entry.Build()
	if err != nil {
		return err
	}
	for _, v := range model.Variables() {
		f.updates[v.Name] = f.readSample(t, "update", v)
		if v.Trainable {
			f.gradients[v.Name] = f.readSample(t, "gradient", v)
		}
	}
	return t.err
}

func (f *fixture) readSample(t *tensors, kind string, v *layer.Variable) sample {
	s := sample{positions: samplePositions(f.Seed, v.Name, v.Size(), f.Sample)}
	s.values = read[float32](t, kind+"/"+v.Name, len(s.positions))
	if len(s.positions) == v.Size() {
		s.norm = norm(s.values)
		for _, v := range s.values {
			s.max = math.Max(s.max, math.Abs(float64(v)))
		}
	} else if whole := read[float64](t, kind+"_norm_max/"+v.Name, 2); whole != nil {
		s.norm, s.max = whole[0], whole[1]
	}
	return s
}

// tensors reads from a file until the first error.
type tensors struct {
	file safetensors.SafeTensors
	err  error
}

// read returns a tensor of n elements, nil after an error.
func read[T int32 | float32 | float64](t *tensors, name string, n int) []T {
	if t.err != nil {
		return nil
	}
	values := make([]T, n)
	dtype := safetensors.F64
	switch any(values).(type) {
	case []int32:
		dtype = safetensors.I32
	case []float32:
		dtype = safetensors.F32
	}
	view, ok := t.file.Tensor(name)
	switch {
	case !ok:
		t.err = fmt.Errorf("no tensor %s", name)
	case view.DType() != dtype || len(view.Data()) != binary.Size(values):
		t.err = fmt.Errorf("tensor %s is %s%v, want %d of %s", name, view.DType(), view.Shape(), n, dtype)
	default:
		_, t.err = binary.Decode(view.Data(), binary.LittleEndian, values)
	}
	if t.err != nil {
		return nil
	}
	return values
}
