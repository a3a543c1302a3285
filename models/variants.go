package models

import "zoo/models/layer"

// Variants change one thing of a model, so that training both with the same
// seeds measures what the report says of it. Layers of equal names begin with
// equal weights.
func init() {
	registerVariant("mnist-dense", "mnist-dense-32", "MNIST Dense, batch 32", func(e *Entry) {
		e.Batch = 32
		e.Build = func() (*layer.Model, error) { return dense("mnist-dense-32") }
	})
	registerVariant("mnist-seq", "mnist-seq-nobn", "MNIST Sequential without BatchNormalization", func(e *Entry) {
		e.Build = func() (*layer.Model, error) { return sequentialWithoutBatchNormalization("mnist-seq-nobn") }
	})
	registerVariant("fashion-seq", "fashion-seq-nobn", "Fashion Sequential without BatchNormalization", func(e *Entry) {
		e.Build = func() (*layer.Model, error) { return sequentialWithoutBatchNormalization("fashion-seq-nobn") }
	})
	registerVariant("fashion-seq", "fashion-seq-nodropout", "Fashion Sequential without Dropout", func(e *Entry) {
		e.Build = func() (*layer.Model, error) { return sequentialWithoutDropout("fashion-seq-nodropout") }
	})
	registerVariant("fashion-seq", "fashion-seq-nodecay", "Fashion Sequential at a constant learning rate", func(e *Entry) {
		e.Decay = false
		e.Build = func() (*layer.Model, error) { return sequential("fashion-seq-nodecay") }
	})
}

// sequentialWithoutBatchNormalization is the network of sections 2.1 and 2.3
// without its BatchNormalization layers.
func sequentialWithoutBatchNormalization(name string) (*layer.Model, error) {
	return layer.Sequential(name,
		layer.Input(28, 28, 1),
		layer.Conv2D(64, 3, layer.ReLU),
		layer.Conv2D(64, 3, layer.ReLU),
		layer.MaxPooling2D(2),
		layer.Conv2D(64, 3, layer.ReLU),
		layer.MaxPooling2D(2),
		layer.Flatten(),
		layer.Dense(512, layer.ReLU),
		layer.Dropout(0.5),
		layer.Dense(10),
		layer.Activation(layer.Softmax),
	)
}

// sequentialWithoutDropout is the network of sections 2.1 and 2.3 without its
// Dropout layer.
func sequentialWithoutDropout(name string) (*layer.Model, error) {
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
		layer.Dense(10),
		layer.Activation(layer.Softmax),
	)
}
