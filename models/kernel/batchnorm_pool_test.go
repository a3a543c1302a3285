package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// normPoolCase is a BatchNormPool with the operands of a normCase; y and dy are pooled.
type normPoolCase struct {
	*normCase
	fused  *BatchNormPool
	n      int
	y, dy  []float32
	winner []uint8
}

// newNormPoolCase draws x so that some windows have equal values and some a NaN.
func newNormPoolCase(g *guards, rng *rand.Rand, n, h, w, channels, size int, ws *Workspace) *normPoolCase {
	k := &normPoolCase{
		normCase: newNormCase(g, rng, n*h*w, channels, 1),
		fused:    NewBatchNormPool(h, w, channels, size, testEpsilon, testMomentum, ws),
		n:        n,
	}
	for i := range k.x {
		if rng.IntN(3) == 0 {
			k.x[i] = k.x[i%channels]
		}
	}
	pooled := n * (h / size) * (w / size) * channels
	k.y, k.dy, k.winner = g.floats(pooled), g.normal(rng, pooled), g.bytes(pooled)
	return k
}

func (k *normPoolCase) forward() {
	k.fused.ForwardTraining(k.n, k.y, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance, k.mean, k.invStd, k.winner)
}

func (k *normPoolCase) backward() {
	k.fused.Backward(k.n, k.dx, k.dgamma, k.dbeta, k.x, k.gamma, k.mean, k.invStd, k.dy, k.winner)
}

// unfused runs the same with two kernels.
func (k *normPoolCase) unfused(g *guards) *normPoolCase {
	u, c := *k, *k.normCase
	u.normCase = &c
	c.movingMean, c.movingVariance = g.copyOf(k.movingMean), g.copyOf(k.movingVariance)
	c.mean, c.invStd, c.dx = g.floats(len(k.mean)), g.floats(len(k.mean)), g.floats(len(k.x))
	c.dgamma, c.dbeta = g.floats(len(k.mean)), g.floats(len(k.mean))
	u.y, u.winner = g.floats(len(k.y)), g.bytes(len(k.y))
	c.blockRows, c.InputActivation = k.fused.blockRows, k.fused.InputActivation
	pool := NewMaxPool2D(k.fused.pool.h, k.fused.pool.w, k.channels, k.fused.pool.size)
	c.forward()
	pool.Forward(k.n, u.y, c.y, u.winner)
	pool.Backward(k.n, c.dy, k.dy, u.winner)
	c.backward()
	return &u
}

func (k *normPoolCase) compare(t rapid.TB, want *normPoolCase) {
	t.Helper()
	compareBits(t, "y", k.y, want.y)
	for i, w := range want.winner {
		if k.winner[i] != w {
			t.Fatalf("winner[%d] = %d, want %d", i, k.winner[i], w)
		}
	}
	for _, c := range []struct {
		name      string
		got, want []float32
	}{
		{"mean", k.mean, want.mean},
		{"invStd", k.invStd, want.invStd},
		{"moving mean", k.movingMean, want.movingMean},
		{"moving variance", k.movingVariance, want.movingVariance},
		{"dx", k.dx, want.dx},
		{"dgamma", k.dgamma, want.dgamma},
		{"dbeta", k.dbeta, want.dbeta},
	} {
		compareBits(t, c.name, c.got, c.want)
	}
}

func TestBatchNormPoolIsBatchNormThenPool(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng, g := newRand(t), newGuards(t)
			size := rapid.SampledFrom([]int{1, 2, 2, 2, 3}).Draw(t, "size")
			h, w := rapid.IntRange(size, 13).Draw(t, "h"), rapid.IntRange(size, 13).Draw(t, "w")
			if rapid.Bool().Draw(t, "even") {
				h, w = roundUp(h, 2), roundUp(w, 2)
			}
			channels := rapid.SampledFrom([]int{1, 3, 8, 16, 24, 64, 80, 128}).Draw(t, "channels")
			n := rapid.IntRange(1, 5).Draw(t, "n")
			k := newNormPoolCase(g, rng, n, h, w, channels, size, new(Workspace))
			k.fused.InputActivation = drawActivation(t)
			want := k.unfused(g)
			k.forward()
			k.backward()
			k.compare(t, want)

			withDx := g.copyOf(k.dgamma)
			k.fused.Backward(n, nil, k.dgamma, k.dbeta, k.x, k.gamma, k.mean, k.invStd, k.dy, k.winner)
			compareBits(t, "dgamma without dx", k.dgamma, withDx)

			normalised := g.floats(len(k.x))
			k.ForwardInference(k.rows, normalised, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance)
			k.fused.pool.Forward(n, want.y, normalised, nil)
			k.fused.ForwardInference(n, k.y, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance)
			compareBits(t, "inference", k.y, want.y)
			g.check()
		})
	})
}

func TestBatchNormPoolWorkers(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		var first *normPoolCase
		forWorkers(func(workers int) {
			g := newGuards(t)
			k := newNormPoolCase(g, rand.New(rand.NewPCG(1, 2)), 20, 10, 12, 64, 2, new(Workspace))
			k.forward()
			k.backward()
			if workers == 1 {
				first = k
			}
			k.compare(t, first)
		})
	})
}

func TestBatchNormPoolNaN(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		g := newGuards(t)
		k := newNormPoolCase(g, rand.New(rand.NewPCG(3, 4)), 2, 6, 6, 16, 2, new(Workspace))
		k.x[(7*16)+5] = float32(math.NaN())
		k.forward()
		for i, v := range k.y {
			if (v != v) != (i%16 == 5) {
				t.Fatalf("y[%d] = %v, with a NaN in channel 5 of x", i, v)
			}
		}
		g.check()
	})
}

func TestBatchNormPoolDoesNotAllocate(t *testing.T) {
	defer SetWorkers(Workers())
	SetWorkers(1)
	withTiers(t, func(t *testing.T) {
		for _, h := range []int{8, 9} { // fused, and not
			k := newNormPoolCase(newGuards(t), rand.New(rand.NewPCG(1, 2)), 3, h, 8, 32, 2, new(Workspace))
			k.forward() // Backward needs its winners
			k.fused.Moments = NewMoments(32)
			for name, run := range map[string]func(){
				"ForwardTraining": func() {
					k.fused.Moments.begin(3, h*8, h*8)
					k.fused.Moments.add(k.x, 0, k.rows)
					k.forward()
				},
				"Backward": k.backward,
				"ForwardInference": func() {
					k.fused.ForwardInference(k.n, k.y, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance)
				},
			} {
				if allocations := testing.AllocsPerRun(5, run); allocations != 0 {
					t.Errorf("height %d: %s allocates %v times", h, name, allocations)
				}
			}
		}
	})
}
