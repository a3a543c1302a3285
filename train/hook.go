package train

import "time"

// Hook watches a training. Its methods are called in the order of Keras's
// callbacks, several hooks in the order in which Fit was given them:
//
//	TrainBegin
//	    EpochBegin, BatchEnd after each step, EpochEnd after the validation
//	TrainEnd
//
// An error ends the training, and Fit returns it. TrainEnd follows every
// TrainBegin that went well, whatever happened between. Embed NopHook to write
// only the methods of interest.
//
// p is the trainer's own, valid until the method returns and not to be changed.
type Hook interface {
	TrainBegin(p *Progress) error
	EpochBegin(p *Progress) error
	BatchEnd(p *Progress) error
	EpochEnd(p *Progress, e Epoch) error
	TrainEnd(p *Progress) error
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

// NopHook is a Hook that does nothing.
type NopHook struct{}

func (NopHook) TrainBegin(*Progress) error      { return nil }
func (NopHook) EpochBegin(*Progress) error      { return nil }
func (NopHook) BatchEnd(*Progress) error        { return nil }
func (NopHook) EpochEnd(*Progress, Epoch) error { return nil }
func (NopHook) TrainEnd(*Progress) error        { return nil }
