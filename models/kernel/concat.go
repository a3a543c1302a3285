package kernel

// concatOperands describe [rows, width] beside its parts: part i is
// [rows, widths[i]], or nil where it is not wanted.
type concatOperands struct {
	parts     [][]float32
	widths    []int // nil: the parts' lengths divided by rows
	whole     []float32
	rows      int
	width     int
	blockRows int
}

var (
	concatPass = newPass((*concatOperands).concat)
	splitPass  = newPass((*concatOperands).split)
)

// Concat joins parts of shape [rows, len(part)/rows] along the last axis in
// dst [rows, sum of the widths].
func Concat(dst []float32, rows int, parts [][]float32) {
	o := newConcat(parts, nil, rows, dst)
	concatPass.run(blockCount(rows, o.blockRows), o)
}

// Split is the inverse of Concat: it takes src [rows, sum of the widths] apart
// along the last axis. A nil part is skipped.
func Split(parts [][]float32, widths []int, rows int, src []float32) {
	o := newConcat(parts, widths, rows, src)
	splitPass.run(blockCount(rows, o.blockRows), o)
}

func newConcat(parts [][]float32, widths []int, rows int, whole []float32) concatOperands {
	width := len(whole) / max(rows, 1)
	return concatOperands{
		parts: parts, widths: widths, whole: whole,
		rows: rows, width: width, blockRows: max(1, vectorChunk/max(width, 1)),
	}
}

func (o *concatOperands) concat(task int) {
	from, to := blockRange(task, o.blockRows, o.rows)
	at := from * o.width
	for _, part := range o.parts {
		width := len(part) / o.rows
		copyColumns(o.whole[at:], o.width, part[from*width:], width, width, to-from)
		at += width
	}
}

func (o *concatOperands) split(task int) {
	from, to := blockRange(task, o.blockRows, o.rows)
	at := from * o.width
	for i, part := range o.parts {
		width := o.widths[i]
		if part != nil {
			copyColumns(part[from*width:], width, o.whole[at:], o.width, width, to-from)
		}
		at += width
	}
}

// copyColumns copies rows of width elements between matrices whose rows begin
// dstStride and srcStride elements apart.
func copyColumns(dst []float32, dstStride int, src []float32, srcStride, width, rows int) {
	if width < 8 { // a few elements cost less than a call of memmove
		for i := range width {
			for r, d, s := 0, i, i; r < rows; r, d, s = r+1, d+dstStride, s+srcStride {
				dst[d] = src[s]
			}
		}
		return
	}
	for r := range rows {
		copy(dst[r*dstStride:][:width], src[r*srcStride:][:width])
	}
}
