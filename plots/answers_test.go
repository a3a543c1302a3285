package plots

import (
	"math"
	"strings"
	"testing"

	"zoo/train"
)

var clothes = []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}

// someCounts is the confusion of a fair model: most pictures right, a few taken for
// the next class.
func someCounts(classes int) [][]int {
	counts := make([][]int, classes)
	for label := range counts {
		counts[label] = make([]int, classes)
		counts[label][label] = 1000 - 17*label
		counts[label][(label+1)%classes] += 17 * label
	}
	return counts
}

func someBins() []train.Bin {
	bins := make([]train.Bin, 15)
	for i := range bins {
		bins[i] = train.Bin{Low: float64(i) / 15, High: float64(i+1) / 15}
		if i > 2 {
			bins[i].Samples = 1 + 10*i*i
			bins[i].Confidence = (float64(i) + 0.5) / 15
			bins[i].Accuracy = 0.95 * bins[i].Confidence
		}
	}
	return bins
}

func confusionDrawing(t testing.TB, classes []string) *Drawing {
	t.Helper()
	d, err := Confusion("clothes: 10,000 test pictures", someCounts(len(classes)), classes)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func classesDrawing(t testing.TB, classes []string) *Drawing {
	t.Helper()
	d, err := ClassAccuracy("clothes: 10,000 test pictures", someCounts(len(classes)), classes)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func reliabilityDrawing(t testing.TB) *Drawing {
	t.Helper()
	d, err := Reliability("clothes: 10,000 test pictures", someBins())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAnswersGolden(t *testing.T) {
	goldenPicture(t, "confusion", confusionDrawing(t, clothes))
	goldenPicture(t, "classes", classesDrawing(t, clothes))
	goldenPicture(t, "reliability", reliabilityDrawing(t))
}

// A row's shades tell its shares: white for none, the same for equal shares.
func TestShade(t *testing.T) {
	if shade(0) == shade(0.01) || shade(0.5) == shade(1) {
		t.Error("different shares have one shade")
	}
	for share := 0.01; share <= 1; share += 0.01 {
		if shade(share).R >= shade(share-0.01).R {
			t.Errorf("the shade of %.2f is not darker than that of %.2f", share, share-0.01)
		}
	}
}

func TestReliabilityError(t *testing.T) {
	bins := []train.Bin{{High: .5, Samples: 1, Confidence: .4, Accuracy: 0}, {Low: .5, High: 1, Samples: 3, Confidence: .9, Accuracy: 1}}
	if got, want := (reliability{bins, 4}).error(), (.4+3*.1)/4; math.Abs(got-want) > 1e-12 {
		t.Errorf("calibration error %v, want %v", got, want)
	}
}

func TestAnswersErrors(t *testing.T) {
	two := []string{"no", "yes"}
	for want, draw := range map[string]func() (*Drawing, error){
		"there are no classes":        func() (*Drawing, error) { return Confusion("x", nil, nil) },
		"1 row for 2 classes":         func() (*Drawing, error) { return Confusion("x", [][]int{{1, 1}}, two) },
		"row 1 has 1 column for 2":    func() (*Drawing, error) { return ClassAccuracy("x", [][]int{{1, 1}, {1}}, two) },
		"row 0 has a count of -1":     func() (*Drawing, error) { return Confusion("x", [][]int{{1, -1}, {1, 2}}, two) },
		"there are no pictures":       func() (*Drawing, error) { return ClassAccuracy("x", [][]int{{0, 0}, {0, 0}}, two) },
		"101 classes, want at most":   func() (*Drawing, error) { return Confusion("x", someCounts(101), make([]string, 101)) },
		"of x: there are no pictures": func() (*Drawing, error) { return Reliability("x", nil) },
		"bin 0: NaN is not a number": func() (*Drawing, error) {
			return Reliability("x", []train.Bin{{High: 1, Samples: 1, Accuracy: math.NaN()}})
		},
		"bin 0 reaches from 0.5 to 0":  func() (*Drawing, error) { return Reliability("x", []train.Bin{{Low: .5, High: 0, Samples: 1}}) },
		"bin 0 has -3 pictures":        func() (*Drawing, error) { return Reliability("x", []train.Bin{{High: 1, Samples: -3}}) },
		"bin 0: 1.5 is not a number f": func() (*Drawing, error) { return Reliability("x", []train.Bin{{High: 1.5, Samples: 3}}) },
	} {
		if _, err := draw(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A class without pictures is drawn as such.
func TestClassAccuracyWithoutPictures(t *testing.T) {
	d, err := ClassAccuracy("x", [][]int{{3, 1}, {0, 0}}, []string{"seen", "never seen"})
	if err != nil {
		t.Fatal(err)
	}
	var svg strings.Builder
	if err := d.WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{">0.750<", ">no pictures<", ">never seen<"} {
		if !strings.Contains(svg.String(), text) {
			t.Errorf("no %s in the picture", text)
		}
	}
}
