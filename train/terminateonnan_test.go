package train

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/models/layer"
)

// poisoned are pictures that become NaN at one batch.
type poisoned struct {
	*pictures
	batches, from int
}

func (p *poisoned) Batch(indices []int32, images []float32, labels []int32) {
	p.pictures.Batch(indices, images, labels)
	if p.batches++; p.batches == p.from {
		images[0] = float32(math.NaN())
	}
}

// Two epochs of 7 steps; the poison is in step 3 of the second.
func TestTerminateOnNaN(t *testing.T) {
	cfg := small
	path := filepath.Join(t.TempDir(), "log.jsonl")
	k := &weightsKeeper{}
	var before [][]float32
	m := newModel(t, 1)
	look := &stage{at: "batch end 2.2", do: func() { before = trainedWeights(m) }}
	h, err := Fit(t.Context(), m, &poisoned{newPictures(100, 1), 0, 7 + 3}, newPictures(50, 2), cfg,
		&TerminateOnNaN{}, k, newJSONLogger(path), look)
	must(t, err)
	if len(h) != 1 {
		t.Errorf("a history of %d epochs, want 1", len(h))
	}
	if want := "epoch 2, step 3 of 7: the loss is NaN at learning rate 0.0458716: "; !strings.HasPrefix(k.stopped, want) {
		t.Errorf("stopped because %q, want %s", k.stopped, want)
	}
	if !cmp.Equal(before, trainedWeights(m)) {
		t.Error("the weights are not those of the step before")
	}
	log := jsonLines(t, path)
	if end := log[len(log)-1]; end["outcome"] != "stopped" || end["reason"] != k.stopped {
		t.Errorf("the log ends with %v", end)
	}
}

// trainedWeights are the weights without the moving statistics.
func trainedWeights(m *layer.Model) (all [][]float32) {
	for _, v := range m.Variables() {
		if v.Trainable {
			all = append(all, append([]float32(nil), v.Data()...))
		}
	}
	return all
}

// With EarlyStopping the best weights come back, as in Keras.
func TestTerminateOnNaNRestoresTheBest(t *testing.T) {
	k := &weightsKeeper{}
	m := newModel(t, 1)
	s := &EarlyStopping{Patience: 9, RestoreBestWeights: true}
	_, err := Fit(t.Context(), m, &poisoned{newPictures(100, 1), 0, 7 + 3}, newPictures(50, 2), small, s, TerminateOnNaN{}, k)
	must(t, err)
	if !cmp.Equal(k.after[0], weightsOf(m)) {
		t.Error("the weights are not those of the first epoch")
	}
}

// The last step's ruin shows in the validation alone.
func TestTerminateOnNaNInTheValidation(t *testing.T) {
	cfg := Config{Epochs: 1, Batch: 10, LearningRate: 1e38, Seed: 1}
	k := &weightsKeeper{}
	h, err := Fit(t.Context(), newModel(t, 1), newPictures(10, 1), newPictures(10, 2), cfg, TerminateOnNaN{}, k)
	if err != nil || len(h) != 0 || !strings.Contains(k.stopped, "the validation loss is NaN") {
		t.Errorf("error %v, %d epochs, stopped because %q", err, len(h), k.stopped)
	}
}

// Other errors are not its business.
func TestTerminateOnNaNLeavesOtherErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	k := &weightsKeeper{}
	_, err := Fit(ctx, newModel(t, 1), newPictures(100, 1), newPictures(50, 2), small,
		TerminateOnNaN{}, k, &stage{at: "batch end 1.2", do: cancel})
	if !errors.Is(err, context.Canceled) || k.stopped != "" {
		t.Errorf("error %v, stopped because %q", err, k.stopped)
	}
}
