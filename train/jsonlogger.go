package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// JSONLogger writes what happens in a training as JSON lines: one object a line,
// in the file as soon as it happened. All have
//
//	event  train_begin, batch, epoch or train_end
//	time   RFC 3339, in UTC
//
// and then, epochs and steps counted from 1,
//
//	train_begin  model, epochs, steps (in an epoch), validation_steps, learning_rate;
//	             epoch and step: how far a training is that is resumed, else 0
//	batch        epoch, step, loss, accuracy (means of the epoch so far), learning_rate
//	epoch        the fields of Epoch: epoch, loss, accuracy, val_loss, val_accuracy,
//	             seconds, ms_per_step, learning_rate
//	train_end    epoch, step, and how it ended: outcome is finished (all epochs are done),
//	             stopped (by a callback; reason says why) or failed (by an error, an
//	             interrupt among them)
//
// The log of a training that was killed has no train_end.
type JSONLogger struct {
	Path string

	// Append adds to what is there, for a training that is resumed; a last line
	// that was not finished goes. Otherwise the file is begun anew. The log tells
	// what happened: epochs that are trained again after a train_begin are there again.
	Append bool

	EveryBatches int // steps of an epoch from one batch line to the next; 0: none

	file *os.File
	now  func() time.Time // time.Now, but for tests
	last int              // the last epoch that was finished
}

// jsonLine begins each line.
type jsonLine struct {
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
}

type jsonTrainBegin struct {
	jsonLine
	Model           string  `json:"model"`
	Epochs          int     `json:"epochs"`
	Steps           int     `json:"steps"`
	ValidationSteps int     `json:"validation_steps"`
	LearningRate    float64 `json:"learning_rate"`
	Epoch           int     `json:"epoch"`
	Step            int     `json:"step"`
}

type jsonBatch struct {
	jsonLine
	Epoch        int     `json:"epoch"`
	Step         int     `json:"step"`
	Loss         float64 `json:"loss"`
	Accuracy     float64 `json:"accuracy"`
	LearningRate float64 `json:"learning_rate"`
}

type jsonEpoch struct {
	jsonLine
	Epoch
}

type jsonTrainEnd struct {
	jsonLine
	Epoch   int    `json:"epoch"`
	Step    int    `json:"step"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"`
}

func (l *JSONLogger) line(event string) jsonLine {
	now := time.Now
	if l.now != nil {
		now = l.now
	}
	return jsonLine{event, now().UTC().Truncate(time.Millisecond)}
}

// write adds a line to the file by one call of the system.
func (l *JSONLogger) write(object any) error {
	text, err := json.Marshal(object)
	if err == nil {
		_, err = l.file.Write(append(text, '\n')) // its error names the file
	}
	if err != nil {
		return fmt.Errorf("JSONLogger: %w", err)
	}
	return nil
}

func (l *JSONLogger) TrainBegin(t *Training) error {
	if l.EveryBatches < 0 {
		return fmt.Errorf("JSONLogger: a line every %d batches, want 0 or above", l.EveryBatches)
	}
	if err := l.open(); err != nil {
		return fmt.Errorf("JSONLogger: %w", err)
	}
	l.last = len(t.History())
	err := l.write(jsonTrainBegin{
		jsonLine: l.line("train_begin"), Model: t.Model().Name(), Epochs: t.Epochs, Steps: t.Steps,
		ValidationSteps: t.ValidationSteps, LearningRate: t.LearningRate, Epoch: t.Epoch, Step: t.Step,
	})
	if err != nil {
		return join(err, l.file.Close()) // there will be no TrainEnd
	}
	return nil
}

func (l *JSONLogger) open() (err error) {
	flags := os.O_RDWR | os.O_CREATE | os.O_APPEND
	if !l.Append {
		flags |= os.O_TRUNC
	}
	if l.file, err = os.OpenFile(l.Path, flags, 0o666); err != nil {
		return err
	}
	if err := cutLastLine(l.file); err != nil {
		return join(err, l.file.Close())
	}
	return nil
}

// cutLastLine takes away what comes after the last newline of a file.
func cutLastLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() { // a pipe has no lines to cut
		return err
	}
	block := make([]byte, 4096)
	for end := info.Size(); end > 0; {
		begin := max(0, end-int64(len(block)))
		n, err := f.ReadAt(block[:end-begin], begin)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if i := bytes.LastIndexByte(block[:n], '\n'); i >= 0 {
			return truncate(f, begin+int64(i)+1, info.Size())
		}
		end = begin
	}
	return truncate(f, 0, info.Size())
}

func truncate(f *os.File, to, size int64) error {
	if to == size {
		return nil
	}
	return f.Truncate(to)
}

func (l *JSONLogger) EpochBegin(*Training) error { return nil }

func (l *JSONLogger) BatchEnd(t *Training) error {
	if l.EveryBatches == 0 || t.Step%l.EveryBatches != 0 {
		return nil
	}
	return l.write(jsonBatch{
		jsonLine: l.line("batch"), Epoch: t.Epoch, Step: t.Step,
		Loss: t.Loss, Accuracy: t.Accuracy, LearningRate: t.LearningRate,
	})
}

func (l *JSONLogger) EpochEnd(_ *Training, e Epoch) error {
	l.last = e.Epoch
	return l.write(jsonEpoch{l.line("epoch"), e})
}

func (l *JSONLogger) TrainEnd(t *Training) error {
	end := jsonTrainEnd{jsonLine: l.line("train_end"), Epoch: t.Epoch, Step: t.Step, Outcome: "failed", Reason: t.Stopped()}
	switch {
	case t.Stopped() != "":
		end.Outcome = "stopped"
	case l.last == t.Epochs:
		end.Outcome = "finished"
	}
	err := l.write(end)
	if closed := l.file.Close(); closed != nil {
		err = join(err, fmt.Errorf("JSONLogger: %w", closed))
	}
	return err
}
