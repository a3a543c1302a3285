package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// handovers are convolutions by tiles, by tiles with padding, in bands, and of one channel.
var handovers = []struct {
	n     int
	shape ConvShape
}{
	{3, ConvShape{H: 12, W: 12, Cin: 16, Cout: 32, KH: 3, KW: 3}},
	{2, ConvShape{H: 9, W: 7, Cin: 32, Cout: 16, KH: 3, KW: 3, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}},
	{2, ConvShape{H: 40, W: 36, Cin: 5, Cout: 19, KH: 3, KW: 3}},
	{20, ConvShape{H: 28, W: 28, Cin: 1, Cout: 24, KH: 4, KW: 4, PadTop: 1, PadBottom: 2, PadLeft: 1, PadRight: 2}},
}

// The moments that a convolution leaves are those that BatchNorm would take itself.
func TestConv2DMoments(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, h := range handovers {
			t.Run(fmt.Sprint(h.shape), func(t *testing.T) {
				s, g := h.shape, newGuards(t)
				x := g.normal(rng, h.n*s.H*s.W*s.Cin)
				w, b := g.normal(rng, s.weights()), g.normal(rng, s.Cout)
				rows := h.n * s.OutH() * s.OutW()
				y := g.floats(rows * s.Cout)
				ws := new(Workspace)
				conv := NewConv2D(s, ReLU, ws)
				conv.Moments = NewMoments(s.Cout)

				type outputs struct{ y, mean, invStd, movingMean, movingVariance []float32 }
				normalize := func(m *Moments) outputs {
					o := outputs{g.floats(rows * s.Cout), g.floats(s.Cout), g.floats(s.Cout), g.copyOf(make([]float32, s.Cout)), g.copyOf(make([]float32, s.Cout))}
					norm := NewBatchNorm(s.Cout, 1e-3, .9, ws)
					norm.Moments = m
					gamma, beta := make([]float32, s.Cout), make([]float32, s.Cout)
					for i := range gamma {
						gamma[i], beta[i] = 1+float32(i)/8, float32(i)/4
					}
					norm.ForwardTraining(rows, o.y, y, gamma, beta, o.movingMean, o.movingVariance, o.mean, o.invStd)
					return o
				}
				for range 2 { // the second over the same moments
					conv.Forward(h.n, y, x, w, b)
					own, handed := normalize(nil), normalize(conv.Moments)
					compareFloats(t, "mean", handed.mean, float64s(own.mean), 1e-5)
					compareFloats(t, "invStd", handed.invStd, float64s(own.invStd), 1e-5)
					compareFloats(t, "moving mean", handed.movingMean, float64s(own.movingMean), 1e-5)
					compareFloats(t, "moving variance", handed.movingVariance, float64s(own.movingVariance), 1e-5)
					compareFloats(t, "y", handed.y, float64s(own.y), 1e-4)
				}
				g.check()
			})
		}
	})
}

// Without y, dy is the gradient before the activation.
func TestBackwardBehindActivation(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		const act = Activation(.25)
		for _, h := range handovers {
			t.Run(fmt.Sprint(h.shape), func(t *testing.T) {
				s, ws := h.shape, new(Workspace)
				conv := NewConv2D(s, act, ws)
				random := func(n int) []float32 {
					v := make([]float32, n)
					fillNormal(rng, v)
					return v
				}
				x, w, b := random(h.n*s.H*s.W*s.Cin), random(s.weights()), random(s.Cout)
				size := h.n * s.OutH() * s.OutW() * s.Cout
				y, dy, behind := make([]float32, size), random(size), make([]float32, size)
				conv.Forward(h.n, y, x, w, b)
				ActivateBackward(behind, y, dy, act)
				gradients := func(y, dy []float32) tensors {
					g := tensors{"dx": make([]float32, len(x)), "dw": make([]float32, len(w)), "db": make([]float32, len(b))}
					conv.Backward(h.n, g["dx"], g["dw"], g["db"], x, w, y, dy)
					return g
				}
				gradients(nil, behind).compareBits(t, gradients(y, dy))
			})
		}
		t.Run("Dense", func(t *testing.T) {
			const n, in, out = 7, 33, 21
			ws := new(Workspace)
			dense := NewDense(in, out, act, ws)
			x, w, b, dy := make([]float32, n*in), make([]float32, in*out), make([]float32, out), make([]float32, n*out)
			for _, v := range [][]float32{x, w, b, dy} {
				fillNormal(rng, v)
			}
			y, behind := make([]float32, n*out), make([]float32, n*out)
			dense.Forward(n, y, x, w, b)
			ActivateBackward(behind, y, dy, act)
			gradients := func(y, dy []float32) tensors {
				g := tensors{"dx": make([]float32, n*in), "dw": make([]float32, in*out), "db": make([]float32, out)}
				dense.Backward(n, g["dx"], g["dw"], g["db"], x, w, y, dy)
				return g
			}
			gradients(nil, behind).compareBits(t, gradients(y, dy))
		})
	})
}
