package train

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestShuffleIsAPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "n")
		order := Shuffle(n, rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 100).Draw(t, "epoch"))
		slices.Sort(order)
		if !slices.Equal(order, inOrder(n)) {
			t.Fatalf("%v is no permutation of 0 to %d", order, n-1)
		}
	})
}

// A seed means the same on every machine and with every version of Go.
func TestShuffleGolden(t *testing.T) {
	want := []int32{0, 8, 1, 3, 2, 7, 9, 5, 6, 4}
	if got := Shuffle(10, 1, 1); !slices.Equal(got, want) {
		t.Errorf("Shuffle(10, 1, 1) = %v, want %v", got, want)
	}
}

// The orders of other epochs and seeds have as many numbers in the same place
// as chance gives: 1 for each pair, with a variance of 1.
func TestShufflesAreUnrelated(t *testing.T) {
	const n, others = 1000, 200
	base := Shuffle(n, 1, 1)
	same := 0
	for k := 2; k < 2+others/2; k++ {
		for _, other := range [][]int32{Shuffle(n, 1, k), Shuffle(n, uint64(k), 1)} {
			for i := range base {
				if base[i] == other[i] {
					same++
				}
			}
		}
	}
	if deviation := math.Abs(float64(same-others)) / math.Sqrt(others); deviation > 4 {
		t.Errorf("%d numbers in the same place over %d pairs of orders, want about %d", same, others, others)
	}
}

// Every number comes to every place equally often.
func TestShuffleIsUniform(t *testing.T) {
	const n, epochs = 8, 8000
	var counts [n][n]float64
	for epoch := 1; epoch <= epochs; epoch++ {
		for place, number := range Shuffle(n, 7, epoch) {
			counts[place][number]++
		}
	}
	chi2 := 0.
	for _, row := range counts {
		for _, count := range row {
			chi2 += (count - epochs/n) * (count - epochs/n) / (epochs / n)
		}
	}
	// 49 degrees of freedom: above 94.6 once in 10,000 times; the draw is fixed.
	if chi2 > 94.6 {
		t.Errorf("chi-squared %.1f with 49 degrees of freedom", chi2)
	}
}
