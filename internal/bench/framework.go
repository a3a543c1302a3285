package bench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	_ "embed"

	"zoo/models"
)

// Framework is a program that trains the models: zoo or another.
type Framework struct {
	Name string
	// Command is the program and its arguments that open a process for the
	// task, which answers commands as Serve does.
	Command func(Task) []string
}

// Task is what one process of a framework trains.
type Task struct {
	Entry   models.Entry
	Batch   int
	Workers int // threads that compute
}

// String names the task in messages.
func (t Task) String() string { return fmt.Sprintf("%s, batch %d", t.Entry.Name, t.Batch) }

// Args are the task's flags, as programs of all frameworks take them.
func (t Task) Args() []string {
	return []string{"-model", t.Entry.Name, "-batch", strconv.Itoa(t.Batch), "-workers", strconv.Itoa(t.Workers)}
}

// compareScript is Keras's and PyTorch's side.
//
//go:embed compare.py
var compareScript string

// Venv is the folder of the Python environment in the repository, which make
// bench-setup makes.
const Venv = ".venv-bench"

// Others are Keras and PyTorch, as it is and compiled, with channels last. root
// is the repository's folder, which has the virtual environment to run them in,
// Keras's declarations of the models and the data sets. An error says in one
// line what is not there.
func Others(root string) ([]Framework, error) {
	python := filepath.Join(root, Venv, "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return nil, fmt.Errorf("keras, torch and torch.compile are left out: %w; make bench-setup installs them", missing(python, err))
	}
	for _, path := range []string{filepath.Join("models", "testdata", "keras", "architectures.py"), filepath.Join("mnist", "data")} {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			return nil, fmt.Errorf("keras, torch and torch.compile are left out: %w; run it in the repository's folder", missing(path, err))
		}
	}
	return scripted(root, python, "keras", "torch", "torch.compile"), nil
}

// scripted are the frameworks of these names, run by the given Python.
func scripted(root, python string, names ...string) []Framework {
	var frameworks []Framework
	for _, name := range names {
		frameworks = append(frameworks, Framework{Name: name, Command: func(t Task) []string {
			command := []string{python, "-c", compareScript, "-framework", name, "-root", root, "-dataset", t.Entry.Dataset,
				"-lr", number(t.Entry.LearningRate), "-momentum", number(t.Entry.Momentum), "-decay", number(decay(t.Entry))}
			return append(command, t.Args()...)
		}})
	}
	return frameworks
}

// missing is the error of a file that has to be there.
func missing(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not there", path)
	}
	return err
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// decay is the learning rate's decay in the report's training.
func decay(e models.Entry) float64 {
	if !e.Decay {
		return 0
	}
	return e.LearningRate / float64(e.Epochs)
}
