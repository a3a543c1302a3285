package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// drawLength draws lengths with every short tail, and lengths around the limits of
// the chunks.
func drawLength(t *rapid.T) int {
	if rapid.IntRange(0, 3).Draw(t, "kind") > 0 {
		return rapid.IntRange(0, 70).Draw(t, "length")
	}
	chunks := rapid.IntRange(1, 3).Draw(t, "chunks")
	return chunks*vectorChunk + rapid.IntRange(-3, 3).Draw(t, "beyond")
}

// sprinkle replaces some elements by the values that arithmetic treats specially.
func sprinkle(rng *rand.Rand, s []float32) {
	inf := float32(math.Inf(1))
	special := []float32{0, float32(math.Copysign(0, -1)), inf, -inf, float32(math.NaN()), 1e-40, -1e-40}
	for i := range s {
		if rng.IntN(4) == 0 {
			s[i] = special[rng.IntN(len(special))]
		}
	}
}

// sameFloat tells whether a and b are equal or both NaN.
func sameFloat(a, b float32) bool { return a == b || a != a && b != b }

func TestActivate(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g, n := newRand(t), newGuards(t), drawLength(t)
			act := rapid.SampledFrom([]Activation{Linear, ReLU, .5, .3, 2}).Draw(t, "activation")
			x, y := g.normal(rng, n), g.floats(n)
			sprinkle(rng, x)
			original := append([]float32(nil), x...)
			Activate(y, x, act)
			for i, v := range original {
				want := v
				switch {
				case act == ReLU && v < 0:
					want = 0 // also for -Inf, where 0*x is NaN
				case act != ReLU && !(v > 0):
					want = float32(act) * v
				}
				if !sameFloat(y[i], want) {
					t.Fatalf("activation %v of %v is %v, want %v", act, v, y[i], want)
				}
			}
			compareBits(t, "x", x, original)
			Activate(x, x, act)
			compareBits(t, "in place", x, y)
			g.check()
		})
	})
}

func TestActivateBackward(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g, n := newRand(t), newGuards(t), drawLength(t)
			act := rapid.SampledFrom([]Activation{Linear, ReLU, .5, .3, 2}).Draw(t, "activation")
			y, dy, dx := g.normal(rng, n), g.normal(rng, n), g.floats(n)
			for i := range y {
				if rng.IntN(4) == 0 {
					y[i] = float32(math.Copysign(0, float64(y[i])))
				}
			}
			ActivateBackward(dx, y, dy, act)
			for i := range dx {
				if want := float32(referenceSlope(float64(y[i]), act)) * dy[i]; dx[i] != want {
					t.Fatalf("activation %v: gradient %v at result %v is %v, want %v", act, dy[i], y[i], dx[i], want)
				}
			}
			ActivateBackward(dy, y, dy, act)
			compareBits(t, "in place", dy, dx)
			g.check()
		})
	})
}

// The derivative that is read from the result is that of the function.
func TestActivateBackwardIsTheDerivative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := newRand(t)
		act := drawActivation(t)
		x, dy := make([]float32, 50), make([]float32, 50)
		fillNormal(rng, x)
		fillNormal(rng, dy)
		y, dx := make([]float32, 50), make([]float32, 50)
		Activate(y, x, act)
		ActivateBackward(dx, y, dy, act)
		want := make([]float64, len(x))
		for i, v := range x {
			step := math.Abs(float64(v)) / 2 // stays on one side of the kink
			rise := referenceActivate(float64(v)+step, act) - referenceActivate(float64(v)-step, act)
			want[i] = float64(dy[i]) * rise / (2 * step)
		}
		compareFloats(t, "dx", dx, want, 1e-6)
	})
}

func TestMul(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g, n := newRand(t), newGuards(t), drawLength(t)
			a, b := g.normal(rng, n), g.normal(rng, n)
			sprinkle(rng, a)
			product := g.floats(n)
			Mul(product, a, b)
			for i := range a {
				if !sameFloat(product[i], a[i]*b[i]) {
					t.Fatalf("%v and %v: product %v", a[i], b[i], product[i])
				}
			}
			Mul(b, a, b)
			compareBits(t, "in place", b, product)
			g.check()
		})
	})
}

func TestElementwiseWorkers(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		a, b := make([]float32, 5*vectorChunk+9), make([]float32, 5*vectorChunk+9)
		fillNormal(rng, a)
		fillNormal(rng, b)
		var first []float32
		forWorkers(func(workers int) {
			dst := make([]float32, len(a))
			Mul(dst, a, b)
			Activate(dst, dst, .5)
			ActivateBackward(dst, a, dst, .5)
			if workers == 1 {
				first = dst
			}
			compareBits(t, "result", dst, first)
		})
	})
}

// reportBandwidth adds the rate to a benchmark's result at which it moved the bytes
// of one iteration, if each operand went through memory once in each pass.
func reportBandwidth(b *testing.B, bytes int) {
	b.ReportMetric(float64(bytes)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
}

func BenchmarkElementwise(b *testing.B) {
	const n = 64 * 26 * 26 * 64 // the first convolution of mnist-seq at batch 64
	rng := rand.New(rand.NewPCG(1, 2))
	x, y, z := make([]float32, n), make([]float32, n), make([]float32, n)
	fillNormal(rng, x)
	fillNormal(rng, z)
	for _, kernel := range []struct {
		name   string
		arrays int
		run    func()
	}{
		{"relu", 2, func() { Activate(y, x, ReLU) }},
		{"leaky", 2, func() { Activate(y, x, .5) }},
		{"backward", 3, func() { ActivateBackward(y, x, z, .5) }},
		{"mul", 3, func() { Mul(y, x, z) }},
	} {
		b.Run(kernel.name, func(b *testing.B) {
			for b.Loop() {
				kernel.run()
			}
			reportBandwidth(b, kernel.arrays*4*n)
		})
	}
}
