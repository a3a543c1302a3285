package plots

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"zoo/internal/study"
	"zoo/models"
	"zoo/train"
)

// exampleSections are sections of all models with numbers that nobody measured,
// each trained with three seeds but the last.
func exampleSections() []Section {
	var sections []Section
	for i, e := range models.All() {
		seeds := 3
		if i == 5 {
			seeds = 1
		}
		sections = append(sections, newSection(e, exampleHistory(e), seeds))
	}
	return sections
}

func exampleHistory(e models.Entry) train.History {
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
	return h
}

// newSection has all pictures and as many runs, with an invented deviation.
func newSection(e models.Entry, h train.History, seeds int) Section {
	s := Section{
		Model: study.Model{Entry: e},
		Pictures: Pictures{
			Epochs: e.Name + "/epochs.png", Structure: e.Name + "/" + e.Diagram + ".svg", Confusion: e.Name + "/confusion.png",
			Classes: e.Name + "/classes.png", Reliability: e.Name + "/reliability.png", Mistakes: e.Name + "/mistakes.png",
			Filters: e.Name + "/filters.png",
		},
		Layers: "Model: \"" + e.Name + "\"\n",
	}
	for seed := range seeds {
		s.Runs = append(s.Runs, newRun(e, h, uint64(seed+1)))
	}
	s.Summary = inventedSummary(s.Runs)
	return s
}

// inventedSummary has the first run's numbers with a deviation of a hundredth.
func inventedSummary(runs []study.Run) study.Summary {
	r, h := runs[0].Result, runs[0].History
	estimate := func(v float64) study.Estimate {
		if len(runs) == 1 {
			return study.Estimate{Mean: v, N: 1}
		}
		return study.Estimate{Mean: v, SD: v / 100, N: len(runs)}
	}
	s := study.Summary{
		Final: estimate(r.Final.ValAccuracy), Best: estimate(r.Best.ValAccuracy), Gap: estimate(r.Final.ValLoss - r.Final.Loss),
		MsPerStep: estimate(r.MsPerStep), Seconds: estimate(r.Seconds),
	}
	for _, e := range h {
		s.Epochs = append(s.Epochs, study.EpochEstimate{
			Epoch: e.Epoch, Loss: estimate(e.Loss), Accuracy: estimate(e.Accuracy), ValLoss: estimate(e.ValLoss), ValAccuracy: estimate(e.ValAccuracy),
		})
	}
	if r.Test != nil {
		accuracy := estimate(r.Test.Accuracy)
		s.TestAccuracy = &accuracy
	}
	return s
}

func newRun(e models.Entry, h train.History, seed uint64) study.Run {
	s := train.Settings{
		Model: e.Name, Dataset: e.Dataset, Epochs: len(h), Batch: e.Batch,
		LearningRate: e.LearningRate, Momentum: e.Momentum, InOrder: e.InOrder, Seed: seed, Kernels: "avx512", Workers: 2,
	}
	if e.Decay {
		s.Decay = e.LearningRate / float64(len(h))
	}
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	versions := train.Versions{Zoo: "1.0", Go: "go1.26", Gorgonia: "v0.9.18", Tensor: "v0.9.24"}
	r := train.NewResult(s, versions, 902154, h, at, at.Add(time.Duration(seed)*time.Hour))
	r.Machine = train.Machine{CPU: "A Processor (R) *8", Cores: 2, OS: "linux", Arch: "amd64"}
	if e.TestAtEnd {
		r.Test = &train.Evaluation{Samples: 10000, Loss: 0.0312, Accuracy: 0.9921}
	}
	return study.Run{Result: r, History: h}
}

// otherSections are one run each: with other settings, with a limit, and with a
// single epoch of a single step on another machine.
func otherSections() []Section {
	var sections []Section
	for _, e := range models.All()[1:3] {
		sections = append(sections, newSection(e, exampleHistory(e), 1))
	}
	fashion := models.All()[3]
	sections = append(sections, newSection(fashion, exampleHistory(fashion)[:1], 1))
	first, second, third := &sections[0].Runs[0].Result, &sections[1].Runs[0].Result, &sections[2].Runs[0].Result
	first.Settings.Batch = 64
	first.Settings.LearningRate = 0.1
	second.Settings.Limit = 2048
	third.MsPerStep, sections[2].Summary.MsPerStep.Mean = 0, 0
	third.Machine.CPU = "Another | Processor"
	third.Settings.Dataset = "my_own set"
	third.Settings.Seed = 7
	for i := range sections {
		sections[i].Pictures, sections[i].Layers = Pictures{}, ""
	}
	return sections
}

// longNamed are sections of which one has a name of 24 letters and another many
// parameters.
func longNamed() []Section {
	sections := exampleSections()
	sections[3].Entry.Name = "fashion-seq-nodropout-24"
	sections[4].Summary.Seconds.Mean = 36e5
	sections[5].Runs[0].Result.Parameters = 22_509_834
	return sections
}

// oneSeed are sections of a single run each.
func oneSeed() []Section {
	sections := exampleSections()
	for i, s := range sections {
		sections[i].Runs = s.Runs[:1]
		sections[i].Summary = inventedSummary(s.Runs[:1])
	}
	return sections
}

// exampleContents has everything that a report can show.
func exampleContents() Contents {
	c := Contents{
		Sections:   exampleSections(),
		Claims:     exampleClaims(),
		Benchmarks: []Benchmark{{"fashion-seq", 32, 11.7, 42}, {"fashion-seq", 64, 24.1, 76.2}},
		LeftOut:    []LeftOut{{"fashion-seq", "runs/fashion-seq/seed-4/results.json: <script>alert(1)</script> is not a *number*\x1b[31m"}},
		Samples:    []Picture{{"mnist", "mnist.png"}, {"my own set", "my own set.png"}},
	}
	for _, e := range models.Variants()[:2] {
		c.Variants = append(c.Variants, newSection(e, exampleHistory(e), 3))
	}
	bins := []train.Bin{{Low: 0, High: 0.5}, {Low: 0.5, High: 1, Samples: 4, Confidence: 0.85, Accuracy: 0.75}}
	for i := range 2 {
		c.Sections[3].Runs[i+1].Assessment = &train.Assessment{
			Pictures: "validation", Classes: []string{"cat", "dog"}, Samples: 4, Accuracy: 0.75,
			Confusion: [][]int{{2, 0}, {1, 1}}, Calibration: bins, CalibrationError: 0.1,
		}
	}
	return c
}

// exampleClaims have each verdict, and findings of each kind.
func exampleClaims() []study.Claim {
	decided := study.Finding{
		What: "final val_accuracy, mnist-seq less mnist-seq-nobn, same seeds", Effect: 0.21, Low: 0.09, High: 0.33, Unit: "points",
		N: 5, Of: "pairs", Test: "paired t test, two-sided", P: 0.00000123, Verdict: study.Confirmed,
	}
	worse := decided
	worse.What, worse.Effect, worse.Low, worse.High, worse.P, worse.Verdict = "the same of fashion-seq", -2.11, -3.33, -0.89, 0.0123, study.Refuted
	open := decided
	open.What, open.Effect, open.Low, open.High, open.P, open.Verdict, open.Needed = "time of an epoch", 1.234, -0.5, 2.968, 0.31, study.Undecided, 12
	open.Unit = "s"
	single := study.Finding{What: "gap in epoch 10", Effect: 0.0512, Unit: "nats", N: 1, Of: "runs", Verdict: study.Undecided, Needed: -1}
	return []study.Claim{
		{Number: 1, Text: "BatchNorm adds about 2% accuracy.", Verdict: study.Refuted, Findings: []study.Finding{decided, worse}, Sentence: "It adds 0.21%, | less than 2%."},
		{Number: 2, Text: "Batches of 64 <oscillate> less than batches of 32", Verdict: study.Undecided, Findings: []study.Finding{decided, worse, open, single}, Sentence: "Not with these seeds."},
		{Number: 3, Text: "Both reach 99%", Verdict: study.Confirmed, Findings: []study.Finding{decided}, Sentence: "They do."},
		{Number: 9, Text: "It is better than models found online", Verdict: study.Untested, Sentence: "It does not say which."},
	}
}

var leftOut = []LeftOut{{"fashion-best", "runs/fashion-best/results.json: not a result: line 3: unexpected end of JSON input, so that this line is a long one"}}

func TestReportGolden(t *testing.T) {
	for name, c := range map[string]Contents{
		"report.md":       exampleContents(),
		"report_other.md": {Sections: otherSections(), LeftOut: leftOut},
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
	c := exampleContents()
	c.Sections = append(c.Sections, otherSections()...)
	var b strings.Builder
	if err := Report(&b, c); err != nil {
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
	const results, claims, findings, sections, variants = 1, 1, 3, 9, 1
	if want := results + claims + findings + 3*sections + variants; tables != want {
		t.Errorf("%d tables, want %d", tables, want)
	}
}

// TestReportOfAnyName: a name stands for itself in the table, the heading and the
// pictures' texts.
func TestReportOfAnyName(t *testing.T) {
	e := models.Entry{Name: "a|b\\|*c*\n\t[d]", Section: "9", Title: "_e_", Epochs: 1, Batch: 1}
	s := newSection(e, exampleHistory(models.All()[0])[:1], 1)
	var b strings.Builder
	if err := Report(&b, Contents{Sections: []Section{s}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\n| 9 a\\|b\\\\\\|\\*c\\* \\[d\\] |",
		"\n## 9 \\_e\\_: a|b\\\\|\\*c\\* \\[d\\]\n",
		"\n![curves of a|b\\\\|\\*c\\* \\[d\\]: ",
		"\n![structure of a|b\\\\|\\*c\\* \\[d\\]](",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

func TestReportErrors(t *testing.T) {
	for want, change := range map[string]func(*Section){
		"mnist-dense has no run":                   func(s *Section) { s.Runs = nil },
		"the summary of mnist-dense has no epochs": func(s *Section) { s.Summary.Epochs = nil },
	} {
		sections := exampleSections()[:1]
		change(&sections[0])
		for kind, err := range map[string]error{
			"report":              Report(&strings.Builder{}, Contents{Sections: sections}),
			"report, variants":    Report(&strings.Builder{}, Contents{Variants: sections}),
			"report, page":        ReportHTML(&strings.Builder{}, Contents{Sections: sections}, nil),
			"table of all models": Table(&strings.Builder{}, sections, nil),
		} {
			kind, _, _ = strings.Cut(kind, ",")
			if err == nil || err.Error() != kind+": "+want {
				t.Errorf("%s: error %v, want %s", kind, err, want)
			}
		}
	}
}

// TestReportOfNoNumbers: numbers that are none are shown as such, not hidden.
func TestReportOfNoNumbers(t *testing.T) {
	sections := exampleSections()[3:4]
	sections[0].Summary.Final = study.Estimate{Mean: math.NaN(), SD: math.NaN(), N: 3}
	sections[0].Summary.Epochs[0].Loss.Mean = math.Inf(1)
	var b strings.Builder
	if err := Report(&b, Contents{Sections: sections}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" NaN ± NaN |", " +Inf ± 0.0 |"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

func TestTableGolden(t *testing.T) {
	for name, test := range map[string]struct {
		sections []Section
		left     []LeftOut
	}{
		"table.txt":       {oneSeed(), nil},
		"table_seeds.txt": {exampleSections(), nil},
		"table_other.txt": {otherSections(), leftOut},
		"table_long.txt":  {longNamed(), nil},
		"table_empty.txt": {nil, leftOut},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := Table(&b, test.sections, test.left); err != nil {
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
		{metricText(-0.12345), "-0.1235"},
		{metricText(-0.00001), "0.0000"},
		{ratioText(76.2, 24.1), "3.16"},
		{ratioText(0, 24.1), "-"},
		{escape("a\x1b[0mb\xff\x00"), "a\\[0mb"},
		{paramsAndSize(0), "0 (0.00 B)"},
		{paramsAndSize(256), "256 (1.00 KB)"},
		{paramsAndSize(22509834), "22,509,834 (85.87 MB)"},
		{link("my set (1).png"), "my%20set%20%281%29.png"},
		{withCode("do it: `go run . -model a_b,*c*   -seeds 5`. Or_not"), "do it: `go run . -model a_b,*c* -seeds 5`. Or\\_not"},
		{withCode("`a` b ``  `c\x00`"), "`a` b `c`"},
		{withCode("one ` of_them"), "one \\` of\\_them"},
		{escape("_a_b|c\\ <d> *e* [f](g)\r\n`h` ~i~ $j$ &k; #"), "\\_a\\_b|c\\\\ \\<d\\> \\*e\\* \\[f\\](g) \\`h\\` \\~i\\~ \\$j\\$ \\&k; \\#"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestSeedsText(t *testing.T) {
	for want, seeds := range map[string][]uint64{
		"":                      nil,
		"7":                     {7},
		"1, 2":                  {1, 2},
		"1 to 3":                {1, 2, 3},
		"1, 2, 4 to 6, 9":       {1, 2, 4, 5, 6, 9},
		"18446744073709551615":  {math.MaxUint64},
		"0 to 2, 10, 12 to 104": append([]uint64{0, 1, 2, 10}, upTo(12, 104)...),
	} {
		var s Section
		for _, seed := range seeds {
			s.Runs = append(s.Runs, study.Run{Result: train.Result{Settings: train.Settings{Seed: seed}}})
		}
		if got := seedsText(s); got != want {
			t.Errorf("%v: %q, want %q", seeds, got, want)
		}
	}
}

func upTo(first, last uint64) (all []uint64) {
	for ; first <= last; first++ {
		all = append(all, first)
	}
	return all
}
