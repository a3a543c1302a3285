package cli

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"zoo/train"
)

// short is a training of three epochs with two steps each.
var short = []string{"-model", "mnist-dense", "-data", "bars", "-limit", "128", "-epochs", "3"}

// withBars is a folder with a data set in bars.
func withBars(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := writeDataset(filepath.Join(dir, "bars"), 128, 16); err != nil {
		t.Fatal(err)
	}
	return dir
}

// mustRun runs the program, which must end well, and returns its output.
func mustRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := command(dir, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("zoo %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// mustFail runs the program, which must end with that code and one line of that pattern on stderr.
func mustFail(t *testing.T, cmd *exec.Cmd, code int, pattern string) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	want := regexp.MustCompile(`^zoo: ` + pattern + `\n$`)
	if cmd.ProcessState.ExitCode() != code || !want.Match(stderr.Bytes()) || bytes.Count(stderr.Bytes(), []byte("\n")) != 1 {
		t.Errorf("%s: %v, stderr %q; want code %d, stderr %v", strings.Join(cmd.Args, " "), err, &stderr, code, want)
	}
}

// A checkpoint that is not whole is never used: -resume takes the best in its place, or begins anew, and says so; the other
// commands refuse it.
func TestDamagedCheckpoint(t *testing.T) {
	uncut := withBars(t)
	mustRun(t, uncut, short...)
	runOf := func(dir string) string { return filepath.Join(dir, "runs", "mnist-dense") }
	last, best := readBytes(t, filepath.Join(runOf(uncut), lastFile)), readBytes(t, filepath.Join(runOf(uncut), bestFile))

	damages := map[string]func([]byte) []byte{
		"empty":        func([]byte) []byte { return nil },
		"no header":    func(b []byte) []byte { return b[:7] },
		"half":         func(b []byte) []byte { return b[:len(b)/2] },
		"a byte short": func(b []byte) []byte { return b[:len(b)-1] },
		"a byte long":  func(b []byte) []byte { return append(b, 0) },
	}
	random := rand.New(rand.NewPCG(1, 0))
	flips := 8
	if testing.Short() {
		damages = map[string]func([]byte) []byte{"half": damages["half"]}
		flips = 1
	}
	for range flips {
		at, bit := random.IntN(len(last)), random.IntN(8)
		damages[fmt.Sprintf("bit %d of byte %d", bit, at)] = func(b []byte) []byte { b[at] ^= 1 << bit; return b }
	}
	faults := 0
	for name, damage := range damages {
		dir := withBars(t)
		if err := os.CopyFS(filepath.Join(dir, "runs"), os.DirFS(filepath.Join(uncut, "runs"))); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(runOf(dir), lastFile)
		shown := "runs/mnist-dense/last.safetensors"
		overwrite(t, path, damage(bytes.Clone(last)))
		if err := os.Remove(filepath.Join(runOf(dir), resultFile)); err != nil {
			t.Fatal(err)
		}
		why := regexp.QuoteMeta(shown) + `: not a sound safetensors file: .*`
		mustFail(t, command(dir, "evaluate", "-weights", shown, "-data", "bars"), exitRefused, why)
		mustFail(t, command(dir, "predict", "-weights", shown, "bars.png"), exitRefused, why)
		mustFail(t, command(dir, "-model", "mnist-dense", "-data", "bars", "-out", "other", "-init", shown), exitRefused,
			`-init `+regexp.QuoteMeta(shown)+`: not a sound safetensors file: .*`)
		faults += 3

		out := mustRun(t, dir, append([]string{"-resume"}, short...)...)
		if !strings.Contains(out, "passed over: "+shown) || !strings.Contains(out, "resume     runs/mnist-dense/best.safetensors, after ") {
			t.Errorf("%s: -resume does not say that it takes the best:\n%s", name, out)
		}
		sameEnd(t, uncut, dir)
		faults++

		for _, file := range []string{lastFile, bestFile} {
			overwrite(t, filepath.Join(runOf(dir), file), damage(bytes.Clone(last)))
		}
		if err := os.Remove(filepath.Join(runOf(dir), resultFile)); err != nil {
			t.Fatal(err)
		}
		out = mustRun(t, dir, append([]string{"-resume"}, short...)...)
		if strings.Count(out, "passed over: ") != 2 || !strings.Contains(out, "resume     no checkpoint in runs/mnist-dense: from the beginning") {
			t.Errorf("%s: -resume does not say that it begins anew:\n%s", name, out)
		}
		sameEnd(t, uncut, dir)
		faults++
	}
	if len(best) == 0 {
		t.Error("no best checkpoint")
	}
	t.Logf("%d files damaged, %d commands on them", len(damages), faults)
}

func overwrite(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// sameEnd compares the histories, times aside, and the last weights of two folders.
func sameEnd(t *testing.T, a, b string) {
	t.Helper()
	path := func(dir, name string) string { return filepath.Join(dir, "runs", "mnist-dense", name) }
	sameCheckpoint(t, lastFile, path(a, lastFile), path(b, lastFile))
	first, err := readFile(path(a, historyFile), train.ReadHistoryCSV)
	if err != nil {
		t.Fatal(err)
	}
	second, err := readFile(path(b, historyFile), train.ReadHistoryCSV)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second, untimedEpochs); diff != "" {
		t.Errorf("%s:\n%s", historyFile, diff)
	}
}

// A training cut by a signal has its curves, and resumed it ends as if it never was cut.
func TestSignalAndResume(t *testing.T) {
	args := []string{"-model", "mnist-dense", "-data", "bars", "-limit", "640", "-epochs", "60", "-save-every", "3"}
	uncut := t.TempDir()
	if err := writeDataset(filepath.Join(uncut, "bars"), 5200, 10); err != nil {
		t.Fatal(err)
	}
	mustRun(t, uncut, args...)

	dir := t.TempDir()
	run := filepath.Join(dir, "runs", "mnist-dense")
	cmd, stderr := startTraining(t, dir, filepath.Join("runs", "mnist-dense", historyFile), args...)
	signalAndWait(t, cmd, syscall.SIGTERM)
	if code := cmd.ProcessState.ExitCode(); code != 143 {
		t.Fatalf("exit code %d, want 143: %s", code, stderr)
	}
	for _, name := range []string{historyFile, curvesName + ".png", curvesName + ".svg", lastFile} {
		if info, err := os.Stat(filepath.Join(run, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s after the signal: %v", name, err)
		}
	}
	out := mustRun(t, dir, append([]string{"-resume"}, args...)...)
	if !strings.Contains(out, "resume     runs/mnist-dense/last.safetensors, after ") {
		t.Errorf("not resumed:\n%s", out)
	}
	sameEnd(t, uncut, dir)
}

// Two trainings never share a folder, and one that was killed does not lock it.
func TestFolderIsLocked(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-model", "mnist-dense", "-data", "bars", "-limit", "128", "-epochs", "100000"}
	first, _ := startTraining(t, dir, filepath.Join("runs", "mnist-dense", historyFile), args...)
	for _, more := range []string{"-resume", "-force", "-seed=7"} {
		mustFail(t, command(dir, append(args, more)...), exitRefused,
			`mnist-dense: another training is at work in runs/mnist-dense \(it holds runs/mnist-dense/\.lock\); wait for its end, or give another -out`)
	}
	signalAndWait(t, first, os.Kill)
	// Resumed, it writes this again.
	if err := os.Remove(filepath.Join(dir, "runs", "mnist-dense", historyFile)); err != nil {
		t.Fatal(err)
	}
	second, _ := startTraining(t, dir, filepath.Join("runs", "mnist-dense", historyFile), append(args, "-resume")...)
	signalAndWait(t, second, os.Interrupt)
	if code := second.ProcessState.ExitCode(); code != 130 {
		t.Errorf("after the kill: exit code %d, want 130", code)
	}
}

// Whatever the reader of its output does, the program ends quietly or with one line.
func TestClosedPipes(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program many times")
	}
	if runtime.GOOS == "windows" {
		t.Skip("no SIGPIPE")
	}
	dir := withBars(t)
	mustRun(t, dir, short...)
	weights := "runs/mnist-dense/last.safetensors"
	for _, args := range [][]string{
		{"report"},
		{"evaluate", "-weights", weights, "-data", "bars"},
		{"predict", "-weights", weights, "runs/bars.png"},
		{"summary", "-model", "all"},
		{"plot", "-model", "mnist-dense"},
		{"-list"},
		{"-h"},
		short, // kept: it prints the table
	} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd := command(dir, args...)
		cmd.Stdout, cmd.Stderr = writer, &stderr
		err = cmd.Run()
		status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		bySignal := ok && status.Signaled() && status.Signal() == syscall.SIGPIPE
		if code := cmd.ProcessState.ExitCode(); !bySignal && code != 128+int(syscall.SIGPIPE) && code != exitDone {
			t.Errorf("zoo %s: %v", args[0], err)
		}
		if lines := strings.Count(stderr.String(), "\n"); lines > 1 || strings.Contains(stderr.String(), "goroutine") {
			t.Errorf("zoo %s: stderr %q", args[0], &stderr)
		}
		if err := writer.Close(); err != nil {
			t.Error(err)
		}
	}
}

// With any number of file descriptors that Go's runtime itself can live with, a command works or says in one line that it
// cannot.
func TestFewDescriptors(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program many times")
	}
	if _, err := exec.LookPath("sh"); err != nil || runtime.GOOS == "windows" {
		t.Skip("no ulimit")
	}
	dir := withBars(t)
	mustRun(t, dir, append(short, "-out", "trained")...)
	works := 0
	for _, args := range []string{
		strings.Join(short, " ") + " -force -log csv,json,tensorboard",
		"evaluate -weights trained/mnist-dense/last.safetensors -data bars",
		"report -out trained",
	} {
		for n := 8; n <= 24; n += 4 {
			cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -n %d && exec zoo %s", n, args))
			cmd.Dir = dir
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			err := cmd.Run()
			code, text := cmd.ProcessState.ExitCode(), stderr.String()
			switch {
			case code == exitDone && text == "":
				works++
			case code == exitRefused && strings.Count(text, "\n") == 1 && strings.Contains(text, "ulimit -n") && n < 20:
			default:
				t.Errorf("ulimit -n %d, zoo %s: %v, stderr %q", n, args, err, text)
			}
		}
	}
	if works < 6 {
		t.Errorf("only %d commands worked", works)
	}
}

// mount mounts a small file system in memory, for those who may.
func mount(t *testing.T, dir, options string) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("mounts a file system, which takes root on Linux")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("cannot mount: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
}

// A disk that fills up while a checkpoint is saved keeps the one before, and with room again the training goes on.
func TestFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program many times")
	}
	dir := withBars(t)
	runs := filepath.Join(dir, "runs")
	if err := os.Mkdir(runs, 0o777); err != nil {
		t.Fatal(err)
	}
	mount(t, runs, "size=4m") // a checkpoint has 2.1 MB
	mustFail(t, command(dir, append(short, "-save-every", "1")...), exitFailed,
		`mnist-dense: epoch 1, step 2 of 2: cannot write runs/mnist-dense/last\.safetensors: no space left on device; `+
			`runs/mnist-dense/last\.safetensors keeps 0 epochs and 1 step, and -resume goes on from there(; cannot write .*)?`)
	if left := temporaries(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	mustRun(t, dir, "evaluate", "-weights", "runs/mnist-dense/last.safetensors", "-data", "bars")
	if out, err := exec.Command("mount", "-o", "remount,size=64m", runs).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	mustRun(t, dir, append(short, "-resume")...)
	uncut := withBars(t)
	mustRun(t, uncut, short...)
	sameEnd(t, uncut, dir)
}

// Where nothing can be written nothing is trained.
func TestReadOnlyFolder(t *testing.T) {
	dir := withBars(t)
	runs := filepath.Join(dir, "runs")
	if err := os.Mkdir(runs, 0o777); err != nil {
		t.Fatal(err)
	}
	reason := "permission denied"
	if os.Geteuid() == 0 {
		mount(t, runs, "ro")
		reason = "read-only file system"
	} else if runtime.GOOS == "windows" {
		t.Skip("no such permissions")
	} else if err := os.Chmod(runs, 0o555); err != nil {
		t.Fatal(err)
	}
	mustFail(t, command(dir, short...), exitRefused, `cannot write to the folder runs: `+reason+`; give another with -out`)
	mustFail(t, command(dir, "report"), exitRefused, `cannot write to the folder runs: `+reason+`; give another with -out`)
	if entries, err := os.ReadDir(runs); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, errors.Join(err))
	}
}
