package kernel

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestDropoutMask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGuards(t)
		n := rapid.IntRange(0, 3*dropoutBlock).Draw(t, "length")
		rate := float32(rapid.Float64Range(0, .999).Draw(t, "rate"))
		seed, stream := rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "stream")
		mask := g.floats(n)
		DropoutMask(mask, rate, seed, stream)
		kept := float32(1 / (1 - float64(rate)))
		for i, m := range mask {
			if m != 0 && m != kept || math.Signbit(float64(m)) {
				t.Fatalf("mask[%d] = %v, want 0 or %v", i, m, kept)
			}
		}
		prefix := g.floats(rapid.IntRange(0, n).Draw(t, "shorter"))
		DropoutMask(prefix, rate, seed, stream)
		compareBits(t, "shorter mask", prefix, mask[:len(prefix)])
		g.check()
	})
}

// dropped tells for each element of a mask whether it drops its input.
func dropped(n int, rate float32, seed, stream uint64) []bool {
	mask := make([]float32, n)
	DropoutMask(mask, rate, seed, stream)
	drops := make([]bool, n)
	for i, m := range mask {
		drops[i] = m == 0
	}
	return drops
}

func TestDropoutMaskRate(t *testing.T) {
	const n = 400_000
	for _, rate := range []float32{0, .001, .1, .25, .5, .9, .999, 1 - 1./(1<<24)} {
		count := 0.0
		for _, d := range dropped(n, rate, 1, 2) {
			if d {
				count++
			}
		}
		p := float64(rate)
		if limit := 4*math.Sqrt(n*p*(1-p)) + .001*n*p*(1-p); math.Abs(count-n*p) > limit {
			t.Errorf("rate %v dropped %v of %v, more than %.0f away", rate, count, n, limit)
		}
	}
}

// Masks of neighbouring seeds, streams and blocks, and shifts of one mask, must not
// have anything to do with each other.
func TestDropoutMaskIndependence(t *testing.T) {
	const n = 64 * dropoutBlock
	base := dropped(n, .5, 3, 4)
	for _, other := range []struct {
		name         string
		seed, stream uint64
		shift        int
	}{
		{"next stream", 3, 5, 0},
		{"next seed", 4, 4, 0},
		{"seed and stream exchanged", 4, 3, 0},
		{"far stream", 3, 4 << 32, 0},
		{"next element", 3, 4, 1},
		{"element after next", 3, 4, 2},
		{"next block", 3, 4, dropoutBlock},
		{"next stream, next block", 3, 5, dropoutBlock},
		{"next seed, next block", 4, 4, dropoutBlock},
	} {
		second := dropped(n+other.shift, .5, other.seed, other.stream)[other.shift:]
		equal := 0
		for i, d := range base {
			if d == second[i] {
				equal++
			}
		}
		if away := math.Abs(float64(equal) - n/2); away > 4*math.Sqrt(n)/2 {
			t.Errorf("%s: %d of %d elements are equal", other.name, equal, n)
		}
	}
}

// The masks belong to the promise that a seed names a run: they must never change.
func TestDropoutMaskIsFixed(t *testing.T) {
	const n = dropoutBlock + 32
	drops := dropped(n, .5, 20, 30)
	pattern := func(drops []bool) (bits uint32) {
		for i, d := range drops {
			if d {
				bits |= 1 << i
			}
		}
		return bits
	}
	if first, second := pattern(drops[:32]), pattern(drops[dropoutBlock:]); first != 0xc0089bad || second != 0xec8d5fb8 {
		t.Errorf("masks of the first two blocks begin with %#x, %#x, want 0xc0089bad, 0xec8d5fb8", first, second)
	}
}

func TestDropoutMaskWorkers(t *testing.T) {
	var first []float32
	forWorkers(func(workers int) {
		mask := make([]float32, 7*dropoutBlock+3)
		DropoutMask(mask, .3, 1, 2)
		if workers == 1 {
			first = mask
		}
		compareBits(t, "mask", mask, first)
	})
}

func BenchmarkDropoutMask(b *testing.B) {
	for _, features := range []int{512, 1568, 2352} {
		mask := make([]float32, 64*features)
		b.Run(fmt.Sprintf("64x%d", features), func(b *testing.B) {
			for b.Loop() {
				DropoutMask(mask, .5, 1, 2)
			}
			reportBandwidth(b, 4*len(mask))
		})
	}
}

// The masks are the same on every tier: a run that another machine repeats has them too.
func TestDropoutMaskTiers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newGuards(t)
		n := rapid.IntRange(0, 2*dropoutBlock+40).Draw(t, "n")
		rate := float32(rapid.Float64Range(0, .99999).Draw(t, "rate"))
		seed, stream := rapid.Uint64().Draw(t, "seed"), rapid.Uint64().Draw(t, "stream")
		defer func(old tier) { active = old }(active)
		active = portable
		want := g.floats(n)
		DropoutMask(want, rate, seed, stream)
		for _, active = range supportedTiers() {
			mask := g.floats(n)
			DropoutMask(mask, rate, seed, stream)
			compareBits(t, "mask of "+active.String(), mask, want)
		}
		g.check()
	})
}
