//go:build amd64 && !noasm

package kernel

// vectorTiers are the bodies of the elementwise kernels for each tier.
var vectorTiers = [...]vectorKernels{
	portable: portableVectors,
	avx2: {
		relu:       reluVectorAVX2,
		leaky:      leakyVectorAVX2,
		derivative: derivativeVectorAVX2,
		mul:        mulVectorAVX2,
		descend:    descendVectorAVX2,
		momentum:   momentumVectorAVX2,
	},
	avx512: {
		relu:       reluVectorAVX512,
		leaky:      leakyVectorAVX512,
		derivative: derivativeVectorAVX512,
		mul:        mulVectorAVX512,
		descend:    descendVectorAVX512,
		momentum:   momentumVectorAVX512,
	},
}
