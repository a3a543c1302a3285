package picture

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Each value of a resized line is a mean; of a smaller line all together weigh every value alike.
func TestTapsAreMeans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.IntRange(1, 600).Draw(t, "from"), rapid.IntRange(1, 600).Draw(t, "to")
		weight := make([]float64, from)
		for i, tap := range newTaps(from, to) {
			var sum float64
			for j, w := range tap.weights {
				if w < 0 {
					t.Fatalf("value %d: weight %v", i, w)
				}
				sum += float64(w)
				weight[tap.first+j] += float64(w)
			}
			if math.Abs(sum-1) > 1e-5 {
				t.Fatalf("value %d: weights add up to %v", i, sum)
			}
		}
		if to > from {
			return
		}
		for j, w := range weight {
			if want := float64(to) / float64(from); math.Abs(w-want) > 1e-5 {
				t.Fatalf("value %d of the line weighs %v, want %v", j, w, want)
			}
		}
	})
}

// Whole factors are means of squares; the other way it is linear between centres.
func TestResized(t *testing.T) {
	p := plane{4, 2, []float32{0, 2, 4, 6, 8, 10, 12, 14}}
	if got := p.resized(2, 1).values; got[0] != 5 || got[1] != 9 {
		t.Errorf("half as large: %v", got)
	}
	line := plane{2, 1, []float32{0, 8}}
	want := []float32{0, 2, 6, 8}
	for i, v := range line.resized(4, 1).values {
		if v != want[i] {
			t.Errorf("twice as large: value %d is %v, want %v", i, v, want[i])
		}
	}
}

// The weights are those of a pixel twice the sum of the Gaussian around it.
func TestSharpened(t *testing.T) {
	p := newPlane(5, 5)
	for i := range p.values {
		p.values[i] = 100
	}
	for i, v := range p.sharpened().values {
		if math.Abs(float64(v)-100) > 1e-4 {
			t.Fatalf("pixel %d of an even picture becomes %v", i, v)
		}
	}
	p.row(2)[2] = 110
	got := p.sharpened()
	for _, test := range []struct {
		x, y int
		want float64
	}{{2, 2, 116.610}, {1, 2, 98.972}, {1, 1, 99.376}, {0, 2, 100}} {
		if v := float64(got.row(test.y)[test.x]); math.Abs(v-test.want) > 2e-3 {
			t.Errorf("pixel %d,%d is %v, want %v", test.x, test.y, v, test.want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, test := range []struct{ width, height, side, wantWidth, wantHeight int }{
		{200, 100, 20, 20, 10},
		{1, 25_000_000, 512, 1, 512},
		{5, 20, 20, 5, 20},
		{3, 4, 20, 15, 20},
	} {
		if w, h := fit(test.width, test.height, test.side); w != test.wantWidth || h != test.wantHeight {
			t.Errorf("%dx%d in %d: %dx%d", test.width, test.height, test.side, w, h)
		}
	}
}
