package study

import (
	"embed"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"

	"zoo/train"
)

// The published numbers: report_epochs.csv holds every epoch that the report
// prints (2.5 without its first, ms/step in whole ms), keras_runs.csv one run of
// real Keras 3.15 for some models, with the report's settings and without times.
//
//go:embed reference/report_epochs.csv reference/keras_runs.csv
var referenceFiles embed.FS

// Report returns the epochs that the lab report prints, by model: none of the
// first three, and of fashion-best from the second. The caller may change them.
func Report() map[string]train.History { return copied(reportEpochs()) }

// Keras returns one run of real Keras 3.15, in float32 with the report's
// settings and without times, of each model that has been run. The caller may
// change them.
func Keras() map[string]train.History { return copied(kerasRuns()) }

var (
	reportEpochs = sync.OnceValue(func() map[string]train.History { return mustReadReference("report_epochs.csv") })
	kerasRuns    = sync.OnceValue(func() map[string]train.History { return mustReadReference("keras_runs.csv") })
)

func copied(models map[string]train.History) map[string]train.History {
	other := map[string]train.History{}
	for name, h := range models {
		other[name] = slices.Clone(h)
	}
	return other
}

// mustReadReference reads a file that is part of the program: an error is one
// of the program, which its tests show.
func mustReadReference(name string) map[string]train.History {
	models, err := readReference(name)
	if err != nil {
		panic(err)
	}
	return models
}

func readReference(name string) (map[string]train.History, error) {
	f, err := referenceFiles.Open("reference/" + name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	models, err := parseReference(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return models, nil
}

// parseReference reads epochs by the names of their columns.
func parseReference(r io.Reader) (map[string]train.History, error) {
	records, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("empty")
	}
	model := slices.Index(records[0], "model")
	if model < 0 {
		return nil, fmt.Errorf("no column model")
	}
	models := map[string]train.History{}
	for i, record := range records[1:] {
		e, err := parseEpoch(records[0], record)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		models[record[model]] = append(models[record[model]], e)
	}
	return models, nil
}

func parseEpoch(columns, record []string) (train.Epoch, error) {
	var e train.Epoch
	for i, column := range columns {
		field := map[string]*float64{
			"loss": &e.Loss, "accuracy": &e.Accuracy, "val_loss": &e.ValLoss, "val_accuracy": &e.ValAccuracy,
			"seconds": &e.Seconds, "ms_per_step": &e.MsPerStep,
		}[column]
		var err error
		switch {
		case column == "epoch":
			e.Epoch, err = strconv.Atoi(record[i])
		case field != nil:
			*field, err = strconv.ParseFloat(record[i], 64)
		}
		if err != nil {
			return e, fmt.Errorf("column %s: %w", column, err)
		}
	}
	return e, nil
}
