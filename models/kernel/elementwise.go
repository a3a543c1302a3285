package kernel

import "math"

// vectorChunk is the number of elements that a task of an elementwise kernel takes:
// 64 KiB of each operand, which is enough to hide the cost of a task.
const vectorChunk = 16384

// vectorOperands are the operands of an elementwise kernel, whose body may also
// write to a. b may be nil; s and t are scalars. What a body does not need, it
// ignores.
type vectorOperands struct {
	body      func(dst, a, b []float32, s, t float32)
	dst, a, b []float32
	s, t      float32
}

var vectorPass = newPass((*vectorOperands).runChunk)

func (o *vectorOperands) runChunk(task int) {
	from, to := blockRange(task, vectorChunk, len(o.dst))
	var b []float32
	if o.b != nil {
		b = o.b[from:to]
	}
	o.body(o.dst[from:to], o.a[from:to], b, o.s, o.t)
}

// vectorKernels are the bodies of the elementwise kernels. A tier's kernels are the
// same functions but for rounding.
type vectorKernels struct {
	relu, leaky, derivative, mul, descend, momentum func(dst, a, b []float32, s, t float32)
}

var portableVectors = vectorKernels{
	relu:       reluVector,
	leaky:      leakyVector,
	derivative: derivativeVector,
	mul:        mulVector,
	descend:    descendVector,
	momentum:   momentumVector,
}

// elementwise runs body over chunks of its operands in parallel.
func elementwise(body func(dst, a, b []float32, s, t float32), dst, a, b []float32, s, t float32) {
	if len(dst) <= vectorChunk {
		body(dst, a, b, s, t)
		return
	}
	vectorPass.run(blockCount(len(dst), vectorChunk), vectorOperands{body, dst, a, b, s, t})
}

// Activate writes y = act(x). y may be x.
func Activate(y, x []float32, act Activation) {
	switch act {
	case Linear:
		elementwise(copyVector, y, x, nil, 0, 0)
	case ReLU:
		elementwise(vectorTiers[active].relu, y, x, nil, 0, 0)
	default:
		elementwise(vectorTiers[active].leaky, y, x, nil, float32(act), 0)
	}
}

// ActivateBackward writes dx = dy * act', the derivative read from the
// activated output: 1 where y > 0, else the slope. dx may be dy.
func ActivateBackward(dx, y, dy []float32, act Activation) {
	if act == Linear {
		elementwise(copyVector, dx, dy, nil, 0, 0)
		return
	}
	elementwise(vectorTiers[active].derivative, dx, y, dy, float32(act), 0)
}

// Mul writes dst = a * b, element by element. dst may be a or b.
func Mul(dst, a, b []float32) { elementwise(vectorTiers[active].mul, dst, a, b, 0, 0) }

func copyVector(dst, a, _ []float32, _, _ float32) { copy(dst, a) }

// reluVector keeps NaN and, unlike a product with the slope 0, takes -Inf to 0.
func reluVector(y, x, _ []float32, _, _ float32) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] = max(v, 0)
	}
}

// leakyVector chooses the factor as bits, which compiles to a conditional move:
// the signs of activations are random, and a branch would be mispredicted.
func leakyVector(y, x, _ []float32, slope, _ float32) {
	x = x[:len(y)]
	one, other := math.Float32bits(1), math.Float32bits(slope)
	for i, v := range x {
		factor := other
		if v > 0 {
			factor = one
		}
		y[i] = v * math.Float32frombits(factor)
	}
}

func derivativeVector(dx, y, dy []float32, slope, _ float32) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	one, other := math.Float32bits(1), math.Float32bits(slope)
	for i, v := range y {
		factor := other
		if v > 0 {
			factor = one
		}
		dx[i] = dy[i] * math.Float32frombits(factor)
	}
}

func mulVector(dst, a, b []float32, _, _ float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, v := range a {
		dst[i] = v * b[i]
	}
}
