package layer

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"zoo/models/kernel"
	"zoo/models/op"
)

// node is a layer's output in a Gorgonia graph.
type node struct {
	*G.Node
	grad bool // whether a gradient goes through it: false for the pictures
}

// builder adds a model's layers to one Gorgonia graph.
type builder struct {
	mode       mode
	context    *op.Context
	graph      *G.ExprGraph
	images     *G.Node
	outputs    []node // by the layer's index
	fused      map[*instance]kernel.Activation
	learnables G.Nodes
	dropouts   int
}

// layers adds all layers and returns the logits.
func (b *builder) layers(layers []*instance) (*G.Node, error) {
	b.fused = fusable(layers)
	for _, l := range layers {
		out, err := l.kind.nodes(b, l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
		b.outputs[l.index] = out
	}
	return b.outputs[len(layers)-1].Node, nil
}

// in is the output of the layer's i-th input.
func (b *builder) in(l *instance, i int) node { return b.outputs[l.inputs[i].index] }

// variables adds the layer's weights to the graph, over the model's own memory.
func (b *builder) variables(l *instance) []*G.Node {
	nodes := make([]*G.Node, len(l.variables))
	for i, v := range l.variables {
		nodes[i] = G.NodeFromAny(b.graph, v.tensor, G.WithName(v.Name))
		if v.Trainable {
			b.learnables = append(b.learnables, nodes[i])
		}
	}
	return nodes
}

// fusable finds the linear convolutions and dense layers whose only consumer is
// an activation layer, which they take in: it saves the activation's passes over
// memory, and changes no value.
func fusable(layers []*instance) map[*instance]kernel.Activation {
	fused := map[*instance]kernel.Activation{}
	for _, l := range layers {
		act, ok := l.kind.(activation)
		if !ok || act.option.activation == "softmax" {
			continue
		}
		in := l.inputs[0]
		switch in.kind.(type) {
		case conv2D, dense:
			if in.consumers == 1 && in.kind.activation() == "" {
				fused[in] = act.slope
				fused[l] = act.slope
			}
		}
	}
	return fused
}
