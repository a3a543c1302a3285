//go:build amd64 && !noasm

package kernel

// multiplyVectors runs the kernel for rows of that many vectors.
func (t tier) multiplyVectors(args *gemmArgs, vectors int, transposed bool) {
	if t == avx512 {
		multiplyAVX512(args, vectors, transposed)
	} else {
		multiplyAVX2(args, vectors, transposed)
	}
}

func multiplyAVX512(args *gemmArgs, vectors int, transposed bool) {
	switch {
	case !transposed && vectors == 4:
		gemmAVX512x4(args)
	case !transposed && vectors == 2:
		gemmAVX512x2(args)
	case !transposed:
		gemmAVX512x1(args)
	case vectors == 4:
		gemmTAVX512x4(args)
	case vectors == 2:
		gemmTAVX512x2(args)
	default:
		gemmTAVX512x1(args)
	}
}

func multiplyAVX2(args *gemmArgs, vectors int, transposed bool) {
	switch {
	case !transposed && vectors == 2:
		gemmAVX2x2(args)
	case !transposed:
		gemmAVX2x1(args)
	case vectors == 2:
		gemmTAVX2x2(args)
	default:
		gemmTAVX2x1(args)
	}
}
