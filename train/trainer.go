package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"zoo/models/layer"
)

// Fit trains m on train as Keras's fit does, and after each epoch evaluates it
// on validation: pictures are shuffled anew for each epoch, a partial batch at
// the end is trained too (but see Config.InOrder). It goes on from the weights
// that m has: call m.Initialize before, or load some.
//
// Fit stops with an error when ctx ends (after the step or validation batch at
// work; the error is ctx's error and its cause), when the loss is no longer a
// number (ErrDiverged) and when a hook fails. The History of the epochs that
// were finished comes with the error; m keeps the weights of the last full step
// (BatchNormalization's moving statistics also those of the step at fault).
func Fit(ctx context.Context, m *layer.Model, train, validation Data, cfg Config, hooks ...Hook) (History, error) {
	return fit(ctx, m, train, validation, cfg, hooks, time.Now)
}

func fit(ctx context.Context, m *layer.Model, train, validation Data, cfg Config, hooks []Hook, now func() time.Time) (History, error) {
	t, err := newTrainer(m, train, validation, cfg, hooks, now)
	if err != nil {
		return nil, fmt.Errorf("cannot train: %w", err)
	}
	err = t.run(ctx)
	return t.history, join(err, t.close())
}

// trainer is one run of Fit.
type trainer struct {
	cfg       Config
	data      Data
	graph     *layer.Graph
	solver    *SGD
	evaluator *evaluator
	hooks     []Hook
	now       func() time.Time

	began     time.Time
	iteration int // steps done in all epochs
	progress  Progress
	mean      running       // of this epoch
	firstStep time.Duration // of this epoch
	nextSteps time.Duration // all others of this epoch together
	history   History
}

func newTrainer(m *layer.Model, train, validation Data, cfg Config, hooks []Hook, now func() time.Time) (*trainer, error) {
	if err := cfg.check(train.Len()); err != nil {
		return nil, err
	}
	if err := checkSize("validate", validation.Len()); err != nil {
		return nil, err
	}
	evaluator, err := newEvaluator(m, validation, cfg.Batch)
	if err != nil {
		return nil, err
	}
	graph, err := m.TrainingGraph(min(cfg.Batch, train.Len()), cfg.Seed)
	if err != nil {
		return nil, join(err, evaluator.close())
	}
	return &trainer{
		cfg:       cfg,
		data:      train,
		graph:     graph,
		solver:    NewSGD(cfg.LearningRate, cfg.Momentum, cfg.Decay),
		evaluator: evaluator,
		hooks:     hooks,
		now:       now,
		progress: Progress{
			Epochs:          cfg.Epochs,
			Steps:           cfg.steps(train.Len()),
			ValidationSteps: evaluator.steps(),
			LearningRate:    cfg.LearningRate,
		},
	}, nil
}

func (t *trainer) close() error { return join(t.graph.Close(), t.evaluator.close()) }

func (t *trainer) run(ctx context.Context) (err error) {
	t.began = t.now()
	for i, hook := range t.hooks {
		if err := hook.TrainBegin(&t.progress); err != nil {
			return join(err, t.end(t.hooks[:i]))
		}
	}
	for t.progress.Epoch < t.cfg.Epochs && err == nil {
		t.progress.Epoch++
		if err = t.epoch(ctx); err != nil {
			err = fmt.Errorf("epoch %d, step %d of %d: %w", t.progress.Epoch, t.progress.Step, t.progress.Steps, err)
		}
	}
	return join(err, t.end(t.hooks))
}

// end ends the hooks, each whether or not another fails.
func (t *trainer) end(hooks []Hook) (err error) {
	for _, hook := range hooks {
		err = join(err, hook.TrainEnd(&t.progress))
	}
	return err
}

// epoch trains one epoch, validates and adds the outcome to the history.
func (t *trainer) epoch(ctx context.Context) error {
	began := t.now()
	p := &t.progress
	p.Step, p.Samples, p.Loss, p.Accuracy = 0, 0, 0, 0
	t.mean = running{}
	t.firstStep, t.nextSteps = 0, 0
	for _, hook := range t.hooks {
		if err := hook.EpochBegin(p); err != nil {
			return err
		}
	}
	if err := t.steps(ctx); err != nil {
		return err
	}
	loss, accuracy, err := t.evaluator.run(ctx)
	if err != nil {
		return err
	}
	if !isFinite(loss) {
		return t.diverged("validation loss", loss)
	}
	ended := t.now()
	p.Elapsed = ended.Sub(t.began)
	e := Epoch{
		Epoch:        p.Epoch,
		Loss:         p.Loss,
		Accuracy:     p.Accuracy,
		ValLoss:      loss,
		ValAccuracy:  accuracy,
		Seconds:      ended.Sub(began).Round(time.Millisecond).Seconds(),
		MsPerStep:    significant(t.msPerStep()),
		LearningRate: p.LearningRate,
	}
	t.history = append(t.history, e)
	for _, hook := range t.hooks {
		if err := hook.EpochEnd(p, e); err != nil {
			return err
		}
	}
	return nil
}

// steps trains the epoch's steps.
func (t *trainer) steps(ctx context.Context) error {
	p := &t.progress
	order := t.order()
	for p.Step < p.Steps {
		if ctx.Err() != nil {
			return stoppedBy(ctx)
		}
		n := min(t.cfg.Batch, len(order))
		if err := t.step(order[:n]); err != nil {
			return err
		}
		order = order[n:]
		for _, hook := range t.hooks {
			if err := hook.BatchEnd(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// order is the order in which this epoch takes the pictures.
func (t *trainer) order() []int32 {
	if t.cfg.InOrder {
		return inOrder(t.data.Len())
	}
	return Shuffle(t.data.Len(), t.cfg.Seed, t.progress.Epoch)
}

// step trains the pictures with these indices and brings progress up to date.
func (t *trainer) step(indices []int32) error {
	began := t.now()
	n := len(indices)
	t.data.Batch(indices, t.graph.Images(n), t.graph.Labels(n))
	t.graph.SetStep(t.iteration)
	if err := t.graph.Run(n); err != nil {
		return err
	}
	p := &t.progress
	p.Step++
	p.LearningRate = t.solver.LearningRate()
	loss := t.graph.Loss()
	if !isFinite(loss) {
		return t.diverged("loss", loss)
	}
	if err := t.solver.Step(t.graph.Learnables()); err != nil {
		return err
	}
	t.iteration++
	// In order all batches are full, so that this mean over the samples is the
	// mean of the batches that section 2.0 takes.
	t.mean.add(n, loss, t.graph.Correct())
	p.Samples, p.Loss, p.Accuracy = t.mean.samples, t.mean.loss(), t.mean.accuracy()
	ended := t.now()
	p.Elapsed = ended.Sub(t.began)
	if p.Step == 1 {
		t.firstStep = ended.Sub(began)
	} else {
		t.nextSteps += ended.Sub(began)
	}
	return nil
}

// msPerStep is the mean time of the epoch's steps without the first, which
// pays for what is set up once; of the first when there is no other.
func (t *trainer) msPerStep() float64 {
	if t.progress.Steps == 1 {
		return float64(t.firstStep) / float64(time.Millisecond)
	}
	return float64(t.nextSteps) / float64(time.Millisecond) / float64(t.progress.Steps-1)
}

func (t *trainer) diverged(what string, loss float64) error {
	return fmt.Errorf("the %s is %v at learning rate %.6g: %w; lower -lr", what, loss, t.progress.LearningRate, ErrDiverged)
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
