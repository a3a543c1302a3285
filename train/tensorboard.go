package train

import (
	"fmt"
	"path/filepath"

	"zoo/train/tensorboard"
)

// TensorBoard writes what TensorBoard shows of a training, as Keras's callback
// of this name does: two runs, LogDir/train and LogDir/validation. After each
// epoch, numbered from 0 as in Keras, come
//
//	train       epoch_loss, epoch_accuracy, epoch_learning_rate
//	            NAME/histogram of each weight (conv2d_1/kernel), see HistogramFreq
//	validation  epoch_loss, epoch_accuracy
//	            evaluation_loss_vs_iterations, evaluation_accuracy_vs_iterations
//
// the last two by the number of steps done in all, like batch_loss and
// batch_accuracy in train, see UpdateFreq. The learning rate is that of the
// step to come, as Keras's is.
//
// Each value is in its file as soon as there is one, so that a training that was
// killed leaves files that TensorBoard reads. One that is resumed writes into new
// files beside them and goes on counting where it was; values from after the
// checkpoint that it goes on from, which are the same again, are there twice.
//
// Not there, of Keras's: the graph, images of weights, embeddings, profiles,
// steps per second.
type TensorBoard struct {
	LogDir string // "": logs

	// HistogramFreq is how many epochs it is from one set of histograms of the
	// weights to the next, the first after the first epoch. 0: none.
	HistogramFreq int

	// UpdateFreq is how many steps it is from one batch_loss and batch_accuracy, which
	// are the means of the epoch so far, to the next. 0: none, Keras's "epoch".
	UpdateFreq int

	training, validation *tensorboard.Writer
}

func (b *TensorBoard) TrainBegin(*Training) error {
	if err := b.open(); err != nil {
		return fmt.Errorf("TensorBoard: %w", join(err, b.close()))
	}
	return nil
}

func (b *TensorBoard) open() (err error) {
	switch {
	case b.HistogramFreq < 0:
		return fmt.Errorf("histogram_freq %d, want 0 or above", b.HistogramFreq)
	case b.UpdateFreq < 0:
		return fmt.Errorf("update_freq %d, want 0 or above", b.UpdateFreq)
	}
	folder := b.LogDir
	if folder == "" {
		folder = "logs"
	}
	if b.training, err = tensorboard.Create(filepath.Join(folder, "train")); err != nil {
		return err
	}
	b.validation, err = tensorboard.Create(filepath.Join(folder, "validation"))
	return err
}

// close closes the files that are open.
func (b *TensorBoard) close() (err error) {
	for _, w := range []*tensorboard.Writer{b.training, b.validation} {
		if w != nil {
			err = join(err, w.Close())
		}
	}
	b.training, b.validation = nil, nil
	return err
}

func (b *TensorBoard) EpochBegin(*Training) error { return nil }

func (b *TensorBoard) BatchEnd(t *Training) error {
	step := int64(t.Iterations())
	if b.UpdateFreq == 0 || step%int64(b.UpdateFreq) != 0 {
		return nil
	}
	return write(b.training, []scalar{{"batch_accuracy", step, t.Accuracy}, {"batch_loss", step, t.Loss}})
}

func (b *TensorBoard) EpochEnd(t *Training, e Epoch) error {
	epoch, step := int64(e.Epoch-1), int64(t.Iterations())
	if err := write(b.validation, []scalar{
		{"evaluation_accuracy_vs_iterations", step, e.ValAccuracy},
		{"evaluation_loss_vs_iterations", step, e.ValLoss},
		{"epoch_accuracy", epoch, e.ValAccuracy},
		{"epoch_loss", epoch, e.ValLoss},
	}); err != nil {
		return err
	}
	if err := write(b.training, []scalar{
		{"epoch_accuracy", epoch, e.Accuracy},
		{"epoch_loss", epoch, e.Loss},
		{"epoch_learning_rate", epoch, t.solver.LearningRate()},
	}); err != nil {
		return err
	}
	if b.HistogramFreq == 0 || epoch%int64(b.HistogramFreq) != 0 {
		return nil
	}
	for _, v := range t.Model().Variables() {
		if err := b.training.Histogram(v.Name+"/histogram", epoch, v.Data()); err != nil {
			return fmt.Errorf("TensorBoard: %w", err)
		}
	}
	return nil
}

// scalar is a value of a series.
type scalar struct {
	tag   string
	step  int64
	value float64
}

func write(to *tensorboard.Writer, all []scalar) error {
	for _, s := range all {
		if err := to.Scalar(s.tag, s.step, s.value); err != nil {
			return fmt.Errorf("TensorBoard: %w", err)
		}
	}
	return nil
}

func (b *TensorBoard) TrainEnd(*Training) error {
	if err := b.close(); err != nil {
		return fmt.Errorf("TensorBoard: %w", err)
	}
	return nil
}
