package kernel

// transposeArgs are the arguments of the transposition: dst [columns, rows] and src
// [rows, columns], with rows that are so many floats apart.
type transposeArgs struct {
	dst, src             []float32
	rows, columns        int
	dstStride, srcStride int
}

// transposeGeneric is the meaning of transposeAVX2.
func transposeGeneric(a *transposeArgs) {
	const block = 16 // of rows: they stay in the cache while dst is written in order
	for first := 0; first < a.rows; first += block {
		last := min(a.rows, first+block)
		for j := range a.columns {
			line := a.dst[j*a.dstStride:]
			for i := first; i < last; i++ {
				line[i] = a.src[i*a.srcStride+j]
			}
		}
	}
}

// transpose writes the transpose of src [rows, cols], whose rows are ld apart, to dst
// [cols, rows], whose rows are ldDst apart.
func transpose(dst []float32, ldDst int, src []float32, rows, cols, ld int) {
	a := transposeArgs{dst: dst, src: src, rows: rows, columns: cols, dstStride: ldDst, srcStride: ld}
	if rows%8 == 0 && cols%8 == 0 && rows*cols > 0 {
		active.transpose(&a)
	} else {
		transposeGeneric(&a)
	}
}
