package keras

import (
	"fmt"
	"strconv"
	"strings"

	"zoo/models/layer"
)

// object is how Keras serialises an object: its class and the arguments to make it.
type object struct {
	Module     string   `json:"module"`
	Class      string   `json:"class_name"`
	Config     settings `json:"config"`
	Registered *string  `json:"registered_name"`

	// Of models and layers that have weights, or might have.
	Build settings `json:"build_config,omitempty"`
	// Of models.
	Compile settings `json:"compile_config,omitempty"`
	// Of a functional model's layers.
	Name    string  `json:"name,omitempty"`
	Inbound *[]node `json:"inbound_nodes,omitempty"`
}

type settings map[string]any

// node is a call of a layer.
type node struct {
	Args   []any    `json:"args"`
	Kwargs settings `json:"kwargs"`
}

// number is written as Python writes a float: Keras takes 1 for an integer and
// computes with integers then.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	s := strconv.FormatFloat(float64(n), 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return []byte(s), nil
}

// modelConfig is config.json of a model that is compiled with the optimizer.
func modelConfig(m *layer.Model, o Optimizer) (object, error) {
	infos := m.Layers()
	layers := make([]object, len(infos))
	for i, l := range infos {
		var err error
		if layers[i], err = layerConfig(l); err != nil {
			return object{}, fmt.Errorf("model %s: %s: %w", m.Name(), l.Name, err)
		}
		if !m.Sequential() {
			layers[i].Name = l.Name
			layers[i].Inbound = inbound(l, infos)
		}
	}
	config := settings{"name": m.Name(), "trainable": true, "layers": layers}
	model := object{Config: config, Compile: compileConfig(infos[len(infos)-1], o)}
	if m.Sequential() {
		model.Module, model.Class = "keras", "Sequential"
		config["dtype"] = float32Policy
		config["build_input_shape"] = batched(m.InputShape())
		model.Build = settings{"input_shape": batched(m.InputShape())}
		return model, nil
	}
	name := "Functional"
	model.Module, model.Class, model.Registered = "keras.src.models.functional", name, &name
	config["input_layers"] = history(infos[0])
	config["output_layers"] = history(infos[len(infos)-1])
	model.Build = settings{"input_shape": nil}
	return model, nil
}

// compileConfig is the arguments of compile. Where the model ends with softmax
// Keras takes the logits behind it by itself.
func compileConfig(last layer.Info, o Optimizer) settings {
	var loss any = "sparse_categorical_crossentropy"
	if last.Activation != "softmax" {
		loss = object{Module: "keras.losses", Class: "SparseCategoricalCrossentropy", Config: settings{
			"name":         "sparse_categorical_crossentropy",
			"reduction":    "sum_over_batch_size",
			"from_logits":  true,
			"ignore_class": nil,
		}}
	}
	return settings{
		"optimizer":           o.config(),
		"loss":                loss,
		"loss_weights":        nil,
		"metrics":             []string{"accuracy"},
		"weighted_metrics":    nil,
		"run_eagerly":         false,
		"steps_per_execution": 1,
		"jit_compile":         false,
	}
}

var float32Policy = object{Module: "keras", Class: "DTypePolicy", Config: settings{"name": "float32"}}

// batched is a shape with the batch, of any size, in front.
func batched(shape []int) []any {
	all := []any{nil}
	for _, n := range shape {
		all = append(all, n)
	}
	return all
}

// history says which layer's output it is.
func history(l layer.Info) []any { return []any{l.Name, 0, 0} }

// inbound is the one call of a functional model's layer.
func inbound(l layer.Info, all []layer.Info) *[]node {
	nodes := []node{}
	if len(l.Inputs) == 0 {
		return &nodes
	}
	var tensors []any
	for i, in := range l.Inputs {
		tensors = append(tensors, settings{"class_name": tensorClass, "config": settings{
			"shape":         batched(l.InputShapes[i]),
			"dtype":         "float32",
			"keras_history": history(all[in]),
		}})
	}
	if l.Class == "Concatenate" { // takes a list
		tensors = []any{tensors}
	}
	kwargs := settings{}
	switch l.Class {
	case "BatchNormalization":
		kwargs["mask"] = nil
	case "Dropout":
		kwargs["training"] = false // as Keras records it; a model that trains overrides it
	}
	nodes = append(nodes, node{Args: tensors, Kwargs: kwargs})
	return &nodes
}

const tensorClass = "__keras_tensor__"

// layerConfig is a layer as Keras serialises it.
func layerConfig(l layer.Info) (object, error) {
	o := object{Module: "keras.layers", Class: l.Class, Config: settings{"name": l.Name}}
	if l.Class == "InputLayer" {
		o.set(settings{"batch_shape": batched(l.OutputShape), "dtype": "float32", "sparse": false, "ragged": false, "optional": false})
		return o, nil
	}
	o.set(settings{"trainable": true, "dtype": float32Policy})
	switch c := l.Config.(type) {
	case layer.Conv2DConfig:
		o.set(settings{
			"filters": c.Filters, "kernel_size": c.KernelSize, "padding": padding(c.Same), "activation": activation(l),
			"strides": ones, "dilation_rate": ones, "groups": 1, "data_format": "channels_last", "activity_regularizer": nil,
		})
		o.weights(c.KernelInitializer, c.BiasInitializer)
		o.built(l)
	case layer.DenseConfig:
		o.set(settings{"units": c.Units, "activation": activation(l), "quantization_config": nil})
		o.weights(c.KernelInitializer, c.BiasInitializer)
		o.built(l)
	case layer.BatchNormalizationConfig:
		o.batchNormalization(c)
		o.built(l)
	case layer.MaxPooling2DConfig:
		o.set(settings{"pool_size": c.PoolSize, "strides": c.PoolSize, "padding": "valid", "data_format": "channels_last"})
	case layer.ReshapeConfig:
		o.set(settings{"target_shape": c.TargetShape})
	case layer.ConcatenateConfig:
		o.set(settings{"axis": c.Axis})
		o.built(l)
	case layer.DropoutConfig:
		o.set(settings{"rate": number(c.Rate), "seed": nil, "noise_shape": nil})
	case layer.LeakyReLUConfig:
		o.set(settings{"negative_slope": number(c.NegativeSlope)})
	default:
		switch l.Class {
		case "Flatten":
			o.set(settings{"data_format": "channels_last"})
			o.built(l)
		case "Activation":
			o.set(settings{"activation": activation(l)})
		default:
			return o, fmt.Errorf("cannot write a %s for Keras", l.Class)
		}
	}
	return o, nil
}

var ones = [2]int{1, 1}

func (o object) set(more settings) {
	for key, value := range more {
		o.Config[key] = value
	}
}

// weights adds what the layers with kernel and bias have in common.
func (o object) weights(kernel, bias layer.Initializer) {
	o.set(settings{
		"use_bias":           true,
		"kernel_initializer": initializer(kernel), "bias_initializer": initializer(bias),
		"kernel_regularizer": nil, "bias_regularizer": nil,
		"kernel_constraint": nil, "bias_constraint": nil,
	})
}

func (o object) batchNormalization(c layer.BatchNormalizationConfig) {
	o.set(settings{
		"axis": c.Axis, "momentum": number(c.Momentum), "epsilon": number(c.Epsilon),
		"center": true, "scale": true,
		"gamma_initializer": initializer("Ones"), "beta_initializer": initializer("Zeros"),
		"moving_mean_initializer": initializer("Zeros"), "moving_variance_initializer": initializer("Ones"),
		"gamma_regularizer": nil, "beta_regularizer": nil,
		"gamma_constraint": nil, "beta_constraint": nil,
		"synchronized": false, "renorm": false, "renorm_clipping": nil, "renorm_momentum": number(0.99),
	})
}

// built adds the shape of the layer's input, with which Keras makes its weights.
func (o *object) built(l layer.Info) {
	var shapes []any
	for _, shape := range l.InputShapes {
		shapes = append(shapes, batched(shape))
	}
	o.Build = settings{"input_shape": shapes}
	if l.Class != "Concatenate" {
		o.Build["input_shape"] = shapes[0]
	}
}

func padding(same bool) string {
	if same {
		return "same"
	}
	return "valid"
}

func activation(l layer.Info) string {
	if l.Activation == "" {
		return "linear"
	}
	return l.Activation
}

func initializer(name layer.Initializer) object {
	o := object{Module: "keras.initializers", Class: string(name), Config: settings{}}
	switch name {
	case layer.GlorotUniform:
		o.set(settings{"seed": nil, "input_axes": nil, "output_axes": nil})
	case layer.RandomNormal:
		o.set(settings{"seed": nil, "mean": number(0), "stddev": number(1)})
	}
	return o
}
