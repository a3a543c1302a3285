package plots

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot/vg"

	"zoo/models/layer"
)

// A Model is what the diagram and the summary show; *layer.Model is one.
type Model interface {
	Name() string
	Sequential() bool
	Layers() []layer.Info // in Keras's order: inputs before their consumers
}

// headingGap is the distance from the heading to the boxes.
const headingGap = vg.Length(16)

// Structure draws a model as Keras's plot_model(show_shapes=True) does: a box for
// each layer with its name, class, activation, input and output shapes, and
// arrows downwards. Branches stand side by side in the order of the inputs that
// they become; arrows pass boxes in lanes of their own.
func Structure(m Model) (*Drawing, error) {
	d, err := layOut(m)
	if err != nil {
		return nil, fmt.Errorf("drawing the structure of %s: %w", m.Name(), err)
	}
	return &Drawing{width: d.width, height: d.height, paint: d.paint}, nil
}

// structure is a diagram whose places are all known, y downwards.
type structure struct {
	width, height vg.Length
	heading       []label
	boxes         []layerBox
	arrows        [][]point
}

func layOut(m Model) (*structure, error) {
	layers := m.Layers()
	if err := checkLayers(layers); err != nil {
		return nil, err
	}
	cells := measure(layers)
	boxes, arrows := arrange(boxSizes(layers, cells))

	d := &structure{heading: heading(m.Name(), layers)}
	top := margin + 2*lineHeight + headingGap
	for _, l := range d.heading {
		d.width = max(d.width, l.x+l.width()+margin)
	}
	for i, r := range boxes {
		r.left += margin
		r.top += top
		d.boxes = append(d.boxes, newLayerBox(layers[i], r, cells))
		d.width = max(d.width, r.right()+margin)
		d.height = max(d.height, r.bottom()+margin)
	}
	for _, line := range arrows {
		for i := range line {
			line[i].x += margin
			line[i].y += top
			d.width = max(d.width, line[i].x+margin)
		}
	}
	d.arrows = arrows
	return d, nil
}

// boxSizes gives each box room for its texts and its arrows.
func boxSizes(layers []layer.Info, cells cellWidths) (sizes []size, inputs [][]int) {
	consumers := make([]int, len(layers))
	for _, l := range layers {
		inputs = append(inputs, l.Inputs)
		for _, in := range l.Inputs {
			consumers[in]++
		}
	}
	for i, l := range layers {
		arrows := max(len(l.Inputs), consumers[i])
		lines := max(len(nameOf(l, 0)), len(l.Inputs)+1)
		sizes = append(sizes, size{
			width:  max(cells.width(), vg.Length(arrows+1)*portGap),
			height: 2*padY + vg.Length(lines)*lineHeight,
		})
	}
	return sizes, inputs
}

func checkLayers(layers []layer.Info) error {
	if len(layers) == 0 {
		return errors.New("the model has no layers")
	}
	for i, l := range layers {
		if len(l.InputShapes) != len(l.Inputs) {
			return fmt.Errorf("layer %d (%s) has %s but %s", i, l.Name,
				plural(len(l.Inputs), "input"), plural(len(l.InputShapes), "input shape"))
		}
		for _, in := range l.Inputs {
			if in < 0 || in >= i {
				return fmt.Errorf("layer %d (%s) takes its input from layer %d, want one that comes before it", i, l.Name, in)
			}
		}
	}
	return nil
}

func heading(name string, layers []layer.Info) []label {
	params := 0
	for _, l := range layers {
		params += l.Params
	}
	note := fmt.Sprintf("%s, %s", plural(len(layers), "layer"), plural(params, "parameter"))
	return []label{
		newLabel(name, titleText, margin, margin+titleText.rise()),
		newLabel(note, noteText, margin, margin+titleText.rise()+lineHeight),
	}
}
