package kernel

import "math"

// Activation is a piecewise linear activation function, given by its slope for
// inputs that are not positive: y = x if x > 0, else slope*x. NaN stays NaN. The
// derivative is read from the result: 1 if y > 0, else slope; so the slope must
// not be negative. LeakyReLU(.5) is Activation(.5).
type Activation float32

const (
	Linear Activation = 1
	ReLU   Activation = 0
)

// of returns the activation of x. It chooses between bits, which needs no branch
// on the sign: signs are random, and it would be mispredicted.
func (a Activation) of(x float32) float32 {
	bits, scaled := math.Float32bits(x), uint32(0)
	if a != ReLU { // which takes -Inf to 0, where the product is NaN
		scaled = math.Float32bits(x * float32(a))
	}
	if x <= 0 {
		bits = scaled
	}
	return math.Float32frombits(bits)
}

// floor is the least value that the slope may multiply: for ReLU, which takes -Inf to
// 0, the least finite number.
func (a Activation) floor() float32 {
	if a == ReLU {
		return -math.MaxFloat32
	}
	return float32(math.Inf(-1))
}
