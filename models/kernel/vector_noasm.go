//go:build !amd64 || noasm

package kernel

// vectorTiers are the bodies of the elementwise kernels for each tier.
var vectorTiers = [...]vectorKernels{portable: portableVectors}
