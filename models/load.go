package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"zoo/models/weights"
)

// Entries of a weights file's metadata that say what its weights are of. All may be missing.
const (
	MetadataModel   = "model"   // the name in the registry
	MetadataDataset = "dataset" // the name of the data set trained on
	MetadataClasses = "classes" // a JSON array of the classes' names, by label
)

// ErrNoModel is the error of Load when the file does not name its model; LoadAs takes the name.
var ErrNoModel = errors.New("it does not say which model its weights are of")

// Load reads a file of weights (see package weights), a checkpoint or weights alone, and
// returns the model that it names, ready to predict. Errors name the file, and where the
// weights do not fit the model, the tensor and the shapes.
func Load(path string) (*Predictor, error) { return LoadAs("", path) }

// LoadAs is Load with the name of the model, whatever the file says; "" leaves that to the file.
func LoadAs(name, path string) (*Predictor, error) {
	file, err := weights.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := predictorOf(name, file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func predictorOf(name string, file *weights.File) (*Predictor, error) {
	if name == "" {
		if name = file.Metadata[MetadataModel]; name == "" {
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
	if err := file.LoadInto(model); err != nil {
		return nil, err
	}
	p := NewPredictor(model)
	p.entry, p.dataset = entry, file.Metadata[MetadataDataset]
	if text := file.Metadata[MetadataClasses]; text != "" {
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
