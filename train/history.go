package train

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Epoch is the outcome of one epoch.
type Epoch struct {
	Epoch int `json:"epoch"` // from 1

	// Loss and accuracy (0..1) while training: means over the samples of the
	// epoch, whose weights changed from step to step.
	Loss     float64 `json:"loss"`
	Accuracy float64 `json:"accuracy"`
	// Loss and accuracy on the validation data, with the weights at the end.
	ValLoss     float64 `json:"val_loss"`
	ValAccuracy float64 `json:"val_accuracy"`

	Seconds      float64 `json:"seconds"`       // the whole epoch with its validation
	MsPerStep    float64 `json:"ms_per_step"`   // mean of the training steps without the first
	LearningRate float64 `json:"learning_rate"` // of the epoch's last step
}

// History holds a training's epochs in order, numbered from 1.
type History []Epoch

// column is one column of history.csv after the first, which is the epoch.
type column struct {
	name    string
	value   func(*Epoch) *float64
	most    float64 // the least is 0
	rounded bool    // to 4 significant digits
}

var columns = []column{
	{name: "loss", value: func(e *Epoch) *float64 { return &e.Loss }, most: math.MaxFloat64},
	{name: "accuracy", value: func(e *Epoch) *float64 { return &e.Accuracy }, most: 1},
	{name: "val_loss", value: func(e *Epoch) *float64 { return &e.ValLoss }, most: math.MaxFloat64},
	{name: "val_accuracy", value: func(e *Epoch) *float64 { return &e.ValAccuracy }, most: 1},
	{name: "seconds", value: func(e *Epoch) *float64 { return &e.Seconds }, most: math.MaxFloat64},
	{name: "ms_per_step", value: func(e *Epoch) *float64 { return &e.MsPerStep }, most: math.MaxFloat64, rounded: true},
	{name: "learning_rate", value: func(e *Epoch) *float64 { return &e.LearningRate }, most: math.MaxFloat64},
}

func header() []string {
	names := []string{"epoch"}
	for _, c := range columns {
		names = append(names, c.name)
	}
	return names
}

// check refuses a value that the column cannot hold.
func (c column) check(value float64) error {
	switch {
	case value >= 0 && value <= c.most:
		return nil
	case c.most == 1:
		return fmt.Errorf("%v is not a number from 0 to 1", value)
	default:
		return fmt.Errorf("%v is not a finite number of 0 or above", value)
	}
}

func (c column) format(value float64) string {
	if c.rounded {
		value = significant(value)
	}
	return strconv.FormatFloat(value, 'g', -1, 64)
}

// significant rounds x to 4 significant digits.
func significant(x float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 3, 64), 64)
	if err != nil { // beyond the largest number: only x itself is near
		return x
	}
	return rounded
}

// WriteCSV writes the history with one line for each epoch, under the names
// epoch, loss, accuracy, val_loss, val_accuracy, seconds, ms_per_step (with 4
// significant digits) and learning_rate. It refuses what ReadHistoryCSV would.
func (h History) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	record := header()
	if err := out.Write(record); err != nil {
		return err
	}
	for i, e := range h {
		if err := e.check(i + 1); err != nil {
			return fmt.Errorf("history of epoch %d: %w", i+1, err)
		}
		record = append(record[:0], strconv.Itoa(e.Epoch))
		for _, c := range columns {
			record = append(record, c.format(*c.value(&e)))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// check refuses an epoch that is not the one wanted or has impossible values.
func (e Epoch) check(number int) error {
	if e.Epoch != number {
		return fmt.Errorf("numbered %d, want %d", e.Epoch, number)
	}
	for _, c := range columns {
		if err := c.check(*c.value(&e)); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// ReadHistoryCSV reads what WriteCSV writes, and nothing else: other columns,
// epochs out of order, values that are no numbers, negative or, for an accuracy,
// above 1 are refused with their line and column.
func ReadHistoryCSV(r io.Reader) (History, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1 // counted here, with a better message
	names := header()
	first, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("line 1: empty, want the columns %s", strings.Join(names, ","))
	}
	if err != nil {
		return nil, err
	}
	if !slices.Equal(first, names) {
		return nil, fmt.Errorf("line 1: columns %q, want %q", strings.Join(first, ","), strings.Join(names, ","))
	}
	history := History{}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return history, nil
		}
		if err != nil {
			return nil, err
		}
		e, err := parseEpoch(record, len(history)+1)
		if err != nil {
			line, _ := in.FieldPos(0)
			return nil, fmt.Errorf("line %d%w", line, err)
		}
		history = append(history, e)
	}
}

// parseEpoch reads the record of the epoch with this number. Errors continue
// the words "line N".
func parseEpoch(record []string, number int) (Epoch, error) {
	if want := len(columns) + 1; len(record) != want {
		return Epoch{}, fmt.Errorf(": %d columns, want %d", len(record), want)
	}
	if record[0] != strconv.Itoa(number) {
		return Epoch{}, fmt.Errorf(", column epoch: %q, want %d", record[0], number)
	}
	e := Epoch{Epoch: number}
	for i, c := range columns {
		value, err := strconv.ParseFloat(record[i+1], 64)
		if err != nil {
			return Epoch{}, fmt.Errorf(", column %s: %q is not a number", c.name, record[i+1])
		}
		if err := c.check(value); err != nil {
			return Epoch{}, fmt.Errorf(", column %s: %w", c.name, err)
		}
		*c.value(&e) = value
	}
	return e, nil
}
