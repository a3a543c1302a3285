package train

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"zoo/models/layer"
)

const (
	calibrationBins = 15 // as Guo et al. 2017 take for the expected calibration error
	mostMistakes    = 30
)

// Assessment is a trained model looked at closely on pictures that it has not
// been trained on: what assessment.json of a run holds. Every picture counts
// once, as its most probable class.
type Assessment struct {
	Pictures string   `json:"pictures"` // which: "validation" or "test"
	Classes  []string `json:"classes"`  // their names, by label

	Samples  int     `json:"samples"`
	Loss     float64 `json:"loss"`
	Accuracy float64 `json:"accuracy"`

	// Confusion counts the pictures: Confusion[t][p] of class t taken for class p.
	Confusion [][]int `json:"confusion"`

	// Calibration sorts the pictures by the probability of the class that they
	// were taken for, into bins of equal width from 0 to 1, empty ones included.
	Calibration []Bin `json:"calibration"`
	// CalibrationError is the expected calibration error: the mean over all
	// pictures of their bin's |accuracy - confidence|.
	CalibrationError float64 `json:"calibration_error"`

	// Mistakes are the wrong answers given with most confidence, the surest first.
	Mistakes []Mistake `json:"mistakes"`

	// Filters are the kernels of the model's first convolution; nil without one.
	Filters *Filters `json:"filters,omitempty"`
}

// Bin is the pictures whose answer had a probability above Low and up to High.
type Bin struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Samples    int     `json:"samples"`
	Confidence float64 `json:"confidence"` // mean probability of the answers; 0 when empty
	Accuracy   float64 `json:"accuracy"`   // share of right answers; 0 when empty
}

// Mistake is a picture taken for another class.
type Mistake struct {
	Index       int     `json:"index"` // of the picture among Pictures
	Label       int     `json:"label"`
	Predicted   int     `json:"predicted"`
	Probability float64 `json:"probability"` // of the class predicted
}

// Filters are a convolution's kernels as Keras keeps them: Shape is (height,
// width, in, out), Weights the row-major elements.
type Filters struct {
	Name    string    `json:"name"` // conv2d/kernel
	Shape   []int     `json:"shape"`
	Weights []float32 `json:"weights"`
}

// Assess evaluates the model on data, batch pictures at a time with inference's
// behaviour, and looks closely at its answers. pictures says which data it is,
// classes names them by label. When ctx ends it stops after the batch, with
// ctx's error.
func Assess(ctx context.Context, m *layer.Model, data Data, batch int, pictures string, classes []string) (*Assessment, error) {
	if len(classes) != m.Classes() {
		return nil, fmt.Errorf("assess: %d names of classes, but model %s has %d", len(classes), m.Name(), m.Classes())
	}
	e, err := newEvaluator(m, data, batch)
	if err != nil {
		return nil, err
	}
	count := newTally(len(classes))
	loss, _, err := e.run(ctx, count.batch)
	if err := join(err, e.close()); err != nil {
		return nil, err
	}
	a := count.assessment()
	a.Pictures, a.Classes, a.Loss = pictures, classes, loss
	a.Filters = firstFilters(m)
	return a, nil
}

// tally counts a model's answers.
type tally struct {
	classes   int
	seen      int
	confusion [][]int
	bins      [calibrationBins]struct {
		samples, correct int
		confidence       float64 // sum
	}
	mistakes []Mistake
}

func newTally(classes int) *tally {
	t := &tally{classes: classes, confusion: make([][]int, classes)}
	for i := range t.confusion {
		t.confusion[i] = make([]int, classes)
	}
	return t
}

// batch counts a batch: probabilities are rows of classes, one for each label.
func (t *tally) batch(probabilities []float32, labels []int32) {
	for i, label := range labels {
		row := probabilities[i*t.classes : (i+1)*t.classes]
		answer := 0
		for class, p := range row {
			if p > row[answer] {
				answer = class
			}
		}
		t.add(int(label), answer, float64(row[answer]))
	}
}

func (t *tally) add(label, answer int, probability float64) {
	t.confusion[label][answer]++
	// A bin is open below and closed above.
	bin := &t.bins[min(max(int(math.Ceil(probability*calibrationBins))-1, 0), calibrationBins-1)]
	bin.samples++
	bin.confidence += probability
	if label == answer {
		bin.correct++
	} else {
		t.mistakes = append(t.mistakes, Mistake{Index: t.seen, Label: label, Predicted: answer, Probability: probability})
	}
	t.seen++
}

func (t *tally) assessment() *Assessment {
	a := &Assessment{Samples: t.seen, Confusion: t.confusion}
	a.Accuracy = float64(t.seen-len(t.mistakes)) / float64(t.seen)
	for i, b := range t.bins {
		bin := Bin{Low: float64(i) / calibrationBins, High: float64(i+1) / calibrationBins, Samples: b.samples}
		if n := float64(b.samples); n > 0 {
			bin.Confidence, bin.Accuracy = b.confidence/n, float64(b.correct)/n
			a.CalibrationError += n / float64(t.seen) * math.Abs(bin.Accuracy-bin.Confidence)
		}
		a.Calibration = append(a.Calibration, bin)
	}
	slices.SortStableFunc(t.mistakes, func(a, b Mistake) int { return cmp.Compare(b.Probability, a.Probability) })
	a.Mistakes = append([]Mistake{}, t.mistakes[:min(len(t.mistakes), mostMistakes)]...)
	return a
}

// firstFilters are the kernels of the model's first convolution, nil without one.
func firstFilters(m *layer.Model) *Filters {
	for _, v := range m.Variables() {
		if shape := v.Shape(); len(shape) == 4 {
			return &Filters{Name: v.Name, Shape: shape, Weights: slices.Clone(v.Data())}
		}
	}
	return nil
}

// WriteJSON writes the assessment as JSON. It refuses what ReadAssessment would.
func (a *Assessment) WriteJSON(w io.Writer) error {
	if err := a.check(); err != nil {
		return fmt.Errorf("assessment: %w", err)
	}
	text, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// ReadAssessment reads what WriteJSON writes. Unknown and missing fields, values
// that cannot be or contradict each other and text after the end are refused.
func ReadAssessment(r io.Reader) (*Assessment, error) {
	a := &Assessment{}
	if err := ReadJSON(r, a); err != nil {
		return nil, fmt.Errorf("not an assessment: %w", err)
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("not an assessment: %w", err)
	}
	return a, nil
}

// check refuses an assessment that no model can have.
func (a *Assessment) check() error {
	classes := len(a.Classes)
	switch {
	case classes < 2:
		return fmt.Errorf("%d classes", classes)
	case len(a.Confusion) != classes:
		return fmt.Errorf("confusion has %d rows for %d classes", len(a.Confusion), classes)
	case !(a.Loss >= 0) || math.IsInf(a.Loss, 0):
		return fmt.Errorf("loss %v", a.Loss)
	}
	samples, correct := 0, 0
	for label, row := range a.Confusion {
		if len(row) != classes {
			return fmt.Errorf("row %d of confusion has %d columns for %d classes", label, len(row), classes)
		}
		for _, n := range row {
			if n < 0 {
				return fmt.Errorf("row %d of confusion counts %d pictures", label, n)
			}
			samples += n
		}
		correct += row[label]
	}
	if samples < 1 || samples != a.Samples {
		return fmt.Errorf("confusion counts %d pictures, samples says %d", samples, a.Samples)
	}
	if math.Abs(a.Accuracy-float64(correct)/float64(samples)) > 1e-9 {
		return fmt.Errorf("accuracy %v, but confusion has %d of %d right", a.Accuracy, correct, samples)
	}
	return errors.Join(a.checkCalibration(), a.checkMistakes(), a.checkFilters())
}

func (a *Assessment) checkCalibration() error {
	samples := 0
	for i, b := range a.Calibration {
		if !(b.Low >= 0 && b.Low < b.High && b.High <= 1) || b.Samples < 0 ||
			!(b.Confidence >= 0 && b.Confidence <= 1) || !(b.Accuracy >= 0 && b.Accuracy <= 1) {
			return fmt.Errorf("bin %d of calibration cannot be: %+v", i, b)
		}
		samples += b.Samples
	}
	if samples != a.Samples {
		return fmt.Errorf("calibration counts %d pictures, samples says %d", samples, a.Samples)
	}
	if !(a.CalibrationError >= 0 && a.CalibrationError <= 1) {
		return fmt.Errorf("calibration error %v", a.CalibrationError)
	}
	return nil
}

func (a *Assessment) checkMistakes() error {
	for i, m := range a.Mistakes {
		classes := len(a.Classes)
		if m.Index < 0 || m.Index >= a.Samples || m.Label < 0 || m.Label >= classes || m.Predicted < 0 || m.Predicted >= classes ||
			m.Label == m.Predicted || !(m.Probability >= 0 && m.Probability <= 1) {
			return fmt.Errorf("mistake %d cannot be: %+v", i, m)
		}
	}
	return nil
}

func (a *Assessment) checkFilters() error {
	if a.Filters == nil {
		return nil
	}
	size := 1
	for _, n := range a.Filters.Shape {
		if n < 1 || n > len(a.Filters.Weights) {
			return fmt.Errorf("filters of shape %v with %d weights", a.Filters.Shape, len(a.Filters.Weights))
		}
		size *= n
	}
	if len(a.Filters.Shape) != 4 || size != len(a.Filters.Weights) {
		return fmt.Errorf("filters of shape %v with %d weights", a.Filters.Shape, len(a.Filters.Weights))
	}
	return nil
}
