package plots

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"

	"zoo/models"
)

// closest is how near two segments of different edges may come.
const closest = vg.Length(2)

type segment struct {
	edge int
	a, b point
}

func (s segment) vertical() bool { return s.a.x == s.b.x }

func segments(edges [][]point) []segment {
	var all []segment
	for i, line := range edges {
		for k := 1; k < len(line); k++ {
			all = append(all, segment{i, line[k-1], line[k]})
		}
	}
	return all
}

// checkLayout returns what is wrong with a layout: boxes that overlap, edges that
// do not lead from box to box, cross a box, go upwards or lie on one another.
func checkLayout(boxes []rect, edges [][]point, inputs [][]int) error {
	for i, a := range boxes {
		if a.left < 0 || a.top < 0 {
			return fmt.Errorf("box %d is at (%v, %v)", i, a.left, a.top)
		}
		for j, b := range boxes[:i] {
			if a.left < b.right()+boxGap-0.01 && b.left < a.right()+boxGap-0.01 && a.top < b.bottom() && b.top < a.bottom() {
				return fmt.Errorf("boxes %d and %d: %v and %v are too near", j, i, b, a)
			}
		}
	}
	n := 0
	for to, in := range inputs {
		for _, from := range in {
			if err := checkEnds(boxes[from], boxes[to], edges[n]); err != nil {
				return fmt.Errorf("edge from %d to %d: %w", from, to, err)
			}
			n++
		}
	}
	if n != len(edges) {
		return fmt.Errorf("%d edges, want %d", len(edges), n)
	}
	all := segments(edges)
	for i, s := range all {
		if s.a.x != s.b.x && s.a.y != s.b.y || s.b.y < s.a.y || s.a.x < 0 || s.b.x < 0 {
			return fmt.Errorf("edge %d: segment %v to %v", s.edge, s.a, s.b)
		}
		for k, b := range boxes {
			if max(s.a.x, s.b.x) > b.left && min(s.a.x, s.b.x) < b.right() && s.b.y > b.top && s.a.y < b.bottom() {
				return fmt.Errorf("edge %d crosses box %d: %v to %v, %v", s.edge, k, s.a, s.b, b)
			}
		}
		for _, other := range all[:i] {
			if s.edge != other.edge && coincide(s, other) {
				return fmt.Errorf("edges %d and %d lie on one another: %v to %v, %v to %v", other.edge, s.edge, other.a, other.b, s.a, s.b)
			}
		}
	}
	return nil
}

func checkEnds(from, to rect, line []point) error {
	first, last := line[0], line[len(line)-1]
	switch {
	case first.y != from.bottom() || first.x <= from.left || first.x >= from.right():
		return fmt.Errorf("begins at %v, but the box is %v", first, from)
	case last.y != to.top || last.x <= to.left || last.x >= to.right():
		return fmt.Errorf("ends at %v, but the box is %v", last, to)
	case last.y-line[len(line)-2].y < arrowLength:
		return fmt.Errorf("has %v for its head, want %v", last.y-line[len(line)-2].y, arrowLength)
	}
	return nil
}

// coincide tells whether parallel segments lie side by side, nearer than closest.
func coincide(s, t segment) bool {
	overlap := func(a, b, c, d vg.Length) bool { return max(min(a, b), min(c, d)) < min(max(a, b), max(c, d)) }
	switch {
	case s.vertical() && t.vertical():
		return math.Abs(float64(s.a.x-t.a.x)) < float64(closest) && overlap(s.a.y, s.b.y, t.a.y, t.b.y)
	case !s.vertical() && !t.vertical():
		return math.Abs(float64(s.a.y-t.a.y)) < float64(closest) && overlap(s.a.x, s.b.x, t.a.x, t.b.x)
	}
	return false
}

// drawGraph draws boxes with inputs among the boxes before them.
func drawGraph(t *rapid.T) ([]size, [][]int) {
	n := rapid.IntRange(1, 16).Draw(t, "boxes")
	reach := rapid.IntRange(1, n).Draw(t, "reach")
	sizes, inputs := make([]size, n), make([][]int, n)
	for v := range n {
		sizes[v] = size{
			width:  vg.Length(rapid.IntRange(120, 500).Draw(t, "width")),
			height: vg.Length(rapid.IntRange(20, 90).Draw(t, "height")),
		}
		if v > 0 {
			inputs[v] = rapid.SliceOfN(rapid.IntRange(max(0, v-reach), v-1), 0, 4).Draw(t, "inputs")
		}
	}
	return sizes, inputs
}

func TestArrange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes, inputs := drawGraph(t)
		boxes, edges := arrange(sizes, inputs)
		if err := checkLayout(boxes, edges, inputs); err != nil {
			t.Fatal(err)
		}
		for v, b := range boxes {
			if b.width != sizes[v].width || b.height != sizes[v].height {
				t.Fatalf("box %d is %v, want %v", v, b, sizes[v])
			}
			for _, u := range inputs[v] {
				if b.top <= boxes[u].bottom() {
					t.Fatalf("box %d is not below its input %d", v, u)
				}
			}
		}
		again, lines := arrange(sizes, inputs)
		if !slices.Equal(again, boxes) || !slices.EqualFunc(lines, edges, slices.Equal) {
			t.Fatal("the same graph is laid out differently the second time")
		}
	})
}

// TestArrangeNarrow: boxes without room for their edges still get them apart.
func TestArrangeNarrow(t *testing.T) {
	inputs := [][]int{nil, {0, 0, 0, 0, 0, 0}, {1, 1, 0}}
	sizes := []size{{10, 10}, {10, 10}, {10, 10}}
	boxes, edges := arrange(sizes, inputs)
	for i, line := range edges[:6] {
		for _, other := range edges[:i] {
			if line[0].x == other[0].x {
				t.Fatalf("two edges begin at %v", line[0])
			}
		}
	}
	if len(boxes) != 3 {
		t.Fatalf("%d boxes", len(boxes))
	}
}

// uniform are boxes of one size, as Structure draws them.
func uniform(n int) []size {
	sizes := make([]size, n)
	for i := range sizes {
		sizes[i] = size{200, 36}
	}
	return sizes
}

func middle(r rect) vg.Length { return r.left + r.width/2 }

func TestArrangeChainIsStraight(t *testing.T) {
	boxes, edges := arrange(uniform(5), [][]int{nil, {0}, {1}, {2}, {3}})
	for i, line := range edges {
		if len(line) != 2 || line[0].x != middle(boxes[0]) {
			t.Errorf("edge %d is %v", i, line)
		}
	}
}

// TestArrangeBranches: the branches of an Inception block stand in the order of
// the inputs, their source and the concatenation in the middle.
func TestArrangeBranches(t *testing.T) {
	boxes, edges := arrange(uniform(6), [][]int{nil, {0}, {0}, {0}, {0}, {3, 1, 4, 2}})
	order := []rect{boxes[3], boxes[1], boxes[4], boxes[2]}
	for i, b := range order[1:] {
		if b.top != order[0].top || b.left <= order[i].right() {
			t.Errorf("branch %d is at %v, the one on its left at %v", i+1, b, order[i])
		}
	}
	center := (order[0].left + order[3].right()) / 2
	for _, b := range []rect{boxes[0], boxes[5]} {
		if math.Abs(float64(middle(b)-center)) > 1 {
			t.Errorf("box in the middle is at %v, want %v", middle(b), center)
		}
	}
	if n := crossings(edges); n > 0 {
		t.Errorf("%d crossings", n)
	}
}

// TestArrangeSkip: a skip connection passes the chain on the side that its place
// among the inputs tells, and the chain stays straight.
func TestArrangeSkip(t *testing.T) {
	for _, test := range []struct {
		name   string
		inputs []int
		left   bool
	}{{"first", []int{0, 3}, true}, {"second", []int{3, 0}, false}} {
		t.Run(test.name, func(t *testing.T) {
			boxes, edges := arrange(uniform(5), [][]int{nil, {0}, {1}, {2}, test.inputs})
			for _, b := range boxes {
				if middle(b) != middle(boxes[0]) {
					t.Errorf("a box is at %v, the first at %v", b, boxes[0])
				}
			}
			skip := edges[3]
			if !test.left {
				skip = edges[4]
			}
			if lane := skip[2].x; test.left != (lane < boxes[1].left) || test.left == (lane > boxes[1].right()) {
				t.Errorf("the lane is at %v, the boxes at %v", lane, boxes[1])
			}
		})
	}
}

// TestArrangeUNet: nested skip connections lie inside one another.
func TestArrangeUNet(t *testing.T) {
	for _, swapped := range []bool{false, true} {
		inputs := [][]int{nil, {0}, {1}, {2}, {3}, {4, 1}, {5, 0}}
		if swapped {
			inputs[5], inputs[6] = []int{1, 4}, []int{0, 5}
		}
		boxes, edges := arrange(uniform(7), inputs)
		if err := checkLayout(boxes, edges, inputs); err != nil {
			t.Fatal(err)
		}
		if n := crossings(edges); n > 0 {
			t.Errorf("skip first: %v: %d crossings", swapped, n)
		}
	}
}

func crossings(edges [][]point) int {
	n := 0
	all := segments(edges)
	for _, s := range all {
		for _, u := range all {
			if s.edge != u.edge && s.vertical() && !u.vertical() &&
				min(u.a.x, u.b.x) < s.a.x && s.a.x < max(u.a.x, u.b.x) && s.a.y < u.a.y && u.a.y < s.b.y {
				n++
			}
		}
	}
	return n
}

func TestArrangeModels(t *testing.T) {
	for _, e := range models.All() {
		t.Run(e.Name, func(t *testing.T) {
			d, err := layOut(modelNamed(t, e.Name))
			if err != nil {
				t.Fatal(err)
			}
			if n := crossings(d.arrows); n > 0 {
				t.Errorf("%d crossings", n)
			}
		})
	}
}
