package kernel

// multiplyGeneric is the meaning of the assembly kernels gemm... and gemmT...
// (transposed).
func multiplyGeneric(args *gemmArgs, columns int, transposed bool) {
	p := args
	row, step := p.aStride, 1
	if transposed {
		row, step = 1, p.aStride
	}
	for i := range p.rows {
		c := p.c[i*p.cStride:][:columns]
		var buffer [maxPanelWidth]float32 // c may be the addend
		sums := buffer[:columns]
		a, b := i*row, 0
		for range p.segments {
			for range p.k {
				x := p.a[a]
				for j, w := range p.b[b:][:columns] {
					sums[j] += x * w
				}
				a += step
				b += p.bStride
			}
			a += p.aSkip
		}
		for j, v := range sums {
			if p.addend != nil {
				v += p.addend[i*p.addendStride+j]
			}
			c[j] = p.slope.of(v)
		}
	}
}
