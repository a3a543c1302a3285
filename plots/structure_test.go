package plots

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"pgregory.net/rapid"

	"zoo/models"
	"zoo/models/layer"
)

// checkStructure returns what is wrong with a diagram: a layout that is wrong, or
// a text outside its cell or the canvas.
func checkStructure(d *structure, layers []layer.Info) error {
	boxes := make([]rect, len(layers))
	inputs := make([][]int, len(layers))
	for i, b := range d.boxes {
		boxes[i], inputs[i] = b.rect, layers[i].Inputs
	}
	if err := checkLayout(boxes, d.arrows, inputs); err != nil {
		return err
	}
	canvas := rect{0, 0, d.width, d.height}
	for _, l := range d.heading {
		if !within(l, canvas) || l.y > boxes[0].top {
			return fmt.Errorf("heading %q is not within its place", l.text)
		}
	}
	for i, b := range d.boxes {
		if b.left < margin || b.right() > d.width-margin || b.bottom() > d.height-margin {
			return fmt.Errorf("box %d at %v reaches into the margin of %v", i, b.rect, canvas)
		}
		if len(b.shapes) < 2 {
			return fmt.Errorf("box %d has %d shapes", i, len(b.shapes))
		}
		texts := map[textStyle]string{}
		for _, l := range b.name {
			texts[l.style] += l.text
		}
		if name, class := printable(layers[i].Name), printable(classText(layers[i])); texts[boldText] != name || texts[noteText] != class {
			return fmt.Errorf("box %d says %q, %q, want %q, %q", i, texts[boldText], texts[noteText], name, class)
		}
		name, side, shape := b.rect, b.rect, b.rect
		name.width = b.split1 - b.left
		side.left, side.width = b.split1, b.split2-b.split1
		shape.left, shape.width = b.split2, b.right()-b.split2
		for _, l := range b.name {
			if !within(l, name) {
				return fmt.Errorf("box %d: %q is not within %v", i, l.text, name)
			}
		}
		for _, l := range b.shapes {
			if !within(l, side) && !within(l, shape) {
				return fmt.Errorf("box %d: %q is not within %v or %v", i, l.text, side, shape)
			}
		}
	}
	for _, line := range d.arrows {
		for _, p := range line {
			if p.x < margin || p.x > d.width-margin {
				return fmt.Errorf("an arrow at %v reaches into the margin of %v", p, canvas)
			}
		}
	}
	return nil
}

func within(l label, r rect) bool {
	const inset = vg.Length(2)
	return l.x >= r.left+inset && l.x+l.width() <= r.right()-inset &&
		l.y-l.style.rise() >= r.top+inset && l.y+l.style.fall() <= r.bottom()-inset
}

func TestStructureOfModels(t *testing.T) {
	for _, e := range append(models.All(), models.Variants()...) {
		t.Run(e.Name, func(t *testing.T) {
			m := modelNamed(t, e.Name)
			d, err := layOut(m)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkStructure(d, m.Layers()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestStructureOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		d, err := layOut(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkStructure(d, m.layers); err != nil {
			t.Fatal(err)
		}
	})
}

// TestStructureManyInputs: a box has room for all its arrows.
func TestStructureManyInputs(t *testing.T) {
	m := &declared{name: "dense"}
	m.add("input_layer", "InputLayer", []int{8})
	for v := 1; v < 40; v++ {
		var inputs []int
		for u := range v {
			inputs = append(inputs, u)
		}
		m.add("concatenate", "Concatenate", []int{8}, inputs...)
	}
	d, err := layOut(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkStructure(d, m.layers); err != nil {
		t.Fatal(err)
	}
}

// TestStructureTexts: every layer's name, class and shapes are in the SVG, which
// is well formed whatever they hold.
func TestStructureTexts(t *testing.T) {
	m := &declared{name: `<a & "b">`}
	in := m.add("input_layer", "InputLayer", []int{28, 28, 1})
	long := strings.Repeat("a_name_that_goes_on_", 10)
	x := m.add(long, "Conv2D", []int{26, 26, 64}, in)
	m.layers[x].Activation = "relu"
	m.add("null\x00byte", "Concatenate", nil, in, x)
	d, err := Structure(m)
	if err != nil {
		t.Fatal(err)
	}
	texts := svgTexts(t, svgOf(t, d))
	want := []string{
		`<a & "b">`, "3 layers, 0 parameters", "input_layer", "InputLayer", "(None, 28, 28, 1)",
		"Conv2D, relu", "(None, 26, 26, 64)", "null\uFFFDbyte", "(None)",
	}
	for _, want := range append(want, boldText.wrapped(long, nameWidth)...) {
		if !texts[want] {
			t.Errorf("the diagram lacks the text %q", want)
		}
	}
}

// svgTexts are the texts of an SVG.
func svgTexts(t *testing.T, svg []byte) map[string]bool {
	t.Helper()
	texts := map[string]bool{}
	in := xml.NewDecoder(bytes.NewReader(svg))
	inText := false
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("the SVG is not well formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text"
			for _, a := range token.Attr {
				if inText && a.Name.Local == "textLength" && a.Value == "0.00" {
					t.Error("a text has no width")
				}
			}
		case xml.CharData:
			if inText {
				texts[string(token)] = true
			}
		case xml.EndElement:
			inText = false
		}
	}
}

func TestStructureGolden(t *testing.T) {
	for _, name := range []string{"fashion-best", "mnist-dense"} {
		t.Run(name, func(t *testing.T) {
			d, err := Structure(modelNamed(t, name))
			if err != nil {
				t.Fatal(err)
			}
			goldenPicture(t, "structure_"+name, d)
		})
	}
}

func TestStructureErrors(t *testing.T) {
	input := layer.Info{Name: "input_layer", Class: "InputLayer"}
	for _, test := range []struct {
		layers []layer.Info
		want   string
	}{
		{nil, "the model has no layers"},
		{[]layer.Info{input, {Name: "d", Inputs: []int{1}, InputShapes: [][]int{{1}}}}, "layer 1 (d) takes its input from layer 1, want one that comes before it"},
		{[]layer.Info{input, {Name: "d", Inputs: []int{-1}, InputShapes: [][]int{{1}}}}, "layer 1 (d) takes its input from layer -1, want one that comes before it"},
		{[]layer.Info{input, {Name: "d", Inputs: []int{0}}}, "layer 1 (d) has 1 input but 0 input shapes"},
	} {
		m := &declared{name: "m", layers: test.layers}
		if _, err := Structure(m); err == nil || err.Error() != "drawing the structure of m: "+test.want {
			t.Errorf("Structure: error %v, want %q", err, test.want)
		}
		if err := Summary(io.Discard, m); err == nil || err.Error() != "summary of m: "+test.want {
			t.Errorf("Summary: error %v, want %q", err, test.want)
		}
	}
}

// TestLongDiagram: what is too long for viewers is drawn with fewer dots.
func TestLongDiagram(t *testing.T) {
	if testing.Short() {
		t.Skip("draws a picture of 32,000 dots")
	}
	m := &declared{name: "deep"}
	last := m.add("input_layer", "InputLayer", []int{1})
	for range 700 {
		last = m.add("dense", "Dense", []int{1}, last)
	}
	d, err := Structure(m)
	if err != nil {
		t.Fatal(err)
	}
	_, inches := d.Size()
	height := vg.Length(inches)
	if height*dotsPerInch <= maxSide {
		t.Fatalf("only %v inches, too short for this test", height)
	}
	if dots := d.image(dotsPerInch).Bounds().Dy(); dots > maxSide {
		t.Errorf("%d dots, want at most %d", dots, maxSide)
	}
	square := &Drawing{width: height * vg.Inch, height: height * vg.Inch, paint: func(draw.Canvas) {}}
	if size := square.image(dotsPerInch).Bounds().Size(); size.X*size.Y > 1.01*maxArea {
		t.Errorf("%v dots, want at most %v", size, maxArea)
	}
}
