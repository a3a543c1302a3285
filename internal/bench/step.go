package bench

import (
	"fmt"
	"math"
	"time"

	"zoo/mnist"
	"zoo/models"
	"zoo/models/layer"
	"zoo/models/op"
	"zoo/train"
)

// seed is that of everything drawn in a benchmark.
const seed = 1

// trainer trains a model step by step, as package train does.
type trainer struct {
	graph   *layer.Graph
	solver  *train.SGD
	batches *batches
	steps   int
	flops   float64 // of a step, by the layers' definitions; known after the first

	solverBytes float64 // read and written by the solver in a step
}

func newTrainer(e models.Entry, m *layer.Model, data mnist.Samples, batch int) (*trainer, error) {
	b, err := newBatches(data, batch)
	if err != nil {
		return nil, err
	}
	t := &trainer{solver: train.NewSGD(e.LearningRate, e.Momentum, decay(e)), batches: b}
	if t.graph, err = m.TrainingGraph(batch, seed); err != nil {
		return nil, err
	}
	passes := 3 // weights in and out, gradients
	if e.Momentum > 0 {
		passes = 5 // velocities in and out
	}
	for _, v := range m.Variables() {
		if v.Trainable {
			t.solverBytes += float64(4 * passes * v.Size())
		}
	}
	return t, nil
}

// first trains the first step and counts its operations.
func (t *trainer) first() error {
	defer t.graph.Observe(nil)
	t.graph.Observe(func(w op.Work) { t.flops += w.Flops })
	_, err := t.step()
	return err
}

// laps are the parts of a step.
type laps struct{ fill, run, solve time.Duration }

func (l laps) total() time.Duration { return l.fill + l.run + l.solve }

// step trains one batch.
func (t *trainer) step() (laps, error) {
	began := time.Now()
	t.batches.fill(t.graph)
	filled := time.Now()
	t.graph.SetStep(t.steps)
	if err := t.graph.Run(t.batches.size); err != nil {
		return laps{}, err
	}
	if loss := t.graph.Loss(); math.IsNaN(loss) || math.IsInf(loss, 0) {
		return laps{}, fmt.Errorf("step %d: the loss is %v", t.steps+1, loss)
	}
	ran := time.Now()
	if err := t.solver.Step(t.graph.Learnables()); err != nil {
		return laps{}, err
	}
	t.steps++
	return laps{filled.Sub(began), ran.Sub(filled), time.Since(ran)}, nil
}

// classifier classifies pictures, a batch at a time.
type classifier struct {
	graph   *layer.Graph
	batches *batches
	flops   float64 // of a batch
}

func newClassifier(m *layer.Model, data mnist.Samples, batch int) (*classifier, error) {
	b, err := newBatches(data, batch)
	if err != nil {
		return nil, err
	}
	c := &classifier{batches: b}
	if c.graph, err = m.InferenceGraph(batch); err != nil {
		return nil, err
	}
	defer c.graph.Observe(nil)
	c.graph.Observe(func(w op.Work) { c.flops += w.Flops })
	return c, c.classify()
}

func (c *classifier) classify() error {
	c.batches.fill(c.graph)
	return c.graph.Run(c.batches.size)
}

// batches takes random batches of one size from the data, without end.
type batches struct {
	data  mnist.Samples
	size  int
	order []int32
	at    int
}

func newBatches(data mnist.Samples, size int) (*batches, error) {
	if size < 1 || size > data.Len() {
		return nil, fmt.Errorf("a batch of %d pictures, want 1 to %d", size, data.Len())
	}
	return &batches{data: data, size: size, order: train.Shuffle(data.Len(), seed, 1)}, nil
}

// fill writes the next batch to the graph's input.
func (b *batches) fill(g *layer.Graph) {
	if b.at+b.size > len(b.order) {
		b.at = 0
	}
	b.data.Batch(b.order[b.at:b.at+b.size], g.Images(b.size), g.Labels(b.size))
	b.at += b.size
}

// bytes is what fill reads and writes.
func (b *batches) bytes() float64 {
	const label = 1 + 4 // as a byte, as an int32
	const pixel = 1 + 4 // as a byte, as a float32
	return float64(b.size) * (mnist.PixelsPerImage*pixel + label)
}
