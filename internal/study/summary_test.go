package study

import (
	"bytes"
	"encoding/csv"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"zoo/train"
)

// three are runs of seeds 1 to 3 whose final val_accuracy is 0.92, 0.94 and 0.90.
func three(t testing.TB) Model {
	m := model(t, "mnist-seq", 3, func(seed uint64, e *train.Epoch) {
		if e.Epoch == 11 {
			e.Loss, e.ValLoss = 0.25, 0.5
			e.ValAccuracy = []float64{0.92, 0.94, 0.90}[seed-1]
		}
	})
	for i, s := range []float64{30, 40, 20} {
		m.Runs[i].Result.Seconds = s
	}
	return m
}

func TestSummarize(t *testing.T) {
	m := three(t)
	m.Runs[2].Result.Test = nil
	m.Runs[0], m.Runs[1] = m.Runs[1], m.Runs[0] // sorted again
	s, err := Summarize(m)
	if err != nil {
		t.Fatal(err)
	}
	want := Summary{
		Model: "mnist-seq", Seeds: []uint64{1, 2, 3},
		Final: Estimate{0.92, 0.02, 3},
		// The third run was at 0.91 in epoch 10.
		Best: Estimate{0.92 + 0.01/3, math.Sqrt((0.01*0.01 + 0.05*0.05 + 0.04*0.04) / 9 / 2), 3},
		Gap:  Estimate{0.25, 0, 3}, TestAccuracy: &Estimate{0.93, 0.02 / math.Sqrt2, 2},
		MsPerStep: Estimate{4, 0, 3}, Seconds: Estimate{30, 10, 3}, Fastest: 20,
	}
	approximate := cmpopts.EquateApprox(0, 1e-12)
	if diff := cmp.Diff(want, s, approximate, cmpopts.IgnoreFields(Summary{}, "Epochs")); diff != "" {
		t.Error(diff)
	}
	last := EpochEstimate{11, Estimate{0.25, 0, 3}, Estimate{0.93 - 0.1/11, 0, 3}, Estimate{0.5, 0, 3}, Estimate{0.92, 0.02, 3}}
	if diff := cmp.Diff(last, s.Epochs[10], approximate); diff != "" || len(s.Epochs) != 11 {
		t.Errorf("%d epochs, the last: %s", len(s.Epochs), diff)
	}
}

// Runs that EarlyStopping ended have epochs in common up to the shortest's last, and ends of their own. They answer no claim.
func TestSummarizeStopped(t *testing.T) {
	m := three(t)
	for i, epochs := range []int{7, 4, 11} {
		m.Runs[i].Result.Settings.Callbacks = "EarlyStopping(val_accuracy, patience 1)"
		m.Runs[i].History = m.Runs[i].History[:epochs]
	}
	s, err := Summarize(m)
	if err != nil {
		t.Fatal(err)
	}
	of := func(epoch int) float64 { return m.Runs[2].History[epoch-1].ValAccuracy }
	if want := (0.92 - 0.1/7 + 0.92 - 0.1/4 + of(11)) / 3; math.Abs(s.Final.Mean-want) > 1e-12 || s.Final.N != 3 {
		t.Errorf("final %v, want the mean %v", s.Final, want)
	}
	if len(s.Epochs) != 4 || s.Epochs[3].ValAccuracy.N != 3 || math.Abs(s.Epochs[3].ValAccuracy.Mean-of(4)) > 1e-12 {
		t.Errorf("epochs %+v, want 4 of 3 runs each", s.Epochs)
	}
	for _, c := range Claims([]Model{m}) {
		if c.Verdict == Confirmed || c.Verdict == Refuted {
			t.Errorf("claim %d: %s", c.Number, c.Verdict)
		}
		if c.Number == 3 && !strings.Contains(c.Sentence, "not trained as in the report: EarlyStopping(val_accuracy, patience 1)") {
			t.Errorf("claim 3: %q", c.Sentence)
		}
	}

	m.Runs[1].History = append(m.Runs[1].History, m.Runs[0].History[4:]...)
	for epoch := 8; epoch <= 12; epoch++ {
		e := m.Runs[1].History[6]
		e.Epoch = epoch
		m.Runs[1].History = append(m.Runs[1].History, e)
	}
	if _, err := Summarize(m); err == nil || !strings.HasSuffix(err.Error(), "seed 2: the run ended after epoch 12 of 11") {
		t.Errorf("a run of 12 epochs: error %v", err)
	}
}

func TestSummarizeOne(t *testing.T) {
	m := three(t)
	m.Runs = m.Runs[1:2]
	s, err := Summarize(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Estimate{0.94, 0, 1}, s.Final); diff != "" {
		t.Error(diff)
	}
	if err := s.WriteJSON(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

func TestSummaryJSON(t *testing.T) {
	for _, name := range []string{"mnist-seq", "fashion-seq"} { // with test images and without
		s, err := Summarize(model(t, name, 3, shifted(0, 1)))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := s.WriteJSON(&text); err != nil {
			t.Fatal(err)
		}
		again, err := ReadSummary(&text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Error(diff)
		}
	}
}

func TestReadSummaryErrors(t *testing.T) {
	s, err := Summarize(three(t))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := s.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"{", "", "line 2: "},
		{`"model"`, `"Model"`, "the field model is missing"},
		{`"model": "mnist-seq"`, `"model": ""`, "no name of a model"},
		{`"n": 3`, `"n": 3, "m": 3`, `unknown field "m"`},
		{`"epoch": 2,`, ``, "the field epochs.1.epoch is missing"},
		{`"epoch": 2,`, `"epoch": 3,`, "epoch 2 is numbered 3"},
		{`"n": 3`, `"n": 2`, "loss of epoch 1: of 2 runs, there are 3"},
		{`"sd": 0,`, `"sd": -1,`, "standard deviation of 3 runs is -1"},
		{`"fastest": 20`, `"fastest": 31`, "the fastest run took 31 s, the mean 30 s"},
		{"    2,\n", "    1,\n", "seed 1 comes before seed 1"},
		{"\"seeds\": [\n    1,\n    2,\n    3\n  ]", `"seeds": []`, "no seeds"},
		{`"final_gap": {
    "mean": 0.25`, `"final_gap": {
    "mean": 1e101`, "final_gap: the mean is 1e+101"},
	} {
		changed := strings.Replace(text.String(), c.old, c.new, 1)
		if changed == text.String() {
			t.Errorf("%q is not in the text", c.old)
		}
		if _, err := ReadSummary(strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.new, err, c.want)
		}
	}
	if _, err := ReadSummary(strings.NewReader(text.String() + "}")); err == nil || !strings.Contains(err.Error(), "text after the end") {
		t.Error(err)
	}
	s.Epochs[3].ValLoss.Mean = math.NaN()
	for name, err := range map[string]error{"JSON": s.WriteJSON(&bytes.Buffer{}), "CSV": s.WriteCSV(&bytes.Buffer{})} {
		if err == nil || !strings.Contains(err.Error(), "val_loss of epoch 4") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestSummaryCSV(t *testing.T) {
	s, err := Summarize(three(t))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := s.WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&text).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	header := "epoch loss_mean loss_sd accuracy_mean accuracy_sd val_loss_mean val_loss_sd val_accuracy_mean val_accuracy_sd n"
	if diff := cmp.Diff(strings.Fields(header), records[0]); diff != "" {
		t.Error(diff)
	}
	if len(records) != 12 || records[11][0] != "11" || records[11][1] != "0.25" || records[11][9] != "3" {
		t.Errorf("%d lines, the last %q", len(records), records[len(records)-1])
	}
}

func FuzzReadSummary(f *testing.F) {
	s, err := Summarize(three(f))
	if err != nil {
		f.Fatal(err)
	}
	s.Epochs = s.Epochs[:2]
	var text bytes.Buffer
	if err := s.WriteJSON(&text); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ReadSummary(bytes.NewReader(text))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := s.WriteJSON(&out); err != nil {
			t.Fatalf("read, but not to be written: %v", err)
		}
		if again, err := ReadSummary(&out); err != nil || !cmp.Equal(s, again) {
			t.Fatalf("%v: %s", err, cmp.Diff(s, again))
		}
	})
}
