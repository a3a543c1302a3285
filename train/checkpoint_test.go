package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"zoo/models/layer"
	"zoo/models/weights"
)

// archive is a Saver that keeps all checkpoints as the bytes of files.
type archive struct {
	NopCallback
	at    []string // "step 2.3", "epoch 2", "cut"
	files [][]byte
}

func (k *archive) Save(t *Training, m Moment) error {
	c, err := t.Checkpoint()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		return err
	}
	at := map[Moment]string{
		AfterStep:  fmt.Sprintf("step %d.%d", t.Epoch, t.Step),
		AfterEpoch: fmt.Sprint("epoch ", t.Epoch),
		Cut:        "cut",
	}[m]
	k.at, k.files = append(k.at, at), append(k.files, b.Bytes())
	return nil
}

// last is the checkpoint of the end.
func (k *archive) last(t *testing.T) *Checkpoint {
	t.Helper()
	return parsed(t, k.files[len(k.files)-1])
}

func parsed(t *testing.T, content []byte) *Checkpoint {
	t.Helper()
	c, err := ParseCheckpoint(content)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// halver is a callback whose outcome depends on all that it has seen: it halves
// the learning rate after every fifth step, and after each epoch adds what it
// remembers of the first bias to that bias.
type halver struct {
	NopCallback
	seen int
	sum  []float32
}

func (h *halver) TrainBegin(t *Training) error {
	h.seen, h.sum = 0, make([]float32, len(t.Model().Variables()[1].Data()))
	return nil
}

func (h *halver) BatchEnd(t *Training) error {
	h.seen++
	if h.seen%5 == 0 {
		t.ScaleLearningRate(.7)
	}
	for i, x := range t.Model().Variables()[1].Data() {
		h.sum[i] += x
	}
	return nil
}

func (h *halver) EpochEnd(t *Training, _ Epoch) error {
	for i := range h.sum {
		t.Model().Variables()[1].Data()[i] += h.sum[i] / 100
	}
	return nil
}

func (h *halver) State() (json.RawMessage, error)      { return json.Marshal(h.seen) }
func (h *halver) SetState(state json.RawMessage) error { return json.Unmarshal(state, &h.seen) }

func (h *halver) StateTensors() []weights.Tensor {
	return []weights.Tensor{{Name: "sum", Shape: []int{len(h.sum)}, Data: h.sum}}
}

func (h *halver) SetStateTensors(tensors []weights.Tensor) error {
	if len(tensors) != 1 || tensors[0].Name != "sum" {
		return fmt.Errorf("tensors %v", tensors)
	}
	copy(h.sum, tensors[0].Data)
	return nil
}

// wantSame fails unless two trainings ended alike: every array to the bit, and
// the history but for its times.
func wantSame(t *testing.T, at string, want, got *Checkpoint, wantHistory, gotHistory History) {
	t.Helper()
	bits := cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
	if diff := cmp.Diff(want.file.Tensors, got.file.Tensors, bits); diff != "" {
		t.Errorf("%s: arrays (-uncut +resumed)\n%.2000s", at, diff)
	}
	if diff := cmp.Diff(wantHistory, gotHistory, noTimes); diff != "" {
		t.Errorf("%s: history (-uncut +resumed)\n%s", at, diff)
	}
	times := cmpopts.IgnoreFields(State{}, "Started", "Saved", "Elapsed", "EpochElapsed", "FirstStep", "OtherSteps", "TimedSteps")
	if diff := cmp.Diff(want.State, got.State, times, noTimes); diff != "" {
		t.Errorf("%s: state (-uncut +resumed)\n%s", at, diff)
	}
}

// A training cut after any step or epoch and resumed ends as if it had not been
// cut: weights, moving statistics, velocities, what callbacks remember, history.
func TestResumeAtEveryStep(t *testing.T) {
	for _, test := range []struct {
		name     string
		pictures int
		change   func(*Config)
	}{
		{"partial batch at the end", 100, func(*Config) {}},
		{"full batches", 96, func(*Config) {}},
		{"one step in an epoch", 10, func(*Config) {}},
		{"in order", 100, func(c *Config) { c.InOrder = true }},
		{"plain SGD", 50, func(c *Config) { c.Momentum, c.Decay = 0, 0 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := small
			test.change(&cfg)
			training, validation := newPictures(test.pictures, 1), newPictures(20, 2)
			uncut := &archive{}
			// What is saved fits callbacks that come after the saver too.
			history, err := Fit(t.Context(), newModel(t, 5), training, validation, cfg, &halver{}, uncut, &halver{})
			if err != nil {
				t.Fatal(err)
			}
			if want := cfg.Epochs * (cfg.steps(test.pictures) + 1); len(uncut.files) != want {
				t.Fatalf("%d checkpoints, want %d", len(uncut.files), want)
			}
			for i, at := range uncut.at {
				m := newModel(t, 77) // all of it is to be overwritten
				resumed := &archive{}
				got, err := Resume(t.Context(), m, parsed(t, uncut.files[i]), training, validation, cfg, &halver{}, resumed, &halver{})
				if err != nil {
					t.Fatalf("%s: %v", at, err)
				}
				if diff := cmp.Diff(uncut.at[i+1:], resumed.at, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("%s: steps and epochs after it (-uncut +resumed)\n%s", at, diff)
				}
				if len(resumed.files) == 0 { // nothing was left to train
					loaded := &weights.File{Tensors: weights.Of(m)}
					for _, w := range loaded.Tensors {
						if want, _ := uncut.last(t).file.Tensor(w.Name); !slices.Equal(want.Data, w.Data) {
							t.Errorf("%s: %s differs", at, w.Name)
						}
					}
					if diff := cmp.Diff(history, got); diff != "" {
						t.Errorf("%s: history (-uncut +resumed)\n%s", at, diff)
					}
					continue
				}
				wantSame(t, at, uncut.last(t), resumed.last(t), history, got)
			}
		})
	}
}

// The callbacks that Keras has go on as if nothing had been: what they wait for,
// the learning rate that they set, the epoch at which they stop, the weights that
// they restore then.
func TestResumeWithKerasCallbacks(t *testing.T) {
	cfg := small
	cfg.Epochs, cfg.LearningRate = 12, .5
	training, validation := newPictures(50, 1), newPictures(20, 2)
	callbacks := func(k *archive) []Callback {
		reduce := NewReduceLROnPlateau()
		reduce.Patience = 2
		return []Callback{reduce, k, &EarlyStopping{Patience: 3, RestoreBestWeights: true}}
	}
	uncut, m := &archive{}, newModel(t, 4)
	history, err := Fit(t.Context(), m, training, validation, cfg, callbacks(uncut)...)
	if err != nil {
		t.Fatal(err)
	}
	if end := uncut.last(t); len(history) == cfg.Epochs || end.BaseRate == cfg.LearningRate || end.Stopped == "" {
		t.Fatalf("%d epochs, learning rate %v, stopped %q: nothing is tested", len(history), end.BaseRate, end.Stopped)
	}
	for i, at := range uncut.at {
		resumed, again := &archive{}, newModel(t, 77)
		got, err := Resume(t.Context(), again, parsed(t, uncut.files[i]), training, validation, cfg, callbacks(resumed)...)
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		if diff := cmp.Diff(weightsOf(m), weightsOf(again)); diff != "" {
			t.Errorf("%s: weights that were restored (-uncut +resumed)\n%.2000s", at, diff)
		}
		if i < len(uncut.at)-1 {
			wantSame(t, at, uncut.last(t), resumed.last(t), history, got)
		}
	}
}

// Cut again and again, never for more than two steps at a time.
func TestResumeAgainAndAgain(t *testing.T) {
	training, validation := newPictures(100, 1), newPictures(20, 2)
	uncut := &archive{}
	history, err := Fit(t.Context(), newModel(t, 5), training, validation, small, uncut, &halver{})
	if err != nil {
		t.Fatal(err)
	}
	var c *Checkpoint
	for runs := 1; ; runs++ {
		ctx, cancel := context.WithCancelCause(t.Context())
		steps := 0
		training.called = func() {
			if steps++; steps == 2 {
				cancel(signalled{})
			}
		}
		run := &archive{}
		var got History
		if c == nil {
			got, err = Fit(ctx, newModel(t, 5), training, validation, small, run, &halver{})
		} else {
			got, err = Resume(ctx, newModel(t, 6), c, training, validation, small, run, &halver{})
		}
		cancel(nil)
		c = run.last(t)
		if err == nil {
			wantSame(t, "at the end", uncut.last(t), c, history, got)
			if runs < 8 {
				t.Errorf("only %d runs", runs)
			}
			return
		}
		if !errors.Is(err, signalled{}) || run.at[len(run.at)-1] != "cut" {
			t.Fatalf("error %v, saved at %v", err, run.at)
		}
	}
}

// When the context ends, the last full step is saved, before any TrainEnd.
func TestCutIsSaved(t *testing.T) {
	training, validation := newPictures(12, 1), newPictures(5, 2)
	uncut := &archive{}
	history, err := Fit(t.Context(), newModel(t, 1), training, validation, twoByTwo, uncut)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"begin", "epoch begin 1", "batch end 1.1", "batch end 1.2", "epoch end 1", "epoch begin 2", "batch end 2.1", "batch end 2.2"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cut := &archive{}
		m := newModel(t, 1)
		ruin := &stage{at: "end", do: func() { m.Initialize(99) }}
		_, err := Fit(ctx, m, training, validation, twoByTwo, ruin, cut, &stage{at: at, do: func() { cancel(signalled{}) }})
		if !errors.Is(err, signalled{}) || cut.at[len(cut.at)-1] != "cut" {
			t.Fatalf("%s: error %v, saved at %v", at, err, cut.at)
		}
		resumed := &archive{}
		got, err := Resume(t.Context(), newModel(t, 2), cut.last(t), training, validation, twoByTwo, resumed)
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		wantSame(t, at, uncut.last(t), resumed.last(t), history, got)
	}
}

// A callback that fails has cut the event short for others: nothing is saved.
func TestFailureIsNotSaved(t *testing.T) {
	for _, event := range []string{"begin", "batch end 1.1", "epoch end 1"} {
		var log []string
		k := &archive{}
		_, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo, k, &recorder{log: &log, failAt: event})
		if !errors.Is(err, errFull) {
			t.Fatalf("%s: error %v", event, err)
		}
		if want := map[string]int{"begin": 0, "batch end 1.1": 0, "epoch end 1": 2}[event]; len(k.files) != want {
			t.Errorf("%s: saved at %v", event, k.at)
		}
	}
	// Nor when it fails with the error of a context that ended.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k := &archive{}
	fails := &evaluating{ctx: ctx, cancel: cancel}
	if _, err := Fit(ctx, newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo, k, fails); !errors.Is(err, context.Canceled) || len(k.files) > 0 {
		t.Errorf("error %v, saved at %v", err, k.at)
	}
}

// evaluating is a callback that is at work when the context ends.
type evaluating struct {
	NopCallback
	ctx    context.Context
	cancel func()
}

func (e *evaluating) BatchEnd(t *Training) error {
	e.cancel()
	_, _, err := Evaluate(e.ctx, t.Model(), newPictures(5, 2), 5)
	return err
}

// stopsEarly ends a training within an epoch.
type stopsEarly struct{ NopCallback }

func (stopsEarly) BatchEnd(t *Training) error {
	if t.Epoch == 2 && t.Step == 3 {
		t.Stop("enough")
	}
	return nil
}

func TestResumeOfAStoppedTraining(t *testing.T) {
	training, validation := newPictures(100, 1), newPictures(20, 2)
	uncut := &archive{}
	history, err := Fit(t.Context(), newModel(t, 5), training, validation, small, stopsEarly{}, uncut)
	if err != nil || len(history) != 2 {
		t.Fatalf("%d epochs, error %v", len(history), err)
	}
	for i, at := range uncut.at {
		resumed := &archive{}
		got, err := Resume(t.Context(), newModel(t, 6), parsed(t, uncut.files[i]), training, validation, small, stopsEarly{}, resumed)
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		if at == "epoch 2" {
			if len(resumed.files) > 0 || !parsed(t, uncut.files[i]).Finished() {
				t.Errorf("goes on with a training that had stopped: %v", resumed.at)
			}
			continue
		}
		wantSame(t, at, uncut.last(t), resumed.last(t), history, got)
	}
}

// told is a callback that notes what a resumed training says of itself.
type told struct {
	NopCallback
	log []string
}

func (c *told) note(event string, t *Training) error {
	c.log = append(c.log, fmt.Sprintf("%s %d.%d samples %d iterations %d history %d resumed %v loss %v",
		event, t.Epoch, t.Step, t.Samples, t.Iterations(), len(t.History()), t.Resumed(), t.Loss > 0))
	return nil
}
func (c *told) TrainBegin(t *Training) error        { return c.note("begin", t) }
func (c *told) EpochBegin(t *Training) error        { return c.note("epoch", t) }
func (c *told) EpochEnd(t *Training, _ Epoch) error { return c.note("epoch end", t) }

func TestResumedProgress(t *testing.T) {
	training, validation := newPictures(12, 1), newPictures(5, 2)
	uncut := &archive{}
	if _, err := Fit(t.Context(), newModel(t, 1), training, validation, twoByTwo, uncut); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string][]string{
		"step 1.1": {
			"begin 1.1 samples 8 iterations 1 history 0 resumed true loss true",
			"epoch 1.1 samples 8 iterations 1 history 0 resumed true loss true",
			"epoch end 1.2 samples 12 iterations 2 history 1 resumed true loss true",
			"epoch 2.0 samples 0 iterations 2 history 1 resumed true loss false",
			"epoch end 2.2 samples 12 iterations 4 history 2 resumed true loss true",
		},
		"epoch 1": {
			"begin 1.0 samples 0 iterations 2 history 1 resumed true loss false",
			"epoch 2.0 samples 0 iterations 2 history 1 resumed true loss false",
			"epoch end 2.2 samples 12 iterations 4 history 2 resumed true loss true",
		},
		"epoch 2": {"begin 2.0 samples 0 iterations 4 history 2 resumed true loss false"},
	} {
		c := &told{}
		i := slices.Index(uncut.at, at)
		if _, err := Resume(t.Context(), newModel(t, 1), parsed(t, uncut.files[i]), training, validation, twoByTwo, c); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.log); diff != "" {
			t.Errorf("%s (-want +got)\n%s", at, diff)
		}
	}
}

// The times of the runs add up; what a killed run did after its last checkpoint
// does not count, nor does the first step of each run in the time of a step.
func TestResumeTimes(t *testing.T) {
	clock := &stepped{now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
	now := func() time.Time { return clock.now }
	training, validation := newPictures(64, 1), newPictures(10, 2)
	took := []time.Duration{time.Second, 10 * time.Millisecond, 20 * time.Millisecond, 30 * time.Millisecond}
	step := 0
	training.called = func() { clock.advance(took[step%4]); step++ }
	validation.called = func() { clock.advance(2 * time.Second) }
	cfg := small
	cfg.Epochs = 2
	first := &archive{}
	h, err := fit(t.Context(), newModel(t, 1), training, validation, cfg, []Callback{first}, now)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if h[1].Seconds != 3.06 || h[1].MsPerStep != 20 {
		t.Fatalf("uncut: %+v", h[1])
	}
	for at, want := range map[string]struct{ ms, perStep float64 }{
		"step 2.1": {60, 25}, // the first step had 1000 ms, the first of the next run 10
		"step 2.2": {60, 20}, // 10 and 30 of two runs
		"step 2.3": {60, 15}, // 10 and 20 of the first run
		"step 2.4": {60, 20},
		"epoch 1":  {60, 20},
	} {
		c := parsed(t, first.files[slices.Index(first.at, at)])
		clock.advance(time.Hour)
		step = c.Step
		last := &archive{}
		h, err := resume(t.Context(), newModel(t, 1), c, training, validation, cfg, []Callback{last}, now)
		if err != nil {
			t.Fatal(err)
		}
		if h[1].Seconds != 3+want.ms/1000 || h[1].MsPerStep != want.perStep {
			t.Errorf("%s: %v s and %v ms per step, want %v and %v", at, h[1].Seconds, h[1].MsPerStep, 3+want.ms/1000, want.perStep)
		}
		if end := last.last(t); end.Elapsed != 2*3060*time.Millisecond || !end.Started.Equal(began) || !end.Saved.Equal(clock.now) {
			t.Errorf("%s: %v in all since %v until %v", at, end.Elapsed, end.Started, end.Saved)
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	training, validation := newPictures(100, 1), newPictures(20, 2)
	k := &archive{}
	if _, err := Fit(t.Context(), newModel(t, 1), training, validation, small, k, &halver{}); err != nil {
		t.Fatal(err)
	}
	other, err := layer.Sequential("other", layer.Input(side, side, 1), layer.Flatten(), layer.Dense(15, layer.ReLU),
		layer.BatchNormalization(), layer.Dense(classes, layer.Softmax))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, want string
		change     func(a *arguments)
	}{
		{"batch", "the checkpoint is of another training: batch 16 there, 32 asked", func(a *arguments) { a.cfg.Batch = 32 }},
		{"epochs", "the checkpoint is of another training: epochs 3 there, 4 asked", func(a *arguments) { a.cfg.Epochs = 4 }},
		{"seed", "the checkpoint is of another training: seed 1 there, 2 asked", func(a *arguments) { a.cfg.Seed = 2 }},
		{"momentum", "the checkpoint is of another training: momentum 0.9 there, 0 asked", func(a *arguments) { a.cfg.Momentum = 0 }},
		{"kernels", "the checkpoint is of another training: kernels Z80 there, ", func(a *arguments) { a.c.Settings.Kernels = "Z80" }},
		{"no epochs", "0 epochs, want at least 1", func(a *arguments) { a.cfg.Epochs = 0 }},
		{"data", "the checkpoint is of another training: 100 pictures to train and 20 to validate on there, 99 and 20 here", func(a *arguments) { a.training = newPictures(99, 1) }},
		{"validation", "100 pictures to train and 20 to validate on there, 100 and 21 here", func(a *arguments) { a.validation = newPictures(21, 1) }},
		{"architecture", "no tensor optimizer/momentum/dense/", func(a *arguments) { a.drop("optimizer/momentum/dense/") }},
		{"shape", "tensor optimizer/momentum/dense/kernel has shape [16 16], want the [16 15] of the model's weight", func(a *arguments) { a.m = other }},
		{"no weight", "no tensor dense/kernel [16 16], which model small has", func(a *arguments) { a.drop("dense/kernel") }},
		{"callbacks", "the checkpoint was made with the callbacks [halver], but here are []", func(a *arguments) { a.callbacks = nil }},
		{"more callbacks", "the checkpoint was made with the callbacks [halver], but here are [halver halver_1]", func(a *arguments) { a.callbacks = []Callback{&halver{}, &halver{}} }},
		{"iterations", "the checkpoint does not fit epochs of 7 steps: 0 epochs and 3 steps are 4 in all", func(a *arguments) { a.c.Iteration = 4 }},
		{"samples", "the checkpoint has seen 101 pictures in an epoch of 100", func(a *arguments) { a.c.Samples = 101 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := &arguments{m: newModel(t, 9), c: parsed(t, k.files[2]), training: training, validation: validation, cfg: small, callbacks: []Callback{&halver{}}}
			test.change(a)
			before := weightsOf(a.m)
			h, err := Resume(t.Context(), a.m, a.c, a.training, a.validation, a.cfg, a.callbacks...)
			if err == nil || !strings.HasPrefix(err.Error(), "cannot resume: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
			if h != nil || !cmp.Equal(before, weightsOf(a.m)) {
				t.Error("the model was changed, or there is a history")
			}
		})
	}
}

// arguments are those of Resume.
type arguments struct {
	m                    *layer.Model
	c                    *Checkpoint
	training, validation Data
	cfg                  Config
	callbacks            []Callback
}

// drop takes the tensors with this prefix out of the checkpoint.
func (a *arguments) drop(prefix string) {
	f := a.c.file
	f.Tensors = slices.DeleteFunc(f.Tensors, func(t weights.Tensor) bool { return strings.HasPrefix(t.Name, prefix) })
}

// forgetful is a callback that cannot take its state back.
type forgetful struct{ halver }

func (*forgetful) SetState(json.RawMessage) error { return errFull }

func TestResumeWithAStateThatIsRefused(t *testing.T) {
	training, validation := newPictures(20, 1), newPictures(20, 2)
	k := &archive{}
	if _, err := Fit(t.Context(), newModel(t, 1), training, validation, small, k, &forgetful{}); err != nil {
		t.Fatal(err)
	}
	var log []string
	_, err := Resume(t.Context(), newModel(t, 1), parsed(t, k.files[0]), training, validation, small, &recorder{log: &log}, &forgetful{})
	if err == nil || err.Error() != "cannot resume: state of forgetful: no space left" {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"begin", "end"}, log); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Weights alone, of a file of ours or of Python's, are not a checkpoint.
func TestParseCheckpointRefuses(t *testing.T) {
	k := &archive{}
	if _, err := Fit(t.Context(), newModel(t, 1), newPictures(100, 1), newPictures(20, 2), small, k); err != nil {
		t.Fatal(err)
	}
	good := parsed(t, k.files[2])
	text, err := json.Marshal(good.State)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, new string) string {
		if !strings.Contains(string(text), old) {
			t.Fatalf("no %s in %s", old, text)
		}
		return strings.Replace(string(text), old, new, 1)
	}
	history := func(e Epoch) string {
		text, err := json.Marshal(History{e})
		if err != nil {
			t.Fatal(err)
		}
		return `"history":` + string(text)
	}
	if _, err := ParseCheckpoint(stateFile(t, string(text))); err != nil {
		t.Fatal(err)
	}
	for want, state := range map[string]string{
		"training's state: EOF":                 "",
		"unknown field":                         edit(`"step":3`, `"steps":3`),
		"text after the end":                    string(text) + "{}",
		"the field base_rate is missing":        edit(`"base_rate"`, `"step":3,"learning_rate"`),
		"cannot unmarshal":                      edit(`"step":3`, `"step":"3"`),
		"step 4 of an epoch, 3 in all":          edit(`"step":3`, `"step":4`),
		"step 3 of an epoch, -3 in all":         edit(`"iteration":3`, `"iteration":-3`),
		"49 of 48 pictures right after 3 steps": edit(fmt.Sprintf(`"correct":%d`, good.Correct), `"correct":49`),
		"of 2 pictures right after 3 steps":     edit(`"samples":48`, `"samples":2`),
		"loss -":                                edit(`"loss_sum":`, `"loss_sum":-`),
		"a time below 0":                        edit(`"elapsed":`, `"elapsed":-`),
		"0 epochs are finished, of 0":           edit(`"epochs":3`, `"epochs":0`),
		"epoch 1: numbered 2, want 1":           edit(`"history":[]`, history(Epoch{Epoch: 2})),
		"epoch 1: loss: -1 is not":              edit(`"history":[]`, history(Epoch{Epoch: 1, Loss: -1})),
	} {
		_, err := ParseCheckpoint(stateFile(t, state))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	var plain bytes.Buffer
	if err := weights.Save(&plain, newModel(t, 1), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseCheckpoint(plain.Bytes()); err == nil || err.Error() != "not a checkpoint of a training: it holds weights alone" {
		t.Errorf("error %v", err)
	}
	if _, err := ParseCheckpoint(k.files[2][:1000]); !errors.Is(err, weights.ErrDamaged) {
		t.Errorf("error %v", err)
	}
}

// stateFile is a file with this text as the state of a training.
func stateFile(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&weights.File{Metadata: map[string]string{stateKey: text}}).Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Whatever a checkpoint says, resuming from it is an error or a training.
func FuzzResume(f *testing.F) {
	k := &archive{}
	if _, err := Fit(f.Context(), newModel(f, 1), newPictures(20, 1), newPictures(5, 2), twoByTwo, k); err != nil {
		f.Fatal(err)
	}
	for _, file := range k.files {
		c, err := ParseCheckpoint(file)
		if err != nil {
			f.Fatal(err)
		}
		text, err := json.Marshal(c.State)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	whole, err := ParseCheckpoint(k.files[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b bytes.Buffer
		file := &weights.File{Tensors: whole.file.Tensors, Metadata: map[string]string{stateKey: text}}
		if err := file.Write(&b); err != nil {
			return // not UTF-8
		}
		c, err := ParseCheckpoint(b.Bytes())
		if err != nil {
			return
		}
		h, err := Resume(t.Context(), newModel(t, 1), c, newPictures(20, 1), newPictures(5, 2), twoByTwo)
		if err == nil && len(h) != twoByTwo.Epochs && c.Stopped == "" {
			t.Fatalf("a history of %d epochs", len(h))
		}
	})
}
