//go:build !amd64 || noasm

package kernel

// maskTiers fill masks with the same bits on every tier.
var maskTiers = [...]func(mask []float32, hi, lo uint64, threshold uint64, scale float32){portable: fillMask}
