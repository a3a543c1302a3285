package kernel

import "unsafe"

const quadWidth = 4

// quad is one row of a panel of the portable tier.
type quad [quadWidth]float32

// gemmPortable is gemm in plain Go.
func gemmPortable(c []float32, ldc, cols int, a []float32, o *operand, panel []float32, e *epilogue) {
	quads := quadsOf(panel, o.columns())
	for r := range o.rows {
		var sum quad
		if o.stride == 1 {
			dot(&sum, a[r*o.rowStride:], o, quads)
		} else {
			dotStrided(&sum, a[r*o.rowStride:], o, quads)
		}
		if out := c[r*ldc : r*ldc+cols]; cols == quadWidth {
			e.store((*quad)(out), &sum)
		} else {
			var part quad
			copy(part[:], out)
			e.store(&part, &sum)
			copy(out, part[:])
		}
	}
}

// dot sets sum to the product of one row of a left factor with stride 1 and a
// panel.
func dot(sum *quad, a []float32, o *operand, panel []quad) {
	var s0, s1, s2, s3 float32
	for segment := range o.segments {
		x := a[segment*o.segmentStride:][:o.length]
		s0, s1, s2, s3 = addDot(s0, s1, s2, s3, x, panel[segment*o.length:])
	}
	*sum = quad{s0, s1, s2, s3}
}

// dotStrided is dot for any stride.
func dotStrided(sum *quad, a []float32, o *operand, panel []quad) {
	var s0, s1, s2, s3 float32
	for segment := range o.segments {
		p := panel[segment*o.length:][:o.length]
		s0, s1, s2, s3 = addDotStrided(s0, s1, s2, s3, a[segment*o.segmentStride:], o.stride, p)
	}
	*sum = quad{s0, s1, s2, s3}
}

// addDot adds the product of x and the first len(x) rows of a panel to a row of
// sums. One row and four sums is the largest tile, and this the largest function,
// in which the compiler keeps everything in registers: what is stored and loaded
// again in every step delays the next.
//
//go:noinline
func addDot(s0, s1, s2, s3 float32, x []float32, panel []quad) (float32, float32, float32, float32) {
	panel = panel[:len(x)]
	for k, v := range x {
		q := &panel[k]
		s0 += v * q[0]
		s1 += v * q[1]
		s2 += v * q[2]
		s3 += v * q[3]
	}
	return s0, s1, s2, s3
}

// addDotStrided adds the product of len(panel) elements of x, stride apart, and a
// panel to a row of sums.
//
//go:noinline
func addDotStrided(s0, s1, s2, s3 float32, x []float32, stride int, panel []quad) (float32, float32, float32, float32) {
	i := 0
	for k := range panel {
		q, v := &panel[k], x[i]
		s0 += v * q[0]
		s1 += v * q[1]
		s2 += v * q[2]
		s3 += v * q[3]
		i += stride
	}
	return s0, s1, s2, s3
}

// store writes a row of a product to c.
func (e *epilogue) store(c, sum *quad) {
	s0, s1, s2, s3 := sum[0], sum[1], sum[2], sum[3]
	if e.accumulate {
		s0, s1, s2, s3 = s0+c[0], s1+c[1], s2+c[2], s3+c[3]
	}
	if e.bias != nil {
		b := (*quad)(e.bias)
		s0, s1, s2, s3 = s0+b[0], s1+b[1], s2+b[2], s3+b[3]
	}
	if a := e.activation; a != Linear {
		s0, s1, s2, s3 = a.of(s0), a.of(s1), a.of(s2), a.of(s3)
	}
	*c = quad{s0, s1, s2, s3}
}

// quadsOf views the first n rows of a panel as an array each, which spares the
// inner loops the bounds checks.
func quadsOf(panel []float32, n int) []quad {
	panel = panel[:n*quadWidth]
	return unsafe.Slice((*quad)(unsafe.Pointer(unsafe.SliceData(panel))), n)
}
