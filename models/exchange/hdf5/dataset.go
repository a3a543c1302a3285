package hdf5

import (
	"encoding/binary"
	"math"
)

// dataset reads a data set, all but its path.
func (r *reader) dataset(h *header) (d Dataset, err error) {
	if h.dataspace == nil || h.datatype == nil {
		return d, damaged("a data set without shape or type")
	}
	shape, err := parseDataspace(h.dataspace)
	if err != nil {
		return d, err
	}
	kind, err := parseDatatype(h.datatype)
	if err != nil {
		return d, err
	}
	n, err := elements(shape)
	if err != nil {
		return d, damaged("%s", err)
	}
	content, err := r.data(h.layout, n*kind.size)
	if err != nil {
		return d, err
	}
	d.Shape = shape
	if kind.float {
		d.Float32 = kind.floats(content)
		return d, nil
	}
	d.Int64, err = kind.integers(content)
	return d, err
}

// parseDataspace is a shape (IV.A.2.b, both versions).
func parseDataspace(body []byte) ([]int, error) {
	if len(body) < 4 {
		return nil, damaged("a dataspace message of %d bytes", len(body))
	}
	const null = 2
	version, rank, start := body[0], int(body[1]), 4
	switch {
	case version == 1:
		start = 8
	case version != 2:
		return nil, damaged("a dataspace message of version %d", version)
	case body[3] == null:
		return nil, unsupported("it has no elements, not even a shape")
	}
	if rank > maxRank || len(body) < start+8*rank {
		return nil, damaged("%d axes in a dataspace message of %d bytes", rank, len(body))
	}
	shape := make([]int, rank)
	for i := range shape {
		side := le.Uint64(body[start+8*i:])
		if side > math.MaxInt {
			return nil, damaged("an axis of %d", side)
		}
		shape[i] = int(side)
	}
	return shape, nil
}

// datatype is a type of which data is read.
type datatype struct {
	float  bool // float32
	signed bool
	size   int // bytes
	order  binary.ByteOrder
}

// Classes of types.
const (
	integerClass  = 0
	floatClass    = 1
	textClass     = 3
	opaqueClass   = 5
	sequenceClass = 9
)

// The format's names of the classes, 0 to 10.
var classNames = []string{"integer", "float", "time", "text", "bit field", "opaque", "compound", "reference", "enumeration", "sequence", "array"}

// parseDatatype is the type of a data set (IV.A.2.d, all versions: they are the same for
// these classes).
func parseDatatype(body []byte) (t datatype, err error) {
	if len(body) < 8 {
		return t, damaged("a datatype message of %d bytes", len(body))
	}
	class, version, size := body[0]&15, body[0]>>4, le.Uint32(body[4:])
	if version < 1 || int(class) >= len(classNames) {
		return t, damaged("a datatype message of version %d, class %d", version, class)
	}
	if class == opaqueClass && size == 2 {
		return t, unsupported("its type is opaque of 2 bytes, as bfloat16 is" + asFloat32)
	}
	if class != integerClass && class != floatClass {
		return t, unsupported("its type is %s of %d bytes, not float32 or integer", classNames[class], size)
	}
	if len(body) < 12 || class == floatClass && len(body) < 20 {
		return t, damaged("a datatype message of %d bytes", len(body))
	}
	t.order = binary.ByteOrder(binary.LittleEndian)
	if body[1]&1 != 0 {
		t.order = binary.BigEndian
	}
	t.size = int(size)
	if class == floatClass {
		if t.float = true; size != 4 {
			return t, unsupported("its type is float of %d bytes, not float32"+asFloat32, size)
		}
		// All but byte order and what fills unused bits is as float32Type has it.
		if body[1]&^0x0f != float32Type[1] || body[2] != float32Type[2] || string(body[8:20]) != string(float32Type[8:]) {
			return t, unsupported("its type is float of 4 bytes, but not IEEE's float32")
		}
		return t, nil
	}
	t.signed = body[1]&8 != 0
	whole := le.Uint16(body[8:]) == 0 && uint64(le.Uint16(body[10:])) == 8*uint64(size)
	if size != 1 && size != 2 && size != 4 && size != 8 || !whole {
		return t, unsupported("its type is integer of %d bytes with %d bits", size, le.Uint16(body[10:]))
	}
	return t, nil
}

// data is the bytes of a data set that should have so many (IV.A.2.i, versions 3 and 4).
func (r *reader) data(layout []byte, size int) ([]byte, error) {
	if len(layout) < 4 {
		return nil, damaged("a layout message of %d bytes", len(layout))
	}
	version, class := layout[0], layout[1]
	switch {
	case version == 1 || version == 2:
		return nil, unsupported("a layout message of version %d: let h5repack write the file again", version)
	case version != 3 && version != 4:
		return nil, damaged("a layout message of version %d", version)
	case class == chunked:
		return nil, unsupported("its data is in chunks" + repack)
	case class > chunked:
		return nil, unsupported("a layout of class %d", class)
	}
	var data []byte
	if class == compact {
		length := int(le.Uint16(layout[2:]))
		if length > len(layout)-4 {
			return nil, damaged("%d bytes of data in a layout message of %d", length, len(layout))
		}
		data = layout[4 : 4+length]
	} else {
		if len(layout) < 18 {
			return nil, damaged("a layout message of %d bytes", len(layout))
		}
		address, length := le.Uint64(layout[2:]), le.Uint64(layout[10:])
		switch {
		case address == none && size == 0:
			return nil, nil
		case address == none:
			return nil, unsupported("its data was never written")
		case length != uint64(size):
			return nil, damaged("%d bytes of data, but its shape and type need %d", length, size)
		}
		return r.at(address, length, "data")
	}
	if len(data) != size {
		return nil, damaged("%d bytes of data, but its shape and type need %d", len(data), size)
	}
	return data, nil
}

func (t datatype) floats(content []byte) []float32 {
	all := make([]float32, len(content)/4)
	for i := range all {
		all[i] = math.Float32frombits(t.order.Uint32(content[4*i:]))
	}
	return all
}

func (t datatype) integers(content []byte) ([]int64, error) {
	all := make([]int64, len(content)/t.size)
	for i := range all {
		x := t.integer(content[i*t.size:])
		if !t.signed && x < 0 {
			return nil, unsupported("the integer %d, more than int64 has", uint64(x))
		}
		all[i] = x
	}
	return all, nil
}

// integer is the first integer in b.
func (t datatype) integer(b []byte) int64 {
	var x uint64
	switch t.size {
	case 1:
		x = uint64(b[0])
	case 2:
		x = uint64(t.order.Uint16(b))
	case 4:
		x = uint64(t.order.Uint32(b))
	default:
		x = t.order.Uint64(b)
	}
	if !t.signed {
		return int64(x)
	}
	unused := 64 - 8*t.size
	return int64(x<<unused) >> unused
}
