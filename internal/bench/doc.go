// Package bench measures what the models cost, and what they cost in Keras and
// PyTorch beside them.
//
// A framework, zoo's own program or another, runs one model at one batch in a
// process of its own, so that the time to its first step and its peak memory
// are that model's alone. The process answers commands (see answer), and the
// frameworks of a comparison take turns, A B A B: one computes while the others
// wait for theirs. So a machine that slows down for a while slows all of them.
//
// Times are wall-clock times. A training step is what package train's is: a
// batch is filled, the graph runs, the solver steps. All frameworks train and
// classify the same pictures, from bytes in memory.
package bench
