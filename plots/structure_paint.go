package plots

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Arrows.
const (
	cornerRadius = vg.Length(5)
	arrowLength  = vg.Length(7)
	arrowWidth   = vg.Length(6)
)

func (d *structure) paint(c draw.Canvas) {
	for _, l := range d.heading {
		l.paint(c, d.height)
	}
	for _, line := range d.arrows {
		d.paintArrow(c, line)
	}
	for _, b := range d.boxes {
		d.paintBox(c, b)
	}
}

func (d *structure) paintBox(c draw.Canvas, b layerBox) {
	bottom, top := d.height-b.bottom(), d.height-b.top
	c.SetColor(color.White)
	c.Fill(rectangle(b.left, bottom, b.right(), top))
	c.SetColor(b.fill)
	c.Fill(rectangle(b.left, bottom, b.split1, top))
	c.SetLineStyle(draw.LineStyle{Color: hairline, Width: 0.75})
	for _, x := range []vg.Length{b.split1, b.split2} {
		var p vg.Path
		p.Move(vg.Point{X: x, Y: bottom})
		p.Line(vg.Point{X: x, Y: top})
		c.Stroke(p)
	}
	c.SetLineStyle(draw.LineStyle{Color: rule, Width: 0.75})
	c.Stroke(rectangle(b.left, bottom, b.right(), top))
	for _, l := range b.name {
		l.paint(c, d.height)
	}
	for _, l := range b.shapes {
		l.paint(c, d.height)
	}
}

func rectangle(left, bottom, right, top vg.Length) vg.Path {
	return vg.Rectangle{Min: vg.Point{X: left, Y: bottom}, Max: vg.Point{X: right, Y: top}}.Path()
}

// paintArrow draws the line with rounded corners and a head at its end.
func (d *structure) paintArrow(c draw.Canvas, line []point) {
	at := func(p point) vg.Point { return vg.Point{X: p.x, Y: d.height - p.y} }
	end := line[len(line)-1]
	var p vg.Path
	p.Move(at(line[0]))
	for i := 1; i < len(line)-1; i++ {
		before, after := towards(line[i], line[i-1]), towards(line[i], line[i+1])
		p.Line(at(before))
		p.QuadTo(at(line[i]), at(after))
	}
	p.Line(at(point{end.x, end.y - arrowLength/2}))
	c.SetLineStyle(draw.LineStyle{Color: grey, Width: 1.1})
	c.Stroke(p)

	var head vg.Path
	head.Move(at(end))
	head.Line(at(point{end.x - arrowWidth/2, end.y - arrowLength}))
	head.Line(at(point{end.x + arrowWidth/2, end.y - arrowLength}))
	head.Close()
	c.Fill(head)
}

// towards is where a rounded corner begins on the way to the next point.
func towards(corner, next point) point {
	dx, dy := next.x-corner.x, next.y-corner.y
	length := vg.Length(math.Hypot(float64(dx), float64(dy)))
	if length == 0 {
		return corner
	}
	r := min(cornerRadius, length/2)
	return point{corner.x + dx*r/length, corner.y + dy*r/length}
}
