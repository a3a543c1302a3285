package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"zoo/train"
)

const (
	reliabilityWidth  = 5.5 * vg.Inch
	reliabilityHeight = 5.5 * vg.Inch
	countsHeight      = 1.45 * vg.Inch // of the panel with the shares of the bins

	// fewPictures is how many pictures in a bin tell little about its accuracy.
	fewPictures = 20
)

// Reliability draws a reliability diagram: for each bin of pictures the share of
// right answers against the mean probability that the model gave its answers. On the
// dashed diagonal a model is as sure as it is right; below it, it is surer. Bins of
// less than 20 pictures are hollow and stand alone. The panel below shows which share of all pictures each bin has, the note below the
// title the expected calibration error. It is 5.5 x 5.5 inches.
//
// No pictures at all, bins that are not in 0..1, numbers of pictures below 0 and
// confidences or accuracies outside 0..1 are errors.
func Reliability(title string, bins []train.Bin) (*Drawing, error) {
	samples, err := checkBins(bins)
	if err != nil {
		return nil, fmt.Errorf("drawing the reliability of %s: %w", title, err)
	}
	r := reliability{bins: slices.Clone(bins), samples: samples}
	note := fmt.Sprintf("%s; expected calibration error %.4f; hollow: bins of less than %d", plural(samples, "picture"), r.error(), fewPictures)
	d := &Drawing{width: reliabilityWidth, height: reliabilityHeight}
	d.paint = func(c draw.Canvas) {
		paintCaption(c, d.width, title, note)
		above, below := c, c
		above.Min = vg.Point{X: margin, Y: margin + countsHeight}
		above.Max = vg.Point{X: d.width - margin, Y: d.height - captionHeight}
		below.Min = vg.Point{X: margin, Y: margin}
		below.Max = vg.Point{X: d.width - margin, Y: margin + countsHeight - 12}
		unit := axisRange{min: 0, max: 1, step: 0.2}
		upper := newAxes("", "accuracy (fraction)", unit, unit)
		upper.Add(painter(r.paintAccuracies))
		upper.Draw(above)
		lower := newAxes("confidence (probability of the answer)", "share of pictures", unit, axisRange{min: 0, max: 1, step: 0.5})
		lower.Add(painter(r.paintShares))
		lower.Draw(below)
	}
	return d, nil
}

func checkBins(bins []train.Bin) (samples int, err error) {
	for i, b := range bins {
		for _, v := range []float64{b.Low, b.High, b.Confidence, b.Accuracy} {
			if !(v >= 0 && v <= 1) {
				return 0, fmt.Errorf("bin %d: %v is not a number from 0 to 1", i, v)
			}
		}
		if b.Low >= b.High {
			return 0, fmt.Errorf("bin %d reaches from %v to %v", i, b.Low, b.High)
		}
		if b.Samples < 0 {
			return 0, fmt.Errorf("bin %d has %d pictures", i, b.Samples)
		}
		samples += b.Samples
	}
	if samples == 0 {
		return 0, errors.New("there are no pictures")
	}
	return samples, nil
}

type reliability struct {
	bins    []train.Bin
	samples int // of all bins
}

// error is the expected calibration error.
func (r reliability) error() float64 {
	sum := 0.0
	for _, b := range r.bins {
		sum += float64(b.Samples) * math.Abs(b.Accuracy-b.Confidence)
	}
	return sum / float64(r.samples)
}

func (r reliability) paintAccuracies(c draw.Canvas, at func(x, y float64) vg.Point) {
	c.StrokeLines(draw.LineStyle{Color: rule, Width: 1.3, Dashes: dashes}, []vg.Point{at(0, 0), at(1, 1)})
	var line, alone []vg.Point
	for _, b := range r.bins {
		point := at(b.Confidence, b.Accuracy)
		switch {
		case b.Samples >= fewPictures:
			line = append(line, point)
		case b.Samples > 0:
			alone = append(alone, point)
		}
	}
	if len(line) > 1 {
		c.StrokeLines(draw.LineStyle{Color: blue, Width: curveWidth}, line)
	}
	for _, point := range line {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: blue, Radius: markerRadius + 0.6, Shape: draw.CircleGlyph{}}, point)
	}
	for _, point := range alone {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: color.White, Radius: markerRadius + 0.6, Shape: draw.CircleGlyph{}}, point)
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: blue, Radius: markerRadius + 0.6, Shape: draw.RingGlyph{}}, point)
	}
}

func (r reliability) paintShares(c draw.Canvas, at func(x, y float64) vg.Point) {
	for _, b := range r.bins {
		low, high := at(b.Low, 0), at(b.High, float64(b.Samples)/float64(r.samples))
		c.SetColor(skyBlue)
		c.Fill(rectangle(low.X+0.5, low.Y, high.X-0.5, high.Y))
	}
}
