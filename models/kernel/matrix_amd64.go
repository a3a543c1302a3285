//go:build amd64 && !noasm

package kernel

func (t tier) transpose(args *transposeArgs) {
	if t == portable {
		transposeGeneric(args)
	} else {
		transposeAVX2(args)
	}
}

func (t tier) derivative(args *derivativeArgs) {
	switch t {
	case avx512:
		derivativeAVX512(args)
	case avx2:
		derivativeAVX2(args)
	default:
		derivativeGeneric(args)
	}
}
