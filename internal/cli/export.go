package cli

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"zoo/models"
	"zoo/models/exchange"
	"zoo/models/exchange/keras"
	"zoo/models/exchange/onnx"
	"zoo/train"
)

const exportCommand = "export"

const exportHelp = `zoo export writes a trained model for other programs.

Usage:
  go run . export -weights FILE -o X [-model NAME]

Examples:
  go run . export -weights runs/fashion-seq/best.safetensors -o fashion-seq.keras
  go run . export -weights runs/fashion-seq/best.safetensors -o fashion-seq.onnx
  go run . export -weights theirs.weights.h5 -model mnist-seq -o mnist-seq.onnx

Flags:
  -weights FILE  a checkpoint of a training, or weights: .safetensors, .keras, .weights.h5, or .onnx of export
  -o X           where to write; the end of its name says what:
                   .keras        the model as Keras 3 saves it, compiled; of a checkpoint with the optimizer's state
                   .weights.h5   its weights alone, for Keras's load_weights
                   .onnx         what onnxruntime runs: "image" (batch, 28, 28, 1), pixels divided by 255, gives
                                 "probabilities" (batch, 10), a Softmax behind the logits where the model has none
                   .safetensors  its weights alone, for Python's safetensors
  -model NAME    the model, where the file does not name it, or instead of the one that it names
  -h             this text
`

// exchanged are the flags of export and import.
type exchanged struct {
	model, weights, out string
	help                bool
}

func (opts *exchanged) flags() *flag.FlagSet {
	set := newFlagSet()
	set.Func("model", "", text(&opts.model, "a name"))
	set.Func("weights", "", text(&opts.weights, "a file"))
	set.Func("o", "", text(&opts.out, "a file"))
	set.BoolVar(&opts.help, "h", false, "")
	set.BoolVar(&opts.help, "help", false, "")
	return set
}

// check refuses command lines of which nothing can come, and returns the extension of what is to be written.
func (opts *exchanged) check(set *flag.FlagSet, command string) (extension string, err error) {
	switch {
	case set.NArg() > 0:
		return "", refuse("unexpected argument %q; %s -h shows the usage", set.Arg(0), command)
	case opts.weights == "":
		return "", refuse("no weights are given; -weights FILE takes those of a trained model")
	case opts.out == "":
		return "", refuse("no file to write is given; -o FILE names it")
	}
	if extension, err = exchange.Extension(opts.out); err != nil {
		return "", refuse("invalid value %q for flag -o: %w", opts.out, err)
	}
	from, fromErr := os.Stat(opts.weights) // whether it is there is for open to say
	to, toErr := os.Stat(opts.out)
	if fromErr == nil && toErr == nil && os.SameFile(from, to) {
		return "", refuse("-o %s is the file of -weights; give another name", opts.out)
	}
	return extension, nil
}

// open reads the weights into their model. Whatever is wrong with them is a refusal.
func (opts *exchanged) open() (*exchange.File, *models.Predictor, error) {
	file, err := exchange.Open(opts.weights)
	if err != nil {
		return nil, nil, refusal{err}
	}
	predictor, err := file.Predictor(opts.model)
	if err != nil {
		return nil, nil, refuseWeights(fmt.Errorf("%s: %w", opts.weights, err))
	}
	return file, predictor, nil
}

// runExport is the command export.
func runExport(args []string, out *output) error {
	var opts exchanged
	set := opts.flags()
	if err := parse(set, args); err != nil {
		return err
	}
	if opts.help {
		out.printf("%s", exportHelp)
		return nil
	}
	extension, err := opts.check(set, exportCommand)
	if err != nil {
		return err
	}
	file, predictor, err := opts.open()
	if err != nil {
		return err
	}
	with, note, err := exportOptions(file, predictor)
	if err != nil {
		return err
	}
	err = train.WriteFile(opts.out, func(w io.Writer) error { return exchange.Save(w, extension, predictor.Model(), with) })
	if err != nil {
		return err
	}
	if extension != exchange.Keras {
		note = ""
	}
	out.printf("%s: %s%s\n", predictor.Model().Name(), shown(opts.out), note)
	return nil
}

// exportOptions are the texts and the optimizer that go with the weights, and what to tell of the optimizer.
func exportOptions(file *exchange.File, p *models.Predictor) (with exchange.Options, note string, err error) {
	classes, err := json.Marshal(classesOf(p))
	if err != nil {
		return with, "", err
	}
	with.Metadata = map[string]string{
		models.MetadataClasses: string(classes),
		"normalisation":        normalisation,
		onnx.MetadataProducer:  "zoo " + version(),
	}
	if dataset := p.Dataset(); dataset != "" {
		with.Metadata[models.MetadataDataset] = dataset
	}
	if safe := file.Safetensors(); safe != nil {
		if checkpoint, err := train.CheckpointOf(safe); err == nil {
			with.Keras = kerasSettings(checkpoint)
			return with, fmt.Sprintf(", the optimizer as after %s", counted(checkpoint.Iteration, "step")), nil
		}
	}
	entry := p.Entry()
	with.Keras.Optimizer = keras.Optimizer{LearningRate: entry.LearningRate, Momentum: entry.Momentum}
	if entry.Decay {
		with.Keras.Optimizer.Decay = entry.LearningRate / float64(entry.Epochs)
	}
	return with, ", the optimizer's state is fresh", nil
}

// kerasSettings are those with which Keras goes on where the checkpoint was saved.
func kerasSettings(c *train.Checkpoint) keras.Settings {
	return keras.Settings{
		Optimizer: keras.Optimizer{
			LearningRate: c.BaseRate,
			Momentum:     c.Settings.Momentum,
			Decay:        c.Settings.Decay,
			Iterations:   int64(c.Iteration),
			Velocities:   c.Velocities(),
		},
		Saved: c.Saved,
	}
}
