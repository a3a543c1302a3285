package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"zoo/models/op"
	"zoo/train"
)

var update = flag.Bool("update", false, "write testdata again")

// exampleReport is that of a comparison on another system than Linux at one
// batch, on Linux at the other.
func exampleReport() *Report {
	r := &Report{
		Machine:  train.Machine{CPU: "Example CPU 9000", Cores: 4, OS: "linux", Arch: "amd64"},
		Started:  time.Date(2026, 12, 24, 20, 15, 0, 0, time.UTC),
		Steps:    3,
		Workers:  2,
		Kernels:  "avx512",
		Versions: map[string]string{"zoo": "v1.0.0", "go": "1.26.8", "keras": "3.15.1"},
		Notes:    []string{"fashion-seq, batch 64: torch: gone"},
	}
	step := Case{Model: "mnist-dense", Batch: 32, GFLOP: 0.077, PeakGFLOPS: 340, PeakGBs: 50}
	step.add("zoo", Rounds{{0.51, 0.5}, {0.52}}).FirstStepSeconds = 0.321
	step.add("keras", Rounds{{2.5, 2.6}, {2.4}}).FirstStepSeconds = 4.4
	step.Profile = newProfile([]trace{{
		laps: laps{fill: 40 * time.Microsecond, run: 380 * time.Microsecond, solve: 100 * time.Microsecond},
		ops: []op.Work{
			{Op: "dense", Time: 200 * time.Microsecond, Flops: 2.6e7, Bytes: 1.8e6},
			{Op: "loss", Time: 2500, Bytes: 1400},
			{Op: "dense/backward", Time: 150 * time.Microsecond, Flops: 2.6e7, Bytes: 1.8e6},
		},
	}}, 125_600, 6_400_000)
	large := Case{Model: "fashion-seq", Batch: 64, GFLOP: 10, PeakGFLOPS: 340, PeakGBs: 50}
	zoo := large.add("zoo", Rounds{{21.3}, {20.9}, {25}})
	zoo.FirstStepSeconds, zoo.PeakMemory = 1.234, 250<<20
	keras := large.add("keras", Rounds{{78}, {79}, {80}})
	keras.FirstStepSeconds, keras.PeakMemory = 9.9, 726<<20
	r.Training = []Case{step, large}
	one := Case{Model: "fashion-seq", Batch: 1, GFLOP: 0.05, PeakGFLOPS: 340, PeakGBs: 50}
	one.add("zoo", Rounds{{0.4567}, {0.4}})
	one.add("keras", Rounds{{1.5}, {1.6}})
	many := Case{Model: "fashion-seq", Batch: 256, GFLOP: 13.4, PeakGFLOPS: 340, PeakGBs: 50}
	many.add("zoo", Rounds{{30}, {31}})
	r.Inference = []Case{one, many}
	return r
}

func TestReportFormats(t *testing.T) {
	r := exampleReport()
	for name, write := range map[string]func(io.Writer) error{
		"report.txt":   r.WriteText,
		"report.json":  r.WriteJSON,
		"report.bench": r.WriteBenchstat,
		"profile.txt":  r.Training[0].WriteProfile,
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(&got); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-%s +got):\n%s", golden, diff)
			}
			if err := write(failingWriter{}); !errors.Is(err, errFull) {
				t.Errorf("to a full disk: %v", err)
			}
		})
	}
}

var errFull = errors.New("disk full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

// What is written as JSON is what was measured.
func TestReportJSON(t *testing.T) {
	want := exampleReport()
	var text bytes.Buffer
	if err := want.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(text.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, &got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDigits(t *testing.T) {
	for x, want := range map[float64]string{
		0: "-", 123456: "123456", 999.6: "1000", 99.96: "100", 99.94: "99.9", 9.996: "10.0", 9.994: "9.99", 1: "1.00", 0.9996: "1.00",
		0.9994: "0.999", 0.01234: "0.0123", 0.00099951: "0.00100", 1e-9: "0.000000",
	} {
		if got := digits(x); got != want {
			t.Errorf("digits(%v) = %q, want %q", x, got, want)
		}
	}
}
