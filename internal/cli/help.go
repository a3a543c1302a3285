package cli

const help = `zoo trains the six networks of a report on MNIST and Fashion-MNIST, with Gorgonia, and compares with the report.

Usage:
  go run . -model NAMES [flags]              train
  go run . report [-out DIR]                 the report again, without training (report -h)
  go run . bench -model NAMES [flags]        speed and memory (bench -h)
  go run . evaluate -weights FILE            loss and accuracy of a trained model (evaluate -h)
  go run . predict -weights FILE PICTURE...  what is on your pictures (predict -h)
  go run . export -weights FILE -o X         a trained model for Keras, onnxruntime and others (export -h)
  go run . import -weights X -o FILE         weights from Keras (import -h)
  go run . summary|plot -model NAMES         the layers as a table, the structure as a picture

Examples:
  go run . -model all                        every model as the report trained it, results in runs/
  go run . -model mnist-dense                one model
  go run . -model 'fashion-*' -epochs 2      a pattern (in quotes), fewer epochs
  go run . -model fashion-seq -seeds 5       five times, with seeds 1 to 5: mean and spread
  go run . -model all -limit 2048 -epochs 1  a quick look at everything
  go run . -model mnist-seq,mnist-func -data kmnist -out runs/kmnist
                                             any other set of 28x28 pictures in ten classes

What to train:
  -model NAMES  names, patterns such as mnist-* or all; several with commas (-list shows them)
  -data DIR     read the four IDX files (.gz or plain, under MNIST's names) from DIR, for every model
  -limit N      only the first N images of training and of validation (and of the test, where there is one)

How (the report's values unless given):
  -epochs N     passes over the training images
  -batch N      images in a step
  -lr RATE      learning rate
  -decay RATE   the rate at step i is lr/(1+decay*i); the report's is lr/epochs, none for mnist-dense
  -seed N       of every random draw (1): the same seed gives the same numbers; several with commas
  -seeds N      train with each of the seeds 1 to N
  -workers N    threads that compute (one for each processor)
  -init FILE    begin with the weights of a checkpoint or of Keras (.keras, .weights.h5), the optimizer and everything else afresh

Keras's callbacks:
  -monitor NAME what they watch: val_accuracy (the default), val_loss, accuracy or loss
  -early-stop N end the training when it has not improved for N epochs (EarlyStopping)
  -restore-best go back to the weights of its best epoch
  -reduce-lr N  a tenth of the learning rate when it has not improved for N epochs (ReduceLROnPlateau)
  -log LIST     csv (CSVLogger), json (lines) or tensorboard, several with commas, in the run's folder

Results:
  -out DIR      where to write (runs): report.html, report.md, a folder for each model and in it for each of several seeds
  -force        train again what is finished, or was trained with other settings
  -resume       go on with trainings that were cut off, from their last checkpoint
  -save-every N save last.safetensors after every N steps too, not after epochs alone

  -list         show the models
  -version      show versions
  -h            this text

A finished run with the same settings is kept. Each run's folder has last.safetensors, saved after every epoch, and
best.safetensors, of the best epoch by -monitor. Ctrl-C ends a training after its step and saves it; -resume goes on.
ZOO_KERNEL=portable, avx2 or avx512 forces a set of kernels; the best that the CPU has is the rule.
Exit codes: 0 done, 1 failed, 2 refused before any work, 130 interrupted, 143 terminated.
`

func printHelp(out *output) {
	out.printf("%s", help)
}
