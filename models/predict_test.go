package models

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"zoo/models/layer"
	"zoo/models/weights"
)

// loaded is the model of that name, or that the file names, with the file's weights.
func loaded(name, path string) (*Predictor, error) {
	file, err := weights.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return PredictorOf(name, file.Metadata, file.LoadInto)
}

// saved writes fresh weights of the model to a file and returns its path.
func saved(t testing.TB, model *layer.Model, metadata map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	file, err := os.Create(path)
	if err == nil {
		err = errors.Join(weights.Save(file, model, metadata), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// initialized is the model of that name with the first weights of seed 1.
func initialized(t testing.TB, name string) *layer.Model {
	t.Helper()
	entry, err := find(name)
	if err != nil {
		t.Fatal(err)
	}
	model, err := entry.Build()
	if err != nil {
		t.Fatal(err)
	}
	model.Initialize(1)
	return model
}

// noise is n pictures of random values.
func noise(n int) [][]float32 {
	random := rand.New(rand.NewPCG(3, 4))
	pictures := make([][]float32, n)
	for i := range pictures {
		pictures[i] = make([]float32, 28*28)
		for j := range pictures[i] {
			pictures[i][j] = random.Float32()
		}
	}
	return pictures
}

// A loaded model answers as an inference graph of the model that was saved.
func TestPredictorPredicts(t *testing.T) {
	for _, name := range []string{"mnist-dense", "mnist-seq-nobn", "fashion-func"} {
		t.Run(name, func(t *testing.T) {
			model := initialized(t, name)
			names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
			p, err := loaded("", saved(t, model, map[string]string{
				MetadataModel: name, MetadataDataset: "letters", MetadataClasses: `["` + strings.Join(names, `","`) + `"]`,
			}))
			if err != nil {
				t.Fatal(err)
			}
			if p.Entry().Name != name || p.Model().Name() != name || p.Dataset() != "letters" || !slices.Equal(p.Classes(), names) {
				t.Errorf("%s, %s, %q, %v", p.Entry().Name, p.Model().Name(), p.Dataset(), p.Classes())
			}
			pictures := noise(manyPictures + 6)
			graph, err := model.InferenceGraph(len(pictures))
			if err != nil {
				t.Fatal(err)
			}
			defer graph.Close()
			for i, picture := range pictures {
				copy(graph.Images(len(pictures))[i*len(picture):], picture)
			}
			if err := graph.Run(len(pictures)); err != nil {
				t.Fatal(err)
			}
			want := graph.Probabilities()
			got, err := p.Predict(pictures)
			if err != nil {
				t.Fatal(err)
			}
			for i, answer := range got {
				own := want[i*10 : (i+1)*10]
				for class, probability := range answer.Probabilities {
					if math.Abs(float64(probability-own[class])) > 1e-5 {
						t.Errorf("picture %d, class %d: probability %v, want %v", i, class, probability, own[class])
					}
				}
				if answer.Probabilities[answer.Class] != slices.Max(answer.Probabilities) {
					t.Errorf("picture %d: class %d of %v", i, answer.Class, answer.Probabilities)
				}
			}
		})
	}
}

func TestPredictorRefuses(t *testing.T) {
	seq := initialized(t, "mnist-seq")
	plain := saved(t, seq, nil)
	for _, test := range []struct {
		name, model, path, want string
	}{
		{"no file", "", "nowhere.safetensors", "nowhere.safetensors"},
		{"no model", "", plain, "it does not say which model its weights are of"},
		{"unknown model", "mnist-sec", plain, `unknown model "mnist-sec"; did you mean mnist-seq?`},
		{"a pattern", "mnist-*", plain, `no model matches "mnist-*"`},
		{"unknown model in the file", "", saved(t, seq, map[string]string{MetadataModel: "lenet"}), `unknown model "lenet"`},
		{"other architecture", "mnist-dense", plain, "tensor dense/kernel has shape [1600 512], want the [784 512] of model mnist-dense"},
		{"other shapes", "fashion-best", plain, "conv2d/kernel"},
		{"classes", "", saved(t, seq, map[string]string{MetadataModel: "mnist-seq", MetadataClasses: "0,1,2"}), `its classes "0,1,2" are not a JSON array of names`},
		{"too few classes", "", saved(t, seq, map[string]string{MetadataModel: "mnist-seq", MetadataClasses: `["0","1"]`}), "it names 2 classes, but model mnist-seq has 10"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := loaded(test.model, test.path)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q in it", err, test.want)
			}
		})
	}
	if _, err := loaded("", plain); !errors.Is(err, ErrNoModel) {
		t.Errorf("error %v, want ErrNoModel", err)
	}
	if _, err := loaded("mnist-seq", plain); err != nil {
		t.Errorf("with the model's name: %v", err)
	}
}

func TestPredictRefuses(t *testing.T) {
	p := NewPredictor(initialized(t, "mnist-dense"))
	for _, test := range []struct {
		name, want string
		change     func([]float32) []float32
	}{
		{"short", "picture 1: 700 values, want 784: [28 28 1]", func(v []float32) []float32 { return v[:700] }},
		{"NaN", "picture 1: value 5 is NaN", func(v []float32) []float32 { v[5] = float32(math.NaN()); return v }},
		{"infinite", "picture 1: value 783 is -Inf", func(v []float32) []float32 { v[783] = float32(math.Inf(-1)); return v }},
	} {
		pictures := noise(2)
		pictures[1] = test.change(pictures[1])
		if _, err := p.Predict(pictures); err == nil || err.Error() != test.want {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
	if answers, err := p.Predict(nil); err != nil || len(answers) != 0 {
		t.Errorf("no pictures: %v, %v", answers, err)
	}

	p.Model().Variables()[0].Data()[0] = float32(math.NaN())
	if _, err := p.Predict(noise(1)); err == nil || !strings.Contains(err.Error(), "its weights give no probabilities (NaN) for picture 0") {
		t.Errorf("NaN among the weights: %v", err)
	}
}

func TestTop(t *testing.T) {
	p := Prediction{Probabilities: []float32{0.1, 0.4, 0.1, 0.3, 0.1}}
	if got := p.Top(3); !slices.Equal(got, []int{1, 3, 0}) {
		t.Errorf("%v", got)
	}
	if got := p.Top(9); len(got) != 5 {
		t.Errorf("%v", got)
	}
}

// Many goroutines get the answers that one gets, from no more graphs than the pools hold.
func TestPredictConcurrently(t *testing.T) {
	p := NewPredictor(initialized(t, "mnist-dense"))
	pictures := noise(16)
	want, err := p.Predict(pictures)
	if err != nil {
		t.Fatal(err)
	}
	alone := make([]Prediction, len(pictures)) // a batch of one may round otherwise
	for i := range pictures {
		answer, err := p.Predict(pictures[i : i+1])
		if err != nil {
			t.Fatal(err)
		}
		alone[i] = answer[0]
	}
	var wait sync.WaitGroup
	for g := range 24 {
		wait.Go(func() {
			for i := range 30 {
				expected, from, to := alone, (g+i)%16, (g+i)%16+1
				if g%3 == 0 {
					expected, from, to = want, 0, 16
				}
				got, err := p.Predict(pictures[from:to])
				if err != nil {
					t.Error(err)
					return
				}
				for j, answer := range got {
					if !slices.Equal(answer.Probabilities, expected[from+j].Probabilities) {
						t.Errorf("goroutine %d: picture %d: %v, want %v", g, from+j, answer.Probabilities, expected[from+j].Probabilities)
						return
					}
				}
			}
		})
	}
	wait.Wait()
	for _, pool := range []*pool{&p.single, &p.many} {
		if len(pool.made) != len(pool.free) || len(pool.made) == 0 {
			t.Errorf("batches of %d: %d graphs made, %d are back", pool.batch, len(pool.made), len(pool.free))
		}
	}
}

// After the first call no graph is made, and little else: Gorgonia's machine has a
// few allocations for each op that it runs.
func TestPredictAllocates(t *testing.T) {
	for _, test := range []struct {
		name     string
		pictures int
		most     float64
	}{
		{"mnist-dense", 1, 60}, {"mnist-dense", 4 * manyPictures, 240}, {"mnist-seq", 1, 120}, {"mnist-seq", 2 * manyPictures, 240},
	} {
		p := NewPredictor(initialized(t, test.name))
		pictures := noise(test.pictures)
		allocations := testing.AllocsPerRun(5, func() {
			if _, err := p.Predict(pictures); err != nil {
				t.Fatal(err)
			}
		})
		t.Logf("%s: %v allocations for %d pictures", test.name, allocations, test.pictures)
		if allocations > test.most {
			t.Errorf("%s: %v allocations for %d pictures, want at most %v", test.name, allocations, test.pictures, test.most)
		}
		if graphs := len(p.single.made) + len(p.many.made); graphs != 1 {
			t.Errorf("%s: %d graphs", test.name, graphs)
		}
	}
}

// The latency of one picture.
func BenchmarkPredict1(b *testing.B) { benchmarkPredict(b, 1) }

func BenchmarkPredict256(b *testing.B) { benchmarkPredict(b, 256) }

func benchmarkPredict(b *testing.B, n int) {
	for _, entry := range All() {
		b.Run(entry.Name, func(b *testing.B) {
			p := NewPredictor(initialized(b, entry.Name))
			pictures := noise(n)
			if _, err := p.Predict(pictures); err != nil { // makes the graph
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Predict(pictures); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/picture")
		})
	}
}
