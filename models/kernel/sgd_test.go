package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestSGD(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g, n := newRand(t), newGuards(t), drawLength(t)
			momentum := rapid.SampledFrom([]float32{0, .5, .9}).Draw(t, "momentum")
			const lr = .01
			w, v, gradient := g.normal(rng, n), g.normal(rng, n), g.floats(n)
			if momentum == 0 && rapid.Bool().Draw(t, "without velocity") {
				v = nil
			}
			wantW, wantV := float64s(w), make([]float64, n)
			copy(wantV, float64s(v))
			for range 5 {
				fillNormal(rng, gradient)
				SGD(w, v, gradient, lr, momentum)
				for i, d := range gradient {
					wantV[i] = float64(momentum)*wantV[i] - lr*float64(d)
					wantW[i] += wantV[i]
				}
			}
			compareFloats(t, "w", w, wantW, 1e-6)
			if v != nil {
				compareFloats(t, "v", v, wantV, 1e-6)
			}
			g.check()
		})
	})
}

// A velocity that stays zero changes nothing: the two forms of the step agree.
func TestSGDWithoutMomentum(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		a, g := make([]float32, 2*vectorChunk+5), make([]float32, 2*vectorChunk+5)
		fillNormal(rng, a)
		fillNormal(rng, g)
		b, v := append([]float32(nil), a...), make([]float32, len(a))
		for range 3 {
			SGD(a, nil, g, .1, 0)
			SGD(b, v, g, .1, 0)
		}
		compareFloats(t, "w", a, float64s(b), 1e-6)
	})
}

func TestSGDWorkers(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		start, g := make([]float32, 4*vectorChunk+1), make([]float32, 4*vectorChunk+1)
		fillNormal(rng, start)
		fillNormal(rng, g)
		var first []float32
		forWorkers(func(workers int) {
			w, v := append([]float32(nil), start...), make([]float32, len(start))
			for range 3 {
				SGD(w, v, g, .02, .9)
			}
			if workers == 1 {
				first = w
			}
			compareBits(t, "w", w, first)
		})
	})
}

func BenchmarkSGD(b *testing.B) {
	for _, n := range []int{535818, 902154, 1349274, 22509834} { // the models' parameters
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, v, g := make([]float32, n), make([]float32, n), make([]float32, n)
			for b.Loop() {
				SGD(w, v, g, .01, .9)
			}
			reportBandwidth(b, 5*4*n)
		})
	}
}
