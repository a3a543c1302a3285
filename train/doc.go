// Package train trains the models: Fit runs epochs of steps over a Gorgonia
// graph with SGD and returns a History, Evaluate measures a model on data it was
// not trained on. Callbacks watch a training; the progress bar is one, another
// is ModelCheckpoint, from whose files Resume goes on to the bit. History and
// Result are what a run leaves in its folder: history.csv and results.json.
//
// Every random draw is a function of the seed and of what is drawn, never of the
// clock: the same seed, settings and number of workers give the same bits.
package train
