package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// winogradArgs mirrors the struct of the same name in package kernel.
var winogradArgs = &structure{
	name:   "winogradArgs",
	slices: []string{"tiles", "image", "y"},
	fields: []string{"count", "channels", "imageStride", "frequencyStride", "slope"},
}

// filterArgs mirrors winogradFilterArgs in package kernel.
var filterArgs = &structure{
	name:   "winogradFilterArgs",
	slices: []string{"filter", "tiles"},
	fields: []string{"rows", "columns", "filterStride", "tapStride", "frequencyStride"},
}

func winogradFamily(g *generator) {
	(&tileTransform{
		generator: g, name: "winogradInput", toTiles: true, along: inputSteps, inputs: 6,
		doc: "transforms input tiles of 6x6 pixels, 4 apart: tiles = B' image B",
	}).emit()
	(&tileTransform{
		generator: g, name: "winogradOutput", along: outputSteps, inputs: 6, activate: true,
		doc: "transforms products to output tiles of 4x4 pixels: image = act(A' tiles A)",
	}).emit()
	(&tileTransform{
		generator: g, name: "winogradOutputGrad", toTiles: true, along: outputGradSteps, inputs: 4, activate: true,
		doc: "transforms the gradient of output tiles: tiles = A (image * act'(y)) A'",
	}).emit()
	(&tileTransform{
		generator: g, name: "winogradInputGrad", along: inputGradSteps, inputs: 6, add: true,
		doc: "transforms products to the gradient of input tiles of 6x6 pixels, 4 apart: image += B tiles B'",
	}).emit()
	(&filterTransform{
		generator: g, name: "winogradFilter", toTiles: true, along: filterSteps, inputs: 3,
		doc: "transforms filters: tiles = G filter G'",
	}).emit()
	(&filterTransform{
		generator: g, name: "winogradFilterGrad", along: filterGradSteps, inputs: 6,
		doc: "transforms the gradient of filters: filter = G' tiles G",
	}).emit()
}

// An input returns the i-th value of a line of a tile, in a register or in memory.
type input func(i int) operand.Op

// A step computes some of the values of a transformed line together.
type step struct {
	outputs []int
	emit    func(g *generator, k constants, in input) []reg.VecVirtual
}

// transform emits the transform of a tile: steps down its columns, then along the rows.
// column(j) is called before the values of column j are read; rows of results are
// stored one after the other.
func (g *generator) transform(steps []step, k constants, inputs int, column func(j int), value func(i, j int) operand.Op, store func(i, j int, v reg.VecVirtual)) {
	for _, down := range steps {
		rows := make([][]reg.VecVirtual, len(down.outputs))
		for j := range inputs {
			column(j)
			for o, v := range down.emit(g, k, func(i int) operand.Op { return value(i, j) }) {
				rows[o] = append(rows[o], v)
			}
		}
		for o, i := range down.outputs {
			for _, along := range steps {
				out := along.emit(g, k, func(j int) operand.Op { return rows[o][j] })
				for n, j := range along.outputs {
					store(i, j, out[n])
				}
			}
		}
	}
}

// constants holds broadcast factors: in registers where there are 32, else each use loads its own.
type constants struct {
	g    *generator
	held map[float32]reg.VecVirtual
}

func (g *generator) constants(values ...float32) constants {
	k := constants{g, map[float32]reg.VecVirtual{}}
	if g.isa == avx512 {
		for _, v := range values {
			k.held[v] = g.broadcast(g.float(v))
		}
	}
	return k
}

func (k constants) of(v float32) reg.Register {
	if r, ok := k.held[v]; ok {
		return r
	}
	return k.g.broadcast(k.g.float(v))
}
