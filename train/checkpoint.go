package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"strings"
	"time"

	"zoo/models/kernel"
	"zoo/models/layer"
	"zoo/models/weights"
)

// State is all of a training besides its arrays. What is random follows from the
// seed, the epoch and the iteration, so that nothing of it is kept.
type State struct {
	// Settings are the run's. A Training knows of them what its Config, its model
	// and the kernels say; whoever saves it may add the rest.
	Settings   Settings `json:"settings"`
	Training   int      `json:"training"`   // pictures to train on
	Validation int      `json:"validation"` // pictures to validate on

	Started      time.Time     `json:"started"`       // when the first run began
	Saved        time.Time     `json:"saved"`         // when this is from
	Elapsed      time.Duration `json:"elapsed"`       // of training in all runs, without what was lost
	EpochElapsed time.Duration `json:"epoch_elapsed"` // of the epoch at work
	FirstStep    time.Duration `json:"first_step"`    // time of the first step in the epoch
	OtherSteps   time.Duration `json:"other_steps"`   // of the other steps together
	TimedSteps   int           `json:"timed_steps"`   // how many these are

	Iteration int `json:"iteration"` // steps done in all epochs
	Step      int `json:"step"`      // steps done in the epoch after History; 0: it has not begun
	// BaseRate is the learning rate before the decay, as ScaleLearningRate left it,
	// LearningRate that of the last step.
	BaseRate     float64 `json:"base_rate"`
	LearningRate float64 `json:"learning_rate"`

	// Of the epoch at work:
	Samples int     `json:"samples"`
	Correct int     `json:"correct"`
	LossSum float64 `json:"loss_sum"`

	History   History                    `json:"history"` // epochs finished
	Stopped   string                     `json:"stopped"` // the reason that Stop was given
	Callbacks map[string]json.RawMessage `json:"callbacks"`
}

// Checkpoint is all that is needed to go on with a training: its State and its
// arrays, which are the model's weights under their names, the optimizer's
// velocities under "optimizer/momentum/" + name, and those of callbacks.
type Checkpoint struct {
	State
	// Metadata is more entries for the file's metadata, for other readers.
	Metadata map[string]string
	file     *weights.File
}

const (
	momentumPrefix = weights.OptimizerPrefix + "momentum/"

	// Entries of a checkpoint's metadata.
	stateKey = "training"
	modelKey = "model" // the model's name, for other readers
)

// Weights is the checkpoint's arrays, to be used without going on with the
// training: File.LoadInto takes the model's.
func (c *Checkpoint) Weights() *weights.File { return c.file }

// Velocities are the optimizer's, by the names of the weights; none without momentum.
func (c *Checkpoint) Velocities() map[string][]float32 {
	all := map[string][]float32{}
	for _, t := range c.file.Tensors {
		if name, ok := strings.CutPrefix(t.Name, momentumPrefix); ok {
			all[name] = t.Data
		}
	}
	return all
}

// Checkpoint returns the state of the training. In a Saver's Save it is one that
// Resume continues exactly; elsewhere some callbacks may not have seen what others
// have. The arrays are the training's own memory: the checkpoint is to be written
// before the callback returns.
func (t *Training) Checkpoint() (*Checkpoint, error) { return t.trainer.checkpoint() }

func (t *trainer) checkpoint() (*Checkpoint, error) {
	now := t.now()
	p := &t.training
	c := &Checkpoint{
		State: State{
			Settings:     t.settings(),
			Training:     t.data.Len(),
			Validation:   t.evaluator.data.Len(),
			Started:      t.started.Round(0).UTC(),
			Saved:        now.Round(0).UTC(),
			Elapsed:      now.Sub(t.began),
			Iteration:    t.iteration,
			BaseRate:     t.solver.learningRate,
			LearningRate: p.LearningRate,
			History:      append(History{}, t.history...),
			Stopped:      p.stop,
		},
	}
	if len(t.history) < p.Epoch && p.Step > 0 {
		c.Step = p.Step
		c.EpochElapsed = now.Sub(t.epochBegan)
		c.FirstStep, c.OtherSteps, c.TimedSteps = t.firstStep, t.otherSteps, t.timed
		c.Samples, c.Correct, c.LossSum = t.mean.samples, t.mean.correct, t.mean.lossSum
	}
	tensors := append(weights.Of(p.model), t.velocities()...)
	states, more, err := callbackStates(t.callbacks)
	if err != nil {
		return nil, err
	}
	c.Callbacks = states
	c.file = &weights.File{Tensors: append(tensors, more...)}
	return c, nil
}

// settings is what is known here of the run's settings.
func (t *trainer) settings() Settings { return t.cfg.settings(t.training.model.Name()) }

func (c Config) settings(model string) Settings {
	tier, _ := kernel.Tier() // an error means that another tier is used, and which
	return Settings{
		Model:        model,
		Epochs:       c.Epochs,
		Batch:        c.Batch,
		LearningRate: c.LearningRate,
		Momentum:     c.Momentum,
		Decay:        c.Decay,
		InOrder:      c.InOrder,
		Seed:         c.Seed,
		Kernels:      tier,
		Workers:      kernel.Workers(),
	}
}

// velocities is the optimizer's arrays, over its memory.
func (t *trainer) velocities() []weights.Tensor {
	trained := trainable(t.training.model)
	sizes := make([]int, len(trained))
	for i, v := range trained {
		sizes[i] = v.Size()
	}
	var all []weights.Tensor
	for i, data := range t.solver.velocities(sizes) {
		all = append(all, weights.Tensor{
			Name:  momentumPrefix + trained[i].Name,
			Shape: trained[i].Shape(),
			DType: weights.F32,
			Data:  data,
		})
	}
	return all
}

// trainable is the weights that are trained, in the order of a graph's Learnables.
func trainable(m *layer.Model) []*layer.Variable {
	var trained []*layer.Variable
	for _, v := range m.Variables() {
		if v.Trainable {
			trained = append(trained, v)
		}
	}
	return trained
}

// Write writes the checkpoint as a file of package weights, the State as JSON under
// "training" in its metadata.
func (c *Checkpoint) Write(w io.Writer) error {
	text, err := json.Marshal(c.State)
	if err != nil {
		return fmt.Errorf("training's state: %w", err)
	}
	c.file.Metadata = map[string]string{}
	maps.Copy(c.file.Metadata, c.Metadata)
	c.file.Metadata[stateKey], c.file.Metadata[modelKey] = string(text), c.Settings.Model
	return c.file.Write(w)
}

// ReadCheckpoint reads a file that holds what Checkpoint.Write writes, and nothing
// else. Errors name it.
func ReadCheckpoint(path string) (*Checkpoint, error) {
	f, err := weights.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := CheckpointOf(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// ParseCheckpoint is ReadCheckpoint of a file's content.
func ParseCheckpoint(content []byte) (*Checkpoint, error) {
	f, err := weights.Parse(content)
	if err != nil {
		return nil, err
	}
	return CheckpointOf(f)
}

// CheckpointOf is the checkpoint in a file of weights that was read, an error if
// there is none.
func CheckpointOf(f *weights.File) (*Checkpoint, error) {
	text, ok := f.Metadata[stateKey]
	if !ok || !f.Checked() {
		return nil, errors.New("not a checkpoint of a training: it holds weights alone")
	}
	c := &Checkpoint{file: f}
	if err := ReadJSON(strings.NewReader(text), &c.State); err != nil {
		return nil, fmt.Errorf("training's state: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("training's state: %w", err)
	}
	return c, nil
}

// check refuses a state that no training can have.
func (s State) check() error {
	switch {
	case s.Iteration < 0 || s.Step < 0 || s.Step > s.Iteration:
		return fmt.Errorf("step %d of an epoch, %d in all", s.Step, s.Iteration)
	case s.Step == 0 && s.Samples != 0, s.Step > 0 && s.Samples < s.Step, s.Correct < 0 || s.Correct > s.Samples:
		return fmt.Errorf("%d of %d pictures right after %d steps", s.Correct, s.Samples, s.Step)
	case !(s.LossSum >= 0) || !(s.BaseRate >= 0) || !(s.LearningRate >= 0):
		return fmt.Errorf("loss %v, learning rates %v and %v", s.LossSum, s.BaseRate, s.LearningRate)
	case s.Elapsed < 0 || s.EpochElapsed < 0 || s.FirstStep < 0 || s.OtherSteps < 0 || s.TimedSteps < 0:
		return errors.New("a time below 0")
	case len(s.History) > s.Settings.Epochs || len(s.History) == s.Settings.Epochs && s.Step > 0:
		return fmt.Errorf("%d epochs are finished, of %d", len(s.History), s.Settings.Epochs)
	}
	for i, e := range s.History {
		if err := e.check(i + 1); err != nil {
			return fmt.Errorf("epoch %d: %w", i+1, err)
		}
	}
	return nil
}

// Finished tells whether nothing is left to train.
func (s State) Finished() bool {
	return s.Step == 0 && (len(s.History) == s.Settings.Epochs || s.Stopped != "")
}

// Resume goes on with the training of a checkpoint: m, the data, cfg and the
// callbacks must be those of the run that was cut. It ends with the weights and
// the history, times aside, that the uncut run has, to the bit; times add up over
// the runs. Settings.Workers alone may differ.
//
// What differs is an error before anything is changed. Otherwise it is as Fit, with
// the history from the first epoch on; a checkpoint of a finished training is
// loaded, and the callbacks are called with TrainBegin and TrainEnd.
func Resume(ctx context.Context, m *layer.Model, c *Checkpoint, train, validation Data, cfg Config, callbacks ...Callback) (History, error) {
	return resume(ctx, m, c, train, validation, cfg, callbacks, time.Now)
}

func resume(ctx context.Context, m *layer.Model, c *Checkpoint, train, validation Data, cfg Config, callbacks []Callback, now func() time.Time) (History, error) {
	t, err := newTrainer(m, train, validation, cfg, callbacks, now)
	if err != nil {
		return nil, fmt.Errorf("cannot resume: %w", err)
	}
	if err := t.restore(c); err != nil {
		return nil, fmt.Errorf("cannot resume: %w", join(err, t.close()))
	}
	err = t.run(ctx)
	return t.history, join(err, t.close())
}

// restore sets model, optimizer and progress, all or none of them.
func (t *trainer) restore(c *Checkpoint) error {
	if err := t.fits(c); err != nil {
		return err
	}
	velocities := t.velocities()
	saved := make([]weights.Tensor, len(velocities))
	for i, v := range velocities {
		var ok bool
		if saved[i], ok = c.file.Tensor(v.Name); !ok {
			return fmt.Errorf("no tensor %s %v", v.Name, v.Shape)
		}
		if err := saved[i].Matches(v.Shape); err != nil {
			return fmt.Errorf("%w of the model's weight", err)
		}
	}
	if err := c.file.LoadInto(t.training.model); err != nil {
		return err
	}
	for i, v := range velocities {
		copy(v.Data, saved[i].Data)
	}
	t.solver.learningRate, t.solver.iterations = c.BaseRate, c.Iteration
	t.resumed, t.iteration = c, c.Iteration
	t.history = append(History(nil), c.History...)
	t.mean = running{samples: c.Samples, correct: c.Correct, lossSum: c.LossSum}
	t.firstStep, t.otherSteps, t.timed = c.FirstStep, c.OtherSteps, c.TimedSteps

	p := &t.training
	p.Epoch, p.stop, p.LearningRate, p.Elapsed = len(c.History), c.Stopped, c.LearningRate, c.Elapsed
	if c.Step > 0 {
		p.Epoch++
		p.Step, p.Samples, p.Loss, p.Accuracy = c.Step, c.Samples, t.mean.loss(), t.mean.accuracy()
	}
	return nil
}

// fits refuses a checkpoint of another training.
func (t *trainer) fits(c *Checkpoint) error {
	asked := t.settings()
	// These are not known here, and the number of workers changes no bit.
	there := c.Settings
	asked.Model, asked.Dataset, asked.Fingerprint, asked.Limit = there.Model, there.Dataset, there.Fingerprint, there.Limit
	asked.Init, asked.Callbacks = there.Init, there.Callbacks
	asked.Workers = there.Workers
	if difference := there.Difference(asked); difference != "" {
		return fmt.Errorf("the checkpoint is of another training: %s", difference)
	}
	training, validation := t.data.Len(), t.evaluator.data.Len()
	if c.Training != training || c.Validation != validation {
		return fmt.Errorf("the checkpoint is of another training: %d pictures to train and %d to validate on there, %d and %d here",
			c.Training, c.Validation, training, validation)
	}
	steps := t.training.Steps
	if c.Step > steps || c.Stopped == "" && c.Iteration != len(c.History)*steps+c.Step {
		return fmt.Errorf("the checkpoint does not fit epochs of %d steps: %d epochs and %d steps are %d in all",
			steps, len(c.History), c.Step, c.Iteration)
	}
	if c.Samples > training {
		return fmt.Errorf("the checkpoint has seen %d pictures in an epoch of %d", c.Samples, training)
	}
	return t.fitCallbacks(c)
}

// save has the training saved by the callbacks that do that.
func (t *trainer) save(m Moment) error {
	for _, callback := range t.callbacks {
		if saver, ok := callback.(Saver); ok {
			if err := saver.Save(&t.training, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// finite refuses a training with a weight or velocity that is no number: its loss
// shows that only in the next step.
func (t *Training) finite(c *Checkpoint) error {
	for _, tensor := range c.file.Tensors {
		if strings.HasPrefix(tensor.Name, weights.CallbackPrefix) {
			continue
		}
		for _, x := range tensor.Data {
			// The exponent of an infinity or NaN has all bits set.
			if math.Float32bits(x)>>23&0xff == 0xff {
				return fmt.Errorf("%s has become %v at learning rate %.6g: %w; lower -lr", tensor.Name, x, t.LearningRate, ErrDiverged)
			}
		}
	}
	return nil
}
