package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nlpodyssey/safetensors"
	"pgregory.net/rapid"
)

// bits compares floats as they lie in memory: NaN with NaN, 0 not with -0.
var bits = cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })

var sameFile = cmp.Options{bits, cmpopts.IgnoreUnexported(File{}), cmpopts.EquateEmpty()}

func content(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// little is a small file with everything that a file can have.
func little() *File {
	nan := math.Float32frombits(0x7fc12345)
	return &File{
		Tensors: []Tensor{
			{Name: "dense/bias", Shape: []int{3}, DType: F32, Data: []float32{float32(math.Copysign(0, -1)), nan, math.MaxFloat32}},
			{Name: "dense/kernel", Shape: []int{2, 3}, DType: F32, Data: []float32{1, -2, 3, 1e-45, 5, 6}},
			{Name: "empty", Shape: []int{2, 0}, DType: F32},
			{Name: "scalar", DType: F32, Data: []float32{7}},
		},
		Metadata: map[string]string{"model": "small \"quoted\" <é>\n", "": ""},
	}
}

// raw is a file of another program, with this header and so many bytes of data.
func raw(header string, data int) []byte {
	all := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(all, header...), make([]byte, data)...)
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &File{Metadata: rapid.MapOfN(rapid.StringMatching(`[a-y]{0,9}`), rapid.String(), 0, 5).Draw(t, "metadata")}
		for _, name := range rapid.SliceOfNDistinct(rapid.StringN(1, 20, 60), 0, 6, rapid.ID).Draw(t, "names") {
			tensor := Tensor{Name: name, DType: F32, Shape: rapid.SliceOfN(rapid.IntRange(0, 4), 0, 5).Draw(t, "shape")}
			n := 1
			for _, side := range tensor.Shape {
				n *= side
			}
			for _, b := range rapid.SliceOfN(rapid.Uint32(), n, n).Draw(t, "bits") {
				tensor.Data = append(tensor.Data, math.Float32frombits(b))
			}
			f.Tensors = append(f.Tensors, tensor)
		}
		var written bytes.Buffer
		if err := f.Write(&written); err != nil {
			t.Fatal(err)
		}
		whole := bytes.Clone(written.Bytes())
		got, err := Parse(written.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		byName := cmpopts.SortSlices(func(a, b Tensor) bool { return a.Name < b.Name })
		if diff := cmp.Diff(f, got, sameFile, byName); diff != "" {
			t.Fatalf("(-written +read)\n%s", diff)
		}
		if !got.Checked() {
			t.Fatal("its checksum was not seen")
		}
		var again bytes.Buffer
		if err := got.Write(&again); err != nil || !bytes.Equal(again.Bytes(), whole) {
			t.Fatalf("written again it is another file; error %v", err)
		}
	})
}

// Unaligned memory is copied, not cast.
func TestParseAtEveryAlignment(t *testing.T) {
	whole := content(t, little())
	for offset := range 8 {
		shifted := append(make([]byte, offset), whole...)[offset:]
		got, err := Parse(shifted)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(little(), got, sameFile); diff != "" {
			t.Errorf("offset %d (-written +read)\n%s", offset, diff)
		}
	}
}

func TestTruncated(t *testing.T) {
	whole := content(t, little())
	path := filepath.Join(t.TempDir(), "cut.safetensors")
	for n := range whole {
		if _, err := Parse(whole[:n:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("%d of %d bytes: error %v", n, len(whole), err)
		}
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(path); !errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%d of %d bytes: error %v, want one that names the file", n, len(whole), err)
		}
	}
	if _, err := Parse(append(whole, 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("a byte more: error %v", err)
	}
}

func TestEveryBit(t *testing.T) {
	whole := content(t, little())
	for i := range 8 * len(whole) {
		flipped := bytes.Clone(whole)
		flipped[i/8] ^= 1 << (i % 8)
		// A wrong format has its own message, if it was not the checksum before.
		if _, err := Parse(flipped); !errors.Is(err, ErrDamaged) {
			t.Errorf("bit %d of byte %d, in %q: error %v", i%8, i/8, whole[max(i/8-9, 0):min(i/8+10, len(whole))], err)
		}
	}
}

func TestRandomBits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	f := little()
	f.Tensors[1] = Tensor{Name: "dense/kernel", Shape: []int{100, 300}, Data: make([]float32, 30_000)}
	for i := range f.Tensors[1].Data {
		f.Tensors[1].Data[i] = float32(r.NormFloat64())
	}
	whole := content(t, f)
	for range 1000 {
		i := r.IntN(8 * len(whole))
		whole[i/8] ^= 1 << (i % 8)
		if _, err := Parse(whole); !errors.Is(err, ErrDamaged) {
			t.Errorf("bit %d of byte %d: error %v", i%8, i/8, err)
		}
		whole[i/8] ^= 1 << (i % 8)
	}
	if _, err := Parse(whole); err != nil {
		t.Errorf("whole again: %v", err)
	}
}

func TestOtherFormat(t *testing.T) {
	future := &File{Metadata: map[string]string{}}
	whole := content(t, future)
	whole = bytes.Replace(whole, []byte(`"zoo.format":"1"`), []byte(`"zoo.format":"2"`), 1)
	// The checksum that it should have is in the message.
	_, err := Parse(whole)
	_, want, _ := strings.Cut(fmt.Sprint(err), "holds is ")
	want, was, _ := strings.Cut(want, ", but it says ")
	whole = bytes.Replace(whole, []byte(was), []byte(want), 1)
	if _, err = Parse(whole); err == nil || err.Error() != `written in format "2", but only "1" is known here` {
		t.Errorf("error %v", err)
	}
}

// Files of other programs have no checksum, other types and headers of any length.
func TestForeignFile(t *testing.T) {
	whole := raw(`{"b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 16)
	binary.LittleEndian.PutUint32(whole[len(whole)-16:], math.Float32bits(2.5))
	f, err := Parse(whole)
	if err != nil {
		t.Fatal(err)
	}
	want := &File{Tensors: []Tensor{
		{Name: "a", Shape: []int{2}, DType: F32, Data: []float32{2.5, 0}},
		{Name: "b", Shape: []int{1}, DType: "I64"},
	}}
	if diff := cmp.Diff(want, f, sameFile); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if f.Checked() {
		t.Error("says that it had a checksum")
	}
}

// The Keras fixtures were written by Python.
func TestReadsPythonsFiles(t *testing.T) {
	f, err := ReadFile("../testdata/keras/mnist-dense-seed1-batch4.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	bias, ok := f.Tensor("gradient/dense_2/bias")
	if !ok || bias.DType != F32 || len(bias.Data) == 0 || f.Checked() || f.Metadata["parity"] == "" {
		t.Errorf("dense_2/bias is %v, checked %v, metadata %v", bias, f.Checked(), f.Metadata)
	}
	losses, ok := f.Tensor("losses")
	if !ok || losses.DType != "F64" || losses.Data != nil || !cmp.Equal(losses.Shape, []int{8}) {
		t.Errorf("losses are %v", losses)
	}
}

func TestParseRefuses(t *testing.T) {
	const a = `"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":              {nil, "it has only 0 bytes"},
		"no object":          {raw(`["a"]`, 0), "it does not begin as one"},
		"a picture":          {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "it does not begin as one"},
		"huge header":        {append(bytes.Repeat([]byte{255}, 8), `{}`...), "its header would have 18446744073709551615 bytes, want at most 8388608"},
		"header too long":    {append([]byte{200, 0, 0, 0, 0, 0, 0, 0}, `{"a":1}`...), "it ends within its header"},
		"broken header":      {raw(`{"a":{`, 0), "its header: "},
		"text after":         {raw(`{`+a+`} {}`, 4), "text after the end"},
		"name twice":         {raw(`{`+a+`,`+a+`}`, 4), `"a" comes twice`},
		"name twice, masked": {raw(`{`+a+`,"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), `"a" comes twice`},
		"field twice":        {raw(`{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}`, 4), `"a": "shape" comes twice`},
		"overlap":            {raw(`{`+a+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}`, 6), "invalid metadata offset"},
		"gap":                {raw(`{`+a+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[6,10]}}`, 10), "invalid metadata offset"},
		"same place":         {raw(`{`+a+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "invalid metadata offset"},
		"backwards":          {raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4), "invalid metadata offset"},
		"beyond the end":     {raw(`{`+a+`}`, 3), "incomplete buffer"},
		"data after":         {raw(`{`+a+`}`, 5), "incomplete buffer"},
		"another length":     {raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), "mismatch"},
		"overflow":           {raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "overflow"},
		"bytes overflow":     {raw(`{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}`, 0), "overflow"},
		"huge and empty":     {raw(`{"a":{"dtype":"F32","shape":[0,18446744073709551615],"data_offsets":[0,0]}}`, 0), `tensor "a" has shape [0 18446744073709551615]`},
		"negative":           {raw(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), "natural numbers"},
		"fraction":           {raw(`{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, 4), "natural numbers"},
		"many axes":          {raw(`{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, 4), "at most 8 numbers"},
		"nested":             {raw(`{"a":{"dtype":`+deep+`}}`, 0), "at most 8 numbers"},
		"unknown type":       {raw(`{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}`, 4), "F31"},
		"more fields":        {raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 4), "keys"},
		"metadata no text":   {raw(`{"__metadata__":{"a":1}}`, 0), "string"},
		"metadata no object": {raw(`{"__metadata__":"a"}`, 0), "unexpected a"},
		"checksum alone":     {raw(`{"__metadata__":{"zoo.checksum":"crc32c:00000000"}}`, 0), "the checksum of what it holds is crc32c:"},
		"format alone":       {raw(`{"__metadata__":{"zoo.format":"1"}}`, 0), "its checksum is missing"},
		"another sum":        {raw(`{"__metadata__":{"zoo.checksum":"md5:00000000000","zoo.format":"1"}}`, 0), "its checksum is missing"},
		"sum escaped":        {raw(`{"__metadata__":{"zoo.checksum":"crc32c:\u003000000000","zoo.format":"1"}}`, 0), "its checksum is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(test.content)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestReadFileRefuses(t *testing.T) {
	folder := t.TempDir()
	if _, err := ReadFile(filepath.Join(folder, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	for _, path := range []string{folder, os.DevNull} {
		if _, err := ReadFile(path); err == nil || err.Error() != path+": not a file" {
			t.Errorf("error %v, want one that names %s", err, path)
		}
	}
	// A file of holes of 1 TB is not read.
	holes := filepath.Join(folder, "holes")
	if err := errors.Join(os.WriteFile(holes, nil, 0o600), os.Truncate(holes, 1<<40)); err != nil {
		t.Skip(err)
	}
	if _, err := ReadFile(holes); !errors.Is(err, ErrDamaged) {
		t.Errorf("error %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	one := []float32{1}
	for want, f := range map[string]*File{
		"tensor a comes twice":                      {Tensors: []Tensor{{Name: "a", Data: one}, {Name: "a", Data: one}}},
		`tensor "": not a name for a tensor`:        {Tensors: []Tensor{{Data: one}}},
		`tensor "__metadata__": not a name`:         {Tensors: []Tensor{{Name: "__metadata__", Data: one}}},
		`tensor "\xff": not a name`:                 {Tensors: []Tensor{{Name: "\xff", Data: one}}},
		`tensor "a": type F64, want F32`:            {Tensors: []Tensor{{Name: "a", DType: "F64", Data: one}}},
		`tensor "a": shape [2], but 1 elements`:     {Tensors: []Tensor{{Name: "a", Shape: []int{2}, Data: one}}},
		`tensor "a": impossible shape [-1]`:         {Tensors: []Tensor{{Name: "a", Shape: []int{-1}, Data: one}}},
		`tensor "a": impossible shape [40`:          {Tensors: []Tensor{{Name: "a", Shape: []int{4000000000, 4000000000}, Data: one}}},
		`tensor "a": 9 axes, want at most 8`:        {Tensors: []Tensor{{Name: "a", Shape: make([]int, 9)}}},
		`metadata "zoo.x": names that begin with "`: {Metadata: map[string]string{"zoo.x": ""}},
		`metadata "a" is not UTF-8`:                 {Metadata: map[string]string{"a": "\xff"}},
	} {
		var b bytes.Buffer
		if err := f.Write(&b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if b.Len() > 0 {
			t.Errorf("%s: wrote %d bytes all the same", want, b.Len())
		}
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
	for room := range size {
		if err := f.Write(&full{room}); !errors.Is(err, errFull) {
			t.Errorf("room for %d of %d bytes: error %v", room, size, err)
		}
	}
	if err := f.Write(&full{size}); err != nil {
		t.Errorf("room for all: %v", err)
	}
}

// A file is not copied on its way out, and once on its way in.
func TestMemory(t *testing.T) {
	const size = 64 << 20
	f := &File{Tensors: []Tensor{{Name: "a", Shape: []int{size / 4}, Data: make([]float32, size/4)}}}
	path := filepath.Join(t.TempDir(), "large.safetensors")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	wrote := allocated(func() { err = f.Write(file) })
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	read := allocated(func() { _, err = ReadFile(path) })
	if err != nil {
		t.Fatal(err)
	}
	if most := uint64(1 << 20); littleEndian && (wrote > most || read > size+most) {
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

func FuzzParse(f *testing.F) {
	f.Add(content(f, little()))
	f.Add(raw(`{}`, 0))
	f.Add(raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}`, 16))
	f.Add(raw(`{"__metadata__":{"zoo.format":"1","zoo.checksum":"crc32c:00000000"}}`, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		read, err := Parse(bytes.Clone(b))
		if err != nil {
			return
		}
		total := 0
		for _, tensor := range read.Tensors {
			total += 4 * len(tensor.Data)
			if n, err := elements(tensor.Shape); tensor.DType == F32 && (err != nil || n != len(tensor.Data)) {
				t.Fatalf("tensor %q: shape %v, %d elements", tensor.Name, tensor.Shape, len(tensor.Data))
			}
		}
		if total > len(b) {
			t.Fatalf("%d bytes of tensors in a file of %d", total, len(b))
		}
		// What package safetensors reads of it is the same.
		other, err := safetensors.Deserialize(b)
		if err != nil || other.Len() != len(read.Tensors) {
			t.Fatalf("%d tensors; safetensors has %d and error %v", len(read.Tensors), other.Len(), err)
		}
		var again bytes.Buffer
		if err := read.Write(&again); err != nil {
			return // other types, names that are not written here
		}
		back, err := Parse(again.Bytes())
		byName := cmpopts.SortSlices(func(a, b Tensor) bool { return a.Name < b.Name })
		if diff := cmp.Diff(read, back, sameFile, byName); err != nil || diff != "" {
			t.Fatalf("written and read again: error %v (-first +second)\n%s", err, diff)
		}
	})
}
