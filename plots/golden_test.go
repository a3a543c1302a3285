package plots

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Goldens are drawn with fewer dots than what users get, to stay small.
const goldenDotsPerInch = 60

// mostDifferent is the part of the dots that may differ from the golden picture:
// machines that round otherwise shade some edges otherwise.
const mostDifferent = 0.002

// goldenPicture compares the drawing with testdata/name.png.
func goldenPicture(t *testing.T, name string, d *Drawing) {
	t.Helper()
	got := d.image(goldenDotsPerInch)
	file := filepath.Join("testdata", name+".png")
	if *update {
		var b bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		if err := encoder.Encode(&b, got); err != nil {
			t.Fatal(err)
		}
		writeGolden(t, file, b.Bytes())
		return
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatalf("%v (go test ./plots -update writes it)", err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if part := different(want, got); part > mostDifferent {
		t.Errorf("%.2f%% of the dots differ from %s; look at the picture, then run go test ./plots -update", 100*part, file)
	}
}

// goldenText compares a text with testdata/name.
func goldenText(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		writeGolden(t, file, []byte(got))
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test ./plots -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", file, diff)
	}
}

func writeGolden(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// different is the part of the dots that differ clearly, 1 for pictures of
// different sizes.
func different(a, b image.Image) float64 {
	size := a.Bounds().Size()
	if b.Bounds().Size() != size {
		return 1
	}
	count := 0
	for y := range size.Y {
		for x := range size.X {
			if clearly(a.At(x, y), b.At(x, y)) {
				count++
			}
		}
	}
	return float64(count) / float64(size.X*size.Y)
}

func clearly(a, b color.Color) bool {
	const most = 0x2800 // of 0xffff
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	for _, d := range []int{int(ar) - int(br), int(ag) - int(bg), int(ab) - int(bb)} {
		if d > most || d < -most {
			return true
		}
	}
	return false
}

// TestGoldenSeesChanges makes sure that the tolerance does not hide a change.
func TestGoldenSeesChanges(t *testing.T) {
	h := reportHistory(t, "fashion-seq")
	first, err := History("fashion-seq", h)
	if err != nil {
		t.Fatal(err)
	}
	h[5].ValLoss += 0.1
	moved, err := History("fashion-seq", h)
	if err != nil {
		t.Fatal(err)
	}
	renamed, err := History("fashion-sec", reportHistory(t, "fashion-seq"))
	if err != nil {
		t.Fatal(err)
	}
	picture := first.image(goldenDotsPerInch)
	if part := different(picture, moved.image(goldenDotsPerInch)); part <= mostDifferent {
		t.Errorf("one epoch moved: %.4f of the dots differ, too few to be seen", part)
	}
	if part := different(picture, renamed.image(goldenDotsPerInch)); part == 0 {
		t.Error("one letter changed: no dot differs")
	}
	if part := different(picture, first.image(goldenDotsPerInch)); part != 0 {
		t.Errorf("the same drawing twice: %.4f of the dots differ", part)
	}
}
