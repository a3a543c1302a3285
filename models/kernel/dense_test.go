package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// denseReference computes a dense layer and its gradients in float64, as defined.
type denseReference struct{ n, in, out int }

// linear returns x w + b, before the activation.
func (r denseReference) linear(x, w, b []float32) []sum {
	y := make([]sum, r.n*r.out)
	for row := range r.n {
		for j := range r.out {
			s := &y[row*r.out+j]
			s.add(float64(b[j]))
			for i := range r.in {
				s.add(float64(x[row*r.in+i]) * float64(w[i*r.out+j]))
			}
		}
	}
	return y
}

// gradients returns dx, dw and db, given the gradient before the activation.
func (r denseReference) gradients(x, w []float32, g []float64) (dx, dw, db []sum) {
	dx, dw, db = make([]sum, len(x)), make([]sum, len(w)), make([]sum, r.out)
	for row := range r.n {
		for j := range r.out {
			v := g[row*r.out+j]
			db[j].add(v)
			for i := range r.in {
				dx[row*r.in+i].add(v * float64(w[i*r.out+j]))
				dw[i*r.out+j].add(v * float64(x[row*r.in+i]))
			}
		}
	}
	return dx, dw, db
}

// drawDenseShape draws small sizes, and sizes around the limits of the blocks.
func drawDenseShape(t *rapid.T) denseReference {
	around := func(name string, limit int) int {
		if rapid.IntRange(0, 3).Draw(t, name+" kind") > 0 {
			return rapid.IntRange(1, 12).Draw(t, name)
		}
		return limit + rapid.IntRange(-3, 3).Draw(t, name)
	}
	return denseReference{n: around("n", denseBlock), in: around("in", depthBlock), out: around("out", denseBlock)}
}

func TestDense(t *testing.T) {
	withTiers(t, func(t *testing.T) { rapid.Check(t, checkDense) })
}

func FuzzDense(f *testing.F) { fuzzTiers(f, checkDense) }

func checkDense(t *rapid.T) {
	c := denseCase{
		denseReference: drawDenseShape(t), activation: drawActivation(t),
		wantDX: rapid.Bool().Draw(t, "wantDX"),
	}
	c.check(t, newRand(t), new(Workspace))
}

// Sizes beyond the blocks of every dimension.
func TestDenseOfManyBlocks(t *testing.T) {
	ws := new(Workspace)
	for _, c := range []denseCase{
		{denseReference{1, 600, 70}, ReLU, true},
		{denseReference{3, 257, 10}, .5, true},
		{denseReference{4, 513, 131}, .5, true},
		{denseReference{300, 66, 67}, ReLU, true},
		{denseReference{70, 5, 270}, Linear, true},
		{denseReference{33, 300, 10}, ReLU, false},
	} {
		t.Run(fmt.Sprintf("%+v", c.denseReference), func(t *testing.T) {
			c.check(t, rand.New(rand.NewPCG(3, 4)), ws)
		})
	}
}

type denseCase struct {
	denseReference
	activation Activation
	wantDX     bool
}

// check compares a forward and a backward pass with the reference, and the results
// of 2 and 3 workers with those of one.
func (c denseCase) check(t rapid.TB, rng *rand.Rand, ws *Workspace) {
	t.Helper()
	g := newGuards(t)
	defer g.check()
	x, w, b, dy := g.normal(rng, c.n*c.in), g.normal(rng, c.in*c.out), g.normal(rng, c.out), g.normal(rng, c.n*c.out)
	inputs := tensors{"x": x, "w": w, "b": b, "dy": dy}
	kept := inputs.clone()
	layer := NewDense(c.in, c.out, c.activation, ws)
	outputs := forEachWorkers(t, ws, func() tensors {
		y, dw, db := g.floats(c.n*c.out), g.floats(c.in*c.out), g.floats(c.out)
		var dx []float32
		if c.wantDX {
			dx = g.floats(c.n * c.in)
		}
		layer.Forward(c.n, y, x, w, b)
		layer.Backward(c.n, dx, dw, db, x, w, y, dy)
		return tensors{"y": y, "dx": dx, "dw": dw, "db": db}
	})
	inputs.compareBits(t, kept)

	compareSums(t, "y", outputs["y"], activated(c.linear(x, w, b), c.activation), sumTolerance)
	dx, dw, db := c.gradients(x, w, masked(outputs["y"], dy, c.activation))
	compareSums(t, "dw", outputs["dw"], dw, sumTolerance)
	compareSums(t, "db", outputs["db"], db, sumTolerance)
	if c.wantDX {
		compareSums(t, "dx", outputs["dx"], dx, sumTolerance)
	}
}

// The reference's gradients are those of its own forward pass.
func TestDenseReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, act, rng := drawDenseShape(t), drawActivation(t), newRand(t)
		x, w, b, dy := make([]float32, r.n*r.in), make([]float32, r.in*r.out), make([]float32, r.out), make([]float32, r.n*r.out)
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

// The activation inside a layer is Activate, for the values that arithmetic treats
// specially too, with few rows and with many; but products may take subnormal numbers
// for zero.
func TestFusedActivation(t *testing.T) {
	for _, act := range []Activation{Linear, ReLU, .5} {
		for _, n := range []int{3, 50} {
			x, y, want := make([]float32, n), make([]float32, n), make([]float32, n)
			sprinkle(rand.New(rand.NewPCG(9, uint64(n))), x)
			Activate(want, x, act)
			NewDense(1, 1, act, new(Workspace)).Forward(n, y, x, []float32{1}, []float32{0})
			for i := range y {
				subnormal := x[i] != 0 && math.Abs(float64(x[i])) < 0x1p-126
				if !sameFloat(y[i], want[i]) && !(subnormal && y[i] == 0) {
					t.Errorf("activation %v of %v is %v, want %v", act, x[i], y[i], want[i])
				}
			}
		}
	}
}

func TestDenseDoesNotAllocate(t *testing.T) {
	defer SetWorkers(Workers())
	SetWorkers(3)
	const in, out = 300, 70
	layer := NewDense(in, out, ReLU, new(Workspace))
	w, b, dw, db := make([]float32, in*out), make([]float32, out), make([]float32, in*out), make([]float32, out)
	for _, n := range []int{1, 5} {
		x, y, dx, dy := make([]float32, n*in), make([]float32, n*out), make([]float32, n*in), make([]float32, n*out)
		checkNoAllocations(t, func() {
			layer.Forward(n, y, x, w, b)
			layer.Backward(n, dx, dw, db, x, w, y, dy)
		})
	}
}

// BenchmarkDense times the dense layers of the six architectures, forward with one
// picture too.
func BenchmarkDense(b *testing.B) {
	const n = 64
	for _, c := range []struct{ in, out int }{
		{784, 512}, {512, 256}, {256, 10}, {1600, 512}, {512, 10}, {1600, 784}, {1568, 10},
		{3200, 784}, {25088, 784}, {2352, 10},
	} {
		multiplications := float64(c.in) * float64(c.out)
		normal := func(size int) []float32 {
			v := make([]float32, size)
			fillNormal(rand.New(rand.NewPCG(7, 8)), v)
			return v
		}
		run := func(name string, rate float64, fn func(layer *Dense, x, y, w, bias []float32)) {
			b.Run(fmt.Sprintf("%d-%d/%s", c.in, c.out, name), func(b *testing.B) {
				if c.in > 10000 && testing.Short() {
					b.Skip("takes long")
				}
				layer := NewDense(c.in, c.out, ReLU, new(Workspace))
				x, y, w, bias := normal(n*c.in), normal(n*c.out), normal(c.in*c.out), normal(c.out)
				for b.Loop() {
					fn(layer, x, y, w, bias)
				}
				reportRate(b, rate)
			})
		}
		run("forward1", 2*multiplications, func(layer *Dense, x, y, w, bias []float32) {
			layer.Forward(1, y, x, w, bias)
		})
		run("forward", n*2*multiplications, func(layer *Dense, x, y, w, bias []float32) {
			layer.Forward(n, y, x, w, bias)
		})
		dx, dw, db, dy := make([]float32, n*c.in), make([]float32, c.in*c.out), make([]float32, c.out), normal(n*c.out)
		run("backward", 2*n*2*multiplications, func(layer *Dense, x, y, w, _ []float32) {
			layer.Backward(n, dx, dw, db, x, w, y, dy)
		})
	}
}
