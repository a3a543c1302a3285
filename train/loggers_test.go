package train

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	return string(content)
}

// logLine is what CSVLogger has to say of an epoch, in Keras's order.
func logLine(e Epoch) string {
	line := strconv.Itoa(e.Epoch - 1)
	for _, x := range []float64{e.Accuracy, e.Loss, e.ValAccuracy, e.ValLoss} {
		line += "," + strconv.FormatFloat(x, 'g', -1, 64)
	}
	return line + "\n"
}

const logHeader = "epoch,accuracy,loss,val_accuracy,val_loss\n"

func logOf(h History) string {
	text := logHeader
	for _, e := range h {
		text += logLine(e)
	}
	return text
}

func TestCSVLogger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "training.log")
	must(t, os.WriteFile(path, []byte("old\n"), 0o666))
	// Each epoch's line is there when its EpochEnd is over.
	var during []string
	look := &stage{at: "epoch end 2", do: func() { during = strings.SplitAfter(readFile(t, path), "\n") }}
	h, err := Fit(t.Context(), newModel(t, 1), newPictures(100, 1), newPictures(50, 2), small, &CSVLogger{Path: path}, look)
	must(t, err)
	if diff := cmp.Diff(logOf(h), readFile(t, path)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if want := strings.SplitAfter(logOf(h[:2]), "\n"); !slices.Equal(during, want) {
		t.Errorf("after epoch 2 there was %q, want %q", during, want)
	}
}

func TestCSVLoggerSeparator(t *testing.T) {
	path := filepath.Join(t.TempDir(), "training.log")
	l := &CSVLogger{Path: path, Separator: ';', Append: true}
	for range 2 { // the second reads what the first has written
		must(t, l.TrainBegin(nil))
		must(t, l.EpochEnd(nil, Epoch{Epoch: 1, Loss: .5}))
	}
	if got, want := readFile(t, path), strings.ReplaceAll(logHeader+"0,0,0.5,0,0\n", ",", ";"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Whatever is trained again and however often it was cut, each epoch is there once.
func TestCSVLoggerAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "training.log")
	rapid.Check(t, func(r *rapid.T) {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			r.Fatal(err)
		}
		want, done := logHeader, 0
		for range rapid.IntRange(1, 3).Draw(r, "runs") {
			l := &CSVLogger{Path: path, Append: true}
			must(t, l.TrainBegin(nil))
			from := rapid.IntRange(0, done).Draw(r, "from")
			for range rapid.IntRange(0, 2).Draw(r, "epochs") {
				e := Epoch{Epoch: from + 1, Loss: rapid.Float64Range(0, 9).Draw(r, "loss")}
				must(t, l.EpochEnd(nil, e))
				lines := strings.SplitAfter(want, "\n")
				want = strings.Join(lines[:1+from], "") + logLine(e)
				from++
				done = from
			}
			if got := readFile(t, path); got != want {
				r.Fatalf("%q, want %q", got, want)
			}
		}
	})
}

func TestCSVLoggerRefusesOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "training.log")
	for content, want := range map[string]string{
		"epoch,loss\n0,1\n":              `line 1: columns "epoch,loss", want "epoch,accuracy,loss,val_accuracy,val_loss"`,
		logHeader + "0,1,1\n":            "line 2: 3 columns, want 5",
		logHeader + "0,1,1,1,1\nx,,,,\n": `line 3, column epoch: "x" is not a number of 0 or above`,
		logHeader + "-1,1,1,1,1\n":       `line 2, column epoch: "-1"`,
		logHeader + "\"0,1,1,1,1\n":      "parse error on line 2",
	} {
		must(t, os.WriteFile(path, []byte(content), 0o666))
		_, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo, &CSVLogger{Path: path, Append: true})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: error %v, want %s in %s", content, err, want, path)
		}
		if readFile(t, path) != content {
			t.Errorf("%q was changed", content)
		}
	}
}

// What read takes, write writes so that read takes it again.
func FuzzCSVLoggerRead(f *testing.F) {
	f.Add([]byte(logHeader + "0,1,1,1,1\n1,NA,\"a\"\"b\",1e-5,\n"))
	f.Add([]byte("epoch,loss\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		l := &CSVLogger{Path: filepath.Join(t.TempDir(), "log")}
		rows, err := l.read(bytes.NewReader(content))
		if err != nil {
			return
		}
		l.rows = rows
		must(t, l.write())
		again, err := l.read(strings.NewReader(readFile(t, l.Path)))
		if err != nil || len(again) != len(rows) {
			t.Fatalf("%q: %d rows, then %d: %v", content, len(rows), len(again), err)
		}
		for i := range rows {
			if again[i].epoch != rows[i].epoch {
				t.Errorf("%q: row %d is of epoch %d, then %d", content, i, rows[i].epoch, again[i].epoch)
			}
		}
	})
}

func TestLoggersRefuseArguments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	missing := filepath.Join(t.TempDir(), "missing", "log")
	for _, c := range []struct {
		callback Callback
		want     string
	}{
		{&JSONLogger{Path: path, EveryBatches: -1}, "JSONLogger: a line every -1 batches"},
		{&JSONLogger{Path: missing}, missing},
		{&CSVLogger{Path: path, Separator: '"'}, "CSVLogger: csv: invalid field or comment delimiter"},
		{&CSVLogger{Path: missing}, missing},
		{&CSVLogger{Path: t.TempDir(), Append: true}, "is a directory"},
	} {
		_, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), twoByTwo, c.callback)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: error %v, want %s", c.callback, err, c.want)
		}
	}
}

// jsonLines is the objects of a log.
func jsonLines(t *testing.T, path string) []map[string]any {
	t.Helper()
	var all []map[string]any
	in := bufio.NewScanner(strings.NewReader(readFile(t, path)))
	for in.Scan() {
		object := map[string]any{}
		if err := json.Unmarshal(in.Bytes(), &object); err != nil {
			t.Fatalf("line %d %q: %v", len(all)+1, in.Text(), err)
		}
		all = append(all, object)
	}
	return all
}

func newJSONLogger(path string) *JSONLogger {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_654_321, time.FixedZone("", 3600))
	return &JSONLogger{Path: path, Append: true, EveryBatches: 2, now: func() time.Time { return at }}
}

const jsonTime = "2026-02-03T03:05:06.789Z"

func TestJSONLogger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	cfg := twoByTwo
	cfg.Batch = 4 // 3 steps
	h, err := Fit(t.Context(), newModel(t, 1), newPictures(12, 1), newPictures(5, 2), cfg, newJSONLogger(path))
	must(t, err)
	got := jsonLines(t, path)
	want := []map[string]any{
		{"event": "train_begin", "time": jsonTime, "model": "small", "epochs": 2., "steps": 3., "validation_steps": 2., "learning_rate": .05, "epoch": 0., "step": 0.},
		{"event": "batch", "time": jsonTime, "epoch": 1., "step": 2., "learning_rate": .05},
		{"event": "epoch", "time": jsonTime, "epoch": 1.},
		{"event": "batch", "time": jsonTime, "epoch": 2., "step": 2., "learning_rate": .05},
		{"event": "epoch", "time": jsonTime, "epoch": 2.},
		{"event": "train_end", "time": jsonTime, "epoch": 2., "step": 3., "outcome": "finished"},
	}
	for i, e := range h {
		add := want[2+2*i]
		add["loss"], add["accuracy"], add["val_loss"], add["val_accuracy"] = e.Loss, e.Accuracy, e.ValLoss, e.ValAccuracy
		add["seconds"], add["ms_per_step"], add["learning_rate"] = e.Seconds, e.MsPerStep, e.LearningRate
		for _, name := range []string{"loss", "accuracy"} {
			batch := got[1+2*i]
			if x, ok := batch[name].(float64); !ok || x < 0 || x > 10 {
				t.Errorf("%s of a batch is %v", name, batch[name])
			}
			delete(batch, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// ends are the events train_begin and train_end with what they say of the way.
func ends(all []map[string]any) []string {
	var got []string
	for _, object := range all {
		switch object["event"] {
		case "train_begin":
			text, _ := json.Marshal([]any{object["epoch"], object["step"]})
			got = append(got, "begin "+string(text))
		case "train_end":
			text, _ := json.Marshal([]any{object["epoch"], object["step"], object["outcome"], object["reason"]})
			got = append(got, "end "+string(text))
		}
	}
	return got
}

func TestJSONLoggerSaysHowATrainingEnded(t *testing.T) {
	dir := t.TempDir()
	path, saved := filepath.Join(dir, "log.jsonl"), filepath.Join(dir, "last.safetensors")
	training, validation := newPictures(12, 1), newPictures(5, 2)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Fit(ctx, newModel(t, 1), training, validation, twoByTwo,
		newJSONLogger(path), &ModelCheckpoint{Last: saved}, &stage{at: "batch end 2.1", do: cancel})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	checkpoint, err := ReadCheckpoint(saved)
	must(t, err)
	for range 2 { // the second has nothing left to train
		_, err = Resume(t.Context(), newModel(t, 1), checkpoint, training, validation, twoByTwo,
			newJSONLogger(path), &ModelCheckpoint{Last: saved})
		must(t, err)
		checkpoint, err = ReadCheckpoint(saved)
		must(t, err)
	}
	_, err = Fit(t.Context(), newModel(t, 1), training, validation, twoByTwo, newJSONLogger(path), &stopsAtOne{})
	must(t, err)
	want := []string{
		"begin [0,0]", `end [2,1,"failed",null]`,
		"begin [2,1]", `end [2,2,"finished",null]`,
		"begin [2,0]", `end [2,0,"finished",null]`,
		"begin [0,0]", `end [1,2,"stopped","enough"]`,
	}
	if diff := cmp.Diff(want, ends(jsonLines(t, path))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// stopsAtOne stops after the first epoch.
type stopsAtOne struct{ NopCallback }

func (*stopsAtOne) EpochEnd(t *Training, _ Epoch) error {
	t.Stop("enough")
	return nil
}

// A line that a killed run has not finished goes, all others stay.
func TestJSONLoggerCutsTheLastLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	long := strings.Repeat("x", 10_000)
	for content, want := range map[string]string{
		"":                        "",
		"a":                       "",
		"a\n":                     "a\n",
		"a\nb":                    "a\n",
		"a\n\nb\n{\"event\":\"e":  "a\n\nb\n",
		long:                      "",
		long + "\n" + long:        long + "\n",
		long + "\n" + long + "\n": long + "\n" + long + "\n",
		"a\n" + long[:4095]:       "a\n",
		"a\n" + long[:4096]:       "a\n",
	} {
		must(t, os.WriteFile(path, []byte(content), 0o666))
		l := newJSONLogger(path)
		must(t, l.open())
		must(t, l.write(map[string]int{"n": 1}))
		must(t, l.file.Close())
		if got := readFile(t, path); got != want+"{\"n\":1}\n" {
			t.Errorf("%.20q: left %.20q (%d bytes), want %.20q (%d)", content, got, len(got), want, len(want))
		}
	}
	must(t, os.WriteFile(path, []byte("old\n"), 0o666))
	l := newJSONLogger(path)
	l.Append = false
	must(t, l.open())
	must(t, l.file.Close())
	if got := readFile(t, path); got != "" {
		t.Errorf("begun anew, but %q is there", got)
	}
}
