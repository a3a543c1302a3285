package train

import (
	"fmt"
	"math"
)

// Data is a set of labelled pictures. mnist.Samples is one.
type Data interface {
	Len() int
	// Batch writes the pictures with these indices, in this order, to images
	// (NHWC, values 0..1) and their classes to labels.
	Batch(indices []int32, images []float32, labels []int32)
}

// Config is how Fit trains.
type Config struct {
	Epochs int // passes over the training data
	Batch  int // pictures in a step

	LearningRate float64 // of the first step
	Momentum     float64 // 0: plain SGD
	Decay        float64 // see SGD

	Seed uint64 // of the shuffling and of dropout

	// InOrder trains as section 2.0 of the report does: never shuffled, the
	// partial batch at the end dropped.
	InOrder bool
}

// steps is the number of steps in an epoch over n pictures.
func (c Config) steps(n int) int {
	if c.InOrder {
		return n / c.Batch
	}
	return (n-1)/c.Batch + 1
}

// check refuses what cannot be trained on that many pictures.
func (c Config) check(training int) error {
	switch {
	case c.Epochs < 1:
		return fmt.Errorf("%d epochs, want at least 1", c.Epochs)
	case c.Batch < 1:
		return fmt.Errorf("batch %d, want at least 1", c.Batch)
	case !(float32(c.LearningRate) > 0) || math.IsInf(float64(float32(c.LearningRate)), 0):
		return fmt.Errorf("learning rate %v, want a number above 0 in the range of float32", c.LearningRate)
	case !(c.Momentum >= 0 && c.Momentum < 1):
		return fmt.Errorf("momentum %v, want at least 0 and less than 1", c.Momentum)
	case !(c.Decay >= 0) || math.IsInf(c.Decay, 0):
		return fmt.Errorf("decay %v, want a number, 0 or above", c.Decay)
	case c.InOrder && training < c.Batch:
		return fmt.Errorf("batch %d, but only %d pictures to train on, and a partial batch is dropped: lower the batch", c.Batch, training)
	}
	return checkSize("train", training)
}

// checkSize refuses sets of n pictures that cannot be used for what is said.
func checkSize(use string, n int) error {
	if n < 1 || n > math.MaxInt32 {
		return fmt.Errorf("%d pictures to %s on, want 1 to %d", n, use, math.MaxInt32)
	}
	return nil
}
