package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// referencePool returns the index in x of the winner of each output.
func referencePool(p *MaxPool2D, n int, x []float32) (at []int, winner []uint8) {
	for image := range n {
		for oy := range p.OutH() {
			for ox := range p.OutW() {
				for c := range p.c {
					best, bestK := -1, 0
					for k := range p.size * p.size {
						y, x0 := oy*p.size+k/p.size, ox*p.size+k%p.size
						i := ((image*p.h+y)*p.w+x0)*p.c + c
						if best < 0 || x[i] > x[best] || x[i] != x[i] && x[best] == x[best] {
							best, bestK = i, k
						}
					}
					at, winner = append(at, best), append(winner, uint8(bestK))
				}
			}
		}
	}
	return at, winner
}

func TestMaxPool2D(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g := newRand(t), newGuards(t)
			size := rapid.SampledFrom([]int{1, 2, 2, 2, 3, 4, 16}).Draw(t, "size")
			h := size*rapid.IntRange(1, 3).Draw(t, "windows down") + rapid.IntRange(0, size-1).Draw(t, "rows left")
			w := size*rapid.IntRange(1, 3).Draw(t, "windows across") + rapid.IntRange(0, size-1).Draw(t, "columns left")
			c := rapid.SampledFrom([]int{1, 3, 8, 16, 19, 24, 32, 64}).Draw(t, "channels")
			n := rapid.IntRange(1, 3).Draw(t, "images")
			p := NewMaxPool2D(h, w, c, size)

			x := g.normal(rng, n*h*w*c)
			switch rapid.SampledFrom([]string{"distinct", "ties", "special"}).Draw(t, "values") {
			case "ties":
				for i := range x {
					x[i] = float32(rng.IntN(3) - 1)
				}
			case "special":
				sprinkle(rng, x)
			}
			at, want := referencePool(p, n, x)

			y, winner := g.floats(len(at)), g.bytes(len(at))
			p.Forward(n, y, x, winner)
			for i, j := range at {
				if !sameFloat(y[i], x[j]) || winner[i] != want[i] {
					t.Fatalf("y[%d] = %v from %d, want %v from %d", i, y[i], winner[i], x[j], want[i])
				}
			}
			unrecorded := g.floats(len(at))
			p.Forward(n, unrecorded, x, nil)
			compareBits(t, "y without winner", unrecorded, y)

			dy, dx := g.normal(rng, len(at)), g.floats(len(x))
			p.Backward(n, dx, dy, winner)
			wantDx := make([]float32, len(x))
			for i, j := range at {
				wantDx[j] = dy[i]
			}
			compareBits(t, "dx", dx, wantDx)
			g.check()
		})
	})
}

// Pooling scales with its input, so by Euler's identity the gradient of <dy, y>
// times x is <dy, y>.
func TestMaxPool2DGradientIdentity(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		p := NewMaxPool2D(11, 9, 5, 2)
		const n = 4
		x, y := make([]float32, n*11*9*5), make([]float32, n*5*4*5)
		dx, dy := make([]float32, len(x)), make([]float32, len(y))
		winner := make([]uint8, len(y))
		fillNormal(rng, x)
		fillNormal(rng, dy)
		p.Forward(n, y, x, winner)
		p.Backward(n, dx, dy, winner)
		var left, right sum
		for i := range y {
			left.add(float64(dy[i]) * float64(y[i]))
		}
		for i := range x {
			right.add(float64(dx[i]) * float64(x[i]))
		}
		if math.Abs(left.value-right.value) > 1e-12*left.magnitude {
			t.Fatalf("<dy, y> = %v, <dx, x> = %v", left.value, right.value)
		}
	})
}

func TestMaxPool2DWorkers(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		p := NewMaxPool2D(13, 13, 17, 2)
		const n = 5
		x, dy := make([]float32, n*13*13*17), make([]float32, n*6*6*17)
		fillNormal(rng, x)
		fillNormal(rng, dy)
		var firstY, firstDx []float32
		forWorkers(func(workers int) {
			y, dx, winner := make([]float32, len(dy)), make([]float32, len(x)), make([]uint8, len(dy))
			p.Forward(n, y, x, winner)
			p.Backward(n, dx, dy, winner)
			if workers == 1 {
				firstY, firstDx = y, dx
			}
			compareBits(t, "y", y, firstY)
			compareBits(t, "dx", dx, firstDx)
		})
	})
}

func BenchmarkMaxPool2D(b *testing.B) {
	const n = 64
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range []struct{ side, channels int }{{24, 64}, {10, 64}, {24, 128}, {10, 128}, {28, 128}} {
		p := NewMaxPool2D(s.side, s.side, s.channels, 2)
		x := make([]float32, n*s.side*s.side*s.channels)
		y, winner := make([]float32, len(x)/4), make([]uint8, len(x)/4)
		fillNormal(rng, x)
		b.Run(fmt.Sprintf("forward/%dx%dx%d", s.side, s.side, s.channels), func(b *testing.B) {
			for b.Loop() {
				p.Forward(n, y, x, winner)
			}
			reportBandwidth(b, 4*len(x)+5*len(y))
		})
		b.Run(fmt.Sprintf("backward/%dx%dx%d", s.side, s.side, s.channels), func(b *testing.B) {
			for b.Loop() {
				p.Backward(n, x, y, winner)
			}
			reportBandwidth(b, 4*len(x)+5*len(y))
		})
	}
}
