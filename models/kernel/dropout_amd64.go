//go:build amd64 && !noasm

package kernel

import "math/bits"

// maskTiers fill masks with the same bits on every tier.
var maskTiers = [...]func(mask []float32, hi, lo uint64, threshold uint64, scale float32){
	portable: fillMask,
	avx2:     fillMask, // which has no product of 64-bit integers
	avx512:   fillMaskVectors,
}

// fillMaskVectors is fillMask with the numbers of the generator dealt out to 8 lanes.
func fillMaskVectors(mask []float32, hi, lo uint64, threshold uint64, scale float32) {
	var high, low [8]uint64
	for i := range high {
		hi, lo = stepPCG(hi, lo)
		high[i], low[i] = hi, lo
	}
	fillMaskAVX512(mask, high[:], low[:], uint32(threshold), scale) // rate < 1, so it fits
}

// stepPCG returns the state of a rand.PCG after the given one.
func stepPCG(hi, lo uint64) (nextHi, nextLo uint64) {
	const (
		multiplierHi, multiplierLo = 2549297995355413924, 4865540595714422341
		incrementHi, incrementLo   = 6364136223846793005, 1442695040888963407
	)
	nextHi, nextLo = bits.Mul64(lo, multiplierLo)
	nextHi += hi*multiplierLo + lo*multiplierHi
	nextLo, carry := bits.Add64(nextLo, incrementLo, 0)
	nextHi, _ = bits.Add64(nextHi, incrementHi, carry)
	return nextHi, nextLo
}
