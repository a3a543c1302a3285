package kernel

import (
	"testing"
	"time"
)

// The loops return the operations of one turn, however many turns they make.
func TestPeakCountsOperations(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		want := 2 * 12 * active.lanes()
		for _, turns := range []int{1, 3} {
			if got := peakTiers[active](turns); got != want {
				t.Errorf("a turn does %d operations, want %d", got, want)
			}
		}
	})
}

func TestPeakAndBandwidthArePositive(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		if got := PeakGFLOPS(time.Microsecond); !(got > 0) {
			t.Errorf("PeakGFLOPS = %v", got)
		}
	})
	if got := Bandwidth(time.Microsecond); !(got > 0) {
		t.Errorf("Bandwidth = %v", got)
	}
}

func BenchmarkPeak(b *testing.B) {
	eachTier(b, func(b *testing.B) {
		best := 0.
		for b.Loop() {
			best = max(best, PeakGFLOPS(20*time.Millisecond))
		}
		b.ReportMetric(best, "GFLOP/s")
	})
}

func BenchmarkBandwidth(b *testing.B) {
	best := 0.
	for b.Loop() {
		best = max(best, Bandwidth(20*time.Millisecond))
	}
	b.ReportMetric(best, "GB/s")
}
