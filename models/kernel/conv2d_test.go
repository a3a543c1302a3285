package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// convReference computes a convolution and its gradients in float64, as defined.
// Each visit is one product: an input, a weight, an output.
type convReference struct {
	s ConvShape
	n int
}

// visit calls fn with the indices of each input, weight and output that meet.
func (r convReference) visit(fn func(x, w, y int)) {
	s := r.s
	y := 0
	for image := range r.n {
		for oy := range s.OutH() {
			for ox := range s.OutW() {
				for co := range s.Cout {
					for ky := range s.KH {
						for kx := range s.KW {
							iy, ix := oy+ky-s.PadTop, ox+kx-s.PadLeft
							if iy < 0 || iy >= s.H || ix < 0 || ix >= s.W {
								continue
							}
							for ci := range s.Cin {
								fn(((image*s.H+iy)*s.W+ix)*s.Cin+ci, ((ky*s.KW+kx)*s.Cin+ci)*s.Cout+co, y)
							}
						}
					}
					y++
				}
			}
		}
	}
}

// linear returns x * w + b, before the activation.
func (r convReference) linear(x, w, b []float32) []sum {
	y := make([]sum, r.n*r.s.OutH()*r.s.OutW()*r.s.Cout)
	for i := range y {
		y[i].add(float64(b[i%r.s.Cout]))
	}
	r.visit(func(xi, wi, yi int) { y[yi].add(float64(x[xi]) * float64(w[wi])) })
	return y
}

// gradients returns dx, dw and db, given the gradient before the activation.
func (r convReference) gradients(x, w []float32, g []float64) (dx, dw, db []sum) {
	dx, dw, db = make([]sum, len(x)), make([]sum, len(w)), make([]sum, r.s.Cout)
	r.visit(func(xi, wi, yi int) {
		dx[xi].add(float64(w[wi]) * g[yi])
		dw[wi].add(float64(x[xi]) * g[yi])
	})
	for i, v := range g {
		db[i%r.s.Cout].add(v)
	}
	return dx, dw, db
}

// drawConvShape draws small shapes that reach every edge: any padding up to more
// than the window, windows as large as the picture, one channel, odd tails.
func drawConvShape(t *rapid.T) ConvShape {
	dim := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name) }
	s := ConvShape{
		KH: dim("kh", 1, 4), KW: dim("kw", 1, 4),
		Cin: dim("cin", 1, 9), Cout: dim("cout", 1, 11),
	}
	s.PadTop, s.PadBottom = dim("top", 0, 5), dim("bottom", 0, 5)
	s.PadLeft, s.PadRight = dim("left", 0, 5), dim("right", 0, 5)
	if rapid.Bool().Draw(t, "valid") {
		s.PadTop, s.PadBottom, s.PadLeft, s.PadRight = 0, 0, 0, 0
	}
	s.H = dim("h", max(1, s.KH-s.PadTop-s.PadBottom), 9)
	s.W = dim("w", max(1, s.KW-s.PadLeft-s.PadRight), 9)
	return s
}

func TestConv2D(t *testing.T) {
	withTiers(t, func(t *testing.T) { rapid.Check(t, checkConv2D) })
}

func FuzzConv2D(f *testing.F) { fuzzTiers(f, checkConv2D) }

func checkConv2D(t *rapid.T) {
	c := convCase{
		shape: drawConvShape(t), n: rapid.IntRange(1, 19).Draw(t, "n"),
		activation: drawActivation(t), wantDX: rapid.Bool().Draw(t, "wantDX"),
	}
	c.check(t, newRand(t), new(Workspace))
}

// Whole pictures, in fewer channels than the models have, reach the blocks of sums
// that small shapes do not.
func TestConv2DOfWholePictures(t *testing.T) {
	ws := new(Workspace)
	for _, c := range []convCase{
		{ConvShape{H: 28, W: 28, Cin: 1, Cout: 6, KH: 3, KW: 3}, 2, ReLU, false},
		{ConvShape{H: 26, W: 26, Cin: 4, Cout: 5, KH: 3, KW: 3}, 1, .5, true},
		{ConvShape{H: 28, W: 28, Cin: 1, Cout: 3, KH: 4, KW: 4, PadTop: 1, PadBottom: 2, PadLeft: 1, PadRight: 2}, 2, .5, true},
		{ConvShape{H: 3, W: 300, Cin: 3, Cout: 2, KH: 2, KW: 5, PadLeft: 2, PadRight: 2}, 2, Linear, true},
		{ConvShape{H: 4, W: 4, Cin: 130, Cout: 7, KH: 3, KW: 3}, 3, ReLU, true},
	} {
		t.Run(fmt.Sprintf("%+v", c.shape), func(t *testing.T) {
			c.check(t, rand.New(rand.NewPCG(1, 2)), ws)
		})
	}
}

type convCase struct {
	shape      ConvShape
	n          int
	activation Activation
	wantDX     bool
}

// check compares a forward and a backward pass with the reference, and the results
// of 2 and 3 workers with those of one.
func (c convCase) check(t rapid.TB, rng *rand.Rand, ws *Workspace) {
	t.Helper()
	s, g := c.shape, newGuards(t)
	defer g.check()
	size, outSize := c.n*s.H*s.W*s.Cin, c.n*s.OutH()*s.OutW()*s.Cout
	x, w, b, dy := g.normal(rng, size), g.normal(rng, s.weights()), g.normal(rng, s.Cout), g.normal(rng, outSize)
	inputs := tensors{"x": x, "w": w, "b": b, "dy": dy}
	kept := inputs.clone()
	layer := NewConv2D(s, c.activation, ws)
	outputs := forEachWorkers(t, ws, func() tensors {
		y, dw, db := g.floats(outSize), g.floats(s.weights()), g.floats(s.Cout)
		var dx []float32
		if c.wantDX {
			dx = g.floats(size)
		}
		layer.Forward(c.n, y, x, w, b)
		layer.Backward(c.n, dx, dw, db, x, w, y, dy)
		return tensors{"y": y, "dx": dx, "dw": dw, "db": db}
	})
	inputs.compareBits(t, kept)

	reference := convReference{s, c.n}
	compareSums(t, "y", outputs["y"], activated(reference.linear(x, w, b), c.activation), sumTolerance)
	dx, dw, db := reference.gradients(x, w, masked(outputs["y"], dy, c.activation))
	compareSums(t, "dw", outputs["dw"], dw, sumTolerance)
	compareSums(t, "db", outputs["db"], db, sumTolerance)
	if c.wantDX {
		compareSums(t, "dx", outputs["dx"], dx, sumTolerance)
	}
}

// The reference's gradients are those of its own forward pass: of the loss
// sum(dy * y), by finite differences.
func TestConv2DReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, act, rng := drawConvShape(t), drawActivation(t), newRand(t)
		r := convReference{s, rapid.IntRange(1, 2).Draw(t, "n")}
		x, w, b := make([]float32, r.n*s.H*s.W*s.Cin), make([]float32, s.weights()), make([]float32, s.Cout)
		dy := make([]float32, r.n*s.OutH()*s.OutW()*s.Cout)
		for _, v := range [][]float32{x, w, b, dy} {
			fillNormal(rng, v)
		}
		forward := func() []sum { return r.linear(x, w, b) }
		dx, dw, db := r.gradients(x, w, masked(float32s(forward()), dy, act))
		checkDifferences(t, "x", x, dx, dy, act, forward, rng)
		checkDifferences(t, "w", w, dw, dy, act, forward, rng)
		checkDifferences(t, "b", b, db, dy, act, forward, rng)
	})
}

// A batch of equal terms, where the rounding errors of a running sum all go the
// same way: the gradients of 64 pictures are as exact as the test of small ones asks.
func TestConv2DSumsDoNotDrift(t *testing.T) {
	s, n := ConvShape{H: 28, W: 28, Cin: 1, Cout: 1, KH: 1, KW: 1}, 64
	fill := func(size int, v float32) []float32 { return slices.Repeat([]float32{v}, size) }
	pixels := n * s.H * s.W
	x, dy, y := fill(pixels, .1), fill(pixels, .3), fill(pixels, 1)
	dw, db := fill(1, 0), fill(1, 0)
	NewConv2D(s, ReLU, new(Workspace)).Backward(n, nil, dw, db, x, fill(1, 1), y, dy)
	compareSums(t, "dw", dw, []sum{equalTerms(pixels, float64(x[0])*float64(dy[0]))}, sumTolerance)
	compareSums(t, "db", db, []sum{equalTerms(pixels, float64(dy[0]))}, sumTolerance)
}

func equalTerms(n int, term float64) sum { return sum{float64(n) * term, float64(n) * math.Abs(term)} }

// In a steady state a step allocates nothing: not for closures either.
func TestConv2DDoesNotAllocate(t *testing.T) {
	defer SetWorkers(Workers())
	SetWorkers(3)
	s, n := ConvShape{H: 6, W: 6, Cin: 2, Cout: 5, KH: 3, KW: 3, PadTop: 1}, 4
	layer := NewConv2D(s, ReLU, new(Workspace))
	x, y := make([]float32, n*s.H*s.W*s.Cin), make([]float32, n*s.OutH()*s.OutW()*s.Cout)
	w, b := make([]float32, s.weights()), make([]float32, s.Cout)
	dx, dw, db, dy := make([]float32, len(x)), make([]float32, len(w)), make([]float32, len(b)), make([]float32, len(y))
	checkNoAllocations(t, func() {
		layer.Forward(n, y, x, w, b)
		layer.Backward(n, dx, dw, db, x, w, y, dy)
	})
}

var convBenchmarks = []struct {
	name  string
	giant bool
	shape ConvShape
}{
	{"1-64_28x28", false, ConvShape{H: 28, W: 28, Cin: 1, Cout: 64, KH: 3, KW: 3}},
	{"64-64_26x26", false, ConvShape{H: 26, W: 26, Cin: 64, Cout: 64, KH: 3, KW: 3}},
	{"64-64_12x12", false, ConvShape{H: 12, W: 12, Cin: 64, Cout: 64, KH: 3, KW: 3}},
	{"1-128_28x28", false, ConvShape{H: 28, W: 28, Cin: 1, Cout: 128, KH: 3, KW: 3}},
	{"1-128_28x28_same", false, ConvShape{H: 28, W: 28, Cin: 1, Cout: 128, KH: 4, KW: 4, PadTop: 1, PadBottom: 2, PadLeft: 1, PadRight: 2}},
	{"128-128_26x26", true, ConvShape{H: 26, W: 26, Cin: 128, Cout: 128, KH: 3, KW: 3}},
	{"128-128_12x12", false, ConvShape{H: 12, W: 12, Cin: 128, Cout: 128, KH: 3, KW: 3}},
}

// BenchmarkConv2D times the convolutions of the six architectures; the first of a
// model has no dx.
func BenchmarkConv2D(b *testing.B) {
	const n = 64
	for _, c := range convBenchmarks {
		s := c.shape
		multiplications := float64(n) * float64(s.OutH()*s.OutW()) * float64(s.weights())
		rng := rand.New(rand.NewPCG(5, 6))
		normal := func(size int) []float32 {
			v := make([]float32, size)
			fillNormal(rng, v)
			return v
		}
		run := func(name string, rate float64, fn func(layer *Conv2D, x, y, w, bias []float32)) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				if c.giant && testing.Short() {
					b.Skip("takes long")
				}
				layer := NewConv2D(s, ReLU, new(Workspace))
				x, y := normal(n*s.H*s.W*s.Cin), normal(n*s.OutH()*s.OutW()*s.Cout)
				w, bias := normal(s.weights()), normal(s.Cout)
				for b.Loop() {
					fn(layer, x, y, w, bias)
				}
				reportRate(b, rate)
			})
		}
		run("forward", 2*multiplications, func(layer *Conv2D, x, y, w, bias []float32) {
			layer.Forward(n, y, x, w, bias)
		})
		var dx []float32
		passes := 1.0
		if s.Cin > 1 {
			dx, passes = make([]float32, n*s.H*s.W*s.Cin), 2
		}
		dw, db, dy := make([]float32, s.weights()), make([]float32, s.Cout), normal(n*s.OutH()*s.OutW()*s.Cout)
		run("backward", passes*2*multiplications, func(layer *Conv2D, x, y, w, _ []float32) {
			layer.Backward(n, dx, dw, db, x, w, y, dy)
		})
	}
}
