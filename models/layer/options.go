package layer

import (
	"errors"

	"zoo/models/kernel"
)

// Option is a named setting of a layer, given where Keras has a keyword:
// ReLU and Softmax (activation), Same (padding), StandardNormal (initializers).
type Option func(*options)

type options struct {
	activation string
	same       bool
	normal     bool
}

// ReLU is the activation max(x, 0).
func ReLU(o *options) { o.activation = "relu" }

// Softmax is the activation exp(x)/sum(exp(x)) of a model's last layer. Like
// Keras, the loss is computed from the logits behind it.
func Softmax(o *options) { o.activation = "softmax" }

// Same pads a convolution so that its output has its input's height and width;
// where the padding is odd the extra row and column come after, as in TensorFlow.
func Same(o *options) { o.same = true }

// StandardNormal draws weights and biases from N(0, 1) unscaled, in place of
// Glorot uniform weights and zero biases: tf.random.normal in section 2.0.
func StandardNormal(o *options) { o.normal = true }

func read(settings []Option) options {
	var o options
	for _, set := range settings {
		if set != nil {
			set(&o)
		}
	}
	return o
}

var errPadding = errors.New("padding is an option of Conv2D alone")

// slope is the activation as kernels take it; softmax is the loss's business.
func (o options) slope() kernel.Activation {
	if o.activation == "relu" {
		return kernel.ReLU
	}
	return kernel.Linear
}
