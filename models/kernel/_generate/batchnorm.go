package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func batchnormFamily(g *generator) {
	if g.isa == avx2 {
		g.tailMasks()
	}
	sumRows(g)
	deviationRows(g)
	gradientSumRows(g)
	normalizeRows(g)
	inputGradientRows(g)
}

// A columnSums emits a kernel that adds sums over rows to one or two sums for each
// channel, which stay in registers: a group of channels after the other.
type columnSums struct {
	*generator
	sums    []string // parameters: the sums
	rows    []string // the operands [rows, channels]
	centers string   // the value for each channel, "" for none
	// add computes the terms of two rows, or of one: then the second is nil.
	add func(first, second []reg.VecVirtual, sums []reg.VecVirtual, center reg.VecVirtual)
}

// A columnGroup is the state of a columnSums in one group of channels.
type columnGroup struct {
	*columnSums
	offset, stride reg.GPVirtual // in bytes
	operands       []reg.GPVirtual
	vectors        int
	tail           *mask
}

func (s *columnSums) emit() {
	s.flush()
	channels, offset, stride := s.length(s.sums[0]), s.GP64(), s.GP64()
	s.XORQ(offset, offset)
	s.MOVQ(channels, stride)
	s.SHLQ(operand.Imm(2), stride)
	s.Label("group")
	s.CMPQ(channels, count(unroll*s.lanes))
	s.JLT(operand.LabelRef("vector"))
	s.group("group", columnGroup{columnSums: s, offset: offset, stride: stride, vectors: unroll})
	s.ADDQ(count(unroll*s.bytes), offset)
	s.SUBQ(count(unroll*s.lanes), channels)
	s.JMP(operand.LabelRef("group"))

	s.Label("vector")
	s.TESTQ(channels, channels)
	s.JLE(operand.LabelRef("done"))
	lanes, all := s.GP64(), s.GP64()
	s.MOVQ(count(s.lanes), all)
	s.MOVQ(channels, lanes)
	s.CMPQ(lanes, all)
	s.CMOVQGT(all, lanes)
	k := s.tailMask(lanes)
	s.group("vector", columnGroup{columnSums: s, offset: offset, stride: stride, vectors: 1, tail: &k})
	s.ADDQ(count(s.bytes), offset)
	s.SUBQ(count(s.lanes), channels)
	s.JMP(operand.LabelRef("vector"))
	s.Label("done")
	s.end()
}

// group emits the loop over the rows, two at a time.
func (s *columnSums) group(label string, c columnGroup) {
	sums := make([][]reg.VecVirtual, c.vectors)
	centers := make([]reg.VecVirtual, c.vectors)
	sumBases := make([]reg.GPVirtual, len(s.sums))
	for i, name := range s.sums {
		sumBases[i] = s.base(name)
	}
	for i := range sums {
		for _, base := range sumBases {
			sums[i] = append(sums[i], c.access(c.offset, i).load(base))
		}
	}
	if s.centers != "" {
		base := s.base(s.centers)
		for i := range centers {
			centers[i] = c.access(c.offset, i).load(base)
		}
	}
	for _, name := range s.rows {
		base := s.base(name)
		s.ADDQ(c.offset, base)
		c.operands = append(c.operands, base)
	}
	s.overRows(label, c, sums, centers)
	for i, name := range s.sums {
		base := s.base(name)
		for j := range sums {
			c.access(c.offset, j).store(sums[j][i], base)
		}
	}
}

func (s *columnSums) overRows(label string, c columnGroup, sums [][]reg.VecVirtual, centers []reg.VecVirtual) {
	left, two, first := s.length(s.rows[0]), s.GP64(), s.GP64()
	s.SHLQ(operand.Imm(2), left)
	s.LEAQ(indexed(c.stride, c.stride, 1), two)
	s.XORQ(first, first)
	s.SUBQ(two, left)
	s.JLT(operand.LabelRef(label + "Last"))
	s.Label(label + "Rows")
	for i := range sums {
		s.add(c.row(first, i), c.row(c.stride, i), sums[i], centers[i])
	}
	for _, base := range c.operands {
		s.ADDQ(two, base)
	}
	s.SUBQ(two, left)
	s.JGE(operand.LabelRef(label + "Rows"))
	s.Label(label + "Last")
	s.ADDQ(two, left)
	s.JZ(operand.LabelRef(label + "Done"))
	for i := range sums {
		s.add(c.row(first, i), nil, sums[i], centers[i])
	}
	s.Label(label + "Done")
}

func (c columnGroup) access(index reg.GPVirtual, i int) access {
	return access{generator: c.generator, index: index, disp: i * c.bytes, tail: c.tail}
}

// row loads vector i of a row of each operand, index bytes from its first.
func (c columnGroup) row(index reg.GPVirtual, i int) []reg.VecVirtual {
	var vectors []reg.VecVirtual
	for _, base := range c.operands {
		vectors = append(vectors, c.access(index, i).load(base))
	}
	return vectors
}

func sumRows(g *generator) {
	name := "sumRows" + g.name
	g.slices(name, "func(sum, x []float32)", name+" adds the rows of x to sum, as sumRows does.")
	s := &columnSums{generator: g, sums: []string{"sum"}, rows: []string{"x"}}
	s.add = func(first, second, sums []reg.VecVirtual, _ reg.VecVirtual) {
		if second != nil {
			g.VADDPS(second[0], first[0], first[0])
		}
		g.VADDPS(first[0], sums[0], sums[0])
	}
	s.emit()
}

func deviationRows(g *generator) {
	name := "deviationRows" + g.name
	g.slices(name, "func(sum, squares, x, center []float32)",
		name+" adds, over the rows of x, d = x - center to sum and d*d to squares,", "as deviationRows does.")
	s := &columnSums{generator: g, sums: []string{"sum", "squares"}, rows: []string{"x"}, centers: "center"}
	s.add = func(first, second, sums []reg.VecVirtual, center reg.VecVirtual) {
		d := first[0]
		g.VSUBPS(center, d, d)
		if second == nil {
			g.VADDPS(d, sums[0], sums[0])
			g.VFMADD231PS(d, d, sums[1])
			return
		}
		e, both := second[0], g.vector()
		g.VSUBPS(center, e, e)
		g.VADDPS(e, d, both)
		g.VADDPS(both, sums[0], sums[0])
		g.VMULPS(d, d, d)
		g.VFMADD231PS(e, e, d)
		g.VADDPS(d, sums[1], sums[1])
	}
	s.emit()
}

func gradientSumRows(g *generator) {
	name := "gradientSumRows" + g.name
	g.slices(name, "func(sum, product, x, dy, mean []float32)",
		name+" adds, over the rows, dy to sum and dy*(x-mean) to product,", "as gradientSumRows does.")
	s := &columnSums{generator: g, sums: []string{"sum", "product"}, rows: []string{"x", "dy"}, centers: "mean"}
	s.add = g.addGradients
	s.emit()
}

// addGradients adds the terms of one or two rows of x and dy.
func (g *generator) addGradients(first, second, sums []reg.VecVirtual, mean reg.VecVirtual) {
	d, dy := first[0], first[1]
	g.VSUBPS(mean, d, d)
	if second == nil {
		g.VADDPS(dy, sums[0], sums[0])
		g.VFMADD231PS(dy, d, sums[1])
		return
	}
	e, dz := second[0], second[1]
	g.VSUBPS(mean, e, e)
	g.VMULPS(dy, d, d)
	g.VFMADD231PS(dz, e, d)
	g.VADDPS(d, sums[1], sums[1])
	g.VADDPS(dz, dy, dy) // in place: AVX2 has no register left
	g.VADDPS(dy, sums[0], sums[0])
}

// A rowMap emits a kernel that computes rows [rows, channels] from others and from
// values for each channel, element by element.
type rowMap struct {
	*generator
	rows   []string // parameters: the result, then what it is computed from
	values []string // those with one value for each channel
	body   func(a access, rows, values []reg.GPVirtual)
}

func (m *rowMap) emit() {
	m.flush()
	var rows, values []reg.GPVirtual
	for _, name := range m.rows {
		rows = append(rows, m.base(name))
	}
	for _, name := range m.values {
		values = append(values, m.base(name))
	}
	end, stride := m.length(m.rows[0]), m.length(m.values[0])
	m.LEAQ(indexed(rows[0], end, 4), end)
	var tail mask
	lanes := m.GP64()
	m.MOVQ(stride, lanes)
	m.ANDQ(count(m.lanes-1), lanes)
	tail = m.tailMask(lanes)
	m.SHLQ(operand.Imm(2), stride)

	m.JMP(operand.LabelRef("test"))
	m.Label("row")
	n, index := m.GP64(), m.GP64()
	m.MOVQ(stride, n)
	m.SHRQ(operand.Imm(2), n)
	m.XORQ(index, index)
	m.alongVectors("columns", n, index, func() mask { return tail }, func(a access) { m.body(a, rows, values) })
	for _, base := range rows {
		m.ADDQ(stride, base)
	}
	m.Label("test")
	m.CMPQ(rows[0], end)
	m.JLT(operand.LabelRef("row"))
	m.end()
}

// A norm holds the values of (x-mean)*scale + shift.
type norm struct{ mean, scale, shift reg.VecVirtual }

// loadNorm loads the values for the channels of a.
func (a access) loadNorm(mean, scale, shift reg.GPVirtual) norm {
	return norm{mean: a.load(mean), scale: a.load(scale), shift: a.load(shift)}
}

// normalize replaces x.
func (g *generator) normalize(x reg.VecVirtual, n norm) {
	g.VSUBPS(n.mean, x, x)
	g.VFMADD213PS(n.shift, n.scale, x)
}

func normalizeRows(g *generator) {
	name := "normalizeRows" + g.name
	g.slices(name, "func(y, x, mean, scale, shift []float32)",
		name+" writes y = (x-mean)*scale + shift, as normalizeRows does.")
	m := &rowMap{generator: g, rows: []string{"y", "x"}, values: []string{"mean", "scale", "shift"}}
	m.body = func(a access, rows, values []reg.GPVirtual) {
		x := a.load(rows[1])
		g.normalize(x, a.loadNorm(values[0], values[1], values[2]))
		a.store(x, rows[0])
	}
	m.emit()
}

// A normGradient holds the values of
// dx = (dy - dyMean - (x-mean)*slope) * scale * act'(x).
type normGradient struct {
	mean, dyMean, slope, scale reg.VecVirtual
	activation                 slope
}

// loadGradient loads the values for the channels of a.
func (a access) loadGradient(mean, dyMean, slope, scale reg.GPVirtual, activation slope) normGradient {
	return normGradient{
		mean: a.load(mean), dyMean: a.load(dyMean), slope: a.load(slope), scale: a.load(scale),
		activation: activation,
	}
}

// inputGradient replaces dy.
func (g *generator) inputGradient(dy, x reg.VecVirtual, n normGradient) {
	d := g.vector()
	g.VSUBPS(n.mean, x, d)
	g.VSUBPS(n.dyMean, dy, dy)
	g.VFNMADD231PS(n.slope, d, dy)
	g.VMULPS(n.scale, dy, dy)
	g.scale(dy, x, n.activation)
}

func inputGradientRows(g *generator) {
	name := "inputGradientRows" + g.name
	g.slices(name, "func(dx, x, dy, mean, dyMean, slope, scale []float32, activation float32)",
		name+" writes dx = (dy - dyMean - (x-mean)*slope) * scale, times activation where",
		"not x > 0, as inputGradientRows does.")
	activation := g.slope(g.scalar("activation"))
	m := &rowMap{generator: g, rows: []string{"dx", "x", "dy"}, values: []string{"mean", "dyMean", "slope", "scale"}}
	m.body = func(a access, rows, values []reg.GPVirtual) {
		x, dy := a.load(rows[1]), a.load(rows[2])
		g.inputGradient(dy, x, a.loadGradient(values[0], values[1], values[2], values[3], activation))
		a.store(dy, rows[0])
	}
	m.emit()
}
