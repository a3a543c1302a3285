package cli

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBinary builds the program itself: a test binary has other build information, and main.go is not in it.
func TestBinary(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	zoo := filepath.Join(t.TempDir(), "zoo.exe")
	if out, err := exec.Command("go", "build", "-o", zoo, "zoo").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}

	out, err := exec.Command(zoo, "-version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "Gorgonia  v0.9.18, tensor v0.9.24\n"; !strings.Contains(string(out), want) {
		t.Errorf("-version: %q, want %q in it", out, want)
	}

	_, err = exec.Command(zoo, "-model", "mnist-sec").Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitRefused {
		t.Errorf("unknown model: %v, want exit code %d", err, exitRefused)
	}
}
