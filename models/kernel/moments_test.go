package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestMoments(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g := newRand(t), newGuards(t)
			channels := rapid.SampledFrom([]int{1, 7, 16, 64, 72, 130}).Draw(t, "channels")
			pictures := rapid.IntRange(1, 4).Draw(t, "pictures")
			line, lines := rapid.IntRange(1, 30).Draw(t, "line"), rapid.IntRange(1, 24).Draw(t, "lines")
			bandLines := rapid.IntRange(1, lines).Draw(t, "lines in a band")
			k := newNormCase(g, rng, pictures*line*lines, channels, rapid.SampledFrom([]float64{0, 1, 1000}).Draw(t, "mean/deviation"))
			k.BatchNorm.Moments = NewMoments(channels)
			addBands(k.Moments, k.x, pictures, lines, bandLines, line)
			k.forward()
			k.compareForward(t, 1e-6)
			g.check()
		})
	})
}

// addBands calls add as a convolution does, the last band first.
func addBands(m *Moments, x []float32, pictures, lines, bandLines, line int) {
	m.begin(pictures, lines*line, bandLines*line)
	for picture := range pictures {
		bands := blockCount(lines, bandLines)
		for i := range bands {
			from, to := blockRange(bands-1-i, bandLines, lines)
			m.add(x, (picture*lines+from)*line, (picture*lines+to)*line)
		}
	}
}

// How a picture is shared out to tasks does not change a bit, as long as the bands are
// the same: whole pictures, or all of them at once.
func TestMomentsOfWholePictures(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		const pictures, rows, channels = 5, 676, 24
		x := make([]float32, pictures*rows*channels)
		fillNormal(rng, x)
		one, each := NewMoments(channels), NewMoments(channels)
		one.begin(pictures, rows, rows)
		one.add(x, 0, pictures*rows)
		each.begin(pictures, rows, rows)
		for i := range pictures {
			each.add(x, i*rows, (i+1)*rows)
		}
		compareBits(t, "sums", each.sums, one.sums)
		if one.blockRows > maxBlockRows {
			t.Errorf("blocks of %d rows, more than %d", one.blockRows, maxBlockRows)
		}
	})
}

// The moments do not depend on what another tensor left before.
func TestMomentsAreReused(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		m := NewMoments(16)
		mean, variance := make([]float64, 16), make([]float64, 16)
		for _, rows := range []int{3000, 20, 700} {
			x := make([]float32, rows*16)
			fillNormal(rng, x)
			m.begin(1, rows, rows)
			m.add(x, 0, rows)
			m.merge(0, mean, variance)
			wantMean, wantVariance := referenceStatistics(rows, 16, float64s(x))
			for c := range mean {
				if math.Abs(mean[c]-wantMean[c]) > 1e-6 || math.Abs(variance[c]-wantVariance[c]) > 1e-6 {
					t.Fatalf("%d rows: mean %v, variance %v, want %v, %v", rows, mean[c], variance[c], wantMean[c], wantVariance[c])
				}
			}
		}
	})
}

// The first rows, whose mean is the center, are far from all others: the sums may lose
// only what centerRows says.
func TestMomentsBadCenter(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		k := newNormCase(newGuards(t), rand.New(rand.NewPCG(7, 8)), maxBlockRows, 16, 0)
		for i := range k.x[:centerRows*16] {
			k.x[i] += 1e5
		}
		k.forward()
		k.compareForward(t, 2e-5)
	})
}

// Backward multiplies dx by the activation's derivative, and nothing else.
func TestBatchNormInputActivation(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g := newRand(t), newGuards(t)
			rows, channels := drawNormShape(t)
			k := newNormCase(g, rng, rows, channels, 0)
			act := drawActivation(t)
			Activate(k.x, g.copyOf(k.x), act)
			k.forward()
			k.backward()
			want, dgamma := g.copyOf(k.dx), g.copyOf(k.dgamma)
			ActivateBackward(want, k.x, want, act)
			k.InputActivation = act
			k.backward()
			compareBits(t, "dx", k.dx, want)
			compareBits(t, "dgamma", k.dgamma, dgamma)
			g.check()
		})
	})
}
