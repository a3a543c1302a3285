package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// TestDamage flips each bit, and cuts off and doubles each byte, of a small file.
func TestDamage(t *testing.T) {
	content := encode(t, small(t), map[string]string{"classes": "[]"})
	if _, err := Parse(content); err != nil {
		t.Fatal(err)
	}
	check := func(what string, damaged []byte) {
		t.Helper()
		if _, err := Parse(damaged); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	for i := range content {
		for bit := range 8 {
			damaged := bytes.Clone(content)
			damaged[i] ^= 1 << bit
			check(fmt.Sprintf("bit %d of byte %d", bit, i), damaged)
		}
		check(fmt.Sprintf("cut after %d bytes", i), content[:i])
		check(fmt.Sprintf("byte %d twice", i), append(bytes.Clone(content[:i+1]), content[i:]...))
	}
	check("twice", append(bytes.Clone(content), content...))
}

// sealed is the file of a message: with zoo's name and the right checksum.
func sealed(t testing.TB, m *message) []byte {
	t.Helper()
	file := new(message)
	file.text(modelProducerName, producer)
	file.append(m)
	var b bytes.Buffer
	if err := file.write(&b); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), checksum(crc32.Checksum(b.Bytes(), castagnoli)).pieces[0].bytes...)
}

// repeated is a message of the same field again and again, until it has that size.
func repeated(size int, field protowire.Number, content func(i int) *message) *message {
	m := new(message)
	for i := 0; m.size < size; i++ {
		m.message(field, content(i))
	}
	return m
}

func graphOf(fields *message) *message {
	m := new(message)
	m.message(modelGraph, fields)
	return m
}

// hostile are files with the right checksum that no model is written as.
func hostile(t testing.TB) map[string][]byte {
	tensors := func(all ...*message) []byte {
		m := new(message)
		for _, tensor := range all {
			m.message(graphInitializer, tensor)
		}
		return sealed(t, graphOf(m))
	}
	node := func(content ...byte) []byte {
		bytes, m := new(message), new(message)
		bytes.bytes(content)
		m.message(graphNode, bytes)
		return sealed(t, graphOf(m))
	}
	long := tensorHeader(strings.Repeat("a\n", 1000), typeFloat, nil)
	return map[string][]byte{
		"a tensor twice":  tensors(tensorHeader("a", typeFloat, []int{1}), tensorHeader("a", typeFloat, []int{1})),
		"a long name":     tensors(long, long),
		"a huge side":     tensors(tensorHeader("a", typeFloat, []int{1 << 40})),
		"a negative one":  tensors(tensorHeader("a", typeFloat, []int{-1})),
		"nine axes":       tensors(tensorHeader("a", typeFloat, make([]int, 9))),
		"float64":         tensors(tensorHeader("a", 11, []int{1})),
		"a cut node":      node(0x0a, 0x7f),
		"an unended node": node(0x0b),
	}
}

func TestHostile(t *testing.T) {
	for name, content := range hostile(t) {
		_, err := Parse(content)
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("%s: error %v, want %v", name, err, ErrDamaged)
		}
		if text := err.Error(); len(text) > 300 || strings.Contains(text, "\n") {
			t.Errorf("%s: not one line: %s", name, text)
		}
	}
}

// TestMemory reads files of as many small fields as fit into a megabyte.
func TestMemory(t *testing.T) {
	const size, most = 1 << 20, 16 << 20
	name := func(i int) string { return fmt.Sprintf("%x", i) }
	for what, m := range map[string]*message{
		"nodes":  graphOf(repeated(size, graphNode, func(int) *message { return new(message) })),
		"texts":  repeated(size, modelMetadata, func(i int) *message { return entry(name(i), "") }),
		"shapes": graphOf(repeated(size, graphInitializer, func(i int) *message { return tensorHeader(name(i), typeInt64, nil) })),
		"tensors": graphOf(repeated(size, graphInitializer, func(i int) *message {
			return tensorHeader(name(i), typeFloat, make([]int, maxAxes))
		})),
	} {
		content := sealed(t, m)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(content)
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, ErrDamaged) || taken > most {
			t.Errorf("%s: %d bytes allocated for a file of %d, want at most %d; error %v", what, taken, len(content), most, err)
		}
	}
}

// TestShortTensor: a checksum that is right says nothing of what the file's writer meant.
func TestShortTensor(t *testing.T) {
	m := small(t)
	f, err := Parse(encode(t, m, nil))
	if err != nil {
		t.Fatal(err)
	}
	bias := f.tensors["dense/bias"]
	bias.raw = bias.raw[:7]
	f.tensors["dense/bias"] = bias
	const want = "tensor dense/bias has 7 bytes, want 8"
	if err := f.LoadInto(m); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestForeign(t *testing.T) {
	theirs := new(message)
	theirs.int(modelIRVersion, 10)
	theirs.text(modelProducerName, "pytorch")
	for name, content := range map[string][]byte{"pytorch": theirs.pieces[0].bytes, "empty": nil} {
		if _, err := Parse(content); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: error %v, want %v", name, err, ErrForeign)
		}
	}
}

func FuzzParse(f *testing.F) {
	m := small(f)
	whole := encode(f, m, map[string]string{"a": "b"})
	f.Add(whole[:len(whole)-checksum(0).size])
	f.Add([]byte{})
	f.Add([]byte("\x12\x03zoo\x3a\x02\x2a\x00"))
	for _, content := range hostile(f) {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		// With the right checksum, to get beyond it.
		file := append(bytes.Clone(content), checksum(crc32.Checksum(content, castagnoli)).pieces[0].bytes...)
		for _, b := range [][]byte{content, file} {
			parsed, err := Parse(b)
			if err != nil {
				continue
			}
			if err := parsed.LoadInto(m); err != nil {
				continue
			}
			again, err := Parse(encode(t, m, nil))
			if err != nil {
				t.Fatal(err)
			}
			for name, tensor := range parsed.tensors {
				if !bytes.Equal(tensor.raw, again.tensors[name].raw) {
					t.Fatalf("%s is written as another than was read", name)
				}
			}
		}
	})
}
