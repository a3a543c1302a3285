package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// WriteText writes the report for people: what it was measured on and with, a
// table of training steps, one of inference and, where other frameworks ran,
// one that compares zoo with them.
func (r *Report) WriteText(w io.Writer) error {
	var versions []string
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		versions = append(versions, name+" "+r.Versions[name])
	}
	paragraphs := []string{
		fmt.Sprintf("%s, %s/%s, %d workers on %d cores, %s kernels\n%s\n",
			r.Machine.CPU, r.Machine.OS, r.Machine.Arch, r.Workers, r.Machine.Cores, r.Kernels, strings.Join(versions, ", ")),
		fmt.Sprintf("Training: ms of a step, %d timed. Of peak: of the workers' multiply-adds in registers, measured beside it. Memory:\n"+
			"the process's peak, in MiB. Start: from the process's start to the end of its first step, in s.\n%v", r.Steps, r.trainingTable()),
		fmt.Sprintf("Inference: ms of a batch, %d timed.\n%v", r.Steps, r.inferenceTable()),
	}
	if ratios := r.ratioTable(); ratios.Length() > 0 {
		paragraphs = append(paragraphs, "What zoo takes of the others' time, memory and start: below 1 zoo is better. Lowest and highest: of single rounds.\n"+ratios.String())
	}
	_, err := io.WriteString(w, strings.Join(paragraphs, "\n"))
	return err
}

// WriteProfile writes where the time of the case's training step goes, and how
// long each part takes at the least: its operations at the peak or its tensors
// at the bandwidth, whichever is longer. (Fast convolutions do fewer operations,
// and small tensors stay in caches, so that a part may take less.)
func (c Case) WriteProfile(w io.Writer) error {
	zoo := c.Results[0]
	parts := newTable(1, "op", "calls", "ms", "share", "GFLOP/s", "GB/s", "ms at peak")
	total := 0.0
	for _, row := range c.Profile.Rows {
		atPeak := max(row.GFLOPS/c.PeakGFLOPS, row.GBs/c.PeakGBs) * row.Ms
		total += atPeak
		parts.add(row.Op, strconv.Itoa(row.Calls), fixed(row.Ms), percent(row.Share), digits(row.GFLOPS), digits(row.GBs), fixed(atPeak))
	}
	parts.add("observed step", none, fixed(c.Profile.Ms), percent(1), digits(c.GFLOP/c.Profile.Ms*1000), none, fixed(total))
	_, err := fmt.Fprintf(w, "%s, batch %d: %s ms a step, %s GFLOP/s of a peak of %s, bandwidth %s GB/s\n%v",
		c.Model, c.Batch, digits(zoo.Ms.Median), digits(zoo.GFLOPS), digits(c.PeakGFLOPS), digits(c.PeakGBs), parts)
	return err
}

func (r *Report) trainingTable() textTable {
	t := newTable(2, "model", "framework", "batch", "median", "min", "max", "images/s", "GFLOP/s", "of peak", "memory", "start")
	for _, c := range r.Training {
		for _, result := range c.Results {
			t.add(append(c.cells(result), mebibytes(result.PeakMemory), digits(result.FirstStepSeconds))...)
		}
	}
	return t
}

func (r *Report) inferenceTable() textTable {
	t := newTable(2, "model", "framework", "batch", "median", "min", "max", "images/s", "GFLOP/s", "of peak")
	for _, c := range r.Inference {
		for _, result := range c.Results {
			t.add(c.cells(result)...)
		}
	}
	return t
}

// cells are what the tables of training and inference have in common.
func (c Case) cells(r Result) []string {
	return []string{
		c.Model, r.Framework, strconv.Itoa(c.Batch), digits(r.Ms.Median), digits(r.Ms.Min), digits(r.Ms.Max),
		digits(r.ImagesPerSecond), digits(r.GFLOPS), percent(r.PeakShare),
	}
}

func (r *Report) ratioTable() textTable {
	t := newTable(3, "model", "beside", "of", "batch", "time", "lowest", "highest", "memory", "start")
	add := func(what string, cases []Case) {
		for _, c := range cases {
			zoo := c.Results[0]
			for _, other := range c.Results[1:] {
				t.add(c.Model, other.Framework, what, strconv.Itoa(c.Batch),
					ratio(other.Ratio.Medians, 1), ratio(other.Ratio.Lowest, 1), ratio(other.Ratio.Highest, 1),
					ratio(float64(zoo.PeakMemory), float64(other.PeakMemory)), ratio(zoo.FirstStepSeconds, other.FirstStepSeconds))
			}
		}
	}
	add("step", r.Training)
	add("inference", r.Inference)
	return t
}
