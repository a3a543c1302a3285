package study

import (
	"fmt"
	"math"

	"zoo/train"
)

// Claims answers what the lab report claims from the models' runs, found by the
// names of the models. A claim for which runs are missing, spoilt or not trained
// as in the report is undecided, and its sentence says what to run.
//
// Findings are differences between runs of equal seeds where both models have
// them. Each verdict is read from the 95% interval of Student's t distribution:
// confirmed when all of it agrees with the claim, refuted when all of it
// disagrees. A claim is confirmed when all its findings are (those beside it
// apart), refuted when one is.
func Claims(given []Model) []Claim {
	e := newEvidence(given)
	return []Claim{
		e.batchNormalization(),
		e.batchSize(),
		e.mnistAccuracy(),
		e.functional(),
		e.overfitting(),
		e.reportInside(),
		e.decay(),
		e.dropout(),
		{
			Number:   9,
			Text:     "The accuracy of 2.3 is 1-2% better than that of some models found online.",
			Verdict:  Untested,
			Findings: []Finding{},
			Sentence: "The report does not say which models these are, so there is nothing to compare with.",
		},
	}
}

func (e evidence) inquire(number int, text string) *inquiry {
	return &inquiry{evidence: e, claim: Claim{Number: number, Text: text}}
}

// inPoints is an accuracy in hundredths.
func inPoints(f measure) measure { return func(r Run) float64 { return 100 * f(r) } }

// "About 2%" is taken as 1 to 3 points: the effect must be one, and lie between
// them. On each data set both are asked.
func (e evidence) batchNormalization() Claim {
	q := e.inquire(1, "BatchNormalization adds about 2% accuracy.")
	for _, c := range []struct{ data, with string }{{"MNIST", "mnist-seq"}, {"Fashion-MNIST", "fashion-seq"}} {
		without := c.with + "-nobn"
		pairs := q.pairs(c.with, without)
		if len(pairs) == 0 {
			continue
		}
		const what = "final val_accuracy"
		q.add(ask(positive, what, c.with, without, pairs, inPoints(finalValAccuracy), points), answer{
			"on " + c.data + " BatchNormalization helps",
			"on " + c.data + " BatchNormalization harms",
			"on " + c.data + " it is not sure to make a difference",
		}, c.with, without)
		about := ask(within(1, 3), what+" between 1 and 3 points", c.with, without, pairs, inPoints(finalValAccuracy), points)
		switch {
		case about.Verdict == Confirmed:
			q.parts = append(q.parts, "that is about 2 points (1 to 3)")
		case about.Verdict == Refuted && about.Effect < 1:
			q.parts = append(q.parts, "that is less than about 2 points (1 to 3)")
		case about.Verdict == Refuted:
			q.parts = append(q.parts, "that is more than about 2 points (1 to 3)")
		default:
			q.parts = append(q.parts, "whether by about 2 points (1 to 3) is open")
		}
		q.take(about, c.with, without)
	}
	return q.close()
}

// Oscillation is how far a curve goes back on its way: the sum of the falls of
// val_accuracy from one epoch to the next, or of the rises of the logarithm of
// val_loss (which halves from 32 to 64, so that ratios compare). A curve that
// rises steadily has none, however steep its beginning is, which would dominate
// second differences.
func fallsOfAccuracy(r Run) float64 {
	return wayBack(r.History, func(e train.Epoch) float64 { return -100 * e.ValAccuracy })
}

func risesOfLoss(r Run) float64 {
	return wayBack(r.History, func(e train.Epoch) float64 { return math.Log(max(e.ValLoss, 1e-7)) })
}

// wayBack is the sum of the value's rises.
func wayBack(h train.History, value func(train.Epoch) float64) float64 {
	sum := 0.0
	for i := range h[1:] {
		sum += max(0, value(h[i+1])-value(h[i]))
	}
	return sum
}

// "Oscillates significantly less" is asked of val_accuracy; "faster" of the
// seconds of the whole training, which has the same epochs.
func (e evidence) batchSize() Claim {
	const a, b = "mnist-dense", "mnist-dense-32"
	q := e.inquire(2, "In 2.0 batches of 64 oscillate significantly less than batches of 32, and train faster.")
	pairs := q.pairs(a, b)
	if len(pairs) == 0 {
		return q.close()
	}
	q.add(ask(negative, "falls of val_accuracy between epochs, summed", a, b, pairs, fallsOfAccuracy, points), answer{
		"val_accuracy falls back less on its way with batches of 64",
		"val_accuracy falls back more on its way with batches of 64",
		"val_accuracy does not surely fall back less on its way with batches of 64",
	}, a, b)
	q.take(besides(ask(negative, "rises of ln(val_loss) between epochs, summed", a, b, pairs, risesOfLoss, logRatio)))
	var timed []pair
	for _, p := range pairs {
		x, y := p.a.Result, p.b.Result
		if x.Machine == y.Machine && x.Settings.Workers == y.Settings.Workers && x.Settings.Kernels == y.Settings.Kernels {
			timed = append(timed, p)
		}
	}
	if len(timed) == 0 {
		q.lack("no seed was timed with both on the same machine with the same workers", a, b)
		return q.close()
	}
	q.add(ask(negative, "seconds of the whole training", a, b, timed, seconds, inTime), answer{
		"the whole training is faster", "the whole training is slower", "the whole training is not surely faster",
	}, a, b)
	q.add(besides(ask(positive, "ms per step", a, b, timed, milliseconds, inSteps)), answer{
		"there are half the steps, each longer", "there are half the steps, each shorter", "",
	})
	return q.close()
}

func (e evidence) mnistAccuracy() Claim {
	q := e.inquire(3, "2.1 and 2.2 reach 99% on MNIST.")
	for _, c := range []struct{ section, name string }{{"2.1", "mnist-seq"}, {"2.2", "mnist-func"}} {
		found, ok := q.models(c.name)
		if !ok {
			continue
		}
		q.reach99(c.section+" on the validation images", "final val_accuracy, "+c.name, c.name, found[0].values(finalValAccuracy))
		var tested []float64
		for _, r := range found[0].Runs {
			if r.Result.Test != nil {
				tested = append(tested, r.Result.Test.Accuracy)
			}
		}
		if len(tested) == 0 {
			q.lack("no run of "+c.name+" was evaluated on the test images", c.name)
			continue
		}
		q.reach99(c.section+" on the test images", "accuracy on the test images, "+c.name, c.name, tested)
	}
	return q.close()
}

func (q *inquiry) reach99(subject, what, name string, values []float64) {
	f := atLeast(0.99).finding(what, accuracy, ofMean(values), len(values), "runs", "t test")
	q.add(f, answer{subject + " reaches it", subject + " does not reach it", subject + " is not sure to reach it"}, name)
}

// "After epoch 5" is the mean of the epochs from 6 to the last.
func (e evidence) functional() Claim {
	const a, b = "fashion-func", "fashion-seq"
	q := e.inquire(4, "2.4 seems slightly better than 2.3 after epoch 5; the report could not conclude it.")
	if pairs := q.pairs(a, b); len(pairs) > 0 {
		late := func(r Run) float64 {
			sum, after := 0.0, r.History[5:]
			for _, e := range after {
				sum += 100 * e.ValAccuracy
			}
			return sum / float64(len(after))
		}
		q.add(ask(positive, "val_accuracy, mean of epochs 6 to 11", a, b, pairs, late, points), answer{
			"after epoch 5 2.4 is better", "after epoch 5 2.4 is worse", "neither is surely better after epoch 5",
		}, a, b)
	}
	return q.close()
}

// With three seeds in common the gaps are paired. With fewer all runs of both
// models are compared, taken to spread alike: one run of 2.5 is judged by the
// spread of the other model's.
func (e evidence) overfitting() Claim {
	const a, epoch = "fashion-best", 10
	q := e.inquire(5, "2.5 overfits more at epoch 10 (the gap between val_loss and loss) than 2.3 and 2.4.")
	for _, c := range []struct{ section, name string }{{"2.3", "fashion-seq"}, {"2.4", "fashion-func"}} {
		best, other, ok := q.both(a, c.name)
		if !ok {
			continue
		}
		gap10 := func(r Run) float64 { return gap(r.History[epoch-1]) }
		words := answer{
			"2.5's gap at epoch 10 is wider than " + c.section + "'s",
			"2.5's gap at epoch 10 is narrower than " + c.section + "'s",
			"2.5's gap at epoch 10 is not surely wider than " + c.section + "'s",
		}
		what := fmt.Sprintf("val_loss less loss at epoch %d", epoch)
		if pairs := paired(best, other); len(pairs) >= 3 {
			q.add(ask(positive, what, a, c.name, pairs, gap10, nats), words, a, c.name)
			continue
		}
		x, y := best.values(gap10), other.values(gap10)
		of := fmt.Sprintf("runs, %d and %d", len(x), len(y))
		what = fmt.Sprintf("%s, %s less %s", what, a, c.name)
		q.add(positive.finding(what, nats, ofTwo(x, y), len(x)+len(y), of, "two-sample t test with equal variances"), words, a, c.name)
	}
	return q.close()
}

// fewest runs whose spread the report's numbers are judged by: with 2 the 95%
// interval has 15 standard deviations on each side, with 3 it has 5.
const fewest = 3

// inside is confirmed when the report's number may be that of one more of our
// runs: a deviation of 0 lies in the interval.
func inside(runs int) hypothesis {
	return hypothesis{
		test: "two-sided",
		verdict: func(low, high float64) Verdict {
			return verdict(runs >= fewest && low <= 0 && high >= 0, low > 0 || high < 0)
		},
		p: func(i inference) float64 { return i.different(0) },
	}
}

// The report's run is judged as one more run of ours, twice for each model,
// because the epochs of a run hang together and 5% of them outside mean little:
// on the mean over the epochs, and on the epoch that lies farthest out, with an
// interval as wide as the number of epochs asks for.
func (e evidence) reportInside() Claim {
	q := e.inquire(6, "The accuracy of each model and epoch in the report lies inside the spread of ours.")
	report := Report()
	for _, c := range []struct{ section, name string }{{"2.3", "fashion-seq"}, {"2.4", "fashion-func"}, {"2.5", "fashion-best"}} {
		found, ok := q.models(c.name)
		if !ok {
			continue
		}
		m, runs := found[0], len(found[0].Runs)
		compared := compare(m, report[c.name])
		share := fmt.Sprintf("%d of %d epochs inside their 95%% intervals", compared.inside, compared.epochs)
		if runs == 1 {
			share = "one run of ours has no spread"
		}
		mean := inside(runs).finding(
			fmt.Sprintf("val_accuracy of the report less ours, %s, mean of the epochs", c.name),
			points, compared.mean, runs, "runs", "t test of one more run")
		farthest := compared.finding(c.name, share, runs)
		for _, f := range []*Finding{&mean, &farthest} {
			if f.Verdict == Undecided {
				f.Needed = fewest
			}
		}
		q.add(mean, answer{
			c.section + ": " + share + "; on the mean of its epochs the report is inside",
			c.section + ": " + share + "; on the mean of its epochs the report is outside",
			c.section + ": " + share + "; on the mean of its epochs, the report less ours",
		}, c.name)
		q.add(farthest, answer{refuted: fmt.Sprintf("epoch %d lies too far out", compared.farthest)}, c.name)
	}
	return q.close()
}

// comparison is a model's runs beside the report's epochs, in points.
type comparison struct {
	epochs, inside int
	mean           inference // of the mean over the epochs
	farthest       int       // epoch
	far            inference // of that one
}

func compare(m Model, report train.History) comparison {
	var c comparison
	ours := make([]float64, len(m.Runs))
	theirs := 0.0
	for _, e := range report {
		if e.Epoch > len(m.Runs[0].History) {
			continue
		}
		values := m.values(func(r Run) float64 { return 100 * r.History[e.Epoch-1].ValAccuracy })
		i := ofTwo([]float64{100 * e.ValAccuracy}, values)
		if low, high := i.interval(confidence); low <= 0 && high >= 0 && i.df > 0 {
			c.inside++
		}
		if c.epochs == 0 || farther(i, c.far) {
			c.farthest, c.far = e.Epoch, i
		}
		c.epochs++
		theirs += 100 * e.ValAccuracy
		for r := range ours {
			ours[r] += values[r]
		}
	}
	n := float64(c.epochs)
	for r := range ours {
		ours[r] /= n
	}
	c.mean = ofTwo([]float64{theirs / n}, ours)
	return c
}

// farther says that a lies farther from 0 than b, in standard errors.
func farther(a, b inference) bool {
	x, y := math.Abs(a.effect), math.Abs(b.effect)
	if a.se == 0 && b.se == 0 {
		return x > y
	}
	return x*b.se > y*a.se
}

// finding is about the epoch farthest out. Bonferroni's correction makes the
// interval and p those of the farthest of so many.
func (c comparison) finding(name, share string, runs int) Finding {
	h := inside(runs)
	n := float64(c.epochs)
	h.p = func(i inference) float64 { return min(1, n*i.different(0)) }
	h.test += fmt.Sprintf(", Bonferroni for %d epochs", c.epochs)
	what := fmt.Sprintf("val_accuracy of the report less ours, %s, epoch %d, the farthest out (%s)", name, c.farthest, share)
	f := h.finding(what, points, c.far, runs, "runs", "t test of one more run")
	if c.far.df > 0 { // both from the widened interval
		f.Low, f.High = c.far.interval(1 - (1-confidence)/n)
		f.Verdict, f.Needed = h.verdict(f.Low, f.High), 0
	}
	return f
}

// Convergence is where the training has come to at its end, on the validation
// data, by both measures.
func (e evidence) decay() Claim {
	const a, b = "fashion-seq", "fashion-seq-nodecay"
	q := e.inquire(7, "The decaying learning rate improves convergence.")
	if pairs := q.pairs(a, b); len(pairs) > 0 {
		q.add(ask(positive, "final val_accuracy", a, b, pairs, inPoints(finalValAccuracy), points), answer{
			"with decay the final val_accuracy is higher",
			"with decay the final val_accuracy is lower",
			"the final val_accuracy does not differ surely",
		}, a, b)
		q.add(ask(negative, "final val_loss", a, b, pairs, finalValLoss, nats), answer{
			"with decay the final val_loss is lower",
			"with decay the final val_loss is higher",
			"the final val_loss does not differ surely",
		}, a, b)
	}
	return q.close()
}

// The gap decides, as the report means overfitting, though Dropout itself raises
// the loss of training; so val_loss and val_accuracy are measured beside it.
func (e evidence) dropout() Claim {
	const a, b = "fashion-seq", "fashion-seq-nodropout"
	q := e.inquire(8, "Dropout prevents overfitting.")
	if pairs := q.pairs(a, b); len(pairs) > 0 {
		q.add(ask(negative, "val_loss less loss at the last epoch", a, b, pairs, finalGap, nats), answer{
			"with Dropout the gap between val_loss and loss is smaller, in part because loss is measured with Dropout at work",
			"with Dropout the gap between val_loss and loss is wider",
			"the gap between val_loss and loss does not differ surely",
		}, a, b)
		q.add(besides(ask(negative, "final val_loss", a, b, pairs, finalValLoss, nats)), answer{
			"the final val_loss, which Dropout while training does not touch, is lower too",
			"but the final val_loss, which Dropout while training does not touch, is higher",
			"the final val_loss, which Dropout while training does not touch, does not differ surely",
		})
		q.add(besides(ask(positive, "final val_accuracy", a, b, pairs, inPoints(finalValAccuracy), points)), answer{
			"the final val_accuracy is higher", "the final val_accuracy is lower", "the final val_accuracy does not differ surely",
		})
	}
	return q.close()
}
