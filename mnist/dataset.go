package mnist

// Every picture is a grey square of Side x Side pixels, PixelsPerImage in all.
const (
	Side           = 28
	PixelsPerImage = Side * Side
)

// classCount is the number of classes: labels are 0 to classCount-1.
const classCount = 10

// Dataset is a set of labelled pictures in 10 classes. It may be shared between
// goroutines and must not be changed.
type Dataset struct {
	Name    string
	Classes []string // the name of each label, in order
	Train   Samples
	Test    Samples
}

// Samples are N labelled pictures.
type Samples struct {
	Pixels []uint8 // N*PixelsPerImage, picture by picture, row by row
	Labels []uint8 // N, each 0 to 9
}

// Len returns the number of pictures.
func (s Samples) Len() int { return len(s.Labels) }

// Slice returns pictures from to to-1, sharing their memory with s. It panics
// unless 0 <= from <= to <= s.Len(), as slicing does.
func (s Samples) Slice(from, to int) Samples {
	// The third index keeps an append to the result out of the pictures after it.
	return Samples{
		Pixels: s.Pixels[from*PixelsPerImage : to*PixelsPerImage : to*PixelsPerImage],
		Labels: s.Labels[from:to:to],
	}
}
