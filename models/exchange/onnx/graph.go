package onnx

import (
	"fmt"
	"slices"

	"zoo/models/layer"
)

// graph writes a model's layers as a GraphProto. These are its fields, each kind apart
// until all are there.
type graph struct {
	nodes        *message
	shapes       *message // initializers that Reshapes take
	initializers *message // the weights
	outputs      *message // of the nodes, with their shapes

	weights map[string]*layer.Variable // by name
	values  []*value                   // the layers' outputs, by index
}

// value is the output of a node.
type value struct {
	name  string
	shape []int // as the layer has it: without the batch, channels last
	first bool  // in memory the channels come first

	// other is the same with the channels the other way, once something needed it.
	other *value
}

// axes is the shape as it is in memory, without the batch.
func (v *value) axes() []int {
	if last := len(v.shape) - 1; v.first {
		return slices.Concat(v.shape[last:], v.shape[:last])
	}
	return v.shape
}

// newGraph is the model's nodes and initializers.
func newGraph(m *layer.Model) (*graph, error) {
	g := &graph{
		nodes: new(message), shapes: new(message), initializers: new(message), outputs: new(message),
		weights: map[string]*layer.Variable{},
	}
	for _, v := range m.Variables() {
		g.weights[v.Name] = v
	}
	softmax := "softmax" // where the model has none
	for _, l := range m.Layers() {
		inputs := make([]*value, len(l.Inputs))
		for i, index := range l.Inputs {
			inputs[i] = g.values[index]
		}
		out, err := g.layer(l, inputs)
		if err == nil {
			out, err = g.activation(l, out)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Name, err)
		}
		if l.Activation == "softmax" {
			softmax = activationName(l)
		}
		g.values = append(g.values, out)
	}
	logits := g.values[len(g.values)-1] // on one axis, as of every model
	g.node("Softmax", softmax, []string{logits.name}, Output, attribute{"axis", 1})
	return g, nil
}

// message is the GraphProto of the nodes that were added.
func (g *graph) message(m *layer.Model) *message {
	logits := g.values[len(g.values)-1].name
	all := new(message)
	all.append(g.nodes)
	all.text(graphName, m.Name())
	all.append(g.shapes)
	all.append(g.initializers)
	all.message(graphInput, batched(Input, "pictures, scaled as in training: batch, height, width, channels", m.InputShape()))
	all.message(graphOutput, batched(Output, "of each class, by label: the softmax of "+logits, []int{m.Classes()}))
	all.append(g.outputs)
	return all
}

// parts is what the GraphProto has of nodes and shapes of Reshapes. There are no
// weights among them: they are bytes in one piece.
func (g *graph) parts() []byte {
	all := new(message)
	all.append(g.nodes)
	all.append(g.shapes)
	return all.pieces[0].bytes
}

// layer adds the nodes of a layer, without its activation.
func (g *graph) layer(l layer.Info, inputs []*value) (*value, error) {
	out := &value{name: l.Name, shape: l.OutputShape}
	switch config := l.Config.(type) {
	case layer.Conv2DConfig:
		return g.conv2D(l, config, inputs[0]), nil
	case layer.DenseConfig:
		g.add("Gemm", []string{inputs[0].name, g.weight(l, "kernel"), g.weight(l, "bias")}, out)
	case layer.BatchNormalizationConfig:
		in := g.first(inputs[0], l.Name)
		out.first = in.first
		names := []string{in.name}
		for _, kind := range []string{"gamma", "beta", "moving_mean", "moving_variance"} {
			names = append(names, g.weight(l, kind))
		}
		g.add("BatchNormalization", names, out, attribute{"epsilon", float32(config.Epsilon)})
	case layer.MaxPooling2DConfig:
		out.first = true
		g.add("MaxPool", []string{g.first(inputs[0], l.Name).name}, out,
			attribute{"kernel_shape", config.PoolSize[:]}, attribute{"strides", config.PoolSize[:]})
	case layer.ReshapeConfig:
		shape := l.Name + "/shape"
		// A 0 keeps the axis: the batch.
		g.shapes.message(graphInitializer, intTensor(shape, slices.Concat([]int{0}, config.TargetShape)))
		g.add("Reshape", []string{g.last(inputs[0], l.Name).name, shape}, out)
	case layer.ConcatenateConfig:
		return g.concatenate(l, inputs), nil
	case layer.DropoutConfig: // which inference leaves out
		return inputs[0], nil
	case layer.LeakyReLUConfig:
		out.first = inputs[0].first
		g.add("LeakyRelu", []string{inputs[0].name}, out, attribute{"alpha", float32(config.NegativeSlope)})
	default:
		return g.withoutConfig(l, inputs)
	}
	return out, nil
}

// withoutConfig adds the nodes of a layer that has no settings.
func (g *graph) withoutConfig(l layer.Info, inputs []*value) (*value, error) {
	switch l.Class {
	case "InputLayer":
		return &value{name: Input, shape: l.OutputShape}, nil
	case "Flatten":
		out := &value{name: l.Name, shape: l.OutputShape}
		g.add("Flatten", []string{g.last(inputs[0], l.Name).name}, out, attribute{"axis", 1})
		return out, nil
	case "Activation":
		return inputs[0], nil
	default:
		return nil, fmt.Errorf("there is nothing for a %s", l.Class)
	}
}

func (g *graph) conv2D(l layer.Info, config layer.Conv2DConfig, in *value) *value {
	v := g.weights[l.Name+"/kernel"]
	shape, data := outputFirst(v.Shape(), v.Data())
	g.initializers.message(graphInitializer, floatTensor(v.Name, shape, data))
	height, width := config.Padding[0], config.Padding[1]
	out := &value{name: l.Name, shape: l.OutputShape, first: true}
	g.add("Conv", []string{g.first(in, l.Name).name, v.Name, g.weight(l, "bias")}, out,
		attribute{"kernel_shape", config.KernelSize[:]},
		attribute{"pads", []int{height[0], width[0], height[1], width[1]}},
		attribute{"strides", []int{1, 1}})
	return out
}

// concatenate joins along the channels, wherever they are in all inputs.
func (g *graph) concatenate(l layer.Info, inputs []*value) *value {
	out := &value{name: l.Name, shape: l.OutputShape, first: true}
	for _, in := range inputs {
		out.first = out.first && in.first
	}
	names := make([]string, len(inputs))
	for i, in := range inputs {
		if !out.first {
			in = g.last(in, l.Name)
		}
		names[i] = in.name
	}
	axis := len(out.shape)
	if out.first {
		axis = 1
	}
	g.add("Concat", names, out, attribute{"axis", axis})
	return out
}

// activation adds the activation that the layer ends with. Softmax comes at the
// end of the graph.
func (g *graph) activation(l layer.Info, in *value) (*value, error) {
	switch l.Activation {
	case "", "softmax":
		return in, nil
	case "relu":
		out := &value{name: activationName(l), shape: in.shape, first: in.first}
		g.add("Relu", []string{in.name}, out)
		return out, nil
	default:
		return nil, fmt.Errorf("there is nothing for the activation %s", l.Activation)
	}
}

// activationName is the layer's own where it is nothing but an activation.
func activationName(l layer.Info) string {
	if l.Class == "Activation" {
		return l.Name
	}
	return l.Name + "/" + l.Activation
}

// weight adds a weight as an initializer, and returns its name.
func (g *graph) weight(l layer.Info, kind string) string {
	v := g.weights[l.Name+"/"+kind]
	g.initializers.message(graphInitializer, floatTensor(v.Name, v.Shape(), v.Data()))
	return v.Name
}

// first is the value with the channels first, for the layer of that name.
func (g *graph) first(v *value, layer string) *value { return g.transposed(v, layer, true) }

// last is the value with the channels last, as it is in the model.
func (g *graph) last(v *value, layer string) *value { return g.transposed(v, layer, false) }

// transposed is the value with the channels where they are wanted. The node is
// named by the layer that needed it first.
func (g *graph) transposed(v *value, layer string, first bool) *value {
	axes := len(v.shape)
	if v.first == first || axes < 2 {
		return v
	}
	if v.other != nil {
		return v.other
	}
	// Channels first takes the axes batch, last, first, second, ...; channels last
	// the batch, second, ..., last, first.
	suffix, shift := "/channels_first", axes-1
	if !first {
		suffix, shift = "/channels_last", 1
	}
	order := make([]int, axes+1)
	for i := range axes {
		order[i+1] = (i+shift)%axes + 1
	}
	v.other = &value{name: layer + suffix, shape: v.shape, first: first, other: v}
	g.add("Transpose", []string{v.name}, v.other, attribute{"perm", order})
	return v.other
}

// add adds a node that has its output's name, and the output's shape.
func (g *graph) add(op string, inputs []string, out *value, attributes ...attribute) {
	g.node(op, out.name, inputs, out.name, attributes...)
	g.outputs.message(graphValueInfo, batched(out.name, "", out.axes()))
}

// node adds a node.
func (g *graph) node(op, name string, inputs []string, output string, attributes ...attribute) {
	m := new(message)
	for _, in := range inputs {
		m.text(nodeInput, in)
	}
	m.text(nodeOutput, output)
	m.text(nodeName, name)
	m.text(nodeOp, op)
	for _, a := range attributes {
		m.message(nodeAttribute, a.message())
	}
	g.nodes.message(graphNode, m)
}
