package plots

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

// Heights in a channel.
const (
	channelTop    = vg.Length(10) // from the boxes to the first track
	trackGap      = vg.Length(8)
	channelBottom = vg.Length(16) // from the last track to the boxes: room for an arrowhead
)

// point and rect count y downwards from the top.
type point struct{ x, y vg.Length }

type rect struct{ left, top, width, height vg.Length }

func (r rect) right() vg.Length  { return r.left + r.width }
func (r rect) bottom() vg.Length { return r.top + r.height }

// wire is the part of an edge that lies in one channel.
type wire struct {
	edge        int
	top, bottom vg.Length // its x where it enters and leaves the channel
	track       int
}

func (w wire) straight() bool { return math.Abs(float64(w.top-w.bottom)) < 0.01 }

// arrange lays out boxes of the given sizes and the edges from inputs[v] to box
// v, inputs[v] < v. Each edge is a line of vertical and horizontal segments, in
// the order of the boxes and their inputs. The upper left corner is (0, 0).
func arrange(sizes []size, inputs [][]int) (boxes []rect, edges [][]point) {
	d := newDiagram(sizes, inputs)
	d.place()
	channels := d.wires()
	for _, wires := range channels {
		setTracks(wires)
	}
	boxes, tops := d.boxes(channels)
	edges = make([][]point, len(d.edges))
	for i, e := range d.edges {
		edges[i] = []point{{y: boxes[e.from].bottom()}, {y: boxes[e.to].top}}
	}
	for r, wires := range channels {
		for _, w := range wires {
			edges[w.edge] = d.extend(edges[w.edge], w, r, tops[r])
		}
	}
	return moved(boxes, edges)
}

// extend leads an edge's line through the channel below row r, which begins at
// y = top. The line's first and last points are the edge's ends.
func (d *diagram) extend(line []point, w wire, r int, top vg.Length) []point {
	e := d.edges[w.edge]
	last := len(line) - 1
	if d.items[e.from].first == r {
		line[0].x = w.top
	}
	if d.items[e.to].first == r+1 {
		line[last].x = w.bottom
	}
	if w.straight() {
		return line
	}
	y := top + channelTop + vg.Length(w.track)*trackGap
	return slices.Insert(line, last, point{w.top, y}, point{w.bottom, y})
}

// wires finds where each edge enters and leaves each channel below a row.
func (d *diagram) wires() [][]wire {
	channels := make([][]wire, len(d.rows)-1)
	for i, e := range d.edges {
		for r := d.items[e.from].first; r < d.items[e.to].first; r++ {
			channels[r] = append(channels[r], wire{edge: i})
		}
	}
	for r, wires := range channels {
		d.setPorts(r, wires)
	}
	return channels
}

// leftwards tells whether the wire leaves its channel further to the left.
func (w wire) leftwards() bool { return w.bottom < w.top }

// lead orders the wires of one direction: the foremost has the least.
func (w wire) lead() vg.Length {
	if w.leftwards() {
		return w.top
	}
	return -w.top
}

// setTracks gives each wire that runs sideways a track on which it meets no
// other. Of the wires that run in one direction, the one that goes ahead lies
// higher, so they do not cross.
func setTracks(wires []wire) {
	var order []int
	for i, w := range wires {
		if !w.straight() {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(wires[a].lead(), wires[b].lead()) })
	for n, i := range order {
		w := &wires[i]
		for moved := true; moved; {
			moved = false
			for _, j := range order[:n] {
				v := wires[j]
				sameWay := v.leftwards() == w.leftwards()
				if v.meets(*w) && (v.track == w.track || sameWay && v.track > w.track) {
					w.track = v.track + 1
					moved = true
				}
			}
		}
	}
}

// meets tells whether two wires run sideways over the same x.
func (w wire) meets(v wire) bool {
	return min(w.top, w.bottom)-apart < max(v.top, v.bottom) && min(v.top, v.bottom)-apart < max(w.top, w.bottom)
}

// boxes gives each box its place, and each channel its upper end.
func (d *diagram) boxes(channels [][]wire) (boxes []rect, tops []vg.Length) {
	boxes = make([]rect, len(d.sizes))
	var y vg.Length
	for r, row := range d.rows {
		var height vg.Length
		for _, i := range row {
			if d.items[i].lane {
				continue
			}
			s := d.sizes[i]
			boxes[i] = rect{d.x[i] - s.width/2, y, s.width, s.height}
			height = max(height, s.height)
		}
		y += height
		tops = append(tops, y)
		if r == len(channels) {
			break
		}
		tracks := 1
		for _, w := range channels[r] {
			tracks = max(tracks, w.track+1)
		}
		y += channelTop + vg.Length(tracks-1)*trackGap + channelBottom
	}
	return boxes, tops
}

// moved shifts everything so that it begins at x = 0.
func moved(boxes []rect, edges [][]point) ([]rect, [][]point) {
	left := vg.Length(math.Inf(1))
	for _, b := range boxes {
		left = min(left, b.left)
	}
	for _, line := range edges {
		for _, p := range line {
			left = min(left, p.x)
		}
	}
	for i := range boxes {
		boxes[i].left -= left
	}
	for _, line := range edges {
		for i := range line {
			line[i].x -= left
		}
	}
	return boxes, edges
}
