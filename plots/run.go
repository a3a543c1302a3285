package plots

import (
	"fmt"
	"math"

	"zoo/models"
	"zoo/train"
)

// A Run is a finished training, as the report and the table of all models show it.
type Run struct {
	Entry   models.Entry
	Result  train.Result
	History train.History

	// Curves and Structure are the pictures of the training and of the model:
	// paths relative to the report, with slashes; "" when there is none. An SVG
	// is shown in its own size, a PNG with a pixel for each of its dots.
	Curves, Structure string
}

// LeftOut is a model without a run to show.
type LeftOut struct {
	Name   string
	Reason string
}

// differences are the settings in which the run differs from the report, so that
// its numbers do not mean the same.
func (r Run) differences() []string {
	s, e := r.Result.Settings, r.Entry
	var found []string
	add := func(differs bool, format string, args ...any) {
		if differs {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	add(s.Dataset != e.Dataset, "data set %s instead of %s", s.Dataset, e.Dataset)
	add(s.Limit > 0, "only the first %s of each part", plural(s.Limit, "picture"))
	add(s.Epochs != e.Epochs, "%s instead of %d", plural(s.Epochs, "epoch"), e.Epochs)
	add(s.Batch != e.Batch, "batches of %d instead of %d", s.Batch, e.Batch)
	add(s.LearningRate != e.LearningRate, "learning rate %g instead of %g", s.LearningRate, e.LearningRate)
	add(s.Momentum != e.Momentum, "momentum %g instead of %g", s.Momentum, e.Momentum)
	decay := 0.0
	if e.Decay {
		decay = s.LearningRate / float64(s.Epochs)
	}
	add(math.Abs(s.Decay-decay) > 1e-12, "decay %.4g instead of %.4g", s.Decay, decay)
	return found
}
