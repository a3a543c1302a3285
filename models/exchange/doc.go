// Package exchange reads and writes a model's weights in any format that the zoo
// knows, by the name of the file:
//
//	.safetensors  the zoo's own (package weights), which Python's safetensors reads
//	.keras        a model of Keras 3, ready to train on (package keras)
//	.weights.h5   weights of Keras 3 (package keras)
//	.onnx         the model's inference form for onnxruntime and others (package onnx);
//	              of these, only files that the zoo wrote are read
//
// A file that is read under another name is taken for what its beginning says.
package exchange
