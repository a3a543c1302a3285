package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gemmArgs mirrors the struct of the same name in package kernel.
var gemmArgs = &structure{
	name:   "gemmArgs",
	slices: []string{"c", "a", "b", "addend", "next"},
	fields: []string{
		"rows", "k", "segments",
		"aStride", "aSkip", "bStride", "cStride", "addendStride",
		"nextStride", "tail", "slope",
	},
}

// tileRows is the number of rows of a register tile.
const tileRows = 6

func gemmFamily(g *generator) {
	if g.isa == avx2 {
		g.tailMasks()
	}
	for _, transposed := range []bool{false, true} {
		for _, n := range g.vectors {
			(&gemm{generator: g, transposed: transposed, vectors: n}).emit()
		}
	}
}

// A gemm emits one matrix-product kernel: a loop over tiles of 6 rows by
// some vectors, then a tile with the rows that remain.
type gemm struct {
	*generator
	transposed bool // A is read down its columns
	vectors    int  // in a row of the tile

	args, c, a, addend, rows  reg.GPVirtual
	next                      reg.GPVirtual // what is prefetched
	aStride, bStride, cStride reg.GPVirtual
	tail                      mask
}

func (g *gemm) emit() {
	name, element := "gemm", "args.a[i*aStride+k]"
	if g.transposed {
		name, element = "gemmT", "args.a[k*aStride+i]"
	}
	name = fmt.Sprintf("%s%sx%d", name, g.name, g.vectors)
	g.args = g.function(name, gemmArgs,
		fmt.Sprintf("%s computes C = act(A B + addend) for the columns j of %d vectors of %d, the last", name, g.vectors, g.lanes),
		"of which has args.tail columns, as multiplyGeneric does, with A's element (i, k) at",
		element+".")
	g.c = g.load(gemmArgs, g.args, "c")
	g.a = g.load(gemmArgs, g.args, "a")
	g.addend = g.load(gemmArgs, g.args, "addend")
	g.rows = g.load(gemmArgs, g.args, "rows")
	g.next = g.load(gemmArgs, g.args, "next")
	g.aStride = g.loadStride(gemmArgs, g.args, "aStride")
	g.bStride = g.loadStride(gemmArgs, g.args, "bStride")
	g.cStride = g.loadStride(gemmArgs, g.args, "cStride")
	if g.isa == avx512 {
		g.tail = g.tailMask(g.load(gemmArgs, g.args, "tail"))
	}

	g.CMPQ(g.rows, operand.Imm(tileRows))
	g.JL(operand.LabelRef("remainder"))
	g.Label("full")
	g.tile(tileRows)
	g.SUBQ(operand.Imm(tileRows), g.rows)
	g.CMPQ(g.rows, operand.Imm(tileRows))
	g.JGE(operand.LabelRef("full"))

	g.Label("remainder")
	for r := tileRows - 1; r > 0; r-- {
		g.CMPQ(g.rows, operand.Imm(uint64(r)))
		g.JEQ(operand.LabelRef(fmt.Sprintf("rows%d", r)))
	}
	g.JMP(operand.LabelRef("done"))
	for r := tileRows - 1; r > 0; r-- {
		g.Label(fmt.Sprintf("rows%d", r))
		g.tile(r)
		if r > 1 {
			g.JMP(operand.LabelRef("done"))
		}
	}
	g.Label("done")
	g.end()
}

// tile emits one tile of the given rows and moves a, c and addend below it.
func (g *gemm) tile(rows int) {
	g.Commentf("Tile of %d rows.", rows)
	acc := g.zeroTile(rows)
	g.products(rows, acc)
	g.addAddend(acc)
	g.activateTile(rows, acc)
	g.store(acc)
	if rows == tileRows { // no other tile follows a smaller one
		if g.transposed {
			g.ADDQ(operand.Imm(4*tileRows), g.a)
		} else {
			g.LEAQ(indexed(g.a, g.aStride, 4), g.a)
			g.LEAQ(indexed(g.a, g.aStride, 2), g.a)
		}
	}
}

// zeroTile returns the accumulators, all zero.
func (g *gemm) zeroTile(rows int) [][]reg.VecVirtual {
	acc := make([][]reg.VecVirtual, rows)
	for i := range acc {
		acc[i] = make([]reg.VecVirtual, g.vectors)
		for j := range acc[i] {
			acc[i][j] = g.vector()
			g.clear(acc[i][j])
		}
	}
	return acc
}

// addAddend adds the addend, if there is one. It comes last: a sum that goes on
// through many calls is then a sum of sums, whose rounding errors grow less.
func (g *gemm) addAddend(acc [][]reg.VecVirtual) {
	added := fmt.Sprintf("added%d", len(acc))
	g.TESTQ(g.addend, g.addend)
	g.JEQ(operand.LabelRef(added))
	stride := g.load(gemmArgs, g.args, "addendStride")
	tail := g.tileMask()
	for _, row := range acc {
		for j, v := range row {
			m := at(g.addend, g.bytes*j)
			if j == len(row)-1 {
				last := g.vector()
				g.loadMasked(m, tail, last)
				g.VADDPS(last, v, v)
			} else {
				g.VADDPS(m, v, v)
			}
		}
		g.LEAQ(indexed(g.addend, stride, 4), g.addend)
	}
	g.Label(added)
}

// tileMask returns the mask of the last vector. On AVX2 it takes a vector
// register, so it is made again where it is used.
func (g *gemm) tileMask() mask {
	if g.isa == avx512 {
		return g.tail
	}
	return g.tailMask(g.load(gemmArgs, g.args, "tail"))
}

// products adds the products of all segments to the accumulators.
func (g *gemm) products(rows int, acc [][]reg.VecVirtual) {
	id := fmt.Sprintf("%d", rows)
	a, aLow, b, k, segment := g.GP64(), g.GP64(), g.GP64(), g.GP64(), g.GP64()
	split := !g.transposed && rows > 3 // rows 3, 4, 5 have a pointer of their own
	g.MOVQ(g.a, a)
	if split {
		g.LEAQ(indexed(a, g.aStride, 2), aLow)
		g.ADDQ(g.aStride, aLow)
	}
	g.MOVQ(gemmArgs.field(g.args, "b"), b)
	g.MOVQ(gemmArgs.field(g.args, "segments"), segment)
	g.Label("segment" + id)
	g.MOVQ(gemmArgs.field(g.args, "k"), k)
	g.align(32)
	g.Label("k" + id)
	row := make([]reg.VecVirtual, g.vectors)
	for j := range row {
		row[j] = g.vector()
		g.VMOVUPS(at(b, g.bytes*j), row[j])
	}
	for i := range rows {
		x := g.broadcast(g.element(a, aLow, i))
		for j := range row {
			g.VFMADD231PS(row[j], x, acc[i][j])
		}
	}
	g.PREFETCHT1(at(g.next, 0))
	g.ADDQ(gemmArgs.field(g.args, "nextStride"), g.next)
	if g.transposed {
		g.ADDQ(g.aStride, a)
	} else {
		g.ADDQ(operand.Imm(4), a)
		if split {
			g.ADDQ(operand.Imm(4), aLow)
		}
	}
	g.ADDQ(g.bStride, b)
	g.DECQ(k)
	g.JNZ(operand.LabelRef("k" + id))

	skip := g.load(gemmArgs, g.args, "aSkip")
	g.LEAQ(indexed(a, skip, 4), a)
	if split {
		g.LEAQ(indexed(aLow, skip, 4), aLow)
	}
	g.DECQ(segment)
	g.JNZ(operand.LabelRef("segment" + id))
}

// element is the operand of A's element of row i of the tile.
func (g *gemm) element(a, aLow reg.Register, i int) operand.Mem {
	if g.transposed {
		return at(a, 4*i)
	}
	base := a
	if i >= 3 {
		base = aLow
	}
	switch i % 3 {
	case 0:
		return at(base, 0)
	case 1:
		return indexed(base, g.aStride, 1)
	default:
		return indexed(base, g.aStride, 2)
	}
}

// activateTile applies the activation, unless it is the identity.
func (g *gemm) activateTile(rows int, acc [][]reg.VecVirtual) {
	stored := fmt.Sprintf("store%d", rows)
	slope := gemmArgs.field(g.args, "slope")
	g.CMPL(slope, operand.U32(0x3f800000)) // 1: linear
	g.JEQ(operand.LabelRef(stored))
	factor := g.activation(gemmArgs, g.args)
	for _, row := range acc {
		for _, v := range row {
			g.activate(v, factor)
		}
	}
	g.Label(stored)
}

// store writes the tile and leaves c below it.
func (g *gemm) store(acc [][]reg.VecVirtual) {
	tail := g.tileMask()
	for _, row := range acc {
		for j, v := range row {
			m := at(g.c, g.bytes*j)
			if j == g.vectors-1 {
				g.storeMasked(v, tail, m)
			} else {
				g.VMOVUPS(v, m)
			}
		}
		g.ADDQ(g.cStride, g.c)
	}
}
