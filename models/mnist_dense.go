package models

import "zoo/models/layer"

// Section 2.0: a network by hand in TensorFlow. Weights and biases begin
// standard normal, the optimizer is plain gradient descent.
func init() {
	register(Entry{
		Name: "mnist-dense", Section: "2.0", Title: "MNIST Dense, by hand",
		Dataset: "mnist",
		Batch:   64, Epochs: 11,
		LearningRate: 0.005,
		InOrder:      true,
		Diagram:      "model_Dense_Mnist",
		Build:        func() (*layer.Model, error) { return dense("mnist-dense") },
	})
}

// dense is the network of section 2.0.
func dense(name string) (*layer.Model, error) {
	return layer.Sequential(name,
		layer.Input(28, 28, 1),
		layer.Flatten(),
		layer.Dense(512, layer.ReLU, layer.StandardNormal),
		layer.Dense(256, layer.ReLU, layer.StandardNormal),
		layer.Dense(10, layer.StandardNormal),
	)
}
