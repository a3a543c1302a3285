package exchange

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"zoo/models"
	"zoo/models/exchange/keras"
	"zoo/models/exchange/onnx"
	"zoo/models/layer"
	"zoo/models/weights"
)

// File is the weights that a file holds, and what it tells of them.
type File struct {
	Extension string // of its format, one of Extensions
	// Metadata is the file's texts by package models' names for them (models.MetadataModel);
	// other entries are the format's. "model" is there only if the registry has it.
	Metadata map[string]string

	load func(*layer.Model) error
	safe *weights.File
}

// LoadInto sets all weights of the model to the file's. Where the file is of another
// model the error names the tensor and the shapes, and the model is as it was.
func (f *File) LoadInto(m *layer.Model) error { return f.load(m) }

// Safetensors is the file's tensors where it is of that format, a checkpoint's
// besides the weights included; nil otherwise.
func (f *File) Safetensors() *weights.File { return f.safe }

// Predictor is the model with the file's weights, ready to predict: the one that the
// file names, or that of the name where it is not "". See models.PredictorOf.
func (f *File) Predictor(name string) (*models.Predictor, error) {
	return models.PredictorOf(name, f.Metadata, f.LoadInto)
}

// Load reads a file of weights of any format and returns the model that it names, ready
// to predict. Errors name the file, and where the weights do not fit the model, the
// tensor and the shapes.
func Load(path string) (*models.Predictor, error) { return LoadAs("", path) }

// LoadAs is Load with the name of the model, whatever the file says; "" leaves that to the file.
func LoadAs(name, path string) (*models.Predictor, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	p, err := f.Predictor(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// Open reads the file at path. Errors name it.
func Open(path string) (*File, error) {
	content, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := Parse(path, content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Read reads a file of that name from r, to r's end.
func Read(name string, r io.Reader) (*File, error) {
	content, err := io.ReadAll(io.LimitReader(r, largest+1))
	switch {
	case err != nil:
		return nil, err
	case len(content) > largest:
		return nil, fmt.Errorf("it has more than %d bytes", largest)
	}
	return Parse(name, content)
}

// Parse is Read of content that is in memory. What is read shares its memory.
func Parse(name string, content []byte) (*File, error) {
	f, err := byStart(name, content)
	if err != nil {
		return nil, err
	}
	file, err := f.parse(content)
	if err != nil {
		return nil, err
	}
	file.Extension = f.extension
	return file, nil
}

// largest is the size of files that are read: fashion-best with an optimizer takes
// 180 MB, and a message of ONNX can have no more.
const largest = 1<<31 - 1

// ReadFile reads a file for Parse: first its beginning, to leave large files of other
// kinds alone, and nothing that is not a file (a device has no end). Errors name it.
func ReadFile(path string) ([]byte, error) {
	content, err := readFile(path)
	var of *fs.PathError // names the path too, behind the call that failed
	if errors.As(err, &of) {
		err = of.Err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return content, nil
}

func readFile(path string) (content []byte, err error) {
	info, err := os.Stat(path) // before it is opened: that waits for a pipe's other end
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	start := make([]byte, min(info.Size(), startSize))
	if _, err := io.ReadFull(file, start); err != nil {
		return nil, err
	}
	f, err := byStart(path, start)
	switch {
	case err != nil:
		return nil, err
	case info.Size() > largest:
		return nil, fmt.Errorf("it has %d bytes, want at most %d", info.Size(), largest)
	case !f.begins(start):
		if _, err := f.parse(start); err != nil { // which knows best what is missing
			return nil, err
		}
		return nil, fmt.Errorf("it does not begin as a %s file", f.extension)
	}
	content = make([]byte, info.Size())
	copy(content, start)
	_, err = io.ReadFull(file, content[len(start):])
	return content, err
}

func parseSafetensors(content []byte) (*File, error) {
	f, err := weights.Parse(content)
	if err != nil {
		return nil, err
	}
	return &File{Metadata: f.Metadata, load: f.LoadInto, safe: f}, nil
}

func parseKeras(content []byte) (*File, error)        { return kerasFile(keras.ParseModel(content)) }
func parseKerasWeights(content []byte) (*File, error) { return kerasFile(keras.ParseWeights(content)) }

func kerasFile(f *keras.File, err error) (*File, error) {
	if err != nil {
		return nil, err
	}
	metadata := map[string]string{}
	maps.Copy(metadata, f.Metadata)
	// Of Keras's own names (sequential_1) nothing follows.
	isModel := func(e models.Entry) bool { return e.Name == f.Name }
	if metadata[models.MetadataModel] == "" && slices.ContainsFunc(append(models.All(), models.Variants()...), isModel) {
		metadata[models.MetadataModel] = f.Name
	}
	return &File{Metadata: metadata, load: f.LoadInto}, nil
}

func parseONNX(content []byte) (*File, error) {
	f, err := onnx.Parse(content)
	if err != nil {
		return nil, err
	}
	return &File{Metadata: f.Metadata, load: f.LoadInto}, nil
}

// Options are what is written beside a model's weights.
type Options struct {
	// Metadata is texts for the file's readers, of all formats but .weights.h5, which has
	// no place for them. The model's name is added where they have none.
	Metadata map[string]string
	// Keras is what a .keras file needs: the optimizer to train on with. Its
	// Metadata is not used.
	Keras keras.Settings
}

func (o Options) named(m *layer.Model) map[string]string {
	all := map[string]string{models.MetadataModel: m.Name()}
	maps.Copy(all, o.Metadata)
	return all
}

// Save writes the model's weights in the format of that extension.
func Save(w io.Writer, extension string, m *layer.Model, o Options) error {
	f, err := byName(extension)
	if err != nil {
		return err
	}
	return f.write(w, m, o)
}
