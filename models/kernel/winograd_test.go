package kernel

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// convolve64 is the convolution in float64, without bias and activation.
func convolve64(s ConvShape, n int, x, w []float32) []float64 {
	y := make([]float64, n*s.OutH()*s.OutW()*s.Cout)
	for i := range n * s.OutH() * s.OutW() {
		image, h, v := i/s.OutW()/s.OutH(), i/s.OutW()%s.OutH(), i%s.OutW()
		for kh := range s.KH {
			for kw := range s.KW {
				row, column := h+kh-s.PadTop, v+kw-s.PadLeft
				if row < 0 || row >= s.H || column < 0 || column >= s.W {
					continue
				}
				pixel := x[((image*s.H+row)*s.W+column)*s.Cin:]
				for ci := range s.Cin {
					f := w[((kh*s.KW+kw)*s.Cin+ci)*s.Cout:]
					for co := range s.Cout {
						y[i*s.Cout+co] += float64(pixel[ci]) * float64(f[co])
					}
				}
			}
		}
	}
	return y
}

// convolveBackward64 returns the gradients in float64 for dy, the gradient before the
// activation.
func convolveBackward64(s ConvShape, n int, x, w []float32, dy []float64) (dx, dw, db []float64) {
	dx, dw, db = make([]float64, len(x)), make([]float64, len(w)), make([]float64, s.Cout)
	for i := range n * s.OutH() * s.OutW() {
		image, h, v := i/s.OutW()/s.OutH(), i/s.OutW()%s.OutH(), i%s.OutW()
		g := dy[i*s.Cout:][:s.Cout]
		for co := range g {
			db[co] += g[co]
		}
		for kh := range s.KH {
			for kw := range s.KW {
				row, column := h+kh-s.PadTop, v+kw-s.PadLeft
				if row < 0 || row >= s.H || column < 0 || column >= s.W {
					continue
				}
				at := ((image*s.H+row)*s.W + column) * s.Cin
				for ci := range s.Cin {
					f := ((kh*s.KW+kw)*s.Cin + ci) * s.Cout
					for co := range g {
						dx[at+ci] += g[co] * float64(w[f+co])
						dw[f+co] += g[co] * float64(x[at+ci])
					}
				}
			}
		}
	}
	return dx, dw, db
}

var winogradShapes = []ConvShape{
	{H: 6, W: 6, Cin: 16, Cout: 16, KH: 3, KW: 3},
	{H: 10, W: 6, Cin: 32, Cout: 80, KH: 3, KW: 3},
	{H: 7, W: 9, Cin: 48, Cout: 64, KH: 3, KW: 3, PadTop: 1, PadLeft: 1, PadRight: 1, PadBottom: 1},
	{H: 12, W: 12, Cin: 64, Cout: 64, KH: 3, KW: 3},
	{H: 3, W: 3, Cin: 16, Cout: 16, KH: 3, KW: 3},
	{H: 8, W: 9, Cin: 16, Cout: 32, KH: 3, KW: 3, PadTop: 2, PadLeft: 2, PadRight: 2, PadBottom: 2},
}

func TestWinogradBackward(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		for _, s := range winogradShapes {
			for _, act := range []Activation{Linear, ReLU, .5} {
				n := 1 + r.IntN(9)
				x, w := randomFloats(r, n*s.H*s.W*s.Cin), randomFloats(r, 9*s.Cin*s.Cout)
				dy, y := randomFloats(r, n*s.OutH()*s.OutW()*s.Cout), randomFloats(r, n*s.OutH()*s.OutW()*s.Cout)
				masked := float64s(dy)
				for i := range masked {
					if !(y[i] > 0) {
						masked[i] *= float64(act)
					}
				}
				wantX, wantW, wantB := convolveBackward64(s, n, x, w, masked)
				dx, checkX := guarded(len(x), r.IntN(16))
				dw, checkW := guarded(len(w), r.IntN(16))
				db, checkB := guarded(s.Cout, r.IntN(16))
				newWinograd(s, act, new(Workspace)).backward(n, dx, dw, db, x, w, y, dy)
				checkX(t, "dx")
				checkW(t, "dw")
				checkB(t, "db")
				ex, ew, eb := maxError(dx, wantX), maxError(dw, wantW), maxError(db, wantB)
				if !(ex < 1e-5 && ew < 1e-5 && eb < 1e-5) {
					t.Errorf("%+v n %d act %v: errors %g %g %g", s, n, act, ex, ew, eb)
				}
				dw2, db2 := make([]float32, len(dw)), make([]float32, len(db))
				newWinograd(s, act, new(Workspace)).backward(n, nil, dw2, db2, x, w, y, dy)
				if maxError(dw2, float64s(dw)) != 0 || maxError(db2, float64s(db)) != 0 {
					t.Errorf("%+v: dw or db differ without dx", s)
				}
			}
		}
	})
}

func TestWinogradForward(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, s := range winogradShapes {
			n := 1 + r.IntN(5)
			x, w, b := randomFloats(r, n*s.H*s.W*s.Cin), randomFloats(r, 9*s.Cin*s.Cout), randomFloats(r, s.Cout)
			y, check := guarded(n*s.OutH()*s.OutW()*s.Cout, r.IntN(16))
			want := convolve64(s, n, x, w)
			for i := range want {
				want[i] += float64(b[i%s.Cout])
				if want[i] < 0 {
					want[i] *= .5
				}
			}
			newWinograd(s, .5, new(Workspace)).forward(n, y, x, w, b)
			check(t, "y")
			if e := maxError(y, want); !(e < 1e-5) {
				t.Fatalf("%+v: error %g", s, e)
			}
		}
	})
}

// In a steady state a step allocates nothing.
func TestWinogradDoesNotAllocate(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		const n = 2
		s := ConvShape{H: 12, W: 12, Cin: 16, Cout: 32, KH: 3, KW: 3}
		x, dx := make([]float32, n*s.H*s.W*s.Cin), make([]float32, n*s.H*s.W*s.Cin)
		y, dy := make([]float32, n*s.OutH()*s.OutW()*s.Cout), make([]float32, n*s.OutH()*s.OutW()*s.Cout)
		w, dw, b := make([]float32, s.weights()), make([]float32, s.weights()), make([]float32, s.Cout)
		c := newWinograd(s, ReLU, new(Workspace))
		checkNoAllocations(t, func() {
			c.forward(n, y, x, w, b)
			c.backward(n, dx, dw, b, x, w, y, dy)
		})
	})
}

// The results are the same bits for any number of workers.
func TestWinogradWorkers(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		const n = 9
		s, r := ConvShape{H: 12, W: 11, Cin: 16, Cout: 32, KH: 3, KW: 3}, rand.New(rand.NewPCG(5, 6))
		x, dy := randomFloats(r, n*s.H*s.W*s.Cin), randomFloats(r, n*s.OutH()*s.OutW()*s.Cout)
		w, b := randomFloats(r, s.weights()), randomFloats(r, s.Cout)
		ws := new(Workspace)
		forEachWorkers(t, ws, func() tensors {
			y, dx := make([]float32, len(dy)), make([]float32, len(x))
			dw, db := make([]float32, len(w)), make([]float32, len(b))
			c := newWinograd(s, .5, ws)
			c.forward(n, y, x, w, b)
			c.backward(n, dx, dw, db, x, w, y, dy)
			return tensors{"y": y, "dx": dx, "dw": dw, "db": db}
		})
	})
}

func TestWinogradRandomShapes(t *testing.T) {
	withTiers(t, func(t *testing.T) { rapid.Check(t, checkWinograd) })
}

func FuzzWinograd(f *testing.F) { fuzzTiers(f, checkWinograd) }

// checkWinograd compares the tiles with the direct convolution by the definition.
// Where few outputs make the largest one small, the error is a larger share of it.
func checkWinograd(t *rapid.T) {
	channels := rapid.SampledFrom([]int{16, 32})
	pad := rapid.IntRange(0, 2)
	s := ConvShape{
		H: rapid.IntRange(3, 10).Draw(t, "H"), W: rapid.IntRange(3, 10).Draw(t, "W"), KH: 3, KW: 3,
		Cin: channels.Draw(t, "Cin"), Cout: channels.Draw(t, "Cout"),
		PadTop: pad.Draw(t, "top"), PadBottom: pad.Draw(t, "bottom"), PadLeft: pad.Draw(t, "left"), PadRight: pad.Draw(t, "right"),
	}
	n, r := rapid.IntRange(1, 3).Draw(t, "n"), newRand(t)
	x, w := randomFloats(r, n*s.H*s.W*s.Cin), randomFloats(r, s.weights())
	y := make([]float32, n*s.OutH()*s.OutW()*s.Cout)
	newWinograd(s, Linear, new(Workspace)).forward(n, y, x, w, make([]float32, s.Cout))
	if e := maxError(y, convolve64(s, n, x, w)); !(e < 2e-5) {
		t.Fatalf("error %g of the largest output", e)
	}
}
