package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"zoo/models/kernel"
)

// The multiplications and additions of mnist-dense for one picture: of the
// layers forwards, and of both their gradients but for the first's by its input.
const (
	denseForward = 2 * (784*512 + 512*256 + 256*10)
	denseStep    = 3*denseForward - 2*784*512
)

// approximately is what adding up in another order allows.
var approximately = cmpopts.EquateApprox(1e-9, 0)

func TestServe(t *testing.T) {
	task := exampleTask(t)
	commands := "step 3\npredict 1 2\nprofile 4\npredict 16 1\npredict 1 1\npeak\nstep 1\n"
	var out bytes.Buffer
	if err := Serve(strings.NewReader(commands), &out, task.Entry, task.Batch, map[string]string{"zoo": "v1"}); err != nil {
		t.Fatal(err)
	}
	var answers []answer
	for in := json.NewDecoder(&out); ; {
		var a answer
		if err := in.Decode(&a); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != 8 {
		t.Fatalf("%d answers, want 8", len(answers))
	}
	if diff := cmp.Diff(map[string]string{"zoo": "v1"}, answers[0].Versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if tier, err := kernel.Tier(); answers[0].Kernels != tier || err != nil {
		t.Errorf("kernels %q, want %q, %v", answers[0].Kernels, tier, err)
	}
	for i, want := range map[int]struct {
		runs  int
		flops float64
	}{
		1: {3, 8 * denseStep},
		2: {2, denseForward},
		4: {1, 16 * denseForward},
		5: {1, denseForward},
		7: {1, 8 * denseStep},
	} {
		if a := answers[i]; len(a.Times) != want.runs || a.Flops != want.flops {
			t.Errorf("answer %d: %d runs of %v operations, want %d of %v", i, len(a.Times), a.Flops, want.runs, want.flops)
		}
	}
	if answers[6].PeakGFLOPS <= 0 || answers[6].PeakGBs <= 0 {
		t.Errorf("peaks %v GFLOP/s, %v GB/s", answers[6].PeakGFLOPS, answers[6].PeakGBs)
	}
	checkProfile(t, answers[3].Profile)
}

// checkProfile wants a profile of mnist-dense whose rows add up to the step.
func checkProfile(t *testing.T, p *Profile) {
	t.Helper()
	var ops []string
	ms, share, flops := 0.0, 0.0, 0.0
	for _, row := range p.Rows {
		ops = append(ops, row.Op)
		ms += row.Ms
		share += row.Share
		flops += row.GFLOPS * row.Ms * 1e6
		if row.Calls != 1 {
			t.Errorf("%s: %d calls in a step, want 1", row.Op, row.Calls)
		}
	}
	want := []string{
		"batch fill", "dense", "dense_1", "dense_2", "loss", "loss/backward", "dense_2/backward", "dense_1/backward",
		"dense/backward", "tape machine", "solver",
	}
	if diff := cmp.Diff(want, ops); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{p.Ms, 1, 8 * denseStep}, []float64{ms, share, flops}, approximately); diff != "" {
		t.Errorf("milliseconds, shares and operations of all rows (-want +got):\n%s", diff)
	}
}

func TestServeRefuses(t *testing.T) {
	task := exampleTask(t)
	for commands, want := range map[string]string{
		"jump 3\n":          `unknown command "jump 3"`,
		"step\n":            `unknown command "step"`,
		"step 3 4\n":        `unknown command "step 3 4"`,
		"step -1\n":         `command "step -1": "-1" is not a number, 1 or above`,
		"predict 8\n":       `unknown command "predict 8"`,
		"peak x\n":          `command "peak x": "x" is not a number, 1 or above`,
		"predict 60001 1\n": "a batch of 60001 pictures, want 1 to 60000",
	} {
		checkRefusal(t, commands, task.Batch, want)
	}
	checkRefusal(t, "", 60001, "a batch of 60001 pictures, want 1 to 60000")
}

// checkRefusal wants the error to be returned, and to be the last answer.
func checkRefusal(t *testing.T, commands string, batch int, want string) {
	t.Helper()
	var out bytes.Buffer
	err := Serve(strings.NewReader(commands), &out, exampleTask(t).Entry, batch, map[string]string{"zoo": "v1"})
	if err == nil || err.Error() != want {
		t.Errorf("%q: %v, want %s", commands, err, want)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var last answer
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Error != want {
		t.Errorf("%q: the last answer is %+v, %v", commands, last, err)
	}
}

// A loss that is no number ends it: what is computed with such numbers has
// another speed.
func TestServeDiverges(t *testing.T) {
	entry := exampleTask(t).Entry
	entry.LearningRate = math.MaxFloat32
	var out bytes.Buffer
	err := Serve(strings.NewReader("step 10\n"), &out, entry, 8, nil)
	if err == nil || !strings.Contains(err.Error(), "the loss is") {
		t.Errorf("%v, want an error about the loss", err)
	}
}

func TestServeWithoutReader(t *testing.T) {
	if err := Serve(strings.NewReader(""), failingWriter{}, exampleTask(t).Entry, 4, nil); !errors.Is(err, errFull) {
		t.Errorf("%v, want %v", err, errFull)
	}
}

func TestBest(t *testing.T) {
	tries := []float64{1, 3, 2}
	got := best(func(d time.Duration) float64 {
		if len(tries) == 0 {
			return float64(d.Milliseconds()) / 10
		}
		value := tries[0]
		tries = tries[1:]
		return value
	})
	if got != 3 {
		t.Errorf("%v, want 3", got)
	}
}
