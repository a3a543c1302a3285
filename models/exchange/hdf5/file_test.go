package hdf5

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// same compares what files hold: floats by their bits, objects in any order.
var same = gocmp.Options{
	gocmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }),
	cmpopts.EquateEmpty(),
	cmpopts.SortSlices(func(a, b string) bool { return a < b }),
	cmpopts.SortSlices(func(a, b Dataset) bool { return a.Path < b.Path }),
	cmpopts.SortSlices(func(a, b Attribute) bool { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Name, b.Name)) < 0 }),
}

func content(t interface{ Fatal(...any) }, f *File) []byte {
	var b bytes.Buffer
	if err := Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// little is a small file with everything that is written.
func little() *File {
	return &File{
		Groups: []string{"layers", "layers/dense", "layers/dense/vars", "layers/dropout", "layers/dropout/vars"},
		Datasets: []Dataset{
			{Path: "empty", Shape: []int{2, 0}},
			{Path: "iterations", Int64: []int64{-3}},
			{Path: "layers/dense/vars/0", Shape: []int{2, 3}, Float32: []float32{1, -2, 3, 1e-45, 5, 6}},
			{Path: "layers/dense/vars/1", Shape: []int{3}, Float32: []float32{float32(math.Copysign(0, -1)), math.Float32frombits(0x7fc12345), math.MaxFloat32}},
			{Path: "numbers", Shape: []int{2, 1}, Int64: []int64{math.MinInt64, math.MaxInt64}},
			{Path: "rate", Float32: []float32{7}},
		},
		Attributes: []Attribute{
			{"", "title", "small \"quoted\" <é>\n"},
			{"layers/dense/vars", "empty", ""},
			{"layers/dense/vars", "näme", "dense"},
			{"rate", "name", "learning_rate"},
		},
	}
}

// drawFile is any file that can be written, all its groups listed.
func drawFile(t *rapid.T) *File {
	f := &File{}
	paths, used := []string{""}, map[string]bool{}
	name := rapid.OneOf(rapid.StringMatching(`[a-c0-9_]{1,9}`), rapid.StringN(1, 20, 60).Filter(func(s string) bool { return checkName(s) == nil }))
	for range rapid.IntRange(0, 40).Draw(t, "objects") {
		path := strings.TrimPrefix(rapid.SampledFrom(append([]string{""}, f.Groups...)).Draw(t, "parent")+"/"+name.Draw(t, "name"), "/")
		if used[path] {
			continue
		}
		used[path] = true
		paths = append(paths, path)
		d := Dataset{Path: path, Shape: rapid.SliceOfN(rapid.IntRange(0, 4), 0, 5).Draw(t, "shape")}
		n, _ := elements(d.Shape)
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			f.Groups = append(f.Groups, path)
			continue
		case 1:
			for _, b := range rapid.SliceOfN(rapid.Uint32(), n, n).Draw(t, "bits") {
				d.Float32 = append(d.Float32, math.Float32frombits(b))
			}
		default:
			d.Int64 = rapid.SliceOfN(rapid.Int64(), n, n).Draw(t, "integers")
		}
		f.Datasets = append(f.Datasets, d)
	}
	text := rapid.String().Filter(isText)
	for i := range rapid.IntRange(0, 20).Draw(t, "attributes") {
		f.Attributes = append(f.Attributes, Attribute{rapid.SampledFrom(paths).Draw(t, "of"), fmt.Sprint(text.Draw(t, "name"), i), text.Draw(t, "value")})
	}
	return f
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFile(t)
		whole := content(t, f)
		got, err := Read(whole)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(f, got, same); diff != "" {
			t.Fatalf("(-written +read)\n%s", diff)
		}
		if again := content(t, got); !bytes.Equal(again, whole) {
			t.Fatal("written again it is another file")
		}
		if len(whole)%8 != 0 {
			t.Fatalf("%d bytes", len(whole))
		}
	})
}

// Groups that have something in them need not be listed.
func TestImpliedGroups(t *testing.T) {
	f := little()
	f.Groups = []string{"layers/dropout/vars"}
	if !bytes.Equal(content(t, f), content(t, little())) {
		t.Error("another file than with all groups listed")
	}
}

func TestFind(t *testing.T) {
	f := little()
	if d, ok := f.Dataset("rate"); !ok || !slices.Equal(d.Float32, []float32{7}) {
		t.Errorf("rate is %v, %v", d, ok)
	}
	if _, ok := f.Dataset("layers"); ok {
		t.Error("a group is a data set")
	}
	if value, ok := f.Attribute("rate", "name"); !ok || value != "learning_rate" {
		t.Errorf("the attribute is %q, %v", value, ok)
	}
	if _, ok := f.Attribute("rate", "title"); ok {
		t.Error("the root's attribute is rate's")
	}
}

// A B-tree of one, two and three levels, each about where it gets another node.
func TestManyInAGroup(t *testing.T) {
	for _, n := range []int{1, 8, 9, 255, 256, 257, 8192, 8193} {
		f := &File{Groups: []string{"layers"}}
		for i := range n {
			f.Datasets = append(f.Datasets, Dataset{Path: fmt.Sprintf("layers/dense_%04d", i), Int64: []int64{int64(i)}})
		}
		got, err := Read(content(t, f))
		if err != nil {
			t.Fatal(err)
		}
		equal := func(a, b Dataset) bool { return a.Path == b.Path && slices.Equal(a.Int64, b.Int64) }
		if !slices.EqualFunc(got.Datasets, f.Datasets, equal) {
			t.Errorf("%d data sets are read as others", n)
		}
	}
}

// More texts than a collection of the global heap holds.
func TestManyAttributes(t *testing.T) {
	f := &File{Groups: []string{"0", "1", "2"}}
	for i := range maxObjects + 10 {
		f.Attributes = append(f.Attributes, Attribute{f.Groups[i*3/(maxObjects+10)], fmt.Sprintf("%05d", i), fmt.Sprint("value ", i)})
	}
	got, err := Read(content(t, f))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Attributes, f.Attributes) {
		t.Errorf("%d attributes are read as %d others", len(f.Attributes), len(got.Attributes))
	}
}

// A collection that is just filled, or with less room left than a header takes.
func TestFullCollection(t *testing.T) {
	for length := 4000; length < 4120; length++ {
		f := &File{Attributes: []Attribute{{"", "a", strings.Repeat("x", length)}, {"", "b", "y"}}}
		got, err := Read(content(t, f))
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(f, got, same); diff != "" {
			t.Errorf("%d bytes (-written +read)\n%s", length, diff)
		}
	}
}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// goldenFile is what testdata/write.py has h5py write into golden.h5.
func goldenFile() *File {
	f := &File{
		Groups: []string{"floats", "integers", "many", "texts"},
		Datasets: []Dataset{
			{Path: "compact", Shape: []int{2, 2}, Float32: []float32{1, 2, 3, 4}},
			{Path: "floats/little", Shape: []int{2, 3}, Float32: []float32{1, -2.5, float32(math.Inf(1)), math.Float32frombits(0x7fc00000), float32(math.Copysign(0, -1)), 1e-45}},
			{Path: "floats/big", Shape: []int{3}, Float32: []float32{1, -2.5, 3e38}},
			{Path: "floats/scalar", Float32: []float32{7}},
			{Path: "floats/empty", Shape: []int{0, 3}},
			{Path: "texts/more", Int64: []int64{1}},
		},
		Attributes: []Attribute{
			{"", "title", "grüße"},
			{"floats/little", "name", "kernel"},
			{"texts", "empty", ""},
			{"texts", "fixed", "of fixed length"},
			{"texts", "fixed utf-8", "é"},
			{"texts", "längst", strings.Repeat("x", 5000)},
		},
	}
	for kind, ends := range map[string][2]int64{
		"i1": {math.MinInt8, math.MaxInt8}, "u1": {0, math.MaxUint8},
		"<i2": {math.MinInt16, math.MaxInt16}, ">i2": {math.MinInt16, math.MaxInt16}, "<u2": {0, math.MaxUint16},
		"<i4": {math.MinInt32, math.MaxInt32}, ">i4": {math.MinInt32, math.MaxInt32}, ">u4": {0, math.MaxUint32},
		"<i8": {math.MinInt64, math.MaxInt64}, ">i8": {math.MinInt64, math.MaxInt64}, "<u8": {0, math.MaxInt64},
	} {
		f.Datasets = append(f.Datasets, Dataset{Path: "integers/" + kind, Shape: []int{3}, Int64: []int64{ends[0], 1, ends[1]}})
	}
	for i := range 30 {
		f.Attributes = append(f.Attributes, Attribute{"texts", fmt.Sprint("a", i), fmt.Sprint("value ", i)})
	}
	for i := range 20 {
		f.Groups = append(f.Groups, fmt.Sprint("many/group ", i))
	}
	return f
}

func TestReadsH5pysFile(t *testing.T) {
	got, err := Read(readTestdata(t, "golden.h5"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(goldenFile(), got, same); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadsKerassFile(t *testing.T) {
	got, err := Read(readTestdata(t, "keras.weights.h5"))
	if err != nil {
		t.Fatal(err)
	}
	want := &File{
		Groups: []string{"layers", "optimizer", "optimizer/vars", "vars"},
		Attributes: []Attribute{
			{"layers/batch_normalization/vars", "name", "batch_normalization"},
			{"layers/conv2d/vars", "name", "first"},
			{"layers/dense/vars", "name", "dense"},
			{"layers/dropout/vars", "name", "dropout"},
			{"layers/flatten/vars", "name", "flatten"},
			{"layers/input_layer/vars", "name", "input_layer"},
			{"optimizer/vars", "name", "sgd"},
			{"vars", "name", "small"},
		},
		Datasets: []Dataset{
			{Path: "optimizer/vars/0", Int64: []int64{3}},
			{Path: "optimizer/vars/1", Float32: []float32{0.25}},
		},
	}
	for _, layer := range []string{"batch_normalization", "conv2d", "dense", "dropout", "flatten", "input_layer"} {
		want.Groups = append(want.Groups, "layers/"+layer, "layers/"+layer+"/vars")
	}
	n := 0
	for _, v := range []struct {
		path  string
		shape []int
	}{
		{"conv2d/vars/0", []int{3, 3, 1, 2}}, {"conv2d/vars/1", []int{2}},
		{"batch_normalization/vars/0", []int{2}}, {"batch_normalization/vars/1", []int{2}},
		{"batch_normalization/vars/2", []int{2}}, {"batch_normalization/vars/3", []int{2}},
		{"dense/vars/0", []int{8, 3}}, {"dense/vars/1", []int{3}},
	} {
		d := Dataset{Path: "layers/" + v.path, Shape: v.shape}
		count, _ := elements(v.shape)
		for range count {
			d.Float32 = append(d.Float32, float32(n)/8)
			n++
		}
		want.Datasets = append(want.Datasets, d)
	}
	if diff := gocmp.Diff(want, got, same); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

var errFull = errors.New("no space left")

// full is a writer with room for so many bytes.
type full struct{ room int }

func (w *full) Write(p []byte) (int, error) {
	n := min(len(p), w.room)
	w.room -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestWriteTellsOfAFullDisk(t *testing.T) {
	f := little()
	size := len(content(t, f))
	for room := 0; room < size; room += 13 {
		if err := Write(&full{room}, f); !errors.Is(err, errFull) {
			t.Errorf("room for %d of %d bytes: error %v", room, size, err)
		}
	}
	if err := Write(&full{size}, f); err != nil {
		t.Errorf("room for all: %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	one := []float32{1}
	for want, f := range map[string]*File{
		`data set "": "" is no name for an object`:                   {Datasets: []Dataset{{Float32: one}}},
		`data set "/a": "" is no name for an object`:                 {Datasets: []Dataset{{Path: "/a", Float32: one}}},
		`group "a/": "" is no name for an object`:                    {Groups: []string{"a/"}},
		`group "a/./b": "." is no name for an object`:                {Groups: []string{"a/./b"}},
		`group "a\x00": "a\x00" is no name for an object`:            {Groups: []string{"a\x00"}},
		`group "\xff": "\xff" is no name for an object`:              {Groups: []string{"\xff"}},
		`data set "a": it comes twice`:                               {Datasets: []Dataset{{Path: "a", Float32: one}, {Path: "a", Float32: one}}},
		`data set "a": it is a data set and a group`:                 {Groups: []string{"a/b"}, Datasets: []Dataset{{Path: "a", Float32: one}}},
		`data set "b": it is a data set and a group`:                 {Groups: []string{"b"}, Datasets: []Dataset{{Path: "b", Float32: one}}},
		`data set "a/b": "a" is a data set and a group`:              {Datasets: []Dataset{{Path: "a", Float32: one}, {Path: "a/b", Float32: one}}},
		`data set "a": both float32 and int64`:                       {Datasets: []Dataset{{Path: "a", Float32: one, Int64: []int64{}}}},
		`data set "a": shape [2], but 1 elements`:                    {Datasets: []Dataset{{Path: "a", Shape: []int{2}, Float32: one}}},
		`data set "a": shape [], but 0 elements`:                     {Datasets: []Dataset{{Path: "a"}}},
		`data set "a": impossible shape [-1 -1]`:                     {Datasets: []Dataset{{Path: "a", Shape: []int{-1, -1}, Float32: one}}},
		`data set "a": 33 axes, want at most 32`:                     {Datasets: []Dataset{{Path: "a", Shape: make([]int, 33)}}},
		`attribute "n" of "a": there is no such object`:              {Attributes: []Attribute{{"a", "n", "v"}}},
		`attribute "" of "": "" is no name for an attribute`:         {Attributes: []Attribute{{"", "", "v"}}},
		`attribute "n" of "": the value of attribute "n" is no text`: {Attributes: []Attribute{{"", "n", "a\x00b"}}},
		`attribute "n" of "": it comes twice`:                        {Attributes: []Attribute{{"", "n", "a"}, {"", "n", "b"}}},
		"a path of 1025 bytes, want at most 1024":                    {Groups: []string{strings.Repeat("x", 1025)}},
		"more than 64 groups in each other":                          {Groups: []string{strings.Repeat("x/", 64) + "x"}},
		"it has more than 32768 attributes":                          {Attributes: tooMany()},
	} {
		var b bytes.Buffer
		err := Write(&b, f)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if b.Len() > 0 {
			t.Errorf("%s: wrote %d bytes all the same", want, b.Len())
		}
	}
}

func tooMany() (all []Attribute) {
	for i := range maxAttributes + 1 {
		all = append(all, Attribute{"", fmt.Sprint(i), ""})
	}
	return all
}

// What can be written at the most can be read.
func TestLongestPaths(t *testing.T) {
	f := &File{
		Groups:     []string{strings.Repeat("x", maxPath), strings.Repeat("x/", maxDepth-1) + "x"},
		Attributes: []Attribute{{"", strings.Repeat("n", maxPath), strings.Repeat("v", 100_000)}},
	}
	got, err := Read(content(t, f))
	if err != nil || len(got.Groups) != 1+maxDepth || !gocmp.Equal(got.Attributes, f.Attributes) {
		t.Errorf("%d groups, error %v", len(got.Groups), err)
	}
}

// Data is not copied on its way out, and once on its way in.
func TestMemory(t *testing.T) {
	const size = 16 << 20
	f := &File{Datasets: []Dataset{{Path: "a", Shape: []int{size / 4}, Float32: make([]float32, size/4)}}}
	path := filepath.Join(t.TempDir(), "large.h5")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	wrote := allocated(func() { err = Write(file, f) })
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read := allocated(func() { _, err = Read(whole) })
	if err != nil {
		t.Fatal(err)
	}
	if most := uint64(1 << 20); wrote > most || read > size+most {
		t.Errorf("%d bytes allocated to write %d, %d to read", wrote, size, read)
	}
}

// allocated is the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
