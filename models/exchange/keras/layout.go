package keras

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"zoo/models/exchange/hdf5"
	"zoo/models/layer"
)

// Paths of a weights file.
const (
	layersPath    = "layers"
	optimizerPath = "optimizer"
	vars          = "vars"
	nameAttribute = "name"
)

// place is a layer's group in a weights file.
type place struct {
	path      string // layers/conv2d_1
	name      string // of the layer
	variables []*layer.Variable
}

// tensor is the path of the layer's i-th variable.
func (p place) tensor(i int) string { return p.path + "/" + vars + "/" + strconv.Itoa(i) }

// places are the groups of the model's layers in Keras's order. A Sequential does
// not count its InputLayer among its layers.
func places(m *layer.Model) []place {
	var all []place
	variables := m.Variables()
	counts := map[string]int{}
	for _, l := range m.Layers() {
		if l.Class == "InputLayer" && m.Sequential() {
			continue
		}
		p := place{path: layersPath + "/" + numbered(snakeCase(l.Class), counts), name: l.Name}
		for len(variables) > 0 && strings.HasPrefix(variables[0].Name, l.Name+"/") {
			p.variables = append(p.variables, variables[0])
			variables = variables[1:]
		}
		all = append(all, p)
	}
	return all
}

// numbered is the name, with a number behind it from the second time on.
func numbered(name string, counts map[string]int) string {
	n := counts[name]
	counts[name]++
	if n == 0 {
		return name
	}
	return fmt.Sprintf("%s_%d", name, n)
}

var (
	wordStart = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	humpStart = regexp.MustCompile(`([a-z])([A-Z])`)
)

// snakeCase is a class's name as Keras writes it in paths: LeakyReLU becomes
// leaky_re_lu, Conv2D conv2d.
func snakeCase(class string) string {
	s := wordStart.ReplaceAllString(class, "${1}_$2")
	return strings.ToLower(humpStart.ReplaceAllString(s, "${1}_$2"))
}

// weightsFile is the weights file of a model, over the model's memory.
func weightsFile(m *layer.Model) *hdf5.File {
	f := &hdf5.File{}
	group := func(path, name string) {
		f.Groups = append(f.Groups, path)
		f.Attributes = append(f.Attributes, hdf5.Attribute{Path: path, Name: nameAttribute, Value: name})
	}
	group(vars, m.Name())
	for _, p := range places(m) {
		group(p.path+"/"+vars, p.name)
		for i, v := range p.variables {
			f.Datasets = append(f.Datasets, hdf5.Dataset{Path: p.tensor(i), Shape: v.Shape(), Float32: v.Data()})
		}
	}
	return f
}
