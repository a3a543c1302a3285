// Package weights keeps the weights of models in files of the safetensors format,
// which Python's safetensors (with NumPy, PyTorch, TensorFlow, JAX) reads as it
// is: float32 tensors under Keras's names (conv2d_1/kernel) and texts, the
// metadata.
//
// A file written here carries a checksum of all that is in it, so that one that
// was cut off or damaged is refused and never taken for something else. Files of
// other programs have none and are read all the same: File.Checked tells. Who
// changes one of these files with another program and keeps its metadata has to
// drop the two entries that begin with "zoo.".
//
// The checksum is CRC-32C: it finds every single wrong bit and every damage within
// 32 bits for certain, any other but for one in 4e9, and takes no time worth
// mention beside the writing. It is no signature: it does not stop forgers.
package weights
