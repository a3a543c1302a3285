package study

import (
	"math"
	"testing"

	"zoo/models"
	"zoo/train"
)

// entry is a model of the registry.
func entry(t testing.TB, name string) models.Entry {
	t.Helper()
	entries, err := models.Select(name)
	if err != nil {
		t.Fatal(err)
	}
	return entries[0]
}

// run is one of the model, trained as in the report, with a loss that falls to
// 0.2 and a val_accuracy that rises to 0.92; change makes of each epoch what a
// test needs.
func run(e models.Entry, seed uint64, change func(*train.Epoch)) Run {
	s := train.Settings{
		Model: e.Name, Dataset: e.Dataset, Fingerprint: "f-" + e.Dataset, Epochs: e.Epochs, Batch: e.Batch,
		LearningRate: e.LearningRate, Momentum: e.Momentum, InOrder: e.InOrder, Seed: seed, Kernels: "avx2", Workers: 2,
	}
	if e.Decay {
		s.Decay = e.LearningRate / float64(e.Epochs)
	}
	r := Run{}
	for i := range e.Epochs {
		left := 1 / float64(i+1) // of the way
		epoch := train.Epoch{
			Epoch: i + 1, Loss: 0.2 + left, Accuracy: 0.93 - 0.1*left, ValLoss: 0.25 + left, ValAccuracy: 0.92 - 0.1*left,
			Seconds: 2, MsPerStep: 4, LearningRate: e.LearningRate,
		}
		if change != nil {
			change(&epoch)
		}
		r.History = append(r.History, epoch)
	}
	r.Result = train.Result{
		Name: e.Name, Settings: s, Machine: train.Machine{CPU: "this one", Cores: 2}, Parameters: 7,
		Seconds: 2 * float64(e.Epochs), MsPerStep: 4,
	}
	if n := len(r.History); n > 0 {
		r.Result.Final, r.Result.Best = r.History[n-1], r.History.Best()
	}
	if e.TestAtEnd {
		r.Result.Test = &train.Evaluation{Samples: 10000, Loss: 0.3, Accuracy: r.Result.Final.ValAccuracy}
	}
	return r
}

// noise is different for each seed, of mean 0 over seeds 1 to 5 and no sum over
// less; at most 1.
func noise(seed uint64) float64 { return []float64{0.5, -1, 0.25, 1, -0.75}[(seed+4)%5] }

// model has runs with seeds 1 to n, in which change gets the seed.
func model(t testing.TB, name string, n int, change func(seed uint64, e *train.Epoch)) Model {
	t.Helper()
	m := Model{Entry: entry(t, name)}
	for seed := uint64(1); seed <= uint64(n); seed++ {
		m.Runs = append(m.Runs, run(m.Entry, seed, func(e *train.Epoch) {
			if change != nil {
				change(seed, e)
			}
		}))
	}
	return m
}

// shifted has val_accuracy higher by that many points, give or take some.
func shifted(by, spread float64) func(uint64, *train.Epoch) {
	return func(seed uint64, e *train.Epoch) {
		e.ValAccuracy = math.Min(1, e.ValAccuracy+(by+spread*noise(seed))/100)
	}
}
