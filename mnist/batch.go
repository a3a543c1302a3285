package mnist

// intensity is the value of each pixel byte: byte/255 rounded from float64 to
// float32, which is what NumPy makes of x / 255.0 before Keras takes it as float32.
var intensity = func() (t [256]float32) {
	for b := range t {
		t[b] = float32(float64(b) / 255)
	}
	return t
}()

// Batch writes the pictures with the given indices, in that order, to images
// [len(indices), Side, Side, 1] as values 0..1, and their labels to labels
// [len(indices)]. It allocates nothing and leaves what lies beyond untouched.
//
// It panics, as indexing does, on an index outside 0..s.Len()-1 and on images or
// labels that are too short.
func (s Samples) Batch(indices []int32, images []float32, labels []int32) {
	for i, index := range indices {
		labels[i] = int32(s.Labels[index])
		// Arrays, so that the loop has no bounds to check.
		dst := (*[PixelsPerImage]float32)(images[i*PixelsPerImage:])
		src := (*[PixelsPerImage]uint8)(s.Pixels[int(index)*PixelsPerImage:])
		for j, pixel := range src {
			dst[j] = intensity[pixel]
		}
	}
}
