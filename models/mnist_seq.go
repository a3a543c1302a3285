package models

import "zoo/models/layer"

// Section 2.1: a sequential convolutional network on MNIST.
func init() {
	register(Entry{
		Name: "mnist-seq", Section: "2.1", Title: "MNIST Sequential",
		Dataset: "mnist", Holdout: 5000, TestAtEnd: true,
		Batch: 32, Epochs: 11,
		LearningRate: 0.01, Momentum: 0.9, Decay: true,
		Diagram: "model_Seq_Mnist",
		Build:   func() (*layer.Model, error) { return sequential("mnist-seq") },
	})
}

// sequential is the network of sections 2.1 and 2.3.
func sequential(name string) (*layer.Model, error) {
	return layer.Sequential(name,
		layer.Input(28, 28, 1),
		layer.Conv2D(64, 3, layer.ReLU),
		layer.BatchNormalization(),
		layer.Conv2D(64, 3, layer.ReLU),
		layer.BatchNormalization(),
		layer.MaxPooling2D(2),
		layer.Conv2D(64, 3, layer.ReLU),
		layer.BatchNormalization(),
		layer.MaxPooling2D(2),
		layer.Flatten(),
		layer.Dense(512, layer.ReLU),
		layer.BatchNormalization(),
		layer.Dropout(0.5),
		layer.Dense(10),
		layer.Activation(layer.Softmax),
	)
}
