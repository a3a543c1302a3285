package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestConcatSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng, g := newRand(t), newGuards(t)
		rows := rapid.SampledFrom([]int{1, 2, 7, 64, 1000, 6000}).Draw(t, "rows")
		widths := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 4).Draw(t, "widths")
		width := 0
		parts := make([][]float32, len(widths))
		for i, w := range widths {
			parts[i] = g.normal(rng, rows*w)
			width += w
		}
		whole := g.floats(rows * width)
		Concat(whole, rows, parts)
		at := 0
		for i, w := range widths {
			for r := range rows {
				compareBits(t, fmt.Sprintf("part %d of row %d", i, r), whole[r*width+at:][:w], parts[i][r*w:][:w])
			}
			at += w
		}

		skipped := rapid.IntRange(-1, len(parts)-1).Draw(t, "skipped")
		split := make([][]float32, len(parts))
		for i := range split {
			if i != skipped {
				split[i] = g.floats(len(parts[i]))
			}
		}
		Split(split, widths, rows, whole)
		for i := range split {
			if i != skipped {
				compareBits(t, fmt.Sprintf("split part %d", i), split[i], parts[i])
			}
		}
		g.check()
	})
}

func BenchmarkConcat(b *testing.B) {
	const rows = 64 * 28 * 28 // pixels of a batch, beside one or two channels
	rng := rand.New(rand.NewPCG(1, 2))
	for _, widths := range [][]int{{1, 1}, {2, 1}} {
		b.Run(fmt.Sprint(widths), func(b *testing.B) {
			var parts [][]float32
			width := 0
			for _, w := range widths {
				parts = append(parts, make([]float32, rows*w))
				fillNormal(rng, parts[len(parts)-1])
				width += w
			}
			whole := make([]float32, rows*width)
			for b.Loop() {
				Concat(whole, rows, parts)
				Split(parts, widths, rows, whole)
			}
			reportBandwidth(b, 4*4*rows*width)
		})
	}
}
