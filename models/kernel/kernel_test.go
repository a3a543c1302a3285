package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// Helpers that the tests of all kernels share.

// newRand draws a seed, so that rapid can replay and shrink what depends on it.
func newRand(t *rapid.T) *rand.Rand {
	return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
}

// fillNormal fills s with N(0,1) values.
func fillNormal(rng *rand.Rand, s []float32) {
	for i := range s {
		s[i] = float32(rng.NormFloat64())
	}
}

const (
	guardWords = 24
	guardBits  = 0x7fc0dead // a NaN: whoever reads it shows it
	guardByte  = 0xa5
)

// guards hands out buffers with guard words around them, at odd offsets so that no
// kernel can count on alignment.
type guards struct {
	t      rapid.TB
	words  [][]float32
	octets [][]byte
}

func newGuards(t rapid.TB) *guards { return &guards{t: t} }

// floats returns n float32s that hold NaN: what a kernel leaves unwritten shows.
func (g *guards) floats(n int) []float32 {
	front := guardWords + 1 + len(g.words)%7
	buffer := make([]float32, front+n+guardWords)
	for i := range buffer {
		buffer[i] = math.Float32frombits(guardBits)
	}
	g.words = append(g.words, buffer[:front], buffer[front+n:])
	return buffer[front : front+n] // with capacity beyond n: reslicing is caught by the guards
}

// normal returns n float32s with N(0,1) values.
func (g *guards) normal(rng *rand.Rand, n int) []float32 {
	s := g.floats(n)
	fillNormal(rng, s)
	return s
}

// copyOf returns a guarded copy of s.
func (g *guards) copyOf(s []float32) []float32 {
	c := g.floats(len(s))
	copy(c, s)
	return c
}

// bytes returns n bytes that hold guardByte.
func (g *guards) bytes(n int) []uint8 {
	front := guardWords + 1 + len(g.octets)%7
	buffer := make([]byte, front+n+guardWords)
	for i := range buffer {
		buffer[i] = guardByte
	}
	g.octets = append(g.octets, buffer[:front], buffer[front+n:])
	return buffer[front : front+n]
}

// check fails the test if a kernel wrote outside a buffer.
func (g *guards) check() {
	g.t.Helper()
	for i, words := range g.words {
		for j, word := range words {
			if bits := math.Float32bits(word); bits != guardBits {
				g.t.Fatalf("guard word %d %s float buffer %d is overwritten with %#x", j, side(i), i/2, bits)
			}
		}
	}
	for i, octets := range g.octets {
		for j, octet := range octets {
			if octet != guardByte {
				g.t.Fatalf("guard byte %d %s byte buffer %d is overwritten with %#x", j, side(i), i/2, octet)
			}
		}
	}
}

func side(i int) string {
	if i%2 == 0 {
		return "before"
	}
	return "after"
}

// sum is a float64 reference value that is a sum, with the sum of the absolute
// values of what was added: the rounding errors of a float32 sum are relative to
// that, not to the value, which may have cancelled.
type sum struct{ value, magnitude float64 }

func (s *sum) add(term float64) {
	s.value += term
	s.magnitude += math.Abs(term)
}

// compareSums fails unless |got - want| <= tolerance*magnitude everywhere. NaN fails.
func compareSums(t rapid.TB, name string, got []float32, want []sum, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w.value); !(d <= tolerance*w.magnitude) {
			t.Fatalf("%s[%d] = %v, want %v: differs by %.3g of the sum of magnitudes %v, more than %.3g",
				name, i, got[i], w.value, d/w.magnitude, w.magnitude, tolerance)
		}
	}
}

// compareFloats fails unless |got - want| <= tolerance*max(1, |want|) everywhere. NaN fails.
func compareFloats(t rapid.TB, name string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= tolerance*max(1, math.Abs(w))) {
			t.Fatalf("%s[%d] = %v, want %v: differs by %.3g", name, i, got[i], w, d)
		}
	}
}

// compareBits fails unless got and want are the same bits.
func compareBits(t rapid.TB, name string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i, w := range want {
		if math.Float32bits(got[i]) != math.Float32bits(w) {
			t.Fatalf("%s[%d] = %v (%#x), want %v (%#x)", name, i, got[i], math.Float32bits(got[i]), w, math.Float32bits(w))
		}
	}
}

// forWorkers runs fn with 1, 2 and 3 workers in turn and then restores their number.
func forWorkers(fn func(workers int)) {
	defer SetWorkers(Workers())
	for workers := 1; workers <= 3; workers++ {
		SetWorkers(workers)
		fn(workers)
	}
}

// float64s converts s.
func float64s(s []float32) []float64 {
	r := make([]float64, len(s))
	for i, v := range s {
		r[i] = float64(v)
	}
	return r
}

// referenceActivate is the definition of an activation.
func referenceActivate(x float64, act Activation) float64 {
	if x > 0 {
		return x
	}
	return float64(act) * x
}

// referenceSlope is the derivative of an activation, read from its result.
func referenceSlope(y float64, act Activation) float64 {
	if y > 0 {
		return 1
	}
	return float64(act)
}

// drawActivation draws a linear, rectified or leaky activation.
func drawActivation(t *rapid.T) Activation {
	return rapid.SampledFrom([]Activation{Linear, ReLU, .5}).Draw(t, "activation")
}

// reportRate adds the arithmetic rate to a benchmark's result, given the number of
// floating-point operations of one iteration.
func reportRate(b *testing.B, operations float64) {
	b.ReportMetric(operations*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
