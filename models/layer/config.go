package layer

// Config is a layer's settings beside its activation: what Keras's get_config
// tells of it and an exporter needs. It is one of the structs below, or nil for
// the layers that have none: InputLayer, Flatten, Activation.
type Config interface{ config() }

// Conv2DConfig is of a convolution of stride 1 with a bias.
type Conv2DConfig struct {
	Filters    int
	KernelSize [2]int // height, width
	// Padding is rows and columns of zeros: before and after, of the height and the width.
	Padding [2][2]int
	Same    bool // the padding is Keras's 'same', otherwise 'valid': none

	KernelInitializer, BiasInitializer Initializer
}

// DenseConfig is of a fully connected layer with a bias.
type DenseConfig struct {
	Units int

	KernelInitializer, BiasInitializer Initializer
}

// BatchNormalizationConfig is of a normalisation that scales and centres, with
// Keras's initializers: gamma and moving variance 1, beta and moving mean 0.
type BatchNormalizationConfig struct {
	Axis     int // of the channels, -1: the last
	Momentum float64
	Epsilon  float64
}

// MaxPooling2DConfig is of a pool without padding, whose stride is its size.
type MaxPooling2DConfig struct {
	PoolSize [2]int // height, width
}

// ReshapeConfig is of a Reshape.
type ReshapeConfig struct {
	TargetShape []int // without the batch
}

// ConcatenateConfig is of a Concatenate.
type ConcatenateConfig struct {
	Axis int // -1: the last
}

// DropoutConfig is of a Dropout.
type DropoutConfig struct {
	Rate float64 // the probability of 0 while training
}

// LeakyReLUConfig is of a LeakyReLU.
type LeakyReLUConfig struct {
	NegativeSlope float64
}

func (Conv2DConfig) config()             {}
func (DenseConfig) config()              {}
func (BatchNormalizationConfig) config() {}
func (MaxPooling2DConfig) config()       {}
func (ReshapeConfig) config()            {}
func (ConcatenateConfig) config()        {}
func (DropoutConfig) config()            {}
func (LeakyReLUConfig) config()          {}

// Initializer is where the first values of a kernel or bias come from, by the name
// of Keras's class.
type Initializer string

// The initializers that there are.
const (
	GlorotUniform Initializer = "GlorotUniform"
	Zeros         Initializer = "Zeros"
	RandomNormal  Initializer = "RandomNormal" // mean 0, standard deviation 1
)

// initializerNames are those of the functions that initializers gives.
func initializerNames(o options) (kernel, bias Initializer) {
	if o.normal {
		return RandomNormal, RandomNormal
	}
	return GlorotUniform, Zeros
}

// What follows is each kind's settings.

func (weightless) settings() Config { return nil }
func (input) settings() Config      { return nil }

func (c conv2D) settings() Config {
	g := c.geometry([]int{0, 0, 0})
	s := Conv2DConfig{
		Filters:    c.filters,
		KernelSize: [2]int{c.size, c.size},
		Padding:    [2][2]int{{g.PadTop, g.PadBottom}, {g.PadLeft, g.PadRight}},
		Same:       c.options.same,
	}
	s.KernelInitializer, s.BiasInitializer = initializerNames(c.options)
	return s
}

func (d dense) settings() Config {
	s := DenseConfig{Units: d.units}
	s.KernelInitializer, s.BiasInitializer = initializerNames(d.options)
	return s
}

func (batchNormalization) settings() Config {
	return BatchNormalizationConfig{Axis: -1, Momentum: batchNormMomentum, Epsilon: batchNormEpsilon}
}

func (p maxPooling2D) settings() Config {
	return MaxPooling2DConfig{PoolSize: [2]int{p.size, p.size}}
}

func (r reshape) settings() Config { return ReshapeConfig{TargetShape: append([]int{}, r.shape...)} }

func (concatenate) settings() Config { return ConcatenateConfig{Axis: -1} }

func (d dropout) settings() Config { return DropoutConfig{Rate: d.rate} }

func (a activation) settings() Config {
	if a.name == "LeakyReLU" {
		return LeakyReLUConfig{NegativeSlope: a.negativeSlope}
	}
	return nil
}
