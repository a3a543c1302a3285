package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The kernels of this file take windows of 2x2 pixels, from two rows of a picture, whose
// channels are a multiple of the vector's lanes.

const windowSize = 4

// Predicates of VCMPPS.
const (
	notLessOrEqual = 0x16 // true for NaN
	ordered        = 0x07 // neither is NaN
)

func maxpoolFamily(g *generator) {
	maxPoolRow(g)
	maxPoolGradientRow(g)
	normalizePoolRow(g)
	pooledGradientSumRow(g)
	pooledInputGradientRow(g)
}

// windows are the operands of a loop over the windows of two rows, one vector of
// channels at a time.
type windows struct {
	*generator
	pooled []reg.GPVirtual // the operands of the pooled size, which move on
	winner reg.GPVirtual
	left   reg.GPVirtual // index of the vector in the channels, in bytes
	right  reg.GPVirtual // the same in the next pixel
}

// overWindows emits the loop. x and the like are operands with two rows, y is one of
// the pooled operands; the channels are channelBytes.
func (g *generator) overWindows(x []string, pooled []string, channelBytes reg.GPVirtual, body func(w windows, upper, lower []reg.GPVirtual)) {
	w := windows{generator: g, left: g.GP64(), right: g.GP64(), winner: g.base("winner")}
	var upper, lower []reg.GPVirtual
	for _, name := range x {
		top, bottom := g.base(name), g.length(name)
		g.SHLQ(operand.Imm(1), bottom) // a row in bytes
		g.ADDQ(top, bottom)
		upper, lower = append(upper, top), append(lower, bottom)
	}
	for _, name := range pooled {
		w.pooled = append(w.pooled, g.base(name))
	}
	end := g.length(pooled[0])
	g.LEAQ(indexed(w.pooled[0], end, 4), end)
	g.JMP(operand.LabelRef("test"))
	g.Label("window")
	g.XORQ(w.left, w.left)
	g.MOVQ(channelBytes, w.right)
	g.Label("vector")
	body(w, upper, lower)
	for _, base := range w.pooled {
		g.ADDQ(count(g.bytes), base)
	}
	g.ADDQ(count(g.lanes), w.winner)
	g.ADDQ(count(g.bytes), w.left)
	g.ADDQ(count(g.bytes), w.right)
	g.CMPQ(w.left, channelBytes)
	g.JLT(operand.LabelRef("vector"))
	for i := range upper {
		g.LEAQ(indexed(upper[i], channelBytes, 2), upper[i])
		g.LEAQ(indexed(lower[i], channelBytes, 2), lower[i])
	}
	g.Label("test")
	g.CMPQ(w.pooled[0], end)
	g.JLT(operand.LabelRef("window"))
	g.end()
}

// at is the place of pixel k of the window.
func (w windows) at(k int, upper, lower reg.GPVirtual) operand.Mem {
	base, index := upper, w.left
	if k >= 2 {
		base = lower
	}
	if k%2 == 1 {
		index = w.right
	}
	return indexed(base, index, 1)
}

// channelBytes returns the size of a pixel that the parameter channels gives.
func (g *generator) channelBytes() reg.GPVirtual {
	r := g.GP64()
	g.Load(g.Param("channels"), r)
	g.SHLQ(operand.Imm(2), r)
	return r
}

// valueBytes is the same for kernels with a value for each channel.
func (g *generator) valueBytes(name string) reg.GPVirtual {
	r := g.length(name)
	g.SHLQ(operand.Imm(2), r)
	return r
}

// places are vectors of integers, all lanes equal to 0, 1, 2 and 3.
func (g *generator) places() (p [windowSize]reg.VecVirtual) {
	n := g.GP32()
	g.XORL(n, n)
	for k := range p {
		p[k] = g.vector()
		if k > 0 {
			g.INCL(n)
		}
		g.VMOVD(n, p[k].AsX())
		g.VPBROADCASTD(p[k].AsX(), p[k])
	}
	return p
}

// storeLargest stores the largest of the window's pixels and, if winners are wanted,
// its place: the first of equals, a NaN before any number.
func (w windows) storeLargest(pixels func(k int) reg.VecVirtual, places [windowSize]reg.VecVirtual) {
	best, place := pixels(0), w.vector()
	w.VMOVUPS(places[0], place)
	for k := 1; k < windowSize; k++ {
		w.takeLarger(best, place, pixels(k), places[k])
	}
	w.VMOVUPS(best, at(w.pooled[0], 0))
	length, err := w.Param("winner").Len().Resolve()
	if err != nil {
		panic(err)
	}
	w.CMPQ(length.Addr, operand.Imm(0))
	w.JEQ(operand.LabelRef("stored"))
	w.storeBytes(place, at(w.winner, 0))
	w.Label("stored")
}

// takeLarger replaces the lanes of best, and their place, where x is larger or is the
// first NaN.
func (g *generator) takeLarger(best, place, x, at reg.VecVirtual) {
	if g.isa == avx512 {
		number, larger := g.K(), g.K()
		g.VCMPPS(operand.Imm(ordered), best, best, number)
		g.VCMPPS(operand.Imm(notLessOrEqual), best, x, number, larger)
		g.VMOVAPS(x, larger, best)
		g.VMOVDQA32(at, larger, place)
		return
	}
	number, larger := g.YMM(), g.YMM()
	g.VCMPPS(operand.Imm(ordered), best, best, number)
	g.VCMPPS(operand.Imm(notLessOrEqual), best, x, larger)
	g.VANDPS(number, larger, larger)
	g.VBLENDVPS(larger, x, best, best)
	g.VANDPS(at, larger, larger)
	g.VPMAXSD(larger, place, place) // places grow: fewer operations than to blend
}

// storeBytes stores the lanes of v, integers below 256, as bytes.
func (g *generator) storeBytes(v reg.VecVirtual, m operand.Mem) {
	if g.isa == avx512 {
		g.VPMOVDB(v, m)
		return
	}
	high := g.XMM()
	g.VEXTRACTI128(operand.Imm(1), v, high)
	g.VPACKUSDW(high, v.AsX(), high)
	g.VPACKUSWB(high, high, high)
	g.VMOVQ(high, m)
}

// A selection gives the gradients that belong to a pixel of the window.
type selection struct {
	*generator
	places [windowSize]reg.VecVirtual
}

// selection prepares for masked.
func (g *generator) selection() selection {
	s := selection{generator: g, places: g.places()}
	if g.isa == avx512 {
		for _, p := range s.places {
			g.VPBROADCASTB(p.AsX(), p.AsX())
		}
	}
	return s
}

// winners loads the places for a vector of channels.
func (s selection) winners(m operand.Mem) reg.VecVirtual {
	v := s.vector()
	if s.isa == avx512 {
		s.VMOVDQU8(m, v.AsX())
	} else {
		s.VPMOVZXBD(m, v)
	}
	return v
}

// masked returns dy where the winner is pixel k, 0 elsewhere.
func (s selection) masked(dy operand.Mem, winners reg.VecVirtual, k int) reg.VecVirtual {
	v := s.vector()
	if s.isa == avx512 {
		chosen := s.K()
		s.VPCMPEQB(s.places[k].AsX(), winners.AsX(), chosen)
		s.VMOVUPS_Z(dy, chosen, v)
	} else {
		s.VPCMPEQD(s.places[k], winners, v)
		s.VANDPS(dy, v, v)
	}
	return v
}

func maxPoolRow(g *generator) {
	name := "maxPoolRow" + g.name
	g.slices(name, "func(y []float32, winner []uint8, x []float32, channels int)",
		name+" writes the maxima of the windows of x, and where they are, as maxPoolRow does.")
	places, size := g.places(), g.channelBytes()
	g.overWindows([]string{"x"}, []string{"y"}, size, func(w windows, upper, lower []reg.GPVirtual) {
		w.storeLargest(func(k int) reg.VecVirtual { return g.copied(w.at(k, upper[0], lower[0])) }, places)
	})
}

func normalizePoolRow(g *generator) {
	name := "normalizePoolRow" + g.name
	g.slices(name, "func(y []float32, winner []uint8, x, mean, scale, shift []float32)",
		name+" does normalizeRows, then maxPoolRow.")
	places, size := g.places(), g.valueBytes("mean")
	mean, scale, shift := g.base("mean"), g.base("scale"), g.base("shift")
	g.overWindows([]string{"x"}, []string{"y"}, size, func(w windows, upper, lower []reg.GPVirtual) {
		n := access{generator: g, index: w.left}.loadNorm(mean, scale, shift)
		w.storeLargest(func(k int) reg.VecVirtual {
			x := g.copied(w.at(k, upper[0], lower[0]))
			g.normalize(x, n)
			return x
		}, places)
	})
}

func maxPoolGradientRow(g *generator) {
	name := "maxPoolGradientRow" + g.name
	g.slices(name, "func(dx, dy []float32, winner []uint8, channels int)",
		name+" writes dy to the winners in dx and 0 beside them, as maxPoolGradientRow does.")
	s, size := g.selection(), g.channelBytes()
	g.overWindows([]string{"dx"}, []string{"dy"}, size, func(w windows, upper, lower []reg.GPVirtual) {
		winners := s.winners(at(w.winner, 0))
		for k := range windowSize {
			g.VMOVUPS(s.masked(at(w.pooled[0], 0), winners, k), w.at(k, upper[0], lower[0]))
		}
	})
}

func pooledInputGradientRow(g *generator) {
	name := "pooledInputGradientRow" + g.name
	g.slices(name, "func(dx, x, dy []float32, winner []uint8, mean, dyMean, slope, scale []float32, activation float32)",
		name+" does maxPoolGradientRow, then inputGradientRows.")
	activation := g.slope(g.scalar("activation"))
	s, size := g.selection(), g.valueBytes("mean")
	mean, dyMean, slope, scale := g.base("mean"), g.base("dyMean"), g.base("slope"), g.base("scale")
	g.overWindows([]string{"dx", "x"}, []string{"dy"}, size, func(w windows, upper, lower []reg.GPVirtual) {
		n := access{generator: g, index: w.left}.loadGradient(mean, dyMean, slope, scale, activation)
		winners := s.winners(at(w.winner, 0))
		for k := range windowSize {
			dy := s.masked(at(w.pooled[0], 0), winners, k)
			g.inputGradient(dy, g.copied(w.at(k, upper[1], lower[1])), n)
			g.VMOVUPS(dy, w.at(k, upper[0], lower[0]))
		}
	})
}

// A pooledSum emits the sums of a group of channels over two rows, with dy in the
// places of the winners.
type pooledSum struct {
	selection
	offset, size reg.GPVirtual // of the channels, in bytes
	vectors      int
	sums         [][]reg.VecVirtual
	means        []reg.VecVirtual
}

func pooledGradientSumRow(g *generator) {
	name := "pooledGradientSumRow" + g.name
	g.slices(name, "func(sum, product, x, dy []float32, winner []uint8, mean []float32)",
		name+" does maxPoolGradientRow, then gradientSumRows.")
	p := pooledSum{selection: g.selection(), offset: g.GP64(), size: g.valueBytes("mean")}
	left := g.length("mean")
	g.XORQ(p.offset, p.offset)
	p.vectors = 4
	if g.isa == avx2 {
		p.vectors = 2 // sums and means leave no registers for more
	}
	for label, next := "group", "vector"; ; label, next = "vector", "done" {
		g.Label(label)
		g.CMPQ(left, count(p.vectors*g.lanes))
		g.JLT(operand.LabelRef(next))
		p.group(label)
		g.ADDQ(count(p.vectors*g.bytes), p.offset)
		g.SUBQ(count(p.vectors*g.lanes), left)
		g.JMP(operand.LabelRef(label))
		if p.vectors == 1 {
			break
		}
		p.vectors = 1
	}
	g.Label("done")
	g.end()
}

// group emits the sums of one group, which stay in registers.
func (p pooledSum) group(label string) {
	sum, product, mean := p.base("sum"), p.base("product"), p.base("mean")
	for i := range p.vectors {
		a := access{generator: p.generator, index: p.offset, disp: i * p.bytes}
		p.sums = append(p.sums, []reg.VecVirtual{a.load(sum), a.load(product)})
		p.means = append(p.means, a.load(mean))
	}
	x := p.base("x")
	p.ADDQ(p.offset, x)
	for row := range 2 {
		p.row(label, row, x)
	}
	sum, product = p.base("sum"), p.base("product")
	for i, s := range p.sums {
		a := access{generator: p.generator, index: p.offset, disp: i * p.bytes}
		a.store(s[0], sum)
		a.store(s[1], product)
	}
}

// row adds the terms of one row of x, two pixels at a time: the order of gradientSumRows.
func (p pooledSum) row(label string, row int, x reg.GPVirtual) {
	dy, end, winner, channel := p.base("dy"), p.length("dy"), p.base("winner"), p.GP64()
	p.LEAQ(indexed(dy, end, 4), end)
	p.ADDQ(p.offset, dy)
	p.MOVQ(p.offset, channel)
	p.SHRQ(operand.Imm(2), channel)
	p.ADDQ(channel, winner)
	p.MOVQ(p.size, channel)
	p.SHRQ(operand.Imm(2), channel)
	loop := label + []string{"Upper", "Lower"}[row]
	p.Label(loop)
	for i := range p.vectors {
		winners := p.winners(at(winner, i*p.lanes))
		right := indexed(x, p.size, 1)
		right.Disp = i * p.bytes
		gradient := at(dy, i*p.bytes)
		first := []reg.VecVirtual{p.copied(at(x, i*p.bytes)), p.masked(gradient, winners, 2*row)}
		second := []reg.VecVirtual{p.copied(right), p.masked(gradient, winners, 2*row+1)}
		p.addGradients(first, second, p.sums[i], p.means[i])
	}
	p.LEAQ(indexed(x, p.size, 2), x)
	p.ADDQ(p.size, dy)
	p.ADDQ(channel, winner)
	p.CMPQ(dy, end)
	p.JLT(operand.LabelRef(loop))
}
