package plots

import (
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot/vg"

	"zoo/models/layer"
)

// Inside of a box.
const (
	lineHeight = vg.Length(13)
	padX       = vg.Length(9)
	padY       = vg.Length(5)
	nameWidth  = vg.Length(190) // wider names and classes take more lines
)

// fills are the light colours behind names, by what a layer does. They help the
// eye only: every box also says its class.
var fills = map[string]color.NRGBA{
	"InputLayer":         {0xe7, 0xea, 0xee, 0xff},
	"Conv2D":             {0xd6, 0xe6, 0xf5, 0xff},
	"Dense":              {0xfb, 0xe3, 0xcd, 0xff},
	"BatchNormalization": {0xd8, 0xed, 0xe3, 0xff},
	"Dropout":            {0xd8, 0xed, 0xe3, 0xff},
	"Activation":         {0xfb, 0xf0, 0xc9, 0xff},
	"LeakyReLU":          {0xfb, 0xf0, 0xc9, 0xff},
	"MaxPooling2D":       {0xe9, 0xe1, 0xf2, 0xff},
	"Flatten":            {0xe9, 0xe1, 0xf2, 0xff},
	"Reshape":            {0xe9, 0xe1, 0xf2, 0xff},
	"Concatenate":        {0xf6, 0xdd, 0xe8, 0xff},
}

// layerBox is a box of three cells: name and class, "input" and "output", shapes.
type layerBox struct {
	rect
	fill         color.Color
	split1       vg.Length // x between the cells
	split2       vg.Length
	name, shapes []label
}

// cellWidths are the widths of the three cells, the same in all boxes.
type cellWidths struct{ name, side, shape vg.Length }

func (c cellWidths) width() vg.Length { return c.name + c.side + c.shape }

func measure(layers []layer.Info) cellWidths {
	c := cellWidths{side: max(noteText.width("input"), noteText.width("output"))}
	for _, l := range layers {
		for _, line := range nameOf(l, 0) {
			c.name = max(c.name, line.width())
		}
		for _, s := range append([][]int{l.OutputShape}, l.InputShapes...) {
			c.shape = max(c.shape, bodyText.width(shapeText(s)))
		}
	}
	return cellWidths{c.name + 2*padX, c.side + 2*padX, c.shape + 2*padX}
}

// classText is Conv2D, or Conv2D, relu.
func classText(l layer.Info) string {
	if l.Activation == "" {
		return l.Class
	}
	return l.Class + ", " + l.Activation
}

// nameOf are the lines of a layer's name and class, one below the other.
func nameOf(l layer.Info, left vg.Length) []label {
	var lines []label
	add := func(text string, style textStyle) {
		for _, line := range style.wrapped(text, nameWidth) {
			lines = append(lines, newLabel(line, style, left, vg.Length(len(lines))*lineHeight))
		}
	}
	add(l.Name, boldText)
	add(classText(l), noteText)
	return lines
}

// shapeText is a shape as Keras prints it, with None for the batch.
func shapeText(shape []int) string {
	var b strings.Builder
	b.WriteString("(None")
	for _, n := range shape {
		fmt.Fprintf(&b, ", %d", n)
	}
	b.WriteString(")")
	return b.String()
}

func newLayerBox(l layer.Info, r rect, c cellWidths) layerBox {
	b := layerBox{rect: r, fill: fills["InputLayer"], split1: r.left + c.name, split2: r.left + c.name + c.side}
	if fill, ok := fills[l.Class]; ok {
		b.fill = fill
	}
	first := func(lines int) vg.Length {
		return r.top + (r.height-vg.Length(lines)*lineHeight)/2 + (lineHeight+bodyText.rise()-bodyText.fall())/2
	}
	b.name = nameOf(l, r.left+padX)
	for i := range b.name {
		b.name[i].y += first(len(b.name))
	}
	y := first(len(l.InputShapes) + 1)
	row := func(side string, shape []int) {
		if side != "" {
			b.shapes = append(b.shapes, newLabel(side, noteText, b.split1+padX, y))
		}
		b.shapes = append(b.shapes, newLabel(shapeText(shape), bodyText, b.split2+padX, y))
		y += lineHeight
	}
	side := "input"
	for _, s := range l.InputShapes {
		row(side, s)
		side = ""
	}
	row("output", l.OutputShape)
	return b
}
