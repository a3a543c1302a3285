package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/models"
)

// benchFakes runs a benchmark of mnist-dense at batch 4 and 8 with fakes and
// returns their log too.
func benchFakes(t *testing.T, zoo string, others ...string) (report *Report, told []string, log string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	cfg := Config{Models: []models.Entry{exampleTask(t).Entry}, Batches: []int{4, 8}, Steps: 8, Workers: 2, Zoo: fake(zoo, file)}
	for _, name := range others {
		cfg.Others = append(cfg.Others, fake(name, file))
	}
	report, err = Run(t.Context(), cfg, Listener{
		Note:     func(text string) { told = append(told, text) },
		Training: func(c Case) { told = append(told, c.Model) },
	})
	lines, readErr := os.ReadFile(file)
	if readErr != nil && !errors.Is(readErr, os.ErrNotExist) {
		t.Fatal(readErr)
	}
	return report, told, string(lines), err
}

func TestRunTakesTurns(t *testing.T) {
	t.Parallel()
	report, told, log, err := benchFakes(t, "zoo", "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	session := func(inference bool) []string {
		var lines []string
		all := func(commands ...string) {
			for _, command := range commands {
				lines = append(lines, "zoo "+command, "a "+command, "b "+command)
			}
		}
		all("starts", "step 4", "step 3", "step 3", "step 2", "step 2", "step 2", "step 2")
		lines = append(lines, "zoo peak", "zoo profile 8")
		for _, batch := range []string{"1", "256"} {
			if inference {
				all("predict "+batch+" 3", "predict "+batch+" 3")
				all(slices.Repeat([]string{"predict " + batch + " 2"}, 4)...)
			}
		}
		all("ends")
		return lines
	}
	want := []string{"zoo starts", "zoo ends", "a starts", "a ends", "b starts", "b ends"} // the rehearsal
	want = append(want, session(false)...)
	want = append(want, session(true)...)
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(log), "\n")); diff != "" {
		t.Errorf("order of work (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"mnist-dense", "mnist-dense"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"zoo": "1.2", "a": "1.2", "b": "1.2"}, report.Versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if report.Kernels != "of zoo" {
		t.Errorf("kernels %q, want those of zoo", report.Kernels)
	}
}

func TestRunReport(t *testing.T) {
	t.Parallel()
	report, _, _, err := benchFakes(t, "zoo", "a")
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Training) != 2 || len(report.Inference) != 2 {
		t.Fatalf("%d trainings, %d inferences, want 2 of each", len(report.Training), len(report.Inference))
	}
	// The runs of a second, at the beginning of each turn, do not count.
	ten := Summary{10, 10, 10, 10, 10}
	rounds := Rounds{{10, 10}, {10, 10}, {10}, {10}, {10}, {10}}
	zoo := Result{Framework: "zoo", Ms: ten, ImagesPerSecond: 800, GFLOPS: 1, PeakShare: 0.5, MsByRound: rounds}
	other := zoo
	other.Framework, other.Ratio = "a", &Ratio{1, 1, 1}
	want := Case{Model: "mnist-dense", Batch: 8, GFLOP: 0.01, PeakGFLOPS: 2, PeakGBs: 50, Results: []Result{zoo, other},
		Profile: &Profile{Ms: 10, Rows: []Row{{Op: "dense", Calls: 1, Ms: 10, Share: 1}}}}
	got := report.Training[1]
	for i, result := range got.Results {
		if result.FirstStepSeconds <= 0 {
			t.Errorf("%s: first step after %v s", result.Framework, result.FirstStepSeconds)
		}
		got.Results[i].FirstStepSeconds, got.Results[i].PeakMemory = 0, 0
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("training (-want +got):\n%s", diff)
	}
	want.Batch, want.Profile = 256, nil
	for i := range want.Results {
		want.Results[i].ImagesPerSecond = 25_600
	}
	if diff := cmp.Diff(want, report.Inference[1]); diff != "" {
		t.Errorf("inference (-want +got):\n%s", diff)
	}
}

// A framework that fails costs its own numbers alone, and is noted.
func TestRunWithoutOthers(t *testing.T) {
	for name, want := range map[string][]string{
		"never starts": {"left out: never starts: no module named fake"},
		"fails":        {"mnist-dense, batch 4: fails: the loss is nan", "mnist-dense, batch 8: fails: the loss is nan"},
		"dies": {
			"mnist-dense, batch 4: dies: its process ended: exit status 3: out of memory",
			"mnist-dense, batch 8: dies: its process ended: exit status 3: out of memory",
		},
		"ends badly": {"left out: ends badly: its process ended: exit status 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, told, _, err := benchFakes(t, "zoo", name, "works")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, report.Notes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			for _, note := range want {
				if !slices.Contains(told, note) {
					t.Errorf("not told: %s", note)
				}
			}
			for _, c := range slices.Concat(report.Training, report.Inference) {
				var names []string
				for _, result := range c.Results {
					names = append(names, result.Framework)
				}
				if diff := cmp.Diff([]string{"zoo", "works"}, names); diff != "" {
					t.Errorf("%s, batch %d (-want +got):\n%s", c.Model, c.Batch, diff)
				}
			}
		})
	}
}

// Without zoo there is nothing to report.
func TestRunFails(t *testing.T) {
	for name, want := range map[string]string{
		"never starts": "mnist-dense, batch 4: never starts: no module named fake",
		"fails":        "mnist-dense, batch 4: fails: the loss is nan",
	} {
		if _, _, _, err := benchFakes(t, name); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestRunCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cfg := Config{
		Models: []models.Entry{exampleTask(t).Entry}, Batches: []int{4, 8}, Steps: 2, Workers: 1,
		Zoo:    fake("zoo", filepath.Join(t.TempDir(), "log")),
		Others: []Framework{fake("other", filepath.Join(t.TempDir(), "log"))},
		Notes:  []string{"something is missing"},
	}
	var notes []string
	_, err := Run(ctx, cfg, Listener{
		Note:     func(text string) { notes = append(notes, text) },
		Training: func(Case) { cancel(stopped) },
	})
	if !errors.Is(err, stopped) {
		t.Errorf("%v, want %v", err, stopped)
	}
	if diff := cmp.Diff(cfg.Notes, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}
