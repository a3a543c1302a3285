package mnist

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// ReadDir reads a data set from the four IDX files in the folder dir: pictures of
// 28x28 grey pixels and labels 0 to 9, as many of the one as of the other, at least
// one and at most a million. The classes are named "0" to "9", the set after its
// folder.
//
// The files have the names under which MNIST was published, with or without .gz at
// the end; where there are both, the one with .gz is read. Whether a file is
// packed is told from its content, not from its name, because some programs
// unpack a download and keep the name.
//
// Everything is checked. An error names the file and says what is wrong with it.
func ReadDir(dir string) (*Dataset, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, cause(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("data folder %s is not a folder; name the one that holds the IDX files", dir)
	}
	absolute, err := filepath.Abs(dir) // so that "." has a name
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, err)
	}
	return folder{os.DirFS(dir), dir}.read(filepath.Base(absolute), digits())
}

// digits are the classes of a set that does not name its own.
func digits() []string {
	classes := make([]string, classCount)
	for i := range classes {
		classes[i] = strconv.Itoa(i)
	}
	return classes
}

// folder holds the four files of a data set.
type folder struct {
	files fs.FS
	path  string // for errors
}

func (d folder) read(name string, classes []string) (*Dataset, error) {
	train, err := d.readSamples("train")
	if err != nil {
		return nil, err
	}
	test, err := d.readSamples("t10k")
	if err != nil {
		return nil, err
	}
	return &Dataset{Name: name, Classes: classes, Train: train, Test: test}, nil
}

// readSamples reads the pictures and labels whose file names begin with prefix. It
// looks at both headers before it reads either, so that files which do not belong
// together cost nothing.
func (d folder) readSamples(prefix string) (Samples, error) {
	images, err := d.open(prefix+"-images-idx3-ubyte", imageFormat)
	if err != nil {
		return Samples{}, err
	}
	defer images.Close()
	labels, err := d.open(prefix+"-labels-idx1-ubyte", labelFormat)
	if err != nil {
		return Samples{}, err
	}
	defer labels.Close()
	if images.count != labels.count {
		return Samples{}, fmt.Errorf("%s has %d images, but %s has %d labels",
			images.path, images.count, labels.path, labels.count)
	}

	var s Samples
	if s.Labels, err = labels.read(); err != nil {
		return Samples{}, err
	}
	if s.Pixels, err = images.read(); err != nil {
		return Samples{}, err
	}
	return s, nil
}

// idxFile is an open IDX file whose header is known to be good.
type idxFile struct {
	*idxReader
	io.Closer
	path string // for errors
}

// open opens the IDX file of that name, with or without .gz.
func (d folder) open(name string, want format) (*idxFile, error) {
	name, info, err := d.find(name)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(d.path, name)
	if !info.Mode().IsRegular() {
		kind := "not a regular file"
		if info.IsDir() {
			kind = "a folder"
		}
		return nil, fmt.Errorf("%s: is %s, want an IDX file with %s", path, kind, want.items)
	}
	file, err := d.files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	reader, err := newIDXReader(file, info.Size(), want)
	if err != nil {
		_ = file.Close() // the error at hand says more
		return nil, fmt.Errorf("%s: %w", path, cause(err))
	}
	return &idxFile{reader, file, path}, nil
}

// find returns the name that the file has in the folder: with .gz or without.
func (d folder) find(name string) (string, fs.FileInfo, error) {
	packed := name + ".gz"
	for _, candidate := range []string{packed, name} {
		info, err := fs.Stat(d.files, candidate)
		if err == nil {
			return candidate, info, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", nil, fmt.Errorf("%s: %w", filepath.Join(d.path, candidate), cause(err))
		}
	}
	return "", nil, fmt.Errorf("data folder %s: looked for %s and %s: %w", d.path, packed, name, fs.ErrNotExist)
}

func (f *idxFile) read() ([]uint8, error) {
	data, err := f.idxReader.read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, cause(err))
	}
	return data, nil
}

// cause takes the operation and the path off an error of the file system: the
// caller names the file as the user knows it.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
