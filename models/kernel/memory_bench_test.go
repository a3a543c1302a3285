package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// Benchmarks of the kernels that memory bounds, at the models' sizes for batches of 64.
// Each reports its share of the rate of a copy that alternates with it.

// measureTraffic reports the fastest run of a kernel that moves so many bytes. Others
// may use the machine: the mean says little. The copies before each run take other
// memory each time, so that the kernel finds its operands as cold as in a training step.
func measureTraffic(b *testing.B, bytes int, run func()) {
	fastest, copying := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for i := 0; b.Loop(); i++ {
		for range 4 {
			c := cold[i%len(cold)]
			start := time.Now()
			Activate(c[:len(c)/2], c[len(c)/2:], Linear)
			copying = min(copying, time.Since(start))
			i++
		}
		start := time.Now()
		run()
		fastest = min(fastest, time.Since(start))
	}
	rate, copyRate := float64(bytes)/fastest.Seconds(), float64(4*len(cold[0]))/copying.Seconds()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(fastest.Seconds()*1e3, "min-ms")
	b.ReportMetric(rate/1e9, "GB/s")
	b.ReportMetric(rate/copyRate, "of-copy")
}

// cold is more memory than caches hold.
var cold = func() (c [10][]float32) {
	for i := range c {
		c[i] = alignedFloats(2 * 64 * 26 * 26 * 64)
		for j := range c[i] {
			c[i][j] = 1
		}
	}
	return c
}()

func eachTier(b *testing.B, run func(b *testing.B)) {
	for _, tr := range supportedTiers() {
		b.Run(tr.String(), func(b *testing.B) {
			defer func(old tier) { active = old }(active)
			active = tr
			run(b)
		})
	}
}

func BenchmarkNorm(b *testing.B) {
	eachTier(b, func(b *testing.B) {
		for _, s := range []struct{ rows, channels int }{
			{64 * 26 * 26, 64}, {64 * 24 * 24, 64}, {64 * 10 * 10, 64}, {64, 512}, {64, 784},
			{64 * 26 * 26, 128}, {64 * 24 * 24, 128}, {64 * 10 * 10, 128}, {64 * 28 * 28, 128},
		} {
			k := newNormCase(newGuards(b), rand.New(rand.NewPCG(1, 2)), s.rows, s.channels, 1)
			k.x, k.y = randomFloats(rand.New(rand.NewPCG(1, 2)), len(k.x)), alignedFloats(len(k.x))
			k.dx, k.dy = alignedFloats(len(k.x)), randomFloats(rand.New(rand.NewPCG(1, 3)), len(k.x))
			bytes := 4 * len(k.x)
			size := fmt.Sprintf("/%dx%d", s.rows, s.channels)
			b.Run("training"+size, func(b *testing.B) { measureTraffic(b, 3*bytes, k.forward) })
			b.Run("backward"+size, func(b *testing.B) { measureTraffic(b, 5*bytes, k.backward) })
			k.Moments = NewMoments(s.channels)
			k.Moments.begin(1, s.rows, s.rows)
			k.Moments.add(k.x, 0, s.rows)
			b.Run("trainingWithMoments"+size, func(b *testing.B) { measureTraffic(b, 2*bytes, k.forward) })
			k.Moments = nil
			b.Run("inference"+size, func(b *testing.B) {
				measureTraffic(b, 2*bytes, func() {
					k.ForwardInference(k.rows, k.y, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance)
				})
			})
		}
	})
}

func BenchmarkVectors(b *testing.B) {
	const n = 64 * 26 * 26 * 64
	r := rand.New(rand.NewPCG(1, 2))
	x, y, z := randomFloats(r, n), randomFloats(r, n), randomFloats(r, n)
	eachTier(b, func(b *testing.B) {
		b.Run("relu", func(b *testing.B) { measureTraffic(b, 8*n, func() { Activate(y, x, ReLU) }) })
		b.Run("leaky", func(b *testing.B) { measureTraffic(b, 8*n, func() { Activate(y, x, .5) }) })
		b.Run("derivative", func(b *testing.B) { measureTraffic(b, 12*n, func() { ActivateBackward(y, x, z, ReLU) }) })
		b.Run("mul", func(b *testing.B) { measureTraffic(b, 12*n, func() { Mul(y, x, z) }) })
	})
}

func BenchmarkStep(b *testing.B) {
	for _, n := range []int{535818, 902154, 1349274, 22509834} { // the models' parameters
		w, v, g := alignedFloats(n), alignedFloats(n), alignedFloats(n)
		eachTier(b, func(b *testing.B) {
			b.Run(fmt.Sprint(n), func(b *testing.B) { measureTraffic(b, 20*n, func() { SGD(w, v, g, .01, .9) }) })
		})
	}
}

func BenchmarkPool(b *testing.B) {
	eachTier(b, func(b *testing.B) {
		for _, s := range []struct{ h, channels int }{{24, 64}, {10, 64}, {24, 128}, {28, 128}} {
			r := rand.New(rand.NewPCG(1, 2))
			k := newNormPoolCase(newGuards(b), r, 64, s.h, s.h, s.channels, 2, new(Workspace))
			k.x, k.dx = randomFloats(r, len(k.x)), alignedFloats(len(k.x))
			k.y, k.dy = alignedFloats(len(k.y)), randomFloats(r, len(k.y))
			k.forward()
			large, small := 4*len(k.x), 4*len(k.y)+len(k.winner)
			name := fmt.Sprintf("/%dx%dx%d", s.h, s.h, s.channels)
			b.Run("forward"+name, func(b *testing.B) {
				measureTraffic(b, large+small, func() { k.fused.pool.Forward(k.n, k.y, k.x, k.winner) })
			})
			b.Run("backward"+name, func(b *testing.B) {
				measureTraffic(b, large+small, func() { k.fused.pool.Backward(k.n, k.dx, k.dy, k.winner) })
			})
			b.Run("normTraining"+name, func(b *testing.B) { measureTraffic(b, 2*large+small, k.forward) })
			b.Run("normBackward"+name, func(b *testing.B) { measureTraffic(b, 3*large+2*small, k.backward) })
			k.fused.Moments = NewMoments(s.channels)
			k.fused.Moments.begin(1, k.rows, k.rows)
			k.fused.Moments.add(k.x, 0, k.rows)
			b.Run("normTrainingWithMoments"+name, func(b *testing.B) { measureTraffic(b, large+small, k.forward) })
			b.Run("normInference"+name, func(b *testing.B) {
				measureTraffic(b, large+4*len(k.y), func() {
					k.fused.ForwardInference(k.n, k.y, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance)
				})
			})
		}
	})
}

// What Moments cost the kernel that has just written a picture, which is in the
// second-level cache.
func BenchmarkMomentsOfPicture(b *testing.B) {
	eachTier(b, func(b *testing.B) {
		for _, s := range []struct{ rows, channels int }{{26 * 26, 64}, {26 * 26, 128}, {10 * 10, 64}} {
			b.Run(fmt.Sprintf("%dx%d", s.rows, s.channels), func(b *testing.B) {
				x := randomFloats(rand.New(rand.NewPCG(1, 2)), s.rows*s.channels)
				m := NewMoments(s.channels)
				m.begin(1, s.rows, s.rows)
				fastest := time.Duration(math.MaxInt64)
				for b.Loop() {
					start := time.Now()
					m.add(x, 0, s.rows)
					fastest = min(fastest, time.Since(start))
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(fastest.Seconds()*1e6, "min-us")
				b.ReportMetric(float64(4*len(x))/fastest.Seconds()/1e9, "GB/s")
			})
		}
	})
}
