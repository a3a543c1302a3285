package cli

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"zoo/models"
	"zoo/train"
)

// learningRun is a short training of a model on real pictures: two epochs, and the accuracy that the second must reach.
//
// The accuracies behind each are those of seeds 1 to 5, with the portable kernels and with AVX-512, whose rounding sends
// a training another way. The least is the worst of them all, less twice the distance between the worst and the best; guessing has 0.1. It is the training's accuracy
// because BatchNormalization's moving statistics, which validation takes, need some hundred steps to come near (their
// momentum is .99).
type learningRun struct {
	model        string
	limit, batch int
	rate         float64
	least        float64
}

var learning = []learningRun{
	{"mnist-dense", 10000, 64, 0.005, 0.855}, // .8798 .8885 .8779 .8789 .8859; .8798 .8854 .8804 .8775 .8862
	{"mnist-seq", 512, 16, 0.003, 0.748},     // .8848 .8828 .8945 .8828 .8984; .8887 .8535 .8965 .9062 .8945
	{"mnist-func", 512, 16, 0.003, 0.836},    // .8984 .9004 .9004 .8984 .9082; .9199 .8945 .8945 .9023 .9238
	{"fashion-seq", 512, 16, 0.003, 0.537},   // .7363 .6973 .6699 .7129 .7207; .7109 .7070 .6816 .7148 .7129
	{"fashion-func", 512, 16, 0.003, 0.623},  // .7266 .7441 .7383 .7168 .7090; .7383 .7461 .7246 .7051 .7266
	{"fashion-best", 256, 16, 0.003, 0.551},  // .7969 .7227 .8086 .7734 .7695; .7852 .7266 .8086 .7617 .7539
}

// TestLearns trains every model as a user would and fails when it does not learn.
func TestLearns(t *testing.T) {
	if testing.Short() {
		t.Skip("trains each model, with portable kernels for minutes")
	}
	for _, e := range models.All() {
		if !slices.ContainsFunc(learning, func(l learningRun) bool { return l.model == e.Name }) {
			t.Errorf("%s: no short training in this test", e.Name)
		}
	}
	for _, l := range learning {
		t.Run(l.model, func(t *testing.T) {
			out := t.TempDir()
			var stdout, stderr bytes.Buffer
			code := Main([]string{
				"-model", l.model, "-limit", fmt.Sprint(l.limit), "-batch", fmt.Sprint(l.batch), "-lr", fmt.Sprint(l.rate),
				"-epochs", "2", "-out", out,
			}, &stdout, &stderr)
			if code != exitDone {
				t.Fatalf("exit code %d\n%s%s", code, &stdout, &stderr)
			}
			history, err := readFile(filepath.Join(out, l.model, historyFile), train.ReadHistoryCSV)
			if err != nil {
				t.Fatal(err)
			}
			first, last := history[0], history[len(history)-1]
			t.Logf("accuracy %.3f, loss %.3f to %.3f", last.Accuracy, first.Loss, last.Loss)
			if last.Accuracy < l.least {
				t.Errorf("accuracy %.3f in the last epoch, want at least %.3f", last.Accuracy, l.least)
			}
			if last.Loss >= first.Loss {
				t.Errorf("loss %.3f in the first epoch, %.3f in the last", first.Loss, last.Loss)
			}
		})
	}
}

// TestVariantsTrain trains every variant for two epochs with its own settings: it ends well, with losses that are
// numbers, and at the learning rate that it should have.
func TestVariantsTrain(t *testing.T) {
	for _, e := range models.Variants() {
		t.Run(e.Name, func(t *testing.T) {
			if testing.Short() && e.VariantOf != "mnist-dense" {
				t.Skip("convolutional networks take seconds, with the race detector minutes")
			}
			out := t.TempDir()
			var stdout, stderr bytes.Buffer
			code := Main([]string{"-model", e.Name, "-limit", "256", "-epochs", "2", "-out", out}, &stdout, &stderr)
			if code != exitDone {
				t.Fatalf("exit code %d\n%s%s", code, &stdout, &stderr)
			}
			history, err := readFile(filepath.Join(out, e.Name, historyFile), train.ReadHistoryCSV)
			if err != nil {
				t.Fatal(err)
			}
			if len(history) != 2 {
				t.Fatalf("%d epochs, want 2", len(history))
			}
			for _, epoch := range history {
				if sum := epoch.Loss + epoch.ValLoss; math.IsNaN(sum) || math.IsInf(sum, 0) {
					t.Errorf("epoch %d: loss %v, of the validation %v", epoch.Epoch, epoch.Loss, epoch.ValLoss)
				}
			}
			first, last := history[0].LearningRate, history[1].LearningRate
			if falls := last < first; falls != e.Decay || last > first {
				t.Errorf("learning rate %g in the first epoch, %g in the last, decay %v", first, last, e.Decay)
			}
		})
	}
}
