package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"zoo/train"
)

// historyHook writes history.csv after each epoch, so that a run that is cut off leaves its epochs.
type historyHook struct {
	train.NopHook
	dir   string
	saved train.History
}

// EpochEnd writes the file with this epoch too.
func (h *historyHook) EpochEnd(_ *train.Progress, e train.Epoch) error {
	history := append(h.saved, e)
	if err := train.WriteFile(filepath.Join(h.dir, historyFile), history.WriteCSV); err != nil {
		return err
	}
	h.saved = history
	return nil
}

// removeRun removes from the folder what an earlier run left and the next one writes only later: results.json, which says
// that the run is finished, before all else.
func removeRun(dir string) error {
	for _, name := range []string{resultFile, historyFile, curvesName + ".png", curvesName + ".svg"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
