package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"zoo/models"
	"zoo/models/kernel"
	"zoo/plots"
	"zoo/train"
)

// Files of a run's folder, which has the structure diagram too, under the report's name for it.
const (
	resultFile  = "results.json" // written last: a run that has it is finished
	historyFile = "history.csv"
	summaryFile = "summary.txt"
	curvesName  = "history" // .png and .svg
)

// readRun reads the model's finished run. Where there is none the error is fs.ErrNotExist.
func (opts options) readRun(entry models.Entry) (*plots.Run, error) {
	dir := filepath.Join(opts.out, entry.Name)
	resultPath, historyPath := filepath.Join(dir, resultFile), filepath.Join(dir, historyFile)
	result, err := readFile(resultPath, train.ReadResult)
	if err != nil {
		return nil, err
	}
	history, err := readFile(historyPath, train.ReadHistoryCSV)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// Not wrapped: there is a run, which lacks a part.
		return nil, fmt.Errorf("%s is there, but no %s beside it", resultPath, historyFile)
	case err != nil:
		return nil, err
	case result.Name != entry.Name:
		return nil, fmt.Errorf("%s is a result of %s", resultPath, result.Name)
	case len(history) != result.Final.Epoch:
		return nil, fmt.Errorf("%s has %s, but %s has %d", historyPath, counted(len(history), "epoch"), resultPath, result.Final.Epoch)
	}
	run := &plots.Run{Entry: entry, Result: result, History: history}
	if curves := path.Join(entry.Name, curvesName+".png"); opts.has(curves) {
		run.Curves = curves
	}
	if structure := path.Join(entry.Name, entry.Diagram+".png"); opts.has(structure) {
		run.Structure = structure
	}
	return run, nil
}

// readFile reads the file with the given reader of its format. Errors name the file.
func readFile[T any](name string, read func(io.Reader) (T, error)) (content T, err error) {
	file, err := os.Open(name)
	if err != nil {
		return content, err
	}
	content, err = read(file)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return content, errors.Join(err, file.Close())
}

// kept returns the finished run with the plan's settings that is in its folder, nil when there is none or -force is
// given. It refuses to write over a run that is another one or that cannot be read.
func (opts options) kept(p *plan) (*plots.Run, error) {
	if opts.force {
		return nil, nil
	}
	run, err := opts.readRun(p.entry)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, refuse("%s: %w; -force trains it anew", p.entry.Name, err)
	}
	asked := p.settings()
	if opts.workers == 0 {
		// They change no bit of the result (package kernel), so another machine's run is as good.
		asked.Workers = run.Result.Settings.Workers
	}
	if os.Getenv(kernel.TierVariable) == "" {
		// They change the last bits alone, and nobody asked for them.
		asked.Kernels = run.Result.Settings.Kernels
	}
	if difference := run.Result.Settings.Difference(asked); difference != "" {
		return nil, refuse("%s: %s has a run with other settings: %s; -force replaces it, another -out keeps it",
			p.entry.Name, p.dir, difference)
	}
	return run, nil
}

// checkWritable makes the folder, if need be, and finds out whether files can be written to it.
func checkWritable(dir string) error {
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		err = probe(dir)
	}
	if err != nil {
		return refuse("cannot write to the folder %s: %w; give another with -out", dir, withoutPath(err))
	}
	return nil
}

// probe writes a file and removes it.
func probe(dir string) error {
	file, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}
