package main

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An isa is a vector instruction set.
type isa struct {
	name  string
	lanes int // floats in a vector
	bytes int // of a vector
	// vectors lists the widths, in vectors, of the matrix-product kernels:
	// the widest fills the register file with its tile of 6 rows.
	vectors []int
}

var (
	avx2   = &isa{name: "AVX2", lanes: 8, bytes: 32, vectors: []int{1, 2}}
	avx512 = &isa{name: "AVX512", lanes: 16, bytes: 64, vectors: []int{1, 2, 4}}
)

// A generator emits one function at a time for one instruction set.
type generator struct {
	*build.Context
	*isa
	floats map[float32]bool // constants in the file's data
	saved  operand.Mem      // the control register of the caller of a function that flushes
}

// vector allocates a vector register.
func (g *generator) vector() reg.VecVirtual {
	if g.isa == avx512 {
		return g.ZMM()
	}
	return g.YMM()
}

// flushing is a control register that takes subnormal numbers for zero and gives zero
// in their place, masks all exceptions and rounds to nearest.
const flushing = 0x9FC0

// flush makes the function take subnormal numbers for zero, as TensorFlow does: they
// come up where a network is sure of its answer, a multiplication of one can take a
// hundred times as long, and float32's range below 1e-38 is nothing that training
// needs. The Go code around keeps its own rules: end restores them.
func (g *generator) flush() {
	g.saved = g.AllocLocal(8)
	g.STMXCSR(g.saved)
	g.MOVL(operand.U32(flushing), g.saved.Offset(4))
	g.LDMXCSR(g.saved.Offset(4))
}

// end returns from a function.
func (g *generator) end() {
	if g.saved.Base != nil {
		g.LDMXCSR(g.saved)
		g.saved = operand.Mem{}
	}
	g.VZEROUPPER()
	g.RET()
}

// function begins func name(args *typeName), a leaf, and returns the register that
// holds args.
func (g *generator) function(name string, args *structure, doc ...string) reg.GPVirtual {
	g.Function(name)
	g.Attributes(attr.NOSPLIT)
	g.Pragma("noescape")
	g.Doc(doc...)
	param := types.NewParam(token.NoPos, nil, "args", types.NewPointer(args.named()))
	g.Signature(gotypes.NewSignature(nil, types.NewSignatureType(nil, nil, nil, types.NewTuple(param), nil, false)))
	g.flush()
	base := g.GP64()
	g.Load(g.Param("args"), base)
	return base
}

// A structure is the layout of a struct of package kernel: slices first, then
// fields of 8 bytes.
type structure struct {
	name   string
	slices []string
	fields []string
}

func (s *structure) named() types.Type {
	return types.NewNamed(types.NewTypeName(token.NoPos, nil, s.name, nil), types.NewStruct(nil, nil), nil)
}

// field is the memory operand of a field of the struct at base, of a slice's
// pointer if the field is a slice.
func (s *structure) field(base reg.Register, name string) operand.Mem {
	if i := slices.Index(s.slices, name); i >= 0 {
		return operand.Mem{Base: base, Disp: 24 * i}
	}
	i := slices.Index(s.fields, name)
	if i < 0 {
		panic(s.name + " has no field " + name)
	}
	return operand.Mem{Base: base, Disp: 24*len(s.slices) + 8*i}
}

// load returns a register with the value of a field.
func (g *generator) load(s *structure, base reg.Register, name string) reg.GPVirtual {
	r := g.GP64()
	g.MOVQ(s.field(base, name), r)
	return r
}

// loadStride returns a register with a field that counts floats, in bytes.
func (g *generator) loadStride(s *structure, base reg.Register, name string) reg.GPVirtual {
	r := g.load(s, base, name)
	g.SHLQ(operand.Imm(2), r)
	return r
}

func at(base reg.Register, disp int) operand.Mem { return operand.Mem{Base: base, Disp: disp} }

func indexed(base, index reg.Register, scale uint8) operand.Mem {
	return operand.Mem{Base: base, Index: index, Scale: scale}
}

// broadcast returns a vector with every lane equal to the float at m.
func (g *generator) broadcast(m operand.Op) reg.VecVirtual {
	v := g.vector()
	g.VBROADCASTSS(m, v)
	return v
}

// clear sets a vector to zero.
func (g *generator) clear(v reg.VecVirtual) { g.VXORPS(v, v, v) }

// A mask selects the first lanes of a vector.
type mask struct{ r reg.Register }

// tailMask returns the mask of the first n lanes; n is destroyed.
func (g *generator) tailMask(n reg.GPVirtual) mask {
	if g.isa == avx512 {
		k, ones := g.K(), g.GP64()
		g.MOVQ(operand.I32(-1), ones)
		g.BZHIQ(n, ones, ones)
		g.KMOVW(ones.As32(), k)
		return mask{k}
	}
	v, table := g.YMM(), g.GP64()
	g.LEAQ(operand.NewDataAddr(operand.NewStaticSymbol("tailMasks"), 32), table)
	g.SHLQ(operand.Imm(2), n)
	g.SUBQ(n, table)
	g.VMOVUPS(at(table, 0), v)
	return mask{v}
}

// tailMasks emits the table that tailMask reads on AVX2: 8 lanes on, 8 off.
func (g *generator) tailMasks() {
	g.StaticGlobal("tailMasks")
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 16 {
		on := int32(-1)
		if i >= 8 {
			on = 0
		}
		g.AppendDatum(operand.I32(on))
	}
}

func (g *generator) loadMasked(m operand.Mem, k mask, v reg.Register) {
	if g.isa == avx512 {
		g.VMOVUPS_Z(m, k.r, v)
	} else {
		g.VMASKMOVPS(m, k.r, v)
	}
}

func (g *generator) storeMasked(v reg.Register, k mask, m operand.Mem) {
	if g.isa == avx512 {
		g.VMOVUPS(v, k.r, m)
	} else {
		g.VMASKMOVPS(v, k.r, m)
	}
}

// Predicates of VCMPPS. The last is true for NaN.
const (
	lessOrEqual = 0x12
	less        = 0x11
	notGreater  = 0x1a
)

// A slope is an activation's: the factor for values that are not above zero. Where
// registers are few it stays in memory.
type slope struct {
	memory      operand.Mem
	value, zero reg.VecVirtual
}

func (g *generator) slope(m operand.Mem) slope {
	s := slope{memory: m}
	if g.isa == avx512 {
		s.value, s.zero = g.broadcast(m), g.ZMM()
		g.VPXORD(s.zero, s.zero, s.zero)
	}
	return s
}

// scale multiplies the lanes of v by the slope where those of by, in a register or in
// memory, are not above zero.
func (g *generator) scale(v reg.VecVirtual, by operand.Op, s slope) {
	if g.isa == avx512 {
		k := g.K()
		g.VCMPPS(operand.Imm(notGreater), s.zero, inRegister(g, by), k)
		g.VMULPS(s.value, v, k, v)
		return
	}
	scaled, above := g.broadcast(s.memory), g.YMM()
	g.VMULPS(scaled, v, scaled)
	g.VXORPS(above, above, above)
	g.VCMPPS(operand.Imm(less), by, above, above)
	g.VBLENDVPS(above, v, scaled, v)
}

// An activation is a slope and the least value that it may multiply: -Inf, but for
// ReLU, which takes -Inf to 0, the least finite number.
type activation struct {
	slope
	floorMemory operand.Mem
	floor       reg.VecVirtual
}

// activation loads the fields slope and floor, which follow each other.
func (g *generator) activation(args *structure, base reg.Register) activation {
	m := args.field(base, "slope")
	a := activation{slope: g.slope(m), floorMemory: m.Offset(4)}
	if g.isa == avx512 {
		a.floor = g.broadcast(a.floorMemory)
	}
	return a
}

// activate multiplies the lanes of v that are zero or less by the slope.
func (g *generator) activate(v reg.VecVirtual, a activation) {
	if g.isa == avx512 {
		k := g.K()
		g.VCMPPS(operand.Imm(lessOrEqual), a.zero, v, k)
		g.VMAXPS(a.floor, v, k, v)
		g.VMULPS(a.value, v, k, v)
		return
	}
	scaled, other := g.broadcast(a.floorMemory), g.broadcast(a.memory)
	g.VMAXPS(scaled, v, scaled)
	g.VMULPS(other, scaled, scaled)
	g.VXORPS(other, other, other)
	g.VCMPPS(operand.Imm(lessOrEqual), other, v, other)
	g.VBLENDVPS(other, scaled, v, v)
}

// align starts the next instruction at a multiple of n bytes.
func (g *generator) align(n uint64) {
	g.Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []operand.Op{operand.Imm(n)}})
}

// float returns the operand of a constant in memory.
func (g *generator) float(v float32) operand.Mem {
	name := strings.NewReplacer("-", "minus", ".", "_").Replace(fmt.Sprintf("float%v", v))
	if !g.floats[v] {
		g.floats[v] = true
		g.ConstData(name, operand.F32(v))
	}
	return operand.NewDataAddr(operand.NewStaticSymbol(name), 0)
}
