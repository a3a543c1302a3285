package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"zoo/models/layer"
)

// savedModel is what is read of config.json.
type savedModel struct {
	Class  string `json:"class_name"`
	Config struct {
		Name       string       `json:"name"`
		Layers     []savedLayer `json:"layers"`
		BuildShape []any        `json:"build_input_shape"` // of a Sequential
		Outputs    any          `json:"output_layers"`     // of a Functional
	} `json:"config"`
}

type savedLayer struct {
	Class   string         `json:"class_name"`
	Config  map[string]any `json:"config"`
	Inbound []any          `json:"inbound_nodes"`
}

// name is the layer's name; "" if it has none.
func (l savedLayer) name() string {
	name, _ := l.Config["name"].(string)
	return name
}

func parseConfig(text []byte) (*savedModel, error) {
	s := new(savedModel)
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	if s.Class != "Sequential" && s.Class != "Functional" {
		return nil, fmt.Errorf("%w: its model is a %.50q, want a Sequential or a Functional", ErrForeign, s.Class)
	}
	return s, nil
}

// computes tells where the file's model does not compute what m computes.
func (s *savedModel) computes(m *layer.Model) error {
	saved, want := s.layers(), m.Layers()
	index := map[string]int{}
	for i, l := range saved {
		if i >= len(want) {
			return fmt.Errorf("the file's model has %d layers, want the %d of model %s", len(saved), len(want), m.Name())
		}
		index[l.name()] = i
		if err := l.computes(want[i]); err != nil {
			return fmt.Errorf("layer %d of the file, %.50q, %w of model %s", i, l.name(), err, m.Name())
		}
		inputs := []int{i - 1}
		if i == 0 {
			inputs = nil
		}
		if s.Class == "Functional" {
			var err error
			if inputs, err = l.inputs(index); err != nil {
				return fmt.Errorf("layer %d of the file, %.50q: %w", i, l.name(), err)
			}
		}
		if !slices.Equal(inputs, want[i].Inputs) {
			return fmt.Errorf("layer %d of the file, %.50q, has the layers %.50s as inputs, want the %v of model %s",
				i, l.name(), fmt.Sprint(inputs), want[i].Inputs, m.Name())
		}
	}
	if len(saved) != len(want) {
		return fmt.Errorf("the file's model has %d layers, want the %d of model %s", len(saved), len(want), m.Name())
	}
	last := saved[len(saved)-1].name()
	if s.Class == "Functional" && !output(last).ok(s.Config.Outputs) {
		return fmt.Errorf("the file's model does not end with its last layer, %.50q, alone, as model %s does", last, m.Name())
	}
	return nil
}

// output is a functional model's only output.
func output(name string) setting {
	history := []any{name, 0, 0}
	one, list := is(history), is([]any{history})
	return setting{one.want, func(got any) bool { return one.ok(got) || list.ok(got) }}
}

// layers are the file's, with an InputLayer in front.
func (s *savedModel) layers() []savedLayer {
	all := s.Config.Layers
	if s.Class == "Sequential" && (len(all) == 0 || all[0].Class != "InputLayer") {
		input := savedLayer{Class: "InputLayer", Config: map[string]any{"batch_shape": s.Config.BuildShape}}
		return append([]savedLayer{input}, all...)
	}
	return all
}

// inputs are the layers that feed the only call of a functional model's layer.
func (l savedLayer) inputs(index map[string]int) (inputs []int, err error) {
	if l.Class == "InputLayer" && len(l.Inbound) == 0 {
		return nil, nil
	}
	if len(l.Inbound) != 1 {
		return nil, fmt.Errorf("called %d times, want once", len(l.Inbound))
	}
	call, _ := l.Inbound[0].(map[string]any)
	args, _ := call["args"].([]any)
	if len(args) == 1 {
		if list, ok := args[0].([]any); ok { // Concatenate's
			args = list
		}
	}
	for _, arg := range args {
		tensor, _ := arg.(map[string]any)
		config, _ := tensor["config"].(map[string]any)
		history, _ := config["keras_history"].([]any)
		if tensor["class_name"] != tensorClass || len(history) != 3 || history[1] != 0.0 || history[2] != 0.0 {
			return nil, errors.New("its input is not the output of a layer")
		}
		name, _ := history[0].(string)
		i, ok := index[name]
		if !ok {
			return nil, fmt.Errorf("its input is of %.50q, which is no layer before it", name)
		}
		inputs = append(inputs, i)
	}
	return inputs, nil
}

// computes tells where the layer is not like the model's.
func (l savedLayer) computes(want layer.Info) error {
	if l.Class != want.Class {
		return fmt.Errorf("is a %.50q, want the %s %s", l.Class, want.Class, want.Name)
	}
	essential := essentials(want)
	for _, key := range slices.Sorted(maps.Keys(essential)) {
		if got := l.Config[key]; !essential[key].ok(got) {
			text, err := json.Marshal(got)
			if err != nil {
				return err
			}
			return fmt.Errorf("has %s %.60s, want the %s of %s", key, text, essential[key].want, want.Name)
		}
	}
	return nil
}

// setting is a wanted setting.
type setting struct {
	want string
	ok   func(got any) bool // got is what JSON has, nil if it has none
}

// essentials are the settings that a layer must have to compute what the model's does. Those
// that shapes of weights prove are among them: there is a layer's name in the error.
func essentials(l layer.Info) map[string]setting {
	last := oneOf(-1, len(l.OutputShape)) // the batch is the axis 0
	switch c := l.Config.(type) {
	case layer.Conv2DConfig:
		return map[string]setting{
			"filters": is(c.Filters), "kernel_size": is(c.KernelSize), "padding": is(padding(c.Same)), "activation": is(activation(l)),
			"strides": is(ones), "dilation_rate": is(ones), "groups": is(1), "use_bias": is(true), "data_format": is("channels_last"),
		}
	case layer.DenseConfig:
		return map[string]setting{"units": is(c.Units), "activation": is(activation(l)), "use_bias": is(true)}
	case layer.BatchNormalizationConfig:
		return map[string]setting{"axis": last, "epsilon": near(c.Epsilon), "center": is(true), "scale": is(true)}
	case layer.MaxPooling2DConfig:
		return map[string]setting{
			"pool_size": is(c.PoolSize), "strides": is(c.PoolSize), "padding": is("valid"), "data_format": is("channels_last"),
		}
	case layer.ReshapeConfig:
		return map[string]setting{"target_shape": is(c.TargetShape)}
	case layer.ConcatenateConfig:
		return map[string]setting{"axis": last}
	case layer.LeakyReLUConfig:
		return map[string]setting{"negative_slope": near(c.NegativeSlope)}
	}
	switch l.Class {
	case "InputLayer":
		shape := is(l.OutputShape)
		return map[string]setting{"batch_shape": {"[null] + " + shape.want, func(got any) bool {
			batched, _ := got.([]any)
			return len(batched) > 0 && shape.ok(batched[1:])
		}}}
	case "Flatten":
		return map[string]setting{"data_format": is("channels_last")}
	case "Activation":
		return map[string]setting{"activation": is(activation(l))}
	}
	return nil
}

// is compares as JSON texts.
func is(want any) setting {
	wanted, err := json.Marshal(want)
	return setting{string(wanted), func(got any) bool {
		text, failed := json.Marshal(got)
		return err == nil && failed == nil && string(text) == string(wanted)
	}}
}

// oneOf is the first number, or another that means the same.
func oneOf(first, other int) setting {
	a, b := is(first), is(other)
	return setting{a.want, func(got any) bool { return a.ok(got) || b.ok(got) }}
}

// near compares numbers as far as float32 tells them apart.
func near(want float64) setting {
	return setting{is(want).want, func(got any) bool {
		n, ok := got.(float64)
		return ok && math.Abs(n-want) <= 1e-6*math.Abs(want)
	}}
}
