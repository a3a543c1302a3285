package bench

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"zoo/models"
)

// repository has the given files, empty.
func repository(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, file := range files {
		path := filepath.Join(root, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestOthers(t *testing.T) {
	root := repository(t, ".venv-bench/bin/python", "models/testdata/keras/architectures.py", "mnist/data/mnist/images.gz")
	others, err := Others(root)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := models.Select("fashion-seq")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range others {
		names = append(names, f.Name)
		command := f.Command(Task{Entry: entries[0], Batch: 32, Workers: 2})
		if command[0] != filepath.Join(root, ".venv-bench", "bin", "python") {
			t.Errorf("%s runs %s", f.Name, command[0])
		}
		want := []string{
			"-framework", f.Name, "-root", root, "-dataset", "fashion-mnist", "-lr", "0.01", "-momentum", "0.9", "-decay", "0.0009090909090909091",
			"-model", "fashion-seq", "-batch", "32", "-workers", "2",
		}
		if got := command[3:]; !slices.Equal(got, want) {
			t.Errorf("%s gets %q, want %q", f.Name, got, want)
		}
	}
	if want := []string{"keras", "torch", "torch.compile"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

func TestOthersAreMissing(t *testing.T) {
	for want, files := range map[string][]string{
		".venv-bench/bin/python is not there; make bench-setup installs them":               {"mnist/data/x", "models/testdata/keras/architectures.py"},
		"mnist/data is not there; run it in the repository's folder":                        {".venv-bench/bin/python", "models/testdata/keras/architectures.py"},
		"models/testdata/keras/architectures.py is not there; run it in the repository's f": {".venv-bench/bin/python", "mnist/data/x"},
	} {
		_, err := Others(repository(t, files...))
		if err == nil || !strings.Contains(filepath.ToSlash(err.Error()), filepath.ToSlash(want)) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The real frameworks answer as the fakes of the other tests do.
func TestCompareScript(t *testing.T) {
	root := filepath.Join("..", "..")
	others, err := Others(root)
	if keras := filepath.Join(root, ".venv", "bin", "python"); err != nil && fileExists(keras) {
		others, err = scripted(root, keras, "keras"), nil // make keras
	}
	if testing.Short() || err != nil {
		t.Skip(err)
	}
	for _, f := range others {
		t.Run(f.Name, func(t *testing.T) {
			p, err := open(t.Context(), f, exampleTask(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, command := range []string{"step", "predict 1", "predict 16", "step"} {
				if _, _, err := p.times(command, 2); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Without the frameworks too the script has to be Python.
func TestCompareScriptCompiles(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(err)
	}
	compile := exec.Command(python, "-c", "import sys; compile(sys.stdin.read(), 'compare.py', 'exec')")
	compile.Stdin = strings.NewReader(compareScript)
	if out, err := compile.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
