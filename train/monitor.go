package train

import (
	"fmt"
	"math"
	"strings"
)

// Monitor is the metric of an epoch that a callback watches, under Keras's
// name: loss, accuracy, val_loss or val_accuracy. "" is Keras's default, val_loss.
type Monitor string

// monitors are the metrics that can be watched: the accuracies are to rise, the
// losses to fall.
var monitors = []struct {
	name  Monitor
	value func(*Epoch) float64
	up    bool
}{
	{"loss", func(e *Epoch) float64 { return e.Loss }, false},
	{"accuracy", func(e *Epoch) float64 { return e.Accuracy }, true},
	{"val_loss", func(e *Epoch) float64 { return e.ValLoss }, false},
	{"val_accuracy", func(e *Epoch) float64 { return e.ValAccuracy }, true},
}

// Check refuses a name that is no metric.
func (m Monitor) Check() error {
	var known []string
	for _, metric := range monitors {
		if metric.name == m.orDefault() {
			return nil
		}
		known = append(known, string(metric.name))
	}
	return fmt.Errorf("no metric %q to monitor, want one of %s", string(m), strings.Join(known, ", "))
}

func (m Monitor) orDefault() Monitor {
	if m == "" {
		return "val_loss"
	}
	return m
}

// Mode is the direction in which a monitored metric improves. "" is ModeAuto.
type Mode string

// ModeAuto takes the direction from the metric's name: an accuracy is to rise, a
// loss to fall. The others say it.
const (
	ModeAuto Mode = "auto"
	ModeMin  Mode = "min"
	ModeMax  Mode = "max"
)

// watched is a monitored metric with its direction, as EarlyStopping,
// ReduceLROnPlateau and ModelCheckpoint compare it.
type watched struct {
	name     Monitor
	value    func(*Epoch) float64
	up       bool
	minDelta float64 // added to the old value if the new is to be above it, subtracted if below
}

// watch checks the arguments of a callback. Like Keras, it takes the amount of minDelta.
func (m Monitor) watch(mode Mode, minDelta float64) (watched, error) {
	if err := m.Check(); err != nil {
		return watched{}, err
	}
	if math.IsNaN(minDelta) || math.IsInf(minDelta, 0) {
		return watched{}, fmt.Errorf("min_delta %v is not a finite number", minDelta)
	}
	w := watched{name: m.orDefault(), minDelta: math.Abs(minDelta)}
	for _, metric := range monitors {
		if metric.name == w.name {
			w.value, w.up = metric.value, metric.up
		}
	}
	switch mode {
	case "", ModeAuto:
	case ModeMin, ModeMax:
		w.up = mode == ModeMax
	default:
		return watched{}, fmt.Errorf("mode %q, want %s, %s or %s", string(mode), ModeAuto, ModeMin, ModeMax)
	}
	return w, nil
}

// improves reports whether a value is better than another by more than the
// least difference. It compares float32 numbers, as Keras does on TensorFlow:
// what differs by less is a tie, and NaN is never better and never improved upon.
func (w watched) improves(value, on float64) bool {
	if w.up {
		return float32(value-w.minDelta) > float32(on)
	}
	return float32(value+w.minDelta) < float32(on)
}

// best is the best value that a callback has seen so far, if it has seen any.
// Keras's is None before the first, which any value improves upon, NaN too.
type best struct {
	Value exact `json:"value"`
	Known bool  `json:"known"`
}

// take notes the value if it is an improvement, and reports whether it is.
func (b *best) take(w watched, value float64) bool {
	if b.Known && !w.improves(value, float64(b.Value)) {
		return false
	}
	*b = best{Value: exact(value), Known: true}
	return true
}
