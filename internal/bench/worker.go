package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"zoo/mnist"
	"zoo/models"
	"zoo/models/kernel"
	"zoo/models/layer"
)

// Serve is zoo's process of a benchmark: it trains one step of the model, says
// so with the versions, and answers the commands on in until in ends; see
// answer. A failure is the last answer, and returned.
func Serve(in io.Reader, out io.Writer, entry models.Entry, batch int, versions map[string]string) error {
	answers := json.NewEncoder(out)
	w, err := newWorker(entry, batch)
	if err == nil {
		err = errors.Join(w.serve(in, answers, versions), w.close())
	}
	if err != nil {
		return errors.Join(err, answers.Encode(answer{Error: err.Error()}))
	}
	return nil
}

// worker measures one model in this process.
type worker struct {
	model       *layer.Model
	data        mnist.Samples
	trainer     *trainer
	classifiers map[int]*classifier // by batch
}

func newWorker(entry models.Entry, batch int) (*worker, error) {
	data, err := mnist.Load(entry.Dataset)
	if err != nil {
		return nil, err
	}
	model, err := entry.Build()
	if err != nil {
		return nil, err
	}
	model.Initialize(seed)
	w := &worker{model: model, data: data.Train, classifiers: map[int]*classifier{}}
	w.trainer, err = newTrainer(entry, model, w.data, batch)
	return w, err
}

func (w *worker) close() error {
	err := w.trainer.graph.Close()
	for _, c := range w.classifiers {
		err = errors.Join(err, c.graph.Close())
	}
	return err
}

func (w *worker) serve(in io.Reader, out *json.Encoder, versions map[string]string) error {
	if err := w.trainer.first(); err != nil {
		return err
	}
	tier, err := kernel.Tier()
	if err != nil {
		return err
	}
	if err := out.Encode(answer{Versions: versions, Kernels: tier}); err != nil {
		return err
	}
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		a, err := w.answer(commands.Text())
		if err != nil {
			return err
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
	return commands.Err()
}

// answer does what the command says.
func (w *worker) answer(command string) (answer, error) {
	name, rest, _ := strings.Cut(command, " ")
	var numbers []int
	for field := range strings.FieldsSeq(rest) {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return answer{}, fmt.Errorf("command %q: %q is not a number, 1 or above", command, field)
		}
		numbers = append(numbers, n)
	}
	switch {
	case name == "step" && len(numbers) == 1:
		return w.steps(numbers[0])
	case name == "predict" && len(numbers) == 2:
		return w.predictions(numbers[0], numbers[1])
	case name == "profile" && len(numbers) == 1:
		profile, err := w.trainer.profile(numbers[0])
		return answer{Profile: profile}, err
	case name == "peak" && len(numbers) == 0:
		return answer{PeakGFLOPS: best(kernel.PeakGFLOPS), PeakGBs: best(kernel.Bandwidth)}, nil
	}
	return answer{}, fmt.Errorf("unknown command %q", command)
}

func (w *worker) steps(runs int) (answer, error) {
	a := answer{Flops: w.trainer.flops}
	for range runs {
		laps, err := w.trainer.step()
		if err != nil {
			return a, err
		}
		a.Times = append(a.Times, laps.total())
	}
	return a, nil
}

func (w *worker) predictions(batch, runs int) (a answer, err error) {
	c, ok := w.classifiers[batch]
	if !ok {
		if c, err = newClassifier(w.model, w.data, batch); err != nil {
			return a, err
		}
		w.classifiers[batch] = c
	}
	a.Flops = c.flops
	for range runs {
		began := time.Now()
		if err := c.classify(); err != nil {
			return a, err
		}
		a.Times = append(a.Times, time.Since(began))
	}
	return a, nil
}

const (
	peakTries   = 10
	peakTryTime = 20 * time.Millisecond
)

// best is the best of several measurements of what the machine can do: whatever
// else runs on it only takes away.
func best(measure func(time.Duration) float64) float64 {
	most := 0.0
	for range peakTries {
		most = max(most, measure(peakTryTime))
	}
	return most
}
