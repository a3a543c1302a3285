package train

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// WriteFile makes write's output the contents of the file at path, whole or not
// at all: it goes to a new file beside it, which is synced to the disk and then
// renamed. After an error or a crash path holds what it did before or all that
// is new, never a part. The folder must exist; a link at path is replaced, not
// followed. Errors name the file.
func WriteFile(path string, write func(io.Writer) error) error {
	if err := writeFile(path, write); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, reason(err))
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	renamed := false
	defer func() { // after a panic of write too
		if !renamed {
			// It may be closed already; the first failure is the one to tell.
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<16)
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	renamed = true
	return syncFolder(filepath.Dir(path))
}

// reason is the error without the name of a temporary file, which is gone.
func reason(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}

// createBeside creates a new hidden file in path's folder, with the permissions
// of an ordinary file (os.CreateTemp's are for the owner alone).
func createBeside(path string) (*os.File, error) {
	folder, name := filepath.Split(path)
	for {
		temp := fmt.Sprintf("%s.%s.%08x.tmp", folder, name, rand.Uint32())
		f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// syncFolder makes a rename in the folder last, where the system can do that.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return join(err, f.Close())
}
