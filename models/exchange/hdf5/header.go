package hdf5

// header is the messages of an object header that matter, nil if there are none.
type header struct {
	symbols    []byte // of a group
	dataspace  []byte // of a data set
	datatype   []byte
	layout     []byte
	attributes [][]byte
	filtered   bool // the data
}

// header reads an object header (IV.A.1.a). The number of its messages, which it
// has too, does not matter: libhdf5 is known to have counted wrong.
func (r *reader) header(address uint64) (*header, error) {
	head, err := r.at(address, 16, "an object header")
	if err != nil {
		return nil, err
	}
	switch {
	case string(head[:4]) == "OHDR":
		return nil, unsupported("an object header of version 2" + newer)
	case head[0] != 1:
		return nil, damaged("no object header at address %#x", address)
	}
	type block struct{ address, length uint64 }
	blocks := []block{{address + 16, uint64(le.Uint32(head[8:]))}}
	h := &header{}
	for len(blocks) > 0 {
		body, err := r.at(blocks[0].address, blocks[0].length, "an object header's block")
		if err != nil {
			return nil, err
		}
		blocks = blocks[1:]
		for len(body) >= 8 {
			m := message{kind: le.Uint16(body), flags: body[4]}
			size := int(le.Uint16(body[2:]))
			if body = body[8:]; size > len(body) {
				return nil, damaged("a message of %d bytes where %d are left", size, len(body))
			}
			m.body, body = body[:size], body[size:]
			if m.kind != continuationMessage {
				if err := h.add(m); err != nil {
					return nil, err
				}
				continue
			}
			if len(m.body) < 16 {
				return nil, damaged("a continuation message of %d bytes", len(m.body))
			}
			blocks = append(blocks, block{le.Uint64(m.body), le.Uint64(m.body[8:])})
		}
	}
	if h.filtered {
		return nil, unsupported("its data is compressed or filtered" + repack)
	}
	return h, nil
}

// add keeps a message that matters: of those that do not, a small file can have
// very many. It refuses objects that are not what the others make of them.
func (h *header) add(m message) error {
	var one *[]byte
	switch m.kind {
	case symbolsMessage:
		one = &h.symbols
	case dataspaceMessage:
		one = &h.dataspace
	case datatypeMessage:
		one = &h.datatype
	case layoutMessage:
		one = &h.layout
	case filterMessage:
		h.filtered = true
	case linkMessage, linkInfoMessage:
		return unsupported("its links are messages" + newer)
	case externalMessage:
		return unsupported("its data is in other files")
	case attributeMessage:
		if len(h.attributes) == maxAttributes {
			return unsupported("more than %d attributes", maxAttributes)
		}
		if m.flags&shared == 0 {
			h.attributes = append(h.attributes, m.body)
		}
	default:
		if known := m.kind <= lastMessage; !known && m.flags&failAlways != 0 {
			return unsupported("a message of kind %#x", m.kind)
		}
	}
	switch {
	case one == nil:
	case *one != nil:
		return damaged("two messages of kind %#x", m.kind)
	case m.flags&shared != 0:
		return unsupported("a shared message of kind %#x, as named types have", m.kind)
	default:
		*one = m.body
	}
	return nil
}

// lastMessage is the last kind of message that there is.
const lastMessage = 0x18

// What to do about it.
const (
	repack    = ": let h5repack -l CONTI -f NONE write the file again"
	newer     = ", a newer layout: save the file with h5py's defaults, as Keras does"
	asFloat32 = ": save the model with float32 weights"
)
