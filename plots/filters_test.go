package plots

import (
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// someFilters are random weights with a standard deviation of 0.05.
func someFilters(shape ...int) (weights []float32) {
	n := 1
	for _, side := range shape {
		n *= side
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		weights = append(weights, float32(0.05*r.NormFloat64()))
	}
	return weights
}

func filtersDrawing(t testing.TB, shape ...int) *Drawing {
	t.Helper()
	d, err := Filters("conv2d/kernel", shape, someFilters(shape...))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFiltersGolden(t *testing.T) {
	goldenPicture(t, "filters", filtersDrawing(t, 3, 3, 1, 20))
}

// TestFiltersCells: each weight is a sharp square in its place, in the colour that
// the scale has for it.
func TestFiltersCells(t *testing.T) {
	const out = 20
	weights := make([]float32, 2*3*2*out)
	at := func(y, x, in, o int) *float32 { return &weights[((y*3+x)*2+in)*out+o] }
	*at(0, 1, 0, 17), *at(0, 1, 1, 17) = 3, 1 // a mean of 2
	*at(1, 2, 1, 0) = -4                      // of -2
	*at(1, 0, 0, 3), *at(1, 0, 1, 3) = 2, 0   // of 1
	d, err := Filters("cells", []int{2, 3, 2, out}, weights)
	if err != nil {
		t.Fatal(err)
	}
	img := d.image(dotsPerInch)
	const cell = 18 // dots: 16 tiles of 3 cells, frames and gaps in 1124 dots
	cellAt := func(y, x, o int) (low, high color.Color) {
		left := marginDots + o%16*(3*cell+2+filterGap) + 1 + x*cell
		top := marginDots + titleDots + o/16*(2*cell+2+filterGap) + 1 + y*cell
		return img.At(left, top), img.At(left+cell-1, top+cell-1)
	}
	for o := range out {
		for k := range 6 {
			want := diverging(0)
			switch [3]int{k / 3, k % 3, o} {
			case [3]int{0, 1, 17}:
				want = diverging(1)
			case [3]int{1, 2, 0}:
				want = diverging(-1)
			case [3]int{1, 0, 3}:
				want = diverging(0.5)
			}
			low, high := cellAt(k/3, k%3, o)
			if clearly(low, want) || clearly(high, want) {
				t.Errorf("filter %d, weight (%d, %d): corners %v and %v, want %v", o, k/3, k%3, low, high, want)
			}
		}
	}
	for _, part := range []float64{0.3, 1} {
		if !clearly(diverging(part), diverging(-part)) || !clearly(diverging(part), diverging(0)) {
			t.Errorf("the colours of %v, 0 and %v look the same", part, -part)
		}
	}
}

func TestFiltersTexts(t *testing.T) {
	for _, test := range []struct {
		shape []int
		want  []string
	}{
		{[]int{3, 3, 1, 64}, []string{"conv2d/kernel", "64 filters of 3 x 3 weights", "0"}},
		{[]int{5, 2, 3, 1}, []string{"1 filter of 5 x 2 weights, the mean over 3 inputs"}},
		{[]int{1, 1, 1, 600}, []string{"the first 512 of 600 filters of 1 x 1 weights"}},
		{[]int{30, 64, 1, 100}, []string{"100 filters of 30 x 64 weights"}},
	} {
		d := filtersDrawing(t, test.shape...)
		if w, h := d.Size(); w > 8 || h > 20 {
			t.Errorf("%v: %v x %v inches", test.shape, w, h)
		}
		texts := svgTexts(t, svgOf(t, d))
		for _, want := range test.want {
			if !texts[want] {
				t.Errorf("%v: the picture lacks the text %q: %v", test.shape, want, texts)
			}
		}
	}
}

// TestFiltersScale: the scale's numbers are those of the weights, whatever their size.
func TestFiltersScale(t *testing.T) {
	for largest, want := range map[float32]string{
		0:               "-1.00 -0.50 0 0.50 1.00",
		0.168:           "-0.168 -0.084 0 0.084 0.168",
		25:              "-25.0 -12.5 0 12.5 25.0",
		4e-7:            "-4e-07 -2e-07 0 2e-07 4e-07",
		math.MaxFloat32: "-3.4e+38 -1.7e+38 0 1.7e+38 3.4e+38",
	} {
		d, err := Filters("m", []int{1, 2, 1, 1}, []float32{largest / 3, -largest})
		if err != nil {
			t.Fatal(err)
		}
		texts := svgTexts(t, svgOf(t, d))
		for _, number := range strings.Fields(want) {
			if !texts[number] {
				t.Errorf("up to %v: the scale lacks %s: %v", largest, number, texts)
			}
		}
	}
}

func TestFiltersErrors(t *testing.T) {
	weights := someFilters(3, 3, 1, 2)
	with := func(w float64) []float32 {
		changed := slices.Clone(weights)
		changed[7] = float32(w)
		return changed
	}
	shape := []int{3, 3, 1, 2}
	for _, test := range []struct {
		shape   []int
		weights []float32
		want    string
	}{
		{shape, nil, "there are no weights"},
		{nil, weights, "the shape is [], want (height, width, in, out)"},
		{[]int{3, 6, 1}, weights, "the shape is [3 6 1], want (height, width, in, out)"},
		{[]int{3, 3, 1, 1}, weights, "18 weights do not have the shape [3 3 1 1]"},
		{[]int{3, 3, 0, 2}, weights, "18 weights do not have the shape [3 3 0 2]"},
		{[]int{-3, -3, 1, 2}, weights, "18 weights do not have the shape [-3 -3 1 2]"},
		{[]int{math.MaxInt, 2, 1, 1}, weights, fmt.Sprintf("18 weights do not have the shape [%d 2 1 1]", math.MaxInt)},
		{[]int{1, 1200, 1, 1}, make([]float32, 1200), "kernels of 1 x 1200, want at most 64 columns and rows"},
		{shape, with(math.NaN()), "weight 7 is NaN, want a finite number"},
		{shape, with(math.Inf(-1)), "weight 7 is -Inf, want a finite number"},
	} {
		_, err := Filters("m", test.shape, test.weights)
		if want := "drawing the filters of m: " + test.want; err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
