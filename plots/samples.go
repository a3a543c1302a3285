package plots

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"slices"

	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// A grid of pictures, in dots of a PNG so that its pixels stay sharp.
const (
	pictureSide     = 28 // pixels
	dotsPerPixel    = 3
	pictureDots     = pictureSide * dotsPerPixel
	pictureGap      = 12
	examples        = 10 // of each class
	dot             = vg.Inch / dotsPerInch
	titleDots       = 84 // from the title to the pictures
	marginDots      = 38
	classNameDots   = 22 // from a class's name to its pictures
	pixelsOfPicture = pictureSide * pictureSide
)

// Samples draws the first pictures of each class, one row for a class with its
// name before it. pixels holds 28*28 grey values for each of the labels, which
// are indices into classes. They are drawn dark on white.
func Samples(title string, pixels, labels []uint8, classes []string) (*Drawing, error) {
	if err := checkSamples(pixels, labels, classes); err != nil {
		return nil, fmt.Errorf("drawing samples of %s: %w", title, err)
	}
	classes = slices.Clone(classes) // they are drawn later, perhaps more than once
	name := vg.Length(0)
	for _, class := range classes {
		name = max(name, bodyText.width(printable(class)))
	}
	grid := gridOf(examplesOf(labels, len(classes)), pixels)
	left := marginDots + int(name/dot) + 1 + classNameDots // whole dots
	size := grid.Bounds().Size()
	d := &Drawing{
		width:  vg.Length(left+size.X+marginDots) * dot,
		height: vg.Length(marginDots+titleDots+size.Y+marginDots) * dot,
	}
	note := fmt.Sprintf("the first %d of each class among %s", examples, plural(len(labels), "picture"))
	d.paint = func(c vgdraw.Canvas) {
		paintGridCaption(c, d.width, title, note)
		for i, class := range classes {
			middle := vg.Length(marginDots+titleDots+i*(pictureDots+pictureGap)+pictureDots/2) * dot
			l := newLabel(class, bodyText, 0, middle+bodyText.rise()/2)
			l.x = vg.Length(left-classNameDots)*dot - l.width()
			l.paint(c, d.height)
		}
		low := vg.Point{X: vg.Length(left) * dot, Y: marginDots * dot}
		high := low.Add(vg.Point{X: vg.Length(size.X) * dot, Y: vg.Length(size.Y) * dot})
		c.DrawImage(vg.Rectangle{Min: low, Max: high}, grid)
	}
	return d, nil
}

func checkSamples(pixels, labels []uint8, classes []string) error {
	switch {
	case len(labels) == 0:
		return errors.New("there are no pictures")
	case len(pixels) != len(labels)*pixelsOfPicture:
		return fmt.Errorf("%d pixels for %d labels, want %d pixels for each", len(pixels), len(labels), pixelsOfPicture)
	case len(classes) == 0:
		return errors.New("there are no classes")
	}
	for i, label := range labels {
		if int(label) >= len(classes) {
			return fmt.Errorf("picture %d has label %d, want less than %d, the number of classes", i, label, len(classes))
		}
	}
	return nil
}

// examplesOf lists the first pictures of each class.
func examplesOf(labels []uint8, classes int) [][]int {
	rows := make([][]int, classes)
	for i, label := range labels {
		if len(rows[label]) < examples {
			rows[label] = append(rows[label], i)
		}
	}
	return rows
}

// gridOf puts the pictures of each row side by side, enlarged and negative.
func gridOf(rows [][]int, pixels []uint8) image.Image {
	const pitch = pictureDots + pictureGap
	grid := image.NewGray(image.Rect(0, 0, examples*pitch-pictureGap, len(rows)*pitch-pictureGap))
	draw.Draw(grid, grid.Bounds(), image.White, image.Point{}, draw.Src)
	for y, row := range rows {
		for x, picture := range row {
			paintPicture(grid, image.Pt(x*pitch, y*pitch), dotsPerPixel, pixels[picture*pixelsOfPicture:][:pixelsOfPicture])
		}
	}
	return grid
}

// paintPicture draws a picture dark on white; scale is the dots of a pixel's side.
func paintPicture(grid *image.Gray, at image.Point, scale int, pixels []uint8) {
	for y := range pictureSide * scale {
		for x := range pictureSide * scale {
			value := pixels[y/scale*pictureSide+x/scale]
			grid.SetGray(at.X+x, at.Y+y, color.Gray{Y: 255 - value})
		}
	}
}

// paintGridCaption writes the title and the note of a picture whose margin is in
// dots.
func paintGridCaption(c vgdraw.Canvas, width vg.Length, title, note string) {
	const edge = marginDots * dot
	y := edge + titleText.rise()
	newLabel(title, titleText.fitting(title, width-2*edge), edge, y).paint(c, c.Max.Y)
	newLabel(note, noteText.fitting(note, width-2*edge), edge, y+lineHeight).paint(c, c.Max.Y)
}
