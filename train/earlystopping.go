package train

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"zoo/models/weights"
)

// EarlyStopping stops a training whose metric no longer improves, as Keras's
// callback of this name does. The zero value has Keras's arguments: val_loss,
// no patience. An epoch is an improvement if its metric is better than the best
// so far by more than MinDelta (compared as float32 numbers); the wait for the
// next one ends when Patience epochs in a row were none. As in Keras the first
// epoch never stops the training.
//
// Arguments that make no sense are refused when the training begins.
type EarlyStopping struct {
	Monitor  Monitor // "": val_loss
	MinDelta float64
	Patience int
	Mode     Mode // "": by the metric's name

	// Baseline, when set, has to be improved upon too: an epoch that is the best
	// so far but not better than the baseline does not end the wait.
	Baseline *float64

	// RestoreBestWeights gives the model the weights of its best epoch when the
	// training has come to its end, stopped or not; of the best of those that were
	// watched if none improved upon Baseline. It keeps a copy of all weights. A
	// training that an error ends, an interrupt among them, keeps its last weights,
	// as a Keras training does that an exception ends. It happens in TrainEnd:
	// callbacks that are to see the last epoch's weights there come before.
	RestoreBestWeights bool

	StartFromEpoch int // epochs at the beginning that are not watched

	// Messages, when set, is told of the stop and of weights that are restored: Keras's verbose.
	Messages io.Writer

	watched watched
	state   earlyStoppingState
	weights []weights.Tensor // a copy, of the epoch state.Kept
}

// earlyStoppingState is what a resumed training has to know. Epochs are from 1,
// 0 stands for none.
type earlyStoppingState struct {
	Wait      int  `json:"wait"` // epochs since the last improvement
	Best      best `json:"best"`
	BestEpoch int  `json:"best_epoch"`
	Stopped   int  `json:"stopped_epoch"`
	Kept      int  `json:"kept_epoch"` // whose weights are kept
	Last      int  `json:"last_epoch"` // the last that was finished
}

// BestEpoch is the epoch (from 1) with the best metric so far, 0 before the first.
func (s *EarlyStopping) BestEpoch() int { return s.state.BestEpoch }

// StoppedEpoch is the epoch (from 1) after which the training was stopped, 0 if it was not.
func (s *EarlyStopping) StoppedEpoch() int { return s.state.Stopped }

func (s *EarlyStopping) TrainBegin(*Training) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("EarlyStopping: %w", err)
	}
	s.state, s.weights = earlyStoppingState{}, nil // it may have served another training
	return nil
}

func (s *EarlyStopping) check() (err error) {
	if s.Patience < 0 {
		return fmt.Errorf("patience %d, want 0 or above", s.Patience)
	}
	if s.StartFromEpoch < 0 {
		return fmt.Errorf("start_from_epoch %d, want 0 or above", s.StartFromEpoch)
	}
	if s.Baseline != nil && math.IsNaN(*s.Baseline) {
		return fmt.Errorf("baseline %v is not a number", *s.Baseline)
	}
	s.watched, err = s.Monitor.watch(s.Mode, s.MinDelta)
	return err
}

func (s *EarlyStopping) EpochBegin(*Training) error { return nil }
func (s *EarlyStopping) BatchEnd(*Training) error   { return nil }

func (s *EarlyStopping) EpochEnd(t *Training, e Epoch) error {
	s.state.Last = e.Epoch
	if e.Epoch <= s.StartFromEpoch {
		return nil
	}
	value := s.watched.value(&e)
	s.state.Wait++
	if s.state.Best.take(s.watched, value) {
		s.state.BestEpoch = e.Epoch
		if s.RestoreBestWeights {
			s.keep(t, e.Epoch)
		}
		if s.Baseline == nil || s.watched.improves(value, *s.Baseline) {
			s.state.Wait = 0
		}
		return nil
	}
	if s.state.Wait < s.Patience || e.Epoch == 1 {
		return nil
	}
	s.state.Stopped = e.Epoch
	t.Stop(s.reason())
	return s.say("Epoch %d: early stopping, %s\n", e.Epoch, s.reason())
}

func (s *EarlyStopping) reason() string {
	w, best := s.watched, float64(s.state.Best.Value)
	if s.Baseline != nil && !w.improves(best, *s.Baseline) {
		return fmt.Sprintf("%s has not improved upon the baseline %v in %s (best: %.6g in epoch %d)",
			w.name, *s.Baseline, epochs(s.state.Wait), best, s.state.BestEpoch)
	}
	return fmt.Sprintf("%s has not improved for %s (best: %.6g in epoch %d)", w.name, epochs(s.state.Wait), best, s.state.BestEpoch)
}

func epochs(n int) string {
	if n == 1 {
		return "1 epoch"
	}
	return fmt.Sprintf("%d epochs", n)
}

func (s *EarlyStopping) say(format string, args ...any) error {
	if s.Messages == nil {
		return nil
	}
	_, err := fmt.Fprintf(s.Messages, format, args...)
	return err
}

// keep copies the weights of the model.
func (s *EarlyStopping) keep(t *Training, epoch int) {
	now := weights.Of(t.Model())
	if len(s.weights) != len(now) {
		s.weights = make([]weights.Tensor, len(now))
	}
	for i, w := range now {
		memory := s.weights[i].Data[:0] // whichever tensor that was: a resumed callback has them in another order
		s.weights[i] = w
		s.weights[i].Data = append(memory, w.Data...)
	}
	s.state.Kept = epoch
}

func (s *EarlyStopping) TrainEnd(t *Training) error {
	ended := t.Stopped() != "" || s.state.Last == t.Epochs
	if !s.RestoreBestWeights || s.weights == nil || !ended {
		return nil
	}
	if err := (&weights.File{Tensors: s.weights}).LoadInto(t.Model()); err != nil {
		return fmt.Errorf("EarlyStopping: best weights: %w", err)
	}
	return s.say("Restored the weights of epoch %d, the best by %s\n", s.state.Kept, s.watched.name)
}

// State is all but the best weights, which are in StateTensors.
func (s *EarlyStopping) State() (json.RawMessage, error) { return json.Marshal(s.state) }

// SetState goes on from a State.
func (s *EarlyStopping) SetState(state json.RawMessage) error {
	if err := json.Unmarshal(state, &s.state); err != nil {
		return err
	}
	if s.RestoreBestWeights && s.state.BestEpoch > 0 && len(s.weights) == 0 {
		return fmt.Errorf("the weights of epoch %d, the best, were not kept: resume without RestoreBestWeights", s.state.BestEpoch)
	}
	return nil
}

// StateTensors is the weights of the best epoch, when they are kept.
func (s *EarlyStopping) StateTensors() []weights.Tensor { return slices.Clone(s.weights) }

// SetStateTensors goes on from StateTensors.
func (s *EarlyStopping) SetStateTensors(tensors []weights.Tensor) error {
	s.weights = nil
	for _, w := range tensors {
		w.Data = slices.Clone(w.Data)
		s.weights = append(s.weights, w)
	}
	return nil
}
