package tensorboard

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of the fields that are written, of tensorflow/core's event.proto,
// summary.proto, tensor.proto and tensor_shape.proto.
const (
	eventWallTime       = 1
	eventStep           = 2
	eventFileVersion    = 3
	eventSummary        = 5
	eventSourceMetadata = 10

	sourceWriter = 1

	summaryValue = 1

	valueTag      = 1
	valueTensor   = 8
	valueMetadata = 9

	metadataPlugin = 1
	pluginName     = 1

	tensorType    = 1
	tensorShape   = 2
	tensorContent = 4

	shapeDim = 2
	dimSize  = 1

	typeFloat  = 1
	typeDouble = 2
)

// version marks a file whose summaries are tensors with the name of the plugin that shows them.
const version = "brain.Event:2"

// plugins that show summaries.
const (
	scalars    = "scalars"
	histograms = "histograms"
)

func appendMessage(to []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, field, protowire.BytesType), message)
}

func appendInt(to []byte, field protowire.Number, x int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(to, field, protowire.VarintType), uint64(x))
}

// event is an Event at a time in seconds since 1970, without its contents.
func event(seconds float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type), math.Float64bits(seconds))
}

// firstEvent is the Event that begins a file.
func firstEvent(seconds float64) []byte {
	e := appendMessage(event(seconds), eventFileVersion, []byte(version))
	return appendMessage(e, eventSourceMetadata, appendMessage(nil, sourceWriter, []byte("zoo/train/tensorboard")))
}

// summaryEvent is the Event of one tensor at a step.
func summaryEvent(seconds float64, step int64, tag, plugin string, tensor []byte) []byte {
	metadata := appendMessage(nil, metadataPlugin, appendMessage(nil, pluginName, []byte(plugin)))
	value := appendMessage(nil, valueTag, []byte(tag))
	value = appendMessage(value, valueTensor, tensor)
	value = appendMessage(value, valueMetadata, metadata)
	e := event(seconds)
	if step != 0 {
		e = appendInt(e, eventStep, step)
	}
	return appendMessage(e, eventSummary, appendMessage(nil, summaryValue, value))
}

// scalarTensor is a TensorProto of one float32.
func scalarTensor(x float32) []byte {
	t := appendInt(nil, tensorType, typeFloat)
	t = appendMessage(t, tensorShape, nil)
	return appendMessage(t, tensorContent, binary.LittleEndian.AppendUint32(nil, math.Float32bits(x)))
}

// histogramTensor is a TensorProto of the buckets, a float64 for each left and
// right edge and count.
func histogramTensor(all []bucket) []byte {
	dim := func(size int) []byte { return appendMessage(nil, shapeDim, appendInt(nil, dimSize, int64(size))) }
	var content []byte
	for _, b := range all {
		for _, x := range []float64{b.left, b.right, b.count} {
			content = binary.LittleEndian.AppendUint64(content, math.Float64bits(x))
		}
	}
	t := appendInt(nil, tensorType, typeDouble)
	t = appendMessage(t, tensorShape, append(dim(len(all)), dim(3)...))
	return appendMessage(t, tensorContent, content)
}
