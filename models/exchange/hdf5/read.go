package hdf5

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Read reads a file. What it holds is copied out of content. All lengths and
// addresses are checked, and no byte of the file is read twice, so that memory and time
// stay within a small multiple of its size, whatever it says. Errors name the
// object.
func Read(content []byte) (*File, error) {
	r := &reader{content: content, objects: map[uint64]bool{}, collections: map[uint64]map[uint16]span{}}
	root, err := r.superblock()
	if err != nil {
		return nil, err
	}
	// The objects in the order of their paths; open are the next ones, the last first.
	f := &File{}
	for open := []link{{header: root}}; len(open) > 0; {
		o := open[len(open)-1]
		path := o.within + o.name
		children, err := r.object(f, path, o.header)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", "/"+path, err)
		}
		slices.Reverse(children)
		open = append(open[:len(open)-1], children...)
	}
	if err := r.disjoint(); err != nil {
		return nil, err
	}
	return f, nil
}

// link is an object as it was found in a group. Its path, which may be much longer than
// what the file has of it, is made when it is read.
type link struct {
	within string // path of the group and a slash; "" is the root
	name   string // "" is the root itself
	header uint64
}

// reader reads a file. The parts of a sound one do not overlap: each byte is read
// once. left is what may still be read, so that a file cannot send
// the reader in circles or have the same bytes copied again and again; where all was
// is looked at in the end, since a wrong address may well be one of something else.
type reader struct {
	content     []byte // up to the end that the superblock tells
	left        uint64
	spans       []span // that were read
	leafK       uint64
	internalK   uint64
	objects     map[uint64]bool // headers that were read
	collections map[uint64]map[uint16]span
}

// span is a part of the file.
type span struct{ address, length uint64 }

// at is so many bytes from this address on, which count as read.
func (r *reader) at(address, length uint64, what string) ([]byte, error) {
	if err := r.within(address, length, what); err != nil {
		return nil, err
	}
	return r.take(span{address, length})
}

// within checks that these bytes are in the file.
func (r *reader) within(address, length uint64, what string) error {
	size := uint64(len(r.content))
	if address > size || length > size-address {
		return damaged("%s of %d bytes at address %#x, but the file has %d bytes", what, length, address, size)
	}
	return nil
}

var errOverlap = damaged("its parts overlap")

// take is the bytes of a span, which is in the file, and counts them as read.
func (r *reader) take(s span) ([]byte, error) {
	if s.length > r.left {
		return nil, errOverlap
	}
	r.left -= s.length
	if s.length > 0 {
		r.spans = append(r.spans, s)
	}
	return r.content[s.address : s.address+s.length], nil
}

// disjoint checks that no byte was read twice.
func (r *reader) disjoint() error {
	slices.SortFunc(r.spans, func(a, b span) int { return cmp.Compare(a.address, b.address) })
	end := uint64(0)
	for _, s := range r.spans {
		if s.address < end {
			return errOverlap
		}
		end = s.address + s.length
	}
	return nil
}

// superblock checks the superblock (II.A) and returns the address of the root's header.
func (r *reader) superblock() (uint64, error) {
	s := r.content
	begins := func(at int) bool {
		return len(s) >= at && strings.HasPrefix(string(s[at:min(len(s), at+8)]), signature)
	}
	switch {
	case !begins(0) && (begins(512) || begins(1024) || begins(2048)):
		return 0, unsupported("a block of another format before the beginning: h5unjam cuts it off")
	case !begins(0):
		return 0, damaged("it does not begin as one")
	case len(s) < superblockSize:
		return 0, damaged("it has only %d bytes", len(s))
	case s[8] > 1:
		return 0, unsupported("a superblock of version %d%s", s[8], newer)
	case s[9] != 0 || s[10] != 0 || s[12] != 0:
		return 0, damaged("versions %d, %d and %d in its superblock", s[9], s[10], s[12])
	case s[13] != 8 || s[14] != 8:
		return 0, unsupported("addresses of %d and lengths of %d bytes", s[13], s[14])
	}
	r.leafK, r.internalK = uint64(le.Uint16(s[16:])), uint64(le.Uint16(s[18:]))
	length := superblockSize
	if s = s[24:]; r.content[8] == 1 {
		s = s[4:] // a size more
		length += 4
	}
	base, end := le.Uint64(s), le.Uint64(s[16:])
	switch {
	case base != 0:
		return 0, unsupported("addresses that count from %d", base)
	case end > uint64(len(r.content)):
		return 0, damaged("it should have %d bytes, but has %d", end, len(r.content))
	case end < uint64(length):
		return 0, damaged("it ends at %d, in its superblock", end)
	}
	r.content = r.content[:end]
	r.left = end
	if _, err := r.take(span{0, uint64(length)}); err != nil {
		return 0, err
	}
	return le.Uint64(s[40:]), nil
}

// object reads an object into the file and returns the objects that are in it.
func (r *reader) object(f *File, path string, address uint64) ([]link, error) {
	if r.objects[address] {
		return nil, unsupported("it is an object that has another name already, or a group in itself")
	}
	r.objects[address] = true
	h, err := r.header(address)
	if err != nil {
		return nil, err
	}
	var children []link
	switch {
	case h.symbols != nil && h.layout == nil:
		if path != "" {
			f.Groups = append(f.Groups, path)
		}
		children, err = r.group(path, h.symbols)
	case h.layout != nil && h.symbols == nil && path != "":
		var d Dataset
		d, err = r.dataset(h)
		d.Path = path
		f.Datasets = append(f.Datasets, d)
	case h.datatype != nil && h.layout == nil && h.symbols == nil:
		err = unsupported("it is a named type")
	default:
		err = damaged("neither group nor data set")
	}
	if err != nil {
		return nil, err
	}
	attributes, err := r.attributes(path, h.attributes)
	f.Attributes = append(f.Attributes, attributes...)
	return children, err
}

// group is the objects in a group, in the order of their names.
func (r *reader) group(path string, symbols []byte) ([]link, error) {
	if len(symbols) < 16 {
		return nil, damaged("a symbol table message of %d bytes", len(symbols))
	}
	names, err := r.localHeap(le.Uint64(symbols[8:]))
	if err != nil {
		return nil, err
	}
	entries, err := r.btree(nil, le.Uint64(symbols), -1)
	if err != nil {
		return nil, err
	}
	var children []link
	last, within := "", ""
	if path != "" {
		within = path + "/"
	}
	slashes := strings.Count(within, "/")
	for ; len(entries) > 0; entries = entries[entrySize:] {
		name, err := r.name(names, le.Uint64(entries))
		if err != nil {
			return nil, err
		}
		if err := checkPath(len(within)+len(name), slashes); err != nil {
			return nil, unsupported("%.50q in it: %s", name, err)
		}
		const soft = 2
		switch {
		case name <= last:
			return nil, damaged("%q comes after %q", name, last)
		case le.Uint32(entries[16:]) == soft:
			return nil, unsupported("%q in it is a soft link", name)
		}
		last = name
		children = append(children, link{within, name, le.Uint64(entries[8:])})
	}
	return children, nil
}

// localHeap is where the names of a local heap are (III.D).
func (r *reader) localHeap(address uint64) (span, error) {
	head, err := r.at(address, 32, "a local heap")
	if err != nil {
		return span{}, err
	}
	if string(head[:5]) != heapMark+"\x00" {
		return span{}, damaged("no local heap at address %#x", address)
	}
	heap := span{le.Uint64(head[24:]), le.Uint64(head[8:])}
	return heap, r.within(heap.address, heap.length, "names")
}

// name is the name at this place of a local heap.
func (r *reader) name(heap span, offset uint64) (string, error) {
	if offset >= heap.length {
		return "", damaged("a name at %d in a local heap of %d bytes", offset, heap.length)
	}
	some := r.content[heap.address:][offset:heap.length]
	text, _, ended := bytes.Cut(some[:min(len(some), maxPath+1)], []byte{0})
	if !ended && len(text) > maxPath {
		return "", unsupported("the name %.50q... of more than %d bytes in it", text, maxPath)
	}
	if !ended {
		return "", damaged("a name without end")
	}
	name := string(text)
	if err := checkName(name); err != nil {
		return "", damaged("%s", err)
	}
	_, err := r.take(span{heap.address + offset, uint64(len(name) + 1)})
	return name, err
}

// btree appends the entries below a node of a group's B-tree (III.A.1), which
// should be of this level; -1 is any.
func (r *reader) btree(entries []byte, address uint64, level int) ([]byte, error) {
	head, err := r.at(address, 24, "a B-tree's node")
	if err != nil {
		return nil, err
	}
	own, count := int(head[5]), uint64(le.Uint16(head[6:]))
	switch {
	case string(head[:5]) != treeMark+"\x00":
		return nil, damaged("no B-tree of a group at address %#x", address)
	case level >= 0 && own != level:
		return nil, damaged("a B-tree's node of level %d, want %d", own, level)
	case count > 2*r.internalK:
		return nil, damaged("a B-tree's node with %d children, want at most %d", count, 2*r.internalK)
	}
	body, err := r.at(address+24, 8*(2*count+1), "a B-tree's node")
	if err != nil {
		return nil, err
	}
	for i := range count {
		below := le.Uint64(body[8*(2*i+1):])
		if own == 0 {
			entries, err = r.symbols(entries, below)
		} else {
			entries, err = r.btree(entries, below, own-1)
		}
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// symbols appends the entries of a symbol table node (III.B).
func (r *reader) symbols(entries []byte, address uint64) ([]byte, error) {
	head, err := r.at(address, 8, "a symbol table node")
	if err != nil {
		return nil, err
	}
	count := uint64(le.Uint16(head[6:]))
	switch {
	case string(head[:5]) != nodeMark+"\x01":
		return nil, damaged("no symbol table node at address %#x", address)
	case count > 2*r.leafK:
		return nil, damaged("a symbol table node with %d entries, want at most %d", count, 2*r.leafK)
	}
	body, err := r.at(address+8, entrySize*count, "a symbol table node")
	return append(entries, body...), err
}
