package kernel

import (
	"math"
	"math/rand/v2"
)

// dropoutBlock is the number of elements that one generator draws. It belongs to
// the definition of the masks: another value gives other masks.
const dropoutBlock = 4096

// DropoutMask fills mask for inputs that are dropped with probability rate, 0 <=
// rate < 1: each element is 0 if its input is dropped, else 1/(1-rate), so that the
// expectation is 1. The elements are independent, drawn with 32 random bits each,
// so that rate holds to 2^-32. An element is a function of seed, stream (the layer
// and step, say) and its index alone; a shorter mask is the beginning of a longer one.
func DropoutMask(mask []float32, rate float32, seed, stream uint64) {
	dropoutPass.run(blockCount(len(mask), dropoutBlock), dropoutOperands{
		mask:      mask,
		threshold: uint64(math.RoundToEven(float64(rate) * (1 << 32))),
		scale:     float32(1 / (1 - float64(rate))),
		seed:      seed,
		stream:    stream,
	})
}

type dropoutOperands struct {
	mask         []float32
	threshold    uint64 // 32 random bits below it drop an element
	scale        float32
	seed, stream uint64
}

var dropoutPass = newPass((*dropoutOperands).fillBlock)

func (o *dropoutOperands) fillBlock(block int) {
	from, to := blockRange(block, dropoutBlock, len(o.mask))
	hi, lo := blockSeed(o.seed, o.stream, uint64(block))
	maskTiers[active](o.mask[from:to], hi, lo, o.threshold, o.scale)
}

// blockSeed derives the state of a block's generator. Each word passes through the
// mixer before the next joins it, so that neighbouring seeds, streams and blocks,
// or two of them exchanged, give unrelated states; and as the mixer is a bijection,
// no two blocks of one seed share a state.
func blockSeed(seed, stream, block uint64) (hi, lo uint64) {
	hi = mix(mix(seed) + stream)
	return hi, mix(hi + block)
}

// mix is the output function of SplitMix64, a bijection in which each bit of the
// input changes about half of the output's.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// fillMask draws a mask from rand.NewPCG(hi, lo), two elements from each number. It
// chooses by arithmetic on the bits: a branch on a random bit would be mispredicted.
func fillMask(mask []float32, hi, lo uint64, threshold uint64, scale float32) {
	var source rand.PCG
	source.Seed(hi, lo)
	kept := math.Float32bits(scale)
	for ; len(mask) >= 2; mask = mask[2:] {
		r := source.Uint64()
		mask[0] = maskElement(r&math.MaxUint32, threshold, kept)
		mask[1] = maskElement(r>>32, threshold, kept)
	}
	if len(mask) == 1 {
		mask[0] = maskElement(source.Uint64()&math.MaxUint32, threshold, kept)
	}
}

// maskElement is 0 if random < threshold, else the number with the bits kept. Both
// are at most 2^32, so a negative difference has its upper half all ones.
func maskElement(random, threshold uint64, kept uint32) float32 {
	return math.Float32frombits(kept &^ uint32((random-threshold)>>32))
}
