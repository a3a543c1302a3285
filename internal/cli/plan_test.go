package cli

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/mnist"
	"zoo/models"
	"zoo/train"
)

// samples are n blank pictures.
func samples(n int) mnist.Samples {
	return mnist.Samples{Pixels: make([]uint8, n*mnist.PixelsPerImage), Labels: make([]uint8, n)}
}

func TestPlanSplits(t *testing.T) {
	data := dataset{&mnist.Dataset{Train: samples(1000), Test: samples(200)}, ""}
	type split struct{ Training, Validation, Test, Limit int }
	for _, test := range []struct {
		name  string
		entry models.Entry
		limit int
		want  split
	}{
		{"test images validate", models.Entry{}, 0, split{1000, 200, 0, 0}},
		{"limited", models.Entry{}, 300, split{300, 200, 0, 300}},
		{"limited to more than there is", models.Entry{}, 1000, split{1000, 200, 0, 0}},
		{"held out", models.Entry{Holdout: 100, TestAtEnd: true}, 0, split{900, 100, 200, 0}},
		{"held out and limited", models.Entry{Holdout: 100, TestAtEnd: true}, 50, split{50, 50, 50, 50}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.entry.Batch = 10
			p, err := options{limit: test.limit}.plan(test.entry, data, 1)
			if err != nil {
				t.Fatal(err)
			}
			got := split{p.training.Len(), p.validation.Len(), p.test.Len(), p.limit}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if h := test.entry.Holdout; &p.training.Pixels[0] != &data.Train.Pixels[h*mnist.PixelsPerImage] {
				t.Errorf("the first training image is not the data set's image %d", h)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	entry := models.Entry{Epochs: 11, Batch: 64, LearningRate: 0.01, Momentum: 0.9, Decay: true}
	plain := models.Entry{Epochs: 11, Batch: 64, LearningRate: 0.005, InOrder: true}
	none := 0.0
	for _, test := range []struct {
		name  string
		entry models.Entry
		opts  options
		want  train.Config
	}{
		{"the report's", entry, options{},
			train.Config{Epochs: 11, Batch: 64, LearningRate: 0.01, Momentum: 0.9, Decay: 0.01 / 11, Seed: 1}},
		{"decay of this run", entry, options{epochs: 2, learningRate: 0.1, batch: 8},
			train.Config{Epochs: 2, Batch: 8, LearningRate: 0.1, Momentum: 0.9, Decay: 0.1 / 2}},
		{"no decay", entry, options{decay: &none},
			train.Config{Epochs: 11, Batch: 64, LearningRate: 0.01, Momentum: 0.9}},
		{"section 2.0", plain, options{},
			train.Config{Epochs: 11, Batch: 64, LearningRate: 0.005, InOrder: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			equal := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-15 })
			if diff := cmp.Diff(test.want, test.opts.config(test.entry, test.want.Seed), equal); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
