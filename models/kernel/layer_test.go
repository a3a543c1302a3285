package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// Helpers for the tests of layers that have weights.

// sumTolerance is that of float32 sums against float64, relative to the sum of the
// magnitudes of their terms. Sequential sums of up to a few hundred terms, and sums
// of such sums, stay below a tenth of it with random terms.
const sumTolerance = 2e-6

// activated applies an activation to sums.
func activated(sums []sum, act Activation) []sum {
	r := make([]sum, len(sums))
	for i, s := range sums {
		r[i] = sum{referenceActivate(s.value, act), s.magnitude}
	}
	return r
}

// masked multiplies dy with the derivative of the activation at its result y.
func masked(y, dy []float32, act Activation) []float64 {
	g := make([]float64, len(dy))
	for i, v := range dy {
		g[i] = float64(v) * referenceSlope(float64(y[i]), act)
	}
	return g
}

// float32s returns the values of sums.
func float32s(sums []sum) []float32 {
	r := make([]float32, len(sums))
	for i, s := range sums {
		r[i] = float32(s.value)
	}
	return r
}

// checkDifferences compares some of the gradients of sum(dy * act(forward())) with
// respect to v with differences of it.
func checkDifferences(t rapid.TB, name string, v []float32, gradient []sum, dy []float32, act Activation, forward func() []sum, rng *rand.Rand) {
	t.Helper()
	const step = 1.0 / 1024
	for range 3 {
		i := rng.IntN(len(v))
		kept := v[i]
		v[i] = kept + step
		width := float64(v[i])
		above := forward()
		v[i] = kept - step
		width -= float64(v[i])
		below := forward()
		v[i] = kept
		difference, kink := 0.0, false
		for j, d := range dy {
			kink = kink || (above[j].value > 0) != (below[j].value > 0)
			difference += float64(d) * (referenceActivate(above[j].value, act) - referenceActivate(below[j].value, act))
		}
		if got := difference / width; !kink && math.Abs(got-gradient[i].value) > 1e-6*(1+gradient[i].magnitude) {
			t.Fatalf("d%s[%d] = %v, by differences %v", name, i, gradient[i].value, got)
		}
	}
}

// checkNoAllocations fails if fn allocates once it has run before.
func checkNoAllocations(t *testing.T, fn func()) {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	if n := testing.AllocsPerRun(100, fn); n > 0 {
		t.Errorf("%v allocations a run, want none", n)
	}
}

// tensors are operands by their names.
type tensors map[string][]float32

func (ts tensors) clone() tensors {
	c := tensors{}
	for name, s := range ts {
		c[name] = append([]float32(nil), s...)
	}
	return c
}

func (ts tensors) compareBits(t rapid.TB, want tensors) {
	t.Helper()
	for name, s := range ts {
		compareBits(t, name, s, want[name])
	}
}

// forEachWorkers runs fn with 1, 2 and 3 workers, each time with rubbish in the
// workspace, wants the same bits of each, and returns them.
func forEachWorkers(t rapid.TB, ws *Workspace, fn func() tensors) tensors {
	t.Helper()
	var first tensors
	forWorkers(func(workers int) {
		for i := range ws.floats {
			ws.floats[i] = float32(math.NaN())
		}
		if results := fn(); first == nil {
			first = results
		} else {
			results.compareBits(t, first)
		}
	})
	return first
}
