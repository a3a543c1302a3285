package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"zoo/mnist/picture"
	"zoo/models"
)

const predictCommand = "predict"

const predictHelp = `zoo predict tells what a trained model sees on your pictures: the three most probable classes.

Usage:
  go run . predict -weights FILE [flags] PICTURE...

Examples:
  go run . predict -weights runs/mnist-seq/best.safetensors three.png seven.jpg
  go run . predict -weights runs/fashion-seq/best.safetensors -json photos/*.jpg
  curl -s URL | go run . predict -weights runs/fashion-seq/best.safetensors -

Flags:
  -weights FILE  a checkpoint of a training, or weights: .safetensors under Keras's names, .keras, .weights.h5, or .onnx of export
  -model NAME    the model, where the file does not name it, or instead of the one that it names
  -json          as JSON
  -h             this text

A picture is a PNG, JPEG or GIF (its first frame) of any size and colour, - the standard input; up to 64 MiB and
25 million pixels. It is brought into the form of the data set that the model was trained on: one digit is
scaled into 20x20 pixels and placed by its centre of mass, as MNIST's makers did it; an article is trimmed, scaled to 28
pixels and sharpened, as Fashion-MNIST's did. Pictures that are dark on light are inverted, which is told. One of
28x28 pixels is otherwise taken as it is. Where a picture cannot be read the others are answered and the exit code is 1.
`

// topClasses is how many classes are told of each picture.
const topClasses = 3

// answer is what predict tells of one picture, as -json writes it.
type answer struct {
	Picture string `json:"picture"` // as the command line names it
	// Error says why there is no answer; nothing below is set then.
	Error string `json:"error,omitempty"`

	Format   string        `json:"format,omitempty"`
	Width    int           `json:"width,omitempty"`
	Height   int           `json:"height,omitempty"`
	Inverted bool          `json:"inverted"`      // it was dark on light
	Top      []classAnswer `json:"top,omitempty"` // the most probable first

	pixels []float32
	err    error
}

// classAnswer is a class that a picture may be of.
type classAnswer struct {
	Label       int     `json:"label"`
	Class       string  `json:"class"`
	Probability float32 `json:"probability"`
}

// runPredict is the command predict.
func runPredict(args []string, out *output) error {
	var opts trained
	set := opts.flags()
	if err := parse(set, args); err != nil {
		return err
	}
	if opts.help {
		out.printf("%s", predictHelp)
		return nil
	}
	if err := checkOrder(set, args); err != nil {
		return err
	}
	switch names := set.Args(); {
	case opts.weights == "":
		return refuse("no weights are given; -weights FILE takes those of a trained model")
	case len(names) == 0:
		return refuse("no picture is given; predict -h shows the usage")
	case count(names, "-") > 1:
		return refuse("the standard input is there twice; - stands for one picture")
	}
	predictor, err := opts.load()
	if err != nil {
		return err
	}
	answers, err := predict(predictor, set.Args())
	if err != nil {
		return err
	}
	if opts.json {
		err = printJSON(out, struct {
			Model    string   `json:"model"`
			Weights  string   `json:"weights"`
			Pictures []answer `json:"pictures"`
		}{predictor.Model().Name(), opts.weights, answers})
		if err != nil {
			return err
		}
	} else {
		printAnswers(out, answers)
	}
	var failed []error
	for _, a := range answers {
		failed = append(failed, a.err)
	}
	return errors.Join(failed...)
}

func count(names []string, name string) int {
	n := 0
	for _, other := range names {
		if other == name {
			n++
		}
	}
	return n
}

// predict reads the pictures and passes those that could be read through the model together.
func predict(p *models.Predictor, names []string) ([]answer, error) {
	form := picture.FormOf(datasetOf(p))
	answers := make([]answer, len(names))
	var readable []*answer
	var pixels [][]float32
	for i, name := range names {
		a := readPicture(name, form)
		answers[i] = a
		if a.err == nil {
			readable, pixels = append(readable, &answers[i]), append(pixels, a.pixels)
		}
	}
	predictions, err := p.Predict(pixels)
	if err != nil {
		return nil, err
	}
	classes := classesOf(p)
	for i, a := range readable {
		for _, label := range predictions[i].Top(topClasses) {
			a.Top = append(a.Top, classAnswer{label, classes[label], predictions[i].Probabilities[label]})
		}
	}
	return answers, nil
}

// readPicture reads the file, - the standard input, into an answer without classes.
func readPicture(name string, form picture.Form) answer {
	a := answer{Picture: name}
	p, err := func() (picture.Picture, error) {
		var file io.Reader = os.Stdin
		if name != "-" {
			opened, err := os.Open(name)
			if err != nil {
				return picture.Picture{}, err
			}
			defer func() { _ = opened.Close() }() // it was only read
			file = opened
		}
		return picture.Read(file, form)
	}()
	if err != nil {
		err = withoutPath(err)
		a.Error, a.err = err.Error(), fmt.Errorf("%s: %w", shownPicture(name), err)
		return a
	}
	a.Format, a.Width, a.Height, a.Inverted, a.pixels = p.Format, p.Width, p.Height, p.Inverted, p.Pixels
	return a
}

func shownPicture(name string) string {
	if name == "-" {
		return "standard input"
	}
	return shown(name)
}

// printAnswers writes a line for each picture that has an answer.
func printAnswers(out *output, answers []answer) {
	t := newTable(2+topClasses, "picture", "first", "second", "third", "")
	for _, a := range answers {
		if a.err != nil {
			continue
		}
		row := []any{shownPicture(a.Picture)}
		for _, class := range a.Top {
			row = append(row, fmt.Sprintf("%s %.4f", class.Class, class.Probability))
		}
		if a.Inverted {
			row = append(row, "dark on light: inverted")
		}
		t.AppendRow(row)
	}
	if t.Length() > 0 {
		out.printf("%s\n", t.Render())
	}
}
