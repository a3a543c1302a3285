package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// withTiers runs f once for each tier that this machine has, with that tier active.
func withTiers(t *testing.T, f func(t *testing.T)) {
	for _, tr := range supportedTiers() {
		t.Run(tr.String(), func(t *testing.T) {
			defer func(old tier) { active = old }(active)
			active = tr
			f(t)
		})
	}
}

// fuzzTiers lets the fuzzer choose a tier and what property draws.
func fuzzTiers(f *testing.F, property func(t *rapid.T)) {
	tiers := supportedTiers()
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		defer func(old tier) { active = old }(active)
		active = rapid.SampledFrom(tiers).Draw(t, "tier")
		property(t)
	}))
}

func randomFloats(r *rand.Rand, n int) []float32 {
	x := alignedFloats(max(n, 1))[:n]
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

const guard = 32

var marker = math.Float32frombits(0x7fc0dead) // a NaN that no kernel makes

// guarded returns n floats at an offset from alignment, between words that
// check wants unchanged.
func guarded(n, offset int) (x []float32, check func(t *testing.T, what string)) {
	all := alignedFloats(n + 2*guard + offset)
	for i := range all {
		all[i] = marker
	}
	x = all[guard+offset:][:n:n]
	return x, func(t *testing.T, what string) {
		t.Helper()
		for i, v := range all {
			inside := i >= guard+offset && i < guard+offset+n
			if !inside && math.Float32bits(v) != math.Float32bits(marker) {
				t.Fatalf("%s: wrote %d floats from its start (length %d)", what, i-guard-offset, n)
			}
		}
	}
}

// maxError returns the largest difference relative to the largest value wanted, or
// to 1 if that is greater.
func maxError(got []float32, want []float64) float64 {
	var diff, largest float64
	for i, w := range want {
		d := math.Abs(float64(got[i]) - w)
		if !(d <= diff) {
			diff = d
		}
		largest = max(largest, math.Abs(w))
	}
	return diff / max(largest, 1)
}

func TestGemm(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, transposed := range []bool{false, true} {
			for _, rows := range []int{1, 2, 3, 4, 5, 6, 7, 11, 12, 13} {
				for _, columns := range []int{1, 2, 3, 4, 7, 8, 9, 16, 17, 31, 33, 48, 63, 64} {
					if columns > active.panelWidth() {
						continue
					}
					for _, init := range []string{"zero", "bias", "c"} {
						testGemm(t, r, rows, columns, 1+r.IntN(9), 1+r.IntN(3), transposed, init)
					}
				}
			}
		}
	})
}

func testGemm(t *testing.T, r *rand.Rand, rows, columns, k, segments int, transposed bool, init string) {
	slope := []Activation{Linear, ReLU, .5}[r.IntN(3)]
	lda := k*segments + r.IntN(3)
	if transposed {
		lda = rows + r.IntN(3)
	}
	ldb := roundUp(columns, active.lanes()) + r.IntN(3)
	ldc := columns + r.IntN(3)
	aSkip := r.IntN(3)
	a := randomFloats(r, (rows+k*segments+segments*3)*(lda+3))
	b := randomFloats(r, (k*segments+3*segments+1)*(ldb+3))
	c, check := guarded((rows-1)*ldc+columns, r.IntN(16))
	for i := range c {
		c[i] = float32(r.NormFloat64())
	}
	bias := randomFloats(r, columns)
	args := gemmArgs{
		c: c, a: a, b: b, rows: rows, k: k, segments: segments, aStride: lda, aSkip: aSkip,
		bStride: ldb, cStride: ldc, slope: slope, floor: slope.floor(),
	}
	switch init {
	case "bias":
		args.addend = bias
	case "c":
		args.addend, args.addendStride = c, ldc
	}
	want := make([]float64, len(c))
	for i := range rows {
		for j := range columns {
			var sum float64
			switch init {
			case "bias":
				sum = float64(bias[j])
			case "c":
				sum = float64(c[i*ldc+j])
			}
			ai, bi := i*lda, j
			step := 1
			if transposed {
				ai, step = i, lda
			}
			for range segments {
				for range k {
					sum += float64(a[ai]) * float64(b[bi])
					ai += step
					bi += ldb
				}
				ai += aSkip
			}
			if !(sum > 0) {
				sum *= float64(slope)
			}
			want[i*ldc+j] = sum
		}
		for j := columns; j < ldc && i < rows-1; j++ {
			want[i*ldc+j] = float64(c[i*ldc+j]) // between the rows: unchanged
		}
	}
	active.multiply(&args, columns, transposed)
	what := fmt.Sprintf("rows %d columns %d k %d segments %d transposed %v init %s slope %v", rows, columns, k, segments, transposed, init, slope)
	check(t, what)
	if e := maxError(c, want); !(e < 2e-6) {
		t.Fatalf("%s: error %g", what, e)
	}
}

func BenchmarkGemm(b *testing.B) {
	for _, transposed := range []bool{false, true} {
		for _, tr := range supportedTiers()[1:] {
			b.Run(fmt.Sprintf("%v/transposed=%v", tr, transposed), func(b *testing.B) {
				const m, k, n = 36, 64, 64
				r := rand.New(rand.NewPCG(1, 2))
				args := gemmArgs{
					c: randomFloats(r, m*n), a: randomFloats(r, m*k+64), b: randomFloats(r, k*n),
					rows: m, k: k, segments: 1, aStride: k, bStride: n, cStride: n, slope: Linear,
				}
				for b.Loop() {
					tr.multiply(&args, min(n, tr.panelWidth()), transposed)
				}
				b.ReportMetric(2*m*k*float64(min(n, tr.panelWidth()))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
