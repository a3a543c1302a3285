package bench

import (
	"cmp"
	"slices"
	"time"

	"zoo/models/op"
)

// Profile is where the time of a training step goes. Its rows add up to it.
type Profile struct {
	Ms   float64 `json:"ms"` // a step
	Rows []Row   `json:"rows"`
}

// Row is one part of a step, in the order in which the parts begin.
type Row struct {
	Op    string  `json:"op"` // an op of the graph, or one of the three below
	Calls int     `json:"calls"`
	Ms    float64 `json:"ms"`    // all calls together
	Share float64 `json:"share"` // of the step

	GFLOPS float64 `json:"gflops,omitempty"` // by the definition, where arithmetic is what counts
	GBs    float64 `json:"gb_s,omitempty"`   // tensors read and written, each once
}

// The parts of a step that are no ops.
const (
	fillRow   = "batch fill"
	tapeRow   = "tape machine" // between the ops
	solverRow = "solver"
)

// trace is one observed step.
type trace struct {
	laps
	ops []op.Work
}

// profile trains steps and says where their time went.
func (t *trainer) profile(steps int) (*Profile, error) {
	traces := make([]trace, steps)
	defer t.graph.Observe(nil)
	for i := range traces {
		t.graph.Observe(func(w op.Work) { traces[i].ops = append(traces[i].ops, w) })
		var err error
		if traces[i].laps, err = t.step(); err != nil {
			return nil, err
		}
	}
	return newProfile(middleHalf(traces), t.batches.bytes(), t.solverBytes), nil
}

// middleHalf leaves out the fastest and the slowest quarter of the steps, so
// that what disturbs a few does not show. The mean of the others adds up from
// its parts, which a median would not.
func middleHalf(traces []trace) []trace {
	slices.SortFunc(traces, func(a, b trace) int { return cmp.Compare(a.total(), b.total()) })
	quarter := len(traces) / 4
	return traces[quarter : len(traces)-quarter]
}

// newProfile is the mean of the steps, which all run the same ops.
func newProfile(traces []trace, fillBytes, solverBytes float64) *Profile {
	var parts sums
	for _, t := range traces {
		parts.add(op.Work{Op: fillRow, Time: t.fill, Bytes: fillBytes})
		tape := t.run
		for _, w := range t.ops {
			parts.add(w)
			tape -= w.Time
		}
		parts.add(op.Work{Op: tapeRow, Time: tape})
		parts.add(op.Work{Op: solverRow, Time: t.solve, Bytes: solverBytes})
	}
	var total time.Duration
	for _, s := range parts {
		total += s.Time
	}
	p := &Profile{Ms: milliseconds(total) / float64(len(traces))}
	for _, s := range parts {
		row := Row{
			Op:    s.Op,
			Calls: s.calls / len(traces),
			Ms:    milliseconds(s.Time) / float64(len(traces)),
			Share: s.Time.Seconds() / total.Seconds(),
		}
		if s.Time > 0 {
			row.GFLOPS, row.GBs = s.Flops/1e9/s.Time.Seconds(), s.Bytes/1e9/s.Time.Seconds()
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// sum is the work of one op, added up over its calls.
type sum struct {
	op.Work
	calls int
}

// sums are those of all ops, in the order of their first calls.
type sums []sum

func (s *sums) add(w op.Work) {
	i := slices.IndexFunc(*s, func(one sum) bool { return one.Op == w.Op })
	if i < 0 {
		*s = append(*s, sum{Work: w, calls: 1})
		return
	}
	one := &(*s)[i]
	one.calls++
	one.Time += w.Time
	one.Flops += w.Flops
	one.Bytes += w.Bytes
}
