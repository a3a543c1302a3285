package plots

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

// published are the epochs of each model, by its name.
type published struct{ report, keras map[string]train.History }

var reference = sync.OnceValues(func() (published, error) {
	report, err := readReference("report_epochs.csv")
	if err != nil {
		return published{}, err
	}
	keras, err := readReference("keras_runs.csv")
	return published{report, keras}, err
})

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

// epochOf returns the epoch of that number, nil when the history has none.
func epochOf(h train.History, number int) *train.Epoch {
	for i := range h {
		if h[i].Epoch == number {
			return &h[i]
		}
	}
	return nil
}

// accuracyClaims are the validation accuracies of models of which the report
// prints no epochs.
var accuracyClaims = map[string]string{"mnist-seq": "99%", "mnist-func": "99%"}

// claims are what the report says of models of which it prints no epochs.
var claims = map[string]string{
	"mnist-dense": "batches of 64 oscillate significantly less than batches of 32 and train faster; it prints no numbers",
	"mnist-seq":   "99% accuracy on MNIST; it prints no numbers",
	"mnist-func":  "the result is the same as for the sequential model: 99%; it prints no numbers",
}
