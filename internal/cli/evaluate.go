package cli

import (
	"context"
	"fmt"
	"math"

	"zoo/mnist"
	"zoo/models"
	"zoo/train"
)

const evaluateCommand = "evaluate"

const evaluateHelp = `zoo evaluate measures a trained model on the test pictures: loss, accuracy, and each class.

Usage:
  go run . evaluate -weights FILE [flags]

Examples:
  go run . evaluate -weights runs/fashion-seq/best.safetensors
  go run . evaluate -weights trained.keras -model mnist-seq        weights that do not say what they are of
  go run . evaluate -weights best.safetensors -data kmnist -json   on another data set, as JSON

Flags:
  -weights FILE  a checkpoint of a training, or weights: .safetensors under Keras's names, .keras, .weights.h5, or .onnx of export
  -model NAME    the model, where the file does not name it, or instead of the one that it names
  -data DIR      take the test pictures of the IDX files in DIR, not those of the model's data set
  -limit N       only the first N of them
  -json          as JSON, with the confusion matrix
  -h             this text
`

// evaluation is what evaluate finds, as -json writes it.
type evaluation struct {
	Model    string  `json:"model"`
	Weights  string  `json:"weights"` // the file
	Dataset  string  `json:"dataset"`
	Pictures string  `json:"pictures"` // which of the set's
	Samples  int     `json:"samples"`
	Loss     float64 `json:"loss"`
	Accuracy float64 `json:"accuracy"`

	Classes []classResult `json:"classes"` // by label
	// Confusion counts the pictures: Confusion[t][p] of class t taken for class p.
	Confusion [][]int `json:"confusion"`
}

// classResult is how well one class is told from the others.
type classResult struct {
	Name      string  `json:"name"`
	Samples   int     `json:"samples"`
	Correct   int     `json:"correct"`
	Accuracy  float64 `json:"accuracy"`  // share of its pictures that are taken for it, its recall; 0 without any
	Precision float64 `json:"precision"` // share of it among the pictures taken for it; 0 without any
}

// runEvaluate is the command evaluate.
func runEvaluate(args []string, out *output) error {
	var opts trained
	var data string
	var limit int
	set := opts.flags()
	set.Func("data", "", text(&data, "a folder"))
	set.Func("limit", "", whole(&limit, math.MaxInt))
	if err := parse(set, args); err != nil {
		return err
	}
	switch {
	case set.NArg() > 0:
		return refuse("unexpected argument %q; evaluate -h shows the usage", set.Arg(0))
	case opts.help:
		out.printf("%s", evaluateHelp)
		return nil
	case opts.weights == "":
		return refuse("no weights are given; -weights FILE takes those of a trained model")
	}
	predictor, err := opts.load()
	if err != nil {
		return err
	}
	pictures, err := testData(predictor, data)
	if err != nil {
		return err
	}
	result, err := evaluate(predictor, pictures, limit)
	if err != nil {
		return err
	}
	result.Weights = opts.weights
	if opts.json {
		return printJSON(out, result)
	}
	result.print(out)
	return nil
}

// testData is the data set in the folder, or the one that the model is for.
func testData(p *models.Predictor, folder string) (*mnist.Dataset, error) {
	if folder == "" {
		return mnist.Load(p.Entry().Dataset)
	}
	set, err := mnist.ReadDir(folder)
	if err != nil {
		return nil, refusal{err}
	}
	return set, nil
}

// evaluate passes the first limit test pictures of the set through the model; 0: all. A signal ends it.
func evaluate(p *models.Predictor, set *mnist.Dataset, limit int) (*evaluation, error) {
	test := set.Test
	if limit > 0 && limit < test.Len() {
		test = test.Slice(0, limit)
	}
	classes := p.Classes()
	if classes == nil {
		classes = set.Classes
	}
	ctx, release := stopOnSignal(context.Background())
	// Later a closed standard output ends the program as it ends others: nothing is to be saved.
	defer release()
	const batch = 64
	a, err := train.Assess(ctx, p.Model(), test, batch, "test", classes)
	switch {
	case err != nil:
		return nil, err
	case math.IsNaN(a.Loss) || math.IsInf(a.Loss, 0):
		return nil, fmt.Errorf("the weights give model %s a loss of %v", p.Model().Name(), a.Loss)
	}
	return &evaluation{
		Model: p.Model().Name(), Dataset: set.Name, Pictures: a.Pictures,
		Samples: a.Samples, Loss: a.Loss, Accuracy: a.Accuracy,
		Classes: classResults(a), Confusion: a.Confusion,
	}, nil
}

func classResults(a *train.Assessment) []classResult {
	results := make([]classResult, len(a.Classes))
	for label, name := range a.Classes {
		r := classResult{Name: name, Correct: a.Confusion[label][label]}
		taken := 0
		for other := range a.Classes {
			r.Samples += a.Confusion[label][other]
			taken += a.Confusion[other][label]
		}
		if r.Samples > 0 {
			r.Accuracy = float64(r.Correct) / float64(r.Samples)
		}
		if taken > 0 {
			r.Precision = float64(r.Correct) / float64(taken)
		}
		results[label] = r
	}
	return results
}

// print writes the evaluation as text.
func (e *evaluation) print(out *output) {
	out.printf("%s with the weights of %s\n", e.Model, shown(e.Weights))
	out.printf("%s %s pictures of %s: loss %.4f, accuracy %.4f\n\n", grouped(e.Samples), e.Pictures, shown(e.Dataset), e.Loss, e.Accuracy)
	t := newTable(1, "class", "pictures", "accuracy", "precision", "mostly taken for")
	for label, class := range e.Classes {
		most, count := 0, 0
		for other, n := range e.Confusion[label] {
			if other != label && n > count {
				most, count = other, n
			}
		}
		mistaken := ""
		if count > 0 {
			mistaken = fmt.Sprintf("%s (%s)", e.Classes[most].Name, grouped(count))
		}
		t.AppendRow([]any{class.Name, grouped(class.Samples), fmt.Sprintf("%.4f", class.Accuracy), fmt.Sprintf("%.4f", class.Precision), mistaken})
	}
	out.printf("%s\n", t.Render())
}
