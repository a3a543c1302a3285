package study

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// inference is what Student's t tests take from runs: an effect, its standard
// error and the degrees of freedom of that. Without degrees of freedom nothing
// is known but the effect. Without a standard error, because all runs are equal,
// the effect is taken for certain.
type inference struct {
	effect, se, df float64

	sd      float64 // between seeds
	samples int     // 1, or 2 that are compared
	runs    int     // of the smaller sample, or pairs
}

// ofMean is about the mean of independent values, as are the differences of pairs.
func ofMean(values []float64) inference {
	e := estimate(values)
	n := float64(e.N)
	return inference{effect: e.Mean, se: e.SD / math.Sqrt(n), df: n - 1, sd: e.SD, samples: 1, runs: e.N}
}

// ofTwo is about the mean of a less that of b, which are independent and taken
// to spread alike (Student's test with the variance of both together). When a is
// one value, this is the prediction interval of one more value, from the spread
// of b.
func ofTwo(a, b []float64) inference {
	of, from := estimate(a), estimate(b)
	n, m := float64(of.N), float64(from.N)
	i := inference{effect: of.Mean - from.Mean, df: n + m - 2, samples: 2, runs: min(of.N, from.N)}
	if i.df > 0 {
		i.sd = math.Sqrt(((n-1)*of.SD*of.SD + (m-1)*from.SD*from.SD) / i.df)
		i.se = i.sd * math.Sqrt(1/n+1/m)
	}
	return i
}

// interval holds the effect with this probability, half of the rest on each
// side. It is the effect alone when no spread is known.
func (i inference) interval(probability float64) (low, high float64) {
	if i.df <= 0 {
		return i.effect, i.effect
	}
	half := student(i.df).Quantile((1+probability)/2) * i.se
	return i.effect - half, i.effect + half
}

// different is the probability of an effect as far from null, on either side, if
// that were the true one.
func (i inference) different(null float64) float64 {
	above := i.above(null)
	return min(1, 2*min(above, 1-above))
}

// above is the probability of an effect as high if the true one were null.
func (i inference) above(null float64) float64 {
	switch {
	case i.df <= 0:
		return 0.5
	case i.se > 0:
		return student(i.df).CDF(-(i.effect - null) / i.se)
	case i.effect > null:
		return 0
	case i.effect < null:
		return 1
	}
	return 0.5
}

func student(df float64) distuv.StudentsT { return distuv.StudentsT{Sigma: 1, Nu: df} }

const (
	power = 0.8 // at which a number of seeds is said to suffice
	// enough is the largest number of seeds that is worked out.
	enough = 1_000_000
)

// seedsFor is the least number of seeds, above those that there are, with which
// the two-sided test at 5% finds with the probability power that the effect is
// another than the one at this distance from it, if it is as measured. With two
// samples both have that many runs. -1: not to be told.
func (i inference) seedsFor(distance float64) int {
	d := math.Abs(distance) / i.sd
	if !(d > 0) || math.IsInf(d, 0) || powerOf(d, i.samples, enough) < power {
		return -1
	}
	low, high := max(i.runs, 1), enough // the power of low does not suffice, that of high does
	for low+1 < high {
		if middle := (low + high) / 2; powerOf(d, i.samples, middle) < power {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// powerOf is the power of the test for an effect of d standard deviations with n
// runs in each sample: the noncentral t distribution beyond the quantile, in the
// normal approximation of Abramowitz and Stegun 26.7.10. It agrees with the exact
// power on the number of seeds to within one.
func powerOf(d float64, samples, n int) float64 {
	df := float64(samples * (n - 1))
	shift := d * math.Sqrt(float64(n)/float64(samples))
	t := student(df).Quantile(0.975)
	return distuv.UnitNormal.CDF((shift - t*(1-1/(4*df))) / math.Sqrt(1+t*t/(2*df)))
}
