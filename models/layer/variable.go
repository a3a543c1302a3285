package layer

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"gorgonia.org/tensor"
)

// Variable is a weight of a model. All graphs of the model read and write the
// same memory.
type Variable struct {
	Name      string // layer/variable as Keras names them: conv2d_1/kernel
	Trainable bool   // false for BatchNormalization's moving statistics
	tensor    *tensor.Dense
	fill      initializer
}

func newVariable(name string, trainable bool, fill initializer, shape ...int) *Variable {
	return &Variable{
		Name:      name,
		Trainable: trainable,
		tensor:    tensor.New(tensor.WithShape(shape...), tensor.Of(tensor.Float32)),
		fill:      fill,
	}
}

// Data is the weight's memory in row-major order; writing to it sets the weight.
func (v *Variable) Data() []float32 { return v.tensor.Float32s() }

// Shape is the weight's shape: a convolution's kernel (height, width, in, out),
// a dense kernel (in, out), all others (channels).
func (v *Variable) Shape() []int { return v.tensor.Shape().Clone() }

// Size is the number of elements.
func (v *Variable) Size() int { return v.tensor.Shape().TotalSize() }

// header is another tensor over the variable's memory: Gorgonia writes into the
// tensors of a graph that it compiles, and graphs may be made at the same time.
func (v *Variable) header() *tensor.Dense {
	return tensor.New(tensor.WithShape(v.Shape()...), tensor.WithBacking(v.Data()))
}

// initialize draws the variable's first values: a function of the seed and the
// variable's name alone.
func (v *Variable) initialize(seed uint64) {
	h := fnv.New64a()
	h.Write([]byte("initial weights of " + v.Name))
	v.fill(rand.New(rand.NewPCG(seed, h.Sum64())), v.Data())
}

type initializer func(r *rand.Rand, data []float32)

func constant(value float32) initializer {
	return func(_ *rand.Rand, data []float32) {
		for i := range data {
			data[i] = value
		}
	}
}

// glorotUniform is Keras's default for kernels: U(-l, l), l = sqrt(6/(in+out)).
func glorotUniform(fanIn, fanOut int) initializer {
	limit := math.Sqrt(6 / float64(fanIn+fanOut))
	return func(r *rand.Rand, data []float32) {
		for i := range data {
			data[i] = float32((2*r.Float64() - 1) * limit)
		}
	}
}

func standardNormal(r *rand.Rand, data []float32) {
	for i := range data {
		data[i] = float32(r.NormFloat64())
	}
}
