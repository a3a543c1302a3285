package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"zoo/mnist"
	"zoo/models"
	"zoo/models/layer"
	"zoo/models/weights"
	"zoo/train"
)

// buildModel is the model of that name, its weights the first ones of seed 1.
func buildModel(name string) (*layer.Model, error) {
	entries, err := models.Select(name)
	if err != nil {
		return nil, err
	}
	model, err := entries[0].Build()
	if err != nil {
		return nil, err
	}
	model.Initialize(1)
	return model, nil
}

func saveWeights(path string, model *layer.Model, metadata map[string]string) error {
	return train.WriteFile(path, func(w io.Writer) error { return weights.Save(w, model, metadata) })
}

// scriptWeights saves fresh weights of a model: weights FILE MODEL [KEY=TEXT...]
func scriptWeights(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: weights FILE MODEL [KEY=TEXT...]")
	}
	model, err := buildModel(args[1])
	ts.Check(err)
	metadata := map[string]string{}
	for _, entry := range args[2:] {
		key, value, _ := strings.Cut(entry, "=")
		metadata[key] = value
	}
	ts.Check(saveWeights(ts.MkAbs(args[0]), model, metadata))
}

// scriptPaint paints a test picture ten times as large: paint FILE DATASET INDEX [black], on white paper or on black
func scriptPaint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: paint FILE DATASET INDEX [black]")
	}
	set, err := mnist.Load(args[1])
	ts.Check(err)
	index, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(paint(ts.MkAbs(args[0]), set.Test.Slice(index, index+1).Pixels, len(args) < 4))
}

// paint writes pixels of a data set, each ten pixels wide, as a file of the kind that its name says.
func paint(path string, pixels []uint8, white bool) error {
	const scale, margin = 10, 40
	side := scale*mnist.Side + 2*margin
	picture := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			column, row := (x-margin)/scale, (y-margin)/scale
			var v uint8
			if x >= margin && y >= margin && column < mnist.Side && row < mnist.Side {
				v = pixels[row*mnist.Side+column]
			}
			if white {
				v = 255 - v
			}
			picture.SetGray(x, y, color.Gray{v})
		}
	}
	return train.WriteFile(path, func(w io.Writer) error {
		switch filepath.Ext(path) {
		case ".jpg":
			return jpeg.Encode(w, picture, nil)
		case ".gif":
			return gif.Encode(w, picture, nil)
		default:
			return png.Encode(w, picture)
		}
	})
}

// scriptHostile writes files that are no pictures, or none to decode: hostile DIR
func scriptHostile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hostile DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	var white bytes.Buffer
	ts.Check(png.Encode(&white, image.NewGray(image.Rect(0, 0, 50, 50))))
	bomb := bytes.Clone(white.Bytes())
	header := bomb[12 : 12+4+13] // IHDR: its name, width, height, three more
	binary.BigEndian.PutUint32(header[4:], 100_000)
	binary.BigEndian.PutUint32(header[8:], 100_000)
	binary.BigEndian.PutUint32(bomb[12+4+13:], crc32.ChecksumIEEE(header))
	for name, content := range map[string][]byte{
		"blank.png": white.Bytes(),
		"bomb.png":  bomb,
		"cut.png":   white.Bytes()[:40],
		"empty.gif": nil,
		"text.jpg":  []byte("what is this\n"),
		"huge.png":  white.Bytes(),
	} {
		ts.Check(os.WriteFile(filepath.Join(dir, name), content, 0o666))
	}
	ts.Check(os.Truncate(filepath.Join(dir, "huge.png"), 1<<40)) // takes no room on the disk
}

// runZoo runs the program in dir and returns what it writes.
func runZoo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("zoo", args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("zoo %v: %v\n%s", args, err, stderr.Bytes())
	}
	return stdout.String()
}

// A network that has been trained for a moment sees in files what it sees in the set's pictures.
func TestTrainedModelInUse(t *testing.T) {
	set, err := mnist.Load("mnist")
	if err != nil {
		t.Fatal(err)
	}
	model, err := buildModel("mnist-dense")
	if err != nil {
		t.Fatal(err)
	}
	config := train.Config{Epochs: 1, Batch: 64, LearningRate: 0.005, Seed: 1}
	if _, err := train.Fit(context.Background(), model, set.Train.Slice(0, 20_000), set.Test.Slice(0, 100), config); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := saveWeights(filepath.Join(dir, "w"), model, map[string]string{"model": "mnist-dense"}); err != nil {
		t.Fatal(err)
	}

	const samples = 1000
	loss, accuracy, err := train.Evaluate(context.Background(), model, set.Test.Slice(0, samples), 64)
	if err != nil {
		t.Fatal(err)
	}
	var e evaluation
	if err := json.Unmarshal([]byte(runZoo(t, dir, "evaluate", "-weights", "w", "-limit", "1000", "-json")), &e); err != nil {
		t.Fatal(err)
	}
	if e.Loss != loss || e.Accuracy != accuracy || e.Samples != samples || accuracy < 0.7 {
		t.Errorf("evaluate: loss %v, accuracy %v of %d; want %v, %v, above 0.7", e.Loss, e.Accuracy, e.Samples, loss, accuracy)
	}
	checkClasses(t, &e)

	const pictures = 30
	args := []string{"predict", "-weights", "w", "-json"}
	var originals [][]float32
	for i := range pictures {
		name := strconv.Itoa(i) + []string{".png", ".jpg", ".gif"}[i%3]
		if err := paint(filepath.Join(dir, name), set.Test.Slice(i, i+1).Pixels, i%2 == 0); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
		original := make([]float32, mnist.PixelsPerImage)
		set.Test.Batch([]int32{int32(i)}, original, make([]int32, 1))
		originals = append(originals, original)
	}
	want, err := models.NewPredictor(model).Predict(originals)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Pictures []answer }
	if err := json.Unmarshal([]byte(runZoo(t, dir, args...)), &got); err != nil {
		t.Fatal(err)
	}
	same := 0
	for i, a := range got.Pictures {
		if a.Picture != args[4+i] || a.Inverted != (i%2 == 0) || a.Width != 360 || len(a.Top) != 3 ||
			a.Top[0].Probability < a.Top[1].Probability || a.Top[1].Probability < a.Top[2].Probability {
			t.Errorf("picture %d: %+v", i, a)
		}
		if a.Top[0].Label == want[i].Class && a.Top[0].Class == strconv.Itoa(want[i].Class) {
			same++
		}
	}
	if len(got.Pictures) != pictures || same < pictures-2 {
		t.Errorf("of %d pictures %d are seen as the set's own", len(got.Pictures), same)
	}
}

// checkClasses wants the classes of an evaluation to follow from its confusion matrix.
func checkClasses(t *testing.T, e *evaluation) {
	t.Helper()
	samples, correct := 0, 0
	for label, class := range e.Classes {
		own := 0
		for _, n := range e.Confusion[label] {
			own += n
		}
		if own != class.Samples || e.Confusion[label][label] != class.Correct || class.Accuracy != float64(class.Correct)/float64(own) ||
			class.Precision <= 0 || class.Precision > 1 {
			t.Errorf("class %d: %+v of %v", label, class, e.Confusion[label])
		}
		samples, correct = samples+own, correct+class.Correct
	}
	if samples != e.Samples || float64(correct)/float64(samples) != e.Accuracy {
		t.Errorf("%d pictures, %d of them right in all classes; want %d, accuracy %v", samples, correct, e.Samples, e.Accuracy)
	}
}

// A table that has a class without pictures, and one that nothing is taken for, has no NaN.
func TestClassResults(t *testing.T) {
	got := classResults(&train.Assessment{Classes: []string{"a", "b", "c"}, Confusion: [][]int{{3, 0, 1}, {2, 0, 0}, {0, 0, 0}}})
	want := []classResult{{"a", 4, 3, 0.75, 0.6}, {"b", 2, 0, 0, 0}, {"c", 0, 0, 0, 0}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// The standard input is one picture among others.
func TestPredictStdin(t *testing.T) {
	set, err := mnist.Load("mnist")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	model, err := buildModel("mnist-dense")
	if err == nil {
		err = saveWeights(filepath.Join(dir, "w"), model, map[string]string{"model": "mnist-dense"})
	}
	if err == nil {
		err = paint(filepath.Join(dir, "a.png"), set.Test.Slice(0, 1).Pixels, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(dir, "a.png"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("zoo", "predict", "-weights", "w", "-", "a.png")
	cmd.Dir, cmd.Stdin = dir, file
	out, err := cmd.CombinedOutput()
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 4 {
		t.Fatalf("%s", out)
	}
	first, second := strings.Fields(strings.TrimPrefix(lines[2], "standard input")), strings.Fields(strings.TrimPrefix(lines[3], "a.png"))
	if !slices.Equal(first, second) || len(first) < 6 {
		t.Errorf("%s", out)
	}
}

// When nobody reads their output these commands end as other programs do: by the signal, without a word.
func TestClosedStdoutOfCommands(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGPIPE")
	}
	dir := t.TempDir()
	model, err := buildModel("mnist-dense")
	if err == nil {
		err = saveWeights(filepath.Join(dir, "w"), model, map[string]string{"model": "mnist-dense"})
	}
	if err == nil {
		err = paint(filepath.Join(dir, "a.png"), make([]uint8, mnist.PixelsPerImage), true)
	}
	if err == nil {
		err = writeDataset(filepath.Join(dir, "bars"), 20, 20)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"summary", "-model", "all"},
		{"plot", "-model", "mnist-dense"},
		{"evaluate", "-weights", "w", "-data", "bars"},
		{"predict", "-weights", "w", "-json", "a.png"},
	} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd := exec.Command("zoo", args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, writer, &stderr
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		err = cmd.Run()
		status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if !ok || !status.Signaled() || status.Signal() != syscall.SIGPIPE || stderr.Len() > 0 {
			t.Errorf("%v: %v, stderr %q", args, err, stderr.Bytes())
		}
		if err := writer.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Weights that are not numbers give an error, not a table of NaN.
func TestWeightsWithoutAnswers(t *testing.T) {
	dir := t.TempDir()
	model, err := buildModel("mnist-dense")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range model.Variables() {
		v.Data()[0] = float32(math.NaN())
	}
	set, err := mnist.Load("mnist")
	if err == nil {
		err = saveWeights(filepath.Join(dir, "w"), model, map[string]string{"model": "mnist-dense"})
	}
	if err == nil {
		err = paint(filepath.Join(dir, "a.png"), set.Test.Slice(0, 1).Pixels, true)
	}
	if err == nil {
		err = writeDataset(filepath.Join(dir, "bars"), 20, 20)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"evaluate", "-json", "-weights", "w", "-data", "bars"}, "zoo: the weights give model mnist-dense a loss of NaN\n"},
		{[]string{"predict", "-json", "-weights", "w", "a.png"}, "zoo: model mnist-dense: its weights give no probabilities (NaN) for picture 0\n"},
	} {
		var stdout, stderr bytes.Buffer
		cmd := exec.Command("zoo", test.args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
		err := cmd.Run()
		if cmd.ProcessState.ExitCode() != exitFailed || stderr.String() != test.want || stdout.Len() > 0 {
			t.Errorf("%v: %v\nstdout %q\nstderr %q, want %q", test.args, err, stdout.Bytes(), stderr.Bytes(), test.want)
		}
	}
}
