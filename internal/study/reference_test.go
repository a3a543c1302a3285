package study

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/models"
	"zoo/train"
)

func TestReference(t *testing.T) {
	lengths := map[string]int{}
	for name, h := range Report() {
		lengths["report "+name] = len(h)
	}
	for name, h := range Keras() {
		lengths["keras "+name] = len(h)
	}
	want := map[string]int{
		"report fashion-seq": 11, "report fashion-func": 11, "report fashion-best": 24,
		"keras fashion-seq": 11, "keras fashion-func": 11,
	}
	if diff := cmp.Diff(want, lengths); diff != "" {
		t.Error(diff)
	}
	first := train.Epoch{
		Epoch: 2, Seconds: 695, MsPerStep: 741,
		Loss: 0.4423, Accuracy: 0.8681, ValLoss: 0.3514, ValAccuracy: 0.8804,
	}
	if diff := cmp.Diff(first, Report()["fashion-best"][0]); diff != "" {
		t.Error(diff)
	}
	for name := range Report() {
		if _, err := models.Select(name); err != nil {
			t.Error(err)
		}
	}
	Report()["fashion-seq"][0].Loss = 7
	if Report()["fashion-seq"][0].Loss == 7 {
		t.Error("a caller changed the published numbers")
	}
}

func TestParseReferenceErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "empty",
		"epoch,loss\n1,2\n":              "no column model",
		"model,epoch\na,one\n":           "line 2: column epoch: ",
		"model,epoch,loss\na,1,1\na,2,x": "line 3: column loss: ",
		"model,epoch\na\n":               "record on line 2: wrong number of fields",
	} {
		if _, err := parseReference(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}
