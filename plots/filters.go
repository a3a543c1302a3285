package plots

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
)

// The grid of filters, in dots like that of Samples, and its scale.
const (
	filterColumns = 16
	filterGap     = 14
	mostFilters   = 512
	largestKernel = 64                           // weights of a side
	largestTile   = 96                           // dots of a tile's side, where few filters leave room for more
	filterGrid    = 8*dotsPerInch - 2*marginDots // the widest
	scaleGap      = 30                           // dots from the tiles to the scale
	scaleDots     = 46                           // the scale with its numbers
	scaleWidth    = vg.Length(220)
	scaleHeight   = vg.Length(9)
	scaleSteps    = 110 // colours in the scale
)

// Filters draws the kernels of a convolution, one tile for each output channel,
// row by row from channel 0 on. shape is (height, width, in, out) and weights the
// row-major elements, as Keras keeps them. Where in is more than 1 a tile shows
// the mean over the inputs; of more than 512 channels the first are drawn, and the
// note below the title says so. Weights above 0 are vermilion, those below 0 blue,
// both the darker the farther from 0; a scale below the tiles has the numbers. The
// picture is at most 8 inches wide.
//
// A shape that is not the weights', weights that are not finite and kernels of
// more than 64 columns or rows are errors.
func Filters(title string, shape []int, weights []float32) (*Drawing, error) {
	if err := checkFilters(shape, weights); err != nil {
		return nil, fmt.Errorf("drawing the filters of %s: %w", title, err)
	}
	f := newFilters(shape, weights)
	grid, note := f.grid(), f.note
	size := grid.Bounds().Size()
	width := max(vg.Length(size.X)*dot, scaleWidth+40, titleText.width(printable(title)), noteText.width(note)) + 2*marginDots*dot
	d := &Drawing{
		width:  min(width, pictureWidth),
		height: vg.Length(marginDots+titleDots+size.Y+scaleGap+scaleDots+marginDots) * dot, // whole, so that cells stay sharp
	}
	d.paint = func(c vgdraw.Canvas) {
		paintGridCaption(c, d.width, title, note)
		high := vg.Point{X: vg.Length(marginDots+size.X) * dot, Y: d.height - (marginDots+titleDots)*dot}
		low := vg.Point{X: marginDots * dot, Y: high.Y - vg.Length(size.Y)*dot}
		c.DrawImage(vg.Rectangle{Min: low, Max: high}, grid)
		f.paintScale(c, low.X, low.Y-scaleGap*dot)
	}
	return d, nil
}

func checkFilters(shape []int, weights []float32) error {
	switch {
	case len(weights) == 0:
		return errors.New("there are no weights")
	case len(shape) != 4:
		return fmt.Errorf("the shape is %v, want (height, width, in, out)", shape)
	}
	rest := len(weights)
	for _, n := range shape {
		if n < 1 || rest%n != 0 {
			return fmt.Errorf("%s do not have the shape %v", plural(len(weights), "weight"), shape)
		}
		rest /= n
	}
	if rest != 1 {
		return fmt.Errorf("%s do not have the shape %v", plural(len(weights), "weight"), shape)
	}
	if side := max(shape[0], shape[1]); side > largestKernel {
		return fmt.Errorf("kernels of %d x %d, want at most %d columns and rows", shape[0], shape[1], largestKernel)
	}
	for i, w := range weights {
		if math.IsNaN(float64(w)) || math.IsInf(float64(w), 0) {
			return fmt.Errorf("weight %d is %v, want a finite number", i, w)
		}
	}
	return nil
}

// filters are kernels as they are drawn.
type filters struct {
	height, width int
	kernels       [][]float64 // row-major, one for each tile
	largest       float64     // the largest magnitude, above 0
	note          string
}

func newFilters(shape []int, weights []float32) *filters {
	height, width, in, out := shape[0], shape[1], shape[2], shape[3]
	f := &filters{height: height, width: width}
	for o := range min(out, mostFilters) {
		kernel := make([]float64, height*width)
		for i := range kernel {
			for channel := range in {
				kernel[i] += float64(weights[(i*in+channel)*out+o]) / float64(in)
			}
			f.largest = max(f.largest, math.Abs(kernel[i]))
		}
		f.kernels = append(f.kernels, kernel)
	}
	f.note = fmt.Sprintf("%s of %d x %d weights", plural(out, "filter"), height, width)
	if out > mostFilters {
		f.note = fmt.Sprintf("the first %d of %s", mostFilters, f.note)
	}
	if in > 1 {
		f.note += fmt.Sprintf(", the mean over %s", plural(in, "input"))
	}
	if f.largest == 0 {
		f.largest = 1
		f.note += ", all of them 0"
	}
	return f
}

// grid puts the tiles in rows, each with a thin frame. Its cells are whole dots.
func (f *filters) grid() image.Image {
	columns := min(filterColumns, len(f.kernels))
	tile := min(largestTile, (filterGrid+filterGap)/columns-filterGap-2)
	cell := max(1, tile/max(f.height, f.width))
	columns = min(columns, (filterGrid+filterGap)/(cell*f.width+2+filterGap)) // large kernels
	columns = max(1, columns)
	rows := (len(f.kernels) + columns - 1) / columns
	pitch := image.Pt(cell*f.width+2+filterGap, cell*f.height+2+filterGap)
	grid := image.NewNRGBA(image.Rect(0, 0, columns*pitch.X-filterGap, rows*pitch.Y-filterGap))
	draw.Draw(grid, grid.Bounds(), image.White, image.Point{}, draw.Src)
	for i, kernel := range f.kernels {
		at := image.Pt(i%columns*pitch.X, i/columns*pitch.Y)
		frame := image.Rect(0, 0, cell*f.width+2, cell*f.height+2).Add(at)
		draw.Draw(grid, frame, image.NewUniform(hairline), image.Point{}, draw.Src)
		for k, w := range kernel {
			square := image.Rect(0, 0, cell, cell).Add(at).Add(image.Pt(1+k%f.width*cell, 1+k/f.width*cell))
			draw.Draw(grid, square, image.NewUniform(diverging(w/f.largest)), image.Point{}, draw.Src)
		}
	}
	return grid
}

// diverging is the colour of a part of the largest magnitude, -1 to 1: white in
// the middle, and two colours that colour-blind readers tell apart at the ends.
func diverging(part float64) color.NRGBA {
	white := color.NRGBA{0xff, 0xff, 0xff, 0xff}
	end := mixed(vermilion, ink, 0.15)
	if part < 0 {
		end = mixed(blue, ink, 0.15)
	}
	return mixed(white, end, min(1, math.Abs(part)))
}

// paintScale draws the colours from the least to the largest weight, with numbers
// below them; x and y are its upper left corner, y upwards.
func (f *filters) paintScale(c vgdraw.Canvas, x, y vg.Length) {
	ticks := []float64{-1, -0.5, 0, 0.5, 1}
	number := func(part float64) string { return weightText(part*f.largest, f.largest) }
	x += noteText.width(number(-1)) / 2 // the first number begins at the edge
	const step = scaleWidth / scaleSteps
	for i := range scaleSteps {
		left := x + vg.Length(i)*step
		c.SetColor(diverging(2*float64(i)/(scaleSteps-1) - 1))
		c.Fill(rectangle(left, y-scaleHeight, min(left+1.5*step, x+scaleWidth), y)) // no seams
	}
	c.SetLineStyle(vgdraw.LineStyle{Color: rule, Width: 0.5})
	c.Stroke(rectangle(x, y-scaleHeight, x+scaleWidth, y))
	for _, part := range ticks {
		at := x + vg.Length(part+1)/2*scaleWidth
		c.StrokeLine2(vgdraw.LineStyle{Color: rule, Width: 0.5}, at, y-scaleHeight, at, y-scaleHeight-3)
		l := newLabel(number(part), noteText, 0, 0)
		l.x = at - l.width()/2
		l.paint(c, y-scaleHeight-4-noteText.rise())
	}
}

// weightText is a weight with as many decimals as give the largest one three
// digits.
func weightText(w, largest float64) string {
	if largest < 1e-4 || largest >= 1e4 {
		return strconv.FormatFloat(w, 'g', 3, 64)
	}
	if w == 0 {
		return "0"
	}
	return strconv.FormatFloat(w, 'f', max(0, 2-int(math.Floor(math.Log10(largest)))), 64)
}
