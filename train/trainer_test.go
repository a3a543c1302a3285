package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"zoo/models/kernel"
	"zoo/models/layer"
)

const side, classes = 4, 3

// pictures are synthetic Data: a bright spot in a place for each class, and noise.
type pictures struct {
	images []float32
	labels []int32
	seen   [][]int32 // the indices of each Batch
	called func()    // in each Batch, when set
}

func newPictures(n int, seed uint64) *pictures {
	r := rand.New(rand.NewPCG(seed, 1))
	p := &pictures{images: make([]float32, n*side*side), labels: make([]int32, n)}
	for i := range n {
		p.labels[i] = int32(r.IntN(classes))
		image := p.images[i*side*side:][:side*side]
		for j := range image {
			image[j] = float32(r.Float64()) / 2
		}
		image[5*p.labels[i]] += .5
	}
	return p
}

func (p *pictures) Len() int { return len(p.labels) }

func (p *pictures) Batch(indices []int32, images []float32, labels []int32) {
	if p.called != nil {
		p.called()
	}
	p.seen = append(p.seen, slices.Clone(indices))
	for i, index := range indices {
		copy(images[i*side*side:][:side*side], p.images[index*side*side:])
		labels[i] = p.labels[index]
	}
}

// newModel is a small model with everything that a training has to get right:
// moving statistics and dropout besides the weights.
func newModel(t testing.TB, seed uint64) *layer.Model {
	t.Helper()
	m, err := layer.Sequential("small", layer.Input(side, side, 1),
		layer.Flatten(),
		layer.Dense(16, layer.ReLU),
		layer.BatchNormalization(),
		layer.Dropout(.25),
		layer.Dense(classes, layer.Softmax),
	)
	if err != nil {
		t.Fatal(err)
	}
	m.Initialize(seed)
	return m
}

// weightsOf copies all weights of m.
func weightsOf(m *layer.Model) [][]float32 {
	var all [][]float32
	for _, v := range m.Variables() {
		all = append(all, slices.Clone(v.Data()))
	}
	return all
}

var small = Config{Epochs: 3, Batch: 16, LearningRate: .05, Momentum: .9, Decay: .01, Seed: 1}

var noTimes = cmpopts.IgnoreFields(Epoch{}, "Seconds", "MsPerStep")

// train trains a new model on 100 pictures.
func train(t *testing.T, cfg Config) (*layer.Model, History) {
	t.Helper()
	m := newModel(t, cfg.Seed)
	h, err := Fit(t.Context(), m, newPictures(100, 1), newPictures(50, 2), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m, h
}

func TestFitLearns(t *testing.T) {
	cfg := small
	cfg.Epochs = 60 // its moving statistics need some hundred steps
	m, h := train(t, cfg)
	last := h[len(h)-1]
	if len(h) != cfg.Epochs || last.ValAccuracy < .9 || last.ValLoss > h[0].ValLoss/2 {
		t.Errorf("has not learnt: from %+v to %+v", h[0], last)
	}
	// The history's end is of the weights that the model has now.
	loss, accuracy, err := Evaluate(t.Context(), m, newPictures(50, 2), cfg.Batch)
	if err != nil || loss != last.ValLoss || accuracy != last.ValAccuracy {
		t.Errorf("Evaluate: %v, %v, %v; the history ends with %+v", loss, accuracy, err, last)
	}
}

func TestFitIsReproducible(t *testing.T) {
	m, h := train(t, small)
	again, h2 := train(t, small)
	if diff := cmp.Diff(weightsOf(m), weightsOf(again)); diff != "" {
		t.Errorf("the weights differ from those of the same run before:\n%s", diff)
	}
	if diff := cmp.Diff(h, h2, noTimes); diff != "" {
		t.Errorf("the history differs from that of the same run before:\n%s", diff)
	}
}

func TestFitDoesNotDependOnTheWorkers(t *testing.T) {
	defer kernel.SetWorkers(kernel.Workers())
	kernel.SetWorkers(1)
	m, h := train(t, small)
	for _, workers := range []int{2, 3, 8} {
		kernel.SetWorkers(workers)
		other, h2 := train(t, small)
		if !cmp.Equal(weightsOf(m), weightsOf(other)) || !cmp.Equal(h, h2, noTimes) {
			t.Errorf("%d workers give other bits than one", workers)
		}
	}
}

// Only the trainer's seed differs: the order of the pictures and the dropout.
func TestFitDependsOnTheSeed(t *testing.T) {
	results := map[string]bool{}
	for _, seed := range []uint64{1, 2} {
		cfg := small
		cfg.Seed = seed
		m := newModel(t, 1)
		if _, err := Fit(t.Context(), m, newPictures(100, 1), newPictures(50, 2), cfg); err != nil {
			t.Fatal(err)
		}
		results[fmt.Sprint(weightsOf(m))] = true
	}
	if len(results) != 2 {
		t.Error("two seeds give the same weights")
	}
}

// reference trains as Fit should, step by step, and returns the history
// without validation and times.
func reference(t *testing.T, m *layer.Model, data *pictures, cfg Config) History {
	t.Helper()
	g, err := m.TrainingGraph(cfg.Batch, cfg.Seed)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}()
	solver := NewSGD(cfg.LearningRate, cfg.Momentum, cfg.Decay)
	var h History
	iteration := 0
	for epoch := 1; epoch <= cfg.Epochs; epoch++ {
		order := Shuffle(data.Len(), cfg.Seed, epoch)
		if cfg.InOrder {
			order = inOrder(data.Len() / cfg.Batch * cfg.Batch)
		}
		e := Epoch{Epoch: epoch}
		for batch := range slices.Chunk(order, cfg.Batch) {
			n := len(batch)
			data.Batch(batch, g.Images(n), g.Labels(n))
			g.SetStep(iteration)
			e.LearningRate = cfg.LearningRate / (1 + cfg.Decay*float64(iteration))
			if err := errors.Join(g.Run(n), solver.Step(g.Learnables())); err != nil {
				t.Fatal(err)
			}
			iteration++
			e.Loss += g.Loss() * float64(n) / float64(len(order))
			e.Accuracy += float64(g.Correct()) / float64(len(order))
		}
		h = append(h, e)
	}
	return h
}

func TestFitAgainstAPlainLoop(t *testing.T) {
	for _, test := range []struct {
		name     string
		pictures int
		change   func(*Config)
	}{
		{"partial batch at the end", 100, func(*Config) {}},
		{"full batches", 96, func(*Config) {}},
		{"less than a batch", 10, func(*Config) {}},
		{"one picture in the last batch", 17, func(*Config) {}},
		{"in order", 100, func(c *Config) { c.InOrder = true }},
		{"in order, one batch", 16, func(c *Config) { c.InOrder = true }},
		{"plain SGD", 50, func(c *Config) { c.Momentum, c.Decay = 0, 0 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := small
			test.change(&cfg)
			want, got := newModel(t, 5), newModel(t, 5)
			wanted := reference(t, want, newPictures(test.pictures, 1), cfg)
			h, err := Fit(t.Context(), got, newPictures(test.pictures, 1), newPictures(20, 2), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if !cmp.Equal(weightsOf(want), weightsOf(got)) {
				t.Error("the weights differ")
			}
			opts := cmp.Options{noTimes, cmpopts.IgnoreFields(Epoch{}, "ValLoss", "ValAccuracy"), cmpopts.EquateApprox(1e-12, 0)}
			if diff := cmp.Diff(wanted, h, opts); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Every picture once in an epoch, in another order each time; in order only
// the full batches, always alike.
func TestFitTakesEveryPicture(t *testing.T) {
	for _, inOrderly := range []bool{false, true} {
		cfg := small
		cfg.InOrder = inOrderly
		data := newPictures(40, 1)
		if _, err := Fit(t.Context(), newModel(t, 1), data, newPictures(10, 2), cfg); err != nil {
			t.Fatal(err)
		}
		steps, pictures := 3, 40
		if inOrderly {
			steps, pictures = 2, 32
		}
		orders := map[string]bool{}
		for epoch := range slices.Chunk(data.seen, steps) {
			all := slices.Concat(epoch...)
			orders[fmt.Sprint(all)] = true
			slices.Sort(all)
			if !slices.Equal(all, inOrder(pictures)) {
				t.Errorf("in order %v: an epoch took %v", inOrderly, all)
			}
		}
		if want := map[bool]int{false: cfg.Epochs, true: 1}[inOrderly]; len(data.seen) != cfg.Epochs*steps || len(orders) != want {
			t.Errorf("in order %v: %d steps in %d orders", inOrderly, len(data.seen), len(orders))
		}
	}
}

func TestFitValidatesWithoutLearning(t *testing.T) {
	m := newModel(t, 1)
	var before [][]float32
	validation := newPictures(20, 2)
	batches := 0
	validation.called = func() {
		if batches%2 == 0 { // two batches of 16 and 4
			before = weightsOf(m)
		}
		batches++
	}
	check := &stage{at: "epoch end 1", do: func() {
		if !cmp.Equal(before, weightsOf(m)) {
			t.Error("the validation changed the weights or the moving statistics")
		}
	}}
	if _, err := Fit(t.Context(), m, newPictures(40, 1), validation, small, check); err != nil {
		t.Fatal(err)
	}
	if batches != 2*small.Epochs {
		t.Errorf("%d validation batches, want %d", batches, 2*small.Epochs)
	}
}

func TestEvaluateDoesNotDependOnTheBatch(t *testing.T) {
	m, _ := train(t, small)
	data := newPictures(50, 3)
	loss, accuracy, err := Evaluate(t.Context(), m, data, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range []int{1, 7, 49, 1000} {
		l, a, err := Evaluate(t.Context(), m, data, batch)
		if err != nil || math.Abs(l-loss) > 1e-6 || a != accuracy {
			t.Errorf("batch %d: loss %v, accuracy %v, error %v; all at once %v, %v", batch, l, a, err, loss, accuracy)
		}
	}
}

func TestEvaluateRefuses(t *testing.T) {
	m := newModel(t, 1)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		ctx             context.Context
		pictures, batch int
		want            string
	}{
		{t.Context(), 0, 10, "0 pictures to evaluate on, want 1 to 2147483647"},
		{t.Context(), 10, 0, "batch 0, want at least 1"},
		{cancelled, 10, 10, "context canceled"},
	} {
		if _, _, err := Evaluate(test.ctx, m, newPictures(test.pictures, 1), test.batch); err == nil || err.Error() != test.want {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
}

func TestFitRefuses(t *testing.T) {
	for want, change := range map[string]func(c *Config, training, validation *int){
		"0 epochs, want at least 1":                                                                   func(c *Config, _, _ *int) { c.Epochs = 0 },
		"batch -1, want at least 1":                                                                   func(c *Config, _, _ *int) { c.Batch = -1 },
		"learning rate 0, want a number above 0 in the range of float32":                              func(c *Config, _, _ *int) { c.LearningRate = 0 },
		"learning rate NaN, want a number above 0 in the range of float32":                            func(c *Config, _, _ *int) { c.LearningRate = math.NaN() },
		"learning rate 1e+39, want a number above 0 in the range of float32":                          func(c *Config, _, _ *int) { c.LearningRate = 1e39 },
		"momentum 1, want at least 0 and less than 1":                                                 func(c *Config, _, _ *int) { c.Momentum = 1 },
		"momentum NaN, want at least 0 and less than 1":                                               func(c *Config, _, _ *int) { c.Momentum = math.NaN() },
		"decay -0.5, want a number, 0 or above":                                                       func(c *Config, _, _ *int) { c.Decay = -.5 },
		"decay +Inf, want a number, 0 or above":                                                       func(c *Config, _, _ *int) { c.Decay = math.Inf(1) },
		"0 pictures to train on, want 1 to 2147483647":                                                func(_ *Config, n, _ *int) { *n = 0 },
		"0 pictures to validate on, want 1 to 2147483647":                                             func(_ *Config, _, n *int) { *n = 0 },
		"batch 16, but only 15 pictures to train on, and a partial batch is dropped: lower the batch": func(c *Config, n, _ *int) { c.InOrder, *n = true, 15 },
	} {
		cfg, training, validation := small, 20, 20
		change(&cfg, &training, &validation)
		var log []string
		h, err := Fit(t.Context(), newModel(t, 1), newPictures(training, 1), newPictures(validation, 2), cfg, &recorder{log: &log})
		if want = "cannot train: " + want; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if h != nil || log != nil {
			t.Errorf("%s: history %v, callbacks %v", want, h, log)
		}
	}
}

func TestFitDiverged(t *testing.T) {
	cfg := small
	cfg.LearningRate = 1e30
	m := newModel(t, 1)
	h, err := Fit(t.Context(), m, newPictures(100, 1), newPictures(50, 2), cfg)
	if !errors.Is(err, ErrDiverged) {
		t.Fatalf("error %v, want %v", err, ErrDiverged)
	}
	for _, part := range []string{"epoch 1, step ", " of 7: the loss is ", " at learning rate ", "e+2", ": the training diverged; lower -lr"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
	if len(h) != 0 {
		t.Errorf("history %v of an epoch that did not end", h)
	}
}

// The loss of an epoch of one step is of the weights before it: only the
// validation shows that the step ruined them.
func TestFitDivergedInTheLastStep(t *testing.T) {
	cfg := Config{Epochs: 1, Batch: 10, LearningRate: 1e38, Seed: 1}
	_, err := Fit(t.Context(), newModel(t, 1), newPictures(10, 1), newPictures(10, 2), cfg)
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "epoch 1, step 1 of 1: the validation loss is NaN at learning rate 1e+38") {
		t.Errorf("error %v", err)
	}
}

// stepped is a clock that moves only when it is told to.
type stepped struct{ now time.Time }

func (c *stepped) advance(d time.Duration) { c.now = c.now.Add(d) }

func TestFitTimes(t *testing.T) {
	clock := &stepped{now: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
	for _, test := range []struct {
		pictures  int
		msPerStep float64
		elapsed   string
	}{
		// The first step takes 1 s, others 10, 20 and 30 ms, and validation 2 s;
		// a callback takes 7 ms after each step and 1 minute after the epoch.
		{64, 20, "[1s 1.017s 1.044s 1.081s 3.088s 1m4.088s 1m4.105s 1m4.132s 1m4.169s 1m6.176s]"},
		{16, 1000, "[1s 3.007s 1m4.007s 1m6.014s]"},
	} {
		training, validation := newPictures(test.pictures, 1), newPictures(10, 2)
		steps := test.pictures / 16
		calls := 0
		training.called = func() {
			step := calls % steps
			calls++
			clock.advance(max(time.Duration(step)*10*time.Millisecond, time.Second*time.Duration(1-min(step, 1))))
		}
		validation.called = func() { clock.advance(2 * time.Second) }
		var elapsed []time.Duration
		callback := &watch{clock: clock, elapsed: &elapsed}
		cfg := small
		cfg.Epochs = 2
		h, err := fit(t.Context(), newModel(t, 1), training, validation, cfg, []Callback{callback}, func() time.Time { return clock.now })
		if err != nil {
			t.Fatal(err)
		}
		inSteps := 1 + .01*float64(steps*(steps-1)/2)
		want := inSteps + 2 + .007*float64(steps)
		for _, e := range h {
			if math.Abs(e.Seconds-want) > 1e-9 || math.Abs(e.MsPerStep-test.msPerStep) > 1e-9 {
				t.Errorf("%v s and %v ms per step, want %v and %v", e.Seconds, e.MsPerStep, want, test.msPerStep)
			}
		}
		if got := fmt.Sprint(elapsed); got != test.elapsed {
			t.Errorf("elapsed %v, want %v", got, test.elapsed)
		}
	}
}

// watch is a callback that takes time and notes what progress says of it.
type watch struct {
	NopCallback
	clock   *stepped
	elapsed *[]time.Duration
}

func (w *watch) BatchEnd(p *Training) error {
	*w.elapsed = append(*w.elapsed, p.Elapsed)
	w.clock.advance(7 * time.Millisecond)
	return nil
}

func (w *watch) EpochEnd(p *Training, _ Epoch) error {
	*w.elapsed = append(*w.elapsed, p.Elapsed)
	w.clock.advance(time.Minute)
	return nil
}
