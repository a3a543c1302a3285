// Package mnist holds the MNIST and Fashion-MNIST data sets, and reads any
// other set of the same form: grey pictures of 28x28 pixels in 10 classes.
//
// # Data sets
//
// Both sets are part of the program and need no download: [Load] unpacks one on
// first use and keeps it. Each has 60000 pictures to train on and 10000 to test
// with.
//
//   - mnist: handwritten digits by Yann LeCun, Corinna Cortes and Christopher
//     J.C. Burges, http://yann.lecun.com/exdb/mnist/, under the Creative Commons
//     Attribution-ShareAlike 3.0 licence.
//   - fashion-mnist: Zalando's articles by Han Xiao, Kashif Rasul and Roland
//     Vollgraf, https://github.com/zalandoresearch/fashion-mnist, copyright 2017
//     Zalando SE, under the MIT licence.
//
// The file data/LICENCES has the terms; every program that holds the data holds
// that file too. [ReadDir] reads another set, KMNIST for example, from a folder.
//
// # In memory
//
// Pixels stay the bytes that they are in the files, 0 for the background and 255
// for full ink, a quarter of their size as float32. [Samples.Batch] scales those
// of one batch to 0..1, in the layout batch, height, width, channel (NHWC) with
// one channel.
//
// # Files
//
// A set is four IDX files, each plain or packed with gzip:
//
//	train-images-idx3-ubyte  train-labels-idx1-ubyte
//	t10k-images-idx3-ubyte   t10k-labels-idx1-ubyte
//
// An IDX file begins with four bytes: two zeros, the type of the elements (8 for
// unsigned bytes) and the number of dimensions. The size of each dimension
// follows as a big-endian 32-bit number, then the elements, the last dimension
// running fastest. Pictures have the dimensions count, 28, 28 and labels the
// dimension count.
package mnist
