package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"

	"zoo/internal/bench"
	"zoo/models"
	"zoo/models/kernel"
	"zoo/train"
)

const benchHelp = `zoo bench measures what training and inference cost: time, memory, and where each step's time goes.

Usage:
  go run . bench -model NAMES [flags]

Examples:
  go run . bench -model all                        every model at batch 32 and 64
  go run . bench -model fashion-seq -compare       beside Keras and PyTorch, in turns
  go run . bench -model mnist-dense -benchstat     for benchstat, to compare two versions of the program

Flags:
  -model NAMES  names, patterns such as mnist-* or all; several with commas
  -batch LIST   images in a training step, several with commas (32,64); inference takes 1 and 256
  -steps N      timed steps of each model and batch, after a warm-up (30); as many batches of inference
  -workers N    threads that compute (one for each processor), the other frameworks' too
  -compare      Keras and PyTorch (as it is, and with torch.compile) take turns; make bench-setup installs them,
                and the command has to run in the repository's folder
  -json         the report with every single time as JSON
  -benchstat    in the format of Go's benchmarks
  -h            this text

Each model runs in a process of its own. Where a step's time goes is shown as it is found: "ms at peak" is how long an op
would take with its operations at the peak or its tensors at the bandwidth, both measured in the same run.
`

// benchOptions are the flags of bench.
type benchOptions struct {
	models          string
	batches         []int
	steps, workers  int
	compare         bool
	json, benchstat bool
	help            bool
}

const (
	// maxBenchBatch is what the larger data set has to train on.
	maxBenchBatch = 60_000
	maxBenchSteps = 100_000
)

func (opts *benchOptions) flags() *flag.FlagSet {
	opts.batches, opts.steps, opts.workers = []int{32, 64}, 30, kernel.Workers()
	set := newFlagSet()
	set.Func("model", "", text(&opts.models, "names, patterns or all"))
	set.Func("batch", "", wholes(&opts.batches, maxBenchBatch))
	set.Func("steps", "", whole(&opts.steps, maxBenchSteps))
	set.Func("workers", "", whole(&opts.workers, maxWorkers))
	set.BoolVar(&opts.compare, "compare", false, "")
	set.BoolVar(&opts.json, "json", false, "")
	set.BoolVar(&opts.benchstat, "benchstat", false, "")
	set.BoolVar(&opts.help, "h", false, "")
	set.BoolVar(&opts.help, "help", false, "")
	return set
}

// wholes reads different whole numbers from 1 to most with commas between them.
func wholes(target *[]int, most int) func(string) error {
	return func(s string) error {
		var numbers []int
		for part := range strings.SplitSeq(s, ",") {
			var n int
			if err := whole(&n, most)(strings.TrimSpace(part)); err != nil {
				return fmt.Errorf("%w, or several with commas", err)
			}
			if slices.Contains(numbers, n) {
				return fmt.Errorf("%d is there twice", n)
			}
			numbers = append(numbers, n)
		}
		*target = numbers
		return nil
	}
}

func parseBenchOptions(args []string) (benchOptions, error) {
	var opts benchOptions
	set := opts.flags()
	if err := parse(set, args); err != nil {
		return opts, err
	}
	switch {
	case set.NArg() > 0:
		return opts, refuse("unexpected argument %q; bench -h shows the usage", set.Arg(0))
	case opts.help:
	case opts.models == "":
		return opts, refuse("no model is chosen; give -model all, or names that -list shows")
	case opts.json && opts.benchstat:
		return opts, refuse("-json and -benchstat are two formats; give one")
	}
	return opts, nil
}

// runBench is the command bench.
func runBench(args []string, out *output) error {
	if len(args) > 0 && args[0] == benchWorker {
		return runBenchWorker(args[1:], out)
	}
	opts, err := parseBenchOptions(args)
	if err != nil {
		return err
	}
	if opts.help {
		out.printf("%s", benchHelp)
		return nil
	}
	config, err := opts.config()
	if err != nil {
		return err
	}
	ctx, release := stopOnSignal(context.Background())
	defer release()
	switch {
	case opts.json:
		report, err := bench.Run(ctx, config, bench.Listener{})
		if err != nil {
			return err
		}
		return report.WriteJSON(out)
	case opts.benchstat:
		report, err := bench.Run(ctx, config, bench.Listener{})
		if err != nil {
			return err
		}
		return report.WriteBenchstat(out)
	default:
		return benchText(ctx, config, out)
	}
}

// benchText shows each training's profile when it has been measured, and the tables at the end.
func benchText(ctx context.Context, config bench.Config, out *output) error {
	// What cannot be written is kept in out and told by Main.
	report, err := bench.Run(ctx, config, bench.Listener{
		Note: func(text string) { out.printf("%s\n\n", text) },
		Training: func(c bench.Case) {
			_ = c.WriteProfile(out)
			out.printf("\n")
		},
	})
	if err != nil {
		return err
	}
	return report.WriteText(out)
}

// config is what to measure.
func (opts benchOptions) config() (bench.Config, error) {
	entries, err := models.Select(opts.models)
	if err != nil {
		return bench.Config{}, refusal{err}
	}
	self, err := os.Executable()
	if err != nil {
		return bench.Config{}, fmt.Errorf("bench runs this program again for each model: %w", err)
	}
	config := bench.Config{
		Models: entries, Batches: opts.batches, Steps: opts.steps, Workers: opts.workers,
		Zoo: bench.Framework{Name: "zoo", Command: func(t bench.Task) []string {
			return append([]string{self, benchCommand, benchWorker}, t.Args()...)
		}},
	}
	if opts.compare {
		if config.Others, err = bench.Others("."); err != nil {
			config.Notes = append(config.Notes, err.Error())
		}
	}
	return config, nil
}

// benchCommand measures; benchWorker, after it, is the process that does the work for one model, which the help leaves
// out.
const (
	benchCommand = "bench"
	benchWorker  = "worker"
)

// runBenchWorker answers the commands of the process that started it.
func runBenchWorker(args []string, out *output) error {
	var name string
	var batch, workers int
	set := newFlagSet()
	set.Func("model", "", text(&name, "a name"))
	set.Func("batch", "", whole(&batch, maxBenchBatch))
	set.Func("workers", "", whole(&workers, maxWorkers))
	if err := parse(set, args); err != nil {
		return err
	}
	entries, err := models.Select(name)
	switch {
	case err != nil:
		return refusal{err}
	case len(entries) != 1 || batch == 0 || workers == 0:
		return refuse("bench worker wants one -model, -batch and -workers")
	}
	// Ctrl-C reaches this process too, but how the benchmark ends is for the one that started it.
	signal.Ignore(os.Interrupt)
	kernel.SetWorkers(workers)
	v := train.TheseVersions(version())
	versions := map[string]string{"zoo": v.Zoo, "go": strings.TrimPrefix(v.Go, "go"), "gorgonia": v.Gorgonia, "tensor": v.Tensor}
	return bench.Serve(os.Stdin, out, entries[0], batch, versions)
}
