package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The transforms of Winograd's F(4x4, 3x3) with the points 0, 1, -1, 2, -2 and
// infinity, in one dimension.

// copied returns a fresh register with the value of x.
func (g *generator) copied(x operand.Op) reg.VecVirtual {
	v := g.vector()
	if _, ok := x.(operand.Mem); ok {
		g.VMOVUPS(x, v)
	} else {
		g.VMOVAPS(x, v)
	}
	return v
}

func inRegister(g *generator, x operand.Op) operand.Op {
	if _, ok := x.(operand.Mem); ok {
		return g.copied(x)
	}
	return x
}

// sum returns x + y.
func (g *generator) sum(x, y operand.Op) reg.VecVirtual {
	v := g.vector()
	g.VADDPS(x, inRegister(g, y), v)
	return v
}

// difference returns x - y.
func (g *generator) difference(x, y operand.Op) reg.VecVirtual {
	v := g.vector()
	g.VSUBPS(y, inRegister(g, x), v)
	return v
}

// sumAndDifference returns x + y and x - y in the register of x.
func (g *generator) sumAndDifference(x, y reg.VecVirtual) (sum, difference reg.VecVirtual) {
	sum = g.sum(x, y)
	g.VSUBPS(y, x, x)
	return sum, x
}

// inputSteps is B': 6 inputs to 6 values.
var inputSteps = []step{
	{[]int{0}, func(g *generator, k constants, in input) []reg.VecVirtual {
		v := g.copied(in(4))
		g.VFNMADD231PS(in(2), k.of(5), v)
		g.VFMADD231PS(in(0), k.of(4), v)
		return []reg.VecVirtual{v}
	}},
	{[]int{1, 2}, func(g *generator, k constants, in input) []reg.VecVirtual {
		four := k.of(4)
		even, odd := g.copied(in(4)), g.copied(in(3))
		g.VFNMADD231PS(in(2), four, even)
		g.VFNMADD231PS(in(1), four, odd)
		sum, difference := g.sumAndDifference(even, odd)
		return []reg.VecVirtual{sum, difference}
	}},
	{[]int{3, 4}, func(g *generator, k constants, in input) []reg.VecVirtual {
		even, odd := g.difference(in(4), in(2)), g.difference(in(3), in(1))
		g.VADDPS(odd, odd, odd)
		sum, difference := g.sumAndDifference(even, odd)
		return []reg.VecVirtual{sum, difference}
	}},
	{[]int{5}, func(g *generator, k constants, in input) []reg.VecVirtual {
		v := g.copied(in(5))
		g.VFNMADD231PS(in(3), k.of(5), v)
		g.VFMADD231PS(in(1), k.of(4), v)
		return []reg.VecVirtual{v}
	}},
}

// inputGradSteps is B, the transpose of inputSteps.
var inputGradSteps = []step{
	{[]int{0}, func(g *generator, k constants, in input) []reg.VecVirtual {
		v := g.vector()
		g.VMULPS(in(0), k.of(4), v)
		return []reg.VecVirtual{v}
	}},
	{[]int{1, 3}, func(g *generator, k constants, in input) []reg.VecVirtual {
		one, two := g.difference(in(1), in(2)), g.difference(in(3), in(4))
		x1 := g.difference(in(5), one) // 4 (in5 - one) - 2 two
		g.VADDPS(x1, x1, x1)
		g.VSUBPS(two, x1, x1)
		g.VADDPS(x1, x1, x1)
		g.VFMADD231PS(two, k.of(2), one) // one + 2 two - 5 in5
		g.VFNMADD231PS(in(5), k.of(5), one)
		return []reg.VecVirtual{x1, one}
	}},
	{[]int{2, 4}, func(g *generator, k constants, in input) []reg.VecVirtual {
		one, two := g.sum(in(1), in(2)), g.sum(in(3), in(4))
		x4 := g.sum(in(0), one)
		g.VADDPS(two, x4, x4)
		g.VFMADD231PS(in(0), k.of(5), two) // -(two + 5 in0) - 4 one
		g.VFNMSUB231PS(one, k.of(4), two)
		return []reg.VecVirtual{two, x4}
	}},
	{[]int{5}, func(g *generator, k constants, in input) []reg.VecVirtual {
		return []reg.VecVirtual{g.copied(in(5))}
	}},
}

// outputSteps is A': 6 products to 4 outputs.
var outputSteps = []step{
	{[]int{0, 2}, func(g *generator, k constants, in input) []reg.VecVirtual {
		one, two := g.sum(in(1), in(2)), g.sum(in(3), in(4))
		y0 := g.sum(in(0), one)
		g.VADDPS(two, y0, y0)
		g.VFMADD231PS(two, k.of(4), one)
		return []reg.VecVirtual{y0, one}
	}},
	{[]int{1, 3}, func(g *generator, k constants, in input) []reg.VecVirtual {
		one, two := g.difference(in(1), in(2)), g.difference(in(3), in(4))
		y3 := g.sum(in(5), one)
		g.VFMADD231PS(two, k.of(2), one)
		g.VFMADD231PS(two, k.of(8), y3)
		return []reg.VecVirtual{one, y3}
	}},
}

// outputGradSteps is A: 4 gradients to 6 values.
var outputGradSteps = []step{
	{[]int{0}, func(g *generator, k constants, in input) []reg.VecVirtual {
		return []reg.VecVirtual{g.copied(in(0))}
	}},
	{[]int{1, 2}, func(g *generator, k constants, in input) []reg.VecVirtual {
		sum, difference := g.sumAndDifference(g.sum(in(0), in(2)), g.sum(in(1), in(3)))
		return []reg.VecVirtual{sum, difference}
	}},
	{[]int{3, 4}, func(g *generator, k constants, in input) []reg.VecVirtual {
		four := k.of(4)
		even, odd := g.copied(in(0)), g.copied(in(1))
		g.VFMADD231PS(in(2), four, even)
		g.VFMADD231PS(in(3), four, odd)
		g.VADDPS(odd, odd, odd)
		sum, difference := g.sumAndDifference(even, odd)
		return []reg.VecVirtual{sum, difference}
	}},
	{[]int{5}, func(g *generator, k constants, in input) []reg.VecVirtual {
		return []reg.VecVirtual{g.copied(in(3))}
	}},
}

// filterSteps is G: 3 weights to 6 values.
var filterSteps = []step{
	{[]int{0}, func(g *generator, k constants, in input) []reg.VecVirtual {
		v := g.vector()
		g.VMULPS(in(0), k.of(1./4), v)
		return []reg.VecVirtual{v}
	}},
	{[]int{1, 2}, func(g *generator, k constants, in input) []reg.VecVirtual {
		even, odd := g.sum(in(0), in(2)), g.vector()
		sixth := k.of(-1. / 6)
		g.VMULPS(sixth, even, even)
		g.VMULPS(in(1), sixth, odd)
		sum, difference := g.sumAndDifference(even, odd)
		return []reg.VecVirtual{sum, difference}
	}},
	{[]int{3, 4}, func(g *generator, k constants, in input) []reg.VecVirtual {
		even, odd := g.vector(), g.vector()
		g.VMULPS(in(0), k.of(1./24), even)
		g.VFMADD231PS(in(2), k.of(1./6), even)
		g.VMULPS(in(1), k.of(1./12), odd)
		sum, difference := g.sumAndDifference(even, odd)
		return []reg.VecVirtual{sum, difference}
	}},
	{[]int{5}, func(g *generator, k constants, in input) []reg.VecVirtual {
		return []reg.VecVirtual{g.copied(in(2))}
	}},
}

// filterGradSteps is G', the transpose of filterSteps.
var filterGradSteps = []step{
	{[]int{0}, func(g *generator, k constants, in input) []reg.VecVirtual {
		v, one, two := g.vector(), g.sum(in(1), in(2)), g.sum(in(3), in(4))
		g.VMULPS(in(0), k.of(1./4), v)
		g.VFNMADD231PS(one, k.of(1./6), v)
		g.VFMADD231PS(two, k.of(1./24), v)
		return []reg.VecVirtual{v}
	}},
	{[]int{1}, func(g *generator, k constants, in input) []reg.VecVirtual {
		one, two := g.difference(in(2), in(1)), g.difference(in(3), in(4))
		g.VMULPS(k.of(1./6), one, one)
		g.VFMADD231PS(two, k.of(1./12), one)
		return []reg.VecVirtual{one}
	}},
	{[]int{2}, func(g *generator, k constants, in input) []reg.VecVirtual {
		v, one, two := g.copied(in(5)), g.sum(in(1), in(2)), g.sum(in(3), in(4))
		g.VSUBPS(one, two, two)
		g.VFMADD231PS(two, k.of(1./6), v)
		return []reg.VecVirtual{v}
	}},
}
