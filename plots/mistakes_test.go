package plots

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"

	"zoo/mnist"
	"zoo/train"
)

// someMistakes are wrong answers about patterns(25), some of classes with long
// names.
func someMistakes(n int) (mistakes []train.Mistake, pixels []uint8, classes []string) {
	pixels, labels, classes := patterns(25)
	for i := range n {
		label := int(labels[i%25])
		mistakes = append(mistakes, train.Mistake{
			Index: i % 25, Label: label, Predicted: (label + 1 + i%2) % 3, Probability: 1 - float64(i)/100,
		})
	}
	return mistakes, pixels, classes
}

func TestMistakesGolden(t *testing.T) {
	mistakes, pixels, classes := someMistakes(8)
	d, err := Mistakes("bars: the surest mistakes", mistakes, pixels, classes)
	if err != nil {
		t.Fatal(err)
	}
	goldenPicture(t, "mistakes", d)
}

func TestMistakesTexts(t *testing.T) {
	mistakes, pixels, classes := someMistakes(40)
	mistakes[30].Probability = 0.123
	d, err := Mistakes("bars", mistakes, pixels, classes)
	if err != nil {
		t.Fatal(err)
	}
	texts := svgTexts(t, svgOf(t, d))
	for _, want := range []string{"bars", "narrow, taken for", "wide, taken for", "100.0%", "71.0%"} {
		if !texts[want] {
			t.Errorf("the picture lacks the text %q", want)
		}
	}
	if texts["12.3%"] {
		t.Error("the picture has more than 30 mistakes")
	}
	none, err := Mistakes("bars", nil, pixels, classes)
	if err != nil {
		t.Fatal(err)
	}
	if !svgTexts(t, svgOf(t, none))["no wrong answer among 25 pictures"] {
		t.Error("the picture does not say that there are no mistakes")
	}
	if w, h := none.Size(); w != 8 || h > 1 {
		t.Errorf("without mistakes the picture is %v x %v inches", w, h)
	}
}

// TestMistakesNames: no class of the data sets is shortened, next to no probability.
func TestMistakesNames(t *testing.T) {
	for _, name := range mnist.Names() {
		classes := mnist.Classes(name)
		for label, class := range classes {
			predicted := (label + 1) % len(classes)
			d, err := Mistakes(name, []train.Mistake{{Label: label, Predicted: predicted, Probability: 1}}, make([]uint8, pixelsOfPicture), classes)
			if err != nil {
				t.Fatal(err)
			}
			texts := svgTexts(t, svgOf(t, d))
			if !texts[class+", taken for"] || !texts[classes[predicted]] || !texts["100.0%"] {
				t.Errorf("%s taken for %s: the texts are %v", class, classes[predicted], texts)
			}
		}
	}
}

// TestMistakesKeep: what the caller does with its slices later changes no picture.
func TestMistakesKeep(t *testing.T) {
	mistakes, pixels, classes := someMistakes(8)
	d, err := Mistakes("bars", mistakes, pixels, classes)
	if err != nil {
		t.Fatal(err)
	}
	before := string(svgOf(t, d))
	mistakes[0].Probability, pixels[0], classes[0] = 0.5, pixels[0]+100, "other"
	if before != string(svgOf(t, d)) {
		t.Error("the picture changed with the slices that it was made of")
	}
}

func TestMistakesErrors(t *testing.T) {
	mistakes, pixels, classes := someMistakes(2)
	with := func(m train.Mistake) []train.Mistake { return append(slices.Clone(mistakes), m) }
	for _, test := range []struct {
		mistakes []train.Mistake
		pixels   []uint8
		classes  []string
		want     string
	}{
		{nil, nil, classes, "there are no pictures"},
		{mistakes, pixels[1:], classes, "19,599 pixels, want 784 for each picture"},
		{with(train.Mistake{Index: 25, Label: 1}), pixels, classes, "mistake 2 is picture 25, want 0 to 24, as there are 25 pictures"},
		{with(train.Mistake{Index: -1, Label: 1}), pixels, classes, "mistake 2 is picture -1, want 0 to 24, as there are 25 pictures"},
		{with(train.Mistake{Label: 3}), pixels, classes, "mistake 2: class 3 taken for class 0, but there are 3 classes"},
		{with(train.Mistake{Predicted: -1}), pixels, classes, "mistake 2: class 0 taken for class -1, but there are 3 classes"},
		{mistakes, pixels, nil, "mistake 0: class 0 taken for class 1, but there are 0 classes"},
		{with(train.Mistake{Label: 1, Predicted: 1}), pixels, classes, "mistake 2 is no mistake: class 1 taken for itself"},
		{with(train.Mistake{Label: 1, Probability: math.NaN()}), pixels, classes, "mistake 2 has probability NaN, want a number from 0 to 1"},
		{with(train.Mistake{Label: 1, Probability: 1.5}), pixels, classes, "mistake 2 has probability 1.5, want a number from 0 to 1"},
	} {
		_, err := Mistakes("bars", test.mistakes, test.pixels, test.classes)
		if want := "drawing the mistakes of bars: " + test.want; err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestShortened: a text is cut to the width, and only where it must be.
func TestShortened(t *testing.T) {
	for _, text := range []string{"", "Coat", "Ankle boot", strings.Repeat("wide", 50), "Übergrößen"} {
		for i := range 100 {
			room := vg.Length(i)
			width := noteText.width("…") + room
			got := noteText.shortened(text, width)
			if got == text && noteText.width(text) <= width {
				continue
			}
			kept, cut := strings.CutSuffix(got, "…")
			if noteText.width(got) > width || !cut || !strings.HasPrefix(text, kept) || noteText.width(text) <= width {
				t.Errorf("%q became %q, of width %v, want at most %v", text, got, noteText.width(got), width)
			}
		}
	}
}
