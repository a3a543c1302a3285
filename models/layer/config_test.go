package layer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The settings of every class of layers, as an exporter finds them in Layers.
func TestConfig(t *testing.T) {
	image := Input(7, 7, 1)
	a := Conv2D(8, 4, ReLU, Same)(image)
	a = BatchNormalization()(a)
	a = MaxPooling2D(3)(a)
	a = Flatten()(Conv2D(5, 2)(a))
	a = LeakyReLU(0.3)(a)
	a = Reshape(2, 10)(Dense(20, StandardNormal)(a))
	a = Concatenate()(a, Reshape(2, 3)(Dense(6)(Flatten()(image))))
	m, err := Functional("all", image, Activation(Softmax)(Dense(3)(Dropout(0.4)(Flatten()(a)))))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Config{}
	for _, l := range m.Layers() {
		if l.Config != nil {
			got[l.Name] = l.Config
		}
	}
	want := map[string]Config{
		"conv2d": Conv2DConfig{Filters: 8, KernelSize: [2]int{4, 4}, Padding: [2][2]int{{1, 2}, {1, 2}}, Same: true,
			KernelInitializer: GlorotUniform, BiasInitializer: Zeros},
		"conv2d_1":            Conv2DConfig{Filters: 5, KernelSize: [2]int{2, 2}, KernelInitializer: GlorotUniform, BiasInitializer: Zeros},
		"batch_normalization": BatchNormalizationConfig{Axis: -1, Momentum: 0.99, Epsilon: 0.001},
		"max_pooling2d":       MaxPooling2DConfig{PoolSize: [2]int{3, 3}},
		"leaky_re_lu":         LeakyReLUConfig{NegativeSlope: 0.3},
		"dense":               DenseConfig{Units: 20, KernelInitializer: RandomNormal, BiasInitializer: RandomNormal},
		"dense_1":             DenseConfig{Units: 6, KernelInitializer: GlorotUniform, BiasInitializer: Zeros},
		"dense_2":             DenseConfig{Units: 3, KernelInitializer: GlorotUniform, BiasInitializer: Zeros},
		"reshape":             ReshapeConfig{TargetShape: []int{2, 10}},
		"reshape_1":           ReshapeConfig{TargetShape: []int{2, 3}},
		"concatenate":         ConcatenateConfig{Axis: -1},
		"dropout":             DropoutConfig{Rate: 0.4},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
