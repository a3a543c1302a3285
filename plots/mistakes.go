package plots

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
	"slices"

	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"zoo/train"
)

// The grid of mistakes, in dots like that of Samples.
const (
	mistakeColumns = 6
	mostMistakes   = 30
	mistakeScale   = 5 // dots of a pixel's side
	mistakeDots    = pictureSide * mistakeScale
	mistakePitch   = 187 // from a picture to the next one on its right
	mistakeLines   = 52  // dots for the two lines below a picture
	mistakeGap     = 24  // dots from these lines to the pictures below them
	mistakeRow     = mistakeDots + mistakeLines + mistakeGap
	mistakeText    = (mistakePitch - 8) * dot
)

// Mistakes draws the first 30 of the mistakes, which should be the surest, in a
// grid of 6 columns: each picture dark on white and below it its class, the class
// that the model took it for, and the probability that the model gave to that one,
// in percent. It is 8 inches wide; without mistakes it says that there are none.
//
// pixels holds 28*28 grey values for each picture, of which Mistake.Index chooses
// one; classes names the classes by label. Indices out of range, a right answer
// among the mistakes, a probability outside 0..1 and pixels that are no whole
// pictures are errors.
func Mistakes(title string, mistakes []train.Mistake, pixels []uint8, classes []string) (*Drawing, error) {
	if err := checkMistakes(mistakes, pixels, classes); err != nil {
		return nil, fmt.Errorf("drawing the mistakes of %s: %w", title, err)
	}
	note := "the surest first; below each picture its class and the class that it was taken for, with the probability given to that"
	if len(mistakes) == 0 {
		note = fmt.Sprintf("no wrong answer among %s", plural(len(pixels)/pixelsOfPicture, "picture"))
	}
	mistakes = slices.Clone(mistakes[:min(len(mistakes), mostMistakes)]) // they are drawn later, perhaps more than once
	classes = slices.Clone(classes)
	grid := gridOfMistakes(mistakes, pixels)
	size := grid.Bounds().Size()
	d := &Drawing{
		width:  pictureWidth,
		height: vg.Length(marginDots+titleDots+size.Y+marginDots) * dot,
	}
	if len(mistakes) == 0 {
		d.height = captionHeight + margin
	}
	d.paint = func(c vgdraw.Canvas) {
		paintGridCaption(c, d.width, title, note)
		if len(mistakes) == 0 {
			return
		}
		low := vg.Point{X: marginDots * dot, Y: marginDots * dot}
		high := low.Add(vg.Point{X: vg.Length(size.X) * dot, Y: vg.Length(size.Y) * dot})
		c.DrawImage(vg.Rectangle{Min: low, Max: high}, grid) // it covers what is below it
		for i, m := range mistakes {
			at := placeOfMistake(i)
			paintMistake(c, m, classes, vg.Length(marginDots+at.X)*dot, vg.Length(marginDots+titleDots+at.Y)*dot)
		}
	}
	return d, nil
}

func checkMistakes(mistakes []train.Mistake, pixels []uint8, classes []string) error {
	pictures := len(pixels) / pixelsOfPicture
	switch {
	case len(pixels) == 0:
		return errors.New("there are no pictures")
	case len(pixels)%pixelsOfPicture != 0:
		return fmt.Errorf("%s, want %d for each picture", plural(len(pixels), "pixel"), pixelsOfPicture)
	}
	for i, m := range mistakes {
		switch {
		case m.Index < 0 || m.Index >= pictures:
			return fmt.Errorf("mistake %d is picture %d, want 0 to %d, as there are %s", i, m.Index, pictures-1, plural(pictures, "picture"))
		case m.Label < 0 || m.Label >= len(classes) || m.Predicted < 0 || m.Predicted >= len(classes):
			return fmt.Errorf("mistake %d: class %d taken for class %d, but there are %d classes", i, m.Label, m.Predicted, len(classes))
		case m.Label == m.Predicted:
			return fmt.Errorf("mistake %d is no mistake: class %d taken for itself", i, m.Label)
		case !(m.Probability >= 0 && m.Probability <= 1):
			return fmt.Errorf("mistake %d has probability %v, want a number from 0 to 1", i, m.Probability)
		}
	}
	return nil
}

// placeOfMistake is where the picture of a mistake begins in the grid, in dots.
func placeOfMistake(i int) image.Point {
	return image.Pt(i%mistakeColumns*mistakePitch, i/mistakeColumns*mistakeRow)
}

// gridOfMistakes puts the pictures in their places, enlarged and negative.
func gridOfMistakes(mistakes []train.Mistake, pixels []uint8) image.Image {
	rows := max(1, (len(mistakes)+mistakeColumns-1)/mistakeColumns)
	grid := image.NewGray(image.Rect(0, 0, (mistakeColumns-1)*mistakePitch+mistakeDots, rows*mistakeRow-mistakeGap))
	draw.Draw(grid, grid.Bounds(), image.White, image.Point{}, draw.Src)
	for i, m := range mistakes {
		paintPicture(grid, placeOfMistake(i), mistakeScale, pixels[m.Index*pixelsOfPicture:][:pixelsOfPicture])
	}
	return grid
}

// paintMistake frames the picture whose upper left corner is (x, y) and writes
// below it what it is and what it was taken for.
func paintMistake(c vgdraw.Canvas, m train.Mistake, classes []string, x, y vg.Length) {
	const side = mistakeDots * dot
	c.SetLineStyle(vgdraw.LineStyle{Color: hairline, Width: dot})
	c.Stroke(rectangle(x-dot/2, c.Max.Y-y-side-dot/2, x+side+dot/2, c.Max.Y-y+dot/2))

	const ending = ", taken for"
	y += side + 4 + noteText.rise()
	label := noteText.shortened(classes[m.Label], mistakeText-noteText.width(ending))
	newLabel(label+ending, noteText, x, y).paint(c, c.Max.Y)

	probability := newLabel(fmt.Sprintf("%.1f%%", 100*m.Probability), noteText, 0, y+lineHeight-1)
	bold := textStyle{size: noteText.size, bold: true, color: ink}
	predicted := bold.shortened(classes[m.Predicted], mistakeText-probability.width()-5)
	name := newLabel(predicted, bold, x, probability.y)
	name.paint(c, c.Max.Y)
	probability.x = x + name.width() + 5
	probability.paint(c, c.Max.Y)
}
