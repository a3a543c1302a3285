package op

import (
	"errors"
	"fmt"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// Loss is the softmax cross-entropy of a graph and what its last pass found.
type Loss struct {
	// Node is the mean loss over the batch, a scalar.
	Node *G.Node
	// Sum is the sum of the rows' losses, Correct the number of rows whose
	// largest logit is the label's.
	Sum     float64
	Correct int

	classes       int
	probabilities []float32
}

// Probabilities are the softmax of the last pass's logits, n rows of classes.
func (l *Loss) Probabilities(n int) []float32 { return l.probabilities[:n*l.classes] }

// SoftmaxCrossEntropy adds the mean over the batch of -log(softmax(logits)[label]),
// in the stable form that takes the logits: logits (batch, classes), labels
// (batch) of int32 from 0 to classes-1.
func SoftmaxCrossEntropy(ctx *Context, name string, classes int, training bool, logits, labels *G.Node) (*Loss, error) {
	l := &Loss{classes: classes}
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  []spec{rows(classes), rows()},
		dtypes:  []tensor.Dtype{tensor.Float32, tensor.Int32},
		result:  newResult(spec{}),
	}
	if training {
		o.wanted = []bool{true, false}
	}
	o.forward = func(n int, _ *tensor.Dense, in []G.Value) error {
		labels := in[1].(*tensor.Dense).Int32s()
		for i, label := range labels {
			if label < 0 || int(label) >= classes {
				return fmt.Errorf("label %d of row %d is not one of the %d classes", label, i, classes)
			}
		}
		if len(l.probabilities) < n*classes {
			l.probabilities = make([]float32, n*classes)
		}
		l.Sum, l.Correct = kernel.SoftmaxCrossEntropy(n, classes, l.probabilities[:n*classes], float32s(in[0]), labels)
		*o.result.scalar = G.F32(l.Sum / float64(n))
		return nil
	}
	o.reads = []int{1}
	o.backward = func(n int, grads []*tensor.Dense, in []G.Value, _, dy G.Value) error {
		scale, ok := dy.Data().(float32)
		if !ok {
			return errors.New("the loss's gradient is not a float32 scalar")
		}
		kernel.SoftmaxCrossEntropyBackward(n, classes, grads[0].Float32s(), l.probabilities[:n*classes],
			in[1].(*tensor.Dense).Int32s(), scale/float32(n))
		return nil
	}
	var err error
	l.Node, err = o.node(logits, labels)
	return l, err
}
