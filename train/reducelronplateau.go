package train

import (
	"encoding/json"
	"fmt"
	"io"
)

// ReduceLROnPlateau multiplies the learning rate by Factor when a metric has
// not improved for Patience epochs, as Keras's callback of this name does. What
// an improvement is: see EarlyStopping. After a reduction Cooldown epochs pass
// before epochs without improvement are counted again.
//
// Keras cannot reduce the rate of an optimizer that has a schedule. Here the
// rate of all later steps is scaled and goes on decaying as it would have
// (Config.Decay). What is compared with MinLR is the rate of the step to come, as
// it has decayed; a reduction does not take it lower, but decay does as it goes on.
//
// NewReduceLROnPlateau has Keras's arguments. Those that make no sense are
// refused when the training begins.
type ReduceLROnPlateau struct {
	Monitor  Monitor // "": val_loss
	Factor   float64 // from 0 to less than 1
	Patience int
	Mode     Mode // "": by the metric's name
	MinDelta float64
	Cooldown int
	MinLR    float64

	// Messages, when set, is told of each reduction: Keras's verbose.
	Messages io.Writer

	watched watched
	state   plateauState
}

// plateauState is what a resumed training has to know; the learning rate as it
// was reduced is the optimizer's.
type plateauState struct {
	Wait     int  `json:"wait"` // epochs since the last improvement or reduction
	Cooldown int  `json:"cooldown"`
	Best     best `json:"best"`
}

// NewReduceLROnPlateau returns the callback with Keras's arguments: val_loss,
// factor .1, patience 10, min_delta 1e-4, no cooldown, down to 0.
func NewReduceLROnPlateau() *ReduceLROnPlateau {
	return &ReduceLROnPlateau{Factor: .1, Patience: 10, MinDelta: 1e-4}
}

func (r *ReduceLROnPlateau) TrainBegin(*Training) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("ReduceLROnPlateau: %w", err)
	}
	r.state = plateauState{} // it may have served another training
	return nil
}

func (r *ReduceLROnPlateau) check() (err error) {
	switch {
	case !(r.Factor >= 0 && r.Factor < 1):
		return fmt.Errorf("factor %v, want at least 0 and less than 1", r.Factor)
	case r.Patience < 0:
		return fmt.Errorf("patience %d, want 0 or above", r.Patience)
	case r.Cooldown < 0:
		return fmt.Errorf("cooldown %d, want 0 or above", r.Cooldown)
	case !(r.MinLR >= 0):
		return fmt.Errorf("min_lr %v, want 0 or above", r.MinLR)
	}
	r.watched, err = r.Monitor.watch(r.Mode, r.MinDelta)
	return err
}

func (r *ReduceLROnPlateau) EpochBegin(*Training) error { return nil }
func (r *ReduceLROnPlateau) BatchEnd(*Training) error   { return nil }
func (r *ReduceLROnPlateau) TrainEnd(*Training) error   { return nil }

func (r *ReduceLROnPlateau) EpochEnd(t *Training, e Epoch) error {
	s := &r.state
	if s.Cooldown > 0 {
		s.Cooldown--
		s.Wait = 0
	}
	if s.Best.take(r.watched, r.watched.value(&e)) {
		s.Wait = 0
		return nil
	}
	if s.Cooldown > 0 {
		return nil
	}
	s.Wait++
	if s.Wait < r.Patience {
		return nil
	}
	return r.reduce(t)
}

// reduce reduces the learning rate, if that may be lower. Like Keras it compares
// float32 numbers, so that a rate that has come down to MinLR stays there.
func (r *ReduceLROnPlateau) reduce(t *Training) error {
	rate := t.solver.LearningRate()
	if !(float32(rate) > float32(r.MinLR)) {
		return nil
	}
	reduced := max(rate*r.Factor, r.MinLR)
	t.ScaleLearningRate(reduced / rate)
	r.state.Cooldown, r.state.Wait = r.Cooldown, 0
	if r.Messages == nil {
		return nil
	}
	_, err := fmt.Fprintf(r.Messages, "Epoch %d: the learning rate is reduced from %.6g to %.6g, %s is on a plateau\n",
		t.Epoch, rate, reduced, r.watched.name)
	return err
}

// State is all that it remembers.
func (r *ReduceLROnPlateau) State() (json.RawMessage, error) { return json.Marshal(r.state) }

// SetState goes on from a State.
func (r *ReduceLROnPlateau) SetState(state json.RawMessage) error {
	return json.Unmarshal(state, &r.state)
}
