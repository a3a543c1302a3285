package tensorboard

import (
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A record that TensorFlow 2.21 wrote for Keras's TensorBoard callback: the same
// event is the same bytes here.
func TestRecordIsTensorFlows(t *testing.T) {
	const tensorFlows = "4b000000000000008709999609d23a5378efc0da4110042a3e0a3c0a21" +
		"6576616c756174696f6e5f61636375726163795f76735f697465726174696f6e73" + // the tag
		"420a080112002204cdcccc3e4a0b0a090a077363616c617273572b7681"
	seconds := math.Float64frombits(0x41dac0ef78533ad2)
	e := summaryEvent(seconds, 4, "evaluation_accuracy_vs_iterations", scalars, scalarTensor(.4))
	if got := hex.EncodeToString(appendRecord(nil, e)); got != tensorFlows {
		t.Errorf("record\n%s, want\n%s", got, tensorFlows)
	}
}

var fileName = regexp.MustCompile(`^events\.out\.tfevents\.1770091506\.[^/]+\.\d+\.(\d+)\.v2$`)

func atOneTime() time.Time { return time.Unix(1770091506, 250_000_000) }

func TestWriter(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "logs", "train")
	w, err := create(folder, atOneTime)
	if err != nil {
		t.Fatal(err)
	}
	if name := filepath.Base(w.Path()); !fileName.MatchString(name) {
		t.Errorf("file name %s", name)
	}
	const at = 1770091506.25
	want := []Event{{Seconds: at, Version: "brain.Event:2"}}
	// Everything is in the file as soon as it was written.
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadFile(w.Path())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%v (-want +got)\n%s", err, diff)
		}
	}
	check(nil)
	want = append(want, Event{Seconds: at, Tag: "epoch_loss", Plugin: "scalars", Scalar: .5})
	check(w.Scalar("epoch_loss", 0, .5))
	want = append(want, Event{Seconds: at, Step: 1 << 40, Tag: "epoch_loss", Plugin: "scalars", Scalar: float64(float32(.1))})
	check(w.Scalar("epoch_loss", 1<<40, .1))
	histogram := make([][3]float64, 30)
	for i := range histogram {
		histogram[i] = [3]float64{float64(i), float64(i + 1), 1}
	}
	histogram[29][2] = 2
	want = append(want, Event{Seconds: at, Step: 3, Tag: "dense/kernel/histogram", Plugin: "histograms", Histogram: histogram})
	values := []float32{float32(math.NaN()), float32(math.Inf(1))}
	for i := range 31 {
		values = append(values, float32(i))
	}
	check(w.Histogram("dense/kernel/histogram", 3, values))
	check(w.Close())
}

// Writers of one second and folder have files of their own.
func TestCreateLeavesFilesAlone(t *testing.T) {
	folder := t.TempDir()
	for want := range 3 {
		w, err := create(folder, atOneTime)
		if err != nil {
			t.Fatal(err)
		}
		if m := fileName.FindStringSubmatch(filepath.Base(w.Path())); m == nil || m[1] != string(rune('0'+want)) {
			t.Errorf("file %d is %s", want, w.Path())
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 3 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

func TestCreateNamesWhatFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(file, "train")); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v", err)
	}
	w, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Scalar("tag", 0, 1); !errors.Is(err, fs.ErrClosed) || !strings.Contains(err.Error(), w.Path()) {
		t.Errorf("error %v", err)
	}
}

// A file that was cut anywhere is read up to its last whole event.
func TestCutFiles(t *testing.T) {
	var content []byte
	ends := []int{0}
	for i := range 4 {
		content = appendRecord(content, summaryEvent(1, int64(i), "tag", scalars, scalarTensor(float32(i))))
		ends = append(ends, len(content))
	}
	for n := range len(content) + 1 {
		whole := 0
		for whole+1 < len(ends) && ends[whole+1] <= n {
			whole++
		}
		got, err := readEvents(content[:n])
		if len(got) != whole || (err != nil) != (n != ends[whole]) || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: %d events, %v; want %d", n, len(content), len(got), err, whole)
		}
	}
}

func TestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Float32()).Draw(t, "values")
		if rapid.Bool().Draw(t, "many") {
			values = append(values, rapid.SliceOf(rapid.Float32Range(-1, 1)).Draw(t, "more")...)
		}
		all := buckets(values)
		finite := 0
		for _, v := range values {
			if !isFinite(v) {
				continue
			}
			finite++
		}
		if finite == 0 {
			if len(all) != 0 {
				t.Fatalf("%d buckets of nothing", len(all))
			}
			return
		}
		if len(all) != 30 {
			t.Fatalf("%d buckets", len(all))
		}
		sum := 0.0
		for i, b := range all {
			if i > 0 && b.left != all[i-1].right || b.left > b.right {
				t.Errorf("bucket %d is from %v to %v after %v", i, b.left, b.right, all[max(i-1, 0)].right)
			}
			sum += b.count
		}
		if sum != float64(finite) {
			t.Errorf("%v values in the buckets, want %d", sum, finite)
		}
		for _, v := range values {
			if isFinite(v) && (float64(v) < all[0].left || float64(v) > all[29].right) {
				t.Errorf("%v is not from %v to %v", v, all[0].left, all[29].right)
			}
		}
	})
}

func TestBucketsOfOneValue(t *testing.T) {
	all := buckets([]float32{2, 2, float32(math.Inf(-1)), 2})
	for i, b := range all {
		want := bucket{2, 2, 0}
		if i == 29 {
			want.count = 3
		}
		if b != want {
			t.Errorf("bucket %d is %v, want %v", i, b, want)
		}
	}
	if len(all) != 30 || buckets(nil) != nil || buckets([]float32{float32(math.NaN())}) != nil {
		t.Errorf("%d buckets of one value, %v of none", len(all), buckets(nil))
	}
}
