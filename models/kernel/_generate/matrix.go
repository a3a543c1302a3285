package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transposeArgs mirrors the struct of the same name in package kernel.
var transposeArgs = &structure{
	name:   "transposeArgs",
	slices: []string{"dst", "src"},
	fields: []string{"rows", "columns", "dstStride", "srcStride"},
}

func matrixFamily(g *generator) {
	if g.isa == avx2 {
		transpose(g)
	}
}

// transpose emits a kernel that transposes blocks of 8x8. Wider registers would not
// help: it is bound by shuffles and memory.
func transpose(g *generator) {
	args := g.function("transposeAVX2", transposeArgs,
		"transposeAVX2 writes the transpose of src [rows, columns], both multiples of 8, to dst",
		"[columns, rows]; see transposeGeneric.")
	dstColumn, srcColumn := g.load(transposeArgs, args, "dst"), g.load(transposeArgs, args, "src")
	columns := g.load(transposeArgs, args, "columns")
	dstStride, srcStride := g.loadStride(transposeArgs, args, "dstStride"), g.loadStride(transposeArgs, args, "srcStride")
	dst, src, low, rows := g.GP64(), g.GP64(), g.GP64(), g.GP64()
	dst3, src3 := g.GP64(), g.GP64()
	g.LEAQ(indexed(dstStride, dstStride, 2), dst3)
	g.LEAQ(indexed(srcStride, srcStride, 2), src3)

	g.Label("column")
	g.MOVQ(dstColumn, dst)
	g.MOVQ(srcColumn, src)
	g.MOVQ(transposeArgs.field(args, "rows"), rows)
	g.Label("row")
	g.LEAQ(indexed(src, srcStride, 4), low)
	g.transposeHalf(0, src, low, srcStride, src3, dst, dstStride, dst3)
	upper := g.GP64()
	g.LEAQ(indexed(dst, dstStride, 4), upper)
	g.transposeHalf(16, src, low, srcStride, src3, upper, dstStride, dst3)
	g.LEAQ(indexed(src, srcStride, 8), src)
	g.ADDQ(operand.Imm(32), dst)
	g.SUBQ(operand.Imm(8), rows)
	g.JNZ(operand.LabelRef("row"))
	g.ADDQ(operand.Imm(32), srcColumn)
	g.LEAQ(indexed(dstColumn, dstStride, 8), dstColumn)
	g.SUBQ(operand.Imm(8), columns)
	g.JNZ(operand.LabelRef("column"))
	g.end()
}

// transposeHalf transposes 4 columns, offset bytes from src, of 4 rows at src and 4 at
// low, to 4 rows at dst.
func (g *generator) transposeHalf(offset int, src, low, stride, stride3, dst, dstStride, dst3 reg.GPVirtual) {
	var r [4]reg.VecVirtual
	for i := range r {
		r[i] = g.YMM()
		upper, lower := multiple(src, i, stride, stride3, nil), multiple(low, i, stride, stride3, nil)
		upper.Disp, lower.Disp = offset, offset
		g.VMOVUPS(upper, r[i].AsX())
		g.VINSERTF128(operand.Imm(1), lower, r[i], r[i])
	}
	var pairs [4]reg.VecVirtual // of rows 0, 1 and of rows 2, 3: columns 0, 1, then 2, 3
	for i := range pairs {
		pairs[i] = g.YMM()
		first := r[i/2*2]
		if i%2 == 0 {
			g.VUNPCKLPS(r[i/2*2+1], first, pairs[i])
		} else {
			g.VUNPCKHPS(r[i/2*2+1], first, pairs[i])
		}
	}
	for j := range 4 {
		v := g.YMM()
		halves := operand.Imm(0x44) // the low halves of both
		if j%2 == 1 {
			halves = operand.Imm(0xee)
		}
		g.VSHUFPS(halves, pairs[2+j/2], pairs[j/2], v)
		g.VMOVUPS(v, multiple(dst, j, dstStride, dst3, nil))
	}
}
