// Package cli is the command line: flags in, text, files and an exit code out. Each command lies in a file of its own.
package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"zoo/models/kernel"
)

// Exit codes; a run that a signal stopped ends with 128 + the signal's number, as shells count.
const (
	exitDone    = 0
	exitFailed  = 1 // something went wrong on the way
	exitRefused = 2 // the command line asks for what cannot be done; nothing was
)

// refusal is an error found before any work: the command line has to change.
type refusal struct {
	error
}

func (r refusal) Unwrap() error { return r.error }

// refuse makes a refusal from a format and its arguments.
func refuse(format string, args ...any) error {
	return refusal{fmt.Errorf(format, args...)}
}

// Main runs the program with the arguments that follow its name and returns its exit code. Results and progress go to
// stdout, a failure as one line to stderr.
func Main(args []string, stdout, stderr io.Writer) int {
	out := &output{Writer: stdout}
	err := run(args, out)
	switch {
	case errors.Is(out.err, syscall.EPIPE) && (err == nil || errors.Is(err, syscall.EPIPE)):
		err = stopped{syscall.SIGPIPE}
	case err == nil && out.err != nil:
		err = fmt.Errorf("cannot write to the standard output: %w", withoutPath(out.err))
	}
	if err != nil {
		line := strings.ReplaceAll(err.Error(), "\n", "; ") // errors.Join has a line for each
		// Nobody is left to tell when stderr cannot be written either; the exit code says it.
		_, _ = fmt.Fprintf(stderr, "zoo: %s\n", line)
	}
	return exitCode(err)
}

// commands are what the first argument may be instead of a flag.
var commands = map[string]func(args []string, out *output) error{
	reportCommand:   runReport,
	benchCommand:    runBench,
	evaluateCommand: runEvaluate,
	predictCommand:  runPredict,
	exportCommand:   runExport,
	importCommand:   runImport,
	summaryCommand:  runSummary,
	plotCommand:     runPlot,
}

// run does what the arguments ask for. Without a command they are the training's.
func run(args []string, out *output) error {
	if len(args) == 0 {
		printHelp(out)
		return nil
	}
	if _, err := kernel.Tier(); err != nil {
		return refusal{err}
	}
	if err := checkDescriptors(); err != nil {
		return err
	}
	if command, ok := commands[args[0]]; ok {
		return command(args[1:], out)
	}
	opts, err := parseOptions(args)
	switch {
	case err != nil:
		return err
	case opts.help:
		printHelp(out)
	case opts.version:
		printVersion(out)
	case opts.list:
		return printList(out)
	default:
		return trainModels(opts, out)
	}
	return nil
}

// withoutPath is an error of the file system without the file's name, which the caller tells.
func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

func exitCode(err error) int {
	var stop stopped
	var refused refusal
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &stop):
		return stop.code()
	case errors.As(err, &refused):
		return exitRefused
	default:
		return exitFailed
	}
}

// output is the standard output. It remembers the first error, so that a full disk under `> log` costs the text but
// not the training, and is told at the end.
type output struct {
	io.Writer
	err error
}

// Write writes p unless a write failed before.
func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.Writer.Write(p)
	o.err = err
	return n, err
}

// printf writes formatted text; a failure is kept in o.err.
func (o *output) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(o, format, args...)
}
