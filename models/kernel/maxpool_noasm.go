//go:build !amd64 || noasm

package kernel

// poolTiers are the inner loops of MaxPool2D for each tier but the portable one: none.
var poolTiers [1]poolKernels
