package train

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// Result is what results.json holds about a finished run.
type Result struct {
	Name       string   `json:"name"` // the model's
	Settings   Settings `json:"settings"`
	Versions   Versions `json:"versions"`
	Machine    Machine  `json:"machine"`
	Parameters int      `json:"parameters"` // of the model, those that are not trained included

	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`

	Final Epoch       `json:"final"` // the last epoch
	Best  Epoch       `json:"best"`  // the first with the highest validation accuracy
	Test  *Evaluation `json:"test,omitempty"`

	Seconds   float64 `json:"seconds"`     // all epochs with their validations
	MsPerStep float64 `json:"ms_per_step"` // median of the epochs
}

// Evaluation is a trained model measured on pictures it has not seen.
type Evaluation struct {
	Samples  int     `json:"samples"`
	Loss     float64 `json:"loss"`
	Accuracy float64 `json:"accuracy"`
}

// NewResult returns the result of a run of at least one epoch on this machine.
func NewResult(s Settings, v Versions, parameters int, h History, started, finished time.Time) Result {
	r := Result{
		Name:       s.Model,
		Settings:   s,
		Versions:   v,
		Machine:    ThisMachine(),
		Parameters: parameters,
		Started:    started.Round(time.Millisecond).UTC(),
		Finished:   finished.Round(time.Millisecond).UTC(),
		MsPerStep:  significant(h.MedianMsPerStep()),
	}
	if len(h) > 0 {
		r.Final, r.Best = h[len(h)-1], h.Best()
	}
	for _, e := range h {
		r.Seconds += e.Seconds
	}
	return r
}

// Best is the first epoch with the highest validation accuracy; a zero Epoch
// when there is none.
func (h History) Best() Epoch {
	var best Epoch
	for i, e := range h {
		if i == 0 || e.ValAccuracy > best.ValAccuracy {
			best = e
		}
	}
	return best
}

// MedianMsPerStep is the median over the epochs, 0 when there is none.
func (h History) MedianMsPerStep() float64 {
	if len(h) == 0 {
		return 0
	}
	times := make([]float64, len(h))
	for i, e := range h {
		times[i] = e.MsPerStep
	}
	slices.Sort(times)
	half := len(times) / 2
	if len(times)%2 == 1 {
		return times[half]
	}
	return (times[half-1] + times[half]) / 2
}

// WriteJSON writes the result as indented JSON. It refuses what ReadResult would.
func (r Result) WriteJSON(w io.Writer) error {
	if err := r.check(); err != nil {
		return fmt.Errorf("result of %s: %w", r.Name, err)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// ReadResult reads what WriteJSON writes. Unknown and missing fields, values
// that cannot be and text after the end are refused.
func ReadResult(r io.Reader) (Result, error) {
	var result Result
	if err := ReadJSON(r, &result); err != nil {
		return Result{}, fmt.Errorf("not a result: %w", err)
	}
	if err := result.check(); err != nil {
		return Result{}, fmt.Errorf("not a result: %w", err)
	}
	return result, nil
}

// check refuses a result that no run can have.
func (r Result) check() error {
	switch {
	case r.Name == "" || r.Name != r.Settings.Model:
		return fmt.Errorf("name %q, but settings of model %q", r.Name, r.Settings.Model)
	case r.Parameters < 1:
		return fmt.Errorf("%d parameters", r.Parameters)
	case r.Finished.Before(r.Started):
		return fmt.Errorf("finished %v, before it started", r.Finished)
	case r.Final.Epoch < 1 || r.Final.Epoch > r.Settings.Epochs:
		return fmt.Errorf("ends with epoch %d of %d", r.Final.Epoch, r.Settings.Epochs)
	case r.Best.Epoch < 1 || r.Best.Epoch > r.Final.Epoch:
		return fmt.Errorf("best in epoch %d of %d", r.Best.Epoch, r.Final.Epoch)
	case !(r.Seconds >= 0) || !(r.MsPerStep >= 0):
		return fmt.Errorf("%v seconds, %v ms per step", r.Seconds, r.MsPerStep)
	case r.Test != nil && r.Test.Samples < 1:
		return fmt.Errorf("tested on %d samples", r.Test.Samples)
	case r.Test != nil && !(r.Test.Loss >= 0 && r.Test.Accuracy >= 0 && r.Test.Accuracy <= 1):
		return fmt.Errorf("test loss %v, accuracy %v", r.Test.Loss, r.Test.Accuracy)
	}
	for _, e := range []Epoch{r.Final, r.Best} {
		if err := e.check(e.Epoch); err != nil {
			return fmt.Errorf("epoch %d: %w", e.Epoch, err)
		}
	}
	return nil
}
