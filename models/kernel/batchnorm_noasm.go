//go:build !amd64 || noasm

package kernel

// rowTiers are the inner loops of BatchNorm for each tier.
var rowTiers = [...]rowKernels{portable: portableRows}
