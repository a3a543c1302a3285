// Package models declares the networks of the zoo: one file for each
// architecture, which reads like its Keras original, and a registry with what
// else the lab report says of them: data set, split, optimizer, batch, epochs.
//
// A new model is one new file that calls register.
package models

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"zoo/models/layer"
)

// Entry is a model of the zoo with the settings that the report trained it with.
type Entry struct {
	Name    string // as the command line takes it: fashion-seq
	Section string // of the report: 2.3
	Title   string // Fashion Sequential

	Dataset string // "mnist" or "fashion-mnist"
	// Holdout training images, the first ones, validate and are not trained
	// on; 0: all are trained on and the test images validate.
	Holdout int
	// TestAtEnd: the test images are evaluated too when training is over.
	TestAtEnd bool

	Batch, Epochs          int
	LearningRate, Momentum float64
	// Decay: the learning rate falls as LearningRate / (1 + d*steps) with
	// d = LearningRate / epochs, the report's setting of Keras's old decay.
	Decay bool
	// InOrder: images are not shuffled and the last partial batch is dropped,
	// as section 2.0 does it by hand.
	InOrder bool

	Diagram string // the structure diagram's file name in the report, without extension

	// Build declares the network. Its weights are zero until Initialize.
	Build func() (*layer.Model, error)
}

var registry []Entry

// register adds a model; it is called by the init function of the model's file.
func register(e Entry) {
	registry = append(registry, e)
}

// All returns the models in the order of the report's sections.
func All() []Entry {
	all := slices.Clone(registry)
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Section, b.Section), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// Select returns the models that a comma-separated list names: "all", names,
// or patterns as path.Match takes them (fashion-*), each model once, in the
// order of All.
func Select(list string) ([]Entry, error) {
	all := All()
	chosen := make([]bool, len(all))
	for pattern := range strings.SplitSeq(list, ",") {
		pattern = strings.TrimSpace(pattern)
		if pattern == "" {
			return nil, errors.New("an empty model name; want all, a name or a pattern such as fashion-*")
		}
		found := false
		for i, e := range all {
			match, err := path.Match(pattern, e.Name)
			if err != nil {
				return nil, fmt.Errorf("model pattern %q: %w", pattern, err)
			}
			if match || pattern == "all" {
				chosen[i], found = true, true
			}
		}
		if !found {
			return nil, unknown(pattern, all)
		}
	}
	var selected []Entry
	for i, e := range all {
		if chosen[i] {
			selected = append(selected, e)
		}
	}
	return selected, nil
}

// unknown names the models that there are and the one most like the name asked for.
func unknown(name string, all []Entry) error {
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = e.Name
	}
	if strings.ContainsAny(name, "*?[") {
		return fmt.Errorf("no model matches %q; there are: all, %s", name, strings.Join(names, ", "))
	}
	nearest := slices.MinFunc(append(names, "all"), func(a, b string) int {
		return cmp.Compare(distance(name, a), distance(name, b))
	})
	return fmt.Errorf("unknown model %q; did you mean %s? There are: all, %s", name, nearest, strings.Join(names, ", "))
}

// distance counts the letters to insert, drop, replace or swap with their
// neighbour to make b out of a.
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			d[i][j] = min(replaced, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
