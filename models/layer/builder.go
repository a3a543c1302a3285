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
	handovers  map[*instance]*op.Handover
	pooled     map[*instance]bool // BatchNormalization that does the MaxPooling2D behind it, and that MaxPooling2D
	learnables G.Nodes
	dropouts   int
}

// layers adds all layers and returns the logits.
func (b *builder) layers(layers []*instance) (*G.Node, error) {
	if !b.mode.separate {
		b.fused = fusable(layers)
		b.pooled = pooled(layers)
		b.handovers = b.handedOver(layers)
	}
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
		nodes[i] = G.NodeFromAny(b.graph, v.header(), G.WithName(v.Name))
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

// handedOver finds, for training, the convolutions and dense layers whose only
// consumer, behind an activation that they take in, is a BatchNormalization.
func (b *builder) handedOver(layers []*instance) map[*instance]*op.Handover {
	handovers := map[*instance]*op.Handover{}
	if !b.mode.training {
		return handovers
	}
	for _, l := range layers {
		if _, ok := l.kind.(batchNormalization); !ok {
			continue
		}
		in := l.inputs[0]
		if in.consumers != 1 {
			continue
		}
		if _, ok := in.kind.(activation); ok {
			if _, ok := b.fused[in]; !ok {
				continue
			}
			in = in.inputs[0]
		}
		switch in.kind.(type) {
		case conv2D, dense:
			if in.consumers == 1 {
				h := new(op.Handover)
				handovers[in], handovers[l] = h, h
			}
		}
	}
	return handovers
}

// fusedPool is the only size of pools that a kernel does together with
// BatchNormalization.
const fusedPool = 2

// pooled finds the normalisations that only a MaxPooling2D reads.
func pooled(layers []*instance) map[*instance]bool {
	pooled := map[*instance]bool{}
	for _, l := range layers {
		pool, ok := l.kind.(maxPooling2D)
		if !ok || pool.size != fusedPool {
			continue
		}
		in := l.inputs[0]
		if _, ok := in.kind.(batchNormalization); ok && in.consumers == 1 {
			pooled[in], pooled[l] = true, true
		}
	}
	return pooled
}
