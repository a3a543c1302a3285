package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"zoo/models"
)

// options are the training's flags. A zero value, which no flag accepts, means that the flag was not given.
type options struct {
	models              string
	epochs, batch       int
	learningRate        float64
	decay               *float64 // nil: not given; 0 is a decay
	seeds               []uint64 // at least one, each once
	limit, workers      int
	data, out, init     string
	force, resume       bool
	callbacks           callbackOptions
	help, list, version bool
}

const (
	defaultOut  = "runs"
	defaultSeed = 1

	maxEpochs  = 100_000
	maxWorkers = 1024
	maxSeeds   = 1000
)

// flags declares every flag with opts as its target.
func (opts *options) flags() *flag.FlagSet {
	opts.out = defaultOut
	opts.callbacks.monitor = "val_accuracy"
	set := newFlagSet()
	set.Func("model", "", text(&opts.models, "names, patterns or all"))
	set.Func("epochs", "", whole(&opts.epochs, maxEpochs))
	set.Func("batch", "", whole(&opts.batch, math.MaxInt))
	set.Func("limit", "", whole(&opts.limit, math.MaxInt))
	set.Func("workers", "", whole(&opts.workers, maxWorkers))
	set.Func("lr", "", func(s string) error {
		rate, err := strconv.ParseFloat(s, 64)
		if err != nil || !(float32(rate) > 0) || math.IsInf(float64(float32(rate)), 0) {
			return errors.New("want a number above 0 that float32 can hold")
		}
		opts.learningRate = rate
		return nil
	})
	set.Func("decay", "", func(s string) error {
		decay, err := strconv.ParseFloat(s, 64)
		if err != nil || !(decay >= 0) || math.IsInf(decay, 0) {
			return errors.New("want a number, 0 or above")
		}
		opts.decay = &decay
		return nil
	})
	set.Func("seed", "", opts.seedList)
	set.Func("seeds", "", opts.firstSeeds)
	set.Func("data", "", text(&opts.data, "a folder"))
	set.Func("out", "", text(&opts.out, "a folder"))
	set.Func("init", "", text(&opts.init, "a file of weights"))
	set.BoolVar(&opts.force, "force", false, "")
	set.BoolVar(&opts.resume, "resume", false, "")
	opts.callbacks.flags(set)
	set.BoolVar(&opts.list, "list", false, "")
	set.BoolVar(&opts.version, "version", false, "")
	set.BoolVar(&opts.help, "h", false, "")
	set.BoolVar(&opts.help, "help", false, "")
	return set
}

// seedList reads the seeds of -seed: one, or several with commas.
func (opts *options) seedList(list string) error {
	if opts.seeds != nil {
		return errSeeds
	}
	for text := range strings.SplitSeq(list, ",") {
		seed, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
		if err != nil {
			return errors.New("want whole numbers, 0 or above, several with commas")
		}
		if slices.Contains(opts.seeds, seed) {
			return fmt.Errorf("seed %d is there twice", seed)
		}
		opts.seeds = append(opts.seeds, seed)
	}
	return nil
}

// firstSeeds reads the number of seeds of -seeds.
func (opts *options) firstSeeds(text string) error {
	if opts.seeds != nil {
		return errSeeds
	}
	var n int
	if err := whole(&n, maxSeeds)(text); err != nil {
		return err
	}
	for seed := range n {
		opts.seeds = append(opts.seeds, uint64(seed+1))
	}
	return nil
}

var errSeeds = errors.New("the seeds are given twice; give -seeds N for seeds 1 to N, or -seed with a list")

// whole reads a whole number from 1 to most, which is math.MaxInt where nothing bounds it.
func whole(target *int, most int) func(string) error {
	wanted := "want a whole number, 1 or above"
	if most < math.MaxInt {
		wanted = fmt.Sprintf("want a whole number from 1 to %d", most)
	}
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > most {
			return errors.New(wanted)
		}
		*target = n
		return nil
	}
}

// text reads anything that is not empty, as an unset shell variable would be.
func text(target *string, wanted string) func(string) error {
	return func(s string) error {
		if strings.TrimSpace(s) == "" {
			return errors.New("want " + wanted)
		}
		*target = s
		return nil
	}
}

// parseOptions reads the command line. Every error is a refusal in one line.
func parseOptions(args []string) (options, error) {
	var opts options
	set := opts.flags()
	if err := parse(set, args); err != nil {
		return opts, err
	}
	switch {
	case set.NArg() > 0:
		return opts, opts.unexpected(set.Arg(0))
	case opts.force && opts.resume:
		return opts, refuse("-force begins anew and -resume goes on; give one of them")
	case opts.callbacks.restoreBest && opts.callbacks.earlyStop == nil:
		return opts, refuse("-restore-best restores the best weights when -early-stop ends the training; give both")
	case opts.models == "" && !opts.help && !opts.version && !opts.list:
		return opts, refuse("no model is chosen; give -model all, or names that -list shows")
	}
	if opts.seeds == nil {
		opts.seeds = []uint64{defaultSeed}
	}
	return opts, nil
}

// newFlagSet is without flags. It leaves it to Main to tell of failures, in one line.
func newFlagSet() *flag.FlagSet {
	set := flag.NewFlagSet("zoo", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	return set
}

// parse reads the flags among the arguments. Every error is a refusal.
func parse(set *flag.FlagSet, args []string) error {
	err := set.Parse(args)
	if err == nil {
		return nil
	}
	if name, found := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); found {
		return unknownFlag(set, name)
	}
	return refusal{err}
}

// unknownFlag suggests the flag of which name is the beginning, or the other way round: -epoch, -batchsize.
func unknownFlag(set *flag.FlagSet, name string) error {
	suggestion := ""
	set.VisitAll(func(f *flag.Flag) {
		if len(f.Name) > 1 && (strings.HasPrefix(f.Name, name) || strings.HasPrefix(name, f.Name)) {
			suggestion = "did you mean -" + f.Name + "? "
		}
	})
	return refuse("unknown flag -%s; %s-h lists the flags", name, suggestion)
}

// unexpected refuses an argument that is neither a flag nor a flag's value, and says how models are chosen.
func (opts options) unexpected(argument string) error {
	choice := argument
	if opts.models != "" {
		choice = opts.models + "," + argument
	}
	if _, err := models.Select(choice); err == nil {
		return refuse("unexpected argument %q; models are chosen with -model %s", argument, choice)
	}
	return refuse("unexpected argument %q; -h shows the usage", argument)
}
