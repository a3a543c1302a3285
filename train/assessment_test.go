package train

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Two classes: 0.9 for 0 is right, 0.8 for 1 is wrong, a tie goes to the first class.
func TestTally(t *testing.T) {
	count := newTally(2)
	count.batch([]float32{.9, .1, .2, .8}, []int32{0, 0})
	count.batch([]float32{.5, .5}, []int32{1})
	a := count.assessment()
	a.Classes = []string{"no", "yes"}
	if err := a.check(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]int{{1, 1}, {1, 0}}, a.Confusion); diff != "" {
		t.Errorf("confusion (-want +got)\n%s", diff)
	}
	wantMistakes := []Mistake{
		{Index: 1, Label: 0, Predicted: 1, Probability: float64(float32(.8))},
		{Index: 2, Label: 1, Predicted: 0, Probability: .5},
	}
	if diff := cmp.Diff(wantMistakes, a.Mistakes); diff != "" {
		t.Errorf("mistakes (-want +got)\n%s", diff)
	}
	// .9 lies in (13/15, 14/15], .8 in (11/15, 12/15] or, as float32, just above it, .5 in (7/15, 8/15].
	for i, want := range map[int]Bin{13: {Samples: 1, Confidence: float64(float32(.9)), Accuracy: 1}, 7: {Samples: 1, Confidence: .5}} {
		want.Low, want.High = float64(i)/15, float64(i+1)/15
		if diff := cmp.Diff(want, a.Calibration[i]); diff != "" {
			t.Errorf("bin %d (-want +got)\n%s", i, diff)
		}
	}
	if want := (.1 + .8 + .5) / 3; math.Abs(a.CalibrationError-want) > 1e-7 {
		t.Errorf("calibration error %v, want %v", a.CalibrationError, want)
	}
	if want := 1. / 3; a.Accuracy != want {
		t.Errorf("accuracy %v, want %v", a.Accuracy, want)
	}
}

// A bin is open below: its upper end belongs to it, as zero does to the first.
func TestTallyBinEdges(t *testing.T) {
	count := newTally(2)
	for i := range calibrationBins + 1 {
		count.add(0, 0, float64(i)/calibrationBins)
	}
	for i, b := range count.bins {
		want := 1
		if i == 0 {
			want = 2
		}
		if b.samples != want {
			t.Errorf("bin %d has %d samples, want %d", i, b.samples, want)
		}
	}
}

// What Assess counts is what Evaluate measures, and JSON keeps all of it.
func TestAssess(t *testing.T) {
	m, data := newModel(t, 1), newPictures(37, 3)
	names := make([]string, m.Classes())
	for i := range names {
		names[i] = strings.Repeat("x", i+1)
	}
	a, err := Assess(t.Context(), m, data, 8, "validation", names)
	if err != nil {
		t.Fatal(err)
	}
	loss, accuracy, err := Evaluate(t.Context(), m, data, 8)
	if err != nil {
		t.Fatal(err)
	}
	if a.Loss != loss || a.Accuracy != accuracy || a.Samples != 37 {
		t.Errorf("loss %v, accuracy %v of %d pictures; Evaluate says %v, %v of 37", a.Loss, a.Accuracy, a.Samples, loss, accuracy)
	}
	var text bytes.Buffer
	if err := a.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	again, err := ReadAssessment(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, again); diff != "" {
		t.Errorf("(-written +read)\n%s", diff)
	}
	if _, err := Assess(t.Context(), m, data, 8, "validation", names[1:]); err == nil || !strings.Contains(err.Error(), "names of classes") {
		t.Errorf("too few names: error %v", err)
	}
}

// Whatever the answers, the assessment agrees with itself.
func TestTallyAgreesWithItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes := rapid.IntRange(2, 12).Draw(t, "classes")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		count := newTally(classes)
		for range rapid.IntRange(1, 60).Draw(t, "pictures") {
			row := make([]float32, classes)
			var sum float32
			for i := range row {
				row[i] = r.Float32()
				sum += row[i]
			}
			for i := range row {
				row[i] /= sum
			}
			count.batch(row, []int32{r.Int32N(int32(classes))})
		}
		a := count.assessment()
		a.Classes = make([]string, classes)
		if err := a.check(); err != nil {
			t.Fatal(err)
		}
	})
}

// Every change that makes the numbers contradict each other is refused.
func TestReadAssessmentRefuses(t *testing.T) {
	for name, change := range map[string]func(*Assessment){
		"classes 1":      func(a *Assessment) { a.Classes = a.Classes[:1] },
		"lost row":       func(a *Assessment) { a.Confusion = a.Confusion[:1] },
		"lost column":    func(a *Assessment) { a.Confusion[1] = a.Confusion[1][:1] },
		"negative count": func(a *Assessment) { a.Confusion[0][0] = -1 },
		"samples":        func(a *Assessment) { a.Samples++ },
		"accuracy":       func(a *Assessment) { a.Accuracy = .9 },
		"loss":           func(a *Assessment) { a.Loss = -1 },
		"bins":           func(a *Assessment) { a.Calibration = a.Calibration[:12] },
		"bin's ends":     func(a *Assessment) { a.Calibration[0].High = -1 },
		"error":          func(a *Assessment) { a.CalibrationError = 2 },
		"mistake":        func(a *Assessment) { a.Mistakes[0].Index = 100 },
		"no mistake":     func(a *Assessment) { a.Mistakes[0].Label = a.Mistakes[0].Predicted },
		"filters":        func(a *Assessment) { a.Filters = &Filters{Shape: []int{1, 1, 1, 2}, Weights: []float32{1}} },
	} {
		count := newTally(2)
		count.batch([]float32{.1, .9, .2, .8, .7, .3}, []int32{0, 1, 0})
		a := count.assessment()
		a.Classes = []string{"no", "yes"}
		change(a)
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadAssessment(bytes.NewReader(text)); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	if _, err := ReadAssessment(strings.NewReader(`{"pictures": "validation"}`)); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("missing fields: error %v", err)
	}
}
