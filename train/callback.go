package train

import (
	"encoding/json"
	"slices"
	"time"

	"zoo/models/layer"
	"zoo/models/weights"
)

// Callback watches a training. Its methods are called in the order of Keras's
// callbacks, several callbacks in the order in which Fit was given them:
//
//	TrainBegin
//	    EpochBegin, BatchEnd after each step, EpochEnd after the validation
//	TrainEnd
//
// An error ends the training, and Fit returns it. TrainEnd follows every
// TrainBegin that went well, whatever happened between. Embed NopCallback to write
// only the methods of interest.
//
// A training that is resumed calls EpochBegin again, with t.Step above 0, for the
// epoch that it goes on with. Callbacks that remember something between calls are
// Stateful; one that saves the training is a Saver.
//
// t is the trainer's own and valid until the method returns; its methods steer
// the training, its fields are not to be changed.
type Callback interface {
	TrainBegin(t *Training) error
	EpochBegin(t *Training) error
	BatchEnd(t *Training) error
	EpochEnd(t *Training, e Epoch) error
	TrainEnd(t *Training) error
}

// Progress is how far a training has come. Loss and accuracy are means over
// the samples that the epoch has seen, as Keras shows them.
type Progress struct {
	Epoch, Epochs   int // Epoch from 1
	Step, Steps     int // steps done in this epoch, of how many
	ValidationSteps int // batches in a validation
	Samples         int // pictures seen in this epoch
	Loss, Accuracy  float64
	LearningRate    float64       // of the last step
	Elapsed         time.Duration // since the training began
}

// Training is a training at work, as its callbacks see and steer it.
type Training struct {
	Progress
	model   *layer.Model
	solver  *SGD
	stop    string   // why it ends early; "" while it goes on
	trainer *trainer // whose it is
}

// Model is the model that is trained. Its weights may be read and set.
func (t *Training) Model() *layer.Model { return t.model }

// Stop ends the training early and without an error: called before an epoch's
// validation, after that validation, as Keras does it. The reason ("val_loss
// has not improved for 3 epochs") is for people; the first one counts.
func (t *Training) Stop(reason string) {
	if t.stop == "" {
		t.stop = reason
	}
}

// Stopped is the reason that Stop was given, "" while the training goes on.
func (t *Training) Stopped() string { return t.stop }

// ScaleLearningRate multiplies the learning rate of all steps that follow,
// which goes on decaying as it would have (Config.Decay).
func (t *Training) ScaleLearningRate(factor float64) { t.solver.scale(factor) }

// History is a copy of the epochs that are finished, those before a Resume included.
func (t *Training) History() History { return slices.Clone(t.trainer.history) }

// Iterations is the number of steps done in all epochs.
func (t *Training) Iterations() int { return t.trainer.iteration }

// Started is when the training began; if it was resumed, when its first run did.
func (t *Training) Started() time.Time { return t.trainer.started }

// Resumed tells whether the training goes on from a checkpoint.
func (t *Training) Resumed() bool { return t.trainer.resumed != nil }

// Stateful is a Callback that remembers something between calls. A checkpoint
// keeps its State beside the training's; Resume gives it back after TrainBegin.
// States are told apart by the type's name, and by their order among callbacks of
// one type (EarlyStopping, EarlyStopping_1).
type Stateful interface {
	Callback
	State() (json.RawMessage, error)
	SetState(json.RawMessage) error
}

// StatefulTensors is a Stateful that remembers arrays too, such as a model's best
// weights. SetStateTensors comes before SetState, with the tensors under the names that
// StateTensors gave them and in the order of the names; they are to be copied, as
// they lie in the memory of the whole file.
type StatefulTensors interface {
	Stateful
	StateTensors() []weights.Tensor
	SetStateTensors([]weights.Tensor) error
}

// Moment is when a Saver is called.
type Moment int

const (
	AfterStep  Moment = iota // after BatchEnd of all callbacks
	AfterEpoch               // after EpochEnd of all callbacks
	// Cut is before TrainEnd, when the training's context ended: what all
	// callbacks have seen is its last full step.
	Cut
)

// Saver is a Callback that saves the training. Save is called when all
// callbacks are done with an event, so that their states fit the training's.
type Saver interface {
	Callback
	Save(t *Training, m Moment) error
}

// NopCallback is a Callback that does nothing.
type NopCallback struct{}

func (NopCallback) TrainBegin(*Training) error      { return nil }
func (NopCallback) EpochBegin(*Training) error      { return nil }
func (NopCallback) BatchEnd(*Training) error        { return nil }
func (NopCallback) EpochEnd(*Training, Epoch) error { return nil }
func (NopCallback) TrainEnd(*Training) error        { return nil }
