package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The table of a confusion matrix, in points.
const (
	confusionRow    = vg.Length(25)
	confusionColumn = vg.Length(46) // the least
	confusionScale  = vg.Length(180)
	mostClasses     = 100
)

// Confusion draws a confusion matrix: counts[t][p] pictures of class t were taken
// for class p. Each cell has its count and a shade for its share of the row, which
// is all pictures of that class; the shade follows the square root of the share,
// so that rare mistakes are seen. A scale below has the shares. For 10 classes it is
// 8 inches wide.
//
// No classes, more than 100, counts that are not square or negative, and counts
// without any picture are errors.
func Confusion(title string, counts [][]int, classes []string) (*Drawing, error) {
	if err := checkCounts(counts, classes); err != nil {
		return nil, fmt.Errorf("drawing the confusion of %s: %w", title, err)
	}
	m := newConfusion(counts, classes)
	d := &Drawing{
		width:  max(pictureWidth, 2*margin+m.left+vg.Length(len(classes))*confusionColumn),
		height: captionHeight + lineHeight + vg.Length(len(classes))*confusionRow + 38 + margin,
	}
	m.column = (d.width - 2*margin - m.left) / vg.Length(len(classes))
	d.paint = func(c draw.Canvas) {
		paintCaption(c, d.width, title, "rows: the class of the pictures; columns: the class that they were taken for; shade: share of the row")
		m.paint(c, captionHeight)
	}
	return d, nil
}

func checkCounts(counts [][]int, classes []string) error {
	switch {
	case len(classes) == 0:
		return errors.New("there are no classes")
	case len(classes) > mostClasses:
		return fmt.Errorf("%d classes, want at most %d", len(classes), mostClasses)
	case len(counts) != len(classes):
		return fmt.Errorf("%s for %d classes", plural(len(counts), "row"), len(classes))
	}
	total := 0
	for label, row := range counts {
		if len(row) != len(classes) {
			return fmt.Errorf("row %d has %s for %d classes", label, plural(len(row), "column"), len(classes))
		}
		for _, n := range row {
			if n < 0 {
				return fmt.Errorf("row %d has a count of %d", label, n)
			}
			total += n
		}
	}
	if total == 0 {
		return errors.New("there are no pictures")
	}
	return nil
}

// confusion is a confusion matrix as it is drawn.
type confusion struct {
	counts       [][]int
	sums         []int // of each row
	classes      []string
	left, column vg.Length // widths of the names of the rows, and of a column
}

func newConfusion(counts [][]int, classes []string) *confusion {
	m := &confusion{classes: slices.Clone(classes)}
	for label, row := range counts {
		m.counts = append(m.counts, slices.Clone(row))
		sum := 0
		for _, n := range row {
			sum += n
		}
		m.sums = append(m.sums, sum)
		m.left = max(m.left, bodyText.width(printable(classes[label]))+10)
	}
	m.left = min(m.left, pictureWidth/3)
	return m
}

// paint draws the matrix below y, counted from the top.
func (m *confusion) paint(c draw.Canvas, y vg.Length) {
	top := c.Max.Y - y
	for label, row := range m.counts {
		below := top - vg.Length(label+1)*confusionRow
		name := newLabel(m.classes[label], bodyText.fitting(m.classes[label], m.left-10), 0, 0)
		name.x = margin + m.left - 10 - name.width()
		name.paint(c, below+confusionRow/2-bodyText.rise()/2)
		for predicted, n := range row {
			x := margin + m.left + vg.Length(predicted)*m.column
			share := 0.0
			if m.sums[label] > 0 {
				share = float64(n) / float64(m.sums[label])
			}
			c.SetColor(shade(share))
			c.Fill(rectangle(x, below, x+m.column-1.5, below+confusionRow-1.5))
			m.paintCount(c, n, share, x+(m.column-1.5)/2, below+(confusionRow-1.5)/2)
		}
	}
	bottom := top - vg.Length(len(m.classes))*confusionRow
	for predicted, class := range m.classes {
		style := noteText.fitting(class, m.column-4)
		name := newLabel(class, style, 0, 0)
		name.x = margin + m.left + vg.Length(predicted)*m.column + (m.column-1.5-name.width())/2
		name.paint(c, bottom-4-noteText.rise())
	}
	m.paintScale(c, bottom-30)
}

func (m *confusion) paintCount(c draw.Canvas, n int, share float64, x, y vg.Length) {
	if n == 0 {
		return
	}
	style := textStyle{size: 9, color: ink}
	if share > 0.4 { // light on a dark cell
		style.color = color.White
	}
	style = style.fitting(thousands(n), m.column-5)
	l := newLabel(thousands(n), style, 0, 0)
	l.x = x - l.width()/2
	l.paint(c, y-style.rise()/2)
}

// shade is the colour of a share of a row.
func shade(share float64) color.NRGBA {
	return mixed(color.NRGBA{0xf3, 0xf5, 0xf7, 0xff}, mixed(blue, ink, 0.1), math.Sqrt(share))
}

// paintScale draws the shades of all shares, with some of them below; y is its
// upper edge.
func (m *confusion) paintScale(c draw.Canvas, y vg.Length) {
	const steps, height = 90, vg.Length(9)
	left := margin + m.left
	for i := range steps {
		x := left + vg.Length(i)*confusionScale/steps
		part := float64(i) / (steps - 1)
		c.SetColor(shade(part * part))
		c.Fill(rectangle(x, y-height, min(x+1.5*confusionScale/steps, left+confusionScale), y)) // no seams
	}
	for _, share := range []float64{0, 0.01, 0.1, 0.25, 0.5, 1} {
		x := left + vg.Length(math.Sqrt(share))*confusionScale
		c.StrokeLine2(draw.LineStyle{Color: rule, Width: 0.5}, x, y-height, x, y-height-3)
		l := newLabel(fmt.Sprintf("%.0f%%", 100*share), noteText, 0, 0)
		l.x = x - l.width()/2
		l.paint(c, y-height-4-noteText.rise())
	}
	newLabel("of the class's pictures", noteText, left+confusionScale+16, 0).paint(c, y-height)
}
