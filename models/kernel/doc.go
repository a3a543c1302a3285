// Package kernel holds the arithmetic of the layers: float32 kernels, forward and
// backward, on plain slices.
//
// Pictures are row-major in the order batch, height, width, channels (NHWC), dense
// activations are [batch, features], and weights are laid out as Keras has them:
// [height, width, in, out] for a convolution, [in, out] for a dense layer.
//
// Callers give slices of the right lengths and batches of at least one picture or
// row; kernels do not check them. A kernel
// overwrites its outputs whole, changes no input, and its outputs must not overlap
// its inputs. Kernels run on a pool of goroutines that they share (see [Workers]);
// the results are the same bits for any number of workers.
//
// The values that hold a kernel's shape, such as [Conv2D], use their [Workspace]
// in every call: one value, and one Workspace, serves one goroutine at a time.
package kernel
