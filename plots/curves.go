package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is one quantity over the epochs of several trainings that differ in
// nothing but the seed.
type Curve struct {
	Label string // loss, val_accuracy, ...

	Mean []float64 // over the trainings, from epoch 1 on
	SD   []float64 // standard deviations, as many as means; nil draws no band

	// Reference is drawn dashed: what another source says of the same epochs. It
	// is NaN for epochs that the source misses, and may end before Mean does.
	Reference []float64
}

// What tells the curves of a panel apart, besides their places in the legend.
var (
	lossColors     = []color.NRGBA{vermilion, orange, purple, grey}
	accuracyColors = []color.NRGBA{blue, skyBlue, green, grey}
	curveMarkers   = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}}
)

// curvesHeight is the height of the figure.
const curvesHeight = 4 * vg.Inch

// manifold is from which ratio of the largest to the least loss on the axis is
// logarithmic: a linear one would show the first epochs and nothing else.
const manifold = 30

// Curves draws mean curves over the epochs, 8 x 4 inches: the losses (nats) on
// the left, the accuracies (fractions) on the right, each with a band of one
// standard deviation around the mean and a reference as a dashed line. Axes show
// the range of what is drawn; that of losses is logarithmic where they span more
// than a factor of 30. The note below the title should say what was averaged and
// whose the reference is.
//
// A panel has at most 4 curves; one without curves leaves the other the whole
// width. All curves have equally many means. No curves at all, other lengths, an
// SD below 0, an accuracy outside 0..1 and numbers that are not finite (but for
// NaN in a Reference) are errors.
func Curves(title, note string, losses, accuracies []Curve) (*Drawing, error) {
	if err := checkCurves(losses, accuracies); err != nil {
		return nil, fmt.Errorf("drawing the curves of %s: %w", title, err)
	}
	var panels []curvesPanel
	if len(losses) > 0 {
		panels = append(panels, lossPanel(cloneCurves(losses)))
	}
	if len(accuracies) > 0 {
		panels = append(panels, accuracyPanel(cloneCurves(accuracies)))
	}
	paint := func(c draw.Canvas) {
		paintCaption(c, pictureWidth, title, note)
		width := (pictureWidth - 2*margin - vg.Length(len(panels)-1)*panelGap) / vg.Length(len(panels))
		for i, p := range panels {
			left := margin + vg.Length(i)*(width+panelGap)
			area := c
			area.Min = vg.Point{X: left, Y: margin}
			area.Max = vg.Point{X: left + width, Y: curvesHeight - captionHeight}
			p.paint(area)
		}
	}
	return &Drawing{width: pictureWidth, height: curvesHeight, paint: paint}, nil
}

func checkCurves(losses, accuracies []Curve) error {
	curves := slices.Concat(losses, accuracies)
	if len(curves) == 0 {
		return errors.New("there are no curves")
	}
	if len(losses) > len(lossColors) || len(accuracies) > len(accuracyColors) {
		return fmt.Errorf("%d losses and %d accuracies, want at most %d of each", len(losses), len(accuracies), len(lossColors))
	}
	epochs := len(curves[0].Mean)
	if epochs == 0 {
		return fmt.Errorf("%s has no epochs", curves[0].Label)
	}
	for i, c := range curves {
		most := 1e30
		if i >= len(losses) {
			most = 1
		}
		if err := c.check(epochs, most); err != nil {
			return fmt.Errorf("%s: %w", c.Label, err)
		}
	}
	return nil
}

// check refuses curves that cannot be drawn; means and reference lie in 0..most.
func (c Curve) check(epochs int, most float64) error {
	switch {
	case len(c.Mean) != epochs:
		return fmt.Errorf("%s, the first curve has %d", plural(len(c.Mean), "epoch"), epochs)
	case c.SD != nil && len(c.SD) != epochs:
		return fmt.Errorf("%s for %s", plural(len(c.SD), "standard deviation"), plural(epochs, "epoch"))
	case len(c.Reference) > epochs:
		return fmt.Errorf("the reference has %s, the mean %d", plural(len(c.Reference), "epoch"), epochs)
	}
	for i, v := range c.Mean {
		if !(v >= 0 && v <= most) {
			return fmt.Errorf("epoch %d: the mean is %v, want a number from 0 to %g", i+1, v, most)
		}
	}
	for i, v := range c.SD {
		if !(v >= 0 && v <= 1e30) {
			return fmt.Errorf("epoch %d: the standard deviation is %v, want a finite number of 0 or above", i+1, v)
		}
	}
	for i, v := range c.Reference {
		if !math.IsNaN(v) && !(v >= 0 && v <= most) {
			return fmt.Errorf("epoch %d: the reference is %v, want a number from 0 to %g, or NaN", i+1, v, most)
		}
	}
	return nil
}

// cloneCurves copies what is drawn later, perhaps more than once.
func cloneCurves(curves []Curve) []Curve {
	copies := slices.Clone(curves)
	for i, c := range copies {
		copies[i].Mean, copies[i].SD, copies[i].Reference = slices.Clone(c.Mean), slices.Clone(c.SD), slices.Clone(c.Reference)
	}
	return copies
}

// sd is the standard deviation in the epoch with the given index, 0 without one.
func (c Curve) sd(i int) float64 {
	if c.SD == nil {
		return 0
	}
	return c.SD[i]
}

// extentOf is the range of all means, their bands and references.
func extentOf(curves []Curve) (least, largest float64) {
	least, largest = math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for i, v := range c.Mean {
			least, largest = min(least, v-c.sd(i)), max(largest, v+c.sd(i))
		}
		for _, v := range c.Reference {
			if !math.IsNaN(v) {
				least, largest = min(least, v), max(largest, v)
			}
		}
	}
	return least, largest
}

// curvesPanel is one coordinate system of Curves.
type curvesPanel struct {
	label  string
	curves []Curve
	colors []color.NRGBA
	y      axisRange
	ticks  plot.ConstantTicks // of a logarithmic axis; nil for a linear one
}

func lossPanel(curves []Curve) curvesPanel {
	p := curvesPanel{label: "loss (nats)", curves: curves, colors: lossColors}
	least, largest := extentOf(curves)
	smallest := math.Inf(1) // a band may reach below 0, where no logarithm is
	for _, c := range curves {
		smallest = min(smallest, slices.Min(c.Mean))
	}
	if smallest > 0 && largest > manifold*smallest {
		p.label = "loss (nats, logarithmic)"
		if least <= 0 {
			least = smallest / 2
		}
		p.y, p.ticks = logRange(least, largest)
		return p
	}
	p.y = niceRange(max(0, least), largest)
	return p
}

func accuracyPanel(curves []Curve) curvesPanel {
	least, largest := extentOf(curves)
	least, largest = max(0, least), min(1, largest)
	if largest-least < 0.002 {
		least, largest = max(0, least-0.005), min(1, largest+0.005)
	}
	return curvesPanel{label: "accuracy (fraction)", curves: curves, colors: accuracyColors, y: niceRange(least, largest)}
}

// logRange widens least..largest to numbers of the series 1, 2, 5, 10, 20, ... or,
// where those would be many, to powers of ten. The ticks name some or all of them.
func logRange(least, largest float64) (axisRange, plot.ConstantTicks) {
	const many = 9
	marks := marksAround(least, largest, 1, 2, 5)
	if len(marks) > many {
		marks = marksAround(least, largest, 1)
	}
	var ticks plot.ConstantTicks
	for i := 0; i < len(marks); i += 1 + (len(marks)-1)/many {
		ticks = append(ticks, plot.Tick{Value: marks[i], Label: strconv.FormatFloat(marks[i], 'g', 3, 64)})
	}
	return axisRange{min: marks[0], max: marks[len(marks)-1]}, ticks
}

// marksAround are the factors' multiples by powers of ten, from the last one up to
// least to the first one from largest on.
func marksAround(least, largest float64, factors ...float64) []float64 {
	var marks []float64
	for power := math.Floor(math.Log10(least)) - 1; power <= math.Ceil(math.Log10(largest))+1; power++ {
		for _, factor := range factors {
			marks = append(marks, factor*math.Pow(10, power))
		}
	}
	from, exact := slices.BinarySearch(marks, least)
	if !exact {
		from--
	}
	to, _ := slices.BinarySearch(marks, largest)
	return marks[from : to+1]
}

func (p curvesPanel) paint(c draw.Canvas) {
	axes := newAxes("epoch", p.label, axisRange{}, p.y)
	overEpochs(axes, 1, len(p.curves[0].Mean))
	scale := func(y float64) float64 { return y }
	if p.ticks != nil {
		// The logarithms stand on a linear axis: gonum would put the label of a
		// logarithmic one near its end and make the panel lower for that.
		scale = math.Log10
		axes.Y.Min, axes.Y.Max = scale(p.y.min), scale(p.y.max)
		var ticks plot.ConstantTicks
		for _, t := range p.ticks {
			ticks = append(ticks, plot.Tick{Value: scale(t.Value), Label: t.Label})
		}
		axes.Y.Tick.Marker = ticks
	}
	axes.Add(painter(func(c draw.Canvas, linear func(x, y float64) vg.Point) {
		at := func(x, y float64) vg.Point { return linear(x, scale(y)) }
		for i, curve := range p.curves { // bands below all lines
			p.paintBand(c, at, curve, p.colors[i])
		}
		for i, curve := range p.curves {
			p.paintMean(c, at, curve, i)
		}
		for i, curve := range p.curves { // dashes on the lines, which may hide them
			p.paintReference(c, at, curve, p.colors[i])
		}
	}))
	c.Max.Y -= p.paintLegend(c)
	axes.Draw(c)
}

func (p curvesPanel) paintBand(c draw.Canvas, at func(x, y float64) vg.Point, curve Curve, shade color.NRGBA) {
	if curve.SD == nil {
		return
	}
	x := func(i int) float64 { return float64(i + 1) }
	n := len(curve.Mean)
	if n == 1 { // a band needs a width
		x, n = func(i int) float64 { return 0.98 + 0.04*float64(i) }, 2
	}
	epoch := func(i int) int { return min(i, len(curve.Mean)-1) }
	band := make([]vg.Point, 2*n)
	for i := range n {
		mean, sd := curve.Mean[epoch(i)], curve.SD[epoch(i)]
		band[i] = at(x(i), min(mean+sd, p.y.max))
		band[2*n-1-i] = at(x(i), max(mean-sd, p.y.min))
	}
	shade.A = bandAlpha
	c.FillPolygon(shade, c.ClipPolygonXY(band))
}

const bandAlpha = 0x38

// dashes of a reference, whose lines are darker than the curve they belong to so
// that they are seen on it.
var dashes = []vg.Length{5, 3}

func referenceStyle(of color.NRGBA) draw.LineStyle {
	return draw.LineStyle{Color: mixed(of, ink, 0.55), Width: 1.3, Dashes: dashes}
}

func (p curvesPanel) paintReference(c draw.Canvas, at func(x, y float64) vg.Point, curve Curve, of color.NRGBA) {
	for i, v := range curve.Reference {
		alone := (i == 0 || math.IsNaN(curve.Reference[i-1])) && (i == len(curve.Reference)-1 || math.IsNaN(curve.Reference[i+1]))
		if alone && !math.IsNaN(v) { // a line has two ends
			here := at(float64(i+1), v)
			c.StrokeLine2(draw.LineStyle{Color: mixed(of, ink, 0.55), Width: 1.3}, here.X-6, here.Y, here.X+6, here.Y)
		}
	}
	var pieces [][]vg.Point
	for i, v := range curve.Reference {
		if math.IsNaN(v) {
			continue
		}
		if i == 0 || math.IsNaN(curve.Reference[i-1]) {
			pieces = append(pieces, nil)
		}
		last := len(pieces) - 1
		pieces[last] = append(pieces[last], at(float64(i+1), v))
	}
	c.StrokeLines(referenceStyle(of), c.ClipLinesXY(pieces...)...)
}

func (p curvesPanel) paintMean(c draw.Canvas, at func(x, y float64) vg.Point, curve Curve, i int) {
	line := make([]vg.Point, len(curve.Mean))
	for epoch, v := range curve.Mean {
		line[epoch] = at(float64(epoch+1), v)
	}
	c.StrokeLines(draw.LineStyle{Color: p.colors[i], Width: curveWidth}, c.ClipLinesXY(line)...)
	if len(line) > markedEpochs {
		return
	}
	for _, point := range line {
		c.DrawGlyph(p.glyph(i), point)
	}
}

func (p curvesPanel) glyph(i int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: p.colors[i], Radius: markerRadius - 0.6, Shape: curveMarkers[i]}
}

// paintLegend draws a sample and the name of each curve, in as many lines as they
// take, and returns their height.
func (p curvesPanel) paintLegend(c draw.Canvas) vg.Length {
	x, y := c.Min.X, c.Max.Y-legendHeight/2
	for i, curve := range p.curves {
		style := bodyText.fitting(curve.Label, c.Max.X-c.Min.X-swatchWidth-5)
		name := newLabel(curve.Label, style, 0, 0)
		width := swatchWidth + 5 + name.width()
		if x > c.Min.X && x+width > c.Max.X {
			x, y = c.Min.X, y-lineHeight-1
		}
		if curve.SD != nil {
			shade := p.colors[i]
			shade.A = bandAlpha
			c.SetColor(shade)
			c.Fill(rectangle(x, y-4, x+swatchWidth, y+4))
		}
		c.StrokeLine2(draw.LineStyle{Color: p.colors[i], Width: curveWidth}, x, y, x+swatchWidth, y)
		c.DrawGlyphNoClip(p.glyph(i), vg.Point{X: x + swatchWidth/2, Y: y})
		name.x = x + swatchWidth + 5
		name.paint(c, y-bodyText.rise()/2)
		x += width + legendGap
	}
	return c.Max.Y - y + legendHeight/2
}
