package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lockFile is locked while a training writes to its folder, and in the folder of results while what belongs to all
// trainings is written. The lock ends with the process, however that ends; the empty file stays.
const lockFile = ".lock"

// lock takes the run's folder for this process, so that no two trainings write to it at the same time.
func lock(dir string) (release func() error, err error) {
	path := filepath.Join(dir, lockFile)
	l := flock.New(path)
	got, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", path, withoutPath(err))
	}
	if !got {
		return nil, fmt.Errorf("another training is at work in %s (it holds %s); wait for its end, or give another -out", dir, path)
	}
	return l.Unlock, nil
}

// checkFree refuses a training in a folder where another is at work, before anything is done.
func (p *plan) checkFree() error {
	if _, err := os.Lstat(p.dir); err != nil {
		return nil
	}
	release, err := lock(p.dir)
	if err != nil {
		return refuse("%s: %w", p.name(), err)
	}
	return release()
}

// alone does something in the folder of results while no other command does, and waits for its turn.
func alone(out string, do func() error) error {
	path := filepath.Join(out, lockFile)
	l := flock.New(path)
	if err := l.Lock(); err != nil {
		return fmt.Errorf("cannot lock %s: %w", path, withoutPath(err))
	}
	return errors.Join(do(), l.Unlock())
}
