package main

import (
	"math/big"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A generator of package math/rand/v2's PCG steps by state = state*multiplier +
// increment modulo 2^128. Eight of them, one a step ahead of the other, give eight words
// at a time when each makes eight steps.
const (
	pcgMultiplierHigh = 2549297995355413924
	pcgMultiplierLow  = 4865540595714422341
	pcgIncrementHigh  = 6364136223846793005
	pcgIncrementLow   = 1442695040888963407
	pcgOutput         = 0xda942042e4dd58b5
	pcgLanes          = 8
)

// pcgSteps returns the multiplier and the increment of that many steps at once.
func pcgSteps(steps int) (multiplier, increment *big.Int) {
	word := func(high, low uint64) *big.Int {
		v := new(big.Int).Lsh(new(big.Int).SetUint64(high), 64)
		return v.Or(v, new(big.Int).SetUint64(low))
	}
	a, c := word(pcgMultiplierHigh, pcgMultiplierLow), word(pcgIncrementHigh, pcgIncrementLow)
	modulus := new(big.Int).Lsh(big.NewInt(1), 128)
	multiplier, increment = big.NewInt(1), big.NewInt(0)
	for range steps {
		multiplier.Mul(multiplier, a).Mod(multiplier, modulus)
		increment.Mul(increment, a).Add(increment, c).Mod(increment, modulus)
	}
	return multiplier, increment
}

// words returns a register with every lane equal to v's high or low word.
func (g *generator) words(v *big.Int, shift uint) reg.VecVirtual {
	w := new(big.Int).Rsh(v, shift)
	word := new(big.Int).And(w, new(big.Int).SetUint64(1<<64-1)).Uint64()
	r, x := g.GP64(), g.ZMM()
	g.MOVQ(operand.U64(word), r)
	g.VPBROADCASTQ(r, x)
	return x
}

// A pcg holds the states of the generators and what their step needs.
type pcg struct {
	*generator
	high, low             reg.VecVirtual
	aLow, aLowHigh, aHigh reg.VecVirtual // multiplier; its lower word shifted by 32 too
	cLow, cHigh           reg.VecVirtual // increment
	output, half, one     reg.VecVirtual
}

func dropoutFamily(g *generator) {
	if g.isa != avx512 { // AVX2 has no product of 64-bit integers
		return
	}
	name := "fillMask" + g.name
	g.slices(name, "func(mask []float32, high, low []uint64, threshold uint32, kept float32)",
		name+" fills mask from the words of 8 generators in the given states, which",
		"take turns and make 8 steps each time: two elements from each word, the lower half",
		"first, 0 if it is below the threshold, else kept. See fillMask.")
	p := g.pcg()
	threshold, kept, bits := g.ZMM(), g.ZMM(), g.GP32()
	g.Load(g.Param("threshold"), bits)
	g.VPBROADCASTD(bits, threshold)
	g.VBROADCASTSS(g.scalar("kept"), kept)
	dst, n, index := g.base("mask"), g.length("mask"), g.GP64()
	g.XORQ(index, index)
	g.alongVectors("elements", n, index, func() mask { return g.tailMask(n) }, func(a access) {
		const notLess = 5
		k, v := g.K(), g.ZMM()
		g.VPCMPUD(operand.Imm(notLess), threshold, p.word(), k)
		g.VMOVUPS_Z(kept, k, v)
		a.store(v, dst)
		p.step()
	})
	g.end()
}

func (g *generator) pcg() pcg {
	a, c := pcgSteps(pcgLanes)
	p := pcg{
		generator: g, high: g.ZMM(), low: g.ZMM(),
		aLow: g.words(a, 0), aLowHigh: g.words(a, 32), aHigh: g.words(a, 64),
		cLow: g.words(c, 0), cHigh: g.words(c, 64),
		output: g.words(new(big.Int).SetUint64(pcgOutput), 0),
		half:   g.words(big.NewInt(1<<32-1), 0), one: g.words(big.NewInt(1), 0),
	}
	g.VMOVDQU64(at(g.base("high"), 0), p.high)
	g.VMOVDQU64(at(g.base("low"), 0), p.low)
	return p
}

// word returns the generators' words in their states.
func (p pcg) word() reg.VecVirtual {
	v, t := p.ZMM(), p.ZMM()
	p.VPSRLQ(operand.Imm(32), p.high, v)
	p.VPXORQ(p.high, v, v)
	p.VPMULLQ(p.output, v, v)
	p.VPSRLQ(operand.Imm(48), v, t)
	p.VPXORQ(t, v, v)
	p.VPORQ(p.one, p.low, t)
	p.VPMULLQ(t, v, v)
	return v
}

// step takes the generators to their next states. The lower word times the multiplier's
// lower word, 128 bits, is put together from products of 32 bits.
func (p pcg) step() {
	lowHigh, p00, p01, p10, high := p.ZMM(), p.ZMM(), p.ZMM(), p.ZMM(), p.ZMM()
	p.VPSRLQ(operand.Imm(32), p.low, lowHigh)
	p.VPMULUDQ(p.aLow, p.low, p00)
	p.VPMULUDQ(p.aLowHigh, p.low, p01)
	p.VPMULUDQ(p.aLow, lowHigh, p10)
	p.VPMULUDQ(p.aLowHigh, lowHigh, high)

	middle, t := p.ZMM(), p.ZMM()
	p.VPSRLQ(operand.Imm(32), p00, middle)
	for _, product := range []reg.VecVirtual{p01, p10} {
		p.VPANDQ(p.half, product, t)
		p.VPADDQ(t, middle, middle)
		p.VPSRLQ(operand.Imm(32), product, t)
		p.VPADDQ(t, high, high)
	}
	p.VPSRLQ(operand.Imm(32), middle, t)
	p.VPADDQ(t, high, high)

	p.VPMULLQ(p.aHigh, p.low, t)
	p.VPADDQ(t, high, high)
	p.VPMULLQ(p.aLow, p.high, t)
	p.VPADDQ(t, high, high)
	p.VPADDQ(p.cHigh, high, p.high)

	p.VPSLLQ(operand.Imm(32), middle, middle)
	p.VPANDQ(p.half, p00, p00)
	p.VPORQ(p00, middle, p.low)
	p.VPADDQ(p.cLow, p.low, p.low)
	const less = 1
	carry := p.K()
	p.VPCMPUQ(operand.Imm(less), p.cLow, p.low, carry)
	p.VPADDQ(p.one, p.high, carry, p.high)
}
