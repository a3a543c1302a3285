package onnx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"zoo/models/layer"
)

// ErrForeign is in the error of an ONNX file of another program: which of its
// tensors are which weights is not known.
var ErrForeign = errors.New("not an ONNX file that zoo wrote, and others are not read")

// File is the contents of a file that Write wrote. It shares the memory of the
// content that it was parsed from.
type File struct {
	Metadata map[string]string

	parts   []part
	tensors map[string]tensor // the weights by name
}

// part is what a graph has besides weights: a node, or the shape that a Reshape takes.
type part struct {
	name    string
	content []byte // the NodeProto or TensorProto as it lies there
}

// tensor is an initializer.
type tensor struct {
	name  string
	kind  uint64 // typeFloat or typeInt64
	shape []int
	raw   []byte // of float32, little-endian
}

// What is read has bounds: a field is kept in many times the two bytes that it may take
// in the file. fashion-best has 33 nodes and 40 tensors.
const (
	maxFields = 1 << 14 // of a message
	maxAxes   = 8       // of a tensor
)

// ErrDamaged is in the error of a file that is not whole or not as it was written.
var ErrDamaged = errors.New("not a sound ONNX file")

// Parse reads a file. What is wrong is an error, whatever the content is: ErrForeign
// or ErrDamaged. It takes a few megabytes and, for names and texts, at most as much
// memory as the content has.
func Parse(content []byte) (*File, error) {
	f := &File{Metadata: map[string]string{}, tensors: map[string]tensor{}}
	var graph []byte
	producerName := ""
	err := fields(content, func(field protowire.Number, value []byte) error {
		switch field {
		case modelProducerName:
			producerName = string(value)
		case modelGraph:
			graph = value
		case modelMetadata:
			return f.entry(value)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	case producerName != producer:
		return nil, ErrForeign
	}
	if err := verify(content); err != nil {
		return nil, err
	}
	delete(f.Metadata, checksumKey)
	if err := fields(graph, f.graphField); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return f, nil
}

// verify checks the file against the checksum at its end.
func verify(content []byte) error {
	end := len(content) - checksum(0).size
	if end < 0 {
		return fmt.Errorf("%w: it has only %d bytes", ErrDamaged, len(content))
	}
	want := checksum(crc32.Checksum(content[:end], castagnoli)).pieces[0].bytes
	if !bytes.Equal(content[end:], want) {
		return fmt.Errorf("%w: what it holds is not what its checksum is of; another program has changed it, or it is damaged", ErrDamaged)
	}
	return nil
}

func (f *File) entry(content []byte) error {
	var key, text string
	err := fields(content, func(field protowire.Number, value []byte) error {
		switch field {
		case entryKey:
			key = string(value)
		case entryValue:
			text = string(value)
		}
		return nil
	})
	f.Metadata[key] = text
	return err
}

func (f *File) graphField(field protowire.Number, value []byte) error {
	switch field {
	case graphNode:
		name, err := nodeNameOf(value)
		if err != nil {
			return fmt.Errorf("node %.80q: %w", name, err)
		}
		f.parts = append(f.parts, part{name, value})
	case graphInitializer:
		t, err := parseTensor(value)
		if err != nil {
			return fmt.Errorf("tensor %.80q: %w", t.name, err)
		}
		if t.kind == typeInt64 {
			f.parts = append(f.parts, part{t.name, value})
			break
		}
		if _, ok := f.tensors[t.name]; ok {
			return fmt.Errorf("tensor %.80q comes twice", t.name)
		}
		f.tensors[t.name] = t
	}
	return nil
}

func nodeNameOf(content []byte) (name string, err error) {
	err = fields(content, func(field protowire.Number, value []byte) error {
		if field == nodeName {
			name = string(value)
		}
		return nil
	})
	return name, err
}

func parseTensor(content []byte) (t tensor, err error) {
	err = fields(content, func(field protowire.Number, value []byte) error {
		switch field {
		case tensorDims:
			n, length := protowire.ConsumeVarint(value)
			if length < 0 || n > math.MaxInt32 || len(t.shape) == maxAxes {
				return errors.New("an impossible shape")
			}
			t.shape = append(t.shape, int(n))
		case tensorType:
			t.kind, _ = protowire.ConsumeVarint(value)
		case tensorName:
			t.name = string(value)
		case tensorRaw:
			t.raw = value
		}
		return nil
	})
	if err == nil && t.kind != typeFloat && t.kind != typeInt64 {
		err = fmt.Errorf("type %d, want float32 (%d) or int64 (%d)", t.kind, typeFloat, typeInt64)
	}
	return t, err
}

// fields calls f with each field of a message: a message's, text's or array's
// content without its length, the bytes of a number as they lie there.
func fields(content []byte, f func(protowire.Number, []byte) error) error {
	for count := 1; len(content) > 0; count++ {
		if count > maxFields {
			return fmt.Errorf("a message of more than %d fields", maxFields)
		}
		field, kind, n := protowire.ConsumeTag(content)
		if n < 0 {
			return protowire.ParseError(n)
		}
		content = content[n:]
		if n = protowire.ConsumeFieldValue(field, kind, content); n < 0 {
			return protowire.ParseError(n)
		}
		value := content[:n]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		if err := f(field, value); err != nil {
			return err
		}
		content = content[n:]
	}
	return nil
}

// LoadInto sets all weights of m to the file's. The file must be of a model with
// just these layers and settings, as Write writes them: otherwise the error names the
// tensor and the shapes, in ONNX's order, or the node, and m is as it was.
func (f *File) LoadInto(m *layer.Model) error {
	own := map[string]bool{}
	for _, v := range m.Variables() {
		own[v.Name] = true
		want := v.Shape()
		if len(want) == 4 {
			want = []int{want[3], want[2], want[0], want[1]}
		}
		t, ok := f.tensors[v.Name]
		switch {
		case !ok:
			return fmt.Errorf("no tensor %s %v, which model %s has", v.Name, want, m.Name())
		case !slices.Equal(t.shape, want):
			return fmt.Errorf("tensor %s has shape %v, want the %v of model %s", v.Name, t.shape, want, m.Name())
		case len(t.raw) != 4*v.Size():
			return fmt.Errorf("tensor %s has %d bytes, want %d", v.Name, len(t.raw), 4*v.Size())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.tensors)) {
		if !own[name] {
			return fmt.Errorf("tensor %.80q %v is none of model %s", name, f.tensors[name].shape, m.Name())
		}
	}
	if err := f.matchParts(m); err != nil {
		return err
	}
	for _, v := range m.Variables() {
		t := f.tensors[v.Name]
		if len(t.shape) == 4 {
			inputFirst(v.Shape(), t.raw, v.Data())
			continue
		}
		for i := range v.Data() {
			v.Data()[i] = float(t.raw, i)
		}
	}
	return nil
}

// matchParts refuses a graph that is not the model's.
func (f *File) matchParts(m *layer.Model) error {
	g, err := newGraph(m)
	if err != nil {
		return err
	}
	own := new(File)
	if err := fields(g.parts(), own.graphField); err != nil {
		return err
	}
	if len(f.parts) != len(own.parts) {
		return fmt.Errorf("%d nodes and shapes of Reshapes, want the %d of model %s", len(f.parts), len(own.parts), m.Name())
	}
	for i, p := range f.parts {
		switch want := own.parts[i]; {
		case p.name != want.name:
			return fmt.Errorf("node %.80q where model %s has %q", p.name, m.Name(), want.name)
		case !bytes.Equal(p.content, want.content):
			return fmt.Errorf("node %q has other settings or inputs than in model %s", p.name, m.Name())
		}
	}
	return nil
}

// inputFirst is the reverse of outputFirst: shape is that of data.
func inputFirst(shape []int, raw []byte, data []float32) {
	area, in, out := shape[0]*shape[1], shape[2], shape[3]
	for k := range area {
		for i := range in {
			for o := range out {
				data[(k*in+i)*out+o] = float(raw, (o*in+i)*area+k)
			}
		}
	}
}

func float(raw []byte, i int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
}
