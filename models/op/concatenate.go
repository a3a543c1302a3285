package op

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"zoo/models/kernel"
)

// Concatenate adds the inputs joined along their last axis. shapes are the
// inputs' without the batch, alike but for the last axis; inputGrad tells which
// inputs have a gradient.
func Concatenate(ctx *Context, name string, shapes [][]int, inputGrad []bool, xs ...*G.Node) (*G.Node, error) {
	leading := func(shape []int) []int { return shape[:len(shape)-1] }
	joined := slices.Clone(shapes[0])
	last := len(joined) - 1
	joined[last] = 0
	widths := make([]int, len(shapes))
	inputs := make([]spec, len(shapes))
	for i, s := range shapes {
		if len(s) != len(joined) || !slices.Equal(leading(s), leading(joined)) {
			return nil, fmt.Errorf("%s: input %d has shape %v, input 0 %v: only the last axis may differ", name, i, s, shapes[0])
		}
		widths[i] = s[last]
		joined[last] += s[last]
		inputs[i] = rows(s...)
	}
	perRow := spec(leading(joined)).size(1)
	parts := make([][]float32, len(shapes))
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  inputs,
		output:  rows(joined...),
		wanted:  inputGrad,
		forward: func(n int, y *tensor.Dense, in []G.Value) error {
			for i, v := range in {
				parts[i] = float32s(v)
			}
			kernel.Concat(y.Float32s(), n*perRow, parts)
			return nil
		},
		backward: func(n int, grads []*tensor.Dense, _ []G.Value, _, dy G.Value) error {
			for i, g := range grads {
				parts[i] = optional(g)
			}
			kernel.Split(parts, widths, n*perRow, float32s(dy))
			return nil
		},
	}
	return o.node(xs...)
}
