// Package op holds the Gorgonia operations of the model zoo: shape and type
// inference, a forward pass and one fused backward pass each, over the float32
// kernels of package kernel. Activations are NHWC with the batch first.
//
// An op owns its results: their memory is allocated once and handed out again
// in every pass, whatever the batch size, so a pass of the tape machine
// allocates next to nothing. A result is valid until the next pass; in a graph
// whose memory is planned (Context.Plan) only until its last reader has run, but
// for the gradients of weights.
//
// A backward pass is one Gorgonia op that computes all gradients of a layer at
// once and returns the first of them; every other gradient is a tap, an op that
// hands out a tensor which the backward op has filled. The graph's edge from tap
// to backward op keeps the order.
package op

import (
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"sync/atomic"
	"time"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// Context is what the ops of one graph share. Gorgonia's tape runs them one
// after the other, so one workspace serves all of them.
type Context struct {
	Workspace kernel.Workspace

	// Seed and Step choose the masks of every Dropout: the same two numbers
	// give the same masks. Step is the number of optimizer steps done before.
	Seed uint64
	Step int

	// Observe, if set, is told of every op that has run.
	Observe func(Work)

	recorder *recorder // while memory is planned
}

// Work is one run of one op: what it did and how long it took.
type Work struct {
	Op    string // conv2d_1, conv2d_1/backward
	Rows  int
	Time  time.Duration
	Flops float64 // multiplications and additions by the definition, 0 where memory is what counts
	Bytes float64 // of the tensors read and written, each once
}

// operation is what a layer's op has to say for itself; node turns it into a
// Gorgonia node with its derivative.
type operation struct {
	context *Context
	name    string // the layer's name, for error messages and Gorgonia's printouts
	inputs  []spec
	output  spec
	dtypes  []tensor.Dtype // of the inputs; nil: float32 all

	// forward fills y, the op's result, from the inputs of a batch of n rows.
	forward func(n int, y *tensor.Dense, in []G.Value) error

	// backward fills every gradient that is wanted; the others are nil. Of in
	// and y it gets those it reads, nil in place of the others.
	backward    func(n int, grads []*tensor.Dense, in []G.Value, y, dy G.Value) error
	reads       []int // the inputs that backward reads
	readsOutput bool

	flops float64 // of forward, for one row; see Work

	// wanted tells which inputs have a gradient. None of them: the op cannot
	// be differentiated (an inference graph).
	wanted []bool

	// alias: the op computes nothing, its result is the first input's memory
	// under another shape, and its gradient that of dy.
	alias bool

	result *result
}

// node applies the operation to its inputs.
func (o *operation) node(inputs ...*G.Node) (*G.Node, error) {
	if o.result == nil {
		o.result = newResult(o.output)
	}
	return G.ApplyOp(&forward{unique: newUnique(o.name), operation: o}, inputs...)
}

// forward is an operation as Gorgonia sees it.
type forward struct {
	unique
	*operation
}

func (f *forward) Arity() int { return len(f.inputs) }

func (f *forward) Type() hm.Type { return fnType(f.inputs, f.dtypes, f.output) }

func (f *forward) InferShape(dims ...G.DimSizer) (tensor.Shape, error) {
	n, err := inferRows(f.name, f.inputs, dims)
	if err != nil {
		return nil, err
	}
	return f.output.shape(n), nil
}

func (f *forward) Do(in ...G.Value) (v G.Value, err error) {
	defer recovered(f.name, &err)
	n, err := checkValues(f.name, f.inputs, in)
	if err != nil {
		return nil, err
	}
	if f.alias {
		f.result.bind(float32s(in[0]))
	}
	if f.context.computes(f) && !f.alias {
		began := time.Now()
		if err := f.operation.forward(n, f.result.tensor(n), in); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		if f.context.Observe != nil {
			f.context.Observe(f.work(n, time.Since(began)))
		}
	}
	return f.result.value(n), nil
}

func (f *forward) work(n int, took time.Duration) Work {
	w := Work{Op: f.name, Rows: n, Time: took, Flops: f.flops * float64(n), Bytes: 4 * float64(f.output.size(n))}
	for _, s := range f.inputs {
		w.Bytes += 4 * float64(s.size(n))
	}
	return w
}

func (f *forward) DiffWRT(int) []bool {
	if f.wanted == nil {
		return make([]bool, len(f.inputs))
	}
	return f.wanted
}

// SymDiff adds the fused backward op and the taps of its further gradients.
func (f *forward) SymDiff(inputs G.Nodes, output, grad *G.Node) (G.Nodes, error) {
	b := &backward{
		unique:    newUnique(f.name + "/backward"),
		operation: f.operation,
		main:      slices.Index(f.wanted, true),
		grads:     make([]*result, len(inputs)),
		tensors:   make([]*tensor.Dense, len(inputs)),
		in:        make([]G.Value, len(inputs)),
	}
	if b.main < 0 {
		return nil, fmt.Errorf("%s: no gradient was asked for when the graph was built", f.name)
	}
	for i, wanted := range f.wanted {
		if wanted {
			b.grads[i] = newResult(f.inputs[i])
		}
	}
	var children G.Nodes
	for _, i := range f.reads {
		children = append(children, inputs[i])
	}
	if f.readsOutput {
		children = append(children, output)
	}
	main, err := G.ApplyOp(b, append(children, grad)...)
	if err != nil {
		return nil, err
	}
	nodes := make(G.Nodes, len(inputs))
	nodes[b.main] = main
	for i := range inputs {
		if b.grads[i] == nil || i == b.main {
			continue
		}
		t := &tap{unique: newUnique(fmt.Sprintf("%s/gradient%d", f.name, i)), backward: b, input: i}
		if nodes[i], err = G.ApplyOp(t, main); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// backward computes all gradients of an operation. Its inputs are those of the
// operation that it reads, then the operation's output if it reads that, then
// the output's gradient. Its result is the gradient of input main, the first that has one.
type backward struct {
	unique
	*operation
	main    int
	grads   []*result       // by the operation's inputs; nil where not wanted
	tensors []*tensor.Dense // of the current batch
	in      []G.Value       // of the current pass
	checks  []spec
}

func (b *backward) specs() ([]spec, []tensor.Dtype) {
	var specs []spec
	var dtypes []tensor.Dtype
	for _, i := range b.reads {
		specs = append(specs, b.inputs[i])
		dtype := tensor.Float32
		if b.dtypes != nil {
			dtype = b.dtypes[i]
		}
		dtypes = append(dtypes, dtype)
	}
	if b.readsOutput {
		specs, dtypes = append(specs, b.output), append(dtypes, tensor.Float32)
	}
	return append(specs, b.output), append(dtypes, tensor.Float32)
}

func (b *backward) Arity() int {
	specs, _ := b.specs()
	return len(specs)
}

func (b *backward) Type() hm.Type {
	specs, dtypes := b.specs()
	return fnType(specs, dtypes, b.inputs[b.main])
}

func (b *backward) InferShape(dims ...G.DimSizer) (tensor.Shape, error) {
	specs, _ := b.specs()
	n, err := inferRows(b.label, specs, dims)
	if err != nil {
		return nil, err
	}
	return b.inputs[b.main].shape(n), nil
}

func (b *backward) Do(in ...G.Value) (v G.Value, err error) {
	defer recovered(b.label, &err)
	if b.checks == nil {
		b.checks, _ = b.specs()
	}
	n, err := checkValues(b.label, b.checks, in)
	if err != nil {
		return nil, err
	}
	for k, i := range b.reads {
		b.in[i] = in[k]
	}
	dy := in[len(in)-1]
	var y G.Value
	if b.readsOutput {
		y = in[len(in)-2]
	}
	if b.alias {
		b.grads[0].bind(float32s(dy))
	}
	for i, g := range b.grads {
		if g != nil {
			b.tensors[i] = g.tensor(n)
		}
	}
	if b.context.computes(b) && !b.alias {
		began := time.Now()
		if err := b.operation.backward(n, b.tensors, b.in, y, dy); err != nil {
			return nil, fmt.Errorf("%s: %w", b.label, err)
		}
		if b.context.Observe != nil {
			b.context.Observe(b.work(n, time.Since(began)))
		}
	}
	return b.grads[b.main].value(n), nil
}

// work counts a multiplication's two gradients, by its input and by its
// weights, as much as the multiplication each.
func (b *backward) work(n int, took time.Duration) Work {
	w := Work{Op: b.label, Rows: n, Time: took}
	for _, s := range b.checks {
		w.Bytes += 4 * float64(s.size(n))
	}
	for i, g := range b.grads {
		if g != nil {
			w.Bytes += 4 * float64(g.spec.size(n))
			if i < 2 {
				w.Flops += b.flops * float64(n)
			}
		}
	}
	return w
}

// tap hands out a further gradient of the backward op it hangs on.
type tap struct {
	unique
	backward *backward
	input    int // of the operation, whose gradient this is
}

func (t *tap) from() []spec { return []spec{t.backward.inputs[t.backward.main]} }
func (t *tap) of() spec     { return t.backward.inputs[t.input] }

func (t *tap) Arity() int    { return 1 }
func (t *tap) Type() hm.Type { return fnType(t.from(), nil, t.of()) }

func (t *tap) InferShape(dims ...G.DimSizer) (tensor.Shape, error) {
	n, err := inferRows(t.label, t.from(), dims)
	if err != nil {
		return nil, err
	}
	return t.of().shape(n), nil
}

// Do hands out the tensor that the backward op has filled; the batch is the
// one that its main gradient has.
func (t *tap) Do(in ...G.Value) (G.Value, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("%s: %d inputs, want 1", t.label, len(in))
	}
	return t.backward.tensors[t.input], nil
}

// unique carries what is alike in all ops. Gorgonia merges ops whose hashes are
// equal; every op here has its own memory, so every hash has its own number.
type unique struct {
	label  string
	number uint64
}

var created atomic.Uint64

func newUnique(label string) unique { return unique{label, created.Add(1)} }

func (u unique) String() string        { return u.label }
func (u unique) WriteHash(h hash.Hash) { fmt.Fprintf(h, "%s#%d", u.label, u.number) }

func (u unique) Hashcode() uint32 {
	h := fnv.New32a()
	u.WriteHash(h)
	return h.Sum32()
}

// A register of its own for every result: pointers, nothing overwritten,
// nothing handed to cgo.
func (unique) ReturnsPtr() bool     { return true }
func (unique) CallsExtern() bool    { return false }
func (unique) OverwritesInput() int { return -1 }

// recovered turns a panic into an error: ops run in the tape machine's own
// goroutine, where a panic would end the process.
func recovered(name string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: internal error: %v", name, r)
	}
}
