package plots

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
)

// Distances between the ends of edges.
const (
	portGap   = vg.Length(16) // at one box
	apart     = vg.Length(9)  // in one channel
	portInset = vg.Length(8)  // from a box's corner
)

// setPorts fixes the ends of the wires below row r: first those that have no
// choice, in lanes and between the boxes of one block, then the others.
func (d *diagram) setPorts(r int, wires []wire) {
	c := &channel{d: d, wires: wires}
	var exits, entries []int
	for i := range wires {
		w := &wires[i]
		e := d.edges[w.edge]
		switch {
		case d.aligned(e):
			c.take(i, &w.top, d.x[e.from])
			c.take(i, &w.bottom, d.x[e.to])
			continue
		case d.items[e.from].first == r:
			exits = append(exits, i)
		default:
			c.take(i, &w.top, d.x[e.lane])
		}
		if d.items[e.to].first == r+1 {
			entries = append(entries, i)
		} else {
			c.take(i, &w.bottom, d.x[e.lane])
		}
	}
	c.ports(exits, true)
	c.ports(entries, false)
}

// aligned tells whether an edge leads straight down within a block: the only
// one between its two boxes.
func (d *diagram) aligned(e edge) bool {
	if e.lane != none || d.items[e.from].block != d.items[e.to].block {
		return false
	}
	n := 0
	for _, other := range d.into[e.to] {
		if d.edges[other].from == e.from {
			n++
		}
	}
	return n == 1
}

// channel gives out the places at which edges end above and below a channel.
type channel struct {
	d     *diagram
	wires []wire
	taken []taken
}

type taken struct {
	wire int
	x    vg.Length
}

func (c *channel) take(wire int, end *vg.Length, x vg.Length) {
	*end = x
	c.taken = append(c.taken, taken{wire, x})
}

// ports places the ends of the given wires at the boxes above (exits) or below,
// for each box side by side around its middle, in the order of their other ends.
func (c *channel) ports(wires []int, exits bool) {
	slices.SortStableFunc(wires, func(a, b int) int {
		return cmp.Or(cmp.Compare(c.box(a, exits), c.box(b, exits)), cmp.Compare(c.goal(a, exits), c.goal(b, exits)))
	})
	for len(wires) > 0 {
		box := c.box(wires[0], exits)
		n := 1
		for n < len(wires) && c.box(wires[n], exits) == box {
			n++
		}
		c.portsOf(box, wires[:n], exits)
		wires = wires[n:]
	}
}

func (c *channel) portsOf(box int, wires []int, exits bool) {
	width := c.d.items[box].width
	middle, half := c.d.x[box], max(width/2-portInset, width/4)
	for i, place := range places(len(wires), c.middleTaken(box), func(i int) bool { return c.goal(wires[i], exits) < middle }) {
		w := &c.wires[wires[i]]
		at := middle + place*portGap
		end, goal := &w.bottom, w.top
		if exits {
			end, goal = &w.top, c.goal(wires[i], exits)
		}
		if d := goal - at; -portGap <= d && d <= portGap {
			at = goal // a straight line instead of a small step
		}
		c.take(wires[i], end, c.free(wires[i], at, middle-half, middle+half))
	}
}

// places numbers n ports from left to right, 0 in the middle of the box. Where
// the middle is taken, those that lead to the left stay on its left.
func places(n int, middleTaken bool, left func(int) bool) []vg.Length {
	at := make([]vg.Length, n)
	lefts := 0
	for i := range at {
		at[i] = vg.Length(i) - vg.Length(n-1)/2
		if left(i) {
			lefts++
		}
	}
	if !middleTaken {
		return at
	}
	for i := range at {
		at[i] = vg.Length(i - lefts)
		if i >= lefts {
			at[i]++
		}
	}
	return at
}

// box is the box at which the wire ends.
func (c *channel) box(wire int, exits bool) int {
	e := c.d.edges[c.wires[wire].edge]
	if exits {
		return e.from
	}
	return e.to
}

// goal is the x to which the wire leads from a port.
func (c *channel) goal(wire int, exits bool) vg.Length {
	w := c.wires[wire]
	switch e := c.d.edges[w.edge]; {
	case !exits:
		return w.top
	case e.lane != none:
		return c.d.x[e.lane]
	default:
		return c.d.x[e.to]
	}
}

func (c *channel) middleTaken(box int) bool {
	return slices.ContainsFunc(c.taken, func(t taken) bool {
		e := c.d.edges[c.wires[t.wire].edge]
		return t.x == c.d.x[box] && (e.from == box || e.to == box)
	})
}

// free is the place nearest to x between low and high that keeps apart from the
// ends of all other wires.
func (c *channel) free(wire int, x, low, high vg.Length) vg.Length {
	x = max(low, min(x, high))
	for gap := apart; ; gap /= 2 {
		for k := vg.Length(0); x-k*gap >= low || x+k*gap <= high; k++ {
			for _, at := range []vg.Length{x - k*gap, x + k*gap} {
				if at >= low && at <= high && !c.blocked(wire, at, gap) {
					return at
				}
			}
		}
	}
}

func (c *channel) blocked(wire int, x, gap vg.Length) bool {
	return slices.ContainsFunc(c.taken, func(t taken) bool {
		distance := math.Abs(float64(t.x - x))
		return t.wire != wire && distance < 0.99*float64(gap) // rounding may take a little
	})
}
