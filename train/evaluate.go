package train

import (
	"context"
	"fmt"

	"zoo/models/layer"
)

// Evaluate returns the model's mean loss and accuracy over all of data, taken
// batch pictures at a time, with inference's behaviour: moving statistics and
// no dropout. When ctx ends it stops after the batch, with ctx's error.
func Evaluate(ctx context.Context, m *layer.Model, data Data, batch int) (loss, accuracy float64, err error) {
	e, err := newEvaluator(m, data, batch)
	if err != nil {
		return 0, 0, err
	}
	loss, accuracy, err = e.run(ctx, nil)
	return loss, accuracy, join(err, e.close())
}

// evaluator evaluates one set of data again and again on one inference graph.
type evaluator struct {
	data    Data
	graph   *layer.Graph
	indices []int32 // of all data, in order
	batch   int
}

func newEvaluator(m *layer.Model, data Data, batch int) (*evaluator, error) {
	if err := checkSize("evaluate", data.Len()); err != nil {
		return nil, err
	}
	if batch < 1 {
		return nil, fmt.Errorf("batch %d, want at least 1", batch)
	}
	batch = min(batch, data.Len())
	graph, err := m.InferenceGraph(batch)
	if err != nil {
		return nil, err
	}
	return &evaluator{data: data, graph: graph, indices: inOrder(data.Len()), batch: batch}, nil
}

func (e *evaluator) close() error { return e.graph.Close() }

// steps is the number of batches in a run.
func (e *evaluator) steps() int { return (len(e.indices)-1)/e.batch + 1 }

// run evaluates all data and shows each batch's probabilities and labels to
// each, unless it is nil.
func (e *evaluator) run(ctx context.Context, each func(probabilities []float32, labels []int32)) (loss, accuracy float64, err error) {
	var mean running
	for rest := e.indices; len(rest) > 0; {
		if ctx.Err() != nil {
			return 0, 0, stoppedBy(ctx)
		}
		n := min(e.batch, len(rest))
		e.data.Batch(rest[:n], e.graph.Images(n), e.graph.Labels(n))
		if err := e.graph.Run(n); err != nil {
			return 0, 0, err
		}
		mean.add(n, e.graph.Loss(), e.graph.Correct())
		if each != nil {
			each(e.graph.Probabilities(), e.graph.Labels(n))
		}
		rest = rest[n:]
	}
	return mean.loss(), mean.accuracy(), nil
}

// running is the mean loss and accuracy over the samples seen.
type running struct {
	samples, correct int
	lossSum          float64
}

// add adds a batch of n samples with its mean loss.
func (r *running) add(n int, loss float64, correct int) {
	r.samples += n
	r.correct += correct
	r.lossSum += loss * float64(n)
}

func (r *running) loss() float64     { return r.lossSum / float64(r.samples) }
func (r *running) accuracy() float64 { return float64(r.correct) / float64(r.samples) }
