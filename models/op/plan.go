package op

import (
	"cmp"
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
)

// The results of a graph's ops are not needed all at the same time: a gradient
// is dead once the layer before has read it. Plan lets them share memory.

// recorder notes the order in which the tape runs the ops.
type recorder struct {
	clock int
	times map[G.Op]int
}

// computes tells an op to compute; while the plan is made it only notes the time.
func (c *Context) computes(op G.Op) bool {
	if c.recorder == nil {
		return true
	}
	c.recorder.clock++
	c.recorder.times[op] = c.recorder.clock
	return false
}

// Plan gives the results of all ops in g memory for batches of up to rows rows,
// one array in which results that are never needed at the same time overlap.
// run must run the graph once, with a batch of any size: its ops then compute
// nothing and only show their order. Gradients of weights keep memory of their
// own: they are read when the pass is over. It returns the array's size in bytes.
func (c *Context) Plan(g *G.ExprGraph, rows int, run func() error) (int, error) {
	c.recorder = &recorder{times: map[G.Op]int{}}
	err := run()
	times := c.recorder.times
	c.recorder = nil
	if err != nil {
		return 0, fmt.Errorf("planning memory: %w", err)
	}
	spans := lifetimes(g, times)
	memory := make([]float32, place(spans, rows))
	for _, s := range spans {
		s.result.bind(memory[s.offset:][:s.result.spec.size(rows)])
	}
	return 4 * len(memory), nil
}

// span is the time in which a result is needed and its place in memory.
type span struct {
	result     *result
	born, dies int
	offset     int
}

// lifetimes finds when every result that depends on the batch is written and
// last read.
func lifetimes(g *G.ExprGraph, times map[G.Op]int) []*span {
	last := lastReads(g, times)
	spans := map[*result]*span{}
	add := func(r *result, born int, node *G.Node) {
		if !r.spec.batched() {
			return
		}
		if spans[r] == nil {
			spans[r] = &span{result: r, born: born, dies: born}
		}
		spans[r].dies = max(spans[r].dies, last(node))
	}
	for _, node := range g.AllNodes() {
		switch op := node.Op().(type) {
		case *forward:
			if !op.alias {
				add(op.result, times[op], node)
			}
		case *backward:
			if !op.alias {
				add(op.grads[op.main], times[op], node)
			}
		case *tap:
			add(op.backward.grads[op.input], times[op.backward], node)
		}
	}
	// A map has no order; the plan must be the same in every run.
	sorted := make([]*span, 0, len(spans))
	for _, s := range spans {
		sorted = append(sorted, s)
	}
	slices.SortFunc(sorted, func(a, b *span) int {
		return cmp.Or(cmp.Compare(a.born, b.born), cmp.Compare(a.dies, b.dies), cmp.Compare(a.result.spec.size(1), b.result.spec.size(1)))
	})
	return sorted
}

// lastReads returns the function that says when a node's value is last read:
// by the ops that take it and, through those that only pass memory on (aliases)
// or that note no time (Gorgonia's own), by the readers of their results.
func lastReads(g *G.ExprGraph, times map[G.Op]int) func(*G.Node) int {
	known := map[*G.Node]int{}
	var last func(*G.Node) int
	last = func(n *G.Node) int {
		if t, ok := known[n]; ok {
			return t
		}
		t := 0
		readers := g.To(n.ID())
		for readers.Next() {
			reader := readers.Node().(*G.Node)
			if op, ours := ourOp(reader.Op()); ours {
				t = max(t, times[op])
			}
			if passesOn(reader.Op()) {
				t = max(t, last(reader))
			}
		}
		known[n] = t
		return t
	}
	return last
}

// ourOp is an op that notes its time. Gorgonia's own may not even be comparable.
func ourOp(op G.Op) (G.Op, bool) {
	switch op.(type) {
	case *forward, *backward:
		return op, true
	}
	return nil, false
}

// passesOn tells whether the op's result may be its input's memory, or is
// computed when nobody notes.
func passesOn(op G.Op) bool {
	switch op := op.(type) {
	case *forward:
		return op.alias
	case *backward:
		return op.alias
	case *tap:
		return false // it reads nothing: it waits
	}
	return true
}

// place gives each span an offset such that no two that live at the same time
// overlap, the largest first and each as low as it goes, and returns the size
// of the whole, in floats.
func place(spans []*span, rows int) int {
	const line = 16 // floats in a cache line
	bySize := slices.Clone(spans)
	slices.SortStableFunc(bySize, func(a, b *span) int {
		return cmp.Compare(b.result.spec.size(rows), a.result.spec.size(rows))
	})
	end := func(s *span) int { return (s.offset + s.result.spec.size(rows) + line - 1) / line * line }
	total := 0
	var placed []*span // by offset
	for _, s := range bySize {
		for _, p := range placed {
			if p.dies < s.born || s.dies < p.born {
				continue
			}
			if s.offset+s.result.spec.size(rows) <= p.offset {
				break
			}
			s.offset = max(s.offset, end(p))
		}
		at, _ := slices.BinarySearchFunc(placed, s, func(a, b *span) int { return cmp.Compare(a.offset, b.offset) })
		placed = slices.Insert(placed, at, s)
		total = max(total, end(s))
	}
	return total
}
