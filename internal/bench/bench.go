package bench

import (
	"context"
	"fmt"
	"maps"

	"zoo/models"
)

// Config is what to measure.
type Config struct {
	Models  []models.Entry
	Batches []int // of training
	Steps   int   // timed for each framework, model and batch, and as many classifications
	Workers int   // threads that compute

	Zoo    Framework
	Others []Framework // that take turns with it
	Notes  []string    // for the report, of what is known to be missing
}

// Listener is told of things while the rest is being measured. A function that
// is nil is not called.
type Listener struct {
	Note     func(text string) // what could not be measured, and why
	Training func(Case)        // a model's training at one batch
}

// inferenceBatches are the batches that are classified: one picture, as soon as
// possible, and many.
var inferenceBatches = []int{1, 256}

// Run measures the training of every model at every batch, and inference.
// Without zoo's own numbers it fails; another framework that fails is noted and
// left out of what it failed at.
func Run(ctx context.Context, cfg Config, listener Listener) (*Report, error) {
	r := &runner{Config: cfg, listener: listener, report: newReport(cfg)}
	for _, text := range cfg.Notes {
		r.note(text)
	}
	if err := r.rehearse(ctx); err != nil {
		return nil, err
	}
	for _, entry := range cfg.Models {
		for i, batch := range cfg.Batches {
			last := i == len(cfg.Batches)-1
			if err := r.task(ctx, Task{Entry: entry, Batch: batch, Workers: cfg.Workers}, last); err != nil {
				return nil, err
			}
		}
	}
	return r.report, nil
}

// runner is one Run.
type runner struct {
	Config
	listener Listener
	report   *Report
}

// rehearse opens each framework once, before any counts, so that all of them
// start with their files in the system's memory (and torch.compile with the first
// model's code in its cache). One that does not start is noted and left out of
// everything.
func (r *runner) rehearse(ctx context.Context) error {
	if len(r.Others) == 0 {
		return nil
	}
	t := Task{Entry: r.Models[0], Batch: r.Batches[0], Workers: r.Workers}
	var able []Framework
	for i, f := range append([]Framework{r.Zoo}, r.Others...) {
		p, err := open(ctx, f, t)
		if err == nil {
			err = p.close()
		}
		switch {
		case err != nil && (i == 0 || ctx.Err() != nil):
			return fmt.Errorf("%v: %w", t, err)
		case err != nil:
			r.note(fmt.Sprintf("left out: %v", err))
		case i > 0:
			able = append(able, f)
		}
	}
	r.Others = able
	return nil
}

// task measures one training and, with the same processes, inference.
func (r *runner) task(ctx context.Context, t Task, inference bool) (err error) {
	all := &turns{ctx: ctx, lost: func(err error) { r.note(fmt.Sprintf("%v: %v", t, err)) }}
	defer func() {
		if closed := all.close(); err == nil {
			err = closed
		}
	}()
	for _, f := range append([]Framework{r.Zoo}, r.Others...) {
		if err := all.add(f, t); err != nil {
			return fmt.Errorf("%v: %w", t, err)
		}
	}
	r.report.Kernels = all.processes[0].ready.Kernels
	for _, p := range all.processes {
		maps.Copy(r.report.Versions, p.ready.Versions)
	}
	training, err := r.training(all, t)
	if err != nil {
		return fmt.Errorf("%v: %w", t, err)
	}
	r.report.Training = append(r.report.Training, training)
	if r.listener.Training != nil {
		r.listener.Training(training)
	}
	if !inference {
		return nil
	}
	for _, batch := range inferenceBatches {
		c, err := r.inference(all, training, batch)
		if err != nil {
			return fmt.Errorf("%s, inference of %d: %w", t.Entry.Name, batch, err)
		}
		r.report.Inference = append(r.report.Inference, c)
	}
	return nil
}

// note keeps what could not be measured.
func (r *runner) note(text string) {
	r.report.Notes = append(r.report.Notes, text)
	if r.listener.Note != nil {
		r.listener.Note(text)
	}
}

// warmUp is the number of steps before the first that counts: allocations,
// caches and the choice of algorithms are behind them.
const warmUp = 3

// training measures training steps, the memory that they took and where zoo's
// time went.
func (r *runner) training(all *turns, t Task) (Case, error) {
	c := Case{Model: t.Entry.Name, Batch: t.Batch}
	if _, err := all.interleave("step", []int{warmUp}); err != nil {
		return c, err
	}
	times, err := all.interleave("step", divide(r.Steps))
	if err != nil {
		return c, err
	}
	memory, err := all.peakMemory()
	if err != nil {
		return c, err
	}
	zoo := all.processes[0]
	peak, err := zoo.ask("peak")
	if err != nil {
		return c, err
	}
	profiled, err := zoo.ask(fmt.Sprintf("profile %d", r.Steps))
	if err != nil {
		return c, err
	}
	c.GFLOP, c.Profile = times.flops/1e9, profiled.Profile
	c.PeakGFLOPS, c.PeakGBs = peak.PeakGFLOPS, peak.PeakGBs
	for _, p := range all.processes {
		result := c.add(p.framework, times.rounds[p])
		result.FirstStepSeconds = p.firstStep.Seconds()
		result.PeakMemory = memory[p]
	}
	return c, nil
}

// inference measures the classification of batches, beside a training that has
// found the peaks.
func (r *runner) inference(all *turns, training Case, batch int) (Case, error) {
	c := Case{Model: training.Model, Batch: batch, PeakGFLOPS: training.PeakGFLOPS, PeakGBs: training.PeakGBs}
	times, err := all.interleave(fmt.Sprintf("predict %d", batch), divide(r.Steps))
	if err != nil {
		return c, err
	}
	c.GFLOP = times.flops / 1e9
	for _, p := range all.processes {
		c.add(p.framework, times.rounds[p])
	}
	return c, nil
}
