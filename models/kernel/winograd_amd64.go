//go:build amd64 && !noasm

package kernel

func (t tier) winogradInput(args *winogradArgs) {
	switch t {
	case avx512:
		winogradInputAVX512(args)
	case avx2:
		winogradInputAVX2(args)
	default:
		winogradInputGeneric(args)
	}
}

func (t tier) winogradOutput(args *winogradArgs) {
	switch t {
	case avx512:
		winogradOutputAVX512(args)
	case avx2:
		winogradOutputAVX2(args)
	default:
		winogradOutputGeneric(args)
	}
}

func (t tier) winogradOutputGrad(args *winogradArgs) {
	switch t {
	case avx512:
		winogradOutputGradAVX512(args)
	case avx2:
		winogradOutputGradAVX2(args)
	default:
		winogradOutputGradGeneric(args)
	}
}

func (t tier) winogradInputGrad(args *winogradArgs) {
	switch t {
	case avx512:
		winogradInputGradAVX512(args)
	case avx2:
		winogradInputGradAVX2(args)
	default:
		winogradInputGradGeneric(args)
	}
}

func (t tier) winogradFilter(args *winogradFilterArgs) {
	switch t {
	case avx512:
		winogradFilterAVX512(args)
	case avx2:
		winogradFilterAVX2(args)
	default:
		winogradFilterGeneric(args)
	}
}

func (t tier) winogradFilterGrad(args *winogradFilterArgs) {
	switch t {
	case avx512:
		winogradFilterGradAVX512(args)
	case avx2:
		winogradFilterGradAVX2(args)
	default:
		winogradFilterGradGeneric(args)
	}
}
