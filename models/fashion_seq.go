package models

import "zoo/models/layer"

// Section 2.3: the network of 2.1 on Fashion-MNIST.
func init() {
	register(Entry{
		Name: "fashion-seq", Section: "2.3", Title: "Fashion Sequential",
		Dataset: "fashion-mnist",
		Batch:   64, Epochs: 11,
		LearningRate: 0.01, Momentum: 0.9, Decay: true,
		Diagram: "model_Seq_Fashion",
		Build:   func() (*layer.Model, error) { return sequential("fashion-seq") },
	})
}
