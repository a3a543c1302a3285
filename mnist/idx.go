package mnist

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

const (
	unsignedByte = 0x08 // the IDX code of the only element type in use here

	// maxItems is the most items that a file may have. It is 16 times MNIST, and
	// bounds the memory that a false header can ask for: 784 MB.
	maxItems = 1_000_000
)

// format is what an IDX file has to be.
type format struct {
	items    string   // what it holds, for errors
	shape    []uint32 // of one item
	maxValue uint8    // of an element
}

var (
	imageFormat = format{items: "images", shape: []uint32{Side, Side}, maxValue: math.MaxUint8}
	labelFormat = format{items: "labels", shape: nil, maxValue: classCount - 1}
)

// itemSize is the number of bytes of one item.
func (f format) itemSize() int {
	size := 1
	for _, n := range f.shape {
		size *= int(n)
	}
	return size
}

// idxReader reads one IDX file, plain or packed with gzip.
type idxReader struct {
	content content
	format  format
	count   int // items, from the header
}

// newIDXReader reads the header of an IDX file of size bytes, and refuses it if it is
// not of the wanted format or if the file cannot hold what its header promises.
func newIDXReader(file io.Reader, size int64, want format) (*idxReader, error) {
	content, err := unpack(file, size)
	if err != nil {
		return nil, err
	}
	header := make([]byte, 4*(2+len(want.shape)))
	magic, sizes := header[:4], header[4:]
	if err := readHeader(content, magic); err != nil {
		return nil, err
	}
	if err := checkMagic(magic, want); err != nil {
		return nil, err
	}
	if err := readHeader(content, sizes); err != nil {
		return nil, err
	}
	count, err := checkSizes(sizes, want)
	if err != nil {
		return nil, err
	}
	r := &idxReader{content, want, count}
	if err := r.checkLength(int64(len(header))); err != nil {
		return nil, err
	}
	return r, nil
}

// readHeader fills a part of the header.
func readHeader(r io.Reader, part []byte) error {
	_, err := io.ReadFull(r, part)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("ends before its IDX header is complete")
	}
	return err
}

// checkMagic checks the first four bytes.
func checkMagic(magic []byte, want format) error {
	if magic[0] != 0 || magic[1] != 0 {
		return fmt.Errorf("not an IDX file: begins with % x, want 00 00", magic[:2])
	}
	if magic[2] != unsignedByte {
		return fmt.Errorf("elements have type 0x%02x, want 0x%02x (unsigned bytes)", magic[2], unsignedByte)
	}
	if got, dimensions := int(magic[3]), 1+len(want.shape); got != dimensions {
		return fmt.Errorf("dimensions: %d, want %d for %s", got, dimensions, want.items)
	}
	return nil
}

// checkSizes checks the sizes of the dimensions and returns the first, the count.
func checkSizes(sizes []byte, want format) (int, error) {
	count := binary.BigEndian.Uint32(sizes)
	if count == 0 {
		return 0, fmt.Errorf("has no %s", want.items)
	}
	if count > maxItems {
		return 0, fmt.Errorf("header promises %d %s, at most %d are allowed", count, want.items, maxItems)
	}
	shape := make([]uint32, len(want.shape))
	for i := range shape {
		shape[i] = binary.BigEndian.Uint32(sizes[4*(1+i):])
	}
	if !slices.Equal(shape, want.shape) {
		return 0, fmt.Errorf("%s have shape %v, want %v", want.items, shape, want.shape)
	}
	return int(count), nil
}

// size is the number of bytes that the header promises to follow it.
func (r *idxReader) size() int { return r.count * r.format.itemSize() }

// checkLength compares what the header promises with what the file can hold.
func (r *idxReader) checkLength(header int64) error {
	least, most := r.content.least-header, r.content.most-header
	switch size := int64(r.size()); {
	case size > most:
		return fmt.Errorf("cut off: %s, the file holds at most %d", r.promise(), most)
	case size < least:
		return fmt.Errorf("too long: %s, but %d follow it", r.promise(), least)
	}
	return nil
}

// promise says for errors what the header promises.
func (r *idxReader) promise() string {
	return fmt.Sprintf("header promises %d %s (%d bytes)", r.count, r.format.items, r.size())
}

// read returns the elements of all items, in a slice of exactly their size.
func (r *idxReader) read() ([]uint8, error) {
	data := make([]uint8, r.size())
	n, err := io.ReadFull(r.content, data)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("cut off: %s, but only %d follow it", r.promise(), n)
	}
	if err != nil {
		return nil, err
	}
	if err := r.checkEnd(); err != nil {
		return nil, err
	}
	if err := r.format.checkValues(data); err != nil {
		return nil, err
	}
	return data, nil
}

// checkEnd makes sure that nothing follows the last item. Only there does the gzip
// reader compare the checksum, so this comes before the values are looked at.
func (r *idxReader) checkEnd() error {
	var next [1]byte
	switch _, err := io.ReadFull(r.content, next[:]); err {
	case io.EOF:
		return nil
	case nil:
		return fmt.Errorf("too long: %s, but more follow it", r.promise())
	default:
		return err
	}
}

// checkValues makes sure that no element is above the largest.
func (f format) checkValues(data []uint8) error {
	if f.maxValue == math.MaxUint8 {
		return nil
	}
	for i, value := range data {
		if value > f.maxValue {
			return fmt.Errorf("value %d at index %d of the %s, want 0 to %d", value, i, f.items, f.maxValue)
		}
	}
	return nil
}
