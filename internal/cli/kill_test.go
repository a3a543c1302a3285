package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"zoo/models/weights"
	"zoo/train"
)

// killedModel has convolutions, BatchNormalization and Dropout.
const killedModel = "fashion-seq"

// killedTraining takes twelve steps in three epochs and saves every second one. Callbacks with a state of their own, and
// arrays in it, change its course.
var killedTraining = []string{
	"-model", killedModel, "-data", "bars", "-batch", "4", "-epochs", "3", "-save-every", "2", "-lr", "0.003",
	"-early-stop", "9", "-restore-best", "-reduce-lr", "0", "-monitor", "loss", "-log", "csv", "-resume",
}

// killable writes its data set to a new folder.
func killable(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := writeDataset(filepath.Join(dir, "bars"), 16, 8); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A training that is killed at any moment, as often as may be, and resumed, ends with the bits of one that never was, and
// leaves the same files.
func TestKilledTrainings(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGKILL")
	}
	wanted := 50
	if testing.Short() {
		wanted = 3
	}
	uncut := killable(t)
	began := time.Now()
	if out, err := command(uncut, killedTraining...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	length := time.Since(began)

	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	killed, saving, resumed, trainings := 0, 0, 0, 0
	for killed < wanted {
		dir := killable(t)
		for finished := false; !finished; {
			last := filepath.Join(dir, "runs", killedModel, lastFile)
			if _, err := os.Stat(last); err == nil {
				resumed++
			}
			delay := time.Duration(random.Float64() * float64(length))
			whileSaving := random.IntN(2) == 0
			finished = runAndKill(t, dir, delay, whileSaving)
			if finished {
				break
			}
			killed++
			if len(temporaries(t, dir)) > 0 {
				saving++
			}
		}
		trainings++
		sameTraining(t, uncut, dir)
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d kills in %d trainings, %d of them in the middle of a file; %d times there was a checkpoint to go on from", killed, trainings, saving, resumed)
	if saving == 0 {
		t.Error("no kill hit a file that was being written")
	}
}

// command is the program at work in a folder.
func command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("zoo", args...)
	cmd.Dir = dir
	return cmd
}

// runAndKill runs the training and kills it after the delay, or behind that when the next file is being written, unless it
// finishes before.
func runAndKill(t *testing.T, dir string, delay time.Duration, whileSaving bool) (finished bool) {
	t.Helper()
	cmd := command(dir, killedTraining...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for due := time.After(delay); ; {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("ended by itself: %v\n%s", err, &output)
			}
			return true
		case <-due:
			due = nil // no longer
			if whileSaving {
				continue
			}
		case <-poll.C:
			if due != nil || len(temporaries(t, dir)) == 0 {
				continue
			}
		}
		_ = cmd.Process.Kill() // it may just have ended
		if err := <-ended; err == nil {
			return true
		} else if cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("ended by itself: %v\n%s", err, &output)
		}
		return false
	}
}

// temporaries are the files below the folder that are not there for good.
func temporaries(t *testing.T, dir string) (found []string) {
	t.Helper()
	for _, file := range files(t, dir) {
		if base := filepath.Base(file); strings.HasPrefix(base, ".") && base != lockFile {
			found = append(found, file)
		}
	}
	return found
}

// files are all files below the folder.
func files(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // renamed while we look
			return nil
		}
		if err == nil && !entry.IsDir() {
			name, relErr := filepath.Rel(dir, path)
			found, err = append(found, name), relErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// sameTraining compares two folders in which the same was trained: everything but times and dates, to the bit.
func sameTraining(t *testing.T, uncut, cut string) {
	t.Helper()
	if diff := cmp.Diff(files(t, uncut), files(t, cut)); diff != "" {
		t.Errorf("files (-uncut +cut):\n%s", diff)
	}
	inRun := func(dir, name string) string { return filepath.Join(dir, "runs", killedModel, name) }
	for _, name := range []string{lastFile, bestFile} {
		sameCheckpoint(t, name, inRun(uncut, name), inRun(cut, name))
	}
	history := [2]train.History{}
	for i, dir := range []string{uncut, cut} {
		var err error
		if history[i], err = readFile(inRun(dir, historyFile), train.ReadHistoryCSV); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(history[0], history[1], untimedEpochs); diff != "" {
		t.Errorf("%s (-uncut +cut):\n%s", historyFile, diff)
	}
	for _, name := range []string{logs["csv"], assessmentFile} {
		a, b := readBytes(t, inRun(uncut, name)), readBytes(t, inRun(cut, name))
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs:\n%s\n%s", name, a, b)
		}
	}
}

var (
	untimedEpochs = cmpopts.IgnoreFields(train.Epoch{}, "Seconds", "MsPerStep")
	untimedStates = cmpopts.IgnoreFields(train.State{}, "Started", "Saved", "Elapsed", "EpochElapsed", "FirstStep", "OtherSteps", "TimedSteps")
)

// sameCheckpoint compares the states of two checkpoints, times aside, and every bit of their tensors.
func sameCheckpoint(t *testing.T, name, uncut, cut string) {
	t.Helper()
	a, err := train.ReadCheckpoint(uncut)
	if err != nil {
		t.Fatal(err)
	}
	b, err := train.ReadCheckpoint(cut)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.State, b.State, untimedEpochs, untimedStates); diff != "" {
		t.Errorf("%s: state (-uncut +cut):\n%s", name, diff)
	}
	if diff := cmp.Diff(bitsOf(a.Weights()), bitsOf(b.Weights())); diff != "" {
		t.Errorf("%s: tensors (-uncut +cut):\n%.1000s", name, diff)
	}
}

// bitsOf are the tensors' shapes and the bits of their elements.
func bitsOf(f *weights.File) map[string]any {
	all := map[string]any{}
	for _, tensor := range f.Tensors {
		content := make([]byte, 0, 4*len(tensor.Data))
		for _, x := range tensor.Data {
			bits := math.Float32bits(x)
			content = append(content, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
		all[tensor.Name+" shape"], all[tensor.Name] = tensor.Shape, string(content)
	}
	return all
}

func readBytes(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
