package plots

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"zoo/models"
	"zoo/train"
)

// exampleRuns are runs of all models with numbers that nobody measured.
func exampleRuns() []Run {
	var runs []Run
	for _, e := range models.All() {
		h := make(train.History, e.Epochs)
		for i := range h {
			progress := float64(i) / float64(i+4)
			h[i] = train.Epoch{
				Epoch: i + 1, Seconds: 61.5, MsPerStep: 61.234 + progress, LearningRate: e.LearningRate,
				Loss: 0.5 - 0.4*progress, Accuracy: 0.8 + 0.15*progress,
				ValLoss: 0.4 - 0.1*progress, ValAccuracy: 0.87 + 0.06*progress,
			}
		}
		h[len(h)-1].ValAccuracy -= 0.02
		runs = append(runs, newRun(e, h))
	}
	return runs
}

func newRun(e models.Entry, h train.History) Run {
	s := train.Settings{
		Model: e.Name, Dataset: e.Dataset, Epochs: len(h), Batch: e.Batch,
		LearningRate: e.LearningRate, Momentum: e.Momentum, InOrder: e.InOrder, Seed: 1, Kernels: "avx512", Workers: 2,
	}
	if e.Decay {
		s.Decay = e.LearningRate / float64(len(h))
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	versions := train.Versions{Zoo: "1.0", Go: "go1.26", Gorgonia: "v0.9.18", Tensor: "v0.9.24"}
	r := train.NewResult(s, versions, 902154, h, at, at.Add(time.Hour))
	r.Machine = train.Machine{CPU: "A Processor (R) *8", Cores: 2, OS: "linux", Arch: "amd64"}
	if e.TestAtEnd {
		r.Test = &train.Evaluation{Samples: 10000, Loss: 0.0312, Accuracy: 0.9921}
	}
	return Run{Entry: e, Result: r, History: h, Curves: e.Name + "/history.png", Structure: e.Name + "/" + e.Diagram + ".svg"}
}

// otherRuns are a run with other settings, one with a limit and one with a single
// epoch of a single step on another machine.
func otherRuns() []Run {
	runs := exampleRuns()[1:4]
	runs[0].Result.Settings.Batch = 64
	runs[0].Result.Settings.LearningRate = 0.1
	runs[1].Result.Settings.Limit = 2048
	runs[2] = newRun(runs[2].Entry, runs[2].History[:1])
	runs[2].History[0].MsPerStep, runs[2].Result.MsPerStep = 0, 0
	runs[2].Result.Machine.CPU = "Another | Processor"
	runs[2].Result.Settings.Dataset = "my_own set"
	runs[2].Result.Settings.Seed = 7
	return runs
}

// longNamed are runs of which one has a name that asks for columns close together.
func longNamed() []Run {
	runs := exampleRuns()
	runs[3].Entry.Name = "fashion-seq-nodropout"
	runs[5].Result.Parameters = 22_509_834
	return runs
}

var leftOut = []LeftOut{{"fashion-best", "runs/fashion-best/results.json: not a result: line 3: unexpected end of JSON input, so that this line is a long one"}}

func TestReportGolden(t *testing.T) {
	samples := []Picture{{"mnist", "mnist.png"}, {"my own set", "my own set.png"}}
	for name, c := range map[string]Contents{
		"report.md":       {Runs: exampleRuns(), Samples: samples},
		"report_other.md": {Runs: otherRuns(), LeftOut: leftOut},
		"report_empty.md": {LeftOut: leftOut},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := Report(&b, c); err != nil {
				t.Fatal(err)
			}
			goldenText(t, name, b.String())
		})
	}
}

// TestReportTables: all rows of a table of Markdown have as many cells.
func TestReportTables(t *testing.T) {
	var b strings.Builder
	if err := Report(&b, Contents{Runs: append(exampleRuns(), otherRuns()...)}); err != nil {
		t.Fatal(err)
	}
	cells, tables := 0, 0
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		n := strings.Count(line, "|") - strings.Count(line, `\|`)
		if cells == 0 {
			cells = n
			tables++
		}
		if n != cells {
			t.Errorf("%d cells instead of %d: %s", n-1, cells-1, line)
		}
	}
	if want := 1 + 6 + 3; tables != want {
		t.Errorf("%d tables, want %d", tables, want)
	}
}

// TestReportOfAnyName: a name stands for itself in the table, the heading and the
// pictures' texts.
func TestReportOfAnyName(t *testing.T) {
	r := newRun(models.Entry{Name: "a|b\\|*c*\n\t[d]", Section: "9", Title: "_e_", Epochs: 1, Batch: 1}, exampleRuns()[0].History[:1])
	var b strings.Builder
	if err := Report(&b, Contents{Runs: []Run{r}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\n| a\\|b\\\\\\|\\*c\\* \\[d\\] | 9       |    902,154 |",
		"\n## 9 \\_e\\_: a|b\\\\|\\*c\\* \\[d\\]\n",
		"\n![curves of a|b\\\\|\\*c\\* \\[d\\]](",
		"\n![structure of a|b\\\\|\\*c\\* \\[d\\]](",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

func TestReportErrors(t *testing.T) {
	runs := exampleRuns()[:1]
	runs[0].History = nil
	if err := Report(&strings.Builder{}, Contents{Runs: runs}); err == nil || err.Error() != "report: the history of mnist-dense is empty" {
		t.Errorf("error %v", err)
	}
}

func TestTableGolden(t *testing.T) {
	for name, test := range map[string]struct {
		runs []Run
		left []LeftOut
	}{
		"table.txt":       {exampleRuns(), nil},
		"table_other.txt": {otherRuns(), leftOut},
		"table_long.txt":  {longNamed(), nil},
		"table_empty.txt": {nil, leftOut},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := Table(&b, test.runs, test.left); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			goldenText(t, name, b.String())
		})
	}
}

func TestTextsOfNumbers(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{millisecondsText(0), "-"},
		{millisecondsText(0.5555), "0.56"},
		{millisecondsText(9.996), "10.0"},
		{millisecondsText(99.96), "100"},
		{millisecondsText(1234.5), "1234"},
		{durationText(0), "0.0s"},
		{durationText(59.94), "59.9s"},
		{durationText(59.96), "1m00s"},
		{durationText(3599.6), "1h00m"},
		{durationText(5415), "1h30m"},
		{durationText(200000), "55h33m"},
		{thousands(0), "0"},
		{thousands(999), "999"},
		{thousands(22509834), "22,509,834"},
		{thousands(-1000), "-1,000"},
		{plural(1, "layer"), "1 layer"},
		{metricText(0.12345), "0.1235"},
		{metricText(4321.06), "4321.1"},
		{paramsAndSize(0), "0 (0.00 B)"},
		{paramsAndSize(256), "256 (1.00 KB)"},
		{paramsAndSize(22509834), "22,509,834 (85.87 MB)"},
		{link("my set (1).png"), "my%20set%20%281%29.png"},
		{escape("_a_b|c\\ <d> *e* [f](g)\r\n`h` ~i~ $j$ &k; #"), "\\_a\\_b|c\\\\ \\<d\\> \\*e\\* \\[f\\](g) \\`h\\` \\~i\\~ \\$j\\$ \\&k; \\#"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
