package op

import (
	"fmt"

	G "gorgonia.org/gorgonia"
)

// Reshape adds x, of shape from without the batch, under the shape to. Nothing
// is copied: the result is another header over x's memory, and the gradient one
// over dy's. Flatten is a Reshape to one axis.
func Reshape(ctx *Context, name string, from, to []int, x *G.Node) (*G.Node, error) {
	if spec(from).size(1) != spec(to).size(1) {
		return nil, fmt.Errorf("%s: cannot reshape %v to %v: %d elements against %d", name, from, to, spec(from).size(1), spec(to).size(1))
	}
	o := &operation{
		context: ctx,
		name:    name,
		inputs:  []spec{rows(from...)},
		output:  rows(to...),
		wanted:  []bool{true},
		alias:   true,
	}
	return o.node(x)
}
