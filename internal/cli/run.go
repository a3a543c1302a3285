package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"zoo/mnist"
	"zoo/models/layer"
	"zoo/plots"
	"zoo/train"
)

// run trains the model, from the beginning or from its checkpoint, and leaves its files in its folder, results.json last: a
// run that has it is finished.
func (p *plan) run(ctx context.Context, out *output) (err error) {
	model, err := p.entry.Build()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.dir, 0o777); err != nil {
		return err
	}
	release, err := lock(p.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	if _, err := os.Lstat(filepath.Join(p.dir, resultFile)); err == nil && !p.force {
		return fmt.Errorf("another command has trained it in %s meanwhile; the same command keeps that run", p.dir)
	}
	if err := p.removeLeftovers(); err != nil {
		return err
	}

	p.printHeader(out, model)
	var checkpoint *train.Checkpoint
	if p.resume {
		checkpoint = p.newest(out)
	}
	if err := p.clear(checkpoint != nil); err != nil {
		return err
	}
	if err := p.writeStructure(model); err != nil {
		return err
	}
	history, started, err := p.fit(ctx, out, model, checkpoint)
	if err != nil {
		return p.unfinished(err, history, started)
	}
	assessment, err := p.assess(ctx, out, model)
	if err != nil {
		return p.unfinished(err, history, started)
	}
	if err := p.writeCurves(history); err != nil {
		return err
	}
	versions := train.TheseVersions(version())
	result := train.NewResult(p.settings(), versions, model.Params(), history, started, time.Now())
	if p.test.Len() > 0 {
		result.Test = &train.Evaluation{Samples: assessment.Samples, Loss: assessment.Loss, Accuracy: assessment.Accuracy}
	}
	if err := train.WriteFile(filepath.Join(p.dir, resultFile), result.WriteJSON); err != nil {
		return err
	}
	out.printf("saved in %s\n\n", p.dir)
	return nil
}

// clear removes from the folder what an earlier run left and this one writes only later: results.json, which says that the
// run is finished, before all else. A training that is resumed keeps its logs. Checkpoints always stay until this run saves
// its own: a training that fails before that, or never was meant, costs no good weights.
func (p *plan) clear(resumed bool) error {
	if err := removeRun(p.dir); err != nil || resumed {
		return err
	}
	return removeLogs(p.dir)
}

// fit trains the model from its first weights or from the checkpoint, and returns the history and when it was started.
func (p *plan) fit(ctx context.Context, out *output, model *layer.Model, checkpoint *train.Checkpoint) (train.History, time.Time, error) {
	saver, err := p.saver()
	if err != nil {
		return nil, time.Time{}, err
	}
	callbacks, _ := p.callbacks.changing()
	var end ending
	callbacks = append(callbacks, &end, &historyCallback{dir: p.dir})
	callbacks = append(callbacks, p.callbacks.loggers(p.dir, checkpoint != nil)...)
	callbacks = append(callbacks, out.progress(p.entry), saver)
	var history train.History
	started := time.Now()
	if checkpoint != nil {
		started = checkpoint.Started
		history, err = train.Resume(ctx, model, checkpoint, p.training, p.validation, p.config, callbacks...)
	} else if err = p.begin(model); err == nil {
		history, err = train.Fit(ctx, model, p.training, p.validation, p.config, callbacks...)
	}
	if err == nil && end.reason != "" {
		out.printf("stopped after epoch %d of %d: %s\n", len(history), p.config.Epochs, end.reason)
	}
	return history, started, err
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
	if p.initial != nil {
		out.printf("  weights    begin as in %s, the optimizer's state is fresh\n", shown(p.initial.path))
	}
	if _, changing := p.callbacks.changing(); changing != "" {
		out.printf("  callbacks  %s\n", changing)
	}
}

// counted is a number with its noun: 1 epoch, 11 epochs.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return grouped(n) + " " + noun
}

// assess looks closely at the trained model's answers: on the test images, or where those validate, on these. It writes
// assessment.json and the picture of the surest mistakes.
func (p *plan) assess(ctx context.Context, out *output, model *layer.Model) (*train.Assessment, error) {
	pictures, samples := "validation", p.validation
	if p.test.Len() > 0 {
		pictures, samples = "test", p.test
		out.printf("test on %s images", grouped(samples.Len())) // it may take its time
	}
	assessment, err := train.Assess(ctx, model, samples, p.config.Batch, pictures, p.data.Classes)
	switch {
	case p.test.Len() == 0:
	case err != nil:
		out.printf("\n")
	default:
		out.printf(" - loss: %.4f - accuracy: %.4f\n", assessment.Loss, assessment.Accuracy)
	}
	if err != nil {
		return nil, err
	}
	if err := p.writeMistakes(assessment, samples); err != nil {
		return nil, err
	}
	return assessment, train.WriteFile(filepath.Join(p.dir, assessmentFile), assessment.WriteJSON)
}

// writeMistakes draws the wrong answers that were given with most confidence.
func (p *plan) writeMistakes(a *train.Assessment, samples mnist.Samples) error {
	title := fmt.Sprintf("%s, seed %d: the surest mistakes on %s %s pictures", p.entry.Name, p.config.Seed, grouped(a.Samples), a.Pictures)
	drawing, err := plots.Mistakes(title, a.Mistakes, samples.Pixels, a.Classes)
	if err != nil {
		return err
	}
	return writeDrawing(filepath.Join(p.dir, mistakesName), drawing)
}

// unfinished is the error of a training that ended early, with what is left of it. One that a signal ended leaves the
// curves of its epochs too.
func (p *plan) unfinished(err error, history train.History, started time.Time) error {
	signalled := errors.As(err, new(stopped))
	last := filepath.Join(p.dir, lastFile)
	checkpoint, readErr := train.ReadCheckpoint(last)
	switch {
	case readErr != nil:
		return fmt.Errorf("%w; nothing of it is saved", err)
	case checkpoint.Started.Before(started):
		return fmt.Errorf("%w; nothing of it is saved, and %s still is of a training before it", err, last)
	}
	err = fmt.Errorf("%w; %s keeps %s", err, last, reached(checkpoint))
	switch {
	case signalled && len(history) > 0:
		return errors.Join(err, p.writeCurves(history))
	case !signalled && !errors.Is(err, train.ErrDiverged): // which would diverge again
		return fmt.Errorf("%w, and -resume goes on from there", err)
	}
	return err
}

// reached is how far the training of a checkpoint has come: 3 epochs and 120 steps.
func reached(c *train.Checkpoint) string {
	at := counted(len(c.History), "epoch")
	if c.Step > 0 {
		at += " and " + counted(c.Step, "step")
	}
	return at
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
