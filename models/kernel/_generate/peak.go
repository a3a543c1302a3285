package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peakChains is enough to hide the latency of a multiplication with addition, 4 cycles,
// in two units.
const peakChains = 12

func peakFamily(g *generator) {
	name := "multiplyAddLoop" + g.name
	g.slices(name, "func(turns int) (operations int)",
		name+" runs x = x*a + b in independent chains and returns how many operations a",
		"turn has, as multiplyAddLoop does.")
	turns, operations := g.GP64(), g.GP64()
	g.Load(g.Param("turns"), turns)
	a, b := g.broadcast(g.float(.5)), g.broadcast(g.float(1))
	var chains [peakChains]reg.VecVirtual
	for i := range chains {
		chains[i] = g.zeroed()
	}
	g.align(32)
	g.Label("turn")
	for _, x := range chains {
		g.VFMADD213PS(b, a, x)
	}
	g.DECQ(turns)
	g.JNZ(operand.LabelRef("turn"))
	g.MOVQ(count(2*peakChains*g.lanes), operations)
	g.Store(operations, g.ReturnIndex(0))
	g.end()
}
