package plots

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

// seedCurves are curves as some seeds of a model would give them: around the
// report's numbers, which are the reference.
func seedCurves(t testing.TB, model string) (losses, accuracies []Curve) {
	t.Helper()
	h := reference().report[model]
	epochs := h[len(h)-1].Epoch
	r := rand.New(rand.NewPCG(1, 2))
	curve := func(col column) Curve {
		c := Curve{Label: col.name}
		for i := range epochs {
			reference, near := math.NaN(), col.value(h[0])
			if e := epochOf(h, i+1); e != nil {
				reference, near = col.value(*e), col.value(*e)
			}
			sd := 0.02 * (0.3 + r.Float64()) * near * (1.2 - col.value(h[len(h)-1]))
			c.Reference = append(c.Reference, reference)
			c.Mean = append(c.Mean, min(1, near+sd*r.NormFloat64()))
			c.SD = append(c.SD, sd)
		}
		return c
	}
	return []Curve{curve(lossColumn), curve(valLossColumn)}, []Curve{curve(accuracyColumn), curve(valAccuracyColumn)}
}

// steepCurves are curves like those of section 2.0: losses that fall from
// hundreds, with deviations larger than the mean.
func steepCurves() (losses, accuracies []Curve) {
	losses = []Curve{{Label: "loss"}, {Label: "val_loss"}}
	accuracies = []Curve{{Label: "accuracy"}, {Label: "val_accuracy"}}
	for i := range 11 {
		epoch := float64(i + 1)
		add := func(c *Curve, mean, sd float64) { c.Mean, c.SD = append(c.Mean, mean), append(c.SD, sd) }
		add(&losses[0], 75/math.Pow(epoch, 1.7), 90/math.Pow(epoch, 2.2))
		add(&losses[1], 25/math.Sqrt(epoch), 1/epoch)
		add(&accuracies[0], 0.97-0.12/epoch, 0.004/epoch)
		add(&accuracies[1], 0.93-0.03/epoch, 0.002)
	}
	return losses, accuracies
}

func TestCurvesGolden(t *testing.T) {
	for name, curves := range curvesOf(t) {
		t.Run(name, func(t *testing.T) {
			d, err := curves()
			if err != nil {
				t.Fatal(err)
			}
			if w, h := d.Size(); w != 8 || h != 4 {
				t.Errorf("%v x %v inches, want 8 x 4", w, h)
			}
			goldenPicture(t, name, d)
		})
	}
}

// curvesOf are the figures that the tests draw.
func curvesOf(t testing.TB) map[string]func() (*Drawing, error) {
	const note = "line: mean of 5 seeds, band: one standard deviation, dashed: the report"
	return map[string]func() (*Drawing, error){
		"curves": func() (*Drawing, error) {
			losses, accuracies := seedCurves(t, "fashion-seq")
			return Curves("fashion-seq", note, losses, accuracies)
		},
		"curves_gap": func() (*Drawing, error) { // the report misses the first epoch of 2.5
			losses, accuracies := seedCurves(t, "fashion-best")
			return Curves("fashion-best", note, losses, accuracies)
		},
		"curves_steep": func() (*Drawing, error) {
			losses, accuracies := steepCurves()
			return Curves("mnist-dense", note, losses, accuracies)
		},
		"curves_one": func() (*Drawing, error) { // one seed, one epoch, one panel
			return Curves("one epoch", "1 seed", nil, []Curve{
				{Label: "accuracy", Mean: []float64{0.85}, SD: []float64{0.01}},
				{Label: "val_accuracy", Mean: []float64{0.87}, Reference: []float64{0.88}},
			})
		},
		"curves_four": func() (*Drawing, error) {
			losses, accuracies := seedCurves(t, "fashion-func")
			for i := range 2 {
				more := Curve{Label: "a rather long name of a variant"}
				for _, v := range accuracies[i].Mean {
					more.Mean = append(more.Mean, v-0.01*float64(i+1))
				}
				accuracies = append(accuracies, more)
			}
			return Curves("fashion-func and variants", note, losses[:1], accuracies)
		},
	}
}

func TestCurvesErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	one := func(c Curve) []Curve { c.Label = "x"; return []Curve{c} }
	two := []float64{0.5, 0.25}
	for _, test := range []struct {
		losses, accuracies []Curve
		want               string
	}{
		{nil, nil, "there are no curves"},
		{nil, one(Curve{}), "x has no epochs"},
		{make([]Curve, 5), nil, "5 losses and 0 accuracies, want at most 4 of each"},
		{one(Curve{Mean: two}), one(Curve{Mean: two[:1]}), "x: 1 epoch, the first curve has 2"},
		{one(Curve{Mean: two, SD: two[:1]}), nil, "x: 1 standard deviation for 2 epochs"},
		{one(Curve{Mean: two, SD: []float64{}}), nil, "x: 0 standard deviations for 2 epochs"},
		{one(Curve{Mean: two[:1], Reference: two}), nil, "x: the reference has 2 epochs, the mean 1"},
		{one(Curve{Mean: []float64{1, nan}}), nil, "x: epoch 2: the mean is NaN, want a number from 0 to 1e+30"},
		{one(Curve{Mean: []float64{inf, 1}}), nil, "x: epoch 1: the mean is +Inf, want a number from 0 to 1e+30"},
		{nil, one(Curve{Mean: []float64{1.5}}), "x: epoch 1: the mean is 1.5, want a number from 0 to 1"},
		{one(Curve{Mean: two, SD: []float64{0, -1}}), nil, "x: epoch 2: the standard deviation is -1, want a finite number of 0 or above"},
		{one(Curve{Mean: two, SD: []float64{nan, 1}}), nil, "x: epoch 1: the standard deviation is NaN, want a finite number of 0 or above"},
		{nil, one(Curve{Mean: two, Reference: []float64{nan, -0.5}}), "x: epoch 2: the reference is -0.5, want a number from 0 to 1, or NaN"},
	} {
		_, err := Curves("m", "", test.losses, test.accuracies)
		if err == nil || err.Error() != "drawing the curves of m: "+test.want {
			t.Errorf("error %v, want %q", err, test.want)
		}
	}
}

// TestCurvesKeep: what the caller does with its slices later changes no picture.
func TestCurvesKeep(t *testing.T) {
	losses, accuracies := seedCurves(t, "fashion-seq")
	d, err := Curves("m", "", losses, accuracies)
	if err != nil {
		t.Fatal(err)
	}
	before := string(svgOf(t, d))
	losses[0].Mean[3], accuracies[1].SD[2], accuracies[0].Reference[1] = 9, 9, 9
	if before != string(svgOf(t, d)) {
		t.Error("the picture changed with the slices that it was made of")
	}
}

// TestCurvesAxes: the panel of losses is logarithmic where they span much, and
// no other.
func TestCurvesAxes(t *testing.T) {
	losses, accuracies := steepCurves()
	if p := lossPanel(losses); p.ticks == nil || p.y.min > 1.3 || p.y.min <= 0 || p.y.max < 165 {
		t.Errorf("steep losses have the axis %+v with ticks %v", p.y, p.ticks)
	}
	if p := accuracyPanel(accuracies); p.ticks != nil || p.y.min < 0.8 || p.y.max > 1 {
		t.Errorf("accuracies have the axis %+v with ticks %v", p.y, p.ticks)
	}
	losses, _ = seedCurves(t, "fashion-seq")
	if p := lossPanel(losses); p.ticks != nil || p.y.min < 0.1 || p.y.max > 0.6 {
		t.Errorf("the losses of fashion-seq have the axis %+v with ticks %v", p.y, p.ticks)
	}
}

func TestLogRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := math.Pow(10, rapid.Float64Range(-20, 20).Draw(t, "least"))
		largest := least * math.Pow(10, rapid.Float64Range(0.1, 30).Draw(t, "factor"))
		r, ticks := logRange(least, largest)
		if r.min > least || r.max < largest || r.min < least/10 || r.max > largest*10 {
			t.Errorf("%g to %g: the axis is %g to %g", least, largest, r.min, r.max)
		}
		if len(ticks) < 2 || len(ticks) > 10 {
			t.Errorf("%g to %g: %d ticks", least, largest, len(ticks))
		}
		for _, tick := range ticks {
			if tick.Value < r.min || tick.Value > r.max || strings.Contains(tick.Label, "99") {
				t.Errorf("a tick %q at %g, the axis is %g to %g", tick.Label, tick.Value, r.min, r.max)
			}
		}
	})
}

// TestCurvesPanelsAlike: panels with one line of legend are equally high, also
// when one of them is logarithmic.
func TestCurvesPanelsAlike(t *testing.T) {
	losses, accuracies := steepCurves()
	d, err := Curves("m", "", losses, accuracies)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := textsOf(d)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[string]vg.Length{}
	for _, b := range texts {
		ends[b.text] = (b.min.Y + b.max.Y) / 2
	}
	loss, accuracy := lossPanel(losses), accuracyPanel(accuracies)
	accuracyTicks := accuracy.y.Ticks(0, 0)
	for _, pair := range [][2]string{
		{loss.ticks[0].Label, accuracyTicks[0].Label},
		{loss.ticks[len(loss.ticks)-1].Label, accuracyTicks[len(accuracyTicks)-1].Label},
	} {
		a, foundA := ends[pair[0]]
		b, foundB := ends[pair[1]]
		if !foundA || !foundB || math.Abs(float64(a-b)) > 1 {
			t.Errorf("the label %q is at %v, %q at %v", pair[0], a, pair[1], b)
		}
	}
}
