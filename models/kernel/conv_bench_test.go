package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

type layerCase struct {
	name string
	ConvShape
}

var layerCases = []layerCase{
	{"64x26x26", ConvShape{H: 26, W: 26, Cin: 64, Cout: 64, KH: 3, KW: 3}},
	{"64x12x12", ConvShape{H: 12, W: 12, Cin: 64, Cout: 64, KH: 3, KW: 3}},
	{"128x26x26", ConvShape{H: 26, W: 26, Cin: 128, Cout: 128, KH: 3, KW: 3}},
	{"128x12x12", ConvShape{H: 12, W: 12, Cin: 128, Cout: 128, KH: 3, KW: 3}},
}

// measure reports the fastest run and its rate. Others may use the machine: the mean
// says little.
func measure(b *testing.B, flops float64, run func()) {
	fastest := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		run()
		fastest = min(fastest, time.Since(start))
	}
	b.ReportMetric(fastest.Seconds()*1e3, "min-ms")
	b.ReportMetric(flops/fastest.Seconds()/1e9, "GFLOP/s")
}

func (c ConvShape) flops(n int) float64 {
	return 2 * float64(n*c.OutH()*c.OutW()*c.Cout) * float64(c.KH*c.KW*c.Cin)
}

func BenchmarkWinogradForward(b *testing.B) {
	const n = 64
	for _, tr := range supportedTiers()[1:] {
		for _, l := range layerCases {
			b.Run(tr.String()+"/"+l.name, func(b *testing.B) {
				defer func(old tier) { active = old }(active)
				active = tr
				r := rand.New(rand.NewPCG(1, 2))
				x := randomFloats(r, n*l.H*l.W*l.Cin)
				y := randomFloats(r, n*l.OutH()*l.OutW()*l.Cout)
				w, bias := randomFloats(r, 9*l.Cin*l.Cout), randomFloats(r, l.Cout)
				c := newWinograd(l.ConvShape, ReLU, new(Workspace))
				measure(b, l.flops(n), func() { c.forward(n, y, x, w, bias) })
			})
		}
	}
}

func BenchmarkWinogradBackward(b *testing.B) {
	const n = 64
	for _, tr := range supportedTiers()[1:] {
		for _, l := range layerCases {
			b.Run(tr.String()+"/"+l.name, func(b *testing.B) {
				defer func(old tier) { active = old }(active)
				active = tr
				r := rand.New(rand.NewPCG(1, 2))
				x, dx := randomFloats(r, n*l.H*l.W*l.Cin), randomFloats(r, n*l.H*l.W*l.Cin)
				y, dy := randomFloats(r, n*l.OutH()*l.OutW()*l.Cout), randomFloats(r, n*l.OutH()*l.OutW()*l.Cout)
				w, dw := randomFloats(r, 9*l.Cin*l.Cout), randomFloats(r, 9*l.Cin*l.Cout)
				db := randomFloats(r, l.Cout)
				c := newWinograd(l.ConvShape, ReLU, new(Workspace))
				measure(b, 2*l.flops(n), func() { c.backward(n, dx, dw, db, x, w, y, dy) })
			})
		}
	}
}

func BenchmarkLargeDense(b *testing.B) {
	const n, in, out = 64, 25088, 784
	r := rand.New(rand.NewPCG(1, 2))
	x, dx := randomFloats(r, n*in), randomFloats(r, n*in)
	y, dy := randomFloats(r, n*out), randomFloats(r, n*out)
	w, dw, bias := randomFloats(r, in*out), randomFloats(r, in*out), randomFloats(r, out)
	for _, tr := range supportedTiers()[1:] {
		defer func(old tier) { active = old }(active)
		active = tr
		d := NewDense(in, out, ReLU, new(Workspace))
		b.Run(tr.String()+"/forward", func(b *testing.B) {
			measure(b, 2*n*in*out, func() { d.Forward(n, y, x, w, bias) })
		})
		b.Run(tr.String()+"/backward", func(b *testing.B) {
			measure(b, 4*n*in*out, func() { d.Backward(n, dx, dw, bias, x, w, y, dy) })
		})
	}
}

func BenchmarkDirectConv2D(b *testing.B) {
	const n = 64
	layers := []layerCase{
		{"1to64", ConvShape{H: 28, W: 28, Cin: 1, Cout: 64, KH: 3, KW: 3}},
		{"1to128", ConvShape{H: 28, W: 28, Cin: 1, Cout: 128, KH: 3, KW: 3}},
		{"1to128same", ConvShape{H: 28, W: 28, Cin: 1, Cout: 128, KH: 4, KW: 4, PadTop: 1, PadLeft: 1, PadBottom: 2, PadRight: 2}},
		layerCases[0],
	}
	for _, tr := range supportedTiers()[1:] {
		for _, l := range layers {
			defer func(old tier) { active = old }(active)
			active = tr
			r := rand.New(rand.NewPCG(1, 2))
			x, dx := randomFloats(r, n*l.H*l.W*l.Cin), randomFloats(r, n*l.H*l.W*l.Cin)
			y, dy := randomFloats(r, n*l.OutH()*l.OutW()*l.Cout), randomFloats(r, n*l.OutH()*l.OutW()*l.Cout)
			w, dw := randomFloats(r, l.weights()), randomFloats(r, l.weights())
			bias := randomFloats(r, l.Cout)
			c := NewConv2D(l.ConvShape, ReLU, new(Workspace))
			c.winograd = nil
			passes := 2.
			if l.Cin == 1 {
				dx, passes = nil, 1
			}
			b.Run(tr.String()+"/"+l.name+"/forward", func(b *testing.B) {
				measure(b, l.flops(n), func() { c.Forward(n, y, x, w, bias) })
			})
			b.Run(tr.String()+"/"+l.name+"/backward", func(b *testing.B) {
				measure(b, passes*l.flops(n), func() { c.Backward(n, dx, dw, bias, x, w, y, dy) })
			})
		}
	}
}
