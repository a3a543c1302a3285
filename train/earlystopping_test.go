package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/models/layer"
)

// slow is a training that soon stops improving: at a learning rate at which
// the validation loss goes up and down.
var slow = Config{Epochs: 30, Batch: 16, LearningRate: .2, Momentum: .9, Seed: 1}

// weightsKeeper keeps the weights after each epoch.
type weightsKeeper struct {
	NopCallback
	after   [][][]float32
	stopped string
}

func (k *weightsKeeper) EpochEnd(t *Training, _ Epoch) error {
	k.after = append(k.after, weightsOf(t.Model()))
	return nil
}

func (k *weightsKeeper) TrainEnd(t *Training) error {
	k.stopped = t.Stopped()
	return nil
}

func TestEarlyStopping(t *testing.T) {
	var messages bytes.Buffer
	k := &weightsKeeper{}
	s := &EarlyStopping{Patience: 3, RestoreBestWeights: true, Messages: &messages}
	m := newModel(t, 1)
	h, err := Fit(t.Context(), m, newPictures(100, 1), newPictures(50, 2), slow, s, k)
	must(t, err)
	best := 0
	for i, e := range h {
		if float32(e.ValLoss) < float32(h[best].ValLoss) {
			best = i
		}
	}
	if len(h) == slow.Epochs || len(h) != best+1+3 || s.StoppedEpoch() != len(h) || s.BestEpoch() != best+1 {
		t.Fatalf("stopped after epoch %d of %d, best %d; the best of the history is %d", s.StoppedEpoch(), len(h), s.BestEpoch(), best+1)
	}
	if !cmp.Equal(weightsOf(m), k.after[best]) {
		t.Errorf("the weights are not those of epoch %d", best+1)
	}
	if cmp.Equal(k.after[best], k.after[len(h)-1]) {
		t.Error("the best epoch's weights are the last: nothing to restore")
	}
	if !strings.HasPrefix(k.stopped, "val_loss has not improved for 3 epochs (best: ") {
		t.Errorf("stopped because %q", k.stopped)
	}
	if got := messages.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "early stopping") || !strings.Contains(got, "Restored the weights of epoch") {
		t.Errorf("messages %q", got)
	}

	// Another training begins anew, and without RestoreBestWeights it keeps its last weights.
	s.RestoreBestWeights = false
	m, k = newModel(t, 1), &weightsKeeper{}
	again, err := Fit(t.Context(), m, newPictures(100, 1), newPictures(50, 2), slow, s, k)
	must(t, err)
	if diff := cmp.Diff(h, again, noTimes); diff != "" {
		t.Errorf("a second training with the same callback differs:\n%s", diff)
	}
	if !cmp.Equal(weightsOf(m), k.after[len(h)-1]) {
		t.Error("the weights are not the last epoch's")
	}
}

// As in Keras the best weights come back at the end of a training that nothing stopped.
func TestEarlyStoppingRestoresAtTheEnd(t *testing.T) {
	cfg := slow
	cfg.Epochs = 8
	k := &weightsKeeper{}
	s := &EarlyStopping{Patience: 100, RestoreBestWeights: true}
	m := newModel(t, 1)
	h, err := Fit(t.Context(), m, newPictures(100, 1), newPictures(50, 2), cfg, k, s)
	must(t, err)
	if len(h) != 8 || k.stopped != "" || s.StoppedEpoch() != 0 {
		t.Errorf("stopped after %d epochs: %q", len(h), k.stopped)
	}
	if s.BestEpoch() == 8 || !cmp.Equal(weightsOf(m), k.after[s.BestEpoch()-1]) {
		t.Errorf("the weights are not those of epoch %d", s.BestEpoch())
	}
}

// A training that fails keeps its last weights.
func TestEarlyStoppingLeavesAFailedTraining(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var before [][]float32
	m := newModel(t, 1)
	cut := &stage{at: "batch end 8.2", do: func() { cancel(); before = weightsOf(m) }}
	s := &EarlyStopping{Patience: 100, RestoreBestWeights: true}
	_, err := Fit(ctx, m, newPictures(100, 1), newPictures(50, 2), slow, cut, s)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if !cmp.Equal(weightsOf(m), before) {
		t.Error("the weights are not those of the last step")
	}
}

func TestEarlyStoppingReason(t *testing.T) {
	baseline := .5
	for _, c := range []struct {
		s      *EarlyStopping
		values []float64
		want   string
	}{
		{&EarlyStopping{}, []float64{1, 2}, "val_loss has not improved for 1 epoch (best: 1 in epoch 1)"},
		{&EarlyStopping{Patience: 2, Baseline: &baseline}, []float64{1, .75, .875}, "val_loss has not improved upon the baseline 0.5 in 3 epochs (best: 0.75 in epoch 2)"},
		{&EarlyStopping{Patience: 2, Baseline: &baseline}, []float64{1, .25, .5, .75}, "val_loss has not improved for 2 epochs (best: 0.25 in epoch 2)"},
		{&EarlyStopping{Patience: 1, StartFromEpoch: 2}, []float64{1, 2, 3, 4}, "val_loss has not improved for 1 epoch (best: 3 in epoch 3)"},
	} {
		p := aTraining(nil, 10, .1, 0)
		must(t, c.s.TrainBegin(p))
		for i, value := range c.values {
			if p.Stopped() != "" {
				t.Errorf("stopped before epoch %d: %s", i+1, p.Stopped())
			}
			must(t, c.s.EpochEnd(p, Epoch{Epoch: i + 1, ValLoss: value}))
		}
		if p.Stopped() != c.want {
			t.Errorf("reason %q, want %q", p.Stopped(), c.want)
		}
	}
}

func TestMonitorsRefuseArguments(t *testing.T) {
	nan := math.NaN()
	reduce := func(change func(*ReduceLROnPlateau)) Callback {
		r := NewReduceLROnPlateau()
		change(r)
		return r
	}
	for _, c := range []struct {
		callback Callback
		want     string
	}{
		{&EarlyStopping{Monitor: "val_acc"}, `EarlyStopping: no metric "val_acc"`},
		{&EarlyStopping{Mode: "up"}, `EarlyStopping: mode "up"`},
		{&EarlyStopping{Patience: -1}, "EarlyStopping: patience -1"},
		{&EarlyStopping{StartFromEpoch: -1}, "EarlyStopping: start_from_epoch -1"},
		{&EarlyStopping{Baseline: &nan}, "EarlyStopping: baseline NaN"},
		{&EarlyStopping{MinDelta: nan}, "EarlyStopping: min_delta NaN"},
		{&ReduceLROnPlateau{Factor: 1}, "ReduceLROnPlateau: factor 1"},
		{reduce(func(r *ReduceLROnPlateau) { r.Factor = -.1 }), "ReduceLROnPlateau: factor -0.1"},
		{reduce(func(r *ReduceLROnPlateau) { r.Factor = nan }), "ReduceLROnPlateau: factor NaN"},
		{reduce(func(r *ReduceLROnPlateau) { r.Patience = -1 }), "ReduceLROnPlateau: patience -1"},
		{reduce(func(r *ReduceLROnPlateau) { r.Cooldown = -1 }), "ReduceLROnPlateau: cooldown -1"},
		{reduce(func(r *ReduceLROnPlateau) { r.MinLR = nan }), "ReduceLROnPlateau: min_lr NaN"},
		{reduce(func(r *ReduceLROnPlateau) { r.Monitor = "lr" }), `ReduceLROnPlateau: no metric "lr"`},
	} {
		_, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo, c.callback)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%T: error %v, want %s", c.callback, err, c.want)
		}
	}
}

// A plateau reduces the rate, which goes on decaying.
func TestReduceLROnPlateau(t *testing.T) {
	var messages bytes.Buffer
	r := NewReduceLROnPlateau()
	r.Patience, r.Factor, r.MinLR, r.Messages = 1, .25, .01, &messages
	m := newModel(t, 1)
	cfg := slow
	cfg.Epochs, cfg.Decay = 20, .01
	h, err := Fit(t.Context(), m, newPictures(100, 1), newPictures(50, 2), cfg, r)
	must(t, err)
	reductions := strings.Count(messages.String(), "the learning rate is reduced from")
	if reductions == 0 {
		t.Fatal("never reduced")
	}
	steps := 7.0
	for i := 1; i < len(h); i++ {
		decayed := h[i-1].LearningRate * (1 + cfg.Decay*(float64(i)*steps-1)) / (1 + cfg.Decay*(float64(i+1)*steps-1))
		ratio := h[i].LearningRate / decayed
		switch {
		case math.Abs(ratio-1) < 1e-9:
		case math.Abs(ratio-.25) < 1e-9:
			reductions--
		case ratio > .25 && ratio < 1: // down to MinLR, of which decay took the epoch's steps
			reductions--
			if at := h[i].LearningRate * (1 + cfg.Decay*(float64(i+1)*steps-1)) / (1 + cfg.Decay*float64(i)*steps); math.Abs(at-.01) > 1e-9 {
				t.Errorf("epoch %d began at the rate %v, want 0.01", i+1, at)
			}
		default:
			t.Errorf("epoch %d: the rate is %v times what the decay makes it", i+1, ratio)
		}
	}
	if reductions != 0 {
		t.Errorf("%d reductions are not to be seen:\n%s", reductions, messages.String())
	}
}

// A training that is cut and resumed ends as the one that was not cut: stopped
// at the same epoch, at the same rates, with the same best weights.
func TestMonitorsResume(t *testing.T) {
	training, validation := newPictures(100, 1), newPictures(50, 2)
	callbacks := func(path string) []Callback {
		r := NewReduceLROnPlateau()
		r.Patience, r.Factor = 2, .5
		s := &EarlyStopping{Patience: 5, RestoreBestWeights: true, Monitor: "val_loss"}
		return []Callback{r, s, &ModelCheckpoint{Last: path}}
	}
	path := filepath.Join(t.TempDir(), "last.safetensors")
	want := newModel(t, 1)
	whole, err := Fit(t.Context(), want, training, validation, slow, callbacks(path)...)
	must(t, err)
	first, last := whole[0].LearningRate, whole[len(whole)-1].LearningRate
	if len(whole) == slow.Epochs || first == last {
		t.Fatalf("%d epochs at rates from %v to %v: nothing is stopped or reduced", len(whole), first, last)
	}
	cuts := []string{"batch end 1.1", "epoch end 1", "batch end 3.4", "epoch end 5", "end"}
	for i := len(whole) - 2; i <= len(whole); i++ {
		cuts = append(cuts, "epoch end "+strconv.Itoa(i))
	}
	for _, at := range cuts {
		ctx, cancel := context.WithCancel(t.Context())
		m := newModel(t, 1)
		all := append(callbacks(path), &stage{at: at, do: cancel})
		// The training stopped by itself when it was cut at its end.
		if _, err := Fit(ctx, m, training, validation, slow, all...); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cancel()
		checkpoint, err := ReadCheckpoint(path)
		must(t, err)
		m = newModel(t, 2)
		h, err := Resume(t.Context(), m, checkpoint, training, validation, slow, callbacks(path)...)
		must(t, err)
		if diff := cmp.Diff(whole, h, noTimes); diff != "" {
			t.Errorf("cut at %s: (-whole +resumed)\n%s", at, diff)
		}
		if !cmp.Equal(weightsOf(want), weightsOf(m)) {
			t.Errorf("cut at %s: other weights at the end", at)
		}
	}
}

func TestEarlyStoppingWithoutItsWeights(t *testing.T) {
	s := &EarlyStopping{RestoreBestWeights: true}
	err := s.SetState(json.RawMessage(`{"best_epoch": 3}`))
	if err == nil || !strings.Contains(err.Error(), "the weights of epoch 3, the best, were not kept") {
		t.Errorf("error %v", err)
	}
	for _, stateful := range []Stateful{s, NewReduceLROnPlateau()} {
		if err := stateful.SetState(json.RawMessage(`{"best": {"value": 1}}`)); err == nil {
			t.Errorf("%T takes a state of wrong types", stateful)
		}
	}
}

// What the callback keeps is a copy, and so is what it hands out to be resumed.
func TestEarlyStoppingOwnsItsWeights(t *testing.T) {
	m := oneWeight(t)
	fill(m, 1)
	p := aTraining(m, 2, .1, 0)
	s := &EarlyStopping{RestoreBestWeights: true}
	must(t, s.TrainBegin(p))
	p.Epoch = 1
	must(t, s.EpochEnd(p, Epoch{Epoch: 1, ValLoss: 1}))
	fill(m, 2)
	next := &EarlyStopping{RestoreBestWeights: true}
	must(t, next.TrainBegin(p))
	must(t, carry(s, next))
	p.Epoch = 2
	must(t, s.EpochEnd(p, Epoch{Epoch: 2, ValLoss: .5}))
	must(t, next.EpochEnd(p, Epoch{Epoch: 2, ValLoss: 2}))
	must(t, next.TrainEnd(p))
	if !all(m, 1) {
		t.Error("not the weights of epoch 1")
	}
	must(t, s.TrainEnd(p))
	if !all(m, 2) {
		t.Error("not the weights of epoch 2")
	}
}

func all(m *layer.Model, value float32) bool {
	return !slices.ContainsFunc(m.Variables(), func(v *layer.Variable) bool {
		return slices.ContainsFunc(v.Data(), func(x float32) bool { return x != value })
	})
}
