package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"zoo/train"
)

// The figure of a history, as large as the report's.
const (
	historyWidth  = 8 * vg.Inch
	historyHeight = 5 * vg.Inch
	panelGap      = vg.Length(20)
	noteHeight    = vg.Length(12)
)

// column is one column of a history and how it is drawn.
type column struct {
	name   string
	color  color.Color
	marker draw.GlyphDrawer
	value  func(train.Epoch) float64
}

// Colour tells losses from accuracies; the lighter one of a pair, with squares,
// is measured on the validation data.
var (
	lossColumn        = column{"loss", vermilion, draw.CircleGlyph{}, func(e train.Epoch) float64 { return e.Loss }}
	accuracyColumn    = column{"accuracy", blue, draw.CircleGlyph{}, func(e train.Epoch) float64 { return e.Accuracy }}
	valLossColumn     = column{"val_loss", orange, draw.BoxGlyph{}, func(e train.Epoch) float64 { return e.ValLoss }}
	valAccuracyColumn = column{"val_accuracy", skyBlue, draw.BoxGlyph{}, func(e train.Epoch) float64 { return e.ValAccuracy }}
)

// History draws the report's plot of a training: loss, accuracy, val_loss and
// val_accuracy over the epochs in one picture, 8 x 5 inches, y from 0 to 1. A note
// below names what lies outside or is not finite. A history without epochs or
// without a finite number is an error.
func History(title string, h train.History) (*Drawing, error) {
	h = slices.Clone(h) // it is drawn later, perhaps more than once
	p := panel{
		label:   "loss (nats), accuracy (fraction)",
		columns: []column{lossColumn, accuracyColumn, valLossColumn, valAccuracyColumn},
		history: h,
		y:       axisRange{min: 0, max: 1, step: 0.1},
	}
	return historyDrawing(title, p)
}

// HistoryPanels draws the plot that the report has for its section 2.0, 8 x 5
// inches: the losses on the left, the validation accuracy on the right, each with
// a y axis that fits. Errors are those of History.
func HistoryPanels(title string, h train.History) (*Drawing, error) {
	h = slices.Clone(h)
	losses := panel{label: "loss (nats)", columns: []column{lossColumn, valLossColumn}, history: h}
	losses.y = niceRange(0, losses.largest())
	accuracy := panel{label: "accuracy (fraction)", columns: []column{valAccuracyColumn}, history: h}
	least, largest := accuracy.extent()
	accuracy.y = niceRange(max(0, least-0.01), min(1, largest+0.01))
	return historyDrawing(title, losses, accuracy)
}

// historyDrawing puts panels beside one another under a title.
func historyDrawing(title string, panels ...panel) (*Drawing, error) {
	var notes []string
	for _, p := range panels {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("drawing the history of %s: %w", title, err)
		}
		notes = append(notes, p.notes()...)
	}
	paint := func(c draw.Canvas) {
		style := titleText.fitting(title, historyWidth-2*margin)
		newLabel(title, style, margin, margin+titleText.rise()).paint(c, c.Max.Y)
		bottom := margin + vg.Length(len(notes))*noteHeight
		for i, note := range notes {
			newLabel(note, noteText, margin, historyHeight-bottom+vg.Length(i+1)*noteHeight).paint(c, c.Max.Y)
		}
		width := (historyWidth - 2*margin - vg.Length(len(panels)-1)*panelGap) / vg.Length(len(panels))
		for i, p := range panels {
			left := margin + vg.Length(i)*(width+panelGap)
			area := c
			area.Min = vg.Point{X: left, Y: bottom}
			area.Max = vg.Point{X: left + width, Y: historyHeight - margin - 2*titleText.size}
			p.paint(area)
		}
	}
	return &Drawing{width: historyWidth, height: historyHeight, paint: paint}, nil
}

// panel is one coordinate system with some columns of a history.
type panel struct {
	label   string
	columns []column
	history train.History
	y       axisRange
}

func (p panel) check() error {
	if len(p.history) == 0 {
		return errors.New("the history is empty")
	}
	for i, e := range p.history {
		if i > 0 && e.Epoch <= p.history[i-1].Epoch {
			return fmt.Errorf("epoch %d follows epoch %d", e.Epoch, p.history[i-1].Epoch)
		}
	}
	if least, largest := p.extent(); least > largest {
		return fmt.Errorf("no finite number in %s", p.names())
	}
	return nil
}

func (p panel) names() string {
	var names []string
	for _, c := range p.columns {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// extent is the range of all finite values; least > largest when there are none.
func (p panel) extent() (least, largest float64) {
	least, largest = math.Inf(1), math.Inf(-1)
	for _, c := range p.columns {
		for _, e := range p.history {
			if v := c.value(e); finite(v) {
				least, largest = min(least, v), max(largest, v)
			}
		}
	}
	return least, largest
}

func (p panel) largest() float64 {
	_, largest := p.extent()
	return largest
}

// finite tells whether a value can be drawn. Those beyond any loss count as
// infinite: an axis over them would leave the range of float64.
func finite(v float64) bool { return math.Abs(v) <= 1e30 }

// notes name the values that the panel cannot show.
func (p panel) notes() []string {
	var notes []string
	for _, c := range p.columns {
		var above, broken []int
		most := 0.0
		for _, e := range p.history {
			switch v := c.value(e); {
			case !finite(v):
				broken = append(broken, e.Epoch)
			case v > p.y.max:
				above = append(above, e.Epoch)
				most = max(most, v)
			}
		}
		if len(above) > 0 {
			notes = append(notes, fmt.Sprintf("%s is above the axis in %s (up to %.4g)", c.name, epochList(above), most))
		}
		if len(broken) > 0 {
			notes = append(notes, fmt.Sprintf("%s is not finite in %s", c.name, epochList(broken)))
		}
	}
	return notes
}

// epochList is "epoch 3" or "epochs 1-4", for epochs in rising order.
func epochList(epochs []int) string {
	first, last := epochs[0], epochs[len(epochs)-1]
	if first == last {
		return fmt.Sprintf("epoch %d", first)
	}
	if last-first+1 == len(epochs) {
		return fmt.Sprintf("epochs %d-%d", first, last)
	}
	return fmt.Sprintf("%d epochs from %d to %d", len(epochs), first, last)
}
