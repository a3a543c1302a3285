package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A filterTransform emits a kernel that transforms rows of filters to or from the
// 36 matrices.
type filterTransform struct {
	*generator
	name, doc string
	toTiles   bool
	along     []step
	inputs    int
}

func (f *filterTransform) emit() {
	name := f.name + f.generator.name
	args := f.function(name, filterArgs, name+" "+f.doc+",",
		"for args.rows rows of args.columns, a multiple of the vector's; see "+f.name+"Generic.")
	filter, tiles := f.load(filterArgs, args, "filter"), f.load(filterArgs, args, "tiles")
	tap, frequency := f.loadStride(filterArgs, args, "tapStride"), f.loadStride(filterArgs, args, "frequencyStride")
	rows := f.load(filterArgs, args, "rows")
	source, sourceStride, target, targetStride := tiles, frequency, filter, tap
	if f.toTiles {
		source, sourceStride, target, targetStride = filter, tap, tiles, frequency
	}
	line := f.GP64() // of the source, in bytes
	f.LEAQ(indexed(sourceStride, sourceStride, 2), line)
	if f.inputs == 6 {
		f.ADDQ(line, line)
	}
	line3, line5 := f.GP64(), f.GP64()
	f.LEAQ(indexed(line, line, 2), line3)
	f.LEAQ(indexed(line, line, 4), line5)
	k := f.constants()

	f.Label("row")
	columns := f.load(filterArgs, args, "columns")
	f.Label("column")
	from, to := f.GP64(), f.GP64()
	f.MOVQ(target, to)
	f.transform(f.along, k, f.inputs,
		func(j int) {
			if j == 0 {
				f.MOVQ(source, from)
			} else {
				f.ADDQ(sourceStride, from)
			}
		},
		func(i, _ int) operand.Op { return multiple(from, i, line, line3, line5) },
		func(_, _ int, v reg.VecVirtual) {
			f.VMOVUPS(v, at(to, 0))
			f.ADDQ(targetStride, to)
		})
	f.ADDQ(operand.Imm(uint64(f.bytes)), source)
	f.ADDQ(operand.Imm(uint64(f.bytes)), target)
	f.SUBQ(operand.Imm(uint64(f.lanes)), columns)
	f.JNZ(operand.LabelRef("column"))
	// The matrices' rows are consecutive, the filter's filterStride apart.
	skip := f.loadStride(filterArgs, args, "filterStride")
	f.ADDQ(skip, filter)
	f.MOVQ(filterArgs.field(args, "columns"), skip)
	f.SHLQ(operand.Imm(2), skip)
	f.SUBQ(skip, filter)
	f.DECQ(rows)
	f.JNZ(operand.LabelRef("row"))
	f.end()
}
