package layer

import (
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/op"
)

// Graph is a model as a Gorgonia expression graph with its tape machine. It
// runs batches of any size up to the one it was made for. A Graph is not safe
// for concurrent use.
type Graph struct {
	model      *Model
	context    *op.Context
	graph      *G.ExprGraph
	machine    G.VM
	loss       *op.Loss
	learnables []G.ValueGrad

	images, labels *G.Node
	batch          int
	imageData      []float32
	labelData      []int32
	headers        map[int]headers // of the input tensors, by batch size
	rows           int             // of the last Run
	memory         int             // bytes of all results
}

type headers struct{ images, labels *tensor.Dense }

// TrainingGraph is the graph of a training step for batches of up to batch
// rows: loss, gradients, batch statistics, dropout with masks drawn from seed.
func (m *Model) TrainingGraph(batch int, seed uint64) (*Graph, error) {
	return m.graph(batch, mode{training: true, dropout: true, seed: seed})
}

// TrainingGraphWithoutDropout is a TrainingGraph in which Dropout does nothing,
// to compare with a reference whose masks cannot be had.
func (m *Model) TrainingGraphWithoutDropout(batch int) (*Graph, error) {
	return m.graph(batch, mode{training: true})
}

// InferenceGraph is the graph that predicts and evaluates batches of up to
// batch rows: moving statistics, no dropout, no gradients.
func (m *Model) InferenceGraph(batch int) (*Graph, error) { return m.graph(batch, mode{}) }

// mode is what tells a model's graphs apart.
type mode struct {
	training, dropout bool
	seed              uint64

	// separate and unplanned leave out what only saves time and memory: layers
	// that run together, results that share memory. Tests compare.
	separate, unplanned bool
}

func (m *Model) graph(batch int, mode mode) (*Graph, error) {
	if batch < 1 {
		return nil, fmt.Errorf("model %s: a graph for batches of %d rows, want at least 1", m.name, batch)
	}
	shape := m.input().shape
	g := &Graph{
		model:     m,
		context:   &op.Context{Seed: mode.seed},
		graph:     G.NewGraph(G.WithGraphName(m.name)),
		batch:     batch,
		imageData: make([]float32, batch*size(shape)),
		labelData: make([]int32, batch),
		headers:   map[int]headers{},
	}
	h := g.input(batch)
	g.images = G.NodeFromAny(g.graph, h.images, G.WithName("images"))
	g.labels = G.NodeFromAny(g.graph, h.labels, G.WithName("labels"))

	b := &builder{mode: mode, context: g.context, graph: g.graph, images: g.images, outputs: make([]node, len(m.layers))}
	logits, err := b.layers(m.layers)
	if err == nil {
		g.loss, err = op.SoftmaxCrossEntropy(g.context, "loss", m.Classes(), mode.training, logits, g.labels)
	}
	if err == nil && mode.training {
		_, err = G.Grad(g.loss.Node, b.learnables...)
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.name, err)
	}
	g.learnables = G.NodesToValueGrads(b.learnables)
	g.machine = G.NewTapeMachine(g.graph)
	if mode.unplanned {
		return g, nil
	}
	if g.memory, err = g.context.Plan(g.graph, batch, func() error { return g.Run(1) }); err != nil {
		return nil, fmt.Errorf("model %s: %w", m.name, err)
	}
	return g, nil
}

// input is the input tensors for a batch of n rows.
func (g *Graph) input(n int) headers {
	h, ok := g.headers[n]
	if !ok {
		shape := append([]int{n}, g.model.input().shape...)
		h.images = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(g.Images(n)))
		h.labels = tensor.New(tensor.WithShape(n), tensor.WithBacking(g.Labels(n)))
		g.headers[n] = h
	}
	return h
}

// Images is the memory to fill with the pictures of a batch of n rows, NHWC.
func (g *Graph) Images(n int) []float32 { return g.imageData[:n*size(g.model.input().shape)] }

// Labels is the memory to fill with the labels of a batch of n rows.
func (g *Graph) Labels(n int) []int32 { return g.labelData[:n] }

// SetStep gives the number of optimizer steps done before the next Run; it
// chooses the masks of Dropout.
func (g *Graph) SetStep(step int) { g.context.Step = step }

// Run passes the first n rows of Images and Labels through the graph. A
// training graph also leaves the gradients for Learnables and moves
// BatchNormalization's statistics.
func (g *Graph) Run(n int) error {
	if n < 1 || n > g.batch {
		return fmt.Errorf("model %s: a batch of %d rows, want 1 to %d", g.model.name, n, g.batch)
	}
	if n != g.rows {
		h := g.input(n)
		G.WithValue(h.images)(g.images)
		G.WithValue(h.labels)(g.labels)
	}
	g.rows = n
	err := g.machine.RunAll()
	g.machine.Reset()
	if err != nil {
		return fmt.Errorf("model %s: %w", g.model.name, err)
	}
	return nil
}

// Loss is the mean softmax cross-entropy over the rows of the last Run.
func (g *Graph) Loss() float64 { return g.loss.Sum / float64(g.rows) }

// Correct is how many rows of the last Run have their largest logit at their label.
func (g *Graph) Correct() int { return g.loss.Correct }

// Probabilities are those of the last Run, rows of classes, valid until the next.
func (g *Graph) Probabilities() []float32 { return g.loss.Probabilities(g.rows) }

// Learnables are the trainable weights with their gradients, in the order of
// Variables, for a gorgonia.Solver. Only a training graph has gradients.
func (g *Graph) Learnables() []G.ValueGrad { return g.learnables }

// ExprGraph is the Gorgonia graph itself, to look at its structure. The values of
// nodes between input and loss share memory and do not outlive a pass.
func (g *Graph) ExprGraph() *G.ExprGraph { return g.graph }

// Observe has every op that runs from now on reported to f; nil ends it.
func (g *Graph) Observe(f func(op.Work)) { g.context.Observe = f }

// Memory is the bytes that the results of all ops take together.
func (g *Graph) Memory() int { return g.memory }

// Close frees the tape machine.
func (g *Graph) Close() error { return g.machine.Close() }
