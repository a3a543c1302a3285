package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestRefused(t *testing.T) {
	for name, want := range map[string]string{
		"bfloat16":  `"/a/x": not supported: its type is opaque of 2 bytes, as bfloat16 is: save the model with float32 weights`,
		"boolean":   `"/a/x": not supported: its type is enumeration of 1 bytes, not float32 or integer`,
		"chunked":   `"/a/x": not supported: its data is in chunks: let h5repack -l CONTI -f NONE write the file again`,
		"cycle":     `"/a/x": not supported: it is an object that has another name already, or a group in itself`,
		"elsewhere": `"/a/x": not supported: its data is in other files`,
		"external":  `"/a": not supported: its links are messages, a newer layout: save the file with h5py's defaults, as Keras does`,
		"float16":   `"/a/x": not supported: its type is float of 2 bytes, not float32: save the model with float32 weights`,
		"float64":   `"/a/x": not supported: its type is float of 8 bytes, not float32: save the model with float32 weights`,
		"gzip":      `"/a/x": not supported: its data is compressed or filtered: let h5repack -l CONTI -f NONE write the file again`,
		"large":     `"/a/x": not supported: the integer 9223372036854775808, more than int64 has`,
		"latest":    `not supported: a superblock of version 3, a newer layout: save the file with h5py's defaults, as Keras does`,
		"named":     `"/type": not supported: it is a named type`,
		"null":      `"/a/x": not supported: it has no elements, not even a shape`,
		"ordered":   `"/a": not supported: an object header of version 2, a newer layout: save the file with h5py's defaults, as Keras does`,
		"soft":      `"/a": not supported: "x" in it is a soft link`,
		"text":      `"/a/x": not supported: its type is sequence of 16 bytes, not float32 or integer`,
		"twice":     `"/a/y": not supported: it is an object that has another name already, or a group in itself`,
		"unwritten": `"/a/x": not supported: its data was never written`,
		"userblock": `not supported: a block of another format before the beginning: h5unjam cuts it off`,
	} {
		_, err := Read(readTestdata(t, "refused/"+name+".h5"))
		if err == nil || err.Error() != want || !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: error %v, want %s", name, err, want)
		}
	}
	files, err := fs.Glob(os.DirFS("testdata/refused"), "*")
	if err != nil || len(files) != 19 {
		t.Errorf("%d files in testdata/refused, error %v", len(files), err)
	}
}

func TestTruncated(t *testing.T) {
	for name, whole := range map[string][]byte{
		"ours": content(t, little()), "h5py's": readTestdata(t, "golden.h5"), "Keras's": readTestdata(t, "keras.weights.h5"),
	} {
		for n := range whole {
			if _, err := Read(whole[:n:n]); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: %d of %d bytes: error %v", name, n, len(whole), err)
			}
		}
		// What is behind the end that the superblock tells does not matter, as for libhdf5.
		if _, err := Read(append(whole, 0)); err != nil {
			t.Errorf("%s, with a byte more: %v", name, err)
		}
	}
}

// checkRead reads and checks what every file must keep to, sound or not: an error of
// this package, or so much as the file can hold, which can be written and read again.
func checkRead(t *testing.T, b []byte) (*File, error) {
	before := bytes.Clone(b)
	f, err := Read(b)
	if !bytes.Equal(b, before) {
		t.Fatal("it was changed")
	}
	if err != nil {
		if f != nil || !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnsupported) {
			t.Fatalf("file %v, error %v", f, err)
		}
		return nil, err
	}
	size := 0
	for _, d := range f.Datasets {
		n, err := elements(d.Shape)
		if err != nil || n != len(d.Float32)+len(d.Int64) {
			t.Fatalf("%q: shape %v, %d and %d elements, error %v", d.Path, d.Shape, len(d.Float32), len(d.Int64), err)
		}
		size += len(d.Path) + 4*len(d.Float32) + len(d.Int64)
	}
	for _, a := range f.Attributes {
		size += len(a.Name) + len(a.Value)
	}
	for _, path := range f.Groups {
		size += len(path)
	}
	if size > 16*len(b) {
		t.Fatalf("%d bytes in a file of %d", size, len(b))
	}
	once := content(t, f)
	back, err := Read(once)
	if err != nil {
		t.Fatalf("written and read again: %v", err)
	}
	if !bytes.Equal(content(t, back), once) {
		t.Fatalf("written and read again (-first +second)\n%s", gocmp.Diff(f, back, same))
	}
	return f, nil
}

// A wrong bit in the superblock's signature, versions or sizes must be seen; one in data
// or in what is not read (unused room, a list of what is free) cannot be.
func TestEveryBit(t *testing.T) {
	whole := content(t, little())
	seen, tried := 0, 0
	step := 11
	if testing.Short() {
		step = 97
	}
	for i := range 8 * len(whole) {
		if i >= 8*superblockSize && i%step > 0 {
			continue
		}
		tried++
		flipped := bytes.Clone(whole)
		flipped[i/8] ^= 1 << (i % 8)
		if f, err := checkRead(t, flipped); err != nil || !bytes.Equal(content(t, f), whole) {
			seen++
		} else if i/8 < 16 && i/8 != 11 && i/8 != 15 {
			t.Errorf("bit %d of byte %d of the superblock was not seen", i%8, i/8)
		}
	}
	// Most bits lie in nodes' unused room.
	if seen < tried/10 {
		t.Errorf("only %d of %d wrong bits made a difference", seen, tried)
	}
}

func TestBitsOfOthers(t *testing.T) {
	for _, name := range []string{"golden.h5", "keras.weights.h5"} {
		whole := readTestdata(t, name)
		for i := 0; i < 8*len(whole); i += 173 {
			whole[i/8] ^= 1 << (i % 8)
			_, _ = checkRead(t, whole)
			whole[i/8] ^= 1 << (i % 8)
		}
	}
}

// replace is the file with the number at the end of what is found replaced.
func replace(t *testing.T, whole []byte, find string, at int, value uint64) []byte {
	t.Helper()
	i := bytes.Index(whole, []byte(find))
	if i < 0 {
		t.Fatalf("no %q in it", find)
	}
	whole = bytes.Clone(whole)
	le.PutUint64(whole[i+at:], value)
	return whole
}

func TestDamaged(t *testing.T) {
	one := content(t, &File{Datasets: []Dataset{{Path: "x", Shape: []int{4}, Float32: make([]float32, 4)}}, Attributes: []Attribute{{"x", "name", "value"}}})
	two := content(t, &File{Datasets: []Dataset{
		{Path: "x", Shape: []int{4}, Float32: make([]float32, 4)}, {Path: "y", Shape: []int{4}, Float32: make([]float32, 4)},
	}})
	btree := uint64(bytes.Index(one, []byte(treeMark)))
	layout := string([]byte{layoutMessage, 0, 24, 0, 0, 0, 0, 0, 3, contiguous})
	space := string([]byte{dataspaceMessage, 0, 16, 0, 0, 0, 0, 0, 1, 1})
	none64 := uint64(none)
	for want, whole := range map[string][]byte{
		"it does not begin as one":                           []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
		"it has only 8 bytes":                                []byte(signature),
		"it ends at 95, in its superblock":                   replace(t, one, signature, 40, 95),
		"an object header of 16 bytes at address 0xffffffff": replace(t, one, signature, 64, none64),
		"no object header at address 0x0":                    replace(t, one, signature, 64, 0),
		"no B-tree of a group at address":                    replace(t, one, treeMark, 0, 0),
		"a B-tree's node with 33 children, want at most 32":  replace(t, one, treeMark, 4, 33<<16),
		"no symbol table node at address":                    replace(t, one, treeMark, 32, btree),
		"its parts overlap":                                  overlapping(t, two, layout),
		"a symbol table node with 9 entries, want at most 8": replace(t, one, nodeMark, 4, 1|9<<16),
		"no local heap at address":                           replace(t, one, heapMark, 0, 0),
		"names of 18446744073709551615 bytes at address":     replace(t, one, heapMark, 8, none64),
		"a name at 99 in a local heap of 16 bytes":           replace(t, one, nodeMark, 8, 99),
		`"" is no name for an object`:                        replace(t, one, nodeMark, 8, 0),
		"a name without end":                                 replace(t, one, heapMark, 40, 0x7878787878787878),
		`"x" comes after "x"`:                                replace(t, two, nodeMark, 8+entrySize, 8),
		"a message of 65528 bytes where":                     replace(t, one, layout, 0, layoutMessage|0xfff8<<16),
		"a continuation message of 0 bytes":                  replace(t, one, layout, 0, continuationMessage),
		"a data set without shape or type":                   replace(t, one, space, 0, 16<<16),
		"two messages of kind 0x3":                           replace(t, one, space, 0, datatypeMessage|16<<16),
		"neither group nor data set":                         replace(t, one, string([]byte{symbolsMessage, 0, 16, 0}), 0, 16<<16),
		"an axis of 18446744073709551615":                    replace(t, one, space, 16, none64),
		"impossible shape":                                   replace(t, one, space, 16, 1<<62),
		"16 bytes of data, but its shape and type need 20":   replace(t, one, space, 16, 5),
		"data of 16 bytes at address 0xffffff":               replace(t, one, layout, 10, 1<<40-1),
		"no text of 5 bytes under index 1":                   replace(t, one, "value", -16, 2),
		"no collection of texts at address":                  replace(t, one, globals, 0, 0),
		"a collection of texts of 18446744073709551615":      replace(t, one, globals, 8, none64),
		"a text of 99999 bytes where":                        replace(t, one, "value", -8, 99999),
	} {
		if _, err := Read(whole); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// overlapping has the data of both data sets at the same place.
func overlapping(t *testing.T, two []byte, layout string) []byte {
	t.Helper()
	first := bytes.Index(two, []byte(layout)) + 10
	return replace(t, two, layout, 10, le.Uint64(two[first:])+16)
}

// A header that goes on in itself and a B-tree whose child is itself end.
func TestCircles(t *testing.T) {
	one := content(t, &File{Groups: []string{"a"}})
	btree := uint64(bytes.Index(one, []byte(treeMark)))
	header := bytes.Index(one, []byte{1, 0, 1, 0, 1, 0, 0, 0, 24, 0, 0, 0})
	tree := replace(t, one, treeMark, 4, 1<<8|1<<16)
	le.PutUint64(tree[btree+32:], btree)
	if _, err := Read(tree); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "node of level 1, want 0") {
		t.Errorf("a B-tree in itself: error %v", err)
	}
	long := bytes.Clone(one)
	le.PutUint16(long[header+16:], continuationMessage)
	le.PutUint64(long[header+24:], uint64(header)+16)
	le.PutUint64(long[header+32:], 24)
	if _, err := Read(long); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "its parts overlap") {
		t.Errorf("a header that goes on in itself: error %v", err)
	}
}

// What a file can have Read allocate is a small multiple of its size: here all
// attributes have the same long text, which is in the file once.
func TestMemoryOfHostileFiles(t *testing.T) {
	f := &File{Groups: []string{"a"}}
	for i := range 1000 {
		f.Attributes = append(f.Attributes, Attribute{"a", fmt.Sprintf("%03d", i), "short"})
	}
	f.Attributes[0].Value = strings.Repeat("x", 100_000)
	whole := content(t, f)
	address := bytes.Index(whole, []byte(globals))
	long := referenceTo(100_000, address, 1)
	for i := 1; i < 1000; i++ {
		whole = bytes.Replace(whole, referenceTo(5, address, i+1), long, 1)
	}
	if n := bytes.Count(whole, long); n != 1000 {
		t.Fatalf("%d references to the long text", n)
	}
	if err := boundedRead(t, whole); !errors.Is(err, errOverlap) {
		t.Errorf("error %v", err)
	}
}

// Messages that nothing is made of are not kept: here of 8 bytes each, a megabyte of them.
func TestMemoryOfManyMessages(t *testing.T) {
	for kind, want := range map[byte]string{
		0:                `"/": not a sound HDF5 file: neither group nor data set`,
		attributeMessage: `"/": not supported: more than 32768 attributes`,
	} {
		const header, size = superblockSize + 16, 1 << 20
		whole := append(content(t, little())[:superblockSize:superblockSize], 1, 0, 0, 0, 1, 0, 0, 0)
		whole = le.AppendUint32(whole, size)
		whole = append(whole, make([]byte, 4+size)...)
		le.PutUint64(whole[40:], header+size)
		le.PutUint64(whole[64:], superblockSize)
		for i := header; i < len(whole); i += 8 {
			whole[i] = kind
		}
		if err := boundedRead(t, whole); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// A group's long name is in the paths of all that is in it.
func TestMemoryOfLongPaths(t *testing.T) {
	f, group := &File{}, strings.Repeat("n", 900)
	for i := range 20_000 {
		f.Datasets = append(f.Datasets, Dataset{Path: fmt.Sprintf("%s/%05d", group, i), Int64: []int64{1}})
	}
	if err := boundedRead(t, content(t, f)); err != nil {
		t.Error(err)
	}
}

// boundedRead reads and checks what that allocates.
func boundedRead(t *testing.T, b []byte) error {
	t.Helper()
	var err error
	used := allocated(func() { _, err = Read(b) })
	if most := uint64(1<<20 + 16*len(b)); used > most {
		t.Errorf("%d bytes allocated for a file of %d, want at most %d", used, len(b), most)
	}
	return err
}

func referenceTo(length, address, index int) []byte {
	b := le.AppendUint64(le.AppendUint32(nil, uint32(length)), uint64(address))
	return le.AppendUint32(b, uint32(index))
}

func FuzzRead(f *testing.F) {
	f.Add(content(f, little()))
	f.Add(readTestdata(f, "golden.h5"))
	f.Add(readTestdata(f, "keras.weights.h5"))
	for _, name := range []string{"cycle", "chunked", "named", "unwritten", "twice"} {
		f.Add(readTestdata(f, "refused/"+name+".h5"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = boundedRead(t, b)
		_, _ = checkRead(t, b)
	})
}
