package plots

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"zoo/train"
)

const (
	curveWidth   = vg.Length(1.8)
	markerRadius = vg.Length(2.6)
	swatchWidth  = vg.Length(20)
	legendGap    = vg.Length(16)
	legendHeight = vg.Length(20)
)

// axisRange is what an axis shows, with a tick every step from min.
type axisRange struct{ min, max, step float64 }

// niceRange widens least..largest to multiples of a round step, of which it has
// five or so.
func niceRange(least, largest float64) axisRange {
	if !(largest > least) {
		largest = least + 1
	}
	step := math.Pow(10, math.Floor(math.Log10((largest-least)/2)))
	for _, factor := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if (largest-least)/step <= 6 {
			break
		}
		step *= factor
	}
	return axisRange{min: math.Floor(least/step) * step, max: math.Ceil(largest/step) * step, step: step}
}

// Ticks implements plot.Ticker. The labels have the decimals that the step needs.
func (r axisRange) Ticks(float64, float64) []plot.Tick {
	format, digits := byte('f'), max(0, -int(math.Floor(math.Log10(r.step)+1e-9)))
	if r.step >= 1e5 {
		format, digits = 'g', 3
	}
	ticks := make([]plot.Tick, int(math.Round((r.max-r.min)/r.step))+1)
	for i := range ticks {
		v := (math.Round(r.min/r.step) + float64(i)) * r.step // the last is max, without a rounding error
		ticks[i] = plot.Tick{Value: v, Label: strconv.FormatFloat(v, format, digits, 64)}
	}
	return ticks
}

// epochTicks marks whole epochs: all when they are few, else the first and the
// multiples of a round number.
func epochTicks(first, last int) plot.ConstantTicks {
	step := 1
	for i := 0; (last-first)/step >= 14; i++ { // 1, 5, 10, 50, ...
		step *= []int{5, 2}[i%2]
	}
	ticks := plot.ConstantTicks{{Value: float64(first), Label: strconv.Itoa(first)}}
	for e := (first/step + 1) * step; e <= last; e += step {
		ticks = append(ticks, plot.Tick{Value: float64(e), Label: strconv.Itoa(e)})
	}
	return ticks
}

// paint draws the panel: a legend in a line of its own, so that it covers no
// curve, and the coordinate system below it.
func (p panel) paint(c draw.Canvas) {
	x := c.Min.X
	for _, col := range p.columns {
		x = col.paintLegend(c, x)
	}
	axes := p.axes()
	for _, col := range p.columns {
		axes.Add(historyLine{col, p.history})
	}
	c.Max.Y -= legendHeight
	axes.Draw(c)
}

func (p panel) axes() *plot.Plot {
	a := newAxes("epoch", p.label, axisRange{}, p.y)
	overEpochs(a, p.history[0].Epoch, p.history[len(p.history)-1].Epoch)
	return a
}

// newAxes is an empty coordinate system with grid.
func newAxes(xLabel, yLabel string, x, y axisRange) *plot.Plot {
	a := plot.New()
	a.BackgroundColor = nil
	a.X.Label.Text, a.Y.Label.Text = xLabel, yLabel
	a.X.Min, a.X.Max, a.X.Tick.Marker = x.min, x.max, x
	a.Y.Min, a.Y.Max, a.Y.Tick.Marker = y.min, y.max, y
	for _, axis := range []*plot.Axis{&a.X, &a.Y} {
		axis.Padding = 0
		axis.LineStyle = draw.LineStyle{Color: rule, Width: 0.75}
		axis.Tick.LineStyle = axis.LineStyle
		axis.Tick.Length = 4
		axis.Label.Padding = 4
	}
	a.X.Label.TextStyle = bodyText.aligned(draw.XCenter, draw.YBottom)
	a.Y.Label.TextStyle = bodyText.aligned(draw.XCenter, draw.YBottom)
	a.X.Tick.Label = noteText.aligned(draw.XCenter, draw.YTop)
	a.Y.Tick.Label = noteText.aligned(draw.XRight, draw.YCenter)
	grid := draw.LineStyle{Color: hairline, Width: 0.6}
	a.Add(&plotter.Grid{Vertical: grid, Horizontal: grid})
	return a
}

// overEpochs makes the x axis one of epochs.
func overEpochs(a *plot.Plot, first, last int) {
	beside := max(0.5, 0.6*float64(last-first)/20)
	a.X.Min, a.X.Max = float64(first)-beside, float64(last)+beside
	a.X.Tick.Marker = epochTicks(first, last)
}

// painter paints something into a coordinate system; at tells where a value lies.
type painter func(c draw.Canvas, at func(x, y float64) vg.Point)

// Plot implements plot.Plotter.
func (paint painter) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	paint(c, func(vx, vy float64) vg.Point { return vg.Point{X: x(vx), Y: y(vy)} })
}

// paintLegend draws the column's sample and name at x and returns where the next
// one begins.
func (col column) paintLegend(c draw.Canvas, x vg.Length) vg.Length {
	y := c.Max.Y - legendHeight/2 + bodyText.rise()/2
	c.StrokeLine2(draw.LineStyle{Color: col.color, Width: curveWidth}, x, y, x+swatchWidth, y)
	c.DrawGlyphNoClip(col.glyph(), vg.Point{X: x + swatchWidth/2, Y: y})
	l := newLabel(col.name, bodyText, x+swatchWidth+5, 0)
	l.paint(c, y-bodyText.rise()/2)
	return l.x + l.width() + legendGap
}

func (col column) glyph() draw.GlyphStyle {
	return draw.GlyphStyle{Color: col.color, Radius: markerRadius, Shape: col.marker}
}

// historyLine draws one column, with gaps where it is no number.
type historyLine struct {
	column
	history []train.Epoch
}

// markedEpochs is the longest history whose every epoch gets a marker.
const markedEpochs = 40

// Plot implements plot.Plotter.
func (l historyLine) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var pieces [][]vg.Point
	gap := true
	for _, e := range l.history {
		v := l.value(e)
		if !finite(v) {
			gap = true
			continue
		}
		if gap {
			pieces = append(pieces, nil)
			gap = false
		}
		last := len(pieces) - 1
		pieces[last] = append(pieces[last], vg.Point{X: x(float64(e.Epoch)), Y: y(v)})
	}
	c.StrokeLines(draw.LineStyle{Color: l.color, Width: curveWidth}, c.ClipLinesXY(pieces...)...)
	for _, piece := range pieces {
		if len(l.history) > markedEpochs && len(piece) > 1 {
			continue
		}
		for _, point := range piece {
			c.DrawGlyph(l.glyph(), point)
		}
	}
}
