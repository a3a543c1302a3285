package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"zoo/models/layer"
	"zoo/plots"
	"zoo/train"
)

// run trains the model and leaves its files in its folder, results.json last: a run that has it is finished.
func (p *plan) run(ctx context.Context, out *output) error {
	model, err := p.entry.Build()
	if err != nil {
		return err
	}
	model.Initialize(p.config.Seed)
	p.printHeader(out, model)
	if err := os.MkdirAll(p.dir, 0o777); err != nil {
		return err
	}
	if err := removeRun(p.dir); err != nil {
		return err
	}
	if err := p.writeStructure(model); err != nil {
		return err
	}

	started := time.Now()
	saver := &historyHook{dir: p.dir}
	history, err := train.Fit(ctx, model, p.training, p.validation, p.config, saver, out.progress(p.entry))
	if err != nil {
		return p.unfinished(err, len(saver.saved))
	}
	test, err := p.evaluate(ctx, out, model)
	if err != nil {
		return p.unfinished(err, len(saver.saved))
	}
	if err := p.writeCurves(history); err != nil {
		return err
	}
	versions := train.TheseVersions(version())
	result := train.NewResult(p.settings(), versions, model.Params(), history, started, time.Now())
	result.Test = test
	if err := train.WriteFile(filepath.Join(p.dir, resultFile), result.WriteJSON); err != nil {
		return err
	}
	out.printf("saved in %s\n\n", p.dir)
	return nil
}

// printHeader tells what is about to be trained, on what and how.
func (p *plan) printHeader(out *output, model *layer.Model) {
	images := fmt.Sprintf("%s for training, %s for validation", grouped(p.training.Len()), grouped(p.validation.Len()))
	if p.test.Len() > 0 {
		images += fmt.Sprintf(", %s for the test", grouped(p.test.Len()))
	}
	c := p.config
	optimizer := fmt.Sprintf("SGD, learning rate %g", c.LearningRate)
	if c.Momentum > 0 {
		optimizer += fmt.Sprintf(", momentum %g", c.Momentum)
	}
	if c.Decay > 0 {
		optimizer += fmt.Sprintf(", decay %.4g", c.Decay)
	}
	out.printf("%s (section %s, %s): %s parameters\n", p.entry.Name, p.entry.Section, p.entry.Title, grouped(model.Params()))
	out.printf("  images     %s: %s\n", p.data.Name, images)
	out.printf("  training   %s of batch %d, seed %d\n", counted(c.Epochs, "epoch"), c.Batch, c.Seed)
	out.printf("  optimizer  %s\n", optimizer)
}

// counted is a number with its noun: 1 epoch, 11 epochs.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return grouped(n) + " " + noun
}

// evaluate measures the trained model on the test images; nil where they validate.
func (p *plan) evaluate(ctx context.Context, out *output, model *layer.Model) (*train.Evaluation, error) {
	if p.test.Len() == 0 {
		return nil, nil
	}
	out.printf("test on %s images", grouped(p.test.Len())) // it may take its time
	loss, accuracy, err := train.Evaluate(ctx, model, p.test, p.config.Batch)
	if err != nil {
		out.printf("\n")
		return nil, err
	}
	out.printf(" - loss: %.4f - accuracy: %.4f\n", loss, accuracy)
	return &train.Evaluation{Samples: p.test.Len(), Loss: loss, Accuracy: accuracy}, nil
}

// unfinished is the error of a training that ended early, with what is left of it.
func (p *plan) unfinished(err error, epochs int) error {
	kept := "no epoch of it is finished"
	if epochs > 0 {
		kept = fmt.Sprintf("%s keeps %s of it", filepath.Join(p.dir, historyFile), counted(epochs, "epoch"))
	}
	return fmt.Errorf("%w; %s", err, kept)
}

// writeStructure writes what the model is: summary.txt and the diagram under the report's name.
func (p *plan) writeStructure(model *layer.Model) error {
	err := train.WriteFile(filepath.Join(p.dir, summaryFile), func(w io.Writer) error { return plots.Summary(w, model) })
	if err != nil {
		return err
	}
	diagram, err := plots.Structure(model)
	if err != nil {
		return err
	}
	return writeDrawing(filepath.Join(p.dir, p.entry.Diagram), diagram)
}

// writeCurves writes the report's plot of the training; section 2.0's has two panels.
func (p *plan) writeCurves(history train.History) error {
	draw := plots.History
	if p.entry.InOrder {
		draw = plots.HistoryPanels
	}
	curves, err := draw(p.entry.Name, history)
	if err != nil {
		return err
	}
	return writeDrawing(filepath.Join(p.dir, curvesName), curves)
}

// writeDrawing writes the drawing as path.png and path.svg.
func writeDrawing(path string, drawing *plots.Drawing) error {
	return errors.Join(
		train.WriteFile(path+".png", drawing.WritePNG),
		train.WriteFile(path+".svg", drawing.WriteSVG),
	)
}
