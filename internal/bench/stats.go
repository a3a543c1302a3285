package bench

import "slices"

// Rounds are the times of one thing done again and again, in milliseconds, by
// round.
type Rounds [][]float64

// Summary is how times, in milliseconds, spread.
type Summary struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Q1     float64 `json:"q1"` // a quarter of the times is below
	Q3     float64 `json:"q3"` // a quarter is above
	Max    float64 `json:"max"`
}

// Summary is that of all rounds together; there must be a time in them.
func (r Rounds) Summary() Summary {
	times := slices.Sorted(slices.Values(slices.Concat(r...)))
	return Summary{
		Median: quantile(times, 0.5),
		Min:    times[0],
		Q1:     quantile(times, 0.25),
		Q3:     quantile(times, 0.75),
		Max:    times[len(times)-1],
	}
}

// quantile is the value that the share q of the sorted values is below, between
// two of them by linear interpolation.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

// Ratio is zoo's time over another framework's: below 1 zoo is faster.
type Ratio struct {
	Medians float64 `json:"medians"` // of all runs
	Lowest  float64 `json:"lowest"`  // of the medians of one round
	Highest float64 `json:"highest"`
}

// newRatio compares times of frameworks that took turns: round i of one is
// next to round i of the other.
func newRatio(ours, theirs Rounds) Ratio {
	rounds := make([]float64, min(len(ours), len(theirs)))
	for i := range rounds {
		rounds[i] = ours[i:i+1].Summary().Median / theirs[i:i+1].Summary().Median
	}
	return Ratio{
		Medians: ours.Summary().Median / theirs.Summary().Median,
		Lowest:  slices.Min(rounds),
		Highest: slices.Max(rounds),
	}
}

// mostRounds is how many rounds the runs are divided into. benchstat wants at
// least six samples for an interval.
const mostRounds = 6

// divide spreads runs evenly over as many rounds as there are runs for.
func divide(runs int) []int {
	counts := make([]int, min(runs, mostRounds))
	for i := range runs {
		counts[i%len(counts)]++
	}
	return counts
}
