package kernel

import "unsafe"

// alignment is that of a cache line and of the widest vector, in float32s.
const alignment = 16

// Workspace is scratch memory for kernels that run one after the other: all
// kernels of one graph share one. The zero value is ready to use. It must not be
// used by two kernels at once.
type Workspace struct {
	floats []float32
}

// Floats returns at least n float32s, aligned to 64 bytes. Their contents are
// undefined, and they are valid until the next call.
func (w *Workspace) Floats(n int) []float32 {
	if len(w.floats) < n {
		w.floats = alignedFloats(n)
	}
	return w.floats
}

// alignedFloats allocates n float32s, the first at a multiple of 64 bytes.
func alignedFloats(n int) []float32 {
	buffer := make([]float32, n+alignment-1)
	address := uintptr(unsafe.Pointer(unsafe.SliceData(buffer)))
	misaligned := int(address/unsafe.Sizeof(buffer[0])) % alignment
	skip := (alignment - misaligned) % alignment
	return buffer[skip : skip+n : skip+n]
}

// roundUp returns the least multiple of unit that is not below n.
func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

// maxParts is how many parts split makes at most.
const maxParts = 6

// split returns parts of the given sizes, aligned to 64 bytes, as Floats does.
func (w *Workspace) split(sizes ...int) [maxParts][]float32 {
	return split(w.Floats(splitSize(sizes...)), sizes...)
}

// split cuts floats into parts of the given sizes, each aligned as floats is.
func split(floats []float32, sizes ...int) (parts [maxParts][]float32) {
	for i, size := range sizes {
		parts[i] = floats[:size:size]
		floats = floats[roundUp(size, alignment):]
	}
	return parts
}

// splitSize returns how many floats split needs; it is a multiple of the alignment.
func splitSize(sizes ...int) int {
	total := 0
	for _, size := range sizes {
		total += roundUp(size, alignment)
	}
	return total
}
