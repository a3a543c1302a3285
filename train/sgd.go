package train

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// SGD is stochastic gradient descent as a gorgonia.Solver, with momentum and
// with the decay of the learning rate that Keras's optimizers had when the
// report was written. Step i, counted from 0, does for each weight w with its
// gradient g and velocity v, which begins at 0:
//
//	lr = learningRate / (1 + decay*i)
//	v = momentum*v - lr*g
//	w = w + v
//
// It takes float32 tensors, leaves the gradients as they are and serves one
// model: it keeps the velocities in the order of that model's weights.
type SGD struct {
	learningRate, momentum, decay float64

	iterations int
	params     []param
}

// param is one weight tensor.
type param struct {
	w, v, g []float32 // v is nil without momentum
}

// NewSGD returns the solver before its first step. Without momentum (0) it
// keeps no velocities.
func NewSGD(learningRate, momentum, decay float64) *SGD {
	return &SGD{learningRate: learningRate, momentum: momentum, decay: decay}
}

// scale multiplies the learning rate of the steps to come.
func (s *SGD) scale(factor float64) { s.learningRate *= factor }

// LearningRate is the rate of the next step.
func (s *SGD) LearningRate() float64 {
	return s.learningRate / (1 + s.decay*float64(s.iterations))
}

// velocities is the memory of the velocities of weights with these sizes, in
// their order; nil without momentum. Before the first step they are zeros, and a
// solver that has taken none may be given others there.
func (s *SGD) velocities(sizes []int) [][]float32 {
	if s.momentum == 0 {
		return nil
	}
	if s.params == nil {
		s.params = make([]param, len(sizes))
		for i, n := range sizes {
			s.params[i].v = make([]float32, n)
		}
	}
	all := make([][]float32, len(s.params))
	for i, p := range s.params {
		all[i] = p.v
	}
	return all
}

// Step changes the weights by their gradients. After an error no weight is
// changed and the step is not counted.
func (s *SGD) Step(model []gorgonia.ValueGrad) error {
	if s.params == nil {
		s.params = make([]param, len(model))
	}
	if len(model) != len(s.params) {
		return fmt.Errorf("sgd: %d weight tensors, but %d in the steps before", len(model), len(s.params))
	}
	for i, vg := range model {
		if err := s.bind(&s.params[i], vg); err != nil {
			return fmt.Errorf("sgd: weight tensor %d: %w", i, err)
		}
	}
	rate := float32(s.LearningRate())
	for _, p := range s.params {
		kernel.SGD(p.w, p.v, p.g, rate, float32(s.momentum))
	}
	s.iterations++
	return nil
}

// bind points p to the weights and gradients of this step.
func (s *SGD) bind(p *param, vg gorgonia.ValueGrad) error {
	grad, err := vg.Grad()
	if err != nil {
		return fmt.Errorf("no gradient: %w", err)
	}
	if p.w, err = float32s(vg.Value()); err != nil {
		return err
	}
	if p.g, err = float32s(grad); err != nil {
		return fmt.Errorf("gradient: %w", err)
	}
	if len(p.g) != len(p.w) {
		return fmt.Errorf("%d weights, but %d gradients", len(p.w), len(p.g))
	}
	if s.momentum == 0 {
		return nil
	}
	if p.v == nil {
		p.v = make([]float32, len(p.w))
	}
	if len(p.v) != len(p.w) {
		return fmt.Errorf("%d weights, but %d in the steps before", len(p.w), len(p.v))
	}
	return nil
}

// float32s is the memory of a float32 tensor.
func float32s(v gorgonia.Value) ([]float32, error) {
	t, ok := v.(*tensor.Dense)
	if !ok {
		return nil, fmt.Errorf("a %T, want a *tensor.Dense", v)
	}
	if t.Dtype() != tensor.Float32 {
		return nil, fmt.Errorf("a tensor of %v, want float32", t.Dtype())
	}
	return t.Float32s(), nil
}
