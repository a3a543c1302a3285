package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"zoo/models/layer"
)

// Entries of a weights file's metadata that say what its weights are of. All may be missing.
const (
	MetadataModel   = "model"   // the name in the registry
	MetadataDataset = "dataset" // the name of the data set trained on
	MetadataClasses = "classes" // a JSON array of the classes' names, by label
)

// ErrNoModel is the error of PredictorOf when neither the caller nor the file names the model.
var ErrNoModel = errors.New("it does not say which model its weights are of")

// PredictorOf returns the model of that name ready to predict, with the weights that
// load sets, from whatever file; "": the model that the file's texts name. From these are its
// data set and classes too.
func PredictorOf(name string, metadata map[string]string, load func(*layer.Model) error) (*Predictor, error) {
	if name == "" {
		if name = metadata[MetadataModel]; name == "" {
			return nil, ErrNoModel
		}
	}
	entry, err := find(name)
	if err != nil {
		return nil, err
	}
	model, err := entry.Build()
	if err != nil {
		return nil, err
	}
	if err := load(model); err != nil {
		return nil, err
	}
	p := NewPredictor(model)
	p.entry, p.dataset = entry, metadata[MetadataDataset]
	if text := metadata[MetadataClasses]; text != "" {
		if err := json.Unmarshal([]byte(text), &p.classes); err != nil {
			return nil, fmt.Errorf("its classes %.40q are not a JSON array of names", text)
		}
		if len(p.classes) != model.Classes() {
			return nil, fmt.Errorf("it names %d classes, but model %s has %d", len(p.classes), name, model.Classes())
		}
	}
	return p, nil
}

// find is the model of that name.
func find(name string) (Entry, error) {
	report, variants := All(), Variants()
	for _, e := range append(slices.Clone(report), variants...) {
		if e.Name == name {
			return e, nil
		}
	}
	return Entry{}, unknown(name, report, variants)
}
