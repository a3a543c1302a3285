package plots

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"pgregory.net/rapid"

	"zoo/models"
	"zoo/train"
)

// textBox is a text and the upright rectangle around it on the canvas, y upwards.
type textBox struct {
	text     string
	min, max vg.Point
}

func (b textBox) String() string {
	return fmt.Sprintf("%q at (%.1f, %.1f) to (%.1f, %.1f)", b.text, b.min.X, b.min.Y, b.max.X, b.max.Y)
}

// overlaps tells whether the boxes have more in common than a hair of their edges.
func (b textBox) overlaps(c textBox) bool {
	const hair = vg.Length(0.01)
	return b.min.X < c.max.X-hair && c.min.X < b.max.X-hair && b.min.Y < c.max.Y-hair && c.min.Y < b.max.Y-hair
}

// transform maps (x, y) to (xx x + xy y + x0, yx x + yy y + y0).
type transform struct{ xx, xy, x0, yx, yy, y0 float64 }

func (t transform) point(x, y vg.Length) vg.Point {
	px, py := float64(x), float64(y)
	return vg.Point{X: vg.Length(t.xx*px + t.xy*py + t.x0), Y: vg.Length(t.yx*px + t.yy*py + t.y0)}
}

// around is the upright box around a rectangle.
func (t transform) around(left, bottom, right, top vg.Length) textBox {
	inf := vg.Length(math.Inf(1))
	b := textBox{min: vg.Point{X: inf, Y: inf}, max: vg.Point{X: -inf, Y: -inf}}
	for _, p := range []vg.Point{t.point(left, bottom), t.point(left, top), t.point(right, bottom), t.point(right, top)} {
		b.min.X, b.min.Y = min(b.min.X, p.X), min(b.min.Y, p.Y)
		b.max.X, b.max.Y = max(b.max.X, p.X), max(b.max.Y, p.Y)
	}
	return b
}

// textCanvas is a canvas that keeps the texts, and the pictures and filled areas
// that cover a text painted before them.
type textCanvas struct {
	now     transform
	stack   []transform
	color   color.Color
	texts   []textBox
	covered []error
}

func newTextCanvas() *textCanvas {
	return &textCanvas{now: transform{xx: 1, yy: 1}, color: color.Black}
}

func (c *textCanvas) SetLineWidth(vg.Length)             {}
func (c *textCanvas) SetLineDash([]vg.Length, vg.Length) {}
func (c *textCanvas) SetColor(to color.Color)            { c.color = to }
func (c *textCanvas) Stroke(vg.Path)                     {}
func (c *textCanvas) Push()                              { c.stack = append(c.stack, c.now) }

func (c *textCanvas) Pop() {
	c.now = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *textCanvas) Translate(by vg.Point) {
	to := c.now.point(by.X, by.Y)
	c.now.x0, c.now.y0 = float64(to.X), float64(to.Y)
}

func (c *textCanvas) Rotate(radians float64) {
	sin, cos := math.Sincos(radians)
	t := c.now
	c.now.xx, c.now.xy = t.xx*cos+t.xy*sin, t.xy*cos-t.xx*sin
	c.now.yx, c.now.yy = t.yx*cos+t.yy*sin, t.yy*cos-t.yx*sin
}

func (c *textCanvas) Scale(x, y float64) {
	c.now.xx, c.now.yx = c.now.xx*x, c.now.yx*x
	c.now.xy, c.now.yy = c.now.xy*y, c.now.yy*y
}

func (c *textCanvas) FillString(face font.Face, at vg.Point, text string) {
	e := face.Extents()
	b := c.now.around(at.X, at.Y-e.Descent, at.X+face.Width(text), at.Y+e.Ascent)
	b.text = text
	if strings.TrimSpace(text) != "" {
		c.texts = append(c.texts, b)
	}
}

func (c *textCanvas) DrawImage(r vg.Rectangle, _ image.Image) {
	c.cover("a picture", c.now.around(r.Min.X, r.Min.Y, r.Max.X, r.Max.Y))
}

func (c *textCanvas) Fill(p vg.Path) {
	if _, _, _, alpha := c.color.RGBA(); alpha < 0xffff || len(p) == 0 {
		return
	}
	left, bottom := p[0].Pos.X, p[0].Pos.Y
	right, top := left, bottom
	for _, part := range p { // closing has no place of its own
		if part.Type == vg.CloseComp {
			continue
		}
		left, right = min(left, part.Pos.X), max(right, part.Pos.X)
		bottom, top = min(bottom, part.Pos.Y), max(top, part.Pos.Y)
	}
	c.cover("a filled area", c.now.around(left, bottom, right, top))
}

func (c *textCanvas) cover(what string, area textBox) {
	for _, b := range c.texts {
		if b.overlaps(area) {
			c.covered = append(c.covered, fmt.Errorf("%v is covered by %s", b, what))
		}
	}
}

// textsOf are the texts of a drawing. It is an error when it has none, two of them
// overlap, one is covered by what is painted later, or one is outside the canvas.
func textsOf(d *Drawing) ([]textBox, error) {
	c := newTextCanvas()
	d.paint(draw.NewCanvas(c, d.width, d.height))
	found := c.covered
	if len(c.texts) == 0 {
		found = append(found, errors.New("there are no texts"))
	}
	for i, b := range c.texts {
		if b.min.X < 0 || b.min.Y < 0 || b.max.X > d.width || b.max.Y > d.height {
			found = append(found, fmt.Errorf("%v is not within the canvas of %.1f x %.1f", b, d.width, d.height))
		}
		for _, other := range c.texts[:i] {
			if b.overlaps(other) {
				found = append(found, fmt.Errorf("%v and %v overlap", other, b))
			}
		}
	}
	return c.texts, errors.Join(found...)
}

const longTitle = "a title that nobody would give a picture, since it says everything and more than anybody wants to know about it"

// pictures are drawings of every kind, with the texts that are hard to place. New
// kinds of drawings come here.
func pictures(t *testing.T) map[string]func() (*Drawing, error) {
	history := reportHistory(t, "fashion-seq")
	gaps := reportHistory(t, "fashion-seq")
	gaps[0].Loss, gaps[4].ValLoss, gaps[5].ValLoss, gaps[6].Loss = 2.3, math.NaN(), math.Inf(1), math.NaN()
	mistakes, bars, classes := someMistakes(40)
	_, labels, _ := patterns(25)

	all := map[string]func() (*Drawing, error){
		"structure, long names":  func() (*Drawing, error) { return Structure(longNames()) },
		"history":                func() (*Drawing, error) { return History("fashion-seq", history) },
		"history, one epoch":     func() (*Drawing, error) { return History(longTitle, history[:1]) },
		"history, gaps":          func() (*Drawing, error) { return History(longTitle, gaps) },
		"history, 1000 epochs":   func() (*Drawing, error) { return History("long", epochs(1000)) },
		"panels":                 func() (*Drawing, error) { return HistoryPanels("mnist-dense", steep(t)) },
		"panels, gaps":           func() (*Drawing, error) { return HistoryPanels(longTitle, gaps) },
		"panels, 1000 epochs":    func() (*Drawing, error) { return HistoryPanels("long", epochs(1000)) },
		"samples":                func() (*Drawing, error) { return Samples("bars", bars, labels, classes) },
		"samples, long title":    func() (*Drawing, error) { return Samples(longTitle, bars, labels, classes) },
		"mistakes":               func() (*Drawing, error) { return Mistakes("bars", mistakes, bars, classes) },
		"mistakes, long title":   func() (*Drawing, error) { return Mistakes(longTitle, mistakes[:1], bars, classes) },
		"mistakes, none":         func() (*Drawing, error) { return Mistakes(longTitle, nil, bars, classes) },
		"mistakes, no names":     func() (*Drawing, error) { return Mistakes("bars", mistakes, bars, []string{"", "", ""}) },
		"filters":                func() (*Drawing, error) { return filtersDrawing(t, 3, 3, 1, 64), nil },
		"filters, 4x4":           func() (*Drawing, error) { return filtersDrawing(t, 4, 4, 1, 128), nil },
		"filters, 1x1":           func() (*Drawing, error) { return filtersDrawing(t, 1, 1, 5, 1), nil },
		"confusion":              func() (*Drawing, error) { return Confusion(longTitle, someCounts(10), clothes) },
		"confusion, long names":  func() (*Drawing, error) { return Confusion("bars", someCounts(3), classes) },
		"confusion, many":        func() (*Drawing, error) { return Confusion("many", someCounts(40), longClasses(40)) },
		"classes":                func() (*Drawing, error) { return ClassAccuracy(longTitle, someCounts(10), clothes) },
		"classes, long names":    func() (*Drawing, error) { return ClassAccuracy("many", someCounts(40), longClasses(40)) },
		"classes, perfect":       func() (*Drawing, error) { return ClassAccuracy("perfect", [][]int{{7, 0}, {0, 7}}, clothes[:2]) },
		"reliability":            func() (*Drawing, error) { return Reliability(longTitle, someBins()) },
		"reliability, one bin":   func() (*Drawing, error) { return Reliability("one", someBins()[14:]) },
		"filters, small numbers": func() (*Drawing, error) { return Filters(longTitle, []int{1, 1, 1, 1}, []float32{-1.234e-20}) },
	}
	for _, e := range append(models.All(), models.Variants()...) {
		all["structure of "+e.Name] = func() (*Drawing, error) { return Structure(modelNamed(t, e.Name)) }
	}
	for name, draw := range curvesOf(t) {
		all[name] = draw
	}
	return all
}

// longClasses are the names of so many classes, each too long for a column.
func longClasses(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("a class with a rather long name, the %dth of them all", i))
	}
	return names
}

// epochs is a history of that many.
func epochs(n int) (h train.History) {
	for i := range n {
		h = append(h, train.Epoch{Epoch: i + 1, Loss: 1000 / float64(i+1), ValLoss: 0.5, ValAccuracy: 0.9})
	}
	return h
}

// longNames is a model with branches, whose layers have very long names.
func longNames() *declared {
	name := func(end string) string { return strings.Repeat("a_very_long_name_", 8) + end }
	m := &declared{name: name("model")}
	in := m.add("in", "InputLayer", []int{28, 28, 1})
	left := m.add(name("left"), "Conv2D", []int{1 << 30, 1 << 30, 1 << 30}, in)
	right := m.add("r", "AClassThatNobodyKnowsOf", []int{1}, in)
	m.layers[right].Activation = name("activation")
	both := m.add(name("both"), "Concatenate", []int{28, 28, 2}, left, right, in)
	m.add("out", "Dense", []int{10}, both)
	return m
}

// TestTextsApart: in every kind of picture no text lies on another, under a filled
// area or outside the canvas.
func TestTextsApart(t *testing.T) {
	for name, draw := range pictures(t) {
		t.Run(name, func(t *testing.T) {
			d, err := draw()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := textsOf(d); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTextsAreFound: a text that is rotated, moved or enlarged is found in its
// place, and each fault of a picture is seen.
func TestTextsAreFound(t *testing.T) {
	width := bodyText.width("text")
	write := func(c draw.Canvas, x, y vg.Length) { newLabel("text", bodyText, x, 100-y).paint(c, 100) }
	drawing := func(paint func(c draw.Canvas)) *Drawing { return &Drawing{width: 100, height: 100, paint: paint} }
	turned := drawing(func(c draw.Canvas) {
		c.Push()
		c.Translate(vg.Point{X: 50, Y: 20})
		c.Rotate(math.Pi / 2)
		c.Scale(2, 1)
		write(c, 3, 0) // on from (50, 26) upwards
		c.Pop()
		write(c, 51, 30) // right of it
	})
	texts, err := textsOf(turned)
	if err == nil || len(texts) != 2 || !strings.Contains(err.Error(), "overlap") {
		t.Fatalf("texts %v, error %v, want two texts that overlap", texts, err)
	}
	got := texts[0]
	e := bodyText.face()
	want := textBox{
		min: vg.Point{X: 50 - e.Extents().Ascent, Y: 26},
		max: vg.Point{X: 50 + e.Extents().Descent, Y: 26 + 2*width},
	}
	for _, d := range []vg.Length{got.min.X - want.min.X, got.min.Y - want.min.Y, got.max.X - want.max.X, got.max.Y - want.max.Y} {
		if math.Abs(float64(d)) > 1e-6 {
			t.Fatalf("the turned text is %v, want %v", got, want)
		}
	}
	for name, test := range map[string]struct {
		paint func(c draw.Canvas)
		want  string // none: the picture is right
	}{
		"apart":      {func(c draw.Canvas) { write(c, 10, 50); write(c, 10, 65); write(c, 10+width, 50) }, ""},
		"overlap":    {func(c draw.Canvas) { write(c, 10, 50); write(c, 9+width, 58) }, "overlap"},
		"left":       {func(c draw.Canvas) { write(c, -1, 50) }, "not within the canvas"},
		"right":      {func(c draw.Canvas) { write(c, 101-width, 50) }, "not within the canvas"},
		"above":      {func(c draw.Canvas) { write(c, 10, 95) }, "not within the canvas"},
		"below":      {func(c draw.Canvas) { write(c, 10, 1) }, "not within the canvas"},
		"none":       {func(c draw.Canvas) {}, "no texts"},
		"filled":     {func(c draw.Canvas) { write(c, 10, 50); c.Fill(rectangle(12, 40, 14, 60)) }, "covered by a filled area"},
		"background": {func(c draw.Canvas) { c.Fill(rectangle(0, 0, 100, 100)); write(c, 10, 50) }, ""},
		"picture": {func(c draw.Canvas) {
			write(c, 10, 50)
			c.DrawImage(vg.Rectangle{Max: vg.Point{X: 100, Y: 100}}, image.White)
		}, "covered by a picture"},
	} {
		_, err := textsOf(drawing(test.paint))
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

// TestWrapped: the lines are the whole text, none of them wider than it may be.
func TestWrapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := printable(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z_/]{0,90}`)).Draw(t, "text"))
		lines := boldText.wrapped(text, 60)
		if got := strings.Join(lines, ""); got != text {
			t.Errorf("%q became %q", text, lines)
		}
		for _, line := range lines {
			if boldText.width(line) > 60 && len([]rune(line)) > 1 {
				t.Errorf("the line %q of %q is %v wide", line, text, boldText.width(line))
			}
		}
	})
	if got := boldText.wrapped("block_of_the_encoder/left", 80); !slices.Equal(got, []string{"block_of_the_", "encoder/left"}) {
		t.Errorf("broken into %q", got)
	}
}
