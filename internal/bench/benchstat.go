package bench

import (
	"bufio"
	"fmt"
	"io"
)

// WriteBenchstat writes the report in the format of Go's benchmarks, for
// benchstat: each round is a sample, so that two files can be compared with
// their spread. Other frameworks' lines have their name as a further key, for
// benchstat -col /framework.
func (r *Report) WriteBenchstat(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "goos: %s\ngoarch: %s\npkg: zoo\ncpu: %s\nkernels: %s\n", r.Machine.OS, r.Machine.Arch, r.Machine.CPU, r.Kernels)
	for _, c := range r.Training {
		for _, result := range c.Results {
			r.samples(out, "Step", c, result)
			fmt.Fprintf(out, "%s 1 %.0f ns/op", r.benchmark("Start", c, result), result.FirstStepSeconds*1e9)
			if result.PeakMemory > 0 {
				fmt.Fprintf(out, " %d peak-B", result.PeakMemory)
			}
			fmt.Fprintln(out)
		}
	}
	for _, c := range r.Inference {
		for _, result := range c.Results {
			r.samples(out, "Inference", c, result)
		}
	}
	return out.Flush()
}

// samples writes a line for each round: the mean time of its runs.
func (r *Report) samples(out io.Writer, name string, c Case, result Result) {
	for _, round := range result.MsByRound {
		sum := 0.0
		for _, ms := range round {
			sum += ms
		}
		fmt.Fprintf(out, "%s %d %.0f ns/op\n", r.benchmark(name, c, result), len(round), sum/float64(len(round))*1e6)
	}
}

// benchmark is the name of a line.
func (r *Report) benchmark(name string, c Case, result Result) string {
	name = fmt.Sprintf("Benchmark%s/model=%s/batch=%d", name, c.Model, c.Batch)
	if result.Framework != c.Results[0].Framework {
		name += "/framework=" + result.Framework
	}
	if r.Workers > 1 { // as package testing does it
		name += fmt.Sprintf("-%d", r.Workers)
	}
	return name
}
