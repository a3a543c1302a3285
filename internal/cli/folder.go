package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"zoo/internal/study"
	"zoo/models"
	"zoo/models/kernel"
	"zoo/train"
)

// Files of a run's folder, which has the structure diagram too, under the report's name for it. The folder is OUT/NAME,
// or OUT/NAME/seed-S where a command trains several seeds.
const (
	resultFile     = "results.json" // written last: a run that has it is finished
	historyFile    = "history.csv"
	assessmentFile = "assessment.json"
	summaryFile    = "summary.txt"
	curvesName     = "history"  // .png and .svg
	mistakesName   = "mistakes" // .png and .svg
)

const seedPrefix = "seed-"

// seedFolder is the name of the folder of a run with this seed, beside those with others.
func seedFolder(seed uint64) string { return fmt.Sprintf("%s%d", seedPrefix, seed) }

// readRun reads the model's finished run in the folder. Where there is none the error is fs.ErrNotExist.
func readRun(entry models.Entry, dir string) (*study.Run, error) {
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
	case history[len(history)-1] != result.Final || history.Best() != result.Best:
		return nil, fmt.Errorf("%s and %s contradict each other", historyPath, resultPath)
	}
	assessment, err := readFile(filepath.Join(dir, assessmentFile), train.ReadAssessment)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &study.Run{Result: result, History: history, Assessment: assessment}, nil
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

// kept returns the finished run with the plan's settings, nil when there is none or -force is given: the one in the
// plan's folder, or in the one where a command with one seed, or with several, would have put it. It refuses to write over
// a run that is another one or that cannot be read.
func (opts options) kept(p *plan) (*study.Run, error) {
	if opts.force {
		return nil, nil
	}
	run, err := readRun(p.entry, p.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if run, err := readRun(p.entry, p.other); err == nil && opts.difference(p, run.Result.Settings) == "" {
			return run, nil
		}
		return nil, nil
	case err != nil:
		return nil, refuse("%s: %w; -force trains it anew", p.name(), err)
	}
	if difference := opts.difference(p, run.Result.Settings); difference != "" {
		return nil, refuse("%s: %s has a run with other settings: %s; -force replaces it, another -out keeps it",
			p.name(), p.dir, difference)
	}
	return run, nil
}

// difference says in what a run with these settings differs from the plan, "" when it does not.
func (opts options) difference(p *plan, there train.Settings) string {
	asked := p.settings()
	if opts.workers == 0 {
		// They change no bit of the result (package kernel), so another machine's run is as good.
		asked.Workers = there.Workers
	}
	if os.Getenv(kernel.TierVariable) == "" {
		// They change the last bits alone, and nobody asked for them.
		asked.Kernels = there.Kernels
	}
	return there.Difference(asked)
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
	file, err := os.CreateTemp(dir, probePrefix+"*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), removeIfThere(file.Name()))
}
