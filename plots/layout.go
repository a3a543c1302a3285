package plots

import (
	"cmp"
	"slices"

	"gonum.org/v1/plot/vg"
)

// The layout of a diagram is layered. A box stands one row below the lowest of
// its inputs; between two rows lies a channel, the only place where edges run
// sideways. An edge that passes rows does so in a lane of its own, so it meets
// no box. Boxes and lanes that should stand straight above one another form a
// block; blocks have one order from left to right for the whole diagram, which
// keeps the placement free of contradictions.

// size is a box's width and height.
type size struct{ width, height vg.Length }

// edge leads from a box down to another.
type edge struct {
	from, to int
	lane     int // the item in which it passes rows; none when it passes no row
}

const none = -1

// item is a box, or the lane of an edge.
type item struct {
	first, last int // the rows that it stands in
	width       vg.Length
	lane        bool
	order       int // boxes and lanes from left to right
	block       int
}

// diagram is a layout while it is made. Items come in the order of the boxes,
// then of the edges that need a lane; blocks from left to right.
type diagram struct {
	sizes  []size
	edges  []edge
	items  []item
	into   [][]int // the edges into each box, in the order of its inputs
	out    [][]int // the edges out of each box
	rows   [][]int // the items in each row, from left to right
	x      []vg.Length
	blocks int
}

// newDiagram makes the layout up to the order from left to right. inputs[v] are
// the boxes with an edge to box v; all of them are less than v.
func newDiagram(sizes []size, inputs [][]int) *diagram {
	n := len(sizes)
	d := &diagram{sizes: sizes, items: make([]item, n), into: make([][]int, n), out: make([][]int, n)}
	for v, row := range rowsOf(inputs) {
		d.items[v] = item{first: row, last: row, width: sizes[v].width}
	}
	for to, in := range inputs {
		for _, from := range in {
			e := edge{from, to, none}
			if first, last := d.items[from].last+1, d.items[to].first-1; first <= last {
				e.lane = len(d.items)
				d.items = append(d.items, item{first: first, last: last, lane: true})
			}
			d.into[to] = append(d.into[to], len(d.edges))
			d.out[from] = append(d.out[from], len(d.edges))
			d.edges = append(d.edges, e)
		}
	}
	d.setOrder()
	d.setBlocks()
	d.setRows()
	return d
}

// rowsOf gives each box its row: the longest path that leads to it. Boxes
// without inputs come down to the row above their first consumer.
func rowsOf(inputs [][]int) []int {
	rows := make([]int, len(inputs))
	for v, in := range inputs {
		for _, u := range in {
			rows[v] = max(rows[v], rows[u]+1)
		}
	}
	nearest := make([]int, len(inputs))
	for v, in := range inputs {
		for _, u := range in {
			if nearest[u] == 0 || rows[v] < nearest[u] {
				nearest[u] = rows[v]
			}
		}
	}
	for v, in := range inputs {
		if len(in) == 0 && nearest[v] > 0 {
			rows[v] = nearest[v] - 1
		}
	}
	return rows
}

// setOrder walks up from the boxes without consumers, inputs from left to right,
// and numbers every box after what lies above it. An edge's lane is numbered
// where it is met, its source only after the neighbours in the row above: so a
// skip connection lies on the side that its place among the inputs tells.
func (d *diagram) setOrder() {
	seen := make([]bool, len(d.sizes))
	next := 0
	number := func(i int) {
		d.items[i].order = next
		next++
	}
	var walk func(v int)
	walk = func(v int) {
		if seen[v] {
			return
		}
		seen[v] = true
		for _, e := range d.into[v] {
			if lane := d.edges[e].lane; lane != none {
				number(lane)
			} else {
				walk(d.edges[e].from)
			}
		}
		for _, e := range d.into[v] {
			walk(d.edges[e].from)
		}
		number(v)
	}
	for v := range d.sizes {
		if len(d.out[v]) == 0 {
			walk(v)
		}
	}
}

// setBlocks joins a box with the one below when each is the other's middle
// neighbour, and an edge's lane with the source that has no other edge.
func (d *diagram) setBlocks() {
	block := make([]int, len(d.items)) // named by its uppermost item
	for i := range block {
		block[i] = i
	}
	for v := range d.sizes { // u < v, so its block is settled
		if u := d.middle(d.into[v], func(e edge) int { return e.from }); u != none &&
			d.middle(d.out[u], func(e edge) int { return e.to }) == v {
			block[v] = block[u]
		}
	}
	for _, e := range d.edges {
		if e.lane != none && len(d.out[e.from]) == 1 {
			block[e.lane] = block[e.from]
		}
	}
	d.numberBlocks(block)
}

// middle is the middle one of the neighbours in the next row, none when their
// number is even.
func (d *diagram) middle(edges []int, end func(edge) int) int {
	var near []int
	for _, e := range edges {
		if d.edges[e].lane == none {
			near = append(near, end(d.edges[e]))
		}
	}
	slices.SortFunc(near, func(a, b int) int { return cmp.Compare(d.items[a].order, d.items[b].order) })
	near = slices.Compact(near)
	if len(near)%2 == 0 {
		return none
	}
	return near[len(near)/2]
}

// numberBlocks numbers the blocks by their leftmost items.
func (d *diagram) numberBlocks(block []int) {
	items := make([]int, len(d.items))
	for i := range items {
		items[i] = i
	}
	slices.SortFunc(items, func(a, b int) int { return cmp.Compare(d.items[a].order, d.items[b].order) })
	numbers := map[int]int{}
	for _, i := range items {
		if _, ok := numbers[block[i]]; !ok {
			numbers[block[i]] = len(numbers)
		}
		d.items[i].block = numbers[block[i]]
	}
	d.blocks = len(numbers)
}

func (d *diagram) setRows() {
	for i, it := range d.items {
		for row := it.first; row <= it.last; row++ {
			for len(d.rows) <= row {
				d.rows = append(d.rows, nil)
			}
			d.rows[row] = append(d.rows[row], i)
		}
	}
	for _, row := range d.rows {
		slices.SortFunc(row, func(a, b int) int { return cmp.Compare(d.items[a].block, d.items[b].block) })
	}
}
