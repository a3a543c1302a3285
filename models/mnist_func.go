package models

import "zoo/models/layer"

// Section 2.2: the picture joins the output of the convolutional trunk, so that
// the last layer sees both deep features and plain pixels.
func init() {
	register(Entry{
		Name: "mnist-func", Section: "2.2", Title: "MNIST Functional",
		Dataset: "mnist", Holdout: 5000, TestAtEnd: true,
		Batch: 32, Epochs: 11,
		LearningRate: 0.01, Momentum: 0.9, Decay: true,
		Diagram: "model_Func_Mnist",
		Build:   func() (*layer.Model, error) { return functional("mnist-func") },
	})
}

// functional is the network of sections 2.2 and 2.4.
func functional(name string) (*layer.Model, error) {
	image := layer.Input(28, 28, 1)
	x := layer.Conv2D(64, 3, layer.ReLU)(image)
	x = layer.BatchNormalization()(x)
	x = layer.Conv2D(64, 3, layer.ReLU)(x)
	x = layer.BatchNormalization()(x)
	x = layer.MaxPooling2D(2)(x)
	x = layer.Conv2D(64, 3, layer.ReLU)(x)
	x = layer.BatchNormalization()(x)
	x = layer.MaxPooling2D(2)(x)
	x = layer.Flatten()(x)
	x = layer.Dense(784, layer.ReLU)(x)
	x = layer.BatchNormalization()(x)
	x = layer.Reshape(28, 28, 1)(x)

	x = layer.Concatenate()(image, x)
	x = layer.Flatten()(x)
	x = layer.Dropout(0.5)(x)
	output := layer.Dense(10, layer.Softmax)(x)
	return layer.Functional(name, image, output)
}
