package tensorboard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/models/layer"
	"zoo/train"
	"zoo/train/tensorboard"
)

// spots are pictures of 2x2 with a bright spot in one of two places.
type spots int

func (s spots) Len() int { return int(s) }

func (s spots) Batch(indices []int32, images []float32, labels []int32) {
	for i, index := range indices {
		label := index % 2
		copy(images[4*i:], []float32{.1, .2, .1, float32(index%7) / 7})
		images[4*i+int(label)] += .5
		labels[i] = label
	}
}

func newModel(t *testing.T) *layer.Model {
	t.Helper()
	m, err := layer.Sequential("small", layer.Input(2, 2, 1), layer.Flatten(),
		layer.Dense(8, layer.ReLU), layer.BatchNormalization(), layer.Dense(2, layer.Softmax))
	if err != nil {
		t.Fatal(err)
	}
	m.Initialize(1)
	return m
}

// threeSteps is 3 epochs of 3 steps.
var threeSteps = train.Config{Epochs: 3, Batch: 4, LearningRate: .05, Momentum: .9, Decay: .1, Seed: 1}

// series is the values of a tag: steps and, at the same places, values.
type series struct {
	Steps      []int64
	Scalars    []float64
	Histograms [][][3]float64
}

// run is the series of a run, by tag.
type run map[string]*series

func (r run) add(tag string, step int64, value float64) {
	s := r.of(tag)
	s.Steps, s.Scalars = append(s.Steps, step), append(s.Scalars, float64(float32(value)))
}

func (r run) of(tag string) *series {
	if r[tag] == nil {
		r[tag] = &series{}
	}
	return r[tag]
}

// witness notes what the files are to hold, and the weights for the histograms.
type witness struct {
	train.NopCallback
	training, validation run
	weights              map[string][][]float32
}

func newWitness() *witness {
	return &witness{training: run{}, validation: run{}, weights: map[string][][]float32{}}
}

func (w *witness) BatchEnd(t *train.Training) error {
	step := int64(3*(t.Epoch-1) + t.Step)
	if step%2 == 0 {
		w.training.add("batch_loss", step, t.Loss)
		w.training.add("batch_accuracy", step, t.Accuracy)
	}
	return nil
}

func (w *witness) EpochEnd(t *train.Training, e train.Epoch) error {
	epoch := int64(e.Epoch - 1)
	w.training.add("epoch_loss", epoch, e.Loss)
	w.training.add("epoch_accuracy", epoch, e.Accuracy)
	w.training.add("epoch_learning_rate", epoch, .05/(1+.1*float64(3*e.Epoch)))
	w.validation.add("epoch_loss", epoch, e.ValLoss)
	w.validation.add("epoch_accuracy", epoch, e.ValAccuracy)
	w.validation.add("evaluation_loss_vs_iterations", 3*epoch+3, e.ValLoss)
	w.validation.add("evaluation_accuracy_vs_iterations", 3*epoch+3, e.ValAccuracy)
	if epoch%2 == 0 {
		for _, v := range t.Model().Variables() {
			s := w.training.of(v.Name + "/histogram")
			s.Steps = append(s.Steps, epoch)
			w.weights[v.Name] = append(w.weights[v.Name], slices.Clone(v.Data()))
		}
	}
	return nil
}

// eventFiles are the files of a run, in the order in which TensorBoard reads them.
func eventFiles(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*tfevents*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// read reads a run, and checks that the histograms count all weights.
func read(t *testing.T, folder string) run {
	t.Helper()
	r := run{}
	for _, path := range eventFiles(t, folder) {
		events, err := tensorboard.ReadFile(path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for i, e := range events {
			switch {
			case i == 0:
				if e.Version != "brain.Event:2" {
					t.Errorf("%s begins with %+v", path, e)
				}
			case e.Plugin == "scalars":
				r.add(e.Tag, e.Step, e.Scalar)
			default:
				s := r.of(e.Tag)
				s.Steps, s.Histograms = append(s.Steps, e.Step), append(s.Histograms, e.Histogram)
			}
		}
	}
	return r
}

// compare compares a run with what it should be, but for the buckets.
func compare(t *testing.T, what string, want, got run) {
	t.Helper()
	noBuckets := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Histograms" }, cmp.Ignore())
	if diff := cmp.Diff(want, got, noBuckets); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

func TestTensorBoard(t *testing.T) {
	logs := t.TempDir()
	b := &train.TensorBoard{LogDir: logs, HistogramFreq: 2, UpdateFreq: 2}
	w := newWitness()
	// Everything is on the disk when an epoch is over, whatever comes then.
	sudden := &atEpoch{func() {
		compare(t, "train, in time", w.training, read(t, filepath.Join(logs, "train")))
		compare(t, "validation, in time", w.validation, read(t, filepath.Join(logs, "validation")))
	}}
	if _, err := train.Fit(t.Context(), newModel(t), spots(12), spots(5), threeSteps, b, w, sudden); err != nil {
		t.Fatal(err)
	}
	training := read(t, filepath.Join(logs, "train"))
	compare(t, "train", w.training, training)
	compare(t, "validation", w.validation, read(t, filepath.Join(logs, "validation")))
	if len(w.weights) != 8 || len(training) != 3+2+8 {
		t.Errorf("%d weights, %d tags", len(w.weights), len(training))
	}
	for name, all := range w.weights {
		for i, values := range all {
			sum := 0.0
			histogram := training[name+"/histogram"].Histograms[i]
			for _, b := range histogram {
				sum += b[2]
			}
			least, most := float64(slices.Min(values)), float64(slices.Max(values))
			if sum != float64(len(values)) || histogram[0][0] != least || histogram[29][1] != most {
				t.Errorf("%s: %v values from %v to %v, want %d from %v to %v", name, sum, histogram[0][0], histogram[29][1], len(values), least, most)
			}
		}
	}
}

type atEpoch struct{ do func() }

func (*atEpoch) TrainBegin(*train.Training) error              { return nil }
func (*atEpoch) EpochBegin(*train.Training) error              { return nil }
func (*atEpoch) BatchEnd(*train.Training) error                { return nil }
func (a *atEpoch) EpochEnd(*train.Training, train.Epoch) error { a.do(); return nil }
func (*atEpoch) TrainEnd(*train.Training) error                { return nil }

// The zero value is Keras's: no histograms, nothing by batches.
func TestTensorBoardByEpoch(t *testing.T) {
	logs := t.TempDir()
	w := newWitness()
	if _, err := train.Fit(t.Context(), newModel(t), spots(12), spots(5), threeSteps, &train.TensorBoard{LogDir: logs}, w); err != nil {
		t.Fatal(err)
	}
	want := run{}
	for _, tag := range []string{"epoch_loss", "epoch_accuracy", "epoch_learning_rate"} {
		want[tag] = w.training[tag]
	}
	compare(t, "train", want, read(t, filepath.Join(logs, "train")))
}

// A training that was cut and resumed adds files; together they hold what the
// files of a training hold that was not cut.
func TestTensorBoardResumes(t *testing.T) {
	logs := t.TempDir()
	resumedRun(t, logs)
	w := newWitness()
	if _, err := train.Fit(t.Context(), newModel(t), spots(12), spots(5), threeSteps, w); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]run{"train": w.training, "validation": w.validation} {
		folder := filepath.Join(logs, name)
		compare(t, name, want, read(t, folder))
		if files := eventFiles(t, folder); len(files) != 2 {
			t.Errorf("%s has %d files, want 2", name, len(files))
		}
	}
}

// resumedRun trains with a cut in the second epoch.
func resumedRun(t *testing.T, logs string) {
	t.Helper()
	saved := filepath.Join(t.TempDir(), "last.safetensors")
	callbacks := []train.Callback{
		&train.TensorBoard{LogDir: logs, HistogramFreq: 2, UpdateFreq: 2}, &train.ModelCheckpoint{Last: saved},
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := train.Fit(ctx, newModel(t), spots(12), spots(5), threeSteps, append(callbacks, &cutter{cancel: cancel})...)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	checkpoint, err := train.ReadCheckpoint(saved)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := train.Resume(t.Context(), newModel(t), checkpoint, spots(12), spots(5), threeSteps, callbacks...); err != nil {
		t.Fatal(err)
	}
}

// cutter ends the training in its fifth step.
type cutter struct {
	train.NopCallback
	cancel func()
}

func (c *cutter) BatchEnd(t *train.Training) error {
	if t.Iterations() == 5 {
		c.cancel()
	}
	return nil
}

func TestTensorBoardRefusesArguments(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for want, b := range map[string]*train.TensorBoard{
		"TensorBoard: histogram_freq -1, want 0 or above":                                         {HistogramFreq: -1},
		"TensorBoard: update_freq -2, want 0 or above":                                            {UpdateFreq: -2},
		"TensorBoard: cannot make the folder of event files: mkdir " + file + ": not a directory": {LogDir: file},
	} {
		_, err := train.Fit(t.Context(), newModel(t), spots(12), spots(5), threeSteps, b)
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// found is what testdata/read.py prints.
type found struct {
	Runs map[string]struct {
		Scalars    map[string][][2]float64         `json:"scalars"`
		Histograms map[string][][2]json.RawMessage `json:"histograms"`
	} `json:"runs"`
	Reference map[string][][3]float64 `json:"reference"`
}

// run is the run of that name.
func (f found) run(t *testing.T, name string) run {
	t.Helper()
	r := run{}
	for tag, values := range f.Runs[name].Scalars {
		for _, v := range values {
			r.add(tag, int64(v[0]), v[1])
		}
	}
	for tag, values := range f.Runs[name].Histograms {
		s := r.of(tag)
		for _, v := range values {
			var step int64
			var buckets [][3]float64
			if err := errors.Join(json.Unmarshal(v[0], &step), json.Unmarshal(v[1], &buckets)); err != nil {
				t.Fatal(err)
			}
			s.Steps, s.Histograms = append(s.Steps, step), append(s.Histograms, buckets)
		}
	}
	return r
}

// ZOO_PYTHON is a Python that has TensorBoard (testdata/requirements.txt).
func tensorBoardPython(t *testing.T) string {
	t.Helper()
	python := os.Getenv("ZOO_PYTHON")
	if python == "" {
		t.Skip("ZOO_PYTHON is not set; make keras sets it")
	}
	return python
}

func tensorBoardReads(t *testing.T, python string, args ...string) found {
	t.Helper()
	command := exec.CommandContext(t.Context(), python, append([]string{filepath.Join("testdata", "read.py")}, args...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v:\n%s", err, stderr.String())
	}
	var f found
	if err := json.Unmarshal(out, &f); err != nil {
		t.Fatalf("%v in %.1000s", err, out)
	}
	return f
}

// TensorBoard's own reader finds all values, those of a run that was killed in
// the middle of a line and resumed, and makes the same buckets of the weights.
func TestPython(t *testing.T) {
	python := tensorBoardPython(t)
	logs := t.TempDir()
	resumedRun(t, logs)
	w := newWitness()
	if _, err := train.Fit(t.Context(), newModel(t), spots(12), spots(5), threeSteps, w); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"train", "validation"} { // a record that the kill cut, in the first of the two files
		path := eventFiles(t, filepath.Join(logs, name))[0]
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(content, content[:30]...), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	values := map[string][]float32{}
	for name, all := range w.weights {
		for i, v := range all {
			values[name+string(rune('0'+i))] = v
		}
	}
	values["ones"] = []float32{1, 1, 1}
	values["wide"] = []float32{-math.MaxFloat32, 0, 1e-45, math.MaxFloat32}
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "values.json")
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ones", "wide"} {
		extra, err := tensorboard.Create(filepath.Join(logs, "extra"))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(extra.Histogram(name, 0, values[name]), extra.Close()); err != nil {
			t.Fatal(err)
		}
	}
	f := tensorBoardReads(t, python, logs, path)
	training, extra := f.run(t, "train"), f.run(t, "extra")
	compare(t, "train", w.training, training)
	compare(t, "validation", w.validation, f.run(t, "validation"))
	for name, all := range w.weights {
		for i := range all {
			sameBuckets(t, name, f.Reference[name+string(rune('0'+i))], training[name+"/histogram"].Histograms[i])
		}
	}
	for _, name := range []string{"ones", "wide"} {
		sameBuckets(t, name, f.Reference[name], extra[name].Histograms[0])
	}
}

// sameBuckets compares buckets; edges may differ by rounding.
func sameBuckets(t *testing.T, what string, want, got [][3]float64) {
	t.Helper()
	if len(want) != 30 || len(got) != 30 {
		t.Errorf("%s: %d buckets, TensorBoard makes %d", what, len(got), len(want))
		return
	}
	tolerance := 1e-14 * max(math.Abs(want[0][0]), math.Abs(want[29][1]))
	for i := range want {
		if got[i][2] != want[i][2] || math.Abs(got[i][0]-want[i][0]) > tolerance || math.Abs(got[i][1]-want[i][1]) > tolerance {
			t.Errorf("%s: bucket %d is %v, TensorBoard's is %v", what, i, got[i], want[i])
		}
	}
}
