package train

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

var _ gorgonia.Solver = (*SGD)(nil)

// graded is a weight tensor with a given gradient.
type graded struct {
	w, g gorgonia.Value
	err  error
}

func (v *graded) Value() gorgonia.Value         { return v.w }
func (v *graded) Grad() (gorgonia.Value, error) { return v.g, v.err }

func dense(data []float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(data)), tensor.WithBacking(data))
}

func given(w, g []float32) *graded { return &graded{w: dense(w), g: dense(g)} }

// normal returns n numbers of N(0, 1) times scale.
func normal(r *rand.Rand, n int, scale float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * scale)
	}
	return x
}

// rates are the report's optimizers.
var rates = []struct {
	name                          string
	learningRate, momentum, decay float64
}{
	{"2.0", .005, 0, 0},
	{"2.1", .01, .9, .01 / 11},
	{"2.4", .02, .9, .02 / 11},
	{"2.5", .01, .9, .01 / 25},
	{"plain with decay", .01, 0, .01 / 11},
}

func TestSGDAgainstFloat64(t *testing.T) {
	for _, o := range rates {
		t.Run(o.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			sizes := []int{1, 10, 1000}
			solver := NewSGD(o.learningRate, o.momentum, o.decay)
			var model []gorgonia.ValueGrad
			var w, g [][]float32
			var w64, v64 [][]float64
			for _, n := range sizes {
				w, g = append(w, normal(r, n, 1)), append(g, make([]float32, n))
				w64, v64 = append(w64, make([]float64, n)), append(v64, make([]float64, n))
				last := len(w) - 1
				for i, x := range w[last] {
					w64[last][i] = float64(x)
				}
				model = append(model, given(w[last], g[last]))
			}
			for step := range 100 {
				lr := o.learningRate / (1 + o.decay*float64(step))
				if got := solver.LearningRate(); got != lr {
					t.Fatalf("step %d: learning rate %v, want %v", step, got, lr)
				}
				for k := range g {
					copy(g[k], normal(r, len(g[k]), 1))
					for i := range g[k] {
						v64[k][i] = o.momentum*v64[k][i] - lr*float64(g[k][i])
						w64[k][i] += v64[k][i]
					}
				}
				if err := solver.Step(model); err != nil {
					t.Fatal(err)
				}
			}
			worst := 0.
			for k := range w {
				for i := range w[k] {
					worst = max(worst, math.Abs(float64(w[k][i])-w64[k][i]))
				}
			}
			// 100 roundings of weights of about 1 to 6; measured: at most 2.2e-6.
			if worst > 5e-6 {
				t.Errorf("largest difference from float64: %.2g", worst)
			}
			t.Logf("largest difference from float64: %.2g", worst)
		})
	}
}

func TestSGDAgainstGorgonia(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("here the compiler may fuse multiplications and additions")
	}
	for _, o := range rates {
		t.Run(o.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 4))
			const n = 1003
			ours, theirs, g := normal(r, n, 1), make([]float32, n), make([]float32, n)
			copy(theirs, ours)
			// Gorgonia's solvers overwrite the gradients: each gets its own.
			gTheirs := make([]float32, n)
			mine := []gorgonia.ValueGrad{given(ours, g)}
			gorgonias := []gorgonia.ValueGrad{given(theirs, gTheirs)}
			solver := NewSGD(o.learningRate, o.momentum, o.decay)
			var reference gorgonia.Solver = gorgonia.NewMomentum(gorgonia.WithMomentum(o.momentum))
			if o.momentum == 0 {
				reference = gorgonia.NewVanillaSolver()
			}
			for step := range 100 {
				copy(g, normal(r, n, 1))
				copy(gTheirs, g)
				gorgonia.WithLearnRate(solver.LearningRate())(reference)
				if err := errors.Join(solver.Step(mine), reference.Step(gorgonias)); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(ours, theirs) {
					t.Fatalf("step %d: the weights differ", step)
				}
			}
		})
	}
}

func TestSGDLeavesGradients(t *testing.T) {
	g := []float32{1, -2}
	if err := NewSGD(.1, .9, 0).Step([]gorgonia.ValueGrad{given([]float32{3, 4}, g)}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(g, []float32{1, -2}) {
		t.Errorf("the gradients became %v", g)
	}
}

func TestSGDRefuses(t *testing.T) {
	good := func(n int) *graded { return given(make([]float32, n), make([]float32, n)) }
	scalar := gorgonia.NewF32(1)
	wide := tensor.New(tensor.WithShape(2), tensor.Of(tensor.Float64))
	tests := []struct {
		name string
		bad  []gorgonia.ValueGrad
		want string
	}{
		{"another number", []gorgonia.ValueGrad{good(3)}, "sgd: 1 weight tensors, but 2 in the steps before"},
		{"another size", []gorgonia.ValueGrad{good(3), good(5)}, "sgd: weight tensor 1: 5 weights, but 4 in the steps before"},
		{"no gradient", []gorgonia.ValueGrad{good(3), &graded{w: dense(make([]float32, 4)), err: errors.New("none here")}}, "sgd: weight tensor 1: no gradient: none here"},
		{"gradient of another size", []gorgonia.ValueGrad{good(3), given(make([]float32, 4), make([]float32, 5))}, "sgd: weight tensor 1: 4 weights, but 5 gradients"},
		{"scalar", []gorgonia.ValueGrad{good(3), &graded{w: scalar, g: scalar}}, "sgd: weight tensor 1: a *gorgonia.F32, want a *tensor.Dense"},
		{"float64", []gorgonia.ValueGrad{good(3), &graded{w: wide, g: wide}}, "sgd: weight tensor 1: a tensor of float64, want float32"},
		{"float64 gradient", []gorgonia.ValueGrad{good(3), &graded{w: dense(make([]float32, 4)), g: wide}}, "sgd: weight tensor 1: gradient: a tensor of float64, want float32"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			solver := NewSGD(.1, .9, .5)
			if err := solver.Step([]gorgonia.ValueGrad{good(3), good(4)}); err != nil {
				t.Fatal(err)
			}
			rate := solver.LearningRate()
			// The first tensor is sound and has a gradient: it must not move either.
			first := test.bad[0].(*graded)
			first.g.(*tensor.Dense).Float32s()[0] = 1
			err := solver.Step(test.bad)
			if err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
			if w := first.w.(*tensor.Dense).Float32s(); w[0] != 0 {
				t.Errorf("a weight changed in spite of the error")
			}
			if solver.LearningRate() != rate {
				t.Errorf("the step was counted in spite of the error")
			}
		})
	}
}

func TestSGDAllocatesNothing(t *testing.T) {
	model := []gorgonia.ValueGrad{given(make([]float32, 100), make([]float32, 100))}
	solver := NewSGD(.1, .9, .1)
	var failure error
	n := testing.AllocsPerRun(20, func() { failure = errors.Join(failure, solver.Step(model)) })
	if failure != nil {
		t.Fatal(failure)
	}
	if n != 0 {
		t.Errorf("%v allocations a step", n)
	}
}
