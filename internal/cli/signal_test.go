package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"zoo/train"
)

// startTraining starts the program, with a data set in bars, and returns when the file is there. It has no time limit of its own: go test has.
func startTraining(t *testing.T, dir, file string, args ...string) (cmd *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no such signals")
	}
	if err := writeDataset(filepath.Join(dir, "bars"), 5200, 10); err != nil {
		t.Fatal(err)
	}
	stderr = new(bytes.Buffer)
	cmd = exec.Command("zoo", args...)
	cmd.Dir = dir
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it is gone unless the test failed
	for {
		_, err := os.Stat(filepath.Join(dir, file))
		if err == nil {
			return cmd, stderr
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func signalAndWait(t *testing.T, cmd *exec.Cmd, s os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
}

func TestSignalKeepsHistory(t *testing.T) {
	for _, test := range []struct {
		name   string
		signal syscall.Signal
		code   int
		word   string
	}{
		{"interrupt", syscall.SIGINT, 130, "interrupted"},
		{"terminate", syscall.SIGTERM, 143, `stopped \(terminated\)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			history := filepath.Join("runs", "mnist-dense", "history.csv")
			cmd, stderr := startTraining(t, dir, history, "-model", "mnist-dense", "-data", "bars", "-limit", "128", "-epochs", "100000")
			signalAndWait(t, cmd, test.signal)
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			want := regexp.MustCompile(`^zoo: mnist-dense: epoch \d+, step \d of 2: ` + test.word +
				`; runs/mnist-dense/last\.safetensors keeps [\d,]+ epochs?( and 1 step)?; the same command with -resume goes on\n$`)
			if !want.Match(stderr.Bytes()) {
				t.Errorf("stderr: %q, want %v", stderr, want)
			}
			if h, err := readFile(filepath.Join(dir, history), train.ReadHistoryCSV); err != nil || len(h) == 0 {
				t.Errorf("history of %d epochs, %v", len(h), err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "runs", "*", "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				if base := filepath.Base(file); base == resultFile || strings.HasPrefix(base, ".") && base != lockFile {
					t.Errorf("%s is there after an unfinished run", file)
				}
			}
		})
	}
}

// A signal in the second model keeps the first, and the same command goes on after it.
func TestSignalKeepsFinishedModels(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a convolutional network")
	}
	dir := t.TempDir()
	args := []string{"-model", "mnist-dense,mnist-seq", "-data", "bars", "-limit", "32", "-batch", "32", "-epochs", "200"}
	cmd, stderr := startTraining(t, dir, filepath.Join("runs", "mnist-seq", "model_Seq_Mnist.svg"), args...)
	signalAndWait(t, cmd, os.Interrupt)
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if want := "; the same command with -resume keeps mnist-dense and goes on with mnist-seq\n"; !strings.HasSuffix(stderr.String(), want) {
		t.Errorf("stderr: %q, want %q at its end", stderr, want)
	}

	again := exec.Command("zoo", args...)
	again.Dir = dir
	out, err := again.CombinedOutput()
	if err != nil {
		t.Fatalf("the same command: %v\n%s", err, out)
	}
	if want := "mnist-dense: kept"; !strings.Contains(string(out), want) {
		t.Errorf("the same command: %q, want %q in it", out, want)
	}
	if _, err := readFile(filepath.Join(dir, "runs", "mnist-seq", resultFile), train.ReadResult); err != nil {
		t.Error(err)
	}
}

// The second signal ends the program in the middle of a step, here a long one: all images in one batch.
func TestSecondSignalStopsAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("a step of seconds")
	}
	if runtime.GOOS == "windows" {
		t.Skip("no such signals")
	}
	cmd := exec.Command("zoo", "-model", "mnist-dense", "-batch", "60000", "-epochs", "100")
	cmd.Dir = t.TempDir()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it is gone unless the test failed
	var read []byte
	for !bytes.Contains(read, []byte("Epoch0.")) {
		buffer := make([]byte, 1024)
		n, err := stdout.Read(buffer)
		if err != nil {
			t.Fatalf("%v after %q", err, read)
		}
		read = append(read, buffer[:n]...)
	}
	for range 2 {
		time.Sleep(50 * time.Millisecond)
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	err = cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("ended by itself: %v", err)
	}
}

// When the reader of its output is gone the program stops as it does for a signal.
func TestClosedStdout(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGPIPE")
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := writeDataset(filepath.Join(dir, "bars"), 128, 10); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command("zoo", "-model", "mnist-dense", "-data", "bars", "-epochs", "100000")
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = writer, &stderr
	err = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGPIPE) {
		t.Errorf("%v, want exit code %d", err, 128+int(syscall.SIGPIPE))
	}
	if got := stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "nobody reads the standard output") {
		t.Errorf("stderr: %q, want one line", got)
	}
	if err := writer.Close(); err != nil {
		t.Error(err)
	}
}
