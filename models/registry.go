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

	// VariantOf is the model of which this one is a variant: the same but for one
	// thing, to measure what it does. "" for the report's own models.
	VariantOf string

	Diagram string // the structure diagram's file name in the report, without extension

	// Build declares the network. Its weights are zero until Initialize.
	Build func() (*layer.Model, error)
}

var (
	registry []Entry
	variants []variant
)

// variant is a model that differs from another of the registry.
type variant struct {
	of, name, title string
	change          func(*Entry)
}

// register adds a model; it is called by the init function of the model's file.
func register(e Entry) {
	registry = append(registry, e)
}

// registerVariant adds the model that differs by the change from one that is
// registered.
func registerVariant(of, name, title string, change func(*Entry)) {
	variants = append(variants, variant{of, name, title, change})
}

// All returns the report's models in the order of its sections.
func All() []Entry {
	all := slices.Clone(registry)
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Section, b.Section), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// Variants returns the variants in the order of the models that they differ from.
func Variants() []Entry {
	var all []Entry
	for _, e := range All() {
		for _, v := range variants {
			if v.of == e.Name {
				changed := e
				changed.Name, changed.Title, changed.VariantOf = v.name, v.title, v.of
				changed.Diagram += "_" + strings.TrimPrefix(v.name, v.of+"-")
				v.change(&changed)
				all = append(all, changed)
			}
		}
	}
	return all
}

// Select returns the models that a comma-separated list names: "all", names,
// or patterns as path.Match takes them (fashion-*), each model once, in the
// order of All. Variants are not among "all", nor among what a pattern matches
// that matches one of the report's models: their names choose them, and
// patterns that match nothing else (fashion-seq-*).
func Select(list string) ([]Entry, error) {
	report, all := len(registry), append(All(), Variants()...)
	chosen := make([]bool, len(all))
	for pattern := range strings.SplitSeq(list, ",") {
		pattern = strings.TrimSpace(pattern)
		if pattern == "" {
			return nil, errors.New("an empty model name; want all, a name or a pattern such as fashion-*")
		}
		found := false
		for i, e := range all {
			if i == report && found {
				break // the pattern does not mean the variants
			}
			match, err := path.Match(pattern, e.Name)
			if err != nil {
				return nil, fmt.Errorf("model pattern %q: %w", pattern, err)
			}
			if match || pattern == "all" && i < report {
				chosen[i], found = true, true
			}
		}
		if !found {
			return nil, unknown(pattern, all[:report], all[report:])
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
func unknown(name string, report, variants []Entry) error {
	listed := "all, " + strings.Join(names(report), ", ") + ", and the variants " + strings.Join(names(variants), ", ")
	if strings.ContainsAny(name, "*?[") {
		return fmt.Errorf("no model matches %q; there are: %s", name, listed)
	}
	nearest := slices.MinFunc(slices.Concat(names(report), names(variants), []string{"all"}), func(a, b string) int {
		return cmp.Compare(distance(name, a), distance(name, b))
	})
	return fmt.Errorf("unknown model %q; did you mean %s? There are: %s", name, nearest, listed)
}

func names(entries []Entry) []string {
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return names
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
