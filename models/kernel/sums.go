package kernel

// addVector sets dst to a + b. No assembly: what it adds up is short, and a call through
// a tier's table would move callers' arrays to the heap.
func addVector(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, v := range a {
		dst[i] = v + b[i]
	}
}

// columnBlock is how many rows addColumns adds up before it adds them to the rest.
const columnBlock = 32

// addColumns adds the sums of the columns of m [rows, len(sums)], whose rows are ld
// apart, to sums. block is scratch of the same length.
func addColumns(sums, block, m []float32, rows, ld int) {
	for first := 0; first < rows; first += columnBlock {
		clear(block)
		if readable(len(block)) {
			addRows(block, m[first*ld:], min(columnBlock, rows-first), ld)
			addVector(sums, sums, block)
			continue
		}
		for r := first; r < min(rows, first+columnBlock); r++ {
			addVector(block, block, m[r*ld:r*ld+len(block)])
		}
		addVector(sums, sums, block)
	}
}

// partialSums are vectors of the length of dst that follow each other.
type partialSums struct {
	dst, partials []float32
	count         int
}

var partialsPass = newPass((*partialSums).addChunk)

// addPartials sets dst to the sum of count vectors, added in their order.
func addPartials(dst, partials []float32, count int) {
	partialsPass.run(blockCount(len(dst), vectorChunk), partialSums{dst, partials, count})
}

func (p *partialSums) addChunk(task int) {
	from, to := blockRange(task, vectorChunk, len(p.dst))
	dst := p.dst[from:to]
	if readable(len(dst)) {
		sumParts(dst, p.partials[from:], len(p.dst), p.count)
		return
	}
	clear(dst)
	for i := range p.count {
		addVector(dst, dst, p.partials[i*len(p.dst)+from:])
	}
}

// one, read with stride 0, is a factor of ones: products with it are sums.
var one = []float32{1}

// sumParts sets dst to the sum of count vectors that begin stride floats apart. dst may
// be the first of them. The length is a multiple of the vector's.
func sumParts(dst, parts []float32, stride, count int) {
	width := active.panelWidth()
	for from := 0; from < len(dst); from += width {
		active.multiply(&gemmArgs{
			c: dst[from:], a: one, b: parts[from:],
			rows: 1, k: count, segments: 1, bStride: stride, slope: Linear,
		}, min(width, len(dst)-from), true)
	}
}

// addRows adds the rows of m, which are ld apart, to dst, whose length is a multiple of
// the vector's.
func addRows(dst, m []float32, rows, ld int) {
	width := active.panelWidth()
	for from := 0; from < len(dst); from += width {
		active.multiply(&gemmArgs{
			c: dst[from:], a: one, b: m[from:], addend: dst[from:],
			rows: 1, k: rows, segments: 1, bStride: ld, slope: Linear,
		}, min(width, len(dst)-from), true)
	}
}
