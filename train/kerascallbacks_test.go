package train

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"zoo/models/layer"
	"zoo/models/weights"
)

// kerasCase is what a callback of real Keras did with a sequence of a metric's
// values: testdata/callbacks/dump.py. Epochs are from 0, as Keras counts them.
type kerasCase struct {
	Callback string            `json:"callback"`
	Args     kerasArgs         `json:"args"`
	Values   []json.RawMessage `json:"values"`

	Stopped   *int    `json:"stopped"` // EarlyStopping
	BestEpoch int     `json:"best_epoch"`
	Weight    float32 `json:"weight"` // at the end; after epoch i it was i

	Rates []float64 `json:"rates"` // ReduceLROnPlateau: after each epoch
}

// kerasArgs is Keras's arguments; nil are left to their defaults.
type kerasArgs struct {
	Monitor        Monitor  `json:"monitor"`
	Mode           Mode     `json:"mode"`
	MinDelta       *float64 `json:"min_delta"`
	Patience       *int     `json:"patience"`
	Baseline       *float64 `json:"baseline"`
	StartFromEpoch int      `json:"start_from_epoch"`
	Factor         *float64 `json:"factor"`
	Cooldown       int      `json:"cooldown"`
	MinLR          float64  `json:"min_lr"`
}

func readKerasCases(t *testing.T) []kerasCase {
	t.Helper()
	content, err := os.ReadFile("testdata/callbacks/keras.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Keras string      `json:"keras"`
		Cases []kerasCase `json:"cases"`
	}
	in := json.NewDecoder(bytes.NewReader(content))
	in.DisallowUnknownFields()
	if err := in.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 100 {
		t.Fatalf("only %d cases", len(file.Cases))
	}
	return file.Cases
}

// epoch is the epoch with this number from 0, whose metric has the case's value.
func (c kerasCase) epoch(t *testing.T, number int) Epoch {
	var value exact
	if err := value.UnmarshalText(bytes.Trim(c.Values[number], `"`)); err != nil {
		t.Fatal(err)
	}
	e := Epoch{Epoch: number + 1}
	switch c.Args.Monitor.orDefault() {
	case "loss":
		e.Loss = float64(value)
	case "accuracy":
		e.Accuracy = float64(value)
	case "val_loss":
		e.ValLoss = float64(value)
	case "val_accuracy":
		e.ValAccuracy = float64(value)
	}
	return e
}

func setIf[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// aTraining is a training before its first epoch, at a rate.
func aTraining(m *layer.Model, epochs int, rate, decay float64) *Training {
	return &Training{model: m, solver: NewSGD(rate, 0, decay), Progress: Progress{Epochs: epochs, LearningRate: rate}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Each case is run through, and once more with the state carried over to another
// callback after each epoch, as by a checkpoint.
func TestCallbacksDoWhatKerasDoes(t *testing.T) {
	stops, reductions := 0, 0
	for i, c := range readKerasCases(t) {
		for _, resumed := range []bool{false, true} {
			var ok bool
			switch c.Callback {
			case "EarlyStopping":
				ok = c.earlyStopping(t, resumed)
				if c.Stopped != nil {
					stops++
				}
			case "ReduceLROnPlateau":
				ok = c.reduceLROnPlateau(t, resumed)
				if c.Rates[len(c.Rates)-1] < c.Rates[0] {
					reductions++
				}
			default:
				t.Fatalf("case %d: unknown callback %q", i, c.Callback)
			}
			if !ok {
				args, _ := json.Marshal(c.Args)
				t.Errorf("case %d, resumed %v: %s %s on %s", i, resumed, c.Callback, args, c.Values)
			}
		}
	}
	if stops < 100 || reductions < 100 {
		t.Errorf("only %d stops and %d reductions: the cases show nothing", stops, reductions)
	}
}

// oneWeight is a model of 3 weights that are set to one value.
func oneWeight(t *testing.T) *layer.Model {
	m, err := layer.Sequential("one", layer.Input(1, 1, 1), layer.Flatten(), layer.Dense(1, layer.Softmax))
	must(t, err)
	return m
}

func fill(m *layer.Model, value float32) {
	for _, v := range m.Variables() {
		for i := range v.Data() {
			v.Data()[i] = value
		}
	}
}

func (c kerasCase) earlyStopping(t *testing.T, resumed bool) bool {
	newCallback := func() *EarlyStopping {
		s := &EarlyStopping{
			Monitor: c.Args.Monitor, Mode: c.Args.Mode, Baseline: c.Args.Baseline,
			StartFromEpoch: c.Args.StartFromEpoch, RestoreBestWeights: true,
		}
		setIf(&s.Patience, c.Args.Patience)
		setIf(&s.MinDelta, c.Args.MinDelta)
		return s
	}
	m := oneWeight(t)
	p := aTraining(m, len(c.Values), .5, 0)
	s := newCallback()
	must(t, s.TrainBegin(p))
	stopped := -1
	for i := range c.Values {
		p.Epoch = i + 1
		fill(m, float32(i))
		must(t, s.EpochEnd(p, c.epoch(t, i)))
		if resumed {
			next := newCallback()
			must(t, next.TrainBegin(p))
			must(t, carry(s, next))
			s = next
		}
		if p.Stopped() != "" {
			stopped = i
			break
		}
	}
	must(t, s.TrainEnd(p))
	want := -1
	setIf(&want, c.Stopped)
	best := max(s.BestEpoch()-1, 0) // Keras begins with 0
	weight := m.Variables()[0].Data()[0]
	if stopped != want || s.StoppedEpoch() != want+1 || best != c.BestEpoch || weight != c.Weight {
		t.Errorf("stopped after epoch %d (%s), best %d, ends with the weights of %v; Keras: %d, %d, %v",
			stopped, p.Stopped(), best, weight, want, c.BestEpoch, c.Weight)
		return false
	}
	return true
}

func (c kerasCase) reduceLROnPlateau(t *testing.T, resumed bool) bool {
	newCallback := func() *ReduceLROnPlateau {
		r := NewReduceLROnPlateau()
		r.Monitor, r.Mode, r.Cooldown, r.MinLR = c.Args.Monitor, c.Args.Mode, c.Args.Cooldown, c.Args.MinLR
		setIf(&r.Patience, c.Args.Patience)
		setIf(&r.MinDelta, c.Args.MinDelta)
		setIf(&r.Factor, c.Args.Factor)
		return r
	}
	p := aTraining(nil, len(c.Values), .5, 0)
	r := newCallback()
	must(t, r.TrainBegin(p))
	for i := range c.Values {
		p.Epoch = i + 1
		must(t, r.EpochEnd(p, c.epoch(t, i)))
		if resumed {
			next := newCallback()
			must(t, next.TrainBegin(p))
			must(t, carry(r, next))
			r = next
		}
		// Keras's rate is a float32 after each reduction.
		if got, want := p.solver.LearningRate(), c.Rates[i]; math.Abs(got-want) > 1e-6*want {
			t.Errorf("learning rate %v after epoch %d; Keras: %v", got, i, want)
			return false
		}
	}
	return true
}

// carry brings the state of one callback to another, as a checkpoint does.
func carry(from, to Stateful) error {
	if from, ok := from.(StatefulTensors); ok {
		tensors := from.StateTensors()
		slices.SortFunc(tensors, func(a, b weights.Tensor) int { return strings.Compare(a.Name, b.Name) })
		if err := to.(StatefulTensors).SetStateTensors(tensors); err != nil {
			return err
		}
	}
	state, err := from.State()
	if err != nil {
		return err
	}
	return to.SetState(state)
}
