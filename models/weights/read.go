package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"strings"

	"github.com/nlpodyssey/safetensors"
)

// ErrDamaged is in the error of a file that is not whole or not as it was written.
var ErrDamaged = errors.New("not a sound safetensors file")

// ReadFile reads the file at path into memory, once. Errors name it.
func ReadFile(path string) (*File, error) {
	content, err := contentOf(path)
	if err != nil {
		return nil, err // names the file
	}
	f, err := Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// contentOf reads the file. It looks at the beginning first, to leave large files of
// other kinds alone, and at what is not a file (a device has no end).
func contentOf(path string) (content []byte, err error) {
	info, err := os.Stat(path) // before it is opened: that waits for a pipe's other end
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	start := make([]byte, min(info.Size(), 9))
	if _, err := io.ReadFull(f, start); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := headerLength(start, info.Size()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	content = make([]byte, info.Size())
	copy(content, start)
	if _, err := io.ReadFull(f, content[len(start):]); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return content, nil
}

// headerLength is the length of the header of a file that has this start and size.
func headerLength(start []byte, size int64) (int, error) {
	if size < 8+2 {
		return 0, damaged("it has only %d bytes", size)
	}
	n := binary.LittleEndian.Uint64(start)
	switch {
	case start[8] != '{':
		return 0, damaged("it does not begin as one")
	case n > maxHeader:
		return 0, damaged("its header would have %d bytes, want at most %d", n, maxHeader)
	case n > uint64(size)-8:
		return 0, damaged("it ends within its header")
	}
	return int(n), nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// Parse reads the content of a file. The tensors share its memory where they can,
// so that it is not to be changed after. Whatever the content is, it takes no more
// memory than a small multiple of it, and what is wrong is an error: names that come
// twice, arrays that overlap or leave gaps, shapes too large, a wrong checksum.
func Parse(content []byte) (*File, error) {
	n, err := headerLength(content, int64(len(content)))
	if err != nil {
		return nil, err
	}
	header := content[8 : 8+n]
	if err := checkHeader(header); err != nil {
		return nil, err
	}
	// It sees to offsets: each array begins where the one before ends, the last
	// ends with the file, and each has the length of its shape.
	parsed, err := safetensors.Deserialize(content)
	if err != nil {
		return nil, damaged("%v", err)
	}
	_, information, err := safetensors.ReadMetadata(content)
	if err != nil {
		return nil, damaged("%v", err)
	}
	f := &File{Metadata: map[string]string{}}
	for key, value := range information.Metadata() {
		f.Metadata[key] = value
	}
	if err := f.verify(content, header); err != nil {
		return nil, err
	}
	for _, named := range parsed.Tensors() {
		t, err := tensorOf(named)
		if err != nil {
			return nil, err
		}
		f.Tensors = append(f.Tensors, t)
	}
	return f, nil
}

func tensorOf(named safetensors.NamedTensorView) (Tensor, error) {
	v := named.TensorView
	t := Tensor{Name: named.Name, DType: v.DType().String(), Shape: make([]int, len(v.Shape()))}
	for i, side := range v.Shape() {
		if side > math.MaxInt32 {
			return Tensor{}, damaged("tensor %q has shape %v", named.Name, v.Shape())
		}
		t.Shape[i] = int(side)
	}
	if t.DType == F32 {
		t.Data = floatsOf(v.Data())
	}
	return t, nil
}

// verify checks the file against its checksum, where it was written by this
// package, and takes this package's entries out of the metadata.
func (f *File) verify(content, header []byte) error {
	version, hasFormat := f.Metadata[formatKey]
	sum, hasSum := f.Metadata[checksumKey]
	if !hasFormat && !hasSum {
		return nil
	}
	delete(f.Metadata, formatKey)
	delete(f.Metadata, checksumKey)
	// In a text of JSON, quotes have a backslash: this can only be the entry.
	entry := fmt.Sprintf("%q:%q", checksumKey, sum)
	at := bytes.Index(header, []byte(entry))
	if !strings.HasPrefix(sum, crcName) || len(sum) != len(crcName)+len(crcZeros) || at < 0 {
		return damaged("its checksum is missing")
	}
	end := 8 + at + len(entry) - len(`"`)
	actual := crc32.Checksum(content[:end-len(crcZeros)], castagnoli)
	actual = crc32.Update(actual, castagnoli, []byte(crcZeros))
	actual = crc32.Update(actual, castagnoli, content[end:])
	if want := fmt.Sprintf("%s%08x", crcName, actual); sum != want {
		return damaged("the checksum of what it holds is %s, but it says %s", want, sum)
	}
	if version != format {
		return fmt.Errorf("written in format %q, but only %q is known here", version, format)
	}
	f.checked = true
	return nil
}

// checkHeader refuses what package safetensors lets pass: a header that is not
// one object, names that come twice (of which it takes the last), and shapes of
// many axes, which would take many times the memory of their text.
func checkHeader(header []byte) error {
	in := json.NewDecoder(bytes.NewReader(header))
	in.UseNumber()
	h := headerScan{in: in}
	if err := h.object(0); err != nil {
		return damaged("its header: %v", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return damaged("its header: text after the end")
	}
	return nil
}

type headerScan struct{ in *json.Decoder }

// object reads an object; its opening brace too at depth 0. At depth 0 are the
// tensors and the metadata, at depth 1 their fields.
func (h headerScan) object(depth int) error {
	if depth == 0 {
		if opening, err := h.in.Token(); err != nil || opening != json.Delim('{') {
			return errors.Join(errors.New("not an object"), err)
		}
	}
	seen := map[string]bool{}
	for h.in.More() {
		token, err := h.in.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // a key always is
		if seen[name] {
			return fmt.Errorf("%q comes twice", name)
		}
		seen[name] = true
		if err := h.value(depth); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
	}
	_, err := h.in.Token()
	return err
}

// value reads the value of a name in an object of that depth.
func (h headerScan) value(depth int) error {
	token, err := h.in.Token()
	if err != nil {
		return err
	}
	switch {
	case token == json.Delim('{') && depth == 0:
		return h.object(depth + 1)
	case token == json.Delim('[') && depth == 1:
		return h.array()
	}
	if _, nested := token.(json.Delim); nested || depth == 0 {
		return fmt.Errorf("unexpected %v", token)
	}
	return nil
}

// array reads a shape or offsets.
func (h headerScan) array() error {
	for n := 0; h.in.More(); n++ {
		token, err := h.in.Token()
		if err != nil {
			return err
		}
		if _, ok := token.(json.Number); !ok || n == maxRank {
			return fmt.Errorf("want at most %d numbers", maxRank)
		}
	}
	_, err := h.in.Token()
	return err
}
