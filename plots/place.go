package plots

import "gonum.org/v1/plot/vg"

// Distances between neighbours in a row.
const (
	boxGap  = vg.Length(30) // between boxes
	edgeGap = vg.Length(18) // between a lane and a box
	laneGap = vg.Length(12) // between lanes
)

// relaxations is how often all blocks are pulled. More would move nothing that
// the eye sees.
const relaxations = 64

// bound says that a block's middle keeps a distance from another's.
type bound struct {
	block    int
	distance vg.Length
}

// place gives each item its middle x: blocks packed to the left first, then
// pulled again and again to the mean of the blocks they are linked with, as far
// as their neighbours let them.
func (d *diagram) place() {
	left, right := d.bounds()
	links := d.links()
	x := make([]vg.Length, d.blocks)
	lowest := func(b int) (low vg.Length, bounded bool) {
		for _, l := range left[b] {
			if at := x[l.block] + l.distance; !bounded || at > low {
				low, bounded = at, true
			}
		}
		return low, bounded
	}
	for b := range x {
		x[b], _ = lowest(b)
	}
	pull := func(b int) {
		if len(links[b]) == 0 {
			return
		}
		var sum vg.Length
		for _, other := range links[b] {
			sum += x[other]
		}
		at := sum / vg.Length(len(links[b]))
		for _, r := range right[b] {
			at = min(at, x[r.block]-r.distance)
		}
		if low, bounded := lowest(b); bounded {
			at = max(at, low)
		}
		x[b] = at
	}
	for range relaxations {
		for b := range x {
			pull(b)
		}
		for b := len(x) - 1; b >= 0; b-- {
			pull(b)
		}
	}
	d.x = make([]vg.Length, len(d.items))
	for i, it := range d.items {
		d.x[i] = x[it.block]
	}
}

// bounds are the distances that each block keeps from those on its left and its
// right: between neighbours in a row, and between lanes that meet in a channel.
func (d *diagram) bounds() (left, right [][]bound) {
	left, right = make([][]bound, d.blocks), make([][]bound, d.blocks)
	keep := func(a, b int, distance vg.Length) {
		from, to := d.items[a].block, d.items[b].block
		if from == to {
			return
		}
		if from > to {
			from, to = to, from
		}
		left[to] = append(left[to], bound{from, distance})
		right[from] = append(right[from], bound{to, distance})
	}
	for r, row := range d.rows {
		for i := 1; i < len(row); i++ {
			a, b := d.items[row[i-1]], d.items[row[i]]
			gap := boxGap
			switch {
			case a.lane && b.lane:
				gap = laneGap
			case a.lane || b.lane:
				gap = edgeGap
			}
			keep(row[i-1], row[i], (a.width+b.width)/2+gap)
		}
		if r > 0 {
			d.lanesMeeting(r, func(a, b int) { keep(a, b, laneGap) })
		}
	}
	return left, right
}

// lanesMeeting calls keep for the lanes that end above row r and the lanes that
// begin in it.
func (d *diagram) lanesMeeting(r int, keep func(a, b int)) {
	for _, a := range d.rows[r-1] {
		if !d.items[a].lane || d.items[a].last != r-1 {
			continue
		}
		for _, b := range d.rows[r] {
			if d.items[b].lane && d.items[b].first == r {
				keep(a, b)
			}
		}
	}
}

// links are the blocks that pull at each block: for blocks with boxes those of
// the boxes above and below, for a lone lane the two ends of its edge.
func (d *diagram) links() [][]int {
	links := make([][]int, d.blocks)
	for _, e := range d.edges {
		from, to := d.items[e.from].block, d.items[e.to].block
		if from != to {
			links[from] = append(links[from], to)
			links[to] = append(links[to], from)
		}
		if e.lane == none {
			continue
		}
		if lane := d.items[e.lane].block; lane != from && lane != to {
			links[lane] = append(links[lane], from, to)
		}
	}
	return links
}
