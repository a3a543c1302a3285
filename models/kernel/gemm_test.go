package kernel

import (
	"testing"

	"pgregory.net/rapid"
)

func TestGemm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng, g := newRand(t), newGuards(t)
		dim := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name) }
		o := operand{
			rows: dim("rows", 1, 9), rowStride: dim("rowStride", 0, 7),
			segments: dim("segments", 1, 4), segmentStride: dim("segmentStride", 0, 20),
			length: dim("length", 1, 40), stride: dim("stride", 1, 5),
		}
		cols := dim("cols", 1, panelWidth)
		ldc := cols + dim("gap", 0, 3)
		end := (o.rows-1)*o.rowStride + (o.segments-1)*o.segmentStride + (o.length-1)*o.stride + 1
		a, panel, c := g.normal(rng, end), g.normal(rng, panelsSize(o.columns(), cols)), g.normal(rng, (o.rows-1)*ldc+cols)
		before := append([]float32(nil), c...)
		e := epilogue{accumulate: rapid.Bool().Draw(t, "accumulate"), activation: drawActivation(t)}
		if rapid.Bool().Draw(t, "biased") {
			e.bias = g.normal(rng, panelWidth)
		}

		gemm(c, ldc, cols, a, &o, panel, &e)
		g.check()
		for i := range c {
			r, j := i/ldc, i%ldc
			if j >= cols {
				compareBits(t, "gap between rows", c[i:i+1], before[i:i+1])
				continue
			}
			var want sum
			for k := range o.columns() {
				x := a[r*o.rowStride+k/o.length*o.segmentStride+k%o.length*o.stride]
				want.add(float64(x) * float64(panel[k*panelWidth+j]))
			}
			if e.accumulate {
				want.add(float64(before[i]))
			}
			if e.bias != nil {
				want.add(float64(e.bias[j]))
			}
			compareSums(t, "c", c[i:i+1], activated([]sum{want}, e.activation), sumTolerance)
		}
	})
}

// Panels hold the factor or its transpose, and zeros beyond its last column.
func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng, g := newRand(t), newGuards(t)
		rows, cols := rapid.IntRange(1, 20).Draw(t, "rows"), rapid.IntRange(1, 20).Draw(t, "cols")
		ld := cols + rapid.IntRange(0, 3).Draw(t, "gap")
		src := g.normal(rng, (rows-1)*ld+cols)
		panels := g.floats(panelsSize(rows, cols))
		packPanels(panels, src, rows, cols, ld)
		g.check()
		for i, got := range panels {
			panel, r, j := i/(rows*panelWidth), i/panelWidth%rows, i%panelWidth
			want := float32(0)
			if col := panel*panelWidth + j; col < cols {
				want = src[r*ld+col]
			}
			if got != want {
				t.Fatalf("panel %d, row %d, column %d holds %v, want %v", panel, r, j, got, want)
			}
		}

		wide := min(rows, panelWidth)
		transposed := g.floats(panelsSize(cols, wide))
		packTransposed(transposed, src, cols, wide, ld)
		g.check()
		for i, got := range transposed {
			r, j := i/panelWidth, i%panelWidth
			want := float32(0)
			if j < wide {
				want = src[j*ld+r]
			}
			if got != want {
				t.Fatalf("transposed: row %d, column %d holds %v, want %v", r, j, got, want)
			}
		}
	})
}
