package plots

import (
	"zoo/internal/study"
	"zoo/train"
)

// published are the epochs of each model, by its name.
type published struct{ report, keras map[string]train.History }

func reference() published { return published{study.Report(), study.Keras()} }

// epochOf returns the epoch of that number, nil when the history has none.
func epochOf(h train.History, number int) *train.Epoch {
	for i := range h {
		if h[i].Epoch == number {
			return &h[i]
		}
	}
	return nil
}

// accuracyClaims are the validation accuracies of models of which the report
// prints no epochs.
var accuracyClaims = map[string]string{"mnist-seq": "99%", "mnist-func": "99%"}

// claims are what the report says of models of which it prints no epochs.
var claims = map[string]string{
	"mnist-dense": "batches of 64 oscillate significantly less than batches of 32 and train faster; it prints no numbers",
	"mnist-seq":   "99% accuracy on MNIST; it prints no numbers",
	"mnist-func":  "the result is the same as for the sequential model: 99%; it prints no numbers",
}
