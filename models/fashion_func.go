package models

import "zoo/models/layer"

// Section 2.4: the network of 2.2 on Fashion-MNIST.
func init() {
	register(Entry{
		Name: "fashion-func", Section: "2.4", Title: "Fashion Functional",
		Dataset: "fashion-mnist",
		Batch:   64, Epochs: 11,
		LearningRate: 0.02, Momentum: 0.9, Decay: true,
		Diagram: "model_Func_Fashion",
		Build:   func() (*layer.Model, error) { return functional("fashion-func") },
	})
}
