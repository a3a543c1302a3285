package study

import "zoo/train"

// Meaning is the settings without the seed and without what changes at most the
// last bits of a result: the kernels and the number of workers. Runs of equal
// meaning are samples of the same thing.
func Meaning(s train.Settings) train.Settings {
	s.Seed, s.Workers, s.Kernels = 0, 0, ""
	return s
}
