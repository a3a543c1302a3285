package study

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Units of findings.
const (
	accuracy = "accuracy"
	points   = "points"
	nats     = "nats"
	inTime   = "s"
	inSteps  = "ms"
	logRatio = "ln"
)

var units = map[string]bool{accuracy: true, points: true, nats: true, inTime: true, inSteps: true, logRatio: true}

// confidence is the probability of the intervals that verdicts are read from.
const confidence = 0.95

// hypothesis is what a finding is asked. Its verdict is read from the interval of
// the effect; p belongs to the same question.
type hypothesis struct {
	test    string    // what the test is called after its kind
	bounds  []float64 // effects at which the verdict changes
	verdict func(low, high float64) Verdict
	p       func(inference) float64
}

// Confirmed when the effect is above 0, refuted when it is below.
var positive = hypothesis{
	test:    "two-sided",
	bounds:  []float64{0},
	verdict: func(low, high float64) Verdict { return verdict(low > 0, high < 0) },
	p:       func(i inference) float64 { return i.different(0) },
}

// Confirmed when the effect is below 0, refuted when it is above.
var negative = hypothesis{
	test:    positive.test,
	bounds:  positive.bounds,
	verdict: func(low, high float64) Verdict { return verdict(high < 0, low > 0) },
	p:       positive.p,
}

// atLeast is confirmed when the effect is not below the bound.
func atLeast(bound float64) hypothesis {
	return hypothesis{
		test:    fmt.Sprintf("against %g, one-sided", bound),
		bounds:  []float64{bound},
		verdict: func(low, high float64) Verdict { return verdict(low >= bound, high < bound) },
		p:       func(i inference) float64 { return i.above(bound) },
	}
}

// within is confirmed when the whole interval lies between least and most, and
// refuted when all of it lies beyond.
func within(least, most float64) hypothesis {
	return hypothesis{
		test:   fmt.Sprintf("against %g and %g, two one-sided", least, most),
		bounds: []float64{least, most},
		verdict: func(low, high float64) Verdict {
			return verdict(low >= least && high <= most, high < least || low > most)
		},
		p: func(i inference) float64 { return max(i.above(least), 1-i.above(most)) },
	}
}

func verdict(confirmed, refuted bool) Verdict {
	switch {
	case confirmed:
		return Confirmed
	case refuted:
		return Refuted
	}
	return Undecided
}

const noSpread = "none, because one run alone has no spread"

// finding asks the hypothesis of what the runs tell. kind is that of the test:
// "paired t test".
func (h hypothesis) finding(what, unit string, i inference, n int, of, kind string) Finding {
	f := Finding{What: what, Effect: i.effect, Unit: unit, N: n, Of: of, Test: kind + ", " + h.test, P: 1, Verdict: Undecided, Needed: -1}
	f.Low, f.High = i.interval(confidence)
	if i.df <= 0 {
		f.Test = noSpread
		return f
	}
	f.P, f.Verdict = h.p(i), h.verdict(f.Low, f.High)
	if f.Verdict != Undecided {
		f.Needed = 0
		return f
	}
	nearest := math.Inf(1)
	for _, bound := range h.bounds {
		nearest = min(nearest, math.Abs(i.effect-bound))
	}
	f.Needed = i.seedsFor(nearest)
	return f
}

// Text is the effect with its unit, interval and number of runs:
// "+0.31 points, 95% interval 0.12 to 0.50, n = 3 pairs".
func (f Finding) Text() string {
	text := f.number(f.Effect, true) + f.unit()
	if f.Test != noSpread {
		text += fmt.Sprintf(", 95%% interval %s to %s", f.number(f.Low, false), f.number(f.High, false)+f.percent())
	}
	of := f.Of
	if f.N == 1 {
		of = strings.TrimSuffix(of, "s")
	}
	return fmt.Sprintf("%s, n = %d %s", text, f.N, of)
}

// unit follows the effect.
func (f Finding) unit() string {
	switch f.Unit {
	case accuracy:
		return "%"
	case logRatio:
		return " in ln"
	}
	return " " + f.Unit
}

func (f Finding) percent() string {
	if f.Unit == accuracy {
		return "%"
	}
	return ""
}

// number writes a value in the finding's unit with as many digits as mean
// something. A difference above zero is signed if asked.
func (f Finding) number(x float64, signed bool) string {
	decimals, difference := 2, f.Unit != accuracy
	switch f.Unit {
	case accuracy:
		x *= 100
	case nats, logRatio:
		decimals = 4
	case inTime:
		decimals = 1
	}
	text := strconv.FormatFloat(x, 'f', decimals, 64)
	if zero := strconv.FormatFloat(0, 'f', decimals, 64); text == "-"+zero {
		return zero
	}
	if signed && difference && x > 0 {
		return "+" + text
	}
	return text
}
