package layer

import (
	"errors"
	"fmt"
	"slices"
)

// Model is a declared network with its weights. Its graphs share them: inference
// graphs may be made and run at the same time, but not while one trains.
type Model struct {
	name       string
	sequential bool
	layers     []*instance // in Keras's order
}

// instance is one layer of a model.
type instance struct {
	kind      kind
	name      string
	index     int // in the model
	inputs    []*instance
	consumers int
	shape     []int
	variables []*Variable
}

func (l *instance) inputShapes() [][]int {
	shapes := make([][]int, len(l.inputs))
	for i, in := range l.inputs {
		shapes[i] = in.shape
	}
	return shapes
}

// Sequential is a model whose layers follow one another, as Keras's Sequential.
func Sequential(name string, input *Tensor, layers ...Layer) (*Model, error) {
	x := input
	for _, l := range layers {
		x = l(x)
	}
	m, err := Functional(name, input, x)
	if err != nil {
		return nil, err
	}
	m.sequential = true
	return m, nil
}

// Functional is the model between an input and an output, as Keras's Model. The
// output is the logits of the classes, or their softmax: one axis.
func Functional(name string, input, output *Tensor) (*Model, error) {
	m := &Model{name: name}
	if err := m.build(input, output); err != nil {
		return nil, fmt.Errorf("model %s: %w", name, err)
	}
	return m, nil
}

func (m *Model) build(in, out *Tensor) error {
	if out != nil && out.err != nil {
		return out.err
	}
	if in == nil || out == nil {
		return errors.New("needs an input and an output")
	}
	if in.err != nil {
		return in.err
	}
	if len(out.shape) != 1 {
		return fmt.Errorf("the output has shape %v, want one axis: the classes (Flatten comes before the last Dense)", out.shape)
	}
	o := order{index: map[*Tensor]int{}, depth: map[*Tensor]int{}}
	o.visit(out)
	if _, ok := o.index[in]; !ok {
		return errors.New("the output does not depend on the input")
	}
	for _, t := range o.finished {
		if _, ok := t.kind.(input); ok && t != in {
			return errors.New("the output depends on an input that is not the model's")
		}
	}
	m.layers = o.instances()
	for _, l := range m.layers {
		if l.kind.activation() == "softmax" && l.consumers > 0 {
			return fmt.Errorf("%s: softmax is for the last layer only, where the loss takes the logits before it", l.name)
		}
	}
	return nil
}

// order walks a declaration backwards and brings it into the order in which
// Keras lists a functional model's layers: the farthest from the output first,
// among equals the one met first.
type order struct {
	index    map[*Tensor]int // when it was met
	depth    map[*Tensor]int // the longest way to the output
	finished []*Tensor       // inputs before consumers
}

func (o *order) visit(t *Tensor) {
	if _, ok := o.index[t]; ok {
		return
	}
	o.index[t] = len(o.index)
	for _, in := range t.inputs {
		o.visit(in)
	}
	o.finished = append(o.finished, t)
}

func (o *order) instances() []*instance {
	made := make(map[*Tensor]*instance, len(o.finished))
	counts := map[string]int{}
	layers := make([]*instance, 0, len(o.finished))
	for _, t := range o.finished {
		class, base := t.kind.class()
		l := &instance{kind: t.kind, name: base, shape: t.shape}
		if n := counts[class]; n > 0 {
			l.name = fmt.Sprintf("%s_%d", base, n)
		}
		counts[class]++
		for _, in := range t.inputs {
			l.inputs = append(l.inputs, made[in])
			made[in].consumers++
		}
		l.variables = t.kind.variables(l.inputShapes())
		for _, v := range l.variables {
			v.Name = l.name + "/" + v.Name
		}
		made[t] = l
	}
	for _, t := range slices.Backward(o.finished) {
		for _, in := range t.inputs {
			o.depth[in] = max(o.depth[in], o.depth[t]+1)
		}
	}
	sorted := slices.Clone(o.finished)
	slices.SortFunc(sorted, func(a, b *Tensor) int {
		if o.depth[a] != o.depth[b] {
			return o.depth[b] - o.depth[a]
		}
		return o.index[a] - o.index[b]
	})
	for i, t := range sorted {
		made[t].index = i
		layers = append(layers, made[t])
	}
	return layers
}

// Name is the model's name.
func (m *Model) Name() string { return m.name }

// Sequential tells whether the model was declared as a Sequential.
func (m *Model) Sequential() bool { return m.sequential }

// Classes is the number of classes, the length of the output.
func (m *Model) Classes() int { return m.layers[len(m.layers)-1].shape[0] }

// InputShape is the shape of one picture: height, width, channels.
func (m *Model) InputShape() []int { return slices.Clone(m.input().shape) }

func (m *Model) input() *instance { return m.layers[0] }

// Variables are the model's weights in the order of its layers.
func (m *Model) Variables() []*Variable {
	var all []*Variable
	for _, l := range m.layers {
		all = append(all, l.variables...)
	}
	return all
}

// Params is the number of weights, those that are not trained included.
func (m *Model) Params() int {
	n := 0
	for _, v := range m.Variables() {
		n += v.Size()
	}
	return n
}

// Initialize sets all weights to their first values, a function of the seed.
func (m *Model) Initialize(seed uint64) {
	for _, v := range m.Variables() {
		v.initialize(seed)
	}
}

// Info describes one layer for summaries and diagrams.
type Info struct {
	Name       string // Keras's default name, counted in each model: conv2d_1
	Class      string // Conv2D
	Activation string // relu, softmax; "" when linear
	Config     Config // its other settings by its class: Conv2DConfig, ...; nil for none
	Inputs     []int  // the layers that feed it, as indices into Layers

	InputShapes [][]int // of Inputs, without the batch
	OutputShape []int   // without the batch

	Params       int // number of weights
	NonTrainable int // how many of them are not trained
}

// Layers describes the model in Keras's order, the InputLayer first.
func (m *Model) Layers() []Info {
	infos := make([]Info, len(m.layers))
	for i, l := range m.layers {
		class, _ := l.kind.class()
		info := Info{
			Name:        l.name,
			Class:       class,
			Activation:  l.kind.activation(),
			Config:      l.kind.settings(),
			InputShapes: l.inputShapes(),
			OutputShape: l.shape,
		}
		for _, in := range l.inputs {
			info.Inputs = append(info.Inputs, in.index)
		}
		for _, v := range l.variables {
			info.Params += v.Size()
			if !v.Trainable {
				info.NonTrainable += v.Size()
			}
		}
		infos[i] = info
	}
	return infos
}
