package hdf5

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// attributes are those of an object that are one text, by name.
func (r *reader) attributes(path string, bodies [][]byte) ([]Attribute, error) {
	var all []Attribute
	for _, body := range bodies {
		a, ok, err := r.attribute(body)
		if err != nil {
			return nil, err
		}
		if a.Path = path; ok {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(all); i++ {
		if all[i].Name == all[i-1].Name {
			return nil, damaged("two attributes %q", all[i].Name)
		}
	}
	return all, nil
}

// attribute reads an attribute (IV.A.2.m, versions 1 to 3). It is not ok if it is no
// text.
func (r *reader) attribute(body []byte) (a Attribute, ok bool, err error) {
	if len(body) < 9 {
		return a, false, damaged("an attribute message of %d bytes", len(body))
	}
	version, flags := body[0], body[1]
	var parts [3][]byte // name, type, shape
	rest := body[8:]
	switch {
	case version < 1 || version > 3:
		return a, false, damaged("an attribute message of version %d", version)
	case version > 1 && flags != 0:
		return a, false, nil // of a named type
	case version == 3:
		rest = body[9:] // the name's character set, of which UTF-8 is the larger
	}
	for i := range parts {
		size := int(le.Uint16(body[2+2*i:]))
		taken := size
		if version == 1 {
			taken += padding(size)
		}
		if taken > len(rest) {
			return a, false, damaged("an attribute message that ends in its %s", []string{"name", "type", "shape"}[i])
		}
		parts[i], rest = rest[:size], rest[taken:]
	}
	name, _, _ := bytes.Cut(parts[0], []byte{0})
	a.Name = string(name)
	value, ok, err := r.text(parts[1], parts[2], rest)
	if err != nil {
		return a, false, fmt.Errorf("attribute %.50q: %w", name, err)
	}
	a.Value = string(value)
	return a, ok && checkAttribute(a.Name, a.Value) == nil, nil
}

// text is an attribute's value, if this type and shape are those of one text.
func (r *reader) text(kind, space, data []byte) (text []byte, ok bool, err error) {
	if len(kind) < 8 || len(space) < 4 || space[1] != 0 {
		return nil, false, nil // not of one element
	}
	if version, what := space[0], space[3]; version == 2 && what != 0 {
		return nil, false, nil // of none
	}
	const isText = 1 // of a sequence
	switch class, bits := kind[0]&15, kind[1]&15; {
	case class == textClass:
		size := uint64(le.Uint32(kind[4:]))
		if size > uint64(len(data)) {
			return nil, false, damaged("a text of %d bytes where %d are left", size, len(data))
		}
		return trim(data[:size], bits), true, nil
	case class == sequenceClass && bits == isText:
		if len(data) < referenceSize {
			return nil, false, damaged("a reference of %d bytes", len(data))
		}
		text, err := r.global(uint64(le.Uint32(data)), le.Uint64(data[4:]), le.Uint32(data[12:]))
		return text, err == nil, err
	}
	return nil, false, nil
}

// trim is a text of fixed length without what fills it.
func trim(text []byte, filled byte) []byte {
	const zeros, spaces = 1, 2
	switch filled {
	case zeros:
		return bytes.TrimRight(text, "\x00")
	case spaces:
		return bytes.TrimRight(text, " ")
	}
	text, _, _ = bytes.Cut(text, []byte{0})
	return text
}

// global is the first bytes of an object in a collection of the global heap (III.E).
func (r *reader) global(length, address uint64, index uint32) ([]byte, error) {
	if length == 0 {
		return nil, nil
	}
	objects, ok := r.collections[address]
	if !ok {
		var err error
		if objects, err = r.collection(address); err != nil {
			return nil, err
		}
		r.collections[address] = objects
	}
	if index == 0 || index > maxObjects || length > objects[uint16(index)].length {
		return nil, damaged("no text of %d bytes under index %d", length, index)
	}
	text, err := r.take(span{objects[uint16(index)].address, length})
	text, _, _ = bytes.Cut(text, []byte{0})
	return text, err
}

// collection is where the objects of a collection are.
func (r *reader) collection(address uint64) (map[uint16]span, error) {
	head, err := r.at(address, 16, "a collection of texts")
	if err != nil {
		return nil, err
	}
	if string(head[:5]) != globals+"\x01" {
		return nil, damaged("no collection of texts at address %#x", address)
	}
	size := le.Uint64(head[8:])
	if err := r.within(address, size, "a collection of texts"); err != nil {
		return nil, err
	}
	objects := map[uint16]span{}
	for at, end := address+16, address+size; at+16 <= end; {
		head, err := r.take(span{at, 16})
		if err != nil {
			return nil, err
		}
		index, length := le.Uint16(head), le.Uint64(head[8:])
		if at += 16; index == 0 {
			break // what is free
		}
		if length > end-at {
			return nil, damaged("a text of %d bytes where %d are left", length, end-at)
		}
		objects[index] = span{at, length}
		at += length + uint64(padding(int(length)))
	}
	return objects, nil
}
