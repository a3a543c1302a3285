package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// stopped is why a training's context was cancelled: a signal came.
type stopped struct {
	signal syscall.Signal
}

// Error says it in the words of the line that the user reads.
func (s stopped) Error() string {
	switch s.signal {
	case syscall.SIGINT:
		return "interrupted"
	case syscall.SIGPIPE:
		return "stopped, as nobody reads the standard output any more"
	default:
		return fmt.Sprintf("stopped (%v)", s.signal)
	}
}

// code is the shell's exit code for a program that a signal ended.
func (s stopped) code() int { return 128 + int(s.signal) }

// stopOnSignal returns a context that the first SIGINT or SIGTERM, or a write to a closed pipe, cancels with a stopped
// cause, so that the training ends after its step and saves its files. A second SIGINT or SIGTERM ends the process at once.
// The caller calls release when the training is over.
func stopOnSignal(parent context.Context) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE)
	go func() {
		select {
		case caught := <-signals:
			// SIGPIPE stays caught: Ctrl-C ends the reader of `zoo ... | tee log` too, and the files are not yet saved.
			signal.Reset(syscall.SIGINT, syscall.SIGTERM)
			if number, ok := caught.(syscall.Signal); ok {
				cancel(stopped{number})
			}
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}
