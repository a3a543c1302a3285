package train

import (
	"context"
	"errors"
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
// number (ErrDiverged; but see TerminateOnNaN) and when a callback fails. The History of the epochs that
// were finished comes with the error; m keeps the weights of the last full step
// (BatchNormalization's moving statistics also those of the step at fault).
//
// Resume goes on with a training that Fit began.
func Fit(ctx context.Context, m *layer.Model, train, validation Data, cfg Config, callbacks ...Callback) (History, error) {
	return fit(ctx, m, train, validation, cfg, callbacks, time.Now)
}

func fit(ctx context.Context, m *layer.Model, train, validation Data, cfg Config, callbacks []Callback, now func() time.Time) (History, error) {
	t, err := newTrainer(m, train, validation, cfg, callbacks, now)
	if err != nil {
		return nil, fmt.Errorf("cannot train: %w", err)
	}
	err = t.run(ctx)
	return t.history, join(err, t.close())
}

// trainer is one run of Fit or Resume.
type trainer struct {
	cfg       Config
	data      Data
	graph     *layer.Graph
	solver    *SGD
	evaluator *evaluator
	callbacks []Callback
	now       func() time.Time

	// Began are moved back by what was trained before a Resume, so that times add up.
	began      time.Time
	epochBegan time.Time
	started    time.Time // when the first run began, by the clock
	resumed    *Checkpoint
	cut        bool // the context ended, after a full step that all callbacks have seen

	iteration  int // steps done in all epochs
	training   Training
	mean       running       // of this epoch
	firstStep  time.Duration // of this epoch in this run
	otherSteps time.Duration // all others of this epoch together
	timed      int           // how many these are
	history    History
}

func newTrainer(m *layer.Model, train, validation Data, cfg Config, callbacks []Callback, now func() time.Time) (*trainer, error) {
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
	solver := NewSGD(cfg.LearningRate, cfg.Momentum, cfg.Decay)
	t := &trainer{
		cfg:       cfg,
		data:      train,
		graph:     graph,
		solver:    solver,
		evaluator: evaluator,
		callbacks: callbacks,
		now:       now,
		training: Training{
			Progress: Progress{
				Epochs:          cfg.Epochs,
				Steps:           cfg.steps(train.Len()),
				ValidationSteps: evaluator.steps(),
				LearningRate:    cfg.LearningRate,
			},
			model:  m,
			solver: solver,
		},
	}
	t.training.trainer = t
	return t, nil
}

func (t *trainer) close() error { return join(t.graph.Close(), t.evaluator.close()) }

func (t *trainer) run(ctx context.Context) (err error) {
	t.began = t.now()
	t.started = t.began
	if t.resumed != nil {
		t.started = t.resumed.Started
		t.began = t.began.Add(-t.resumed.Elapsed)
	}
	for i, callback := range t.callbacks {
		if err := callback.TrainBegin(&t.training); err != nil {
			return join(err, t.end(t.callbacks[:i]))
		}
	}
	if err = t.restoreCallbacks(); err == nil {
		err = t.epochs(ctx)
	}
	if t.cut {
		err = join(err, t.save(Cut))
	}
	return join(err, t.end(t.callbacks))
}

// epochs trains all epochs that are left.
func (t *trainer) epochs(ctx context.Context) error {
	p := &t.training
	// One that was left in the middle is finished even when it was to be the last.
	begun := t.resumed != nil && t.resumed.Step > 0
	for begun || p.Epoch < t.cfg.Epochs && p.stop == "" {
		t.epochBegan = t.now()
		if begun {
			t.epochBegan = t.epochBegan.Add(-t.resumed.EpochElapsed)
			begun = false
		} else {
			p.Epoch++
			p.Step, p.Samples, p.Loss, p.Accuracy = 0, 0, 0, 0
			t.mean = running{}
			t.firstStep, t.otherSteps, t.timed = 0, 0, 0
		}
		if err := t.epoch(ctx); err != nil {
			return t.survive(fmt.Errorf("epoch %d, step %d of %d: %w", p.Epoch, p.Step, p.Steps, err))
		}
	}
	return nil
}

// survive is what becomes of a training that has to end with this error.
func (t *trainer) survive(err error) error {
	for _, callback := range t.callbacks {
		if guard, ok := callback.(DivergenceGuard); ok && errors.Is(err, ErrDiverged) {
			err = guard.Diverged(&t.training, err)
		}
	}
	return err
}

// end ends the callbacks, each whether or not another fails.
func (t *trainer) end(callbacks []Callback) (err error) {
	for _, callback := range callbacks {
		err = join(err, callback.TrainEnd(&t.training))
	}
	return err
}

// epoch trains what is left of an epoch, validates and adds the outcome to the
// history.
func (t *trainer) epoch(ctx context.Context) error {
	p := &t.training
	for _, callback := range t.callbacks {
		if err := callback.EpochBegin(p); err != nil {
			return err
		}
	}
	if err := t.steps(ctx); err != nil {
		return err
	}
	loss, accuracy, err := t.evaluator.run(ctx, nil)
	if err != nil {
		t.cut = errors.As(err, new(stopped))
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
		Seconds:      ended.Sub(t.epochBegan).Round(time.Millisecond).Seconds(),
		MsPerStep:    significant(t.msPerStep()),
		LearningRate: p.LearningRate,
	}
	t.history = append(t.history, e)
	for _, callback := range t.callbacks {
		if err := callback.EpochEnd(p, e); err != nil {
			return err
		}
	}
	return t.save(AfterEpoch)
}

// steps trains the steps that are left of the epoch.
func (t *trainer) steps(ctx context.Context) error {
	p := &t.training
	order := t.order()
	// All steps but the last take full batches.
	order = order[min(p.Step*t.cfg.Batch, len(order)):]
	begunAt := p.Step
	for p.Step < p.Steps && p.stop == "" {
		if ctx.Err() != nil {
			t.cut = true
			return stoppedBy(ctx)
		}
		n := min(t.cfg.Batch, len(order))
		if err := t.step(order[:n], p.Step == begunAt); err != nil {
			return err
		}
		order = order[n:]
		for _, callback := range t.callbacks {
			if err := callback.BatchEnd(p); err != nil {
				return err
			}
		}
		if err := t.save(AfterStep); err != nil {
			return err
		}
	}
	return nil
}

// order is the order in which this epoch takes the pictures.
func (t *trainer) order() []int32 {
	if t.cfg.InOrder {
		return inOrder(t.data.Len())
	}
	return Shuffle(t.data.Len(), t.cfg.Seed, t.training.Epoch)
}

// step trains the pictures with these indices and brings progress up to date. The
// first step of an epoch or of a run pays for what is set up once.
func (t *trainer) step(indices []int32, first bool) error {
	began := t.now()
	n := len(indices)
	t.data.Batch(indices, t.graph.Images(n), t.graph.Labels(n))
	t.graph.SetStep(t.iteration)
	if err := t.graph.Run(n); err != nil {
		return err
	}
	p := &t.training
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
	if first {
		t.firstStep = ended.Sub(began)
	} else {
		t.otherSteps += ended.Sub(began)
		t.timed++
	}
	return nil
}

// msPerStep is the mean time of the epoch's steps without the first, and without
// the first after a Resume; of the first when there is no other.
func (t *trainer) msPerStep() float64 {
	if t.timed == 0 {
		return float64(t.firstStep) / float64(time.Millisecond)
	}
	return float64(t.otherSteps) / float64(time.Millisecond) / float64(t.timed)
}

func (t *trainer) diverged(what string, loss float64) error {
	return fmt.Errorf("the %s is %v at learning rate %.6g: %w; lower -lr", what, loss, t.training.LearningRate, ErrDiverged)
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
