package plots

import (
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const classRow = vg.Length(22) // of ClassAccuracy, in points

// ClassAccuracy draws the accuracy of each class, the share of its pictures that
// were taken for it, as a dot on a line with its value beside it, in the order of
// the labels. counts is a confusion matrix as Confusion takes it; a class without
// pictures has no dot. The axis shows the range of the values, which the note below
// the title says. It is 8 inches wide.
//
// What Confusion refuses is an error here, too.
func ClassAccuracy(title string, counts [][]int, classes []string) (*Drawing, error) {
	if err := checkCounts(counts, classes); err != nil {
		return nil, fmt.Errorf("drawing the classes of %s: %w", title, err)
	}
	a := &classAccuracy{classes: slices.Clone(classes)}
	least := 1.0
	for label, row := range counts {
		sum := 0
		for _, n := range row {
			sum += n
		}
		if sum == 0 {
			a.shares = append(a.shares, nil)
			continue
		}
		share := float64(row[label]) / float64(sum)
		a.shares = append(a.shares, &share)
		least = min(least, share)
	}
	a.x = niceRange(max(0, min(least, 0.995)-0.02*(1-least)), 1)
	a.x.max = 1
	note := fmt.Sprintf("share of each class's pictures that were taken for it; the axis begins at %s", a.x.Ticks(0, 1)[0].Label)
	d := &Drawing{width: pictureWidth, height: captionHeight + vg.Length(len(classes))*classRow + 42 + margin}
	d.paint = func(c draw.Canvas) {
		paintCaption(c, d.width, title, note)
		area := c
		area.Min = vg.Point{X: margin, Y: margin}
		area.Max = vg.Point{X: d.width - margin - 34, Y: d.height - captionHeight}
		a.axes().Draw(area)
	}
	return d, nil
}

// classAccuracy is what ClassAccuracy draws: a row for each class, the first on top.
type classAccuracy struct {
	classes []string
	shares  []*float64 // nil without pictures
	x       axisRange
}

func (a *classAccuracy) axes() *plot.Plot {
	axes := newAxes("accuracy (fraction)", "", a.x, axisRange{min: 0, max: float64(len(a.classes)), step: 1})
	rows := plot.ConstantTicks{}
	for i, class := range a.classes {
		rows = append(rows, plot.Tick{Value: a.row(i), Label: bodyText.shortened(class, pictureWidth/3)})
	}
	axes.Y.Tick.Marker, axes.Y.Tick.Label = rows, bodyText.aligned(draw.XRight, draw.YCenter)
	axes.Y.Tick.Length = 0
	axes.Add(painter(a.paint))
	return axes
}

// row is where the class's row lies on the y axis.
func (a *classAccuracy) row(i int) float64 { return float64(len(a.classes)-i) - 0.5 }

func (a *classAccuracy) paint(c draw.Canvas, at func(x, y float64) vg.Point) {
	for i, share := range a.shares {
		text, x := "no pictures", a.x.min
		from := at(a.x.min, a.row(i))
		if share != nil {
			text, x = fmt.Sprintf("%.3f", *share), *share
			c.StrokeLine2(draw.LineStyle{Color: skyBlue, Width: curveWidth}, from.X, from.Y, at(x, 0).X, from.Y)
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: blue, Radius: markerRadius + 1, Shape: draw.CircleGlyph{}}, at(x, a.row(i)))
		}
		l := newLabel(text, noteText, at(x, 0).X+8, 0)
		c.SetColor(color.White) // no grid behind the number
		c.Fill(rectangle(l.x-2, from.Y-noteText.size/2-1, l.x+l.width()+2, from.Y+noteText.size/2+1))
		l.paint(c, from.Y-noteText.rise()/2)
	}
}
