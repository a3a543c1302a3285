package models_test

import (
	"bytes"
	"cmp"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"zoo/models"
	"zoo/models/layer"
	"zoo/train"
)

// TestKeras compares our float32 with what real Keras computed in float64:
// probabilities, losses, gradients and trained weights of the same model from
// the same weights on the same images. testdata/keras/README.md tells more.
//
// ZOO_GOLDEN=DIR checks the files in DIR too; a relative DIR starts at the
// root of the module.
func TestKeras(t *testing.T) {
	paths, err := filepath.Glob("testdata/keras/*.safetensors")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d fixtures in testdata/keras: %v", len(paths), err)
	}
	if dir := os.Getenv("ZOO_GOLDEN"); dir != "" {
		paths = append(paths, goldenFiles(t, dir)...)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".safetensors"), func(t *testing.T) {
			f, err := readFixture(path)
			if err != nil {
				t.Fatal(err)
			}
			if testing.Short() && f.Model != "mnist-dense" {
				t.Skip("convolutional networks take seconds, with the race detector minutes")
			}
			newComparison(t, f).run()
		})
	}
}

// TestKerasHasEveryNetwork fails when a network has no fixture. What it says when
// one is lost is tested with the fixtures that there are but those of one model.
func TestKerasHasEveryNetwork(t *testing.T) {
	paths, err := filepath.Glob("testdata/keras/*.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, path := range paths {
		f, err := readFixture(path)
		if err != nil {
			t.Fatal(err)
		}
		known = append(known, f.Model)
	}
	all := append(models.All(), models.Variants()...)
	layers := map[string][]layer.Info{}
	for _, e := range all {
		m, err := e.Build()
		if err != nil {
			t.Fatal(err)
		}
		layers[e.Name] = m.Layers()
	}
	if missing := withoutFixture(all, layers, known); len(missing) > 0 {
		t.Fatalf("no fixture of %s: add it to the list in dump.py and make golden", strings.Join(missing, ", "))
	}
	for lost, want := range map[string][]string{
		"mnist-dense":           {"mnist-dense", "mnist-dense-32"},
		"fashion-seq":           {"fashion-seq"}, // its variant nodecay has the network of mnist-seq
		"mnist-seq-nobn":        {"mnist-seq-nobn", "fashion-seq-nobn"},
		"fashion-seq-nodropout": {"fashion-seq-nodropout"},
	} {
		rest := slices.DeleteFunc(slices.Clone(known), func(name string) bool { return name == lost })
		if missing := withoutFixture(all, layers, rest); !slices.Equal(missing, want) {
			t.Errorf("without the fixtures of %s those of %q are missing, want %q", lost, missing, want)
		}
	}
}

// withoutFixture returns the models that the fixtures of the known ones do not
// prove. The report's models need their own. For a variant, one of any model with
// the same layers will do, because a fixture has data, batch and decay of its own:
// that of mnist-seq-nobn proves fashion-seq-nobn, those of the originals prove
// the variants that differ in settings.
func withoutFixture(all []models.Entry, layers map[string][]layer.Info, known []string) []string {
	var missing []string
	for _, e := range all {
		proves := func(name string) bool {
			return name == e.Name || e.VariantOf != "" && reflect.DeepEqual(layers[name], layers[e.Name])
		}
		if !slices.ContainsFunc(known, proves) {
			missing = append(missing, e.Name)
		}
	}
	return missing
}

func goldenFiles(t *testing.T, dir string) []string {
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", dir) // tests run in their package's folder
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("ZOO_GOLDEN: %v", err)
	}
	var paths []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	if len(paths) == 0 {
		t.Fatalf("ZOO_GOLDEN: no files in %s", dir)
	}
	return paths
}

// The tolerances: those of float32 over a few steps at a small learning rate.
// Tensors are compared as ||d|| <= tolerance * (||x|| + 0.01 ||x of the whole model||).
const (
	probabilityTolerance    = 1e-5
	firstLossTolerance      = 1e-4 // of max(1, |loss|), as the next
	laterLossTolerance      = 2e-3
	gradientTolerance       = 2e-2
	medianGradientTolerance = 1e-3
	weightTolerance         = 1e-3
	// Weights hardly move at such a rate; how they moved shows a wrong
	// optimizer, which the weights themselves hide.
	updateTolerance = 5e-2
)

// comparison runs one fixture's model here.
type comparison struct {
	*testing.T
	*fixture
	model   *layer.Model
	initial map[string][]float32
}

func newComparison(t *testing.T, f *fixture) *comparison {
	model, err := f.entry.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.loadData(); err != nil {
		t.Fatal(err)
	}
	drawWeights(f.Model, f.Seed, model.Variables())
	if got := weightsHash(model.Variables()); got != f.WeightsSHA256 {
		t.Fatalf("the weights drawn here have SHA-256 %s, those of Keras %s", got, f.WeightsSHA256)
	}
	c := &comparison{T: t, fixture: f, model: model, initial: map[string][]float32{}}
	for _, v := range model.Variables() {
		c.initial[v.Name] = slices.Clone(v.Data())
	}
	return c
}

func (c *comparison) run() {
	c.Logf("Keras %s, TensorFlow %s: seed %d, batch %d, %d steps, learning rate %g, decay %.3g",
		c.Keras, c.TensorFlow, c.Seed, c.Batch, c.Steps, c.LearningRate, c.Decay)
	c.predict()
	c.train()
	c.compareWeights()
}

// fill gives a graph the images of a step.
func (c *comparison) fill(g *layer.Graph, step int) {
	c.data.Batch(c.indices[step*c.Batch:(step+1)*c.Batch], g.Images(c.Batch), g.Labels(c.Batch))
}

func (c *comparison) predict() {
	g, err := c.model.InferenceGraph(c.Batch)
	if err != nil {
		c.Fatal(err)
	}
	defer c.close(g)
	c.fill(g, 0)
	if err := g.Run(c.Batch); err != nil {
		c.Fatal(err)
	}
	ours := g.Probabilities()
	if len(ours) != len(c.probabilities) {
		c.Fatalf("%d probabilities, want %d", len(ours), len(c.probabilities))
	}
	worst := 0.0
	for i, want := range c.probabilities {
		worst = math.Max(worst, math.Abs(float64(ours[i])-want))
	}
	c.atMost("probability", probabilityTolerance, deviation{"", worst})
}

func (c *comparison) train() {
	g, err := c.model.TrainingGraphWithoutDropout(c.Batch)
	if err != nil {
		c.Fatal(err)
	}
	defer c.close(g)
	solver := train.NewSGD(c.LearningRate, c.Momentum, c.Decay)
	later := 0.0
	for step, want := range c.losses {
		c.fill(g, step)
		g.SetStep(step)
		if err := g.Run(c.Batch); err != nil {
			c.Fatal(err)
		}
		d := math.Abs(g.Loss()-want) / math.Max(1, math.Abs(want))
		if step == 0 {
			c.atMost("first loss", firstLossTolerance, deviation{"", d})
			c.compareGradients(g)
		}
		later = math.Max(later, d)
		if err := solver.Step(g.Learnables()); err != nil {
			c.Fatal(err)
		}
	}
	c.atMost("any loss", laterLossTolerance, deviation{"", later})
}

func (c *comparison) close(g *layer.Graph) {
	if err := g.Close(); err != nil {
		c.Error(err)
	}
}

func (c *comparison) compareGradients(g *layer.Graph) {
	trainable := slices.DeleteFunc(c.model.Variables(), func(v *layer.Variable) bool { return !v.Trainable })
	learnables := g.Learnables()
	if len(learnables) != len(trainable) {
		c.Fatalf("%d learnables, want %d", len(learnables), len(trainable))
	}
	norms := make([]float64, len(trainable))
	for i, v := range trainable {
		norms[i] = c.gradients[v.Name].norm
	}
	all := norm(norms)
	var ratios []deviation
	for i, v := range trainable {
		gradient, err := learnables[i].Grad()
		if err != nil {
			c.Fatal(err)
		}
		data, ok := gradient.Data().([]float32)
		if !ok || len(data) != v.Size() {
			c.Fatalf("the gradient of %s is %T of shape %v", v.Name, gradient.Data(), gradient.Shape())
		}
		d := c.gradients[v.Name].distance(data, nil)
		ratios = append(ratios, relative(v.Name, d, norms[i], all))
	}
	c.atMost("gradient", gradientTolerance, ratios...)
	c.atMost("median gradient", medianGradientTolerance, ratios[len(ratios)/2])
}

func (c *comparison) compareWeights() {
	variables := c.model.Variables()
	norms := make([]float64, len(variables))
	var updates []float64
	for i, v := range variables {
		update := c.updates[v.Name]
		norms[i] = update.normAfter(c.initial[v.Name])
		if v.Trainable {
			updates = append(updates, update.norm)
		}
	}
	all, allUpdates := norm(norms), norm(updates)
	var weightRatios, updateRatios []deviation
	for i, v := range variables {
		update := c.updates[v.Name]
		d := update.distance(v.Data(), c.initial[v.Name])
		weightRatios = append(weightRatios, relative(v.Name, d, norms[i], all))
		if v.Trainable {
			// Each step rounds a weight to float32, by 2^-24 of it at most.
			d = math.Max(0, d-float64(c.Steps)*norms[i]*0x1p-24)
			updateRatios = append(updateRatios, relative(v.Name, d, update.norm, allUpdates))
		}
	}
	c.atMost("weight", weightTolerance, weightRatios...)
	c.atMost("update", updateTolerance, updateRatios...)
}

// deviation is how far one tensor is from Keras's, relative to the scale of its tolerance.
type deviation struct {
	name  string
	ratio float64
}

// relative makes a deviation of ||d||, ||x|| and ||x of the whole model||, which
// may all be 0: the updates at learning rate 0.
func relative(name string, d, norm, all float64) deviation {
	if d == 0 {
		return deviation{name, 0}
	}
	return deviation{name, d / (norm + 0.01*all)}
}

// atMost checks deviations, sorts them and logs the largest.
func (c *comparison) atMost(kind string, tolerance float64, all ...deviation) {
	c.Helper()
	slices.SortFunc(all, func(a, b deviation) int { return cmp.Compare(a.ratio, b.ratio) })
	worst := all[len(all)-1]
	c.Logf("%-15s %.1e of %.0e %s", kind, worst.ratio, tolerance, worst.name)
	for _, d := range all {
		if !(d.ratio <= tolerance) { // NaN fails too
			c.Errorf("%s %s differs by %.2g, want at most %.0e", kind, d.name, d.ratio, tolerance)
		}
	}
}

// Files of others are refused with an error that names them.
func TestReadFixtureErrors(t *testing.T) {
	const golden = "testdata/keras/mnist-dense-seed1-batch4.safetensors"
	whole, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) []byte {
		if len(old) != len(new) || !bytes.Contains(whole, []byte(old)) {
			t.Fatalf("cannot put %q in place of %q", new, old)
		}
		return bytes.Replace(whole, []byte(old), []byte(new), 1)
	}
	for name, tt := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":       {nil, "header too small"},
		"text":        {[]byte("epoch,loss,accuracy\n1,0.5,0.8\n"), "header too large"},
		"cut off":     {whole[:len(whole)-1], "incomplete buffer"},
		"foreign":     {edit(`"parity"`, `"format"`), "no key parity"},
		"no JSON":     {edit(`{"parity":"{`, `{"parity":"[`), "invalid character"},
		"model":       {edit("mnist-dense", "mnist-bense"), `unknown model "mnist-bense"; did you mean mnist-dense?`},
		"pattern":     {edit("mnist-dense", "mnist-dens?"), `model "mnist-dens?"`},
		"other model": {edit("mnist-dense", "fashion-seq"), `model "fashion-seq" on data set "mnist"`},
		"no steps":    {edit(`steps\": 8`, `steps\": 0`), "steps 0"},
		"dropout":     {edit(`\"off\"`, `\"0.5\"`), `dropout "0.5"`},
		"type":        {edit(`"losses":{"dtype":"F64"`, `"losses":{"dtype":"I64"`), "tensor losses is I64[8], want 8 of F64"},
		"missing":     {edit(`"gradient/dense/bias"`, `"gradient/dense/bits"`), "no tensor gradient/dense/bias"},
		"short":       {edit(`sample\": 1024`, `sample\": 1025`), "want 1025 of F32"},
	} {
		path := filepath.Join(t.TempDir(), "other.safetensors")
		if err := os.WriteFile(path, tt.content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readFixture(path)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %s and %s", name, err, path, tt.want)
		}
	}
}
