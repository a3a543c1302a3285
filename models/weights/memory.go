package weights

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// littleEndian tells whether floats lie in memory as they do in a file.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// bytesOf is the floats as they lie in a file: the same memory where the machine
// is of that order.
func bytesOf(data []float32) []byte {
	if littleEndian && len(data) > 0 {
		return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), 4*len(data))
	}
	content := make([]byte, 0, 4*len(data))
	for _, x := range data {
		content = binary.LittleEndian.AppendUint32(content, math.Float32bits(x))
	}
	return content
}

// floatsOf is the reverse: the same memory where order and alignment allow it.
func floatsOf(content []byte) []float32 {
	n := len(content) / 4
	start := unsafe.Pointer(unsafe.SliceData(content))
	if littleEndian && n > 0 && uintptr(start)%unsafe.Alignof(float32(0)) == 0 {
		return unsafe.Slice((*float32)(start), n)
	}
	data := make([]float32, n)
	for i := range data {
		data[i] = math.Float32frombits(binary.LittleEndian.Uint32(content[4*i:]))
	}
	return data
}
