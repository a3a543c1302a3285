package models

import "zoo/models/layer"

// Section 2.5: two convolutional branches, deep and wide, which join the picture.
func init() {
	register(Entry{
		Name: "fashion-best", Section: "2.5", Title: "Fashion Functional, the complex one",
		Dataset: "fashion-mnist",
		Batch:   64, Epochs: 25,
		LearningRate: 0.01, Momentum: 0.9, Decay: true,
		Diagram: "model_Func_Fashion_Best",
		Build:   fashionBest,
	})
}

func fashionBest() (*layer.Model, error) {
	image := layer.Input(28, 28, 1)

	a := layer.Conv2D(128, 3)(image)
	a = layer.LeakyReLU(0.5)(a)
	a = layer.BatchNormalization()(a)
	a = layer.Conv2D(128, 3)(a)
	a = layer.LeakyReLU(0.5)(a)
	a = layer.BatchNormalization()(a)
	a = layer.MaxPooling2D(2)(a)
	a = layer.Conv2D(128, 3)(a)
	a = layer.LeakyReLU(0.5)(a)
	a = layer.BatchNormalization()(a)
	a = layer.MaxPooling2D(2)(a)
	a = layer.Flatten()(a)
	a = layer.Dense(784)(a)
	a = layer.LeakyReLU(0.5)(a)
	a = layer.BatchNormalization()(a)
	a = layer.Reshape(28, 28, 1)(a)

	b := layer.Conv2D(128, 4, layer.Same)(image)
	b = layer.LeakyReLU(0.5)(b)
	b = layer.BatchNormalization()(b)
	b = layer.MaxPooling2D(2)(b)
	b = layer.Flatten()(b)
	b = layer.Dense(784)(b)
	b = layer.LeakyReLU(0.5)(b)
	b = layer.BatchNormalization()(b)
	b = layer.Reshape(28, 28, 1)(b)

	x := layer.Concatenate()(image, a)
	x = layer.Concatenate()(x, b)
	x = layer.Flatten()(x)
	x = layer.Dropout(0.5)(x)
	output := layer.Dense(10, layer.Softmax)(x)
	return layer.Functional("fashion-best", image, output)
}
