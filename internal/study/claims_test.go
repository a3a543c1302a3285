package study

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zoo/train"
)

// answered is the claim with this number, which WriteClaims must take with all
// others.
func answered(t testing.TB, number int, given ...Model) Claim {
	t.Helper()
	claims := Claims(given)
	if err := WriteClaims(&bytes.Buffer{}, claims); err != nil {
		t.Errorf("claims that cannot be written: %v", err)
	}
	return claims[number-1]
}

func verdicts(c Claim) string {
	s := string(c.Verdict) + ":"
	for _, f := range c.Findings {
		s += " " + string(f.Verdict)
		if f.Beside {
			s += " beside"
		}
	}
	return s
}

// withGap has a wider gap between val_loss and loss, give or take some.
func withGap(by, spread float64) func(uint64, *train.Epoch) {
	return func(seed uint64, e *train.Epoch) { e.ValLoss += by + spread*noise(seed) }
}

// asReport has the report's val_accuracy, shifted by points.
func asReport(name string, by, spread float64) func(uint64, *train.Epoch) {
	report := Report()[name]
	return func(seed uint64, e *train.Epoch) {
		for _, r := range report {
			if r.Epoch == e.Epoch {
				e.ValAccuracy = r.ValAccuracy
			}
		}
		shifted(by, spread)(seed, e)
	}
}

// zigzag lets val_accuracy fall by that many points in every other epoch.
func zigzag(by, spread float64) func(uint64, *train.Epoch) {
	return func(seed uint64, e *train.Epoch) {
		e.ValAccuracy = 0.5 + 0.02*float64(e.Epoch)
		if e.Epoch%2 == 0 {
			e.ValAccuracy += (2 + by + spread*noise(seed)) / 100
		}
	}
}

func lasting(m Model, seconds, spread float64) Model {
	for i := range m.Runs {
		m.Runs[i].Result.Seconds = seconds + spread*noise(m.Runs[i].seed())
	}
	return m
}

func TestClaimsAnswered(t *testing.T) {
	for _, c := range []struct {
		name   string
		number int
		models []Model
		want   string
		says   string
	}{
		{"BatchNormalization adds two points", 1, []Model{
			model(t, "mnist-seq", 3, shifted(2, 0.1)), model(t, "mnist-seq-nobn", 3, nil),
			model(t, "fashion-seq", 5, shifted(1.8, 0.1)), model(t, "fashion-seq-nobn", 4, nil),
		}, "confirmed: confirmed confirmed confirmed confirmed", "that is about 2 points"},
		{"it adds less", 1, []Model{
			model(t, "mnist-seq", 3, shifted(0.3, 0.05)), model(t, "mnist-seq-nobn", 3, nil),
			model(t, "fashion-seq", 3, shifted(5, 0.1)), model(t, "fashion-seq-nobn", 3, nil),
		}, "refuted: confirmed refuted confirmed refuted", "that is less than about 2 points (1 to 3); on Fashion-MNIST BatchNormalization helps"},
		{"it harms", 1, []Model{
			model(t, "mnist-seq", 3, shifted(-0.3, 0.05)), model(t, "mnist-seq-nobn", 3, nil),
		}, "refuted: refuted refuted", "there are no runs of fashion-seq-nobn."},
		{"it may add", 1, []Model{
			model(t, "mnist-seq", 3, shifted(1.5, 0.6)), model(t, "mnist-seq-nobn", 3, nil),
			model(t, "fashion-seq", 3, shifted(2, 0.1)), model(t, "fashion-seq-nobn", 3, nil),
		}, "undecided: confirmed undecided confirmed confirmed", "seeds decide it: `go run . -model mnist-seq,mnist-seq-nobn -seeds "},

		{"64 oscillates less and is faster", 2, []Model{
			lasting(model(t, "mnist-dense", 5, zigzag(0, 0.01)), 15, 0.1), lasting(model(t, "mnist-dense-32", 5, zigzag(0.5, 0.2)), 18, 0.2),
		}, "confirmed: confirmed undecided beside confirmed undecided beside", "val_accuracy falls back less on its way with batches of 64 (-2.48 points"},
		{"64 oscillates more", 2, []Model{
			lasting(model(t, "mnist-dense", 5, zigzag(0.5, 0.2)), 15, 0.1), lasting(model(t, "mnist-dense-32", 5, zigzag(0, 0.01)), 18, 0.2),
		}, "refuted: refuted undecided beside confirmed undecided beside", "val_accuracy falls back more"},
		{"64 is slower", 2, []Model{
			lasting(model(t, "mnist-dense", 5, zigzag(0, 0.01)), 18, 0.1), lasting(model(t, "mnist-dense-32", 5, zigzag(0.5, 0.2)), 15, 0.2),
		}, "refuted: confirmed undecided beside refuted undecided beside", "the whole training is slower (+3.0 s"},

		{"99% everywhere", 3, []Model{model(t, "mnist-seq", 3, shifted(8, 0.02)), model(t, "mnist-func", 3, shifted(8, 0.02))},
			"confirmed: confirmed confirmed confirmed confirmed", "2.1 on the validation images reaches it (99.0"},
		{"98% in 2.2", 3, []Model{model(t, "mnist-seq", 3, shifted(8, 0.02)), model(t, "mnist-func", 3, shifted(7, 0.1))},
			"refuted: confirmed confirmed refuted refuted", "2.2 on the test images does not reach it (98.0"},
		{"about 99%", 3, []Model{model(t, "mnist-seq", 3, shifted(7.91, 0.2)), model(t, "mnist-func", 3, shifted(8, 0.02))},
			"undecided: undecided undecided confirmed confirmed", "2.1 on the validation images is not sure to reach it"},

		{"2.4 better", 4, []Model{model(t, "fashion-func", 5, shifted(0.3, 0.1)), model(t, "fashion-seq", 5, nil)},
			"confirmed: confirmed", "After epoch 5 2.4 is better (+0.30 points, 95% interval 0.19 to 0.41, n = 5 pairs)"},
		{"2.4 worse", 4, []Model{model(t, "fashion-func", 5, shifted(-0.3, 0.1)), model(t, "fashion-seq", 5, nil)},
			"refuted: refuted", "After epoch 5 2.4 is worse (-0.30 points"},
		{"2.4 alike", 4, []Model{model(t, "fashion-func", 5, shifted(0.1, 0.4)), model(t, "fashion-seq", 5, nil)},
			"undecided: undecided", "seeds decide it: `go run . -model fashion-func,fashion-seq -seeds "},
		{"2.4 hardly better", 4, []Model{model(t, "fashion-func", 5, shifted(0.01, 0.4)), model(t, "fashion-seq", 5, nil)},
			"undecided: undecided", "it takes about "},
		{"2.4 the same", 4, []Model{model(t, "fashion-func", 5, nil), model(t, "fashion-seq", 5, nil)},
			"undecided: undecided", "cannot be told"},

		{"2.5 overfits, one run", 5, []Model{
			model(t, "fashion-best", 1, withGap(0.1, 0)), model(t, "fashion-seq", 5, withGap(0, 0.01)), model(t, "fashion-func", 5, withGap(0, 0.01)),
		}, "confirmed: confirmed confirmed", "n = 6 runs, 1 and 5)"},
		{"2.5 overfits, three pairs", 5, []Model{
			model(t, "fashion-best", 3, withGap(0.1, 0.01)), model(t, "fashion-seq", 5, nil), model(t, "fashion-func", 4, nil),
		}, "confirmed: confirmed confirmed", "n = 3 pairs)"},
		{"2.5 does not", 5, []Model{
			model(t, "fashion-best", 2, withGap(-0.1, 0.01)), model(t, "fashion-seq", 5, withGap(0, 0.01)), model(t, "fashion-func", 5, withGap(0, 0.01)),
		}, "refuted: refuted refuted", "narrower than 2.3's"},
		{"one run each", 5, []Model{
			model(t, "fashion-best", 1, withGap(0.1, 0)), model(t, "fashion-seq", 1, nil), model(t, "fashion-func", 1, nil),
		}, "undecided: undecided undecided", "-seeds 5"},

		{"decay improves", 7, []Model{
			model(t, "fashion-seq", 3, func(s uint64, e *train.Epoch) { shifted(0.3, 0.05)(s, e); e.ValLoss -= 0.1 }), model(t, "fashion-seq-nodecay", 3, nil),
		}, "confirmed: confirmed confirmed", "with decay the final val_loss is lower (-0.1000 nats"},
		{"decay improves the loss alone", 7, []Model{
			model(t, "fashion-seq", 3, func(s uint64, e *train.Epoch) { shifted(-0.3, 0.05)(s, e); e.ValLoss -= 0.1 }), model(t, "fashion-seq-nodecay", 3, nil),
		}, "refuted: refuted confirmed", "With decay the final val_accuracy is lower"},

		{"Dropout narrows the gap", 8, []Model{
			model(t, "fashion-seq", 3, withGap(-0.1, 0.01)), model(t, "fashion-seq-nodropout", 3, nil),
		}, "confirmed: confirmed confirmed beside undecided beside", "is lower too"},
		{"Dropout widens it", 8, []Model{
			model(t, "fashion-seq", 3, withGap(0.1, 0.01)), model(t, "fashion-seq-nodropout", 3, nil),
		}, "refuted: refuted refuted beside undecided beside", "the gap between val_loss and loss is wider"},

		{"the unnamed models", 9, nil, "cannot be tested:", "nothing to compare with"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := answered(t, c.number, c.models...)
			if v := verdicts(got); v != c.want {
				t.Errorf("%s, want %s", v, c.want)
			}
			if !strings.Contains(got.Sentence, c.says) {
				t.Errorf("the sentence is %q, want in it %q", got.Sentence, c.says)
			}
		})
	}
}

func TestClaimReportInside(t *testing.T) {
	names := []string{"fashion-seq", "fashion-func", "fashion-best"}
	all := func(runs int, by, spread float64) []Model {
		var given []Model
		for _, name := range names {
			given = append(given, model(t, name, runs, asReport(name, by, spread)))
		}
		return given
	}
	// One epoch far out, which the mean over the epochs does not show.
	outlier := all(5, 0, 0.2)
	for i := range outlier[1].Runs {
		outlier[1].Runs[i].History[6].ValAccuracy -= 0.03
	}
	for _, c := range []struct {
		name   string
		given  []Model
		want   string
		says   []string
		needed int
	}{
		{"inside", all(5, 0.1, 0.2), "confirmed: confirmed confirmed confirmed confirmed confirmed confirmed",
			[]string{"2.3: 11 of 11 epochs inside", "2.5: 24 of 24 epochs inside", "(-0.10 points, 95% interval "}, 0},
		{"below", all(5, -2, 0.2), "refuted: refuted refuted refuted refuted refuted refuted",
			[]string{"2.4: 0 of 11 epochs inside", "the report is outside (+2.00 points", "lies too far out"}, 0},
		{"one epoch", outlier, "refuted: confirmed confirmed confirmed refuted confirmed confirmed",
			[]string{"2.4: 10 of 11 epochs inside", "epoch 7 lies too far out (+3.00 points"}, 0},
		{"two runs", all(2, 0.1, 0.2), "undecided: undecided undecided undecided undecided undecided undecided",
			[]string{"about 3 seeds decide it: `go run . -model fashion-seq,fashion-func,fashion-best -seeds 3`"}, 3},
		{"one run", all(1, 0.1, 0.2), "undecided: undecided undecided undecided undecided undecided undecided",
			[]string{"one run of ours has no spread", "-seeds 3"}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := answered(t, 6, c.given...)
			if v := verdicts(got); v != c.want {
				t.Errorf("%s, want %s", v, c.want)
			}
			for _, says := range c.says {
				if !strings.Contains(got.Sentence, says) {
					t.Errorf("the sentence is %q, want in it %q", got.Sentence, says)
				}
			}
			for _, f := range got.Findings {
				if f.Needed != c.needed {
					t.Errorf("%s needs %d seeds, want %d", f.What, f.Needed, c.needed)
				}
			}
		})
	}
}

// Paired by hand: the differences of seeds 1 to 5 are 0.3 + 0.1*noise points,
// whose numbers are those of SciPy 1.17.1's ttest_1samp.
func TestFindingOfPairs(t *testing.T) {
	c := answered(t, 4, model(t, "fashion-func", 5, shifted(0.3, 0.1)), model(t, "fashion-seq", 7, nil))
	f := c.Findings[0]
	near(t, "effect", f.Effect, 0.3)
	near(t, "low", f.Low, 0.19473281295019262)
	near(t, "high", f.High, 0.40526718704980735)
	near(t, "p", f.P, 0.0013803741658978434)
	if f.N != 5 || f.Of != "pairs" || f.Unit != "points" || f.Test != "paired t test, two-sided" || f.Needed != 0 {
		t.Errorf("%+v", f)
	}
}

func TestWayBack(t *testing.T) {
	h := train.History{{ValAccuracy: 0.5, ValLoss: 4}, {ValAccuracy: 0.7, ValLoss: 1}, {ValAccuracy: 0.6, ValLoss: 2}, {ValAccuracy: 0.9, ValLoss: 0}, {ValAccuracy: 0.85, ValLoss: 0}}
	near(t, "falls of accuracy", fallsOfAccuracy(Run{History: h}), 15)
	near(t, "rises of loss", risesOfLoss(Run{History: h}), math.Ln2)
	if steady := fallsOfAccuracy(Run{History: h[:2]}); steady != 0 {
		t.Errorf("a curve that only rises falls by %v", steady)
	}
}

func TestClaimsWithoutSoundRuns(t *testing.T) {
	seq, other := model(t, "fashion-seq", 3, nil), model(t, "fashion-func", 3, shifted(0.3, 0.1))
	spoilt := func(change func(*Model)) []Model {
		m := Model{Entry: other.Entry}
		for _, r := range other.Runs {
			r.History = slices.Clone(r.History)
			m.Runs = append(m.Runs, r)
		}
		change(&m)
		return []Model{seq, m}
	}
	each := func(change func(*Run)) []Model {
		return spoilt(func(m *Model) {
			for i := range m.Runs {
				change(&m.Runs[i])
			}
		})
	}
	const run = " To decide it: `go run . -model fashion-func,fashion-seq -seeds 5`."
	for name, c := range map[string]struct {
		given []Model
		want  string
	}{
		"nothing": {nil, "There are no runs of fashion-func; there are no runs of fashion-seq." + run},
		"one":     {[]Model{seq}, "There are no runs of fashion-func." + run},
		"none":    {spoilt(func(m *Model) { m.Runs = nil }), "fashion-func has no runs." + run},
		"not a number": {spoilt(func(m *Model) { m.Runs[1].History[7].ValLoss = math.NaN() }),
			"fashion-func, seed 2: val_loss of epoch 8 is NaN, which is no number from 0 to 1e+100." + run},
		"cut":         {spoilt(func(m *Model) { m.Runs[2].History = m.Runs[2].History[:5] }), "fashion-func, seed 3: the run ended after epoch 5 of 11." + run},
		"other seeds": {each(func(r *Run) { r.Result.Settings.Seed += 10 }), "fashion-func and fashion-seq have no seed in common." + run},
		"other data":  {each(func(r *Run) { r.Result.Settings.Fingerprint = "x" }), "fashion-func and fashion-seq were trained on different pictures." + run},
		"limited":     {each(func(r *Run) { r.Result.Settings.Limit = 500 }), "fashion-func was not trained as in the report: with at most 500 pictures of each part of the data." + run},
		"a batch":     {each(func(r *Run) { r.Result.Settings.Batch = 8 }), "fashion-func was not trained as in the report: batches of 8 instead of 64." + run},
		"a rate":      {each(func(r *Run) { r.Result.Settings.LearningRate = 0.5 }), "fashion-func was not trained as in the report: learning rate 0.5 instead of 0.02." + run},
		"no momentum": {each(func(r *Run) { r.Result.Settings.Momentum = 0 }), "fashion-func was not trained as in the report: momentum 0 instead of 0.9." + run},
		"no decay":    {each(func(r *Run) { r.Result.Settings.Decay = 0 }), "fashion-func was not trained as in the report: decay 0 instead of 0.001818." + run},
		"a data set":  {each(func(r *Run) { r.Result.Settings.Dataset = "mnist" }), "fashion-func was not trained as in the report: data set mnist instead of fashion-mnist." + run},
		"in order":    {each(func(r *Run) { r.Result.Settings.InOrder = true }), "fashion-func was not trained as in the report: another order of the pictures." + run},
		"fewer epochs": {each(func(r *Run) { r.Result.Settings.Epochs, r.History = 2, r.History[:2] }),
			"fashion-func was not trained as in the report: 2 epochs instead of 11." + run},
		"one pair": {spoilt(func(m *Model) { m.Runs = m.Runs[:1] }),
			"Neither is surely better after epoch 5 (+0.35 points, n = 1 pair)." + run},
	} {
		t.Run(name, func(t *testing.T) {
			got := answered(t, 4, c.given...)
			if got.Verdict != Undecided || got.Sentence != c.want {
				t.Errorf("%s: %s\nwant %s", got.Verdict, got.Sentence, c.want)
			}
		})
	}
}

// Times are compared on one machine alone.
func TestClaimBatchSizeOfTwoMachines(t *testing.T) {
	a, b := lasting(model(t, "mnist-dense", 5, zigzag(0, 0.01)), 15, 0.1), lasting(model(t, "mnist-dense-32", 5, zigzag(0.5, 0.2)), 18, 0.2)
	a.Runs[0].Result.Machine.CPU, a.Runs[1].Result.Settings.Workers = "another one", 1
	if f := answered(t, 2, a, b).Findings; f[0].N != 5 || f[2].N != 3 {
		t.Errorf("%d pairs of curves, %d of times", f[0].N, f[2].N)
	}
	for i := range a.Runs {
		a.Runs[i].Result.Machine.CPU = "another one"
	}
	c := answered(t, 2, a, b)
	if c.Verdict != Undecided || !strings.Contains(c.Sentence, "No seed was timed with both on the same machine") {
		t.Errorf("%s: %s", c.Verdict, c.Sentence)
	}
}

func TestFindingText(t *testing.T) {
	for want, f := range map[string]Finding{
		"+0.31 points, 95% interval 0.12 to 0.50, n = 3 pairs":               {Effect: 0.31, Low: 0.12, High: 0.5, Unit: points, N: 3, Of: "pairs"},
		"0.00 points, 95% interval -0.10 to 0.10, n = 3 pairs":               {Effect: -0.001, Low: -0.1, High: 0.1, Unit: points, N: 3, Of: "pairs"},
		"99.24%, 95% interval 99.10 to 99.38%, n = 5 runs":                   {Effect: 0.9924, Low: 0.991, High: 0.9938, Unit: accuracy, N: 5, Of: "runs"},
		"-0.0404 nats, n = 1 pair":                                           {Effect: -0.0404, Unit: nats, N: 1, Of: "pairs", Test: noSpread},
		"+3.3 s, 95% interval 2.6 to 3.9, n = 5 pairs":                       {Effect: 3.26, Low: 2.61, High: 3.9, Unit: inTime, N: 5, Of: "pairs"},
		"-0.0100 in ln, 95% interval -0.0200 to 0.0000, n = 6 runs, 1 and 5": {Effect: -0.01, Low: -0.02, High: 0, Unit: logRatio, N: 6, Of: "runs, 1 and 5"},
	} {
		if got := f.Text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Whatever the runs and their order, the answers are the same, can be written and
// read, and hold no number that is none.
func TestClaimsProperties(t *testing.T) {
	names := []string{
		"mnist-dense", "mnist-dense-32", "mnist-seq", "mnist-seq-nobn", "mnist-func", "fashion-seq", "fashion-seq-nobn",
		"fashion-seq-nodropout", "fashion-seq-nodecay", "fashion-func", "fashion-best",
	}
	rapid.Check(t, func(r *rapid.T) {
		var given []Model
		for _, name := range names {
			if rapid.IntRange(0, 5).Draw(r, "there") == 0 {
				continue
			}
			m := Model{Entry: entry(t, name)}
			size := rapid.SampledFrom([]float64{0, 1e-300, 1e-3, 1, 1e50}).Draw(r, "size")
			for _, seed := range rapid.SliceOfNDistinct(rapid.Uint64Range(1, 6), 0, 4, rapid.ID).Draw(r, "seeds") {
				level := rapid.Float64Range(0, 1).Draw(r, "level")
				m.Runs = append(m.Runs, run(m.Entry, seed, func(e *train.Epoch) {
					e.ValAccuracy, e.ValLoss, e.Loss = level, size*level, size*level*level
				}))
			}
			given = append(given, m)
		}
		claims := Claims(given)
		var text bytes.Buffer
		if err := WriteClaims(&text, claims); err != nil {
			r.Fatal(err)
		}
		again, err := ReadClaims(&text)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(claims, again); diff != "" {
			r.Fatal(diff)
		}
		slices.Reverse(given)
		for _, m := range given {
			slices.Reverse(m.Runs)
		}
		if diff := cmp.Diff(claims, Claims(given)); diff != "" {
			r.Fatalf("in another order: %s", diff)
		}
	})
}

func TestReadClaimsErrors(t *testing.T) {
	claims := Claims([]Model{model(t, "fashion-func", 3, shifted(0.3, 0.1)), model(t, "fashion-seq", 3, nil)})
	var text bytes.Buffer
	if err := WriteClaims(&text, claims); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"number": 4`, `"number": 5`, "claim 4 has number 5"},
		{`"number": 4,`, ``, "the field 3.number is missing"},
		{`"verdict": "undecided"`, `"verdict": "perhaps"`, `claim 1: unknown verdict "perhaps"`},
		{`"beside": false,`, ``, "the field 3.findings.0.beside is missing"},
		{`"p": `, `"p": 1`, "p is 1"},
		{`"unit": "points"`, `"unit": "miles"`, `unknown unit "miles"`},
		{`"low": `, `"low": 7`, "interval 7"},
		{`"n": 3`, `"n": 0`, "n is 0"},
		{`"needed": 0`, `"needed": 4`, "confirmed, but it needs 4 seeds"},
		{`"findings": []`, `"findings": null`, "claim 1: findings is null instead of a list"},
		{`"sentence": "`, `"sentence": "", "more": "`, `unknown field "more"`},
		{"[", "", "not answers to claims: "},
	} {
		changed := strings.Replace(text.String(), c.old, c.new, 1)
		if changed == text.String() {
			t.Errorf("%q is not in the text", c.old)
		}
		if _, err := ReadClaims(strings.NewReader(changed)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.new, err, c.want)
		}
	}
	for _, empty := range []string{"", "[]", "null"} {
		if _, err := ReadClaims(strings.NewReader(empty)); err == nil {
			t.Errorf("%q was read", empty)
		}
	}
	claims[3].Findings[0].P = math.NaN()
	if err := WriteClaims(&bytes.Buffer{}, claims); err == nil {
		t.Error("p that is no number was written")
	}
}

func FuzzReadClaims(f *testing.F) {
	text, err := json.Marshal(Claims([]Model{model(f, "fashion-func", 3, shifted(0.3, 0.1)), model(f, "fashion-seq", 3, nil)}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		claims, err := ReadClaims(bytes.NewReader(text))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := WriteClaims(&out, claims); err != nil {
			t.Fatalf("read, but not to be written: %v", err)
		}
		if again, err := ReadClaims(&out); err != nil || !cmp.Equal(claims, again) {
			t.Fatalf("%v: %s", err, cmp.Diff(claims, again))
		}
		for _, c := range claims {
			for _, f := range c.Findings {
				if f.Text() == "" {
					t.Fatal("a finding without text")
				}
			}
		}
	})
}
