package train

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const headerLine = "epoch,loss,accuracy,val_loss,val_accuracy,seconds,ms_per_step,learning_rate\n"

// report is the beginning of section 2.3 of the report, with times as the
// trainer measures them.
var report = History{
	{Epoch: 1, Loss: .4837, Accuracy: .8305, ValLoss: .3257, ValAccuracy: .8771, Seconds: 208.25, MsPerStep: 219.0471, LearningRate: .0075},
	{Epoch: 2, Loss: .3076, Accuracy: .889, ValLoss: .2681, ValAccuracy: .9021, Seconds: 201, MsPerStep: 21512.34, LearningRate: .005},
	{Epoch: 3, Loss: 4321.25, Accuracy: 0, ValLoss: 1e-9, ValAccuracy: 1, Seconds: .5, MsPerStep: .0012346, LearningRate: .1},
}

const reportCSV = headerLine +
	"1,0.4837,0.8305,0.3257,0.8771,208.25,219,0.0075\n" +
	"2,0.3076,0.889,0.2681,0.9021,201,21510,0.005\n" +
	"3,4321.25,0,1e-09,1,0.5,0.001235,0.1\n"

func TestWriteCSV(t *testing.T) {
	for _, test := range []struct {
		history History
		want    string
	}{{report, reportCSV}, {nil, headerLine}} {
		var out strings.Builder
		if err := test.history.WriteCSV(&out); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, out.String()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestWriteCSVRefuses(t *testing.T) {
	for want, h := range map[string]History{
		"history of epoch 1: numbered 2, want 1":                                      {{Epoch: 2}},
		"history of epoch 2: val_loss: NaN is not a finite number of 0 or above":      {{Epoch: 1}, {Epoch: 2, ValLoss: math.NaN()}},
		"history of epoch 1: loss: +Inf is not a finite number of 0 or above":         {{Epoch: 1, Loss: math.Inf(1)}},
		"history of epoch 1: accuracy: 1.5 is not a number from 0 to 1":               {{Epoch: 1, Accuracy: 1.5}},
		"history of epoch 1: ms_per_step: -0.25 is not a finite number of 0 or above": {{Epoch: 1, MsPerStep: -.25}},
		"history of epoch 1: learning_rate: NaN is not a finite number of 0 or above": {{Epoch: 1, LearningRate: math.NaN()}},
		"history of epoch 1: seconds: -1 is not a finite number of 0 or above":        {{Epoch: 1, Seconds: -1}},
		"history of epoch 1: val_accuracy: NaN is not a number from 0 to 1":           {{Epoch: 1, ValAccuracy: math.NaN()}},
	} {
		if err := h.WriteCSV(&strings.Builder{}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

var errFull = errors.New("no space left")

// fullAfter is a disk that is full after so many bytes.
type fullAfter int

func (f *fullAfter) Write(p []byte) (int, error) {
	if len(p) > int(*f) {
		return 0, errFull
	}
	*f -= fullAfter(len(p))
	return len(p), nil
}

func TestWriteCSVReportsAFailedWrite(t *testing.T) {
	long := make(History, 200) // more than any buffer on the way
	for i := range long {
		long[i].Epoch = i + 1
	}
	for _, h := range []History{report, long} {
		full := fullAfter(10)
		if err := h.WriteCSV(&full); !errors.Is(err, errFull) {
			t.Errorf("%d epochs: error %v, want %v", len(h), err, errFull)
		}
	}
}

func TestReadHistoryCSVRefuses(t *testing.T) {
	const good = "1,0.5,0.5,0.5,0.5,1,2,0.1\n"
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "line 1: empty, want the columns epoch,loss,accuracy,val_loss,val_accuracy,seconds,ms_per_step,learning_rate"},
		{"another header", "epoch,loss\n" + good, `line 1: columns "epoch,loss", want "epoch,loss,accuracy,val_loss,val_accuracy,seconds,ms_per_step,learning_rate"`},
		{"no header", good, `line 1: columns "1,0.5,0.5,0.5,0.5,1,2,0.1", want "epoch,loss,accuracy,val_loss,val_accuracy,seconds,ms_per_step,learning_rate"`},
		{"too few", headerLine + "1,0.5\n", "line 2: 2 columns, want 8"},
		{"too many", headerLine + good + "2,0.5,0.5,0.5,0.5,1,2,0.1,\n", "line 3: 9 columns, want 8"},
		{"cut off", headerLine + good + "2,0.5,0.", "line 3: 3 columns, want 8"},
		{"epoch 0", headerLine + "0" + good[1:], `line 2, column epoch: "0", want 1`},
		{"epoch twice", headerLine + good + good, `line 3, column epoch: "1", want 2`},
		{"epoch with a sign", headerLine + "+" + good, `line 2, column epoch: "+1", want 1`},
		{"a word", headerLine + "1,0.5,0.5,high,0.5,1,2,0.1\n", `line 2, column val_loss: "high" is not a number`},
		{"nothing", headerLine + "1,0.5,0.5,0.5,0.5,1,2,\n", `line 2, column learning_rate: "" is not a number`},
		{"NaN", headerLine + "1,NaN,0.5,0.5,0.5,1,2,0.1\n", "line 2, column loss: NaN is not a finite number of 0 or above"},
		{"infinite", headerLine + "1,0.5,0.5,0.5,0.5,Inf,2,0.1\n", "line 2, column seconds: +Inf is not a finite number of 0 or above"},
		{"too large", headerLine + "1,0.5,0.5,0.5,0.5,1e999,2,0.1\n", `line 2, column seconds: "1e999" is not a number`},
		{"negative", headerLine + "1,0.5,0.5,0.5,0.5,1,-2,0.1\n", "line 2, column ms_per_step: -2 is not a finite number of 0 or above"},
		{"percent", headerLine + "1,0.5,50,0.5,0.5,1,2,0.1\n", "line 2, column accuracy: 50 is not a number from 0 to 1"},
		{"quote", headerLine + good + "2,\"0.5,0.5\n", `parse error on line 3, column 12: extraneous or missing " in quoted-field`},
		{"after a blank line", headerLine + "\n\n" + "1,x,0.5,0.5,0.5,1,2,0.1\n", `line 4, column loss: "x" is not a number`},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, err := ReadHistoryCSV(strings.NewReader(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
			if h != nil {
				t.Errorf("a history in spite of the error: %v", h)
			}
		})
	}
}

func TestReadHistoryCSVTakesWindowsLines(t *testing.T) {
	h, err := ReadHistoryCSV(strings.NewReader(strings.ReplaceAll(reportCSV, "\n", "\r\n")))
	if err != nil || len(h) != len(report) {
		t.Errorf("%d epochs, error %v; want %d", len(h), err, len(report))
	}
}

// history draws a history that WriteCSV takes; times are rounded as it rounds them.
func history(t *rapid.T) History {
	positive := rapid.Float64Range(0, math.MaxFloat64)
	fraction := rapid.Float64Range(0, 1)
	h := make(History, rapid.IntRange(0, 5).Draw(t, "epochs"))
	for i := range h {
		h[i] = Epoch{
			Epoch: i + 1, Loss: positive.Draw(t, "loss"), Accuracy: fraction.Draw(t, "accuracy"),
			ValLoss: positive.Draw(t, "val_loss"), ValAccuracy: fraction.Draw(t, "val_accuracy"),
			Seconds: positive.Draw(t, "seconds"), MsPerStep: significant(positive.Draw(t, "ms")),
			LearningRate: positive.Draw(t, "learning_rate"),
		}
	}
	return h
}

func TestHistoryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := history(t)
		var file bytes.Buffer
		if err := want.WriteCSV(&file); err != nil {
			t.Fatal(err)
		}
		got, err := ReadHistoryCSV(&file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-written +read)\n%s", diff)
		}
	})
}

func TestSignificant(t *testing.T) {
	for x, want := range map[float64]float64{
		0: 0, 219.0471: 219, 79.996: 80, 1234.5: 1234, 98766: 98770, .00123456: .001235, 5e-324: 5e-324,
		math.MaxFloat64: math.MaxFloat64, // 1.798e308 would be infinite
	} {
		if got := significant(x); got != want {
			t.Errorf("significant(%v) = %v, want %v", x, got, want)
		}
	}
}

// FuzzReadHistoryCSV: whatever is read can be written and read again.
func FuzzReadHistoryCSV(f *testing.F) {
	for _, text := range []string{"", headerLine, reportCSV, "epoch\n\"", headerLine + "1,1,1,1,1,1,1\n", headerLine + "1,0x1p-2,1,1,1,1_0,1,1\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ReadHistoryCSV(strings.NewReader(text))
		if err != nil {
			return
		}
		for i := range h {
			h[i].MsPerStep = significant(h[i].MsPerStep)
		}
		var file bytes.Buffer
		if err := h.WriteCSV(&file); err != nil {
			t.Fatalf("was read but cannot be written: %v", err)
		}
		again, err := ReadHistoryCSV(&file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(h, again); diff != "" {
			t.Fatalf("(-first +second)\n%s", diff)
		}
	})
}
