package cli

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// FuzzOptions gives the training's flags any arguments, separated by newlines: each command line is refused, or says what can be
// done.
func FuzzOptions(f *testing.F) {
	for _, args := range []string{
		"-model\nall", "-model\nmnist-seq\n-epochs\n2\n-batch=64\n-lr\n.02\n-decay\n0\n-seed\n1,2", "-seeds\n5\n-model\nfashion-*",
		"-model\nall\n-early-stop\n0\n-restore-best\n-reduce-lr\n3\n-monitor\nloss\n-log\ncsv,json", "-resume\n-force\n-model\nall",
		"-h", "-list", "-version", "-lr\n1e39", "-lr\n0x1p-1", "-seed\n1,1", "-seeds\n1001", "--", "-\n-", "-model=\n", "-epoch\n1", "-=",
		"-save-every\n0", "-monitor\nacc", "-workers\n99999999999999999999",
	} {
		f.Add(args)
	}
	f.Fuzz(func(t *testing.T, line string) {
		opts, err := parseOptions(strings.Split(line, "\n"))
		if err != nil {
			var refused refusal
			if !errors.As(err, &refused) || err.Error() == "" {
				t.Fatalf("%q: %v is no refusal", line, err)
			}
			return
		}
		if opts.help || opts.list || opts.version {
			return
		}
		rate := float64(float32(opts.learningRate))
		switch {
		case strings.TrimSpace(opts.models) == "", strings.TrimSpace(opts.out) == "", opts.force && opts.resume:
			t.Errorf("%q: %+v", line, opts)
		case opts.epochs < 0 || opts.epochs > maxEpochs || opts.batch < 0 || opts.limit < 0 || opts.workers < 0 || opts.workers > maxWorkers:
			t.Errorf("%q: %+v", line, opts)
		case !(rate >= 0) || math.IsInf(rate, 0), opts.learningRate != 0 && rate == 0, opts.decay != nil && !(*opts.decay >= 0):
			t.Errorf("%q: %+v", line, opts)
		case len(opts.seeds) == 0 || opts.callbacks.saveEvery < 0 || opts.callbacks.monitor.Check() != nil:
			t.Errorf("%q: %+v", line, opts)
		}
		seen := map[uint64]bool{}
		for _, seed := range opts.seeds {
			if seen[seed] {
				t.Errorf("%q: seed %d twice", line, seed)
			}
			seen[seed] = true
		}
	})
}
