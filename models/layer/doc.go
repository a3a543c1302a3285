// Package layer holds Keras's layers for Gorgonia. A model is declared the way
// Keras declares it, layers called on the outputs of others:
//
//	image := layer.Input(28, 28, 1)
//	x := layer.Conv2D(64, 3, layer.ReLU)(image)
//	x = layer.BatchNormalization()(x)
//	x = layer.Flatten()(x)
//	x = layer.Concatenate()(layer.Flatten()(image), x)
//	output := layer.Dense(10, layer.Softmax)(x)
//	model, err := layer.Functional("my-model", image, output)
//
// or, without branches, with Sequential. A Model owns its weights; its training
// and inference graphs are Gorgonia expression graphs over the same tensors.
// Shapes are NHWC without the batch axis; weights are laid out as in Keras.
package layer
