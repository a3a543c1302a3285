package keras

import (
	"fmt"
	"math"
	"strconv"

	"zoo/models/exchange/hdf5"
	"zoo/models/layer"
)

// Optimizer is how Keras goes on training a model: SGD, which is defined as train.SGD is.
type Optimizer struct {
	LearningRate float64
	Momentum     float64 // 0: plain SGD
	// Decay: the learning rate of step i is LearningRate / (1 + Decay*i), Keras's
	// InverseTimeDecay. 0: it is constant.
	Decay float64

	// Iterations is the number of steps done, from which the decay goes on.
	Iterations int64
	// Velocities of the trained weights, by their names; nil: all are zeros, as
	// before the first step.
	Velocities map[string][]float32
}

func (o Optimizer) check(m *layer.Model) error {
	switch {
	case !(float32(o.LearningRate) > 0) || math.IsInf(float64(float32(o.LearningRate)), 0):
		return fmt.Errorf("learning rate %v, want a number above 0 in the range of float32", o.LearningRate)
	case !(o.Momentum >= 0 && o.Momentum <= 1):
		return fmt.Errorf("momentum %v, want 0 to 1", o.Momentum)
	case !(o.Decay >= 0) || math.IsInf(o.Decay, 0):
		return fmt.Errorf("decay %v, want a number, 0 or above", o.Decay)
	case o.Iterations < 0:
		return fmt.Errorf("%d optimizer steps done, want at least 0", o.Iterations)
	case o.Velocities == nil || o.Momentum == 0:
		return nil
	}
	for _, v := range trained(m) {
		if n, ok := o.Velocities[v.Name]; !ok || len(n) != v.Size() {
			return fmt.Errorf("%d velocities of %s, want its %d", len(n), v.Name, v.Size())
		}
	}
	return nil
}

// config is the optimizer as Keras serialises it. A constant learning rate is
// a float32 there.
func (o Optimizer) config() object {
	var rate any = number(float32(o.LearningRate))
	if o.Decay != 0 {
		rate = object{Module: "keras.optimizers.schedules", Class: "InverseTimeDecay", Config: settings{
			"initial_learning_rate": number(o.LearningRate),
			"decay_steps":           1,
			"decay_rate":            number(o.Decay),
			"staircase":             false,
			"name":                  "InverseTimeDecay",
		}}
	}
	return object{Module: "keras.optimizers", Class: "SGD", Config: settings{
		"name":                        "sgd",
		"learning_rate":               rate,
		"momentum":                    number(o.Momentum),
		"nesterov":                    false,
		"weight_decay":                nil,
		"clipnorm":                    nil,
		"global_clipnorm":             nil,
		"clipvalue":                   nil,
		"use_ema":                     false,
		"ema_momentum":                number(0.99),
		"ema_overwrite_frequency":     nil,
		"loss_scale_factor":           nil,
		"gradient_accumulation_steps": nil,
	}}
}

// addTo adds the optimizer's state to a weights file.
func (o Optimizer) addTo(f *hdf5.File, m *layer.Model) {
	path := optimizerPath + "/" + vars
	f.Groups = append(f.Groups, path)
	f.Attributes = append(f.Attributes, hdf5.Attribute{Path: path, Name: nameAttribute, Value: "sgd"})
	n := 0
	add := func(d hdf5.Dataset) {
		d.Path = path + "/" + strconv.Itoa(n)
		f.Datasets = append(f.Datasets, d)
		n++
	}
	add(hdf5.Dataset{Int64: []int64{o.Iterations}})
	if o.Decay == 0 {
		add(hdf5.Dataset{Float32: []float32{float32(o.LearningRate)}})
	}
	if o.Momentum == 0 {
		return
	}
	zeros := make([]float32, largest(m))
	for _, v := range trained(m) {
		velocities := zeros[:v.Size()]
		if o.Velocities != nil {
			velocities = o.Velocities[v.Name]
		}
		add(hdf5.Dataset{Shape: v.Shape(), Float32: velocities})
	}
}

// trained are the weights that are trained, in the model's order.
func trained(m *layer.Model) []*layer.Variable {
	var all []*layer.Variable
	for _, v := range m.Variables() {
		if v.Trainable {
			all = append(all, v)
		}
	}
	return all
}

// largest is the number of elements of the model's largest weight.
func largest(m *layer.Model) int {
	n := 0
	for _, v := range m.Variables() {
		n = max(n, v.Size())
	}
	return n
}
