package weights

import (
	"encoding/json"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// script reads the first file as Python does, prints what it holds and writes
// the tensors to the second.
const script = `
import json, sys
import numpy
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
tensors = load_file(sys.argv[1])
with safe_open(sys.argv[1], framework="np") as f:
    metadata = f.metadata()
print(json.dumps({
    "tensors": {name: {"shape": t.shape, "dtype": str(t.dtype), "bits": t.view(numpy.uint32).ravel().tolist()} for name, t in tensors.items()},
    "metadata": metadata,
}))
save_file(tensors, sys.argv[2])
`

// ZOO_PYTHON is a Python that has numpy and safetensors.
func TestPython(t *testing.T) {
	python := os.Getenv("ZOO_PYTHON")
	if python == "" {
		t.Skip("ZOO_PYTHON is not set; make keras sets it")
	}
	folder := t.TempDir()
	ours, theirs := filepath.Join(folder, "ours.safetensors"), filepath.Join(folder, "theirs.safetensors")
	f := little()
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
		Bits  []uint32
	}
	var got struct {
		Tensors  map[string]array
		Metadata map[string]string
	}
	if err := json.Unmarshal(output, &got); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	want := map[string]array{}
	for _, tensor := range f.Tensors {
		a := array{Shape: append([]int{}, tensor.Shape...), Dtype: "float32", Bits: []uint32{}}
		for _, x := range tensor.Data {
			a.Bits = append(a.Bits, math.Float32bits(x))
		}
		want[tensor.Name] = a
	}
	if diff := cmp.Diff(want, got.Tensors); diff != "" {
		t.Errorf("tensors (-want +got)\n%s", diff)
	}
	maps.DeleteFunc(got.Metadata, func(key, _ string) bool { return strings.HasPrefix(key, reserved) })
	if diff := cmp.Diff(f.Metadata, got.Metadata); diff != "" {
		t.Errorf("metadata (-want +got)\n%s", diff)
	}
	back, err := ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	f.Metadata = nil
	byName := cmpopts.SortSlices(func(a, b Tensor) bool { return a.Name < b.Name })
	if diff := cmp.Diff(f, back, sameFile, byName); diff != "" || back.Checked() {
		t.Errorf("Python's file: checked %v (-want +got)\n%s", back.Checked(), diff)
	}
}
