package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// slices begins a leaf function with the given signature, of slices and float32s.
func (g *generator) slices(name, signature string, doc ...string) {
	g.Function(name)
	g.Attributes(attr.NOSPLIT)
	g.Pragma("noescape")
	g.Doc(doc...)
	g.SignatureExpr(signature)
}

// base returns a register with the address of a slice parameter.
func (g *generator) base(name string) reg.GPVirtual {
	r := g.GP64()
	g.Load(g.Param(name).Base(), r)
	return r
}

// length returns a register with the length of a slice parameter.
func (g *generator) length(name string) reg.GPVirtual {
	r := g.GP64()
	g.Load(g.Param(name).Len(), r)
	return r
}

// scalar is the memory operand of a float32 parameter.
func (g *generator) scalar(name string) operand.Mem {
	p, err := g.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// count is an immediate operand, of floats or bytes.
func count(n int) operand.Op { return operand.I32(n) }

// An access loads and stores vectors of the operands at one place of a loop.
type access struct {
	*generator
	index reg.GPVirtual // in bytes
	disp  int
	tail  *mask // nil: a whole vector
}

// at is the place in the operand at base, which may be accessed only as a whole vector.
func (a access) at(base reg.Register) operand.Mem {
	m := indexed(base, a.index, 1)
	m.Disp = a.disp
	return m
}

func (a access) load(base reg.Register) reg.VecVirtual {
	v := a.vector()
	if a.tail != nil {
		a.loadMasked(a.at(base), *a.tail, v)
	} else {
		a.VMOVUPS(a.at(base), v)
	}
	return v
}

func (a access) store(v, base reg.Register) {
	if a.tail != nil {
		a.storeMasked(v, *a.tail, a.at(base))
	} else {
		a.VMOVUPS(v, a.at(base))
	}
}

// unroll is the number of vectors in a turn of a loop over vectors.
const unroll = 4

// alongVectors emits a loop over n floats, which it counts down to 0, from the given
// index on: body for whole vectors, then for the rest.
func (g *generator) alongVectors(label string, n, index reg.GPVirtual, rest func() mask, body func(access)) {
	four, one, last, done := label+"Four", label+"One", label+"Last", label+"Done"
	g.SUBQ(count(unroll*g.lanes), n)
	g.JLT(operand.LabelRef(one))
	g.Label(four)
	for i := range unroll {
		body(access{generator: g, index: index, disp: i * g.bytes})
	}
	g.ADDQ(count(unroll*g.bytes), index)
	g.SUBQ(count(unroll*g.lanes), n)
	g.JGE(operand.LabelRef(four))

	g.Label(one)
	g.ADDQ(count((unroll-1)*g.lanes), n)
	g.JLT(operand.LabelRef(last))
	g.Label(one + "Vector")
	body(access{generator: g, index: index})
	g.ADDQ(count(g.bytes), index)
	g.SUBQ(count(g.lanes), n)
	g.JGE(operand.LabelRef(one + "Vector"))

	g.Label(last)
	g.ADDQ(count(g.lanes), n)
	g.JZ(operand.LabelRef(done))
	k := rest()
	body(access{generator: g, index: index, tail: &k})
	g.Label(done)
}

// zeroed returns a vector of zeros.
func (g *generator) zeroed() reg.VecVirtual {
	v := g.vector()
	g.VXORPS(v, v, v)
	return v
}

// A vectorKernel is an elementwise kernel: prepare loads what is the same for all
// elements, body computes one vector.
type vectorKernel struct {
	name, doc string
	prepare   func(g *generator, k *vectorOperands)
	body      func(a access, k *vectorOperands)
	flushes   bool // see generator.flush
}

// vectorOperands are the parameters of a vectorKernel in registers.
type vectorOperands struct {
	dst, a, b  reg.GPVirtual
	s, t, zero reg.VecVirtual
	slope      slope
}

func withZero(g *generator, k *vectorOperands)  { k.zero = g.zeroed() }
func withSlope(g *generator, k *vectorOperands) { k.slope = g.slope(g.scalar("s")) }
func withNothing(*generator, *vectorOperands)   {}
func withScalars(g *generator, k *vectorOperands) {
	k.s, k.t = g.broadcast(g.scalar("s")), g.broadcast(g.scalar("t"))
}

var vectorKernels = []vectorKernel{
	{"relu", "dst = max(a, 0), where a NaN stays NaN", withZero, func(a access, k *vectorOperands) {
		v := a.load(k.a)
		a.VMAXPS(v, k.zero, v) // of NaN and a number it takes its first operand
		a.store(v, k.dst)
	}, false},
	{"leaky", "dst = a, times s where not a > 0", withSlope, func(a access, k *vectorOperands) {
		v := a.load(k.a)
		a.scale(v, v, k.slope)
		a.store(v, k.dst)
	}, false},
	{"derivative", "dst = b, times s where not a > 0", withSlope, func(a access, k *vectorOperands) {
		y, v := a.load(k.a), a.load(k.b)
		a.scale(v, y, k.slope)
		a.store(v, k.dst)
	}, false},
	{"mul", "dst = a * b", withNothing, func(a access, k *vectorOperands) {
		v, w := a.load(k.a), a.load(k.b)
		a.VMULPS(w, v, v)
		a.store(v, k.dst)
	}, false},
	{"descend", "dst -= s*a", withScalars, func(a access, k *vectorOperands) {
		// Unfused, like the portable twin: the optimizer's bits are those of
		// gorgonia's solvers, and memory is what it waits for.
		w, step := a.load(k.dst), a.load(k.a)
		a.VMULPS(k.s, step, step)
		a.VSUBPS(step, w, w)
		a.store(w, k.dst)
	}, true},
	{"momentum", "a = t*a - s*b, then dst += a", withScalars, func(a access, k *vectorOperands) {
		v, step := a.load(k.a), a.load(k.b)
		a.VMULPS(k.s, step, step)
		a.VMULPS(k.t, v, v)
		a.VSUBPS(step, v, step)
		a.store(step, k.a)
		w := a.load(k.dst)
		a.VADDPS(step, w, w)
		a.store(w, k.dst)
	}, true},
}

func vectorFamily(g *generator) {
	if g.isa == avx2 {
		g.tailMasks()
	}
	for _, k := range vectorKernels {
		k.emit(g)
	}
}

func (k vectorKernel) emit(g *generator) {
	name := k.name + "Vector" + g.name
	g.slices(name, "func(dst, a, b []float32, s, t float32)",
		name+" computes, element by element,", "", "\t"+k.doc, "", "as "+k.name+"Vector does.")
	if k.flushes {
		g.flush()
	}
	o := &vectorOperands{dst: g.base("dst"), a: g.base("a"), b: g.base("b")}
	n, index := g.length("dst"), g.GP64()
	k.prepare(g, o)
	g.XORQ(index, index)
	g.alongVectors("vectors", n, index, func() mask { return g.tailMask(n) }, func(a access) { k.body(a, o) })
	g.end()
}
