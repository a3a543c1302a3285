package models

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Parameter counts as Keras 3.15 counts them, for 2.0 by hand:
// (784+1)*512 + (512+1)*256 + (256+1)*10.
var params = map[string]int{
	"mnist-dense":  535_818,
	"mnist-seq":    902_154,
	"mnist-func":   1_349_274,
	"fashion-seq":  902_154,
	"fashion-func": 1_349_274,
	"fashion-best": 22_509_834,

	"mnist-dense-32":        535_818,
	"mnist-seq-nobn":        902_154 - 4*(3*64+512), // without gamma, beta, moving mean and variance
	"fashion-seq-nobn":      902_154 - 4*(3*64+512),
	"fashion-seq-nodropout": 902_154,
	"fashion-seq-nodecay":   902_154,
}

// Every model of the registry, from the list itself.
func TestModels(t *testing.T) {
	diagrams := map[string]string{}
	for _, e := range append(All(), Variants()...) {
		t.Run(e.Name, func(t *testing.T) {
			m, err := e.Build()
			if err != nil {
				t.Fatal(err)
			}
			if m.Name() != e.Name {
				t.Errorf("the model calls itself %q", m.Name())
			}
			if want := params[e.Name]; m.Params() != want {
				t.Errorf("%d parameters, want %d", m.Params(), want)
			}
			if m.Classes() != 10 {
				t.Errorf("%d classes", m.Classes())
			}
			if diff := cmp.Diff([]int{28, 28, 1}, m.InputShape()); diff != "" {
				t.Errorf("input shape:\n%s", diff)
			}
			if e.Dataset != "mnist" && e.Dataset != "fashion-mnist" {
				t.Errorf("data set %q", e.Dataset)
			}
			if e.Batch < 1 || e.Epochs < 1 || e.LearningRate <= 0 || e.Title == "" || e.Section == "" {
				t.Errorf("settings are missing: %+v", e)
			}
			if other := diagrams[e.Diagram]; e.Diagram == "" || other != "" {
				t.Errorf("diagram %q is also %q's", e.Diagram, other)
			}
			diagrams[e.Diagram] = e.Name
			m.Initialize(1)
			train, err := m.TrainingGraph(2, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer train.Close()
			infer, err := m.InferenceGraph(2)
			if err != nil {
				t.Fatal(err)
			}
			defer infer.Close()
			for i := range train.Images(2) {
				train.Images(2)[i] = float32(i%11) / 11
				infer.Images(2)[i] = float32(i%11) / 11
			}
			for _, n := range []int{2, 1} {
				if err := train.Run(n); err != nil {
					t.Fatal(err)
				}
				if err := infer.Run(n); err != nil {
					t.Fatal(err)
				}
			}
			for _, l := range train.Learnables() {
				grad, err := l.Grad()
				if err != nil {
					t.Fatal(err)
				}
				if !grad.Shape().Eq(l.Value().Shape()) {
					t.Errorf("a gradient of shape %v for weights of shape %v", grad.Shape(), l.Value().Shape())
				}
			}
		})
	}
	for name := range params {
		if _, err := Select(name); err != nil {
			t.Error(err)
		}
	}
}

func TestSelect(t *testing.T) {
	six := "mnist-dense mnist-seq mnist-func fashion-seq fashion-func fashion-best"
	tests := []struct{ list, want string }{
		{"all", six},
		{"*", six},
		{"mnist-seq", "mnist-seq"},
		{"fashion-*", "fashion-seq fashion-func fashion-best"},
		{"fashion-best, mnist-dense", "mnist-dense fashion-best"},
		{"*-seq,mnist-seq,all", six},
		{"fashion-seq*", "fashion-seq"},
		{"fashion-seq-nobn", "fashion-seq-nobn"},
		{"fashion-seq-*", "fashion-seq-nobn fashion-seq-nodropout fashion-seq-nodecay"},
		{"*-nobn,fashion-seq", "fashion-seq mnist-seq-nobn fashion-seq-nobn"},
	}
	for _, tt := range tests {
		entries, err := Select(tt.list)
		if err != nil {
			t.Errorf("%s: %v", tt.list, err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s selects %q, want %q", tt.list, got, tt.want)
		}
	}
	for list, want := range map[string]string{
		"mnist-sec":       `unknown model "mnist-sec"; did you mean mnist-seq?`,
		"ALL":             `unknown model "ALL"; did you mean all?`,
		"fashion-bset":    "did you mean fashion-best?",
		"mnist-seq-nobm":  "did you mean mnist-seq-nobn?",
		"cifar-*":         `no model matches "cifar-*"; there are: all, mnist-dense`,
		"mnist-seq,":      "an empty model name",
		"":                "an empty model name",
		"mnist-seq,[":     "syntax error in pattern",
		"mnist-seq,x,all": `unknown model "x"`,
	} {
		if _, err := Select(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", list, err, want)
		}
	}
}

// A variant is the model that it is of, but for one thing: a setting or a layer.
func TestVariants(t *testing.T) {
	classes := func(e Entry) []string {
		m, err := e.Build()
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, l := range m.Layers() {
			all = append(all, l.Class+" "+l.Activation)
		}
		return all
	}
	for name, without := range map[string]string{
		"mnist-dense-32":        "",
		"mnist-seq-nobn":        "BatchNormalization ",
		"fashion-seq-nobn":      "BatchNormalization ",
		"fashion-seq-nodropout": "Dropout ",
		"fashion-seq-nodecay":   "",
	} {
		selected, err := Select(name)
		if err != nil {
			t.Fatal(err)
		}
		variant := selected[0]
		original, err := Select(variant.VariantOf)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.DeleteFunc(classes(original[0]), func(class string) bool { return class == without })
		if diff := cmp.Diff(want, classes(variant)); diff != "" {
			t.Errorf("%s: layers (-want +got)\n%s", name, diff)
		}
		changed := original[0]
		switch name {
		case "mnist-dense-32":
			changed.Batch = 32
		case "fashion-seq-nodecay":
			changed.Decay = false
		}
		naming := cmpopts.IgnoreFields(Entry{}, "Name", "Title", "VariantOf", "Diagram", "Build")
		if diff := cmp.Diff(changed, variant, naming); diff != "" {
			t.Errorf("%s: settings (-want +got)\n%s", name, diff)
		}
	}
	if n := len(Variants()); n != 5 {
		t.Errorf("%d variants, but this test knows 5", n)
	}
}
