package bench

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zoo/models/op"
)

func TestNewProfile(t *testing.T) {
	ms := time.Millisecond
	// One op runs twice in a step; the second step takes twice as long in all but
	// the solver.
	step := func(n time.Duration) trace {
		return trace{
			laps: laps{fill: n * ms, run: n * 10 * ms, solve: 3 * ms},
			ops: []op.Work{
				{Op: "conv2d", Time: n * 4 * ms, Flops: 6e9, Bytes: 3e6},
				{Op: "pool", Time: n * ms, Bytes: 3e6},
				{Op: "conv2d", Time: n * 2 * ms, Flops: 3e9, Bytes: 6e6},
			},
		}
	}
	want := &Profile{Ms: 19.5, Rows: []Row{
		{Op: "batch fill", Calls: 1, Ms: 1.5, Share: 1.5 / 19.5, GBs: 2},
		{Op: "conv2d", Calls: 2, Ms: 9, Share: 9 / 19.5, GFLOPS: 1000, GBs: 1},
		{Op: "pool", Calls: 1, Ms: 1.5, Share: 1.5 / 19.5, GBs: 2},
		{Op: "tape machine", Calls: 1, Ms: 4.5, Share: 4.5 / 19.5},
		{Op: "solver", Calls: 1, Ms: 3, Share: 3 / 19.5, GBs: 4},
	}}
	got := newProfile([]trace{step(1), step(2)}, 3e6, 12e6)
	if diff := cmp.Diff(want, got, approximately); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMiddleHalf(t *testing.T) {
	for n, want := range map[int][]time.Duration{1: {1}, 2: {1, 2}, 3: {1, 2, 3}, 4: {2, 3}, 9: {3, 4, 5, 6, 7}} {
		var traces []trace
		for i := range n {
			traces = append(traces, trace{laps: laps{run: time.Duration(n - i)}})
		}
		var got []time.Duration
		for _, one := range middleHalf(traces) {
			got = append(got, one.total())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("of %d (-want +got):\n%s", n, diff)
		}
	}
}
