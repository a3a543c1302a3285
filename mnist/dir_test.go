package mnist

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// small is a data set of a few pictures as a user might bring one.
func small(name string) *Dataset {
	all := numbered(7)
	return &Dataset{
		Name:    name,
		Classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
		Train:   all.Slice(0, 4),
		Test:    all.Slice(4, 7),
	}
}

// files returns the four plain files of a data set.
func files(data *Dataset) map[string][]byte {
	return map[string][]byte{
		"train-images-idx3-ubyte": idxImages(data.Train.Pixels),
		"train-labels-idx1-ubyte": idxLabels(data.Train.Labels...),
		"t10k-images-idx3-ubyte":  idxImages(data.Test.Pixels),
		"t10k-labels-idx1-ubyte":  idxLabels(data.Test.Labels...),
	}
}

// writeFiles writes a new folder of that name and returns its path.
func writeFiles(t *testing.T, name string, files map[string][]byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadDir(t *testing.T) {
	plain := files(small("kmnist"))
	packed := map[string][]byte{}
	for name, content := range plain {
		packed[name+".gz"] = gzipped(content)
	}

	mixed := maps.Clone(plain)
	delete(mixed, "t10k-images-idx3-ubyte")
	mixed["t10k-images-idx3-ubyte.gz"] = packed["t10k-images-idx3-ubyte.gz"]

	misnamed := map[string][]byte{}
	for name, content := range plain {
		misnamed[name+".gz"] = content // unpacked by the browser that fetched it
	}
	misnamed["train-labels-idx1-ubyte"] = gzipped(plain["train-labels-idx1-ubyte"])
	delete(misnamed, "train-labels-idx1-ubyte.gz")

	both := maps.Clone(packed)
	for name := range plain {
		both[name] = []byte("not looked at")
	}

	for name, content := range map[string]map[string][]byte{
		"plain": plain, "packed": packed, "mixed": mixed, "misnamed": misnamed, "both": both,
	} {
		t.Run(name, func(t *testing.T) {
			data, err := ReadDir(writeFiles(t, "kmnist", content))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(small("kmnist"), data); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestReadDirHere reads the working folder, which has a name too.
func TestReadDirHere(t *testing.T) {
	t.Chdir(writeFiles(t, "mine", files(small("mine"))))
	data, err := ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(small("mine"), data); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestReadDirErrors breaks one thing in a good folder.
func TestReadDirErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(files map[string][]byte)
		err   string // DIR stands for the folder
	}{
		{
			"missing file",
			func(files map[string][]byte) { delete(files, "t10k-labels-idx1-ubyte") },
			`data folder DIR: looked for t10k-labels-idx1-ubyte.gz and t10k-labels-idx1-ubyte: file does not exist`,
		},
		{
			"header",
			func(files map[string][]byte) { files["train-images-idx3-ubyte"] = []byte("PK\x03\x04") },
			"DIR/train-images-idx3-ubyte: not an IDX file: begins with 50 4b, want 00 00",
		},
		{
			"packed files cut off",
			func(files map[string][]byte) {
				packed := gzipped(files["train-labels-idx1-ubyte"])
				files["train-labels-idx1-ubyte.gz"] = packed[:len(packed)-3]
			},
			"DIR/train-labels-idx1-ubyte.gz: damaged gzip data: unexpected EOF",
		},
		{
			"pixels",
			func(files map[string][]byte) {
				files["t10k-images-idx3-ubyte.gz"] = gzipped(idxHeader(3, Side, Side))
			},
			"DIR/t10k-images-idx3-ubyte.gz: cut off: header promises 3 images (2352 bytes), but only 0 follow it",
		},
		{
			"label",
			func(files map[string][]byte) { files["t10k-labels-idx1-ubyte"] = idxLabels(1, 11, 3) },
			"DIR/t10k-labels-idx1-ubyte: value 11 at index 1 of the labels, want 0 to 9",
		},
		{
			"counts",
			func(files map[string][]byte) { files["train-labels-idx1-ubyte"] = idxLabels(1, 2, 3) },
			"DIR/train-images-idx3-ubyte has 4 images, but DIR/train-labels-idx1-ubyte has 3 labels",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			content := files(small("kmnist"))
			test.spoil(content)
			dir := writeFiles(t, "kmnist", content)
			checkReadDirError(t, dir, test.err)
		})
	}
}

// checkReadDirError wants the error of reading dir, in which DIR stands for dir.
func checkReadDirError(t *testing.T, dir, want string) {
	t.Helper()
	data, err := ReadDir(dir)
	if err == nil {
		t.Fatalf("read without an error, want %q", want)
	}
	if got := filepath.ToSlash(strings.ReplaceAll(err.Error(), dir, "DIR")); got != want {
		t.Errorf("error\n%s, want\n%s", got, want)
	}
	if data != nil {
		t.Error("a data set beside the error")
	}
}

func TestReadDirNoFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kmnist")
	if _, err := ReadDir(dir); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "data folder ") {
		t.Errorf("error %v, want that the folder does not exist", err)
	}
	if err := os.WriteFile(dir, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	checkReadDirError(t, dir, `data folder DIR is not a folder; name the one that holds the IDX files`)
	if _, err := ReadDir(""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v without a name, want that the folder does not exist", err)
	}
}

func TestReadDirFolderForFile(t *testing.T) {
	content := files(small("kmnist"))
	delete(content, "train-images-idx3-ubyte")
	dir := writeFiles(t, "kmnist", content)
	if err := os.Mkdir(filepath.Join(dir, "train-images-idx3-ubyte"), 0o777); err != nil {
		t.Fatal(err)
	}
	checkReadDirError(t, dir, "DIR/train-images-idx3-ubyte: is a folder, want an IDX file with images")
}

// failingFS fails on one file: in looking at it, in opening it or in reading it.
type failingFS struct {
	fs.FS
	name             string
	stat, open, read error
}

func (f failingFS) Open(name string) (fs.File, error) {
	if name == f.name && f.open != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.open}
	}
	file, err := f.FS.Open(name)
	if err == nil && name == f.name && f.read != nil {
		// Behind the header, so that it fails in the middle of the data.
		broken := iotest.ErrReader(&fs.PathError{Op: "read", Path: name, Err: f.read})
		return failingFile{file, io.MultiReader(io.LimitReader(file, 40), broken)}, nil
	}
	return file, err
}

func (f failingFS) Stat(name string) (fs.FileInfo, error) {
	if name == f.name && f.stat != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: f.stat}
	}
	return fs.Stat(f.FS, name)
}

// failingFile is a file whose content comes from another reader.
type failingFile struct {
	fs.File
	io.Reader
}

func (f failingFile) Read(p []byte) (int, error) { return f.Reader.Read(p) }

// TestFolderFails has a file system that denies a file or fails on it, which a real
// one cannot be made to do for every user.
func TestFolderFails(t *testing.T) {
	memory := fstest.MapFS{}
	for name, content := range files(small("kmnist")) {
		memory[name+".gz"] = &fstest.MapFile{Data: gzipped(content)}
	}
	const name = "t10k-images-idx3-ubyte.gz"
	broken := errors.New("broken disk")
	for _, test := range []struct {
		fails failingFS
		cause error
	}{
		{failingFS{FS: memory, name: name, stat: fs.ErrPermission}, fs.ErrPermission},
		{failingFS{FS: memory, name: name, open: fs.ErrPermission}, fs.ErrPermission},
		{failingFS{FS: memory, name: name, read: broken}, broken},
	} {
		_, err := folder{test.fails, "kmnist"}.read("kmnist", digits())
		want := filepath.Join("kmnist", name) + ": " + test.cause.Error()
		if !errors.Is(err, test.cause) || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestFolderPipe has a named pipe where a file should be. To open it could wait forever,
// so it must be refused before.
func TestFolderPipe(t *testing.T) {
	const name = "train-images-idx3-ubyte"
	pipe := fstest.MapFS{name: {Mode: fs.ModeNamedPipe}}
	_, err := folder{failingFS{FS: pipe, name: name, open: errors.New("opened")}, "kmnist"}.read("kmnist", digits())
	want := filepath.Join("kmnist", name) + ": is not a regular file, want an IDX file with images"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
