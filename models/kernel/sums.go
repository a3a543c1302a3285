package kernel

// columnBlock is how many rows addColumns adds up before it adds them to the rest.
const columnBlock = 32

// addColumns adds the sums of the columns of m [rows, len(sums)], whose rows are ld
// apart, to sums. block is scratch of the same length.
func addColumns(sums, block, m []float32, rows, ld int) {
	for first := 0; first < rows; first += columnBlock {
		clear(block)
		for r := first; r < min(rows, first+columnBlock); r++ {
			addVector(block, block, m[r*ld:r*ld+len(block)], 0, 0)
		}
		addVector(sums, sums, block, 0, 0)
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
	clear(dst)
	for i := range p.count {
		addVector(dst, dst, p.partials[i*len(p.dst)+from:], 0, 0)
	}
}
