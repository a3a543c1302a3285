package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A tileTransform emits a kernel that transforms a row of tiles between an image
// and the 36 matrices of its tiles.
type tileTransform struct {
	*generator
	name, doc string
	toTiles   bool
	along     []step
	inputs    int  // values in a line of the source
	activate  bool // to the image: apply the activation; from it: its derivative
	add       bool // add to the image

	args, channels reg.GPVirtual
	source, target walker
	y              reg.GPVirtual // runs along with source
	activation     activation
	k              constants
}

// A walker addresses the values of a tile: line i, place j.
type walker struct {
	base, line, place reg.GPVirtual // strides of lines and places in bytes
	at                reg.GPVirtual // a column or a row within the tile
	line3, line5      reg.GPVirtual // multiples of strides
	place3, place5    reg.GPVirtual
}

func (t *tileTransform) emit() {
	name := t.name + t.generator.name
	t.args = t.function(name, winogradArgs,
		name+" "+t.doc+",",
		"for args.count tiles of a row; see "+t.name+"Generic.")
	if t.activate {
		t.activation = t.generator.activation(winogradArgs, t.args)
	}
	t.k = t.constants(t.factors()...)
	t.strides()
	t.Label("tile")
	t.channels = t.load(winogradArgs, t.args, "channels")
	t.Label("channels")
	t.oneTile()
	t.ADDQ(operand.Imm(uint64(t.bytes)), t.source.base)
	t.ADDQ(operand.Imm(uint64(t.bytes)), t.target.base)
	if t.y != nil {
		t.ADDQ(operand.Imm(uint64(t.bytes)), t.y)
	}
	t.SUBQ(operand.Imm(uint64(t.lanes)), t.channels)
	t.JNZ(operand.LabelRef("channels"))
	t.nextTile()
	t.DECQ(winogradArgs.field(t.args, "count"))
	t.JNZ(operand.LabelRef("tile"))
	t.end()
}

// factors lists the constants of the transform.
func (t *tileTransform) factors() []float32 {
	switch t.name {
	case "winogradInput":
		return []float32{4, 5}
	case "winogradOutput":
		return []float32{2, 4, 8}
	case "winogradOutputGrad":
		return []float32{4}
	default:
		return []float32{2, 4, 5}
	}
}

// strides loads the pointers and strides.
func (t *tileTransform) strides() {
	tiles := walker{base: t.load(winogradArgs, t.args, "tiles"), at: t.GP64()}
	tiles.place = t.loadStride(winogradArgs, t.args, "frequencyStride")
	image := walker{base: t.load(winogradArgs, t.args, "image"), at: t.GP64()}
	image.line = t.loadStride(winogradArgs, t.args, "imageStride")
	image.place = t.loadStride(winogradArgs, t.args, "channels")
	if t.toTiles {
		// Columns of the image are read, the matrices are written in order.
		image.line3 = t.times3(image.line)
		if t.inputs > 4 {
			image.line5 = t.times5(image.line)
		}
		if t.activate {
			t.y = t.load(winogradArgs, t.args, "y")
		}
		t.source, t.target = image, tiles
		return
	}
	// Columns of 6 matrices, 6 apart, are read, rows of the image are written.
	tiles.line = t.GP64()
	t.LEAQ(indexed(tiles.place, tiles.place, 2), tiles.line)
	t.ADDQ(tiles.line, tiles.line)
	tiles.line3, tiles.line5 = t.times3(tiles.line), t.times5(tiles.line)
	image.place3 = t.times3(image.place)
	if t.add {
		image.place5 = t.times5(image.place)
	}
	t.source, t.target = tiles, image
}

func (t *tileTransform) times3(r reg.GPVirtual) reg.GPVirtual {
	v := t.GP64()
	t.LEAQ(indexed(r, r, 2), v)
	return v
}

func (t *tileTransform) times5(r reg.GPVirtual) reg.GPVirtual {
	v := t.GP64()
	t.LEAQ(indexed(r, r, 4), v)
	return v
}

// oneTile transforms the vectors at source to those at target.
func (t *tileTransform) oneTile() {
	value := t.sourceValue
	column := t.sourceColumn
	if t.toTiles && t.activate {
		values := t.maskedGradients()
		column = func(int) {}
		value = func(i, j int) operand.Op { return values[i][j] }
	}
	if t.toTiles {
		t.MOVQ(t.target.base, t.target.at)
	}
	t.transform(t.along, t.k, t.inputs, column, value, t.storeValue)
}

// sourceColumn moves source.at to column j.
func (t *tileTransform) sourceColumn(j int) {
	if j == 0 {
		t.MOVQ(t.source.base, t.source.at)
	} else {
		t.ADDQ(t.source.place, t.source.at)
	}
}

// sourceValue is value i of the column at source.at.
func (t *tileTransform) sourceValue(i, _ int) operand.Op {
	s := &t.source
	return multiple(s.at, i, s.line, s.line3, s.line5)
}

// multiple is the operand at base + i strides.
func multiple(base reg.Register, i int, stride, stride3, stride5 reg.GPVirtual) operand.Mem {
	switch i {
	case 0:
		return at(base, 0)
	case 3:
		return indexed(base, stride3, 1)
	case 5:
		return indexed(base, stride5, 1)
	default:
		return indexed(base, stride, uint8(i))
	}
}

// maskedGradients loads the tile's gradients times the activation's derivative. Where
// registers are few they are kept in memory.
func (t *tileTransform) maskedGradients() [][]operand.Op {
	y, s := t.GP64(), &t.source
	values := make([][]operand.Op, 4)
	var frame operand.Mem
	if t.isa == avx2 {
		frame = t.AllocLocal(16 * t.bytes)
	}
	for i := range values {
		values[i] = make([]operand.Op, 4)
	}
	t.MOVQ(t.y, y)
	for j := range 4 {
		t.sourceColumn(j)
		if j > 0 {
			t.ADDQ(s.place, y)
		}
		for i := range 4 {
			v := t.copied(t.sourceValue(i, j))
			t.scale(v, multiple(y, i, s.line, s.line3, s.line5), t.activation.slope)
			values[i][j] = v
			if t.isa == avx2 {
				m := frame.Offset(t.bytes * (4*i + j))
				t.VMOVUPS(v, m)
				values[i][j] = m
			}
		}
	}
	return values
}

// storeValue stores v as value (i, j) of the target. Rows are complete before the
// next begins.
func (t *tileTransform) storeValue(i, j int, v reg.VecVirtual) {
	if t.toTiles { // every transform to tiles computes values in order
		t.VMOVUPS(v, at(t.target.at, 0))
		t.ADDQ(t.target.place, t.target.at)
		return
	}
	w := &t.target
	if j == 0 {
		t.rowStart(i)
	}
	m := multiple(w.at, j, w.place, w.place3, w.place5)
	if t.add {
		t.VADDPS(m, v, v)
	}
	if t.activate {
		t.generator.activate(v, t.activation)
	}
	t.VMOVUPS(v, m)
}

// rowStart moves target.at to row i of the image.
func (t *tileTransform) rowStart(i int) {
	w := &t.target
	t.MOVQ(w.base, w.at)
	for _, scale := range [][]uint8{0: {}, 1: {1}, 2: {2}, 3: {1, 2}, 4: {4}, 5: {1, 4}}[i] {
		t.LEAQ(indexed(w.at, w.line, scale), w.at)
	}
}

// nextTile moves the image's pointers, which are past the channels of one pixel, 3
// pixels further.
func (t *tileTransform) nextTile() {
	image := &t.source
	if !t.toTiles {
		image = &t.target
	}
	t.LEAQ(indexed(image.base, image.place, 2), image.base)
	t.ADDQ(image.place, image.base)
	if t.y != nil {
		t.LEAQ(indexed(t.y, image.place, 2), t.y)
		t.ADDQ(image.place, t.y)
	}
}
