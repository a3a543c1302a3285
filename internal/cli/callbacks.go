package cli

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"zoo/train"
)

// logging is the set of logs that -log asks for.
type logging []string

// Logs that -log can ask for, and what they write to the run's folder.
var logs = map[string]string{"csv": "log.csv", "json": "log.jsonl", "tensorboard": "tensorboard"}

// read reads the value of -log.
func (l *logging) read(list string) error {
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if logs[name] == "" {
			return errors.New("want csv, json or tensorboard, several with commas")
		}
		if !slices.Contains(*l, name) {
			*l = append(*l, name)
		}
	}
	return nil
}

// callbackOptions are the flags for Keras's callbacks.
type callbackOptions struct {
	monitor     train.Monitor
	earlyStop   *int // patience; nil: not given
	restoreBest bool
	reduceLR    *int // patience; nil: not given
	saveEvery   int
	logs        logging
}

// flags declares the flags with o as their target.
func (o *callbackOptions) flags(set *flag.FlagSet) {
	set.Func("monitor", "", func(s string) error {
		o.monitor = train.Monitor(s)
		if s == "" {
			return errors.New("want loss, accuracy, val_loss or val_accuracy")
		}
		return o.monitor.Check()
	})
	set.Func("early-stop", "", patience(&o.earlyStop))
	set.Func("reduce-lr", "", patience(&o.reduceLR))
	set.BoolVar(&o.restoreBest, "restore-best", false, "")
	set.Func("save-every", "", whole(&o.saveEvery, math.MaxInt))
	set.Func("log", "", o.logs.read)
}

// patience reads a number of epochs.
func patience(target **int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || n > maxEpochs {
			return fmt.Errorf("want a number of epochs from 0 to %d", maxEpochs)
		}
		*target = &n
		return nil
	}
}

// changing are the callbacks that change what is trained, and their description in the run's settings.
func (o callbackOptions) changing() (all []train.Callback, description string) {
	var texts []string
	if o.earlyStop != nil {
		all = append(all, &train.EarlyStopping{Monitor: o.monitor, Patience: *o.earlyStop, RestoreBestWeights: o.restoreBest})
		text := fmt.Sprintf("EarlyStopping(%s, patience %d", o.monitor, *o.earlyStop)
		if o.restoreBest {
			text += ", best weights restored"
		}
		texts = append(texts, text+")")
	}
	if o.reduceLR != nil {
		reduce := train.NewReduceLROnPlateau()
		reduce.Monitor, reduce.Patience = o.monitor, *o.reduceLR
		all = append(all, reduce)
		texts = append(texts, fmt.Sprintf("ReduceLROnPlateau(%s, factor %g, patience %d)", o.monitor, reduce.Factor, reduce.Patience))
	}
	return all, strings.Join(texts, ", ")
}

// ending is the callback that knows why a training ended before its last epoch.
type ending struct {
	train.NopCallback
	reason string
}

// TrainEnd notes it.
func (e *ending) TrainEnd(t *train.Training) error {
	e.reason = t.Stopped()
	return nil
}

// loggers are the callbacks that write the logs to the run's folder. Those of a training that is resumed go on.
func (o callbackOptions) loggers(dir string, resumed bool) []train.Callback {
	var all []train.Callback
	for _, name := range o.logs {
		path := filepath.Join(dir, logs[name])
		switch name {
		case "csv":
			all = append(all, &train.CSVLogger{Path: path, Append: resumed})
		case "json":
			all = append(all, &train.JSONLogger{Path: path, Append: resumed})
		case "tensorboard":
			all = append(all, &train.TensorBoard{LogDir: path, HistogramFreq: 1})
		}
	}
	return all
}

// removeLogs removes the logs of an earlier training in the folder.
func removeLogs(dir string) error {
	var failed error
	for _, name := range logs {
		failed = errors.Join(failed, os.RemoveAll(filepath.Join(dir, name)))
	}
	return failed
}
