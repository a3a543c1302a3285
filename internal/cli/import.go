package cli

import (
	"io"
	"maps"

	"zoo/models"
	"zoo/models/exchange"
	"zoo/train"
)

const importCommand = "import"

const importHelp = `zoo import reads the weights of a model that was trained elsewhere, in Keras for one, into a file of the zoo's.

Usage:
  go run . import -model NAME -weights X -o FILE

Examples:
  go run . import -model fashion-seq -weights theirs.keras -o fashion-seq.safetensors
  go run . import -model mnist-func -weights theirs.weights.h5 -o mnist-func.safetensors

Flags:
  -weights X   the weights: .keras or .weights.h5 of Keras 3, .safetensors under Keras's names, or .onnx of export
  -o FILE      where to write: a .safetensors file, which -init, evaluate, predict and export take
  -model NAME  the model that the weights are of; it may be left out where X names it
  -h           this text

Every weight of the model has to be there in its shape; otherwise nothing is written. An optimizer's state is not
taken. -init, evaluate, predict and export take X itself too; import makes one kind of file of all.
`

// runImport is the command import.
func runImport(args []string, out *output) error {
	var opts exchanged
	set := opts.flags()
	if err := parse(set, args); err != nil {
		return err
	}
	if opts.help {
		out.printf("%s", importHelp)
		return nil
	}
	extension, err := opts.check(set, importCommand)
	switch {
	case err != nil:
		return err
	case extension != exchange.Safetensors:
		return refuse("invalid value %q for flag -o: import writes %s; export writes the other formats, of any of them",
			opts.out, exchange.Safetensors)
	}
	file, predictor, err := opts.open()
	if err != nil {
		return err
	}
	model := predictor.Model()
	// What the file tells of its weights is kept; the state of a training is not: what it belongs to is left behind.
	with := exchange.Options{Metadata: map[string]string{}}
	maps.Copy(with.Metadata, file.Metadata)
	maps.DeleteFunc(with.Metadata, func(key, _ string) bool {
		return key != models.MetadataDataset && key != models.MetadataClasses
	})
	with.Metadata["normalisation"] = normalisation
	err = train.WriteFile(opts.out, func(w io.Writer) error { return exchange.Save(w, extension, model, with) })
	if err != nil {
		return err
	}
	out.printf("%s: %s, %s weights; a training with -init begins with them and a fresh optimizer\n",
		model.Name(), shown(opts.out), grouped(model.Params()))
	return nil
}
