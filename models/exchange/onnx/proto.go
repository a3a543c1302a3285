package onnx

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of the fields that are written, of ONNX's onnx.proto.
const (
	modelIRVersion       = 1
	modelProducerName    = 2
	modelProducerVersion = 3
	modelGraph           = 7
	modelOpset           = 8
	modelMetadata        = 14

	opsetVersion = 2

	entryKey   = 1
	entryValue = 2

	graphNode        = 1
	graphName        = 2
	graphInitializer = 5
	graphInput       = 11
	graphOutput      = 12
	graphValueInfo   = 13

	nodeInput     = 1
	nodeOutput    = 2
	nodeName      = 3
	nodeOp        = 4
	nodeAttribute = 5

	attributeName  = 1
	attributeFloat = 2
	attributeInt   = 3
	attributeInts  = 8
	attributeType  = 20

	attributeIsFloat = 1
	attributeIsInt   = 2
	attributeIsInts  = 7

	tensorDims  = 1
	tensorType  = 2
	tensorInt64 = 7
	tensorName  = 8
	tensorRaw   = 9

	typeFloat = 1
	typeInt64 = 7

	valueName = 1
	valueType = 2
	valueDoc  = 3

	typeTensor = 1

	tensorTypeElement = 1
	tensorTypeShape   = 2

	shapeDim = 1
	dimValue = 1
	dimParam = 2
)

// irVersion and opset: the package's documentation says why.
const (
	irVersion = 8
	opset     = 17
)

// attribute is a setting of a node: a float32, an int or ints.
type attribute struct {
	name  string
	value any
}

func (a attribute) message() *message {
	m := new(message)
	m.text(attributeName, a.name)
	switch value := a.value.(type) {
	case float32:
		m.float(attributeFloat, value)
		m.int(attributeType, attributeIsFloat)
	case int:
		m.int(attributeInt, int64(value))
		m.int(attributeType, attributeIsInt)
	case []int:
		for _, x := range value {
			m.int(attributeInts, int64(x))
		}
		m.int(attributeType, attributeIsInts)
	}
	return m
}

// entry is a StringStringEntryProto.
func entry(key, value string) *message {
	m := new(message)
	m.text(entryKey, key)
	m.text(entryValue, value)
	return m
}

// tensorHeader is a TensorProto without its elements.
func tensorHeader(name string, kind int64, shape []int) *message {
	m := new(message)
	for _, n := range shape {
		m.int(tensorDims, int64(n))
	}
	m.int(tensorType, kind)
	m.text(tensorName, name)
	return m
}

// floatTensor is a TensorProto over the memory of data.
func floatTensor(name string, shape []int, data []float32) *message {
	m := tensorHeader(name, typeFloat, shape)
	m.floats(tensorRaw, data)
	return m
}

// intTensor is a TensorProto of one axis.
func intTensor(name string, values []int) *message {
	m := tensorHeader(name, typeInt64, []int{len(values)})
	var packed []byte
	for _, x := range values {
		packed = protowire.AppendVarint(packed, uint64(x))
	}
	m.length(tensorInt64, len(packed))
	m.bytes(packed)
	return m
}

// batched is a ValueInfoProto of float32 whose first axis is the batch.
func batched(name, doc string, shape []int) *message {
	axes := new(message)
	batch := new(message)
	batch.text(dimParam, "batch")
	axes.message(shapeDim, batch)
	for _, n := range shape {
		axis := new(message)
		axis.int(dimValue, int64(n))
		axes.message(shapeDim, axis)
	}
	tensor := new(message)
	tensor.int(tensorTypeElement, typeFloat)
	tensor.message(tensorTypeShape, axes)
	kind := new(message)
	kind.message(typeTensor, tensor)

	m := new(message)
	m.text(valueName, name)
	m.message(valueType, kind)
	if doc != "" {
		m.text(valueDoc, doc)
	}
	return m
}

// outputFirst is the data of a convolution's kernel (height, width, in, out) in
// ONNX's order (out, in, height, width), with that shape.
func outputFirst(shape []int, data []float32) ([]int, []float32) {
	area, in, out := shape[0]*shape[1], shape[2], shape[3]
	moved := make([]float32, len(data))
	for k := range area {
		for i := range in {
			for o := range out {
				moved[(o*in+i)*area+k] = data[(k*in+i)*out+o]
			}
		}
	}
	return slices.Concat([]int{out, in}, shape[:2]), moved
}
