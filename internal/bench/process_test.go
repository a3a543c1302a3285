package bench

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProcess(t *testing.T) {
	p, err := open(t.Context(), fake("works", filepath.Join(t.TempDir(), "log")), exampleTask(t))
	if err != nil {
		t.Fatal(err)
	}
	if p.ready.Versions["works"] != "1.2" || p.firstStep <= 0 {
		t.Errorf("versions %v, first step after %v", p.ready.Versions, p.firstStep)
	}
	ms, _, err := p.times("predict 256", 3)
	if diff := cmp.Diff([]float64{1000, 10, 10}, ms); diff != "" || err != nil {
		t.Errorf("predict: %v, (-want +got):\n%s", err, diff)
	}
	if err := p.close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestProcessFails(t *testing.T) {
	for name, want := range map[string]string{
		"never starts": "never starts: no module named fake",
		"dies":         "dies: its process ended: exit status 3: out of memory",
		"babbles":      `babbles: "Epoch 1/11" is no answer: invalid character 'E' looking for beginning of value`,
		"miscounts":    "miscounts: 1 times for 4 runs",
		"stands still": "stands still: a run of 0s",
		"ends badly":   "ends badly: its process ended: exit status 4",
	} {
		t.Run(name, func(t *testing.T) {
			p, err := open(t.Context(), fake(name, filepath.Join(t.TempDir(), "log")), exampleTask(t))
			if err == nil {
				_, _, err = p.times("step", 4)
			}
			if err == nil {
				err = p.close()
			}
			if err == nil || err.Error() != want {
				t.Errorf("%v\nwant %s", err, want)
			}
			if p != nil && p.command.ProcessState == nil {
				t.Error("the process is not over")
			}
		})
	}
}

func TestProcessIsNotThere(t *testing.T) {
	nowhere := Framework{Name: "nowhere", Command: func(Task) []string { return []string{filepath.Join(t.TempDir(), "python")} }}
	if _, err := open(t.Context(), nowhere, exampleTask(t)); err == nil || !strings.Contains(err.Error(), "python") {
		t.Errorf("%v, want an error that names it", err)
	}
}

// A process that does not answer ends with the context, whose cause is the error.
func TestProcessCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	p, err := open(ctx, fake("hangs", filepath.Join(t.TempDir(), "log")), exampleTask(t))
	if err != nil {
		t.Fatal(err)
	}
	stopped := errors.New("stopped")
	cancelled := make(chan struct{})
	go func() {
		cancel(stopped)
		close(cancelled)
	}()
	if _, _, err = p.times("step", 1); !errors.Is(err, stopped) {
		t.Errorf("%v, want %v", err, stopped)
	}
	<-cancelled
	if _, err := open(ctx, fake("works", filepath.Join(t.TempDir(), "log")), exampleTask(t)); !errors.Is(err, stopped) {
		t.Errorf("a process after the end: %v, want %v", err, stopped)
	}
}

func TestTail(t *testing.T) {
	var text tail
	if last := text.lastLine(); last != "" {
		t.Errorf("of nothing: %q", last)
	}
	for range 1000 {
		if n, err := text.Write([]byte("a line of thirty-one characters\n")); n != 32 || err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := text.Write([]byte("  the last \n\n")); err != nil {
		t.Fatal(err)
	}
	if last := text.lastLine(); last != "the last" || len(text.text) > tailLength {
		t.Errorf("%q of %d bytes", last, len(text.text))
	}
}
