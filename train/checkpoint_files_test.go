package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"zoo/models/layer"
	"zoo/models/weights"
)

// reader notes, after each step and epoch and at the end, from which step the checkpoint at path is.
type reader struct {
	NopCallback
	t    *testing.T
	path string
	log  []string
}

func (r *reader) look(at string) error {
	c, err := ReadCheckpoint(r.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		r.log = append(r.log, at+": none")
	case err != nil:
		r.t.Errorf("%s: %v", at, err)
	default:
		r.log = append(r.log, fmt.Sprintf("%s: step %d, %d epochs", at, c.Iteration, len(c.History)))
	}
	return nil
}

func (r *reader) Save(t *Training, m Moment) error {
	return r.look(map[Moment]string{AfterStep: fmt.Sprintf("%d.%d", t.Epoch, t.Step), AfterEpoch: fmt.Sprint("epoch ", t.Epoch), Cut: "cut"}[m])
}

func TestModelCheckpointLast(t *testing.T) {
	for every, want := range map[int][]string{
		0: {"1.1: none", "1.2: none", "epoch 1: step 2, 1 epochs", "2.1: step 2, 1 epochs", "cut: step 3, 1 epochs"},
		1: {"1.1: step 1, 0 epochs", "1.2: step 2, 0 epochs", "epoch 1: step 2, 1 epochs", "2.1: step 3, 1 epochs", "cut: step 3, 1 epochs"},
		3: {"1.1: none", "1.2: none", "epoch 1: step 2, 1 epochs", "2.1: step 3, 1 epochs", "cut: step 3, 1 epochs"},
	} {
		path := filepath.Join(t.TempDir(), "last.safetensors")
		ctx, cancel := context.WithCancel(t.Context())
		r := &reader{t: t, path: path}
		_, err := Fit(ctx, newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo,
			&ModelCheckpoint{Last: path, Every: every}, r, &stage{at: "batch end 2.1", do: cancel})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.log); diff != "" {
			t.Errorf("every %d steps (-want +got)\n%s", every, diff)
		}
		wantEntries(t, filepath.Dir(path), 1)
	}
}

// The best file is of the best epoch, in one run and over two.
func TestModelCheckpointBest(t *testing.T) {
	cfg := small
	cfg.Epochs = 8
	cfg.LearningRate = .5 // goes up and down
	training, validation := newPictures(100, 1), newPictures(50, 2)
	for _, monitor := range []Monitor{"val_accuracy", "val_loss", "accuracy", "loss", ""} {
		folder := t.TempDir()
		last, best := filepath.Join(folder, "last.safetensors"), filepath.Join(folder, "best.safetensors")
		callback := func() *ModelCheckpoint {
			return &ModelCheckpoint{Last: last, Best: best, Monitor: monitor, Every: 3}
		}
		h, err := Fit(t.Context(), newModel(t, 1), training, validation, cfg, callback())
		if err != nil {
			t.Fatal(err)
		}
		w, err := monitor.watch("", 0)
		if err != nil {
			t.Fatal(err)
		}
		bestAt := 0
		for i := range h {
			if i > 0 && w.improves(w.value(&h[i]), w.value(&h[bestAt])) {
				bestAt = i
			}
		}
		if bestAt == len(h)-1 && monitor == "val_loss" {
			t.Error("the last epoch is the best: nothing is tested")
		}
		uncut, err := ReadCheckpoint(best)
		if err != nil {
			t.Fatal(err)
		}
		if len(uncut.History) != bestAt+1 {
			t.Errorf("%s: the best is of epoch %d, want %d of %v", monitor, len(uncut.History), bestAt+1, h)
		}
		for _, cut := range []int{1, 4, bestAt + 1} {
			if err := errors.Join(os.Remove(last), os.Remove(best)); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			_, err := Fit(ctx, newModel(t, 1), training, validation, cfg, callback(), &stage{at: fmt.Sprintf("batch end %d.4", cut), do: cancel})
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			c, path, unsound := ReadNewest(last, best)
			if c == nil || path != last || unsound != nil {
				t.Fatalf("%v, %s, %v", c, path, unsound)
			}
			if _, err := Resume(t.Context(), newModel(t, 1), c, training, validation, cfg, callback()); err != nil {
				t.Fatal(err)
			}
			got, err := ReadCheckpoint(best)
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, fmt.Sprintf("%s, cut in epoch %d", monitor, cut), uncut, got, uncut.History, got.History)
		}
	}
}

// From the best file too a training goes on as it would have.
func TestResumeFromTheBest(t *testing.T) {
	folder := t.TempDir()
	last, best := filepath.Join(folder, "last.safetensors"), filepath.Join(folder, "best.safetensors")
	callback := func() *ModelCheckpoint { return &ModelCheckpoint{Last: last, Best: best} }
	training, validation := newPictures(100, 1), newPictures(50, 2)
	cfg := small
	cfg.Epochs, cfg.LearningRate = 8, .5 // goes up and down
	want, err := Fit(t.Context(), newModel(t, 1), training, validation, cfg, callback())
	if err != nil {
		t.Fatal(err)
	}
	uncut, err := ReadCheckpoint(last)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(last, 1000); err != nil {
		t.Fatal(err)
	}
	c, path, unsound := ReadNewest(last, best)
	if path != best || len(unsound) != 1 || !strings.HasPrefix(unsound[0].Error(), last+": not a sound safetensors file: ") {
		t.Fatalf("%s, %v", path, unsound)
	}
	if c.Finished() {
		t.Fatal("the best epoch is the last: nothing is tested")
	}
	got, err := Resume(t.Context(), newModel(t, 1), c, training, validation, cfg, callback())
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadCheckpoint(last)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "from the best", uncut, again, want, got)
}

func TestModelCheckpointSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "last.safetensors")
	settings := twoByTwo.settings("fashion-small")
	settings.Dataset, settings.Fingerprint, settings.Limit = "fashion", "1234", 12
	if _, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo, &ModelCheckpoint{Last: path, Settings: settings}); err != nil {
		t.Fatal(err)
	}
	c, err := ReadCheckpoint(path)
	if err != nil || c.Settings != settings || !c.Finished() || c.Weights().Metadata["model"] != "fashion-small" {
		t.Fatalf("%+v, error %v", c, err)
	}
	if _, err := Resume(t.Context(), newModel(t, 1), c, newPictures(12, 1), newPictures(5, 2), twoByTwo, &ModelCheckpoint{Last: path}); err != nil {
		t.Error(err)
	}
	// As weights it is a file like others.
	f, err := weights.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.LoadInto(newModel(t, 1)); err != nil {
		t.Error(err)
	}
}

func TestModelCheckpointRefuses(t *testing.T) {
	folder := t.TempDir()
	nowhere := filepath.Join(folder, "none", "last.safetensors")
	for want, c := range map[string]*ModelCheckpoint{
		`ModelCheckpoint: no metric "x" to monitor`:          {Monitor: "x"},
		"ModelCheckpoint: save every -1 steps":               {Every: -1},
		"cannot write " + nowhere + ": no such file":         {Last: nowhere, Every: 1},
		"epoch 1, step 2 of 2: cannot write " + nowhere:      {Best: nowhere},
		"epoch 1, step 1 of 2: cannot write " + folder + ":": {Last: folder, Every: 1},
	} {
		_, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo, c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// ruin is a callback that spoils a weight or a velocity after a step, whose
// loss was still a number.
type ruin struct {
	NopCallback
	spoil func(*Training)
}

func (r ruin) BatchEnd(t *Training) error {
	if t.Iterations() == 3 {
		r.spoil(t)
	}
	return nil
}

func TestModelCheckpointKeepsTheLastGoodWeights(t *testing.T) {
	for name, spoil := range map[string]func(*Training){
		"dense/bias":                        func(t *Training) { t.Model().Variables()[1].Data()[2] = float32(math.NaN()) },
		"batch_normalization/moving_mean":   func(t *Training) { t.Model().Variables()[4].Data()[0] = float32(math.Inf(1)) },
		"optimizer/momentum/dense_1/kernel": func(t *Training) { t.trainer.velocities()[4].Data[1] = float32(math.Inf(-1)) },
	} {
		path := filepath.Join(t.TempDir(), "last.safetensors")
		cfg := twoByTwo
		cfg.Momentum = .9
		_, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), cfg, ruin{spoil: spoil}, &ModelCheckpoint{Last: path, Every: 1})
		if !errors.Is(err, ErrDiverged) || !strings.HasPrefix(err.Error(), "epoch 2, step 1 of 2: "+name+" has become ") || !strings.Contains(err.Error(), " at learning rate 0.05: ") {
			t.Errorf("error %v, want one of %s", err, name)
		}
		c, err := ReadCheckpoint(path)
		if err != nil || c.Iteration != 2 {
			t.Fatalf("%s: %+v, error %v", name, c, err)
		}
	}
	// A loss that is no number is not waited for.
	path := filepath.Join(t.TempDir(), "last.safetensors")
	cfg := small
	cfg.LearningRate = 1e30
	_, err := Fit(t.Context(), newModel(t, 1), newPictures(100, 1), newPictures(50, 2), cfg, &ModelCheckpoint{Last: path, Every: 1})
	if !errors.Is(err, ErrDiverged) {
		t.Fatal(err)
	}
	if c, err := ReadCheckpoint(path); err == nil {
		for _, w := range c.file.Tensors {
			if slices.ContainsFunc(w.Data, func(x float32) bool { return !isFinite(float64(x)) }) {
				t.Errorf("%s is not finite in the checkpoint of step %d", w.Name, c.Iteration)
			}
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// room is a writer that has room for so many bytes.
type room struct {
	w     io.Writer
	bytes int
}

func (r *room) Write(p []byte) (int, error) {
	n := min(len(p), r.bytes)
	r.bytes -= n
	written, err := r.w.Write(p[:n])
	if err == nil && n < len(p) {
		err = errFull
	}
	return written, err
}

// Wherever the disk is full, the file is the one before.
func TestCheckpointOnAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "last.safetensors")
	k := &archive{}
	if _, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo, k); err != nil {
		t.Fatal(err)
	}
	before, next := k.files[0], parsed(t, k.files[1])
	if err := os.WriteFile(path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	for n := range len(k.files[1]) {
		err := WriteFile(path, func(w io.Writer) error { return next.Write(&room{w, n}) })
		if !errors.Is(err, errFull) || !strings.HasPrefix(err.Error(), "cannot write "+path+": ") {
			t.Fatalf("room for %d bytes: error %v", n, err)
		}
		now, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(now, before) {
			t.Fatalf("room for %d bytes: the file is another; error %v", n, err)
		}
	}
	wantEntries(t, filepath.Dir(path), 1)
	if err := WriteFile(path, next.Write); err != nil {
		t.Fatal(err)
	}
	if c, err := ReadCheckpoint(path); err != nil || c.Iteration != 2 {
		t.Errorf("%v, %v", c, err)
	}
}

func TestRemoveLeftovers(t *testing.T) {
	folder := t.TempDir()
	names := []string{
		".last.safetensors.0123abcd.tmp", ".last.safetensors.ffffffff.tmp", // a killed run's
		".last.safetensors.0123abcg.tmp", ".last.safetensors.123.tmp", ".best.safetensors.0123abcd.tmp",
		"last.safetensors", "last.safetensors.0123abcd.tmp", ".last.safetensors.", ".last.safetensors..tmp",
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := &ModelCheckpoint{Last: filepath.Join(folder, "last.safetensors")}
	if err := c.TrainBegin(nil); err != nil {
		t.Fatal(err)
	}
	var left []string
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if diff := cmp.Diff(names[2:], left, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := RemoveLeftovers(filepath.Join(folder, "none", "last")); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
	t.Chdir(folder)
	if err := RemoveLeftovers("best.safetensors"); err != nil {
		t.Fatal(err)
	}
	wantEntries(t, folder, len(names)-3)
}

func TestReadNewestWithoutAny(t *testing.T) {
	folder := t.TempDir()
	bad := filepath.Join(folder, "bad")
	if err := os.WriteFile(bad, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, path, unsound := ReadNewest(filepath.Join(folder, "none"), bad)
	if c != nil || path != "" || len(unsound) != 1 {
		t.Errorf("%v, %q, %v", c, path, unsound)
	}
}

// A checkpoint of the largest model is written from the memory where it lies.
func BenchmarkCheckpoint(b *testing.B) {
	m, err := layer.Sequential("wide", layer.Input(side, side, 1), layer.Flatten(), layer.Dense(1_400_000), layer.Flatten(), layer.Dense(classes, layer.Softmax))
	if err != nil {
		b.Fatal(err)
	}
	cfg := Config{Epochs: 1, Batch: 8, LearningRate: .001, Momentum: .9, Seed: 1}
	path := filepath.Join(b.TempDir(), "last.safetensors")
	b.ReportAllocs()
	save := &saving{b: b, path: path}
	if _, err := Fit(b.Context(), m, newPictures(8, 1), newPictures(8, 2), cfg, save); err != nil {
		b.Fatal(err)
	}
}

// saving is a Saver that saves again and again.
type saving struct {
	NopCallback
	b    *testing.B
	path string
}

func (s *saving) Save(t *Training, m Moment) error {
	if m != AfterStep {
		return nil
	}
	c := &ModelCheckpoint{Last: s.path, Every: 1}
	s.b.ResetTimer()
	for range s.b.N {
		if err := c.Save(t, m); err != nil {
			return err
		}
	}
	s.b.StopTimer()
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	s.b.SetBytes(info.Size())
	return nil
}
