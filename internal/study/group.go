package study

import (
	"cmp"
	"fmt"
	"slices"

	"zoo/models"
	"zoo/train"
)

// most is the largest value of a loss or a time that statistics can be made of:
// its square is still a number.
const most = 1e100

// Group makes a model of runs in any order. It refuses none, runs that Check
// refuses, two of one seed, and two with different settings. Workers and kernels
// may differ: they change the last bits at most.
func Group(entry models.Entry, runs []Run) (Model, error) {
	if len(runs) == 0 {
		return Model{}, fmt.Errorf("%s has no runs", entry.Name)
	}
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b Run) int { return cmp.Compare(a.seed(), b.seed()) })
	first := runs[0]
	for i, r := range runs {
		if err := r.Check(); err != nil {
			return Model{}, fmt.Errorf("%s, %w", entry.Name, err)
		}
		if r.Result.Name != entry.Name {
			return Model{}, fmt.Errorf("%s, seed %d: the run is one of %s", entry.Name, r.seed(), r.Result.Name)
		}
		if i > 0 && r.seed() == runs[i-1].seed() {
			return Model{}, fmt.Errorf("%s has two runs of seed %d; leave one out", entry.Name, r.seed())
		}
		if name, value, others := Meaning(first.Result.Settings).FirstDifference(Meaning(r.Result.Settings)); name != "" {
			return Model{}, fmt.Errorf("%s was trained with other settings for seed %d than for seed %d: %s %v and %v; train both alike",
				entry.Name, r.seed(), first.seed(), name, others, value)
		}
	}
	return Model{Entry: entry, Runs: runs}, nil
}

func (r Run) seed() uint64 { return r.Result.Settings.Seed }

// Check refuses a run that ended early, unless callbacks may have stopped it, and
// one with values that statistics cannot be made of. The error begins with the seed.
func (r Run) Check() error {
	if err := r.check(); err != nil {
		return fmt.Errorf("seed %d: %w", r.seed(), err)
	}
	return nil
}

func (r Run) check() error {
	result := r.Result
	if len(r.History) == 0 {
		return fmt.Errorf("the history is empty")
	}
	for i, e := range r.History {
		if e.Epoch != i+1 {
			return fmt.Errorf("epoch %d of the history is numbered %d", i+1, e.Epoch)
		}
		for _, c := range curves {
			if value := *c.value(&e); !(value >= 0 && value <= c.most) {
				return fmt.Errorf("%s of epoch %d is %v, which is no number from 0 to %g", c.name, e.Epoch, value, c.most)
			}
		}
	}
	if n, s := len(r.History), result.Settings; n > s.Epochs || n < s.Epochs && s.Callbacks == "" {
		return fmt.Errorf("the run ended after epoch %d of %d", n, result.Settings.Epochs)
	}
	if !(result.Seconds >= 0 && result.Seconds <= most) || !(result.MsPerStep >= 0 && result.MsPerStep <= most) {
		return fmt.Errorf("the run took %v seconds, %v ms for a step", result.Seconds, result.MsPerStep)
	}
	if t := result.Test; t != nil && !(t.Accuracy >= 0 && t.Accuracy <= 1) {
		return fmt.Errorf("the accuracy on the test images is %v", t.Accuracy)
	}
	return nil
}

// curve is a column of a history of which statistics are made.
type curve struct {
	name     string
	value    func(*train.Epoch) *float64
	estimate func(*EpochEstimate) *Estimate
	most     float64 // the least is 0
}

var curves = []curve{
	{"loss", func(e *train.Epoch) *float64 { return &e.Loss }, func(e *EpochEstimate) *Estimate { return &e.Loss }, most},
	{"accuracy", func(e *train.Epoch) *float64 { return &e.Accuracy }, func(e *EpochEstimate) *Estimate { return &e.Accuracy }, 1},
	{"val_loss", func(e *train.Epoch) *float64 { return &e.ValLoss }, func(e *EpochEstimate) *Estimate { return &e.ValLoss }, most},
	{"val_accuracy", func(e *train.Epoch) *float64 { return &e.ValAccuracy }, func(e *EpochEstimate) *Estimate { return &e.ValAccuracy }, 1},
}
