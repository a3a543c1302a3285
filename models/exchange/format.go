package exchange

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"zoo/models/exchange/keras"
	"zoo/models/exchange/onnx"
	"zoo/models/layer"
	"zoo/models/weights"
)

// The formats by the ends of their files' names.
const (
	Safetensors  = ".safetensors"
	Keras        = ".keras"
	KerasWeights = ".weights.h5"
	ONNX         = ".onnx"
)

// format is what is done with files of one kind.
type format struct {
	extension string
	begins    func(start []byte) bool // whether a file can begin like this
	parse     func(content []byte) (*File, error)
	write     func(w io.Writer, m *layer.Model, o Options) error
}

// startSize is how much of a file's beginning tells its format.
const startSize = 16

var formats = []format{
	{Safetensors, beginsWith(8, "{"), parseSafetensors, func(w io.Writer, m *layer.Model, o Options) error {
		return weights.Save(w, m, o.named(m))
	}},
	{Keras, beginsWith(0, "PK\x03\x04"), parseKeras, func(w io.Writer, m *layer.Model, o Options) error {
		s := o.Keras
		s.Metadata = o.named(m)
		return keras.WriteModel(w, s, m)
	}},
	{KerasWeights, beginsWith(0, "\x89HDF\r\n\x1a\n"), parseKerasWeights, func(w io.Writer, m *layer.Model, _ Options) error {
		return keras.WriteWeights(w, m)
	}},
	// The IR version is the first field of a model's message.
	{ONNX, beginsWith(0, "\x08"), parseONNX, func(w io.Writer, m *layer.Model, o Options) error {
		return onnx.Write(w, m, o.named(m))
	}},
}

func beginsWith(at int, text string) func([]byte) bool {
	return func(start []byte) bool { return len(start) >= at && bytes.HasPrefix(start[at:], []byte(text)) }
}

// Extensions are the ends of the names of files that are read and written.
func Extensions() []string {
	all := make([]string, len(formats))
	for i, f := range formats {
		all[i] = f.extension
	}
	return all
}

// known lists the extensions: .a, .b or .c.
func known() string {
	all := Extensions()
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " or " + all[last]
}

// Extension is that of a file by its name, in lower case. Of a name that ends in none of
// Extensions it is an error that lists them.
func Extension(name string) (string, error) {
	f, err := byName(name)
	return f.extension, err
}

func byName(name string) (format, error) {
	for _, f := range formats {
		if strings.HasSuffix(strings.ToLower(name), f.extension) {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("want a file that ends in %s", known())
}

// byStart is the format of a file by its name, and where that tells nothing by its beginning.
func byStart(name string, start []byte) (format, error) {
	if f, err := byName(name); err == nil {
		return f, nil
	}
	for _, f := range formats {
		// A byte says little: ONNX is known by its name alone.
		if f.extension != ONNX && f.begins(start) {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("neither its name nor its beginning says what it is; files of weights are %s", known())
}
