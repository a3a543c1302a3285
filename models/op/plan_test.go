package op

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Results that live at the same time never overlap, and nothing lies outside.
func TestPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "results")
		rows := rapid.IntRange(1, 5).Draw(t, "rows")
		var spans []*span
		largest := 0
		for range n {
			born := rapid.IntRange(0, 40).Draw(t, "born")
			s := &span{result: newResult(spec{batch, rapid.IntRange(1, 100).Draw(t, "size")}), born: born, dies: born + rapid.IntRange(0, 20).Draw(t, "life")}
			spans = append(spans, s)
			largest = max(largest, s.result.spec.size(rows))
		}
		total := place(spans, rows)
		sum := 0
		for i, a := range spans {
			size := a.result.spec.size(rows)
			sum += (size + 15) / 16 * 16
			if a.offset < 0 || a.offset%16 != 0 || a.offset+size > total {
				t.Fatalf("result %d of %d floats at %d in an array of %d", i, size, a.offset, total)
			}
			for j, b := range spans[:i] {
				alive := a.born <= b.dies && b.born <= a.dies
				overlap := a.offset < b.offset+b.result.spec.size(rows) && b.offset < a.offset+size
				if alive && overlap {
					t.Fatalf("results %d and %d overlap: %+v %+v", i, j, *a, *b)
				}
			}
		}
		if total < largest || total > sum {
			t.Fatalf("an array of %d floats for results of %d in all, the largest of %d", total, sum, largest)
		}
	})
}

func TestPlaceSharesMemory(t *testing.T) {
	var spans []*span
	for i := range 10 { // a chain: each result is read by the next op only
		spans = append(spans, &span{result: newResult(rows(16)), born: i, dies: i + 1})
	}
	if got := place(spans, 2); got != 2*32 {
		t.Errorf("a chain of ten results of 32 floats takes %d floats, want 64", got)
	}
	var offsets []int
	for _, s := range spans {
		offsets = append(offsets, s.offset)
	}
	if diff := cmp.Diff([]int{0, 32, 0, 32, 0, 32, 0, 32, 0, 32}, offsets); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}
