package train

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// CSVLogger writes a file with one line for each epoch as Keras's callback of
// this name does: epoch, counted from 0, and the metrics accuracy, loss,
// val_accuracy and val_loss. The file is replaced, whole or not at all, as each
// epoch ends.
//
// history.csv (History.WriteCSV) has more and is written for people; this one is
// for programs that read Keras's logs.
type CSVLogger struct {
	Path string

	// Append keeps the lines that a file at Path has, for a training that is
	// resumed. An epoch is there once: those that come again replace the old lines
	// from there on, where Keras would add them. A file of other columns is refused
	// when the training begins.
	Append bool

	Separator rune // 0: a comma

	rows []csvRow
}

// csvRow is a line of the file and its epoch, from 0.
type csvRow struct {
	epoch  int
	record []string
}

// loggedColumns are the columns after the epoch: the metrics in the order of their names.
var loggedColumns = func() []column {
	var metrics []column
	for _, c := range columns {
		if Monitor(c.name).Check() == nil {
			metrics = append(metrics, c)
		}
	}
	slices.SortFunc(metrics, func(a, b column) int { return cmp.Compare(a.name, b.name) })
	return metrics
}()

func (l *CSVLogger) header() []string {
	names := []string{"epoch"}
	for _, c := range loggedColumns {
		names = append(names, c.name)
	}
	return names
}

func (l *CSVLogger) separator() rune {
	if l.Separator == 0 {
		return ','
	}
	return l.Separator
}

func (l *CSVLogger) TrainBegin(*Training) error {
	l.rows = nil
	if l.Append {
		file, err := os.Open(l.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("CSVLogger: %w", err)
		default:
			l.rows, err = l.read(file)
			if err = join(err, file.Close()); err != nil {
				return fmt.Errorf("CSVLogger: %s: %w", l.Path, err)
			}
		}
	}
	return l.write()
}

// read reads what write has written. Errors give the line.
func (l *CSVLogger) read(r io.Reader) ([]csvRow, error) {
	in := csv.NewReader(r)
	in.Comma = l.separator()
	in.FieldsPerRecord = -1 // counted here, with a better message
	var rows []csvRow
	for first := true; ; first = false {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(0)
		if first {
			if want := l.header(); !slices.Equal(record, want) {
				return nil, fmt.Errorf("line %d: columns %q, want %q: not a log of this kind", line, strings.Join(record, ","), strings.Join(want, ","))
			}
			continue
		}
		if want := len(loggedColumns) + 1; len(record) != want {
			return nil, fmt.Errorf("line %d: %d columns, want %d", line, len(record), want)
		}
		epoch, err := strconv.Atoi(record[0])
		if err != nil || epoch < 0 {
			return nil, fmt.Errorf("line %d, column epoch: %q is not a number of 0 or above", line, record[0])
		}
		rows = append(rows, csvRow{epoch, record})
	}
}

func (l *CSVLogger) write() error {
	var text bytes.Buffer
	out := csv.NewWriter(&text)
	out.Comma = l.separator()
	records := [][]string{l.header()}
	for _, row := range l.rows {
		records = append(records, row.record)
	}
	if err := out.WriteAll(records); err != nil {
		return fmt.Errorf("CSVLogger: %w", err) // of the separator
	}
	return WriteFile(l.Path, func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
}

func (l *CSVLogger) EpochBegin(*Training) error { return nil }
func (l *CSVLogger) BatchEnd(*Training) error   { return nil }
func (l *CSVLogger) TrainEnd(*Training) error   { return nil }

func (l *CSVLogger) EpochEnd(_ *Training, e Epoch) error {
	epoch := e.Epoch - 1
	again := slices.IndexFunc(l.rows, func(row csvRow) bool { return row.epoch >= epoch })
	if again >= 0 {
		l.rows = l.rows[:again]
	}
	record := []string{strconv.Itoa(epoch)}
	for _, c := range loggedColumns {
		record = append(record, c.format(*c.value(&e)))
	}
	l.rows = append(l.rows, csvRow{epoch, record})
	return l.write()
}
