package kernel

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPassReturnsItsOperands(t *testing.T) {
	type operands struct{ squares [5]int }
	p := newPass(func(o *operands, task int) { o.squares[task] = task * task })
	for range 3 {
		if diff := cmp.Diff([5]int{0, 1, 4, 9, 16}, p.run(5, operands{}).squares); diff != "" {
			t.Fatal(diff)
		}
	}
	if got := p.run(0, operands{}); got != (operands{}) {
		t.Fatalf("no tasks left %v", got)
	}
}

// An idle run that kept operands would keep the buffers of a closed graph alive.
func TestPassForgetsItsOperands(t *testing.T) {
	p := newPass(func(buffer *[]float32, task int) { (*buffer)[task] = 1 })
	p.run(4, make([]float32, 4))
	if r := <-p.idle; r.operands != nil {
		t.Fatalf("an idle run holds %v", r.operands)
	}
}

// Several graphs may predict at once: kernels of different goroutines share the
// passes and the pool, but no operands.
func TestKernelsRunConcurrently(t *testing.T) {
	const rows, channels, n = 700, 32, 700 * 32
	rng := rand.New(rand.NewPCG(1, 2))
	var x, ones, zeros [n]float32
	fillNormal(rng, x[:])
	for i := range ones {
		ones[i] = 1
	}
	chain := func() []float32 {
		y, mask := make([]float32, n), make([]float32, n)
		DropoutMask(mask, .5, 1, 2)
		Mul(y, x[:], mask)
		norm := NewBatchNorm(channels, 1e-3, .99, new(Workspace))
		norm.ForwardInference(rows, y, y, ones[:channels], x[:channels], zeros[:channels], ones[:channels])
		Activate(y, y, ReLU)
		SoftmaxCrossEntropy(rows, channels, y, y, make([]int32, rows))
		return y
	}
	want := chain()
	var wg sync.WaitGroup
	results := make([][]float32, 4)
	for i := range results {
		wg.Go(func() {
			for range 5 {
				results[i] = chain()
			}
		})
	}
	wg.Wait()
	for _, got := range results {
		compareBits(t, "result", got, want)
	}
}

// In a steady state the kernels of a training step need no new memory. One worker:
// what the pool keeps for the next call is the garbage collector's to take.
func TestSteadyStateDoesNotAllocate(t *testing.T) {
	defer SetWorkers(Workers())
	SetWorkers(1)
	const n = 2*vectorChunk + 5
	a, b, c := make([]float32, n), make([]float32, n), make([]float32, n)
	k := newNormCase(newGuards(t), rand.New(rand.NewPCG(1, 2)), 600, 64, 1)
	pool := NewMaxPool2D(24, 24, 16, 2)
	winner, labels := make([]uint8, n), make([]int32, 1000)
	parts, widths := [][]float32{a[:1000], b[:2000]}, []int{1, 2}
	for name, run := range map[string]func(){
		"BatchNorm.ForwardTraining": k.forward,
		"BatchNorm.ForwardInference": func() {
			k.ForwardInference(k.rows, k.y, k.x, k.gamma, k.beta, k.movingMean, k.movingVariance)
		},
		"BatchNorm.Backward":          k.backward,
		"MaxPool2D.Forward":           func() { pool.Forward(2, a, b, winner) },
		"MaxPool2D.Backward":          func() { pool.Backward(2, b, a, winner) },
		"Activate":                    func() { Activate(a, b, .5) },
		"ActivateBackward":            func() { ActivateBackward(a, b, c, .5) },
		"DropoutMask":                 func() { DropoutMask(a, .5, 1, 2) },
		"Mul":                         func() { Mul(a, b, c) },
		"Concat":                      func() { Concat(c, 1000, parts) },
		"Split":                       func() { Split(parts, widths, 1000, c[:3000]) },
		"SoftmaxCrossEntropy":         func() { SoftmaxCrossEntropy(1000, 10, a, b, labels) },
		"SoftmaxCrossEntropyBackward": func() { SoftmaxCrossEntropyBackward(1000, 10, a, b, labels, 1) },
		"SGD":                         func() { SGD(a, b, c, .1, .9) },
	} {
		if allocations := testing.AllocsPerRun(5, run); allocations != 0 {
			t.Errorf("%s allocates %v times", name, allocations)
		}
	}
}
