package train

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// wantFolder fails unless the folder holds this one file with this content.
func wantFolder(t *testing.T, path, content string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != content {
		t.Errorf("the file holds %q, want %q", got, content)
	}
	wantEntries(t, filepath.Dir(path), 1)
}

func wantEntries(t *testing.T, folder string, n int) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != n {
		t.Errorf("the folder holds %v, want %d entries", entries, n)
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.csv")
	long := strings.Repeat("more than the buffer ", 10_000)
	for _, content := range []string{"first", "second", "", long} {
		if err := WriteFile(path, text(content)); err != nil {
			t.Fatal(err)
		}
		wantFolder(t, path, content)
	}
}

func TestWriteFileHasOrdinaryPermissions(t *testing.T) {
	folder := t.TempDir()
	ours, plain := filepath.Join(folder, "ours"), filepath.Join(folder, "plain")
	if err := errors.Join(WriteFile(ours, text("x")), os.WriteFile(plain, nil, 0o666)); err != nil {
		t.Fatal(err)
	}
	a, errA := os.Stat(ours)
	b, errB := os.Stat(plain)
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	if a.Mode() != b.Mode() {
		t.Errorf("mode %v, other files here have %v", a.Mode(), b.Mode())
	}
}

func TestWriteFileInTheWorkingFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := WriteFile("results.json", text("{}")); err != nil {
		t.Fatal(err)
	}
	wantFolder(t, "results.json", "{}")
}

func TestWriteFileKeepsTheOldOnFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(path, func(w io.Writer) error {
		return errors.Join(text(strings.Repeat("new", 100_000))(w), errFull)
	})
	if want := "cannot write " + path + ": no space left"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if !errors.Is(err, errFull) {
		t.Errorf("error %v does not wrap the cause", err)
	}
	wantFolder(t, path, "old")
}

func TestWriteFileCleansUpAfterAPanic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.json")
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = WriteFile(path, func(io.Writer) error { panic("in a writer") })
	}()
	wantFolder(t, path, "old")
}

func TestWriteFileErrorsNameTheFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "missing", "history.csv")
	err := WriteFile(path, text("x"))
	if want := "cannot write " + path + ": no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v is not os.ErrNotExist", err)
	}
	// A folder cannot be replaced.
	taken := filepath.Join(folder, "taken")
	if err := os.Mkdir(taken, 0o777); err != nil {
		t.Fatal(err)
	}
	err = WriteFile(taken, text("x"))
	if err == nil || !strings.HasPrefix(err.Error(), "cannot write "+taken+": ") || strings.Contains(err.Error(), ".tmp") {
		t.Errorf("error %v", err)
	}
	wantEntries(t, folder, 1)
}

// Whoever writes last wins, and the file is always one writer's alone.
func TestWriteFileConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shared")
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			if err := WriteFile(path, text(strings.Repeat(fmt.Sprint(i), 100_000))); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 100_000 || strings.Count(string(got), string(got[:1])) != len(got) {
		t.Errorf("%d bytes of several writers", len(got))
	}
	wantEntries(t, filepath.Dir(path), 1)
}
