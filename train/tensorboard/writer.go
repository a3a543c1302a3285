// Package tensorboard writes event files for TensorBoard: scalars and histograms
// over steps, in the form that TensorFlow 2 gives them.
//
// An event file is a sequence of TFRecords, each of which holds one Event in
// Protocol Buffers' encoding. A writer hands each record to the system whole, as
// soon as it has it: files of a program that was killed can be read to their last
// event. TensorBoard reads all the files of a folder as one run, in the order of
// their names, which begin with the time.
package tensorboard

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Writer writes one event file. It is not for concurrent use.
type Writer struct {
	file   *os.File
	now    func() time.Time
	record []byte // memory for the next
}

// Create begins a new event file in a folder, which it makes if need be. Files
// that are there are left alone: what a resumed training adds has its own file.
func Create(folder string) (*Writer, error) { return create(folder, time.Now) }

func create(folder string, now func() time.Time) (*Writer, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("cannot make the folder of event files: %w", err)
	}
	file, err := createFile(folder, now())
	if err != nil {
		return nil, fmt.Errorf("cannot create an event file: %w", err)
	}
	w := &Writer{file: file, now: now}
	if err := w.write(firstEvent(w.seconds())); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// createFile creates the file under a name as TensorFlow's: time, host, process
// and a number that makes it new.
func createFile(folder string, at time.Time) (*os.File, error) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	host = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == ':' {
			return '-'
		}
		return r
	}, host)
	for n := 0; ; n++ {
		name := fmt.Sprintf("events.out.tfevents.%010d.%s.%d.%d.v2", at.Unix(), host, os.Getpid(), n)
		file, err := os.OpenFile(filepath.Join(folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// Path is where the file is.
func (w *Writer) Path() string { return w.file.Name() }

// Scalar adds a value to the series of this tag, which TensorBoard keeps as float32.
func (w *Writer) Scalar(tag string, step int64, value float64) error {
	return w.write(summaryEvent(w.seconds(), step, tag, scalars, scalarTensor(float32(value))))
}

// Histogram adds the distribution of the values to the series of this tag, in 30
// buckets of one width. Values that are not finite are left out.
func (w *Writer) Histogram(tag string, step int64, values []float32) error {
	return w.write(summaryEvent(w.seconds(), step, tag, histograms, histogramTensor(buckets(values))))
}

// Close closes the file.
func (w *Writer) Close() error { return w.file.Close() }

func (w *Writer) seconds() float64 {
	now := w.now()
	return float64(now.Unix()) + float64(now.Nanosecond())/1e9
}

// write adds an event to the file by one call of the system.
func (w *Writer) write(event []byte) error {
	w.record = appendRecord(w.record[:0], event)
	_, err := w.file.Write(w.record) // its error names the file
	return err
}
