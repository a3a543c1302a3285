package cli

const help = `zoo trains the six networks of a report on MNIST and Fashion-MNIST, with Gorgonia, and compares with the report.

Usage:
  go run . -model NAMES [flags]
  go run . bench -model NAMES [flags]        speed and memory (bench -h)

Examples:
  go run . -model all                        every model as the report trained it, results in runs/
  go run . -model mnist-dense                one model
  go run . -model 'fashion-*' -epochs 2      a pattern (in quotes), fewer epochs
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
  -seed N       of every random draw (1): the same seed gives the same numbers
  -workers N    threads that compute (one for each processor)

Results:
  -out DIR      where to write (runs): a folder for each model, report.md, pictures
  -force        train again what is finished, or was trained with other settings

  -list         show the models
  -version      show versions
  -h            this text

A finished run with the same settings is kept. Ctrl-C ends a training after its step; what is finished stays.
ZOO_KERNEL=portable, avx2 or avx512 forces a set of kernels; the best that the CPU has is the rule.
Exit codes: 0 done, 1 failed, 2 refused before any work, 130 interrupted, 143 terminated.
`

func printHelp(out *output) {
	out.printf("%s", help)
}
