package keras_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zoo/mnist"
	"zoo/models"
	"zoo/models/exchange/keras"
	"zoo/models/layer"
)

// agreement is how far probabilities may lie apart. Section 2.0 begins with weights from
// N(0, 1) and has logits in the thousands, which float32 itself knows less well: there
// each logit may be wrong by 2 units in the last place of the largest, which moves
// a probability by up to one such unit: its slope is at most 1/4 in each of two logits.
// Most of its probabilities are 0 or 1, whatever small is wrong, so with all logits
// divided by divisor they are compared again, and agree as the others do.
const (
	agreement = 1e-5
	divisor   = 1024 // prove.py's
)

func (r report) agreement() float64 { return max(agreement, r.LargestLogit*0x1p-23) }

// divide divides the model's logits, by its last layer's kernel and bias.
func divide(m *layer.Model) {
	all := m.Variables()
	for _, v := range all[len(all)-2:] {
		for i := range v.Data() {
			v.Data()[i] /= divisor
		}
	}
}

// TestPython has real Keras load what is written here, and reads here what Keras
// saves, of each of the report's models. ZOO_PYTHON is a Python that has Keras 3.15.
func TestPython(t *testing.T) {
	python := os.Getenv("ZOO_PYTHON")
	if python == "" {
		t.Skip("ZOO_PYTHON is not set; make keras sets it")
	}
	p := &proof{T: t, python: python, folder: t.TempDir(), entries: models.All(), images: map[string][][]float32{}}
	ours := map[string]*layer.Model{}
	for _, e := range p.entries {
		ours[e.Name] = p.ours(e)
	}
	var reports map[string]report
	p.run("exchange", &reports)
	for _, e := range p.entries {
		p.loaded(e, ours[e.Name], reports[e.Name])
		p.theirs(e, reports[e.Name])
	}
	var equal map[string]struct{ Equal int }
	p.run("compare", &equal)
	for _, e := range p.entries {
		if want := len(ours[e.Name].Variables()); equal[e.Name].Equal != want {
			t.Errorf("%s: %d weights equal to the bit, want %d", e.Name, equal[e.Name].Equal, want)
		}
	}
}

type proof struct {
	*testing.T
	python, folder string
	entries        []models.Entry
	images         map[string][][]float32 // by the model's name
}

// report is what Keras says of a model that was written here.
type report struct {
	Name, Class     string
	Iterations      int
	LearningRate    float64 `json:"learning_rate"`
	Momentum        float64
	Velocities      []float64 // the sum of each
	Losses          []float64 // of each epoch of further training
	IterationsAfter int       `json:"iterations_after"`
	// LastLayer is the name in a model of its own, which is not fresh.
	LastLayer string `json:"last_layer"`
	// Of mnist-dense, trained there, whose probabilities in float32 are wrong by Error.
	LargestLogit float64 `json:"largest_logit"`
	Error        float64
}

const (
	pictures  = 256
	stepsDone = 1000
	moreSteps = 2 * pictures / 32
)

// pictures are the model's first test images, which are written with their labels.
func (p *proof) pictures(e models.Entry) (images [][]float32) {
	set, err := mnist.Load(e.Dataset)
	if err != nil {
		p.Fatal(err)
	}
	indices, labels := make([]int32, pictures), make([]int32, pictures)
	for i := range indices {
		indices[i] = int32(i)
	}
	all := make([]float32, pictures*mnist.PixelsPerImage)
	set.Test.Batch(indices, all, labels)
	p.write(e.Name+"/images.f32", encoded(p, all))
	p.write(e.Name+"/labels.i32", encoded(p, labels))
	for image := range slices.Chunk(all, mnist.PixelsPerImage) {
		images = append(images, image)
	}
	return images
}

// ours writes a model with weights of every kind, as after some training.
func (p *proof) ours(e models.Entry) *layer.Model {
	if err := os.Mkdir(filepath.Join(p.folder, e.Name), 0o700); err != nil {
		p.Fatal(err)
	}
	p.images[e.Name] = p.pictures(e)
	m := build(p, e)
	m.Initialize(1)
	o := optimizerOf(e)
	o.Iterations, o.Velocities = stepsDone, map[string][]float32{}
	for i, v := range m.Variables() {
		for j := range v.Data() {
			jitter := float32(math.Sin(float64(i + 7*j)))
			switch v.Name[strings.Index(v.Name, "/")+1:] {
			case "gamma", "moving_variance":
				v.Data()[j] = 1 + jitter/2
			case "beta", "bias", "moving_mean":
				v.Data()[j] += jitter / 10
			}
		}
		if v.Trainable {
			o.Velocities[v.Name] = make([]float32, v.Size())
			o.Velocities[v.Name][0] = float32(i+1) / 1024
		}
	}
	p.write(e.Name+"/ours.keras", modelOf(p, keras.Settings{Optimizer: o}, m))
	p.write(e.Name+"/ours.weights.h5", weightsOf(p, m))
	return m
}

// loaded checks what Keras makes of our files.
func (p *proof) loaded(e models.Entry, m *layer.Model, r report) {
	p.agree(e.Name, "our .keras", m, "loaded.f32", agreement)
	p.agree(e.Name, "our .weights.h5", m, "into.f32", agreement)
	class := "Functional"
	if m.Sequential() {
		class = "Sequential"
	}
	if r.Name != e.Name || r.Class != class {
		p.Errorf("%s: Keras has the %s %s", e.Name, r.Class, r.Name)
	}
	o := optimizerOf(e)
	rate := o.LearningRate / (1 + o.Decay*stepsDone)
	if r.Iterations != stepsDone || math.Abs(r.LearningRate-rate) > 1e-6*rate || r.Momentum != e.Momentum || r.IterationsAfter != stepsDone+moreSteps {
		p.Errorf("%s: Keras goes on after %d steps (%d at the end) with learning rate %g, want %g, and momentum %g",
			e.Name, r.Iterations, r.IterationsAfter, r.LearningRate, rate, r.Momentum)
	}
	n := 0
	for i, v := range m.Variables() {
		if !v.Trainable || e.Momentum == 0 {
			continue
		}
		if n >= len(r.Velocities) || r.Velocities[n] != float64(i+1)/1024 {
			p.Errorf("%s: velocities of %s: %v", e.Name, v.Name, r.Velocities)
			break
		}
		n++
	}
	if n != len(r.Velocities) || len(r.Losses) != 2 || !(r.Losses[1] < r.Losses[0]) {
		p.Errorf("%s: %d velocities, want %d; losses of further training %g", e.Name, len(r.Velocities), n, r.Losses)
	}
	p.Logf("%s: trained further in Keras: loss %.4g", e.Name, r.Losses)
	if r.LargestLogit > 0 {
		divide(m)
		p.agree(e.Name, "our .keras, logits divided", m, "loaded-divided.f32", agreement)
	}
}

// theirs reads what Keras has trained and saved, and writes it again.
func (p *proof) theirs(e models.Entry, r report) {
	fromModel, fromWeights := build(p, e), build(p, e)
	if err := keras.ReadModel(p.read(e.Name+"/theirs.keras"), fromModel); err != nil {
		p.Errorf("%s: %v", e.Name, err)
	}
	if err := keras.ReadWeights(p.read(e.Name+"/theirs.weights.h5"), fromWeights); err != nil {
		p.Errorf("%s: %v", e.Name, err)
	}
	last := fromModel.Layers()[len(fromModel.Layers())-1].Name
	if last == r.LastLayer {
		p.Errorf("%s: Keras's last layer is %s too, so that names counted up are not tried", e.Name, last)
	}
	if r.Error > 0 {
		p.Logf("%s: logits up to %.0f; Keras's own probabilities differ from float64 by %.2g", e.Name, r.LargestLogit, r.Error)
	}
	p.agree(e.Name, "Keras's .keras", fromModel, "theirs.f32", r.agreement())
	p.agree(e.Name, "Keras's .weights.h5", fromWeights, "theirs.f32", r.agreement())
	p.write(e.Name+"/again.keras", modelOf(p, keras.Settings{Optimizer: optimizerOf(e)}, fromModel))
	p.write(e.Name+"/again.weights.h5", weightsOf(p, fromWeights))
	if r.LargestLogit > 0 {
		divide(fromModel)
		p.agree(e.Name, "Keras's .keras, logits divided", fromModel, "theirs-divided.f32", agreement)
	}
}

// agree compares the model's probabilities with those in the file.
func (p *proof) agree(name, what string, m *layer.Model, file string, limit float64) {
	images := p.images[name]
	predictions, err := models.NewPredictor(m).Predict(images)
	if err != nil {
		p.Fatal(err)
	}
	content := p.read(name + "/" + file)
	if len(content) != 4*len(images)*m.Classes() {
		p.Fatalf("%s: %d bytes in %s", name, len(content), file)
	}
	worst, classes := 0.0, map[int]bool{}
	for i, prediction := range predictions {
		classes[prediction.Class] = true
		for j, ours := range prediction.Probabilities {
			theirs := math.Float32frombits(binary.LittleEndian.Uint32(content[4*(i*m.Classes()+j):]))
			worst = math.Max(worst, math.Abs(float64(ours-theirs)))
		}
	}
	if !(worst <= limit) {
		p.Errorf("%s: %s: probabilities differ by %.2g, want at most %g", name, what, worst, limit)
	}
	p.Logf("%s: %s: probabilities of %d images, of %d classes, within %.2g", name, what, len(images), len(classes), worst)
}

// run runs the step of testdata/prove.py for all models and parses its line of JSON.
func (p *proof) run(step string, answer any) {
	args := []string{"testdata/prove.py", step, p.folder}
	for _, e := range p.entries {
		args = append(args, e.Name)
	}
	command := exec.Command(p.python, args...)
	var problems strings.Builder
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		p.Fatalf("prove.py %s: %v\n%s", step, err, problems.String())
	}
	if err := json.Unmarshal(output, answer); err != nil {
		p.Fatalf("prove.py %s: %v in %s", step, err, output)
	}
}

func encoded(t testing.TB, values any) []byte {
	content, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (p *proof) write(name string, content []byte) {
	if err := os.WriteFile(filepath.Join(p.folder, name), content, 0o600); err != nil {
		p.Fatal(err)
	}
}

func (p *proof) read(name string) []byte {
	content, err := os.ReadFile(filepath.Join(p.folder, name))
	if err != nil {
		p.Fatal(err)
	}
	return content
}
