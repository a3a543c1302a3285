package study

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

var (
	with    = []float64{0.9921, 0.9934, 0.9928, 0.9917, 0.9930}
	without = []float64{0.9903, 0.9911, 0.9915, 0.9899, 0.9921}
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-6*math.Abs(want)) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// The numbers are those of SciPy 1.17.1.
func TestInference(t *testing.T) {
	difference := make([]float64, len(with))
	for i := range with {
		difference[i] = with[i] - without[i]
	}
	paired := ofMean(difference) // stats.ttest_rel(with, without)
	low, high := paired.interval(0.95)
	near(t, "paired, effect", paired.effect, 0.00162)
	near(t, "paired, low", low, 0.0009548110328388331)
	near(t, "paired, high", high, 0.0022851889671611655)
	near(t, "paired, p", paired.different(0), 0.00249518042277341)

	one := ofMean(with) // stats.ttest_1samp(with, .99, alternative="greater")
	low, high = one.interval(0.95)
	near(t, "one sample, low", low, 0.9917442421457523)
	near(t, "one sample, high", high, 0.9934557578542478)
	near(t, "one sample, p", one.above(0.99), 0.0005408091150541018)

	gaps := []float64{0.042, 0.047, 0.039, 0.044}
	two := ofTwo([]float64{0.081, 0.089}, gaps) // stats.ttest_ind
	low, high = two.interval(0.95)
	near(t, "two samples, low", low, 0.03223298859172174)
	near(t, "two samples, high", high, 0.05176701140827825)
	near(t, "two samples, p", two.different(0), 0.0002819689640129274)

	next := ofTwo([]float64{0.0826}, gaps) // stats.ttest_ind; mean +- t*sd*sqrt(1+1/4) by hand
	low, high = next.interval(0.95)
	near(t, "one more run, low", low, 0.02762170726333686)
	near(t, "one more run, high", high, 0.05157829273666316)
	near(t, "one more run, p", next.different(0), 0.0018337488121934371)
	spread := estimate(gaps)
	near(t, "one more run, by hand", high, 0.0826-spread.Mean+3.182446305284263*spread.SD*math.Sqrt(1.25))

	// stats.t.ppf
	near(t, "quantile, 1 degree of freedom", student(1).Quantile(0.975), 12.706204736174694)
	near(t, "quantile, 4 degrees of freedom", student(4).Quantile(0.99886), 6.926925213532938)
}

// The numbers are the least n with a power of 80% of SciPy's noncentral t
// distribution, both tails.
func TestSeedsFor(t *testing.T) {
	for _, c := range []struct {
		d        float64
		one, two int
	}{
		{10, 3, 2}, {5, 3, 3}, {3, 4, 4}, {2, 5, 6}, {1.5, 6, 9}, {1, 10, 17}, {0.8, 15, 26}, {0.5, 34, 64},
		{0.3, 90, 176}, {0.2, 199, 394}, {0.1, 787, 1571},
	} {
		for samples, want := range map[int]int{1: c.one, 2: c.two} {
			if got := (inference{sd: 0.01, samples: samples, runs: 1}).seedsFor(-c.d * 0.01); got < want-1 || got > want+1 {
				t.Errorf("an effect of %v sd, %d samples: %d seeds, want %d", c.d, samples, got, want)
			}
		}
	}
	if got := (inference{sd: 1, samples: 1, runs: 30}).seedsFor(1); got != 31 {
		t.Errorf("%d seeds when 30 did not do", got)
	}
	for _, c := range [][2]float64{{0, 1}, {1, 0}, {0, 0}, {1e-9, 1}, {math.NaN(), 1}, {1, math.NaN()}, {1, math.Inf(1)}} {
		if got := (inference{sd: c[1], samples: 1, runs: 3}).seedsFor(c[0]); got != -1 {
			t.Errorf("distance %v, deviation %v: %d seeds", c[0], c[1], got)
		}
	}
}

func TestInferenceWithoutSpread(t *testing.T) {
	for name, i := range map[string]inference{
		"one value":       ofMean([]float64{0.3}),
		"one and one":     ofTwo([]float64{0.8}, []float64{0.5}),
		"equal values":    ofMean([]float64{0.3, 0.3, 0.3}),
		"equal in both":   ofTwo([]float64{0.8, 0.8}, []float64{0.5, 0.5}),
		"equal at zero":   ofMean([]float64{0, 0}),
		"the same number": ofTwo([]float64{0.5}, []float64{0.5, 0.5}),
	} {
		low, high := i.interval(0.95)
		if low != i.effect || high != i.effect {
			t.Errorf("%s: interval %v to %v of %v", name, low, high, i.effect)
		}
		for _, p := range []float64{i.above(0), i.different(0), i.different(i.effect)} {
			if !(p >= 0 && p <= 1) {
				t.Errorf("%s: p = %v", name, p)
			}
		}
		if got := i.different(i.effect); got != 1 {
			t.Errorf("%s: p = %v that it is its own effect", name, got)
		}
		if got, known := i.different(7), i.df > 0; known != (got == 0) {
			t.Errorf("%s: p = %v of an effect of 7", name, got)
		}
	}
}

// Shifting both samples changes nothing, scaling scales the effect and its
// interval, swapping turns it round.
func TestInferenceShiftScale(t *testing.T) {
	values := func(t *rapid.T, name string) []float64 {
		return rapid.SliceOfN(rapid.Float64Range(-1, 1), 2, 8).Draw(t, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := values(t, "a"), values(t, "b")
		shift, scale := rapid.Float64Range(-2, 2).Draw(t, "shift"), rapid.Float64Range(0.5, 3).Draw(t, "scale")
		change := func(x []float64) []float64 {
			y := make([]float64, len(x))
			for i := range x {
				y[i] = scale*x[i] + shift
			}
			return y
		}
		was, is, swapped := ofTwo(a, b), ofTwo(change(a), change(b)), ofTwo(b, a)
		low, high := was.interval(0.95)
		gotLow, gotHigh := is.interval(0.95)
		backLow, backHigh := swapped.interval(0.95)
		for _, pair := range [][2]float64{{gotLow, scale * low}, {gotHigh, scale * high}, {backLow, -high}, {backHigh, -low}} {
			if math.Abs(pair[0]-pair[1]) > 1e-9 {
				t.Fatalf("%v, want %v", pair[0], pair[1])
			}
		}
		if was.se > 1e-6 && math.Abs(was.different(0)-is.different(0)) > 1e-6 {
			t.Fatalf("p %v, was %v", is.different(0), was.different(0))
		}
		if math.Abs(was.above(0)+swapped.above(0)-1) > 1e-9 {
			t.Fatalf("p %v and %v of opposite questions", was.above(0), swapped.above(0))
		}
	})
}
