// Package keras writes and reads the files of Keras 3: .weights.h5, the weights of
// a model, and .keras, a model with its weights and the settings of its training.
// What is written loads in Keras without code of its own, ready to predict
// and to be trained further; what Keras saves of one of the zoo's models
// is read into it.
//
// # .weights.h5
//
// An HDF5 file (see package hdf5). A layer's weights are the data sets 0, 1, ... of
// layers/LAYER/vars, in the order kernel, bias or gamma, beta, moving mean, moving
// variance. LAYER is not the layer's name: it is the layer's class with the number of
// layers of that class before it, in the order of Keras's model.layers, so that
// names that a session has counted up do not matter. The names are there too, as
// the attribute name of each vars; that of the root's is the model's. The
// optimizer's state is in optimizer/vars: steps done, learning rate if it is a
// constant, and the velocities of the weights trained in their order, if there is momentum.
//
// # .keras
//
// A zip file, nothing compressed, of
//
//	metadata.json      which Keras saved it, and when
//	config.json        layers, how they are connected, and compile's arguments
//	model.weights.h5   as above, with the optimizer's state
//
// Texts of the zoo (data set, classes) go into metadata.json under "zoo"; Keras
// passes over them and drops them when it saves the model again.
//
// # What is read
//
// Every weight must be there in its shape, and nothing else in a layer; of a .keras file the
// layers must compute the same too: classes, connections and settings as the model has them. What does not
// change what a trained model answers may differ: names, initializers,
// regularizers, the rate of Dropout, and everything of the training, which
// is not read: whoever goes on training here starts with a fresh optimizer.
// A .weights.h5 file does not tell what a layer computes, its activation for one:
// like Keras, the reader believes that it is the model's.
//
// Weights must be float32, as they are with mixed precision too. Those of float16, bfloat16 and
// float64 and quantized ones are refused, and so are files of Keras 2 (.h5, .keras before 3.0)
// and sharded weights.
package keras
