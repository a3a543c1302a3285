package cli

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestBenchHelpNamesEveryFlag(t *testing.T) {
	var opts benchOptions
	var want []string
	opts.flags().VisitAll(func(f *flag.Flag) {
		if f.Name != "help" { // -h by its long name
			want = append(want, f.Name)
		}
	})
	var got []string
	for _, match := range regexp.MustCompile(`(?m)^  -([a-z]+)`).FindAllStringSubmatch(benchHelp, -1) {
		got = append(got, match[1])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the help has the flags %q, want %q", got, want)
	}
}

// Ctrl-C ends a benchmark and the processes that it waits for.
func TestBenchInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such signals")
	}
	dir := t.TempDir()
	for path, text := range map[string]string{
		".venv-bench/bin/python":                 "#!/bin/sh\necho $$ > python.pid.new\nmv python.pid.new python.pid\nexec sleep 3600\n",
		"models/testdata/keras/architectures.py": "",
		"mnist/data/README":                      "",
	} {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o777)); err != nil {
			t.Fatal(err)
		}
	}
	var stderr bytes.Buffer
	cmd := exec.Command("zoo", "bench", "-model", "mnist-dense", "-batch", "4", "-compare")
	cmd.Dir, cmd.Stderr = dir, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it is gone unless the test failed
	pidFile := filepath.Join(dir, "python.pid")
	for {
		_, err := os.Stat(pidFile)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("%v, want exit code 130", err)
	}
	if want := "zoo: mnist-dense, batch 4: interrupted\n"; stderr.String() != want {
		t.Errorf("stderr %q, want %q", stderr.String(), want)
	}
	checkGone(t, pidFile)
}

// checkGone wants the process to be over whose number is in the file.
func checkGone(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	for _, digit := range bytes.TrimSpace(text) {
		pid = 10*pid + int(digit-'0')
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(syscall.Signal(0)); err == nil {
		t.Errorf("process %d is still there", pid)
	}
}
