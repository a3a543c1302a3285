// Package onnx writes models as ONNX, which onnxruntime and many other programs
// run, and reads back what it wrote.
//
// What is written is the model's inference form: BatchNormalization with its moving
// statistics, no Dropout. The graph takes "image", pictures as float32 of shape
// (batch, height, width, channels) with any batch, scaled as they were in training,
// and returns "probabilities" (batch, classes). A model that ends in logits gets a
// Softmax behind them, named "softmax"; the output's documentation names the logits.
// The shapes of all values between are in the file.
//
// Nodes have the names of the model's layers, an activation within a layer that of
// the layer and its own (conv2d/relu), initializers those of the weights
// (conv2d/kernel). Weights are what they are in the model, to the bit; only kernels
// of convolutions have their axes in ONNX's order.
//
// ONNX convolves and pools with the channels first. So there is one Transpose behind
// the image, and one before each layer that depends on the order of the values
// (Flatten, Reshape, a Concatenate with something that was never transposed).
//
// The last entry of the metadata, zoo.checksum, is by what a damaged file is known when
// it is read back here. Other programs pass over it; what they have changed is not read.
//
// The file is of opset 17 with IR version 8, as ONNX 1.12 of June 2022 has them: old
// enough for the programs in use (onnxruntime 1.15 and 1.32 give the same
// probabilities), and of the operators used here later opsets, up to 28, have only
// more types of numbers.
package onnx
