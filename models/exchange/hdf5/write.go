package hdf5

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// The defaults of libhdf5, which the superblock repeats: a symbol table node has up to
// 2*leafK entries, a B-tree's node up to 2*internalK children.
const (
	leafK     = 4
	internalK = 16

	superblockSize = 96
	symbolsSize    = 8 + 2*leafK*entrySize
	entrySize      = 40
	btreeSize      = 24 + 8*(2*2*internalK+1)
	collectionSize = 4096 // the least that libhdf5 takes
	maxObjects     = math.MaxUint16
	referenceSize  = 16 // of a text in the global heap: length, collection, index
)

// none is the address of nothing.
const none = math.MaxUint64

const (
	signature = "\x89HDF\r\n\x1a\n"
	heapMark  = "HEAP"
	treeMark  = "TREE"
	nodeMark  = "SNOD"
	globals   = "GCOL"
)

// The messages of object headers.
const (
	dataspaceMessage    = 0x01
	linkInfoMessage     = 0x02
	datatypeMessage     = 0x03
	fillMessage         = 0x05
	linkMessage         = 0x06
	externalMessage     = 0x07
	layoutMessage       = 0x08
	filterMessage       = 0x0b
	attributeMessage    = 0x0c
	continuationMessage = 0x10
	symbolsMessage      = 0x11
)

// Flags of messages.
const (
	constant   = 1 << 0 // never changes
	shared     = 1 << 1 // its body lies elsewhere
	failAlways = 1 << 7 // who does not know its kind must not read the object
)

// Where data lies.
const (
	compact    = 0 // in the message itself
	contiguous = 1
	chunked    = 2
)

var le = binary.LittleEndian

// Write writes the file; the same file always as the same bytes. Beside the data it
// keeps all structure in memory, about a kilobyte for each group and 200 bytes for
// each data set. It refuses,
// before anything is written, names that come twice, shapes that are not those of
// their data, attributes of objects that are not there.
func Write(w io.Writer, f *File) error {
	root, err := treeOf(f)
	if err != nil {
		return err
	}
	b := &builder{b: make([]byte, superblockSize)}
	entry, err := b.group(root)
	if err != nil {
		return err
	}
	b.writeTexts()
	b.superblock(entry, b.placeData())
	if _, err := w.Write(b.b); err != nil {
		return err
	}
	for _, d := range b.data {
		if err := writeData(w, d.dataset); err != nil {
			return err
		}
	}
	return nil
}

// builder has the file's structure, from address 0 on. What is not known yet
// when something is written, where data and texts will lie, is put there later.
type builder struct {
	b     []byte
	data  []dataField
	texts []textField
}

type dataField struct {
	at      uint64 // where its address belongs
	dataset *Dataset
}

type textField struct {
	at    uint64 // where the reference to it belongs
	value string
}

// entry is an object as its group knows it (III.C). Those of groups repeat where
// B-tree and local heap are, as libhdf5 does.
type entry struct {
	name   uint64 // offset in the local heap
	header uint64
	group  bool
	btree  uint64
	heap   uint64
}

func (b *builder) end() uint64 { return uint64(len(b.b)) }

func (b *builder) align() { b.b = pad(b.b) }

// pad is b filled up to a multiple of 8 bytes.
func pad(b []byte) []byte { return append(b, make([]byte, padding(len(b)))...) }

func padding(n int) int { return -n & 7 }

// group writes a group behind all that is in it.
func (b *builder) group(n *node) (entry, error) {
	var entries []entry
	names := slices.Sorted(maps.Keys(n.children))
	for _, name := range names {
		child := n.children[name]
		write := b.group
		if child.dataset != nil {
			write = b.dataset
		}
		e, err := write(child)
		if err != nil {
			return entry{}, err
		}
		entries = append(entries, e)
	}
	e := entry{group: true}
	e.heap = b.localHeap(names, entries)
	e.btree = b.btree(entries)
	symbols := message{kind: symbolsMessage, body: le.AppendUint64(le.AppendUint64(nil, e.btree), e.heap)}
	var err error
	e.header, err = b.header(n, symbols)
	return e, err
}

// localHeap writes the names and gives the entries their offsets (III.D). The heap
// begins with the empty name, which the B-tree's first key needs.
func (b *builder) localHeap(names []string, entries []entry) uint64 {
	const noFreeBlock = 1
	segment := make([]byte, 8)
	for i, name := range names {
		entries[i].name = uint64(len(segment))
		segment = pad(append(append(segment, name...), 0))
	}
	at := b.end()
	b.b = append(b.b, heapMark+"\x00\x00\x00\x00"...)
	b.b = le.AppendUint64(b.b, uint64(len(segment)))
	b.b = le.AppendUint64(b.b, noFreeBlock)
	b.b = le.AppendUint64(b.b, at+32)
	b.b = append(b.b, segment...)
	return at
}

// child is a node below a node of a B-tree, and the last name in it.
type child struct{ address, last uint64 }

// btree writes the entries, which are in the order of their names, as symbol table
// nodes and the B-tree above these, and returns the address of its root.
func (b *builder) btree(entries []entry) uint64 {
	var children []child
	for some := range slices.Chunk(entries, 2*leafK) {
		children = append(children, child{b.symbols(some), some[len(some)-1].name})
	}
	for level := byte(0); ; level++ {
		children = b.level(level, children)
		if len(children) == 1 {
			return children[0].address
		}
	}
}

// symbols writes a symbol table node (III.B).
func (b *builder) symbols(entries []entry) uint64 {
	at := b.end()
	b.b = append(b.b, nodeMark+"\x01\x00"...)
	b.b = le.AppendUint16(b.b, uint16(len(entries)))
	for _, e := range entries {
		b.b = e.append(b.b)
	}
	b.b = append(b.b, make([]byte, at+symbolsSize-b.end())...)
	return at
}

func (e entry) append(b []byte) []byte {
	b = le.AppendUint64(b, e.name)
	b = le.AppendUint64(b, e.header)
	if !e.group {
		return append(b, make([]byte, 24)...)
	}
	const cached = 1
	b = le.AppendUint64(b, cached)
	b = le.AppendUint64(b, e.btree)
	return le.AppendUint64(b, e.heap)
}

// level writes one level of a B-tree (III.A.1) and returns its nodes. Between the
// children lie keys: a child has the names above the key before it, up to the key
// behind it.
func (b *builder) level(level byte, children []child) (nodes []child) {
	count := max(1, (len(children)+2*internalK-1)/(2*internalK))
	key := uint64(0) // the empty name
	for i := range count {
		at := b.end()
		left, right := at-btreeSize, at+btreeSize
		if i == 0 {
			left = none
		}
		if i == count-1 {
			right = none
		}
		some := children[2*internalK*i : min(2*internalK*(i+1), len(children))]
		b.b = append(b.b, treeMark+"\x00"...)
		b.b = append(b.b, level)
		b.b = le.AppendUint16(b.b, uint16(len(some)))
		b.b = le.AppendUint64(b.b, left)
		b.b = le.AppendUint64(b.b, right)
		b.b = le.AppendUint64(b.b, key)
		for _, c := range some {
			key = c.last
			b.b = le.AppendUint64(b.b, c.address)
			b.b = le.AppendUint64(b.b, key)
		}
		b.b = append(b.b, make([]byte, at+btreeSize-b.end())...)
		nodes = append(nodes, child{at, key})
	}
	return nodes
}

// message is a message of an object header.
type message struct {
	kind  uint16
	flags byte
	body  []byte
}

// header writes an object header (IV.A.1.a) with these messages and the object's
// attributes, and returns its address.
func (b *builder) header(n *node, messages ...message) (uint64, error) {
	attributes := slices.Clone(n.attributes)
	slices.SortStableFunc(attributes, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	size := 0
	for i, a := range attributes {
		if i > 0 && a.Name == attributes[i-1].Name {
			return 0, fmt.Errorf("attribute %q of %q: it comes twice", a.Name, a.Path)
		}
		messages = append(messages, message{kind: attributeMessage, body: attributeBody(a.Name)})
	}
	for _, m := range messages {
		size += 8 + len(m.body) + padding(len(m.body))
	}
	at := b.end()
	b.b = append(b.b, 1, 0)
	b.b = le.AppendUint16(b.b, uint16(len(messages)))
	b.b = le.AppendUint32(b.b, 1) // names that it has
	b.b = le.AppendUint32(b.b, uint32(size))
	b.align()
	for i, m := range messages {
		b.b = le.AppendUint16(b.b, m.kind)
		b.b = le.AppendUint16(b.b, uint16(len(m.body)+padding(len(m.body))))
		b.b = append(b.b, m.flags, 0, 0, 0)
		switch own := len(messages) - len(attributes); {
		case i >= own:
			b.texts = append(b.texts, textField{b.end() + uint64(len(m.body)) - referenceSize, attributes[i-own].Value})
		case m.kind == layoutMessage && n.dataset.size() > 0:
			b.data = append(b.data, dataField{b.end() + 2, n.dataset})
		}
		b.b = append(b.b, m.body...)
		b.align()
	}
	return at, nil
}

// attributeBody is the message of an attribute (IV.A.2.m, version 1) that is a text of
// variable length, as h5py writes a str. What is known of the text, its length and where
// it is, comes later.
func attributeBody(name string) []byte {
	const typeSize, spaceSize = 20, 8
	body := []byte{1, 0}
	body = le.AppendUint16(body, uint16(len(name)+1))
	body = le.AppendUint16(body, typeSize)
	body = le.AppendUint16(body, spaceSize)
	body = pad(append(append(body, name...), 0))
	// A sequence (9) that is a text (1) in UTF-8 (1), 16 bytes here, of bytes.
	body = append(body, 0x19, 1, 1, 0, 16, 0, 0, 0)
	body = pad(append(body, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0))
	body = append(body, dataspace(nil)...)
	return append(body, make([]byte, referenceSize)...)
}

// dataset writes a data set's header.
func (b *builder) dataset(n *node) (entry, error) {
	d := n.dataset
	layout := le.AppendUint64([]byte{3, contiguous}, none)
	layout = le.AppendUint64(layout, uint64(d.size()))
	header, err := b.header(n,
		message{dataspaceMessage, 0, dataspace(d.Shape)},
		message{datatypeMessage, constant, d.datatype()},
		// Version 2, space made late, filled if something is set, with zeros.
		message{fillMessage, constant, []byte{2, 2, 2, 1, 0, 0, 0, 0}},
		message{layoutMessage, 0, layout})
	return entry{header: header}, err
}

// dataspace is a shape (IV.A.2.b, version 1).
func dataspace(shape []int) []byte {
	body := []byte{1, byte(len(shape)), 0, 0, 0, 0, 0, 0}
	for _, side := range shape {
		body = le.AppendUint64(body, uint64(side))
	}
	return body
}

// datatype is the type of the data (IV.A.2.d, version 1).
func (d *Dataset) datatype() []byte {
	if d.Int64 != nil {
		return int64Type
	}
	return float32Type
}

var (
	// Integer (0), little-endian, with a sign (8), 8 bytes, all 64 bits used.
	int64Type = []byte{0x10, 8, 0, 0, 8, 0, 0, 0, 0, 0, 64, 0}
	// Float (1), little-endian with an implied first bit (0x20), the sign in bit 31, 4 bytes:
	// all 32 bits used, exponent from bit 23, 8 bits, mantissa from 0, 23 bits, bias 127.
	float32Type = []byte{0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0}
)

// size is the data's size in bytes.
func (d *Dataset) size() int { return 4*len(d.Float32) + 8*len(d.Int64) }

// writeTexts writes the attributes' values into collections of the global heap
// (III.E) and tells their attributes where.
func (b *builder) writeTexts() {
	for some := range slices.Chunk(b.texts, maxObjects) {
		at := b.end()
		b.b = append(b.b, globals+"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
		for i, text := range some {
			index := uint32(i + 1)
			reference := b.b[text.at:]
			le.PutUint32(reference, uint32(len(text.value)))
			le.PutUint64(reference[4:], at)
			le.PutUint32(reference[12:], index)
			b.b = le.AppendUint64(b.b, uint64(index)) // nothing counts what points to it
			b.b = le.AppendUint64(b.b, uint64(len(text.value)))
			b.b = append(b.b, text.value...)
			b.align()
		}
		// What is free is object 0, whose size includes its header of 16 bytes.
		if used := b.end() - at; used < collectionSize {
			free := max(collectionSize-used, 16)
			b.b = le.AppendUint64(le.AppendUint64(b.b, 0), free)
			b.b = append(b.b, make([]byte, free-16)...)
		}
		le.PutUint64(b.b[at+8:], b.end()-at)
	}
}

// placeData gives the data sets their places behind the structure, and returns the
// file's size.
func (b *builder) placeData() uint64 {
	end := b.end()
	for _, d := range b.data {
		le.PutUint64(b.b[d.at:], end)
		size := d.dataset.size()
		end += uint64(size + padding(size))
	}
	return end
}

// superblock writes the superblock (II.A, version 0) of a file of this size.
func (b *builder) superblock(root entry, size uint64) {
	s := append(b.b[:0], signature...)
	s = append(s, 0, 0, 0, 0, 0, 8, 8, 0) // versions; bytes of an address and a length
	s = le.AppendUint16(s, leafK)
	s = le.AppendUint16(s, internalK)
	s = le.AppendUint32(s, 0)    // not open for writing
	s = le.AppendUint64(s, 0)    // addresses count from here
	s = le.AppendUint64(s, none) // list of free space
	s = le.AppendUint64(s, size)
	s = le.AppendUint64(s, none) // information of a driver
	root.append(s)
}

// writeData writes the data, filled up to a multiple of 8 bytes.
func writeData(w io.Writer, d *Dataset) error {
	const step = 8192
	var piece bytes.Buffer
	flush := func() error {
		_, err := piece.WriteTo(w)
		return err
	}
	for some := range slices.Chunk(d.Float32, step) {
		for _, x := range some {
			piece.Write(le.AppendUint32(piece.AvailableBuffer(), math.Float32bits(x)))
		}
		if err := flush(); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(d.Int64, step) {
		for _, x := range some {
			piece.Write(le.AppendUint64(piece.AvailableBuffer(), uint64(x)))
		}
		if err := flush(); err != nil {
			return err
		}
	}
	piece.Write(make([]byte, padding(d.size())))
	return flush()
}
