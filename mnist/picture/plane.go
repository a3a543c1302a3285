package picture

import (
	"image"
	"image/draw"
)

// workingSide is what longer pictures are reduced to before anything is looked for in
// them: enough for a digit of a tenth of the picture, little enough that a speck
// or the camera's noise fades.
const workingSide = 512

// plane is a grey picture with values 0..255, row by row.
type plane struct {
	width, height int
	values        []float32
}

func newPlane(width, height int) plane {
	return plane{width, height, make([]float32, width*height)}
}

func (p plane) row(y int) []float32 { return p.values[y*p.width : (y+1)*p.width] }

func (p plane) invert() {
	for i, v := range p.values {
		p.values[i] = 255 - v
	}
}

// greyed is the part of the source that bounds give in grey, over white, with its longer side
// reduced to workingSide.
func greyed(source image.Image, bounds image.Rectangle) plane {
	width, height := bounds.Dx(), bounds.Dy()
	reducedWidth, reducedHeight := fit(width, height, min(workingSide, max(width, height)))
	columns := newTaps(width, reducedWidth)

	narrow := newPlane(reducedWidth, height)
	row := make([]float32, width)
	// Some rows at a time, since package draw knows every kind of picture and is
	// quick with most.
	strip := image.NewRGBA(image.Rect(0, 0, width, max(1, min(height, 1<<16/width))))
	for top := 0; top < height; top += strip.Rect.Dy() {
		draw.Draw(strip, strip.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(strip, strip.Rect, source, bounds.Min.Add(image.Pt(0, top)), draw.Over)
		for y := range min(strip.Rect.Dy(), height-top) {
			pixels := strip.Pix[y*strip.Stride:]
			for x := range row {
				row[x] = luminance(pixels[4*x], pixels[4*x+1], pixels[4*x+2])
			}
			columns.apply(narrow.row(top+y), row, 1)
		}
	}
	return narrow.resizedRows(reducedHeight)
}

// luminance of a colour, 0..255 and whole, exact for greys: ITU-R BT.601.
func luminance(r, g, b uint8) float32 {
	return float32((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}

// fit is the size of a picture whose longer side becomes side.
func fit(width, height, side int) (int, int) {
	scale := float64(side) / float64(max(width, height))
	scaled := func(n int) int { return max(1, int(float64(n)*scale+0.5)) }
	return scaled(width), scaled(height)
}

// resized is the picture in another size: means of areas where it becomes smaller,
// linear between pixels where it becomes larger.
func (p plane) resized(width, height int) plane {
	columns := newTaps(p.width, width)
	narrow := newPlane(width, p.height)
	for y := range p.height {
		columns.apply(narrow.row(y), p.row(y), 1)
	}
	return narrow.resizedRows(height)
}

// resizedRows is resized for the height alone.
func (p plane) resizedRows(height int) plane {
	if height == p.height {
		return p
	}
	rows := newTaps(p.height, height)
	out := newPlane(p.width, height)
	for x := range p.width {
		rows.apply(out.values[x:], p.values[x:], p.width)
	}
	return out
}

// taps say for each value of a resized line which values of the line it is made
// of: weights of those from first on.
type taps []struct {
	first   int
	weights []float32
}

// newTaps makes a line of from values into one of to values.
func newTaps(from, to int) taps {
	t := make(taps, to)
	scale := float64(from) / float64(to)
	for i := range t {
		low, high := float64(i)*scale, float64(i+1)*scale
		if scale < 1 {
			// As wide as a pixel of the line: linear between its pixels' centres.
			middle := (low + high) / 2
			low, high = max(0, min(middle-0.5, float64(from-1))), max(1, min(middle+0.5, float64(from)))
		}
		first, last := int(low), min(int(high), from-1)
		t[i].first = first
		for j := first; j <= last; j++ {
			covered := min(high, float64(j+1)) - max(low, float64(j))
			t[i].weights = append(t[i].weights, float32(max(0, covered)/(high-low)))
		}
	}
	return t
}

// apply writes the resized line to every step-th element of out, from every step-th of line.
func (t taps) apply(out, line []float32, step int) {
	for i, tap := range t {
		var sum float32
		at := tap.first * step
		for _, weight := range tap.weights {
			sum += weight * line[at]
			at += step
		}
		out[i*step] = sum
	}
}
