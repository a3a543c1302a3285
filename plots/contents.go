package plots

import (
	"zoo/internal/study"
)

// Contents is what a report is made of.
type Contents struct {
	// Sections are the report's models in the order of its sections, as far as
	// there are runs of them; Variants those that differ from one in one thing.
	Sections, Variants []Section
	// Claims are the answers to what the report claims, by number; none when they
	// have not been worked out.
	Claims     []study.Claim
	Benchmarks []Benchmark
	LeftOut    []LeftOut
	Samples    []Picture // sample grids of the data sets
}

// Section is a model with its runs and everything that shows them.
type Section struct {
	study.Model
	Summary study.Summary // of the runs

	Pictures Pictures
	// Layers is the model's summary as Summary writes it; "" when there is none.
	Layers string
}

// Pictures are those of a section: paths relative to the report, with slashes;
// "" when there is none. An SVG is shown in its own size, a PNG with a pixel for
// each of its dots.
type Pictures struct {
	Epochs      string // curves: the mean over the seeds with its band, the report's beside it
	Structure   string // of the model
	Confusion   string
	Classes     string // accuracy of each class
	Reliability string
	Mistakes    string // the most confident ones
	Filters     string // of the first convolution
}

// Benchmark is a training step timed in turns with Keras on one machine.
type Benchmark struct {
	Model       string
	Batch       int
	Ours, Keras float64 // milliseconds, medians
}

// LeftOut is a model or a run without anything to show.
type LeftOut struct {
	Name   string
	Reason string
}

// Picture is a picture that the report embeds.
type Picture struct {
	Title string
	Path  string // relative to the report, with slashes
}
