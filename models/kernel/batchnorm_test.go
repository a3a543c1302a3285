package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// normCase is a BatchNorm with all its operands, in guarded buffers.
type normCase struct {
	*BatchNorm
	rows                       int
	x, y, dx, dy               []float32
	gamma, beta, dgamma, dbeta []float32
	movingMean, movingVariance []float32
	mean, invStd               []float32
}

const (
	testEpsilon  = 1e-3
	testMomentum = 1 - 1./128 // exact as a float32
)

// newNormCase draws x with means of about ratio times the deviation.
func newNormCase(g *guards, rng *rand.Rand, rows, channels int, ratio float64) *normCase {
	n := rows * channels
	k := &normCase{
		BatchNorm: NewBatchNorm(channels, testEpsilon, testMomentum, new(Workspace)),
		rows:      rows,
		x:         g.floats(n), y: g.floats(n), dx: g.floats(n), dy: g.normal(rng, n),
		gamma: g.normal(rng, channels), beta: g.normal(rng, channels),
		dgamma: g.floats(channels), dbeta: g.floats(channels),
		movingMean: g.normal(rng, channels), movingVariance: g.normal(rng, channels),
		mean: g.floats(channels), invStd: g.floats(channels),
	}
	for c := range channels {
		k.movingVariance[c] = 1 + k.movingVariance[c]*k.movingVariance[c]
		deviation := math.Exp(rng.NormFloat64())
		mean := ratio * deviation * (1 + .3*rng.NormFloat64())
		for r := range rows {
			k.x[r*channels+c] = float32(mean + deviation*rng.NormFloat64())
		}
	}
	return k
}

func (k *normCase) forward() {
	k.ForwardTraining(k.rows, k.y, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance, k.mean, k.invStd)
}

func (k *normCase) backward() {
	k.Backward(k.rows, k.dx, k.dgamma, k.dbeta, k.x, k.gamma, k.mean, k.invStd, k.dy)
}

// referenceStatistics are the mean and the population variance of each channel.
func referenceStatistics(rows, channels int, x []float64) (mean, variance []float64) {
	mean, variance = make([]float64, channels), make([]float64, channels)
	for i, v := range x {
		mean[i%channels] += v / float64(rows)
	}
	for i, v := range x {
		d := v - mean[i%channels]
		variance[i%channels] += d * d / float64(rows)
	}
	return mean, variance
}

func referenceInvStd(variance []float64) []float64 {
	invStd := make([]float64, len(variance))
	for c, v := range variance {
		invStd[c] = 1 / math.Sqrt(v+testEpsilon)
	}
	return invStd
}

// referenceNormalize is (x-mean)*invStd*gamma + beta. The magnitudes count an x one
// deviation from the mean: close to it, only that much is known.
func referenceNormalize(x, mean, invStd, gamma, beta []float64) []sum {
	y := make([]sum, len(x))
	for i, v := range x {
		c := i % len(mean)
		y[i].add((v - mean[c]) * invStd[c] * gamma[c])
		y[i].add(beta[c])
		y[i].magnitude += math.Abs(gamma[c])
	}
	return y
}

// compareForward compares what forward wrote with the reference: errors relative to
// the deviation and the mean for the statistics, but for y to its terms alone,
// however large the mean is.
func (k *normCase) compareForward(t rapid.TB, tolerance float64) {
	t.Helper()
	x := float64s(k.x)
	mean, variance := referenceStatistics(k.rows, k.channels, x)
	invStd := referenceInvStd(variance)
	wantMean, wantInvStd := make([]sum, k.channels), make([]sum, k.channels)
	for c := range k.channels {
		wantMean[c] = sum{mean[c], math.Abs(mean[c]) + math.Sqrt(variance[c])}
		wantInvStd[c] = sum{invStd[c], invStd[c]}
	}
	compareSums(t, "mean", k.mean, wantMean, tolerance)
	compareSums(t, "invStd", k.invStd, wantInvStd, tolerance)
	compareSums(t, "y", k.y, referenceNormalize(x, mean, invStd, float64s(k.gamma), float64s(k.beta)), tolerance)
}

func drawNormShape(t *rapid.T) (rows, channels int) {
	channels = rapid.SampledFrom([]int{1, 2, 3, 15, 16, 17, 31, 33, 64, 128, 512, 784}).Draw(t, "channels")
	return rapid.IntRange(1, min(700, 30000/channels)).Draw(t, "rows"), channels
}

func TestBatchNormForwardTraining(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g := newRand(t), newGuards(t)
			rows, channels := drawNormShape(t)
			ratio := rapid.SampledFrom([]float64{0, 1, 1000}).Draw(t, "mean/deviation")
			k := newNormCase(g, rng, rows, channels, ratio)
			wantMovingMean, wantMovingVariance := float64s(k.movingMean), float64s(k.movingVariance)
			k.forward()
			k.compareForward(t, 1e-6)
			mean, variance := referenceStatistics(rows, channels, float64s(k.x))
			for c := range channels {
				wantMovingMean[c] += (mean[c] - wantMovingMean[c]) * (1 - testMomentum)
				wantMovingVariance[c] += (variance[c] - wantMovingVariance[c]) * (1 - testMomentum)
			}
			compareFloats(t, "moving mean", k.movingMean, wantMovingMean, 1e-6)
			compareFloats(t, "moving variance", k.movingVariance, wantMovingVariance, 1e-6)
			g.check()
		})
	})
}

// At the size of a convolution's output, with means a thousand times the deviation,
// sums of squares without care would leave no digit of the variance.
func TestBatchNormLargeMean(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rows := 64 * 26 * 26
		if testing.Short() {
			rows /= 4
		}
		for _, channels := range []int{1, 16} {
			for seed := range uint64(5) {
				g := newGuards(t)
				k := newNormCase(g, rand.New(rand.NewPCG(5, seed)), rows, channels, 1000)
				k.forward()
				k.compareForward(t, 2e-7)
				g.check()
			}
		}
	})
}

// One far value in a block would spoil sums of deviations from the block's first row.
func TestBatchNormOutlier(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng, g := rand.New(rand.NewPCG(7, 8)), newGuards(t)
		k := newNormCase(g, rng, 3000, 4, 1)
		for c := range 4 {
			k.x[c] = 1e4
		}
		k.forward()
		k.compareForward(t, 1e-6)
	})
}

func TestBatchNormConstantChannel(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		g := newGuards(t)
		k := newNormCase(g, rand.New(rand.NewPCG(7, 8)), 1000, 3, 0)
		for i := range k.x {
			k.x[i] = 12345.678
		}
		k.forward()
		for i, y := range k.y {
			if want := k.beta[i%3]; math.Abs(float64(y-want)) > 1e-6 {
				t.Fatalf("y[%d] = %v, want beta = %v", i, y, want)
			}
		}
		compareFloats(t, "invStd", k.invStd, referenceInvStd(make([]float64, 3)), 1e-6)
	})
}

// Rounded sums that contradict each other must not make a variance negative.
func TestBatchNormVarianceIsNotNegative(t *testing.T) {
	const rows = 50
	m := NewMoments(1)
	m.begin(1, rows, rows)
	copy(m.sums, []float32{0, rows * 1000, float32(rows * 1000 * 1000 * (1 - 1e-6))})
	mean, variance := make([]float64, 1), make([]float64, 1)
	m.merge(0, mean, variance)
	if mean[0] != 1000 || variance[0] != 0 {
		t.Errorf("mean %v, variance %v, want 1000 and 0", mean[0], variance[0])
	}
}

func TestBatchNormNaN(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		k := newNormCase(newGuards(t), rand.New(rand.NewPCG(7, 8)), 600, 5, 0)
		k.x[402*5+3] = float32(math.NaN())
		k.forward()
		for i, y := range k.y {
			if isNaN := y != y; isNaN != (i%5 == 3) {
				t.Fatalf("y[%d] = %v after a NaN in channel 3", i, y)
			}
		}
	})
}

func TestBatchNormForwardInference(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g := newRand(t), newGuards(t)
			rows, channels := drawNormShape(t)
			k := newNormCase(g, rng, rows, channels, 1)
			movingMean, movingVariance := append([]float32(nil), k.movingMean...), append([]float32(nil), k.movingVariance...)
			k.ForwardInference(rows, k.y, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance)
			want := referenceNormalize(float64s(k.x), float64s(movingMean), referenceInvStd(float64s(movingVariance)),
				float64s(k.gamma), float64s(k.beta))
			compareSums(t, "y", k.y, want, 3e-7)
			compareBits(t, "moving mean", k.movingMean, movingMean)
			compareBits(t, "moving variance", k.movingVariance, movingVariance)
			k.ForwardInference(rows, k.x, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance)
			compareBits(t, "y in place", k.x, k.y)
			g.check()
		})
	})
}

// referenceNormGradient is the gradient of the sum of dy*y, y as ForwardTraining
// writes it. The magnitudes count the mean apart from x, because Backward has it
// rounded to float32.
func referenceNormGradient(rows, channels int, x, dy, gamma []float64) (dx, dgamma, dbeta []sum) {
	mean, variance := referenceStatistics(rows, channels, x)
	invStd := referenceInvStd(variance)
	dx, dgamma, dbeta = make([]sum, len(x)), make([]sum, channels), make([]sum, channels)
	xhat := func(i int) sum {
		c := i % channels
		value := (x[i] - mean[c]) * invStd[c]
		return sum{value, math.Abs(value) + math.Abs(mean[c])*invStd[c]}
	}
	for i, d := range dy {
		c, h := i%channels, xhat(i)
		dbeta[c].add(d)
		dgamma[c].value += d * h.value
		dgamma[c].magnitude += math.Abs(d) * h.magnitude
	}
	for i, d := range dy {
		c, h := i%channels, xhat(i)
		scale := gamma[c] * invStd[c]
		dx[i].add(scale * d)
		dx[i].value -= scale * (dbeta[c].value + h.value*dgamma[c].value) / float64(rows)
		dx[i].magnitude += math.Abs(scale) * (dbeta[c].magnitude + h.magnitude*math.Abs(dgamma[c].value) +
			math.Abs(h.value)*dgamma[c].magnitude) / float64(rows)
	}
	return dx, dgamma, dbeta
}

func TestBatchNormBackward(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g := newRand(t), newGuards(t)
			rows, channels := drawNormShape(t)
			ratio := rapid.SampledFrom([]float64{0, 1, 1000}).Draw(t, "mean/deviation")
			k := newNormCase(g, rng, rows, channels, ratio)
			k.forward()
			dy := append([]float32(nil), k.dy...)
			k.backward()
			dx, dgamma, dbeta := referenceNormGradient(rows, channels, float64s(k.x), float64s(dy), float64s(k.gamma))
			compareSums(t, "dgamma", k.dgamma, dgamma, 1e-6)
			compareSums(t, "dbeta", k.dbeta, dbeta, 1e-6)
			compareSums(t, "dx", k.dx, dx, 1e-6)
			compareBits(t, "dy", k.dy, dy)

			withDx := append([]float32(nil), k.dgamma...)
			k.Backward(rows, nil, k.dgamma, k.dbeta, k.x, k.gamma, k.mean, k.invStd, k.dy)
			compareBits(t, "dgamma without dx", k.dgamma, withDx)
			k.Backward(rows, k.dy, k.dgamma, k.dbeta, k.x, k.gamma, k.mean, k.invStd, k.dy)
			compareBits(t, "dx in place of dy", k.dy, k.dx)
			g.check()
		})
	})
}

// The backward kernel against finite differences of the float64 forward reference.
func TestBatchNormBackwardFiniteDifferences(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng, g := rand.New(rand.NewPCG(9, 10)), newGuards(t)
		const rows, channels, step = 9, 5, 1e-5
		k := newNormCase(g, rng, rows, channels, 1)
		k.forward()
		k.backward()
		x, gamma, beta := float64s(k.x), float64s(k.gamma), float64s(k.beta)
		loss := func() float64 {
			mean, variance := referenceStatistics(rows, channels, x)
			total := 0.0
			for i, y := range referenceNormalize(x, mean, referenceInvStd(variance), gamma, beta) {
				total += float64(k.dy[i]) * y.value
			}
			return total
		}
		differences := func(parameters []float64) []float64 {
			slopes := make([]float64, len(parameters))
			for i, v := range parameters {
				parameters[i] = v + step
				up := loss()
				parameters[i] = v - step
				slopes[i] = (up - loss()) / (2 * step)
				parameters[i] = v
			}
			return slopes
		}
		compareFloats(t, "dx", k.dx, differences(x), 2e-5)
		compareFloats(t, "dgamma", k.dgamma, differences(gamma), 2e-5)
		compareFloats(t, "dbeta", k.dbeta, differences(beta), 2e-5)
	})
}

func TestBatchNormWorkers(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		for _, shape := range []struct{ rows, channels int }{{3000, 64}, {64, 784}, {5, 17}} {
			var first *normCase
			forWorkers(func(workers int) {
				g := newGuards(t)
				k := newNormCase(g, rand.New(rand.NewPCG(11, 12)), shape.rows, shape.channels, 10)
				k.forward()
				k.backward()
				if workers == 1 {
					first = k
				}
				compareBits(t, "y", k.y, first.y)
				compareBits(t, "mean", k.mean, first.mean)
				compareBits(t, "invStd", k.invStd, first.invStd)
				compareBits(t, "moving variance", k.movingVariance, first.movingVariance)
				compareBits(t, "dx", k.dx, first.dx)
				compareBits(t, "dgamma", k.dgamma, first.dgamma)
				compareBits(t, "dbeta", k.dbeta, first.dbeta)
			})
		}
	})
}

func BenchmarkBatchNorm(b *testing.B) {
	for _, s := range []struct{ rows, channels int }{
		{64 * 26 * 26, 64}, {64 * 24 * 24, 64}, {64 * 10 * 10, 64}, {64, 512}, {64, 784},
		{64 * 26 * 26, 128}, {64 * 24 * 24, 128}, {64 * 10 * 10, 128}, {64 * 28 * 28, 128},
	} {
		k := newNormCase(newGuards(b), rand.New(rand.NewPCG(1, 2)), s.rows, s.channels, 1)
		bytes := 4 * s.rows * s.channels
		for _, pass := range []struct {
			name  string
			moved int
			run   func()
		}{
			{"training", 3 * bytes, k.forward},
			{"inference", 2 * bytes, func() {
				k.ForwardInference(k.rows, k.y, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance)
			}},
			{"backward", 5 * bytes, k.backward},
		} {
			b.Run(fmt.Sprintf("%s/%dx%d", pass.name, s.rows, s.channels), func(b *testing.B) {
				for b.Loop() {
					pass.run()
				}
				reportBandwidth(b, pass.moved)
			})
		}
	}
}
