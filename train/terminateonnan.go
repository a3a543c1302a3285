package train

// DivergenceGuard is a Callback that is asked what becomes of a training whose
// loss is no longer a number. The error (ErrDiverged) names the epoch, the step
// and the learning rate. What Diverged returns is what Fit returns, nil for a
// training that ends well; either way the training is over, without the epoch at
// work in the history, and TrainEnd follows.
type DivergenceGuard interface {
	Callback
	Diverged(t *Training, err error) error
}

// TerminateOnNaN stops a training whose loss is NaN or infinite, as Keras's
// callback of this name does: without an error, so that Fit returns the history
// and TrainEnd sees the reason (Training.Stopped).
//
// Keras trains on without it. Here such a training never goes on: without this
// callback Fit returns ErrDiverged, which is TerminateOnNaN(raise_error=True). Nor
// is the step at fault trained or its epoch validated: the weights and the history are
// those of before. The history may be empty. A validation loss that is no number counts too.
type TerminateOnNaN struct{ NopCallback }

// Diverged stops the training.
func (TerminateOnNaN) Diverged(t *Training, err error) error {
	t.Stop(err.Error())
	return nil
}
