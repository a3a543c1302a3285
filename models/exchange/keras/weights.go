package keras

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"zoo/models/exchange/hdf5"
	"zoo/models/layer"
)

// ErrForeign is in the error of a file that is not one of Keras 3.
var ErrForeign = errors.New("not a file of Keras 3")

// WriteWeights writes the model's weights as a .weights.h5 file, without an
// optimizer's state: a compiled model of Keras that loads it warns that it keeps its own.
func WriteWeights(w io.Writer, m *layer.Model) error { return hdf5.Write(w, weightsFile(m)) }

// ReadWeights reads the content of a .weights.h5 file into the model. Errors name
// the tensor and the shapes, and the model is as it was.
func ReadWeights(content []byte, m *layer.Model) error {
	f, err := ParseWeights(content)
	if err != nil {
		return err
	}
	return f.LoadInto(m)
}

// File is a file of Keras: weights, and of a .keras file the model too.
type File struct {
	Name string // of the model; "" if the file does not tell
	// Metadata are the zoo's texts in a .keras file that was written here, nil in others.
	Metadata map[string]string

	weights *hdf5.File
	config  *savedModel // nil in a .weights.h5 file
}

// ParseWeights parses the content of a .weights.h5 file.
func ParseWeights(content []byte) (*File, error) {
	weights, err := hdf5.Read(content)
	if err != nil {
		return nil, err
	}
	if _, old := weights.Attribute("", "keras_version"); old {
		return nil, fmt.Errorf("%w but in the older .h5 format: load it in Keras and save it as .keras", ErrForeign)
	}
	if !slices.Contains(weights.Groups, layersPath) {
		return nil, fmt.Errorf("%w: no group %q", ErrForeign, layersPath)
	}
	f := &File{weights: weights}
	f.Name, _ = weights.Attribute(vars, nameAttribute)
	return f, nil
}

// LoadInto sets all weights of the model to the file's. Where the file holds another
// model the error names the tensor and the shapes, or the layer and its setting, and m is as it was.
func (f *File) LoadInto(m *layer.Model) error {
	byPath := make(map[string]hdf5.Dataset, len(f.weights.Datasets))
	for _, d := range f.weights.Datasets {
		byPath[d.Path] = d
	}
	own := map[string]bool{}
	for _, p := range places(m) {
		for i, v := range p.variables {
			path := p.tensor(i)
			own[path] = true
			d, ok := byPath[path]
			if !ok {
				return fmt.Errorf("no tensor %s for %s %v of model %s", path, v.Name, v.Shape(), m.Name())
			}
			if err := fits(d, v); err != nil {
				return fmt.Errorf("tensor %s %w of model %s", path, err, m.Name())
			}
		}
	}
	for _, d := range f.weights.Datasets {
		if isWeight(d.Path) && !own[d.Path] {
			return fmt.Errorf("tensor %.200q %v is none of model %s", d.Path, d.Shape, m.Name())
		}
	}
	if f.config != nil {
		if err := f.config.computes(m); err != nil {
			return err
		}
	}
	for _, p := range places(m) {
		for i, v := range p.variables {
			copy(v.Data(), byPath[p.tensor(i)].Float32)
		}
	}
	return nil
}

// fits tells what is wrong with a tensor for a weight.
func fits(d hdf5.Dataset, v *layer.Variable) error {
	switch {
	case d.Int64 != nil:
		return fmt.Errorf("holds integers, want the float32 of %s", v.Name)
	case !slices.Equal(d.Shape, v.Shape()) || len(d.Float32) != v.Size():
		return fmt.Errorf("has shape %v, want the %v of %s", d.Shape, v.Shape(), v.Name)
	}
	return nil
}

// isWeight tells whether a tensor is a layer's weight: there are also the optimizer's and the
// states of Dropout's random numbers.
func isWeight(path string) bool {
	return strings.HasPrefix(path, layersPath+"/") && !strings.Contains(path, "/seed_generator/")
}
