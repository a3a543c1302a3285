package study

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// leastEpochs are those that the claims look at; the report trained no model for less.
const leastEpochs = 11

// evidence is the models that can answer claims, and why others cannot.
type evidence struct {
	sound   map[string]Model
	unsound map[string]string
}

func newEvidence(given []Model) evidence {
	e := evidence{map[string]Model{}, map[string]string{}}
	for _, m := range given {
		name := m.Entry.Name
		m, err := Group(m.Entry, m.Runs)
		if err != nil {
			e.unsound[name] = err.Error()
		} else if other := unlikeReport(m); other != "" {
			e.unsound[name] = fmt.Sprintf("%s was not trained as in the report: %s", name, other)
		} else {
			e.sound[name] = m
		}
	}
	return e
}

// unlikeReport says in which setting the model's training differs from the
// report's, so that it cannot answer for it; "" when in none.
func unlikeReport(m Model) string {
	s, e := m.Runs[0].Result.Settings, m.Entry
	decay := 0.0
	if e.Decay && s.Epochs > 0 {
		decay = s.LearningRate / float64(s.Epochs)
	}
	switch {
	case s.Dataset != e.Dataset:
		return fmt.Sprintf("data set %s instead of %s", s.Dataset, e.Dataset)
	case s.Limit > 0:
		return fmt.Sprintf("with at most %d pictures of each part of the data", s.Limit)
	case s.Epochs != e.Epochs || s.Epochs < leastEpochs:
		return fmt.Sprintf("%d epochs instead of %d", s.Epochs, max(e.Epochs, leastEpochs))
	case s.Batch != e.Batch:
		return fmt.Sprintf("batches of %d instead of %d", s.Batch, e.Batch)
	case s.LearningRate != e.LearningRate:
		return fmt.Sprintf("learning rate %g instead of %g", s.LearningRate, e.LearningRate)
	case s.Momentum != e.Momentum:
		return fmt.Sprintf("momentum %g instead of %g", s.Momentum, e.Momentum)
	case math.Abs(s.Decay-decay) > 1e-12:
		return fmt.Sprintf("decay %.4g instead of %.4g", s.Decay, decay)
	case s.InOrder != e.InOrder:
		return "another order of the pictures"
	case s.Init != "":
		return "begun with given weights"
	case s.Callbacks != "":
		return s.Callbacks
	}
	return ""
}

// inquiry answers one claim.
type inquiry struct {
	evidence
	claim   Claim
	parts   []string // of the sentence
	lacks   []string // what is missing, in words
	train   []string // models of which more runs would help
	seeds   int      // so many, as far as is known
	unknown bool     // how many it takes is not to be told
}

// answer is what to say of a finding by its verdict; "" adds nothing to the
// sentence.
type answer struct{ confirmed, refuted, undecided string }

func (a answer) of(v Verdict) string {
	switch v {
	case Confirmed:
		return a.confirmed
	case Refuted:
		return a.refuted
	}
	return a.undecided
}

// add takes up a finding about the named models, with its numbers in the
// sentence.
func (q *inquiry) add(f Finding, a answer, names ...string) {
	if text := a.of(f.Verdict); text != "" {
		q.parts = append(q.parts, fmt.Sprintf("%s (%s)", text, f.Text()))
	}
	q.take(f, names...)
}

// take takes up a finding about the named models.
func (q *inquiry) take(f Finding, names ...string) {
	q.claim.Findings = append(q.claim.Findings, f)
	if f.Beside || f.Verdict != Undecided {
		return
	}
	q.more(names...)
	q.seeds = max(q.seeds, f.Needed)
	if f.Needed < 0 && f.Test != noSpread {
		q.unknown = true
	}
}

func (q *inquiry) more(names ...string) {
	for _, name := range names {
		if !slices.Contains(q.train, name) {
			q.train = append(q.train, name)
		}
	}
}

// lack notes what is missing of the named models.
func (q *inquiry) lack(what string, names ...string) {
	if !slices.Contains(q.lacks, what) {
		q.lacks = append(q.lacks, what)
	}
	q.more(names...)
}

// models returns those of these names, or notes which are missing.
func (q *inquiry) models(names ...string) (found []Model, ok bool) {
	ok = true
	for _, name := range names {
		m, there := q.sound[name]
		switch reason := q.unsound[name]; {
		case there:
			found = append(found, m)
			continue
		case reason != "":
			q.lack(reason, name)
		default:
			q.lack("there are no runs of "+name, name)
		}
		ok = false
	}
	if !ok {
		q.more(names...)
	}
	return found, ok
}

// pair is two runs of one seed.
type pair struct{ a, b Run }

// both returns two models that were trained on the same data, or notes what is
// missing.
func (q *inquiry) both(a, b string) (x, y Model, ok bool) {
	found, ok := q.models(a, b)
	if !ok {
		return Model{}, Model{}, false
	}
	x, y = found[0], found[1]
	if x.Runs[0].Result.Settings.Fingerprint != y.Runs[0].Result.Settings.Fingerprint {
		q.lack(fmt.Sprintf("%s and %s were trained on different pictures", a, b), a, b)
		return Model{}, Model{}, false
	}
	return x, y, true
}

// pairs are the runs of both models with equal seeds; when there are none, that
// is noted.
func (q *inquiry) pairs(a, b string) []pair {
	x, y, ok := q.both(a, b)
	if !ok {
		return nil
	}
	pairs := paired(x, y)
	if len(pairs) == 0 {
		q.lack(fmt.Sprintf("%s and %s have no seed in common", a, b), a, b)
	}
	return pairs
}

func paired(a, b Model) []pair {
	seeds := map[uint64]Run{}
	for _, r := range b.Runs {
		seeds[r.seed()] = r
	}
	var pairs []pair
	for _, r := range a.Runs {
		if other, ok := seeds[r.seed()]; ok {
			pairs = append(pairs, pair{r, other})
		}
	}
	return pairs
}

func differences(pairs []pair, f measure) []float64 {
	values := make([]float64, len(pairs))
	for i, p := range pairs {
		values[i] = f(p.a) - f(p.b)
	}
	return values
}

// ask asks the hypothesis of a less b, the measures of pairs.
func ask(h hypothesis, what, a, b string, pairs []pair, f measure, unit string) Finding {
	what = fmt.Sprintf("%s, %s less %s, same seeds", what, a, b)
	return h.finding(what, unit, ofMean(differences(pairs, f)), len(pairs), "pairs", "paired t test")
}

// besides marks a finding that the verdict does not rest on.
func besides(f Finding) Finding {
	f.Beside = true
	return f
}

// close settles the claim: confirmed when all its findings are, refuted when one
// is. A claim of several parts holds only if all do, and a test of all parts at
// 5% each errs in 5% at most, so that no correction for their number is needed.
func (q *inquiry) close() Claim {
	verdicts := map[Verdict]bool{}
	for _, f := range q.claim.Findings {
		if !f.Beside {
			verdicts[f.Verdict] = true
		}
	}
	switch {
	case verdicts[Refuted]:
		q.claim.Verdict = Refuted
	case verdicts[Undecided] || len(q.lacks) > 0 || len(verdicts) == 0:
		q.claim.Verdict = Undecided
	default:
		q.claim.Verdict = Confirmed
	}
	if q.claim.Findings == nil {
		q.claim.Findings = []Finding{}
	}
	sentences := []string{strings.Join(q.parts, "; "), strings.Join(q.lacks, "; ")}
	if q.claim.Verdict == Undecided {
		sentences = append(sentences, q.advice())
	}
	q.claim.Sentence = prose(sentences)
	return q.claim
}

const (
	usualSeeds = 5   // asked for when nothing tells how many it takes
	mostSeeds  = 100 // more are not worth their time
)

// advice says what would decide the claim.
func (q *inquiry) advice() string {
	command := func(seeds int) string {
		return fmt.Sprintf("`go run . -model %s -seeds %d`", strings.Join(q.train, ","), seeds)
	}
	switch {
	case q.seeds > mostSeeds:
		return fmt.Sprintf("if the effects are as measured it takes about %d seeds to decide it", q.seeds)
	case q.seeds > 0 && len(q.lacks) == 0:
		return fmt.Sprintf("if the effects are as measured, about %d seeds decide it: %s", q.seeds, command(q.seeds))
	case q.unknown && len(q.lacks) == 0:
		return "how many seeds would decide it cannot be told"
	}
	return "to decide it: " + command(max(q.seeds, usualSeeds))
}

// prose makes sentences of those that are not empty. Names as in the code keep
// their first letter.
func prose(sentences []string) string {
	var full []string
	for _, s := range sentences {
		if s == "" {
			continue
		}
		if first, _, _ := strings.Cut(s, " "); !strings.ContainsAny(first, "_-") {
			s = strings.ToUpper(s[:1]) + s[1:]
		}
		full = append(full, s+".")
	}
	return strings.Join(full, " ")
}
