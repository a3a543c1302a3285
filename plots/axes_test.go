package plots

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestTicksWithinAxis: the ticks begin at the axis's least value and end at its
// largest; one outside, however little, would be drawn without room for its label.
func TestTicksWithinAxis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.Float64Range(0, 1000).Draw(t, "least")
		largest := least + math.Pow(10, rapid.Float64Range(-3, 6).Draw(t, "span"))
		r := niceRange(least, largest)
		if r.min > least || r.max < largest {
			t.Fatalf("%v to %v: the axis is %+v", least, largest, r)
		}
		ticks := r.Ticks(0, 0)
		if first, last := ticks[0].Value, ticks[len(ticks)-1].Value; first != r.min || last != r.max {
			t.Fatalf("%v to %v: ticks from %v to %v, the axis is %+v", least, largest, first, last, r)
		}
	})
}
