package hdf5

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// File is what a file holds.
type File struct {
	// Groups are the paths of the groups. When written, those that have something
	// in them need not be listed; when read, all are but the root.
	Groups     []string
	Datasets   []Dataset   // in any order when written, a group's by name when read
	Attributes []Attribute // likewise
}

// Dataset is a named array: of float32, or of integers if Int64 is not nil.
type Dataset struct {
	Path    string // from the root without its slash: "layers/conv2d/vars/0"
	Shape   []int  // row-major; none: one element
	Float32 []float32
	Int64   []int64
}

// Attribute is a text that belongs to a group or a data set.
type Attribute struct {
	Path  string // of the group or data set; "" is the root
	Name  string
	Value string
}

var (
	// ErrDamaged is in the error of what is no HDF5 file, or not a whole and sound one.
	ErrDamaged = errors.New("not a sound HDF5 file")
	// ErrUnsupported is in the error of a file with parts that are not read here.
	ErrUnsupported = errors.New("not supported")
)

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

// Bounds on what is written and read. With the first two a path's length is a small
// multiple of what its object takes in the file, at least 64 bytes.
const (
	maxPath       = 1024 // bytes; also of an attribute's name
	maxDepth      = 64   // groups in groups
	maxRank       = 32   // the format's own
	maxAttributes = 1 << 15
)

// Dataset is the data set of that path.
func (f *File) Dataset(path string) (Dataset, bool) {
	for _, d := range f.Datasets {
		if d.Path == path {
			return d, true
		}
	}
	return Dataset{}, false
}

// Attribute is the value of the attribute of that name of the object of that path.
func (f *File) Attribute(path, name string) (string, bool) {
	for _, a := range f.Attributes {
		if a.Path == path && a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// elements is the number of elements of a shape.
func elements(shape []int) (int, error) {
	if len(shape) > maxRank {
		return 0, fmt.Errorf("%d axes, want at most %d", len(shape), maxRank)
	}
	n := 1
	for _, side := range shape {
		if side < 0 || side > 0 && n > math.MaxInt/8/side {
			return 0, fmt.Errorf("impossible shape %v", shape)
		}
		n *= side
	}
	return n, nil
}

// checkName refuses what cannot be one step of a path.
func checkName(name string) error {
	if name == "" || name == "." || strings.ContainsAny(name, "/\x00") || !utf8.ValidString(name) {
		return fmt.Errorf("%q is no name for an object", name)
	}
	return nil
}

// checkPath refuses paths longer and deeper than those that are read. It takes their
// length and slashes: a reader makes no path before it knows that it may.
func checkPath(length, slashes int) error {
	switch {
	case length > maxPath:
		return fmt.Errorf("a path of %d bytes, want at most %d", length, maxPath)
	case slashes >= maxDepth:
		return fmt.Errorf("more than %d groups in each other", maxDepth)
	}
	return nil
}

// checkAttribute refuses texts that other programs would read as others.
func checkAttribute(name, value string) error {
	switch {
	case name == "" || len(name) > maxPath || !isText(name):
		return fmt.Errorf("%.50q is no name for an attribute", name)
	case !isText(value) || len(value) > math.MaxInt32:
		return fmt.Errorf("the value of attribute %q is no text", name)
	}
	return nil
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
