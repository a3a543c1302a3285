package kernel

import "unsafe"

// All convolutions and dense layers, forward and backward, are driven by one
// micro kernel, gemm: the product of a left factor that is read where it lies, by
// strides, and a right factor that was copied into panels.

// panelWidth is how many columns of a right factor a panel holds. A panel of k
// rows is k*panelWidth consecutive floats; panels of one factor follow each
// other, and the last is filled up with zeros.
const panelWidth = 4

// quad is one row of a panel.
type quad [panelWidth]float32

// operand tells how a left factor lies in memory. Its columns come in segments:
// element (r, s*length+k) is at r*rowStride + s*segmentStride + k*stride.
type operand struct {
	rows, rowStride         int
	segments, segmentStride int
	length, stride          int
}

// columns returns the depth of the product: the number of rows of a panel.
func (o *operand) columns() int { return o.segments * o.length }

// epilogue is what happens to a product p on its way to memory:
// c = activation(p + c if accumulate + bias).
type epilogue struct {
	accumulate bool
	bias       []float32 // a row of a panel; nil: none
	activation Activation
}

// gemm multiplies the left factor at a with one panel: for each row r and each
// column j < cols <= panelWidth,
//
//	c[r*ldc+j] = epilogue(sum over i < o.columns() of a(r, i) * panel[i*panelWidth+j])
//
// The sum starts at zero and is taken in the order of i.
func gemm(c []float32, ldc, cols int, a []float32, o *operand, panel []float32, e *epilogue) {
	quads := quadsOf(panel, o.columns())
	for r := range o.rows {
		var sum quad
		if o.stride == 1 {
			dot(&sum, a[r*o.rowStride:], o, quads)
		} else {
			dotStrided(&sum, a[r*o.rowStride:], o, quads)
		}
		if out := c[r*ldc : r*ldc+cols]; cols == panelWidth {
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
	panel = panel[:n*panelWidth]
	return unsafe.Slice((*quad)(unsafe.Pointer(unsafe.SliceData(panel))), n)
}

// panelsSize returns the floats that the panels of a factor [rows, cols] take.
func panelsSize(rows, cols int) int { return rows * roundUp(cols, panelWidth) }

// packPanels copies src [rows, cols], whose rows are ld apart, into panels.
func packPanels(dst, src []float32, rows, cols, ld int) {
	whole := cols / panelWidth
	for r := range rows {
		row := src[r*ld : r*ld+cols]
		for p := range whole {
			*(*quad)(dst[(p*rows+r)*panelWidth:]) = quad(row[p*panelWidth:])
		}
		if rest := row[whole*panelWidth:]; len(rest) > 0 {
			var last quad
			copy(last[:], rest)
			*(*quad)(dst[(whole*rows+r)*panelWidth:]) = last
		}
	}
}

// packTransposed copies the transpose of src [cols, rows], whose rows are ld
// apart, into one panel; cols <= panelWidth.
func packTransposed(panel, src []float32, rows, cols, ld int) {
	panel = panel[:rows*panelWidth]
	if cols < panelWidth {
		clear(panel)
	}
	for j := range cols {
		for r, v := range src[j*ld : j*ld+rows] {
			panel[r*panelWidth+j] = v
		}
	}
}
