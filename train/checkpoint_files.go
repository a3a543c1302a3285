package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ModelCheckpoint is a callback that saves the training to files from which Resume
// goes on. Wherever it stands among the callbacks, it saves when all of them are done with
// an event. A file is replaced only by one that is whole, and never by weights that
// are not numbers: then the training ends with ErrDiverged.
type ModelCheckpoint struct {
	NopCallback

	// Last is the path of the file that is written after every epoch, after every
	// Every steps and when the training's context ends. "": none.
	Last  string
	Every int // steps; 0: not within epochs

	// Best is the path of the file that is written after the epochs with a better
	// Monitor than all before. "": none. It is a whole checkpoint like Last.
	Best    string
	Monitor Monitor // "" is val_loss, as in Keras
	Mode    Mode

	// Settings are written to the checkpoints if they are not zero; those that the
	// trainer knows itself must be the same.
	Settings Settings
	// Metadata is more entries for the files' metadata, for other readers.
	Metadata map[string]string

	best best // of Monitor
}

// TrainBegin removes what a run that was killed while it wrote these files has left.
func (c *ModelCheckpoint) TrainBegin(t *Training) error {
	if _, err := c.Monitor.watch(c.Mode, 0); err != nil {
		return fmt.Errorf("ModelCheckpoint: %w", err)
	}
	if c.Every < 0 {
		return fmt.Errorf("ModelCheckpoint: save every %d steps, want 0 or more", c.Every)
	}
	c.best = best{}
	for _, path := range []string{c.Last, c.Best} {
		if path == "" {
			continue
		}
		if err := RemoveLeftovers(path); err != nil {
			return err
		}
	}
	return nil
}

// modelCheckpointState is the best value so far, and of what.
type modelCheckpointState struct {
	best
	Monitor Monitor `json:"monitor"`
}

// State is the best value so far.
func (c *ModelCheckpoint) State() (json.RawMessage, error) {
	return json.Marshal(modelCheckpointState{c.best, c.Monitor.orDefault()})
}

// SetState sets the best value so far. One of another Monitor is refused.
func (c *ModelCheckpoint) SetState(state json.RawMessage) error {
	var s modelCheckpointState
	if err := json.Unmarshal(state, &s); err != nil {
		return err
	}
	if asked := c.Monitor.orDefault(); s.Monitor != "" && s.Monitor != asked {
		return fmt.Errorf("the best epoch so far is that by %s, not by %s as asked", s.Monitor, asked)
	}
	c.best = s.best
	return nil
}

// Save writes the files that are due.
func (c *ModelCheckpoint) Save(t *Training, m Moment) error {
	if m == AfterStep && (c.Every == 0 || t.Iterations()%c.Every != 0) {
		return nil
	}
	better := false
	if m == AfterEpoch && c.Best != "" {
		w, err := c.Monitor.watch(c.Mode, 0)
		if err != nil {
			return err
		}
		e := t.trainer.history[len(t.trainer.history)-1]
		better = c.best.take(w, w.value(&e))
	}
	if c.Last == "" && !better {
		return nil
	}
	checkpoint, err := t.Checkpoint()
	if err != nil {
		return err
	}
	if err := t.finite(checkpoint); err != nil {
		return err
	}
	if c.Settings != (Settings{}) {
		checkpoint.Settings = c.Settings
	}
	checkpoint.Metadata = c.Metadata
	// The best first: killed between the two, a run goes on from the last before
	// and comes by here again.
	if better {
		if err := WriteFile(c.Best, checkpoint.Write); err != nil {
			return err
		}
	}
	if c.Last == "" {
		return nil
	}
	return WriteFile(c.Last, checkpoint.Write)
}

// ReadNewest reads the first of these files that is a sound checkpoint: give the
// last before the best. Files that are not there are passed over, those that are
// not sound are among the errors that come along. Without any sound one the
// checkpoint is nil and the path "".
func ReadNewest(paths ...string) (c *Checkpoint, path string, unsound []error) {
	for _, path := range paths {
		c, err := ReadCheckpoint(path)
		if err == nil {
			return c, path, unsound
		}
		if !errors.Is(err, fs.ErrNotExist) {
			unsound = append(unsound, err)
		}
	}
	return nil, "", unsound
}

// RemoveLeftovers removes the temporary files that WriteFile of this path left
// behind when it was killed. Nobody may be writing the file.
func RemoveLeftovers(path string) error {
	folder, name := filepath.Split(path)
	if folder == "" {
		folder = "."
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		rest, ok := strings.CutPrefix(entry.Name(), "."+name+".")
		number, ok2 := strings.CutSuffix(rest, ".tmp")
		if !ok || !ok2 || len(number) != 8 || strings.Trim(number, "0123456789abcdef") != "" {
			continue
		}
		if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
