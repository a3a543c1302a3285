package kernel

// A tileProduct is the product of a matrix of tiles [rows, k] and one of filters
// [k, columns], which is in panels; the last panel is not filled up.
type tileProduct struct {
	rows, k, columns int
	bias             []float32 // for each column, or nil
	next             []float32 // what is prefetched
	nextStride       int
}

// prefetch makes one of count products prefetch its part of x, if its steps suffice.
func (p *tileProduct) prefetch(x []float32, product, count int) {
	steps := blockCount(p.rows, tileRows) * p.k * blockCount(p.columns, panelWidth())
	from, to := len(x)*product/count, len(x)*(product+1)/count
	p.next, p.nextStride = x[from:to], min(4*alignment, blockCount(4*(to-from), steps))
}

// compute writes c = a b + bias.
func (p *tileProduct) compute(c, a, b []float32) {
	for from := 0; from < p.columns; from += panelWidth() {
		n := min(panelWidth(), p.columns-from)
		bias := p.bias
		if bias != nil {
			bias = bias[from:]
		}
		active.multiply(&gemmArgs{
			c: c[from:], a: a, b: b[from*p.k:], addend: bias,
			next: p.next[len(p.next)*from/p.columns:], nextStride: p.nextStride,
			rows: p.rows, k: p.k, segments: 1,
			aStride: p.k, bStride: n, cStride: p.columns, slope: Linear,
		}, n, false)
	}
}
