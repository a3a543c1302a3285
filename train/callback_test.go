package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recorder notes every call, under its name, and fails where it is told to.
type recorder struct {
	name   string
	log    *[]string
	failAt string
}

func (r *recorder) note(event string) error {
	*r.log = append(*r.log, r.name+event)
	if event == r.failAt {
		return errFull
	}
	return nil
}

func (r *recorder) TrainBegin(*Training) error   { return r.note("begin") }
func (r *recorder) EpochBegin(p *Training) error { return r.note(fmt.Sprint("epoch begin ", p.Epoch)) }

func (r *recorder) BatchEnd(p *Training) error {
	return r.note(fmt.Sprintf("batch end %d.%d", p.Epoch, p.Step))
}

func (r *recorder) EpochEnd(p *Training, e Epoch) error {
	return r.note(fmt.Sprint("epoch end ", e.Epoch))
}
func (r *recorder) TrainEnd(*Training) error { return r.note("end") }

// stage does something at one event.
type stage struct {
	at string
	do func()
}

func (s *stage) TrainBegin(*Training) error   { return s.reach("begin") }
func (s *stage) EpochBegin(p *Training) error { return s.reach(fmt.Sprint("epoch begin ", p.Epoch)) }

func (s *stage) BatchEnd(p *Training) error {
	return s.reach(fmt.Sprintf("batch end %d.%d", p.Epoch, p.Step))
}

func (s *stage) EpochEnd(_ *Training, e Epoch) error {
	return s.reach(fmt.Sprint("epoch end ", e.Epoch))
}
func (s *stage) TrainEnd(*Training) error { return s.reach("end") }

func (s *stage) reach(event string) error {
	if event == s.at {
		s.do()
	}
	return nil
}

// twoByTwo is two epochs of two steps.
var twoByTwo = Config{Epochs: 2, Batch: 8, LearningRate: .05, Seed: 1}

var events = []string{
	"begin",
	"epoch begin 1", "batch end 1.1", "batch end 1.2", "epoch end 1",
	"epoch begin 2", "batch end 2.1", "batch end 2.2", "epoch end 2",
	"end",
}

func TestCallbackOrder(t *testing.T) {
	var log, want []string
	for _, event := range events {
		want = append(want, "a "+event, "b "+event)
	}
	_, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo,
		&recorder{name: "a ", log: &log}, &recorder{name: "b ", log: &log})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A callback that fails ends the training there; the callbacks that began are ended.
func TestCallbackFails(t *testing.T) {
	where := map[string]string{
		"begin":         "no space left",
		"epoch begin 1": "epoch 1, step 0 of 2: no space left",
		"batch end 2.1": "epoch 2, step 1 of 2: no space left",
		"epoch end 1":   "epoch 1, step 2 of 2: no space left",
		"end":           "no space left",
	}
	for event, want := range where {
		var log []string
		h, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo,
			&recorder{name: "a ", log: &log}, &recorder{name: "b ", log: &log, failAt: event}, &recorder{name: "c ", log: &log})
		if !errors.Is(err, errFull) || err.Error() != want {
			t.Errorf("%s: error %v, want %s", event, err, want)
		}
		finished := map[string]int{"batch end 2.1": 1, "epoch end 1": 1, "end": 2}[event]
		if len(h) != finished {
			t.Errorf("%s: a history of %d epochs, want %d", event, len(h), finished)
		}
		failed := slices.Index(log, "b "+event)
		ends := []string{"a end", "b end", "c end"}
		switch event {
		case "begin":
			ends = ends[:1]
		case "end":
			ends = ends[2:]
		}
		if diff := cmp.Diff(ends, log[failed+1:]); diff != "" {
			t.Errorf("%s: after the failure (-want +got)\n%s", event, diff)
		}
	}
}

// checker sees that progress tells the truth.
type checker struct {
	NopCallback
	t       *testing.T
	batches int
}

func (c *checker) TrainBegin(p *Training) error {
	want := Progress{Epochs: 2, Steps: 2, ValidationSteps: 1, LearningRate: .05}
	if diff := cmp.Diff(want, p.Progress); diff != "" {
		c.t.Errorf("before the training (-want +got)\n%s", diff)
	}
	return nil
}

func (c *checker) EpochBegin(p *Training) error {
	if p.Step != 0 || p.Samples != 0 || p.Loss != 0 || p.Accuracy != 0 {
		c.t.Errorf("an epoch begins with %+v", p.Progress)
	}
	return nil
}

func (c *checker) BatchEnd(p *Training) error {
	c.batches++
	wantSamples := map[int]int{1: 8, 2: 12}[p.Step]
	wantRate := .05 / (1 + .1*float64(c.batches-1))
	if p.Samples != wantSamples || p.LearningRate != wantRate || !(p.Loss > 0) || p.Accuracy < 0 || p.Accuracy > 1 || p.Elapsed < 0 {
		c.t.Errorf("after step %d: %+v; want %d samples, learning rate %v", c.batches, p.Progress, wantSamples, wantRate)
	}
	return nil
}

func (c *checker) EpochEnd(p *Training, e Epoch) error {
	if e.Loss != p.Loss || e.Accuracy != p.Accuracy || e.LearningRate != p.LearningRate || e.Epoch != p.Epoch {
		c.t.Errorf("the epoch ends with %+v, but progress says %+v", e, p.Progress)
	}
	return nil
}

func TestProgressOfATraining(t *testing.T) {
	cfg := twoByTwo
	cfg.Decay = .1
	c := &checker{t: t}
	if _, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), cfg, c); err != nil {
		t.Fatal(err)
	}
	if c.batches != 4 {
		t.Errorf("%d steps, want 4", c.batches)
	}
}

type signalled struct{}

func (signalled) Error() string { return "interrupted" }

// When the context ends, the step at work is the last.
func TestFitStops(t *testing.T) {
	for _, test := range []struct {
		at, want string
		last     string // event before the end
		finished int
	}{
		{"begin", "epoch 1, step 0 of 2: interrupted", "epoch begin 1", 0},
		{"batch end 1.1", "epoch 1, step 1 of 2: interrupted", "batch end 1.1", 0},
		{"batch end 2.1", "epoch 2, step 1 of 2: interrupted", "batch end 2.1", 1},
		{"batch end 2.2", "epoch 2, step 2 of 2: interrupted", "batch end 2.2", 1},
		{"epoch end 1", "epoch 2, step 0 of 2: interrupted", "epoch begin 2", 1},
	} {
		t.Run(test.at, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var log []string
			h, err := Fit(ctx, newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo,
				&stage{at: test.at, do: func() { cancel(signalled{}) }}, &recorder{log: &log})
			if !errors.Is(err, context.Canceled) || !errors.Is(err, signalled{}) || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
			if len(h) != test.finished {
				t.Errorf("a history of %d epochs, want %d", len(h), test.finished)
			}
			if got := log[len(log)-2:]; !slices.Equal(got, []string{test.last, "end"}) {
				t.Errorf("ends with %q, want %q", got, test.last)
			}
		})
	}
}

// A validation of many batches is not waited for.
func TestFitStopsWithinTheValidation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	validation := newPictures(80, 2)
	validation.called = cancel
	h, err := Fit(ctx, newModel(t, 1), newPictures(12, 1), validation, twoByTwo)
	if !errors.Is(err, context.Canceled) || err.Error() != "epoch 1, step 2 of 2: context canceled" {
		t.Errorf("error %v", err)
	}
	if len(validation.seen) != 1 || len(h) != 0 {
		t.Errorf("%d validation batches, %d epochs", len(validation.seen), len(h))
	}
}
