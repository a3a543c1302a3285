package plots

import (
	"fmt"
	"math"

	"zoo/train"
)

// check refuses a section that has nothing to show.
func (s Section) check() error {
	switch {
	case len(s.Runs) == 0:
		return fmt.Errorf("%s has no run", s.Entry.Name)
	case len(s.Summary.Epochs) == 0:
		return fmt.Errorf("the summary of %s has no epochs", s.Entry.Name)
	}
	return nil
}

func checkSections(groups ...[]Section) error {
	for _, sections := range groups {
		for _, s := range sections {
			if err := s.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// result is that of the first run, whose settings and parameters are all runs'.
func (s Section) result() train.Result { return s.Runs[0].Result }

// differences are the settings in which the runs differ from the report, so that
// their numbers do not mean the same.
func (s Section) differences() []string {
	r, e := s.result().Settings, s.Entry
	var found []string
	add := func(differs bool, format string, args ...any) {
		if differs {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	add(r.Dataset != e.Dataset, "data set %s instead of %s", r.Dataset, e.Dataset)
	add(r.Limit > 0, "only the first %s of each part", plural(r.Limit, "picture"))
	add(r.Epochs != e.Epochs, "%s instead of %d", plural(r.Epochs, "epoch"), e.Epochs)
	add(r.Batch != e.Batch, "batches of %d instead of %d", r.Batch, e.Batch)
	add(r.LearningRate != e.LearningRate, "learning rate %g instead of %g", r.LearningRate, e.LearningRate)
	add(r.Momentum != e.Momentum, "momentum %g instead of %g", r.Momentum, e.Momentum)
	decay := 0.0
	if e.Decay {
		decay = r.LearningRate / float64(r.Epochs)
	}
	add(math.Abs(r.Decay-decay) > 1e-12, "decay %.4g instead of %.4g", r.Decay, decay)
	add(r.Init != "", "begun with given weights (%s)", r.Init)
	add(r.Callbacks != "", "%s", r.Callbacks)
	return found
}

// step is what was measured beside Keras at the runs' batch; nil when nothing was.
func (c Contents) step(s Section) *Benchmark {
	for i, b := range c.Benchmarks {
		if b.Model == s.Entry.Name && b.Batch == s.result().Settings.Batch {
			return &c.Benchmarks[i]
		}
	}
	return nil
}
