package models

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"zoo/models/layer"
)

// Predictor tells which class pictures are of. It is safe for concurrent use: it
// keeps inference graphs and lends each to one call at a time, so that calls after the
// first ones make none. Its memory is freed with it.
type Predictor struct {
	model   *layer.Model
	entry   Entry
	dataset string
	classes []string
	size    int // values of a picture

	single, many pool
}

// manyPictures is the batch in which several pictures are passed through.
const manyPictures = 64

// NewPredictor returns a Predictor with the model's weights, which share its memory: it must not be
// trained meanwhile.
func NewPredictor(model *layer.Model) *Predictor {
	p := &Predictor{model: model, size: 1}
	for _, n := range model.InputShape() {
		p.size *= n
	}
	p.single = newPool(model, 1, runtime.GOMAXPROCS(0))
	// A batch keeps all processors busy; a second one can be filled meanwhile.
	p.many = newPool(model, manyPictures, 2)
	return p
}

// Model is the model that predicts.
func (p *Predictor) Model() *layer.Model { return p.model }

// Entry is the model's in the registry, the zero Entry if it did not come from there.
func (p *Predictor) Entry() Entry { return p.entry }

// Dataset is the name of the data set that the weights' file says it was trained
// on, "" if it says none.
func (p *Predictor) Dataset() string { return p.dataset }

// Classes are the classes' names by label, nil if the weights' file does not tell them.
func (p *Predictor) Classes() []string { return slices.Clone(p.classes) }

// Prediction is the model's answer to a picture.
type Prediction struct {
	Class         int       // the label of the most probable class
	Probabilities []float32 // of each class, by label
}

// Top returns the labels of the n most probable classes, the most probable first.
func (p Prediction) Top(n int) []int {
	labels := make([]int, len(p.Probabilities))
	for i := range labels {
		labels[i] = i
	}
	slices.SortStableFunc(labels, func(a, b int) int {
		switch x, y := p.Probabilities[a], p.Probabilities[b]; {
		case x > y:
			return -1
		case x < y:
			return 1
		default:
			return 0
		}
	})
	return labels[:min(n, len(labels))]
}

// Predict returns the answer to each picture: values height, width, channel of the
// model's input shape, 0..1 and light on dark for the models of this package (see package zoo/mnist/picture). A picture of
// another length, or with values that are not finite, is an error, and so are weights that give no
// probabilities for it.
func (p *Predictor) Predict(pictures [][]float32) ([]Prediction, error) {
	for i, picture := range pictures {
		if err := p.check(picture); err != nil {
			return nil, fmt.Errorf("picture %d: %w", i, err)
		}
	}
	classes := p.model.Classes()
	answers := make([]Prediction, len(pictures))
	probabilities := make([]float32, len(pictures)*classes)
	for from := 0; from < len(pictures); from += manyPictures {
		to := min(from+manyPictures, len(pictures))
		if err := p.batch(probabilities[from*classes:to*classes], pictures[from:to]); err != nil {
			return nil, err
		}
	}
	for i := range answers {
		own := probabilities[i*classes : (i+1)*classes : (i+1)*classes]
		best := 0
		for class, probability := range own {
			if math.IsNaN(float64(probability)) {
				return nil, fmt.Errorf("model %s: its weights give no probabilities (NaN) for picture %d", p.model.Name(), i)
			}
			if probability > own[best] {
				best = class
			}
		}
		answers[i] = Prediction{Class: best, Probabilities: own}
	}
	return answers, nil
}

func (p *Predictor) check(picture []float32) error {
	if len(picture) != p.size {
		return fmt.Errorf("%d values, want %d: %v", len(picture), p.size, p.model.InputShape())
	}
	for i, v := range picture {
		if v-v != 0 { // NaN or infinite
			return fmt.Errorf("value %d is %v", i, v)
		}
	}
	return nil
}

// batch writes the probabilities for at most manyPictures pictures.
func (p *Predictor) batch(probabilities []float32, pictures [][]float32) error {
	from := &p.many
	if len(pictures) == 1 {
		from = &p.single
	}
	graph, err := from.take()
	if err != nil {
		return err
	}
	defer from.giveBack(graph)
	images := graph.Images(len(pictures))
	for i, picture := range pictures {
		copy(images[i*p.size:], picture)
	}
	if err := graph.Run(len(pictures)); err != nil {
		return err
	}
	copy(probabilities, graph.Probabilities())
	return nil
}

// pool is a model's inference graphs for batches of one size: made when they are
// needed, up to a number, and then waited for.
type pool struct {
	model *layer.Model
	batch int
	free  chan *layer.Graph
	made  chan struct{} // an element for each graph
}

func newPool(model *layer.Model, batch, most int) pool {
	return pool{model: model, batch: batch, free: make(chan *layer.Graph, most), made: make(chan struct{}, most)}
}

func (p *pool) take() (*layer.Graph, error) {
	select {
	case graph := <-p.free:
		return graph, nil
	default:
	}
	select {
	case graph := <-p.free:
		return graph, nil
	case p.made <- struct{}{}:
	}
	graph, err := p.model.InferenceGraph(p.batch)
	if err != nil {
		<-p.made
		return nil, err
	}
	return graph, nil
}

func (p *pool) giveBack(graph *layer.Graph) { p.free <- graph }
