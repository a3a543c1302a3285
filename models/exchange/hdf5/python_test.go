package hdf5

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// script walks the first file with h5py, looks every object up by its path too, prints
// what it holds and writes the same to the second. Then it changes the first, as a
// file that libhdf5 could not only read but take for its own.
const script = `
import json, sys
import h5py, numpy
held = {"groups": [], "datasets": {}, "attributes": {}}
with h5py.File(sys.argv[1], "r") as f, h5py.File(sys.argv[2], "w") as g:
    def visit(path, o):
        o = f[path]
        if isinstance(o, h5py.Group):
            held["groups"].append(path)
            copy = g.require_group(path)
        else:
            values = o[()]
            bits = numpy.asarray(values).ravel().view("u4" if o.dtype == "f4" else "i8").tolist()
            held["datasets"][path] = {"shape": o.shape, "dtype": o.dtype.str, "bits": bits}
            copy = g.create_dataset(path, data=values)
        attributes(path, o, copy)
    def attributes(path, o, copy):
        for name, value in o.attrs.items():
            held["attributes"][path + ":" + name] = value
            copy.attrs[name] = value
    f.visititems(visit)
    attributes("", f, g)
with h5py.File(sys.argv[1], "r+") as f:
    f["new/x"] = numpy.arange(9, dtype="f4")
    f["layers/dense/vars/0"][1, 2] = 42
    f["layers/dense/vars"].attrs["more"] = "text"
    del f["rate"]
print(json.dumps(held))
`

// python is a Python that has h5py, of the environment variable ZOO_PYTHON.
func python(t *testing.T) string {
	t.Helper()
	python := os.Getenv("ZOO_PYTHON")
	if python == "" {
		t.Skip("ZOO_PYTHON is not set; make keras sets it")
	}
	return python
}

// large is little with a group of a B-tree of two levels.
func large() *File {
	f := little()
	f.Groups = append(f.Groups, "many")
	for i := range 300 {
		f.Datasets = append(f.Datasets, Dataset{Path: fmt.Sprint("many/", i), Shape: []int{1}, Float32: []float32{float32(i)}})
	}
	for i := range 100 {
		f.Attributes = append(f.Attributes, Attribute{"many", fmt.Sprint("attribute ", i), fmt.Sprint("value ", i)})
	}
	return f
}

func TestPythonH5py(t *testing.T) {
	python := python(t)
	folder := t.TempDir()
	ours, theirs := filepath.Join(folder, "ours.h5"), filepath.Join(folder, "theirs.h5")
	f := large()
	if err := os.WriteFile(ours, content(t, f), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python, "-c", script, ours, theirs)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	type array struct {
		Shape []int
		Dtype string
		Bits  []int64
	}
	type held struct {
		Groups     []string
		Datasets   map[string]array
		Attributes map[string]string
	}
	want := held{f.Groups, map[string]array{}, map[string]string{}}
	for _, d := range f.Datasets {
		a := array{Shape: d.Shape, Dtype: "<f4", Bits: d.Int64}
		if d.Int64 != nil {
			a.Dtype = "<i8"
		}
		for _, x := range d.Float32 {
			a.Bits = append(a.Bits, int64(math.Float32bits(x)))
		}
		want.Datasets[d.Path] = a
	}
	for _, a := range f.Attributes {
		want.Attributes[a.Path+":"+a.Name] = a.Value
	}
	var got held
	if err := json.Unmarshal(output, &got); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	if diff := gocmp.Diff(want, got, same); diff != "" {
		t.Errorf("(-written +read by h5py)\n%s", diff)
	}
	if diff := gocmp.Diff(f, readFile(t, theirs), same); diff != "" {
		t.Errorf("(-written +written by h5py and read)\n%s", diff)
	}
	changed := readFile(t, ours)
	x, _ := changed.Dataset("new/x")
	kernel, _ := changed.Dataset("layers/dense/vars/0")
	more, _ := changed.Attribute("layers/dense/vars", "more")
	_, rate := changed.Dataset("rate")
	if len(x.Float32) != 9 || x.Float32[8] != 8 || kernel.Float32[5] != 42 || more != "text" || rate {
		t.Errorf("changed by h5py it holds %v, %v, %q, %v", x, kernel, more, rate)
	}
}

func readFile(t *testing.T, path string) *File {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(content)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What h5dump (Debian's hdf5-tools) prints of Keras's file is to be what it prints of
// that file read and written here; and it has no complaints about any.
func TestPythonH5dump(t *testing.T) {
	_ = python(t)
	dump := func(content []byte) string {
		path := filepath.Join(t.TempDir(), "a.h5")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		command := exec.Command("h5dump", filepath.Base(path))
		command.Dir = filepath.Dir(path)
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		return string(output)
	}
	keras := readTestdata(t, "keras.weights.h5")
	f, err := Read(keras)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(dump(keras), dump(content(t, f))); diff != "" {
		t.Errorf("(-Keras's +ours)\n%s", diff)
	}
	dump(content(t, large()))
}
