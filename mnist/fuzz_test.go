package mnist

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"testing"
)

// FuzzIDX feeds any bytes to the reader. What it accepts must hold exactly the elements
// that it returns, in a format that it was asked for.
func FuzzIDX(f *testing.F) {
	image := idxImages(make([]byte, PixelsPerImage))
	labels := idxLabels(0, 5, 9)
	for _, file := range [][]byte{
		nil,
		image,
		labels,
		gzipped(image),
		gzipped(labels),
		slices.Concat(gzipped(labels[:5]), gzipped(labels[5:])),
		gzipped(labels)[:20],
		idxHeader(1<<32-1, Side, Side),
		gzipped(idxHeader(maxItems, Side, Side)),
		idxLabels(10),
	} {
		f.Add(file, true)
		f.Add(file, false)
	}
	f.Fuzz(func(t *testing.T, file []byte, images bool) {
		want := labelFormat
		if images {
			want = imageFormat
		}
		got, err := readIDX(file, want)
		if err != nil {
			return
		}
		count := uint32(len(got) / want.itemSize())
		rebuilt := append(idxHeader(append([]uint32{count}, want.shape...)...), got...)
		if !bytes.Equal(rebuilt, unpacked(t, file)) {
			t.Errorf("the %d elements read are not what the file holds", len(got))
		}
		if highest := slices.Max(got); highest > want.maxValue {
			t.Errorf("accepted the value %d, want at most %d", highest, want.maxValue)
		}
	})
}

// unpacked returns the content of a file that is plain or gzip, by gzip's own reader.
func unpacked(t *testing.T, file []byte) []byte {
	if !bytes.HasPrefix(file, []byte(gzipMagic)) {
		return file
	}
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
