package picture

import (
	"errors"
	"image"
	"strings"

	"zoo/mnist"
)

// Form is how the pictures of a data set were made.
type Form int

const (
	Digit   Form = iota // 20x20 pixels around the centre of mass, as in MNIST
	Article             // 28 pixels long, centred and sharpened, as in Fashion-MNIST
)

// FormOf is the form of a data set's pictures, by its name: Article if it begins with
// fashion-mnist, Digit for all others.
func FormOf(dataset string) Form {
	if strings.HasPrefix(dataset, "fashion-mnist") {
		return Article
	}
	return Digit
}

// Picture is what a network takes, and what was done for it.
type Picture struct {
	// Pixels are mnist.PixelsPerImage values 0..1, row by row, light on dark.
	Pixels []float32

	Format        string // "PNG", "JPEG" or "GIF"; "" from an image.Image
	Width, Height int    // as it came
	Inverted      bool   // it was dark on light
}

// errEmpty is the answer to a picture that shows nothing.
var errEmpty = errors.New("the picture is empty: nothing on it stands out from its background")

// FromImage makes the picture into the form that is wanted. It fails when nothing
// on it stands out from the background, or when it has more than MaxPixels.
func FromImage(source image.Image, form Form) (Picture, error) {
	bounds := source.Bounds()
	if err := checkSize(bounds.Dx(), bounds.Dy()); err != nil {
		return Picture{}, err
	}
	return intake(source, bounds, form)
}

// intake is FromImage for the part of the plane that bounds give, which is white
// where the source does not reach.
func intake(source image.Image, bounds image.Rectangle, form Form) (Picture, error) {
	p := Picture{Width: bounds.Dx(), Height: bounds.Dy()}
	grey := greyed(source, bounds)
	b := backgroundOf(grey)
	if p.Inverted = b.lighter; p.Inverted {
		grey.invert()
		b = backgroundOf(grey)
	}
	if b.ceiling-b.floor < leastContrast {
		return Picture{}, errEmpty
	}
	var err error
	switch {
	case p.Width == mnist.Side && p.Height == mnist.Side:
	case form == Article:
		grey, err = grey.article(b)
	default:
		grey, err = grey.digit(b)
	}
	if err != nil {
		return Picture{}, err
	}
	p.Pixels = grey.values
	for i, v := range p.Pixels {
		p.Pixels[i] = float32(float64(v) / 255) // as mnist scales its bytes
	}
	return p, nil
}
