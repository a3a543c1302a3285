package op

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"

	"zoo/models/kernel"
)

var activations = []kernel.Activation{kernel.Linear, kernel.ReLU, 0.5}

func activated(v float64, act kernel.Activation) float64 {
	if v > 0 {
		return v
	}
	return v * float64(act)
}

func TestConv2D(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := kernel.ConvShape{
			H: small(t, "H", 3, 6), W: small(t, "W", 3, 6), Cin: small(t, "Cin", 1, 3), Cout: small(t, "Cout", 1, 4),
			KH: small(t, "KH", 1, 3), KW: small(t, "KW", 1, 3),
			PadTop: small(t, "top", 0, 1), PadBottom: small(t, "bottom", 0, 2), PadLeft: small(t, "left", 0, 1), PadRight: small(t, "right", 0, 2),
		}
		act := rapid.SampledFrom(activations).Draw(t, "activation")
		n := small(t, "batch", 1, 3)
		check{
			batch: n,
			inputs: []input{
				{spec: rows(s.H, s.W, s.Cin), data: eighths(t, "x", n*s.H*s.W*s.Cin)},
				{spec: spec{s.KH, s.KW, s.Cin, s.Cout}, data: eighths(t, "w", s.KH*s.KW*s.Cin*s.Cout)},
				{spec: spec{s.Cout}, data: odd(t, "b", s.Cout)},
			},
			output: rows(s.OutH(), s.OutW(), s.Cout),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				return Conv2D(ctx, "conv2d", s, act, true, nil, x[0], x[1], x[2])
			},
			reference: func(x [][]float64) []float64 { return convolved(n, s, act, x[0], x[1], x[2]) },
		}.run(t)
	})
}

func convolved(n int, s kernel.ConvShape, act kernel.Activation, x, w, b []float64) []float64 {
	var y []float64
	for i := range n {
		for oy := range s.OutH() {
			for ox := range s.OutW() {
				for co := range s.Cout {
					sum := b[co]
					for ky := range s.KH {
						for kx := range s.KW {
							iy, ix := oy+ky-s.PadTop, ox+kx-s.PadLeft
							if iy < 0 || iy >= s.H || ix < 0 || ix >= s.W {
								continue
							}
							for ci := range s.Cin {
								sum += x[((i*s.H+iy)*s.W+ix)*s.Cin+ci] * w[((ky*s.KW+kx)*s.Cin+ci)*s.Cout+co]
							}
						}
					}
					y = append(y, activated(sum, act))
				}
			}
		}
	}
	return y
}

func TestDense(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, in, out := small(t, "batch", 1, 4), small(t, "in", 1, 9), small(t, "out", 1, 9)
		act := rapid.SampledFrom(activations).Draw(t, "activation")
		check{
			batch: n,
			inputs: []input{
				{spec: rows(in), data: eighths(t, "x", n*in)},
				{spec: spec{in, out}, data: eighths(t, "w", in*out)},
				{spec: spec{out}, data: odd(t, "b", out)},
			},
			output: rows(out),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				return Dense(ctx, "dense", in, out, act, true, nil, x[0], x[1], x[2])
			},
			reference: func(x [][]float64) []float64 {
				s := kernel.ConvShape{H: 1, W: 1, Cin: in, Cout: out, KH: 1, KW: 1}
				return convolved(n, s, act, x[0], x[1], x[2])
			},
		}.run(t)
	})
}

// The first layer's x has no gradient: the weights' are computed all the same.
func TestFirstLayer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, s := small(t, "batch", 1, 3), kernel.ConvShape{H: 4, W: 5, Cin: 1, Cout: 3, KH: 3, KW: 2}
		check{
			batch: n,
			inputs: []input{
				{spec: rows(4, 5, 1), data: eighths(t, "x", n*20), constant: true},
				{spec: spec{3, 2, 1, 3}, data: eighths(t, "w", 18)},
				{spec: spec{3}, data: odd(t, "b", 3)},
			},
			output: rows(2, 4, 3),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				return Conv2D(ctx, "conv2d", s, kernel.ReLU, false, nil, x[0], x[1], x[2])
			},
			reference: func(x [][]float64) []float64 { return convolved(n, s, kernel.ReLU, x[0], x[1], x[2]) },
		}.run(t)
	})
}

func TestActivation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, width := small(t, "batch", 1, 4), small(t, "width", 1, 40)
		act := rapid.SampledFrom(activations).Draw(t, "activation")
		check{
			batch:  n,
			inputs: []input{{spec: rows(width), data: odd(t, "x", n*width)}},
			output: rows(width),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				return Activation(ctx, "activation", []int{width}, act, x[0])
			},
			reference: func(x [][]float64) []float64 {
				y := make([]float64, len(x[0]))
				for i, v := range x[0] {
					y[i] = activated(v, act)
				}
				return y
			},
		}.run(t)
	})
}

func TestBatchNormalizationTraining(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := []int{small(t, "H", 1, 3), small(t, "W", 1, 3), small(t, "C", 1, 5)}
		n := small(t, "batch", 2, 4)
		c, size := shape[2], n*shape[0]*shape[1]*shape[2]
		movingMean, movingVariance := eighths(t, "moving mean", c), make([]float32, c)
		for i := range movingVariance {
			movingVariance[i] = 1
		}
		wantMean, wantVariance := widened(movingMean), widened(movingVariance)
		data := distinct(t, "x", size)
		for range 3 { // check runs three passes
			for ch := range c {
				mean, variance := moments(widened(data), c, ch)
				wantMean[ch] = wantMean[ch]*0.9 + mean*0.1
				wantVariance[ch] = wantVariance[ch]*0.9 + variance*0.1
			}
		}
		check{
			batch: n,
			inputs: []input{
				{spec: rows(shape...), data: data},
				{spec: spec{c}, data: eighths(t, "gamma", c)},
				{spec: spec{c}, data: eighths(t, "beta", c)},
				{spec: spec{c}, data: movingMean, constant: true},
				{spec: spec{c}, data: movingVariance, constant: true},
			},
			output: rows(shape...),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				return BatchNormalization(ctx, "bn", shape, BatchNorm{
					Gamma: x[1], Beta: x[2], MovingMean: x[3], MovingVariance: x[4],
					Epsilon: 1e-3, Momentum: 0.9, Training: true, InputGrad: true,
				}, x[0])
			},
			reference: func(x [][]float64) []float64 {
				y := make([]float64, len(x[0]))
				for ch := range c {
					mean, variance := moments(x[0], c, ch)
					for i := ch; i < len(y); i += c {
						y[i] = (x[0][i]-mean)/math.Sqrt(variance+1e-3)*x[1][ch] + x[2][ch]
					}
				}
				return y
			},
		}.run(t)
		near(t, "moving mean", movingMean, wantMean)
		near(t, "moving variance", movingVariance, wantVariance)
	})
}

func moments(x []float64, channels, channel int) (mean, variance float64) {
	n := float64(len(x) / channels)
	for i := channel; i < len(x); i += channels {
		mean += x[i] / n
	}
	for i := channel; i < len(x); i += channels {
		variance += (x[i] - mean) * (x[i] - mean) / n
	}
	return mean, variance
}

func TestBatchNormalizationInference(t *testing.T) {
	x, gamma, beta := []float32{1, 2, 3, 4, 5, 6}, []float32{2, 0.5}, []float32{1, -1}
	mean, variance := []float32{0.5, 4}, []float32{4, 0.25}
	g := G.NewGraph()
	node := func(name string, data []float32, shape ...int) *G.Node {
		return G.NodeFromAny(g, tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data)), G.WithName(name))
	}
	y, err := BatchNormalization(&Context{}, "bn", []int{2}, BatchNorm{
		Gamma: node("gamma", gamma, 2), Beta: node("beta", beta, 2),
		MovingMean: node("mean", mean, 2), MovingVariance: node("variance", variance, 2),
		Epsilon: 1e-3, Momentum: 0.99,
	}, node("x", x, 3, 2))
	if err != nil {
		t.Fatal(err)
	}
	pass(t, g)
	var want []float64
	for i, v := range x {
		c := i % 2
		want = append(want, (float64(v)-float64(mean[c]))/math.Sqrt(float64(variance[c])+1e-3)*float64(gamma[c])+float64(beta[c]))
	}
	near(t, "result", float32s(y.Value()), want)
	if diff := cmp.Diff([]float32{0.5, 4}, mean); diff != "" {
		t.Errorf("inference moved the statistics:\n%s", diff)
	}
}

func TestMaxPool2D(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, size := small(t, "batch", 1, 3), small(t, "size", 1, 3)
		h, w, c := small(t, "H", size, 7), small(t, "W", size, 7), small(t, "C", 1, 4)
		check{
			batch:  n,
			inputs: []input{{spec: rows(h, w, c), data: distinct(t, "x", n*h*w*c)}},
			output: rows(h/size, w/size, c),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				return MaxPool2D(ctx, "pool", h, w, c, size, true, x[0])
			},
			reference: func(x [][]float64) []float64 { return maxima(n, h, w, c, size, x[0]) },
		}.run(t)
	})
}

func maxima(n, h, w, c, size int, x []float64) []float64 {
	var y []float64
	for i := range n {
		for oy := range h / size {
			for ox := range w / size {
				for ch := range c {
					largest := math.Inf(-1)
					for k := range size * size {
						largest = max(largest, x[((i*h+oy*size+k/size)*w+ox*size+k%size)*c+ch])
					}
					y = append(y, largest)
				}
			}
		}
	}
	return y
}

// Among equal values the first takes the gradient, as in TensorFlow.
func TestMaxPool2DTies(t *testing.T) {
	g := G.NewGraph()
	x := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 2, 4, 1), tensor.WithBacking([]float32{
		3, 3, 1, 2,
		3, 3, 2, 2,
	})), G.WithName("x"))
	y, err := MaxPool2D(&Context{}, "pool", 2, 4, 1, 2, true, x)
	if err != nil {
		t.Fatal(err)
	}
	cost, err := weightedSum(&Context{}, rows(1, 2, 1), []float32{5, 7}, y)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := G.Grad(cost, x); err != nil {
		t.Fatal(err)
	}
	pass(t, g)
	grad, err := x.Grad()
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{
		5, 0, 0, 7,
		0, 0, 0, 0,
	}
	if diff := cmp.Diff(want, float32s(grad)); diff != "" {
		t.Errorf("gradient (-want +got):\n%s", diff)
	}
}

func TestDropoutGivenMask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, width := small(t, "batch", 1, 4), small(t, "width", 1, 20)
		mask := make([]float32, n*width)
		for i, kept := range rapid.SliceOfN(rapid.Bool(), n*width, n*width).Draw(t, "kept") {
			if kept {
				mask[i] = 2
			}
		}
		check{
			batch:  n,
			inputs: []input{{spec: rows(width), data: eighths(t, "x", n*width)}},
			output: rows(width),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				return masked(ctx, "dropout", rows(width), func(m []float32) { copy(m, mask) }, x[0])
			},
			reference: func(x [][]float64) []float64 {
				y := make([]float64, len(x[0]))
				for i, v := range x[0] {
					y[i] = v * float64(mask[i])
				}
				return y
			},
		}.run(t)
	})
}

// Masks follow from seed, step and layer, and keep 1-rate of the elements.
func TestDropoutMasks(t *testing.T) {
	draw := func(seed uint64, step, layer int) []float32 {
		g := G.NewGraph()
		ones := make([]float32, 8*500)
		for i := range ones {
			ones[i] = 1
		}
		x := G.NodeFromAny(g, tensor.New(tensor.WithShape(8, 500), tensor.WithBacking(ones)), G.WithName("x"))
		y, err := Dropout(&Context{Seed: seed, Step: step}, "dropout", []int{500}, 0.25, layer, x)
		if err != nil {
			t.Fatal(err)
		}
		pass(t, g)
		return float32s(y.Value())
	}
	first := draw(1, 0, 1)
	zeros := 0
	for _, v := range first {
		switch v {
		case 0:
			zeros++
		case 1 / float32(0.75):
		default:
			t.Fatalf("an element is scaled by %v", v)
		}
	}
	if zeros < 850 || zeros > 1150 { // 1000 expected, a deviation is 27
		t.Errorf("%d of 4000 dropped at rate 0.25", zeros)
	}
	if !cmp.Equal(first, draw(1, 0, 1)) {
		t.Error("the same seed, step and layer gave another mask")
	}
	for _, other := range [][]float32{draw(2, 0, 1), draw(1, 1, 1), draw(1, 0, 2)} {
		if cmp.Equal(first, other) {
			t.Error("another seed, step or layer gave the same mask")
		}
	}
}

func TestReshape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, h, w, c := small(t, "batch", 1, 3), small(t, "H", 1, 4), small(t, "W", 1, 4), small(t, "C", 1, 4)
		check{
			batch:  n,
			inputs: []input{{spec: rows(h, w, c), data: eighths(t, "x", n*h*w*c)}},
			output: rows(h * w * c),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				return Reshape(ctx, "flatten", []int{h, w, c}, []int{h * w * c}, x[0])
			},
			reference: func(x [][]float64) []float64 { return append([]float64{}, x[0]...) },
		}.run(t)
	})
}

// A layer's output that two others take gets the sum of their gradients, also
// when one of the two is a Reshape, which shares memory.
func TestBranches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, width := small(t, "batch", 1, 3), small(t, "width", 1, 6)
		check{
			batch:  n,
			inputs: []input{{spec: rows(width), data: odd(t, "x", n*width)}, {spec: rows(2), data: eighths(t, "z", n*2), constant: true}},
			output: rows(1, 2+2*width),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				trunk, err := Activation(ctx, "trunk", []int{width}, 0.5, x[0])
				if err != nil {
					return nil, err
				}
				flat, err := Reshape(ctx, "reshape", []int{width}, []int{1, width}, trunk)
				if err != nil {
					return nil, err
				}
				bent, err := Activation(ctx, "branch", []int{width}, kernel.ReLU, trunk)
				if err != nil {
					return nil, err
				}
				bent, err = Reshape(ctx, "reshape", []int{width}, []int{1, width}, bent)
				if err != nil {
					return nil, err
				}
				picture, err := Reshape(ctx, "reshape", []int{2}, []int{1, 2}, x[1])
				if err != nil {
					return nil, err
				}
				return Concatenate(ctx, "concatenate", [][]int{{1, 2}, {1, width}, {1, width}}, []bool{false, true, true}, picture, flat, bent)
			},
			reference: func(x [][]float64) []float64 {
				var y []float64
				for i := range n {
					y = append(y, x[1][2*i:2*i+2]...)
					for _, v := range x[0][i*width : (i+1)*width] {
						y = append(y, activated(v, 0.5))
					}
					for _, v := range x[0][i*width : (i+1)*width] {
						y = append(y, max(v, 0))
					}
				}
				return y
			},
		}.run(t)
	})
}

func TestSoftmaxCrossEntropy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, classes := small(t, "batch", 1, 5), small(t, "classes", 2, 10)
		data := eighths(t, "logits", n*classes)
		labels := make([]int32, n)
		for i, l := range rapid.SliceOfN(rapid.IntRange(0, classes-1), n, n).Draw(t, "labels") {
			labels[i] = int32(l)
		}
		g := G.NewGraph()
		x := G.NodeFromAny(g, tensor.New(tensor.WithShape(n, classes), tensor.WithBacking(data)), G.WithName("logits"))
		y := G.NodeFromAny(g, tensor.New(tensor.WithShape(n), tensor.WithBacking(labels)), G.WithName("labels"))
		loss, err := SoftmaxCrossEntropy(&Context{}, "loss", classes, true, x, y)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := G.Grad(loss.Node, x); err != nil {
			t.Fatal(err)
		}
		vm := G.NewTapeMachine(g)
		defer vm.Close()
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		reference := func(x [][]float64) []float64 {
			var losses []float64
			for i := range n {
				row, sum := x[0][i*classes:(i+1)*classes], 0.0
				for _, v := range row {
					sum += math.Exp(v)
				}
				losses = append(losses, math.Log(sum)-row[labels[i]])
			}
			return losses
		}
		sum := 0.0
		weights := make([]float32, n)
		for i, l := range reference([][]float64{widened(data)}) {
			sum += l
			weights[i] = 1 / float32(n)
		}
		near(t, "sum", []float32{float32(loss.Sum)}, []float64{sum})
		near(t, "loss", []float32{loss.Node.Value().Data().(float32)}, []float64{sum / float64(n)})
		grad, err := x.Grad()
		if err != nil {
			t.Fatal(err)
		}
		near(t, "gradient", float32s(grad), differences(reference, weights, [][]float64{widened(data)}, 0))
	})
}

func TestLabelsAreChecked(t *testing.T) {
	g := G.NewGraph()
	x := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 10), tensor.Of(tensor.Float32)), G.WithName("logits"))
	y := G.NodeFromAny(g, tensor.New(tensor.WithShape(2), tensor.WithBacking([]int32{9, 10})), G.WithName("labels"))
	if _, err := SoftmaxCrossEntropy(&Context{}, "loss", 10, false, x, y); err != nil {
		t.Fatal(err)
	}
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	err := vm.RunAll()
	if want := "label 10 of row 1 is not one of the 10 classes"; !contains(err, want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// A convolution or dense layer tied to the BatchNormalization behind it gives
// what the two give apart: both against the reference of the pair.
func TestHandover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := kernel.ConvShape{H: small(t, "H", 3, 5), W: small(t, "W", 3, 5), Cin: small(t, "Cin", 1, 2), Cout: small(t, "Cout", 1, 3), KH: 2, KW: 2}
		dense := rapid.Bool().Draw(t, "dense")
		if dense {
			s.H, s.W, s.KH, s.KW = 1, 1, 1, 1
		}
		act := rapid.SampledFrom(activations).Draw(t, "activation")
		n := small(t, "batch", 2, 3)
		shape, wShape := []int{s.OutH(), s.OutW(), s.Cout}, spec{s.KH, s.KW, s.Cin, s.Cout}
		xShape := rows(s.H, s.W, s.Cin)
		if dense {
			shape, wShape, xShape = []int{s.Cout}, spec{s.Cin, s.Cout}, rows(s.Cin)
		}
		ones := make([]float32, s.Cout)
		for i := range ones {
			ones[i] = 1
		}
		check{
			batch: n,
			inputs: []input{
				{spec: xShape, data: eighths(t, "x", n*s.H*s.W*s.Cin)},
				{spec: wShape, data: eighths(t, "w", wShape.size(1))},
				{spec: spec{s.Cout}, data: odd(t, "b", s.Cout)},
				{spec: spec{s.Cout}, data: eighths(t, "gamma", s.Cout)},
				{spec: spec{s.Cout}, data: eighths(t, "beta", s.Cout)},
				{spec: spec{s.Cout}, data: make([]float32, s.Cout), constant: true},
				{spec: spec{s.Cout}, data: ones, constant: true},
			},
			output: rows(shape...),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				h := new(Handover)
				var y *G.Node
				var err error
				if dense {
					y, err = Dense(ctx, "dense", s.Cin, s.Cout, act, true, h, x[0], x[1], x[2])
				} else {
					y, err = Conv2D(ctx, "conv2d", s, act, true, h, x[0], x[1], x[2])
				}
				if err != nil {
					return nil, err
				}
				return BatchNormalization(ctx, "bn", shape, BatchNorm{
					Gamma: x[3], Beta: x[4], MovingMean: x[5], MovingVariance: x[6],
					Epsilon: 0.5, Momentum: 0.9, Training: true, InputGrad: true, Handover: h,
				}, y)
			},
			reference: func(x [][]float64) []float64 {
				z := convolved(n, s, act, x[0], x[1], x[2])
				y := make([]float64, len(z))
				for ch := range s.Cout {
					mean, variance := moments(z, s.Cout, ch)
					for i := ch; i < len(y); i += s.Cout {
						y[i] = (z[i]-mean)/math.Sqrt(variance+0.5)*x[3][ch] + x[4][ch]
					}
				}
				return y
			},
		}.run(t)
	})
}

func TestBatchNormalizationMaxPool2D(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, w, c := small(t, "H", 2, 5), small(t, "W", 2, 5), small(t, "C", 1, 3)
		n := small(t, "batch", 1, 3)
		movingVariance := make([]float32, c)
		for i := range movingVariance {
			movingVariance[i] = 1
		}
		check{
			batch: n,
			inputs: []input{
				{spec: rows(h, w, c), data: distinct(t, "x", n*h*w*c)},
				{spec: spec{c}, data: odd(t, "gamma", c)},
				{spec: spec{c}, data: eighths(t, "beta", c)},
				{spec: spec{c}, data: make([]float32, c), constant: true},
				{spec: spec{c}, data: movingVariance, constant: true},
			},
			output: rows(h/2, w/2, c),
			add: func(ctx *Context, x []*G.Node) (*G.Node, error) {
				return BatchNormalizationMaxPool2D(ctx, "bn", h, w, c, 2, BatchNorm{
					Gamma: x[1], Beta: x[2], MovingMean: x[3], MovingVariance: x[4],
					Epsilon: 1e-3, Momentum: 0.9, Training: true, InputGrad: true,
					Handover: &Handover{activation: kernel.Linear},
				}, x[0])
			},
			reference: func(x [][]float64) []float64 {
				normalized := make([]float64, len(x[0]))
				for ch := range c {
					mean, variance := moments(x[0], c, ch)
					for i := ch; i < len(normalized); i += c {
						normalized[i] = (x[0][i]-mean)/math.Sqrt(variance+1e-3)*x[1][ch] + x[2][ch]
					}
				}
				return maxima(n, h, w, c, 2, normalized)
			},
		}.run(t)
	})
}
