package weights

import (
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nlpodyssey/safetensors"
)

// File is the contents of a file.
type File struct {
	Tensors  []Tensor          // by name when written, as they lie there when read
	Metadata map[string]string // without the entries of this package

	checked bool
}

// Tensor is a named array.
type Tensor struct {
	Name  string
	Shape []int  // row-major; none: one element
	DType string // as safetensors names it; "" means F32
	// Data is the elements: nil for types other than F32, which are not read. It
	// may share memory with the model or the file that it comes from.
	Data []float32
}

// F32 is the type of all tensors that are written here.
const F32 = "F32"

// These entries of the metadata are this package's own. There are two, so that
// one wrong bit cannot make a file pass for one that never had a checksum.
const (
	reserved    = "zoo."
	formatKey   = reserved + "format"
	checksumKey = reserved + "checksum"

	format   = "1"
	crcName  = "crc32c:"
	crcZeros = "00000000"
)

// Bounds on what is read. The header is parsed into some 30 times its size.
const (
	maxHeader = 8 << 20 // bytes
	maxRank   = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checked tells whether the file carried a checksum, which was right. Files of
// other programs carry none.
func (f *File) Checked() bool { return f.checked }

// Tensor is the tensor of that name.
func (f *File) Tensor(name string) (Tensor, bool) {
	for _, t := range f.Tensors {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}

// Write writes the file; the same file always as the same bytes. The tensors go
// straight from their memory to w, in the order of their names. It refuses names
// that come twice, tensors whose shape is not that of their data and texts that
// are not UTF-8.
func (f *File) Write(w io.Writer) error {
	views, err := f.views()
	if err != nil {
		return err
	}
	metadata, err := f.metadata()
	if err != nil {
		return err
	}
	// The checksum is of the file in which its own digits are zeros.
	sum := crc32.New(castagnoli)
	metadata[checksumKey] = crcName + crcZeros
	if err := safetensors.SerializeToWriter(views, metadata, sum); err != nil {
		return err
	}
	metadata[checksumKey] = fmt.Sprintf("%s%08x", crcName, sum.Sum32())
	return safetensors.SerializeToWriter(views, metadata, w)
}

func (f *File) views() (map[string]view, error) {
	views := make(map[string]view, len(f.Tensors))
	for _, t := range f.Tensors {
		if _, ok := views[t.Name]; ok {
			return nil, fmt.Errorf("tensor %s comes twice", t.Name)
		}
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		v := view{shape: make([]uint64, len(t.Shape)), data: bytesOf(t.Data)}
		for i, n := range t.Shape {
			v.shape[i] = uint64(n)
		}
		views[t.Name] = v
	}
	return views, nil
}

// check refuses a tensor that cannot be written.
func (t Tensor) check() error {
	switch {
	case t.Name == "" || t.Name == "__metadata__" || !utf8.ValidString(t.Name):
		return fmt.Errorf("not a name for a tensor")
	case t.DType != "" && t.DType != F32:
		return fmt.Errorf("type %s, want %s", t.DType, F32)
	case len(t.Shape) > maxRank:
		return fmt.Errorf("%d axes, want at most %d", len(t.Shape), maxRank)
	}
	n, err := elements(t.Shape)
	if err != nil {
		return err
	}
	if n != len(t.Data) {
		return fmt.Errorf("shape %v, but %d elements", t.Shape, len(t.Data))
	}
	return nil
}

// elements is the number of elements of a shape.
func elements(shape []int) (int, error) {
	n := 1
	for _, side := range shape {
		if side < 0 || side > 0 && n > math.MaxInt/4/side {
			return 0, fmt.Errorf("impossible shape %v", shape)
		}
		n *= side
	}
	return n, nil
}

// metadata is the metadata with the format's own entry.
func (f *File) metadata() (map[string]string, error) {
	all := make(map[string]string, len(f.Metadata)+2)
	for _, key := range slices.Sorted(maps.Keys(f.Metadata)) {
		switch {
		case strings.HasPrefix(key, reserved):
			return nil, fmt.Errorf("metadata %q: names that begin with %q are taken", key, reserved)
		case !utf8.ValidString(key) || !utf8.ValidString(f.Metadata[key]):
			return nil, fmt.Errorf("metadata %q is not UTF-8", key)
		}
		all[key] = f.Metadata[key]
	}
	all[formatKey] = format
	return all, nil
}

// view is a tensor as package safetensors writes it.
type view struct {
	shape []uint64
	data  []byte
}

func (v view) DType() safetensors.DType { return safetensors.F32 }
func (v view) Shape() []uint64          { return v.shape }
func (v view) Data() []byte             { return v.data }
func (v view) DataLen() uint64          { return uint64(len(v.data)) }
