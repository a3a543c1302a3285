package bench

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSummary(t *testing.T) {
	for _, test := range []struct {
		name   string
		rounds Rounds
		want   Summary
	}{
		{"one", Rounds{{7}}, Summary{7, 7, 7, 7, 7}},
		{"two", Rounds{{4}, {2}}, Summary{Median: 3, Min: 2, Q1: 2.5, Q3: 3.5, Max: 4}},
		{"odd", Rounds{{5, 1}, {3}, {2, 4}}, Summary{Median: 3, Min: 1, Q1: 2, Q3: 4, Max: 5}},
		{"even", Rounds{{10, 20, 30, 40}}, Summary{Median: 25, Min: 10, Q1: 17.5, Q3: 32.5, Max: 40}},
		{"an outlier", Rounds{{1, 1, 1}, {1, 900}}, Summary{Median: 1, Min: 1, Q1: 1, Q3: 1, Max: 900}},
	} {
		if diff := cmp.Diff(test.want, test.rounds.Summary()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// However times lie in rounds, as many are at or below each quartile as its
// name says, and the input stays as it is.
func TestSummaryDivides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Float64Range(0.001, 1000), 1, 50).Draw(t, "times")
		cut := rapid.IntRange(0, len(times)).Draw(t, "cut")
		before := slices.Clone(times)
		s := Rounds{times[:cut], times[cut:]}.Summary()
		if !slices.Equal(before, times) {
			t.Fatalf("Summary changed the times to %v", times)
		}
		for _, quartile := range []struct{ value, share float64 }{{s.Min, 0}, {s.Q1, 0.25}, {s.Median, 0.5}, {s.Q3, 0.75}, {s.Max, 1}} {
			atMost, atLeast := 0.0, 0.0
			for _, time := range times {
				if time <= quartile.value {
					atMost++
				}
				if time >= quartile.value {
					atLeast++
				}
			}
			// Of n times n-1 gaps are between, so a share is one of the gaps.
			n := float64(len(times) - 1)
			if atMost < quartile.share*n || atLeast < (1-quartile.share)*n {
				t.Fatalf("%v of %v: %v at most, %v at least", quartile, times, atMost, atLeast)
			}
		}
	})
}

func TestNewRatio(t *testing.T) {
	ours := Rounds{{1, 1}, {2, 4, 3}, {2}}
	theirs := Rounds{{4, 4}, {6, 6, 6}, {2}}
	want := Ratio{Medians: 2.0 / 5, Lowest: 0.25, Highest: 1}
	if diff := cmp.Diff(want, newRatio(ours, theirs)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDivide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs := rapid.IntRange(1, 1000).Draw(t, "runs")
		counts := divide(runs)
		total := 0
		for _, n := range counts {
			total += n
		}
		if total != runs || len(counts) != min(runs, 6) || slices.Max(counts)-slices.Min(counts) > 1 {
			t.Fatalf("%d runs: %v", runs, counts)
		}
	})
}
