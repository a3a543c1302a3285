package op

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

// check is the test of one op: the graph's result and gradients, both from
// Gorgonia, against a float64 reference and its central differences.
type check struct {
	batch     int
	inputs    []input
	add       func(ctx *Context, xs []*G.Node) (*G.Node, error)
	output    spec
	reference func(xs [][]float64) []float64
}

// input is a tensor that goes into the op under test.
type input struct {
	spec     spec
	data     []float32
	constant bool // has no gradient
}

func (c check) run(t fataler) {
	t.Helper()
	g := G.NewGraph()
	nodes := make([]*G.Node, len(c.inputs))
	var learnables G.Nodes
	xs := make([][]float64, len(c.inputs))
	for i, in := range c.inputs {
		value := tensor.New(tensor.WithShape(in.spec.shape(c.batch)...), tensor.WithBacking(in.data))
		nodes[i] = G.NodeFromAny(g, value, G.WithName(fmt.Sprint("x", i)))
		if !in.constant {
			learnables = append(learnables, nodes[i])
		}
		xs[i] = widened(in.data)
	}
	ctx := &Context{}
	y, err := c.add(ctx, nodes)
	if err != nil {
		t.Fatal(err)
	}
	want := c.reference(xs)
	weights := make([]float32, len(want))
	for i := range weights {
		weights[i] = float32(i%7-3) / 4
	}
	cost, err := weightedSum(ctx, c.output, weights, y)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := G.Grad(cost, learnables...); err != nil {
		t.Fatal(err)
	}
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	run := func() error {
		err := vm.RunAll()
		vm.Reset()
		return err
	}
	for i := range 3 { // again over the same memory, then over shared memory
		if i == 2 {
			if _, err := ctx.Plan(g, c.batch, run); err != nil {
				t.Fatal(err)
			}
		}
		if err := run(); err != nil {
			t.Fatal(err)
		}
		if i < 2 {
			near(t, "result", float32s(y.Value()), want)
		}
		for k, in := range c.inputs {
			if in.constant {
				continue
			}
			grad, err := nodes[k].Grad()
			if err != nil {
				t.Fatal(err)
			}
			near(t, fmt.Sprint("gradient of input ", k), float32s(grad), differences(c.reference, weights, xs, k))
		}
	}
}

// fataler is what *testing.T and *rapid.T have in common.
type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// weightedSum is a scalar cost whose gradient is known: sum of weights*y.
func weightedSum(ctx *Context, s spec, weights []float32, y *G.Node) (*G.Node, error) {
	o := &operation{context: ctx, name: "cost", inputs: []spec{s}, reads: []int{0}, wanted: []bool{true}, result: newResult(spec{})}
	o.forward = func(_ int, _ *tensor.Dense, in []G.Value) error {
		sum := 0.0
		for i, v := range float32s(in[0]) {
			sum += float64(v) * float64(weights[i])
		}
		*o.result.scalar = G.F32(sum)
		return nil
	}
	o.backward = func(_ int, grads []*tensor.Dense, _ []G.Value, _, _ G.Value) error {
		copy(grads[0].Float32s(), weights)
		return nil
	}
	return o.node(y)
}

// differences is the gradient of the weighted sum by central differences.
func differences(f func([][]float64) []float64, weights []float32, xs [][]float64, of int) []float64 {
	const h = 1e-5
	cost := func() float64 {
		sum := 0.0
		for i, v := range f(xs) {
			sum += v * float64(weights[i])
		}
		return sum
	}
	grad := make([]float64, len(xs[of]))
	for i, x := range xs[of] {
		xs[of][i] = x + h
		up := cost()
		xs[of][i] = x - h
		down := cost()
		xs[of][i] = x
		grad[i] = (up - down) / (2 * h)
	}
	return grad
}

func near(t fataler, what string, got []float32, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	largest := 1.0
	for _, w := range want {
		largest = max(largest, math.Abs(w))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= 2e-5*largest) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], w)
		}
	}
}

func widened(x []float32) []float64 {
	wide := make([]float64, len(x))
	for i, v := range x {
		wide[i] = float64(v)
	}
	return wide
}

// eighths draws multiples of 1/8 between -1 and 1: sums of their products are
// exact in float32, so no rounding moves a value across an activation's kink.
func eighths(t *rapid.T, name string, n int) []float32 {
	data := make([]float32, n)
	for i, k := range rapid.SliceOfN(rapid.IntRange(-8, 8), n, n).Draw(t, name) {
		data[i] = float32(k) / 8
	}
	return data
}

// odd draws odd multiples of 1/128: biases that keep sums of eighths' products
// away from 0.
func odd(t *rapid.T, name string, n int) []float32 {
	data := make([]float32, n)
	for i, k := range rapid.SliceOfN(rapid.IntRange(-16, 15), n, n).Draw(t, name) {
		data[i] = float32(2*k+1) / 128
	}
	return data
}

// distinct draws n different values, at least 1/16 apart, in random order.
func distinct(t *rapid.T, name string, n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(2*(i-n/2)+1) / 32
	}
	return rapid.Permutation(values).Draw(t, name)
}

func small(t *rapid.T, name string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name) }

func TestOpsReturnErrors(t *testing.T) {
	build := func(fail func() error) error {
		g := G.NewGraph()
		x := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 3), tensor.Of(tensor.Float32)), G.WithName("x"))
		o := &operation{context: &Context{}, name: "broken", inputs: []spec{rows(3)}, output: rows(3)}
		o.forward = func(int, *tensor.Dense, []G.Value) error { return fail() }
		if _, err := o.node(x); err != nil {
			return err
		}
		vm := G.NewTapeMachine(g)
		defer vm.Close()
		return vm.RunAll()
	}
	if err := build(func() error { return errors.New("no luck") }); !contains(err, "broken: no luck") {
		t.Errorf("a failing op gave %v", err)
	}
	if err := build(func() error { var s []int; return fmt.Errorf("%d", s[3]) }); !contains(err, "broken: internal error") {
		t.Errorf("a panicking op gave %v", err)
	}
}

func TestShapesAreChecked(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape ...int) *G.Node {
		return G.NodeFromAny(g, tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32)), G.WithName(name))
	}
	_, err := Dense(&Context{}, "dense", 3, 2, 1, true, nil, node("x", 4, 5), node("w", 3, 2), node("b", 2))
	if !contains(err, "dense: input 0: axis 1 has 5, want 3") {
		t.Errorf("a wrong width gave %v", err)
	}
	x := node("good", 4, 3)
	if _, err := Dense(&Context{}, "dense", 3, 2, 1, true, nil, x, node("w2", 3, 2), node("b2", 2)); err != nil {
		t.Fatal(err)
	}
	G.WithValue(tensor.New(tensor.WithShape(4, 5), tensor.Of(tensor.Float32)))(x)
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); !contains(err, "dense: input 0: shape (4, 5), want (4, 3)") {
		t.Errorf("a wrong value gave %v", err)
	}
}

// A pass must not allocate memory that grows with the batch: ops own their results.
func TestPassesShareMemory(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape ...int) *G.Node {
		return G.NodeFromAny(g, tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32)), G.WithName(name))
	}
	x := node("x", 64, 300)
	y, err := Dense(&Context{}, "dense", 300, 200, 0, false, nil, x, node("w", 300, 200), node("b", 200))
	if err != nil {
		t.Fatal(err)
	}
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	var seen []*float32
	for _, n := range []int{64, 17, 64, 1} {
		G.WithValue(tensor.New(tensor.WithShape(n, 300), tensor.Of(tensor.Float32)))(x)
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		vm.Reset()
		if got := y.Value().Shape(); !got.Eq(tensor.Shape{n, 200}) {
			t.Errorf("batch of %d: result has shape %v", n, got)
		}
		seen = append(seen, &float32s(y.Value())[0])
	}
	for _, p := range seen[1:] {
		if p != seen[0] {
			t.Error("the result moved to other memory")
		}
	}
}

// pass runs a graph once.
func pass(t fataler, g *G.ExprGraph) {
	t.Helper()
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
}

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }
