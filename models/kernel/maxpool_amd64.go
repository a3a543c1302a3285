//go:build amd64 && !noasm

package kernel

// poolTiers are the inner loops of MaxPool2D with windows of 2x2, for each tier but
// the portable one.
var poolTiers = [...]poolKernels{
	avx2: {
		lanes:         8,
		forward:       maxPoolRowAVX2,
		backward:      maxPoolGradientRowAVX2,
		normalize:     normalizePoolRowAVX2,
		gradientSum:   pooledGradientSumRowAVX2,
		inputGradient: pooledInputGradientRowAVX2,
	},
	avx512: {
		lanes:         16,
		forward:       maxPoolRowAVX512,
		backward:      maxPoolGradientRowAVX512,
		normalize:     normalizePoolRowAVX512,
		gradientSum:   pooledGradientSumRowAVX512,
		inputGradient: pooledInputGradientRowAVX512,
	},
}
