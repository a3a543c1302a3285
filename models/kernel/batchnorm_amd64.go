//go:build amd64 && !noasm

package kernel

// rowTiers are the inner loops of BatchNorm for each tier.
var rowTiers = [...]rowKernels{
	portable: portableRows,
	avx2: {
		sum:           sumRowsAVX2,
		deviation:     deviationRowsAVX2,
		gradientSum:   gradientSumRowsAVX2,
		normalize:     normalizeRowsAVX2,
		inputGradient: inputGradientRowsAVX2,
	},
	avx512: {
		sum:           sumRowsAVX512,
		deviation:     deviationRowsAVX512,
		gradientSum:   gradientSumRowsAVX512,
		normalize:     normalizeRowsAVX512,
		inputGradient: inputGradientRowsAVX512,
	},
}
