package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"zoo/train"
)

// historyCallback writes history.csv after each epoch, so that a run that is cut off leaves its epochs.
type historyCallback struct {
	train.NopCallback
	dir string
}

// TrainBegin writes those epochs that a training which is resumed has done before.
func (h *historyCallback) TrainBegin(t *train.Training) error {
	if len(t.History()) == 0 {
		return nil
	}
	return h.write(t)
}

// EpochEnd writes the file with this epoch too.
func (h *historyCallback) EpochEnd(t *train.Training, _ train.Epoch) error {
	return h.write(t)
}

func (h *historyCallback) write(t *train.Training) error {
	return train.WriteFile(filepath.Join(h.dir, historyFile), t.History().WriteCSV)
}

// removeRun removes from the folder what an earlier run left and the next one writes only later: results.json, which says
// that the run is finished, before all else.
func removeRun(dir string) error {
	for _, name := range []string{
		resultFile, historyFile, assessmentFile, curvesName + ".png", curvesName + ".svg", mistakesName + ".png", mistakesName + ".svg",
	} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
