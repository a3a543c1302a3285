package tensorboard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"google.golang.org/protobuf/encoding/protowire"
)

// Event is what a test sees of an Event: the file's version or one tensor.
type Event struct {
	Seconds     float64
	Step        int64
	Version     string
	Tag, Plugin string
	Scalar      float64
	Histogram   [][3]float64
}

// ReadFile reads an event file and checks all checksums.
func ReadFile(path string) ([]Event, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return readEvents(content)
}

// readEvents reads all events that are whole; io.ErrUnexpectedEOF tells of a part
// of one at the end.
func readEvents(content []byte) ([]Event, error) {
	var all []Event
	for len(content) > 0 {
		if len(content) < overhead {
			return all, io.ErrUnexpectedEOF
		}
		length := binary.LittleEndian.Uint64(content)
		if binary.LittleEndian.Uint32(content[lengthSize:]) != checksum(content[:lengthSize]) {
			return all, errors.New("wrong checksum of a length")
		}
		content = content[lengthSize+checksumSize:]
		if uint64(len(content)) < length+checksumSize {
			return all, io.ErrUnexpectedEOF
		}
		data := content[:length]
		if binary.LittleEndian.Uint32(content[length:]) != checksum(data) {
			return all, errors.New("wrong checksum of the data")
		}
		content = content[length+checksumSize:]
		e, err := readEvent(data)
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
	return all, nil
}

// message is the fields of a message by their numbers, each with all its values.
type message map[protowire.Number][][]byte

// parse takes a message apart; varints and fixed64 become 8 bytes.
func parse(data []byte) (message, error) {
	m := message{}
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		data = data[n:]
		var value []byte
		switch kind {
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(data)
		case protowire.VarintType:
			var x uint64
			x, n = protowire.ConsumeVarint(data)
			value = binary.LittleEndian.AppendUint64(nil, x)
		case protowire.Fixed64Type:
			var x uint64
			x, n = protowire.ConsumeFixed64(data)
			value = binary.LittleEndian.AppendUint64(nil, x)
		default:
			return nil, fmt.Errorf("field %d of wire type %d", number, kind)
		}
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		m[number] = append(m[number], value)
		data = data[n:]
	}
	return m, nil
}

// only is the one value of a field, nothing when it is not there.
func (m message) only(number protowire.Number) []byte {
	if len(m[number]) != 1 {
		return nil
	}
	return m[number][0]
}

func (m message) number(number protowire.Number) uint64 {
	if b := m.only(number); len(b) == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// at is the message that the fields of these numbers lead to.
func (m message) at(numbers ...protowire.Number) (message, error) {
	for _, number := range numbers {
		var err error
		if m, err = parse(m.only(number)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func readEvent(data []byte) (Event, error) {
	m, err := parse(data)
	if err != nil {
		return Event{}, err
	}
	e := Event{
		Seconds: math.Float64frombits(m.number(eventWallTime)),
		Step:    int64(m.number(eventStep)),
		Version: string(m.only(eventFileVersion)),
	}
	if e.Version != "" {
		return e, nil
	}
	value, err := m.at(eventSummary, summaryValue)
	if err != nil {
		return e, err
	}
	e.Tag = string(value.only(valueTag))
	plugin, err := value.at(valueMetadata, metadataPlugin)
	if err != nil {
		return e, err
	}
	e.Plugin = string(plugin.only(pluginName))
	tensor, err := value.at(valueTensor)
	if err != nil {
		return e, err
	}
	return e, e.readTensor(tensor)
}

func (e *Event) readTensor(tensor message) error {
	content := tensor.only(tensorContent)
	shape, err := tensor.at(tensorShape)
	if err != nil {
		return err
	}
	var sizes []int
	for _, dim := range shape[shapeDim] {
		d, err := parse(dim)
		if err != nil {
			return err
		}
		sizes = append(sizes, int(d.number(dimSize)))
	}
	switch {
	case tensor.number(tensorType) == typeFloat && len(sizes) == 0 && len(content) == 4:
		e.Scalar = float64(math.Float32frombits(binary.LittleEndian.Uint32(content)))
	case tensor.number(tensorType) == typeDouble && len(sizes) == 2 && sizes[1] == 3 && len(content) == 8*3*sizes[0]:
		e.Histogram = make([][3]float64, sizes[0])
		if _, err := binary.Decode(content, binary.LittleEndian, e.Histogram); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s: a tensor of type %d, shape %v, %d bytes", e.Tag, tensor.number(tensorType), sizes, len(content))
	}
	return nil
}
