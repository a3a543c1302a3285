package plots

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/train"
)

// reportHistory are the epochs that the report prints of a model, from 1.
func reportHistory(t testing.TB, model string) train.History {
	t.Helper()
	h := reference().report[model]
	if len(h) == 0 {
		t.Fatalf("the report has no epochs of %s", model)
	}
	for i := range h {
		h[i].Epoch = i + 1
	}
	return h
}

// steep is a history with the losses of section 2.0.
func steep(t testing.TB) train.History {
	h := reportHistory(t, "fashion-seq")
	for i := range h {
		h[i].Loss = 4000 / math.Pow(float64(i+1), 1.5)
		h[i].ValLoss = 3000 / math.Pow(float64(i+1), 1.4)
	}
	return h
}

func TestHistoryGolden(t *testing.T) {
	gaps := reportHistory(t, "fashion-seq")
	gaps[0].Loss = 2.3
	gaps[4].ValLoss, gaps[5].ValLoss = math.NaN(), math.Inf(1)
	for name, draw := range map[string]func() (*Drawing, error){
		"history_11":     func() (*Drawing, error) { return History("fashion-seq", reportHistory(t, "fashion-seq")) },
		"history_1":      func() (*Drawing, error) { return History("fashion-seq", reportHistory(t, "fashion-seq")[:1]) },
		"history_gaps":   func() (*Drawing, error) { return History("fashion-seq", gaps) },
		"history_panels": func() (*Drawing, error) { return HistoryPanels("mnist-dense", steep(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			d, err := draw()
			if err != nil {
				t.Fatal(err)
			}
			if w, h := d.Size(); w != 8 || h != 5 {
				t.Errorf("%v x %v inches, want 8 x 5", w, h)
			}
			goldenPicture(t, name, d)
		})
	}
}

// TestHistoryPlots: any history of numbers is drawn, and the same way each time.
func TestHistoryPlots(t *testing.T) {
	long := make(train.History, 300)
	for i := range long {
		long[i] = train.Epoch{Epoch: i + 1, Loss: 1 / float64(i+1), Accuracy: 1 - 1/float64(i+1)}
	}
	one := train.History{{Epoch: 1}}
	huge := train.History{{Epoch: 7, Loss: 1e30, ValLoss: math.MaxFloat64}}
	for name, h := range map[string]train.History{"long": long, "zeros": one, "huge": huge} {
		for _, draw := range []func(string, train.History) (*Drawing, error){History, HistoryPanels} {
			d, err := draw(strings.Repeat(name, 40), h)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !bytes.Equal(svgOf(t, d), svgOf(t, d)) || different(d.image(20), d.image(20)) > 0 {
				t.Errorf("%s: drawn differently the second time", name)
			}
		}
	}
}

func TestHistoryErrors(t *testing.T) {
	nan := math.NaN()
	for _, test := range []struct {
		name string
		h    train.History
		want string
	}{
		{"empty", nil, "drawing the history of m: the history is empty"},
		{"order", train.History{{Epoch: 2}, {Epoch: 2}}, "drawing the history of m: epoch 2 follows epoch 2"},
		{"no number", train.History{{Epoch: 1, Loss: nan, Accuracy: nan, ValLoss: nan, ValAccuracy: nan}}, "drawing the history of m: no finite number in "},
	} {
		for _, draw := range []func(string, train.History) (*Drawing, error){History, HistoryPanels} {
			if _, err := draw("m", test.h); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%s: error %v, want %q", test.name, err, test.want)
			}
		}
	}
}

func TestNotes(t *testing.T) {
	nan := math.NaN()
	p := panel{
		columns: []column{lossColumn, valLossColumn},
		y:       axisRange{max: 1},
		history: train.History{
			{Epoch: 1, Loss: 2.25, ValLoss: 1.5},
			{Epoch: 2, Loss: 1, ValLoss: nan},
			{Epoch: 3, Loss: nan, ValLoss: 7},
			{Epoch: 4, Loss: nan, ValLoss: 0.5},
		},
	}
	want := []string{
		"loss is above the axis in epoch 1 (up to 2.25)",
		"loss is not finite in epochs 3-4",
		"val_loss is above the axis in 2 epochs from 1 to 3 (up to 7)",
		"val_loss is not finite in epoch 2",
	}
	if diff := cmp.Diff(want, p.notes()); diff != "" {
		t.Error(diff)
	}
}

func TestEpochTicks(t *testing.T) {
	for _, test := range []struct {
		first, last int
		want        string
	}{
		{1, 1, "1"},
		{1, 3, "1 2 3"},
		{1, 11, "1 2 3 4 5 6 7 8 9 10 11"},
		{1, 25, "1 5 10 15 20 25"},
		{2, 25, "2 5 10 15 20 25"},
		{1, 100, "1 10 20 30 40 50 60 70 80 90 100"},
	} {
		var labels []string
		for _, tick := range epochTicks(test.first, test.last) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != test.want {
			t.Errorf("%d to %d: %s, want %s", test.first, test.last, got, test.want)
		}
	}
}

func TestNiceRange(t *testing.T) {
	for _, test := range []struct {
		least, largest float64
		want           string
	}{
		{0, 4000, "0 1000 2000 3000 4000"},
		{0, 0.4837, "0.0 0.1 0.2 0.3 0.4 0.5"},
		{0.8671, 0.9304, "0.86 0.88 0.90 0.92 0.94"},
		{0, 0, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{0, 12.5, "0 5 10 15"},
	} {
		r := niceRange(test.least, test.largest)
		var labels []string
		for _, tick := range r.Ticks(0, 0) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != test.want || r.min > test.least || r.max < test.largest {
			t.Errorf("%v to %v: %s, want %s", test.least, test.largest, got, test.want)
		}
	}
}

func pngOf(t testing.TB, d *Drawing) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d.WritePNG(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func svgOf(t testing.TB, d *Drawing) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
