package onnx

import (
	"encoding/binary"
	"io"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protobuf message: pieces that follow one another. Weights are
// encoded only when they are written, because a network has a hundred megabytes of
// them and a message needs its length in front.
type message struct {
	pieces []piece
	size   int // bytes in all
}

// piece is bytes, or numbers that become them.
type piece struct {
	bytes  []byte
	floats []float32
}

// bytes adds bytes as they are.
func (m *message) bytes(b []byte) {
	m.size += len(b)
	if n := len(m.pieces); n > 0 && m.pieces[n-1].floats == nil {
		m.pieces[n-1].bytes = append(m.pieces[n-1].bytes, b...)
		return
	}
	m.pieces = append(m.pieces, piece{bytes: slices.Clone(b)}) // it grows
}

func (m *message) int(field protowire.Number, x int64) {
	m.bytes(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), uint64(x)))
}

func (m *message) float(field protowire.Number, x float32) {
	m.bytes(protowire.AppendFixed32(protowire.AppendTag(nil, field, protowire.Fixed32Type), math.Float32bits(x)))
}

func (m *message) text(field protowire.Number, s string) {
	m.bytes(protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), s))
}

// message adds a message as a field.
func (m *message) message(field protowire.Number, sub *message) {
	m.length(field, sub.size)
	m.append(sub)
}

// append adds the fields of another message.
func (m *message) append(other *message) {
	for _, p := range other.pieces {
		if p.floats == nil {
			m.bytes(p.bytes)
		} else {
			m.pieces = append(m.pieces, p)
			m.size += 4 * len(p.floats)
		}
	}
}

// floats adds the numbers as a field of bytes, little-endian. They are not copied.
func (m *message) floats(field protowire.Number, data []float32) {
	m.length(field, 4*len(data))
	if len(data) > 0 {
		m.pieces = append(m.pieces, piece{floats: data})
		m.size += 4 * len(data)
	}
}

// length begins a field of so many bytes.
func (m *message) length(field protowire.Number, size int) {
	m.bytes(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.BytesType), uint64(size)))
}

// write writes the message.
func (m *message) write(w io.Writer) error {
	block := make([]byte, 0, 1<<16)
	for _, p := range m.pieces {
		if _, err := w.Write(p.bytes); err != nil {
			return err
		}
		for rest := p.floats; len(rest) > 0; {
			n := min(len(rest), cap(block)/4)
			block = block[:0]
			for _, x := range rest[:n] {
				block = binary.LittleEndian.AppendUint32(block, math.Float32bits(x))
			}
			if _, err := w.Write(block); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
	return nil
}
