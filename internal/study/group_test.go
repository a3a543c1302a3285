package study

import (
	"math"
	"strings"
	"testing"

	"zoo/train"
)

func TestGroup(t *testing.T) {
	e := entry(t, "fashion-seq")
	runs := []Run{run(e, 9, nil), run(e, 2, nil), run(e, 5, nil)}
	runs[1].Result.Settings.Workers, runs[2].Result.Settings.Kernels = 1, "portable"
	m, err := Group(e, runs)
	if err != nil {
		t.Fatal(err)
	}
	for i, seed := range []uint64{2, 5, 9} {
		if m.Runs[i].seed() != seed {
			t.Errorf("run %d has seed %d, want %d", i, m.Runs[i].seed(), seed)
		}
	}
	if runs[0].seed() != 9 {
		t.Error("the caller's runs were sorted")
	}
}

func TestGroupErrors(t *testing.T) {
	e := entry(t, "fashion-seq")
	for want, spoil := range map[string]func([]Run) []Run{
		"fashion-seq has no runs": func([]Run) []Run { return nil },
		"fashion-seq has two runs of seed 3; leave one out": func(r []Run) []Run {
			r[0].Result.Settings.Seed = 3
			return r
		},
		"fashion-seq, seed 2: the run is one of mnist-seq": func(r []Run) []Run {
			r[1].Result.Name = "mnist-seq"
			return r
		},
		"fashion-seq was trained with other settings for seed 3 than for seed 1: batch 32 and 64; train both alike": func(r []Run) []Run {
			r[2].Result.Settings.Batch = 32
			return r
		},
		"fashion-seq was trained with other settings for seed 2 than for seed 1: limit 5000 and 0; train both alike": func(r []Run) []Run {
			r[1].Result.Settings.Limit = 5000
			return r
		},
		"fashion-seq, seed 2: the history is empty": func(r []Run) []Run {
			r[1].History = nil
			return r
		},
		"fashion-seq, seed 2: the run ended after epoch 4 of 11": func(r []Run) []Run {
			r[1].History = r[1].History[:4]
			return r
		},
		"fashion-seq, seed 2: epoch 1 of the history is numbered 2": func(r []Run) []Run {
			r[1].History = r[1].History[1:]
			return r
		},
		"fashion-seq, seed 3: val_loss of epoch 5 is NaN, which is no number from 0 to 1e+100": func(r []Run) []Run {
			r[2].History[4].ValLoss = math.NaN()
			return r
		},
		"fashion-seq, seed 1: loss of epoch 1 is 1e+200, which is no number from 0 to 1e+100": func(r []Run) []Run {
			r[0].History[0].Loss = 1e200
			return r
		},
		"fashion-seq, seed 1: val_accuracy of epoch 1 is 1.5, which is no number from 0 to 1": func(r []Run) []Run {
			r[0].History[0].ValAccuracy = 1.5
			return r
		},
		"fashion-seq, seed 1: the run took NaN seconds, 4 ms for a step": func(r []Run) []Run {
			r[0].Result.Seconds = math.NaN()
			return r
		},
		"fashion-seq, seed 1: the accuracy on the test images is -1": func(r []Run) []Run {
			r[0].Result.Test = &train.Evaluation{Accuracy: -1}
			return r
		},
	} {
		runs := spoil([]Run{run(e, 1, nil), run(e, 2, nil), run(e, 3, nil)})
		if _, err := Group(e, runs); err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := Summarize(Model{Entry: e, Runs: runs}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("Summarize: error %v, want %q", err, want)
		}
	}
}
