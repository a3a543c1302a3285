package mnist

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// idxHeader is the header of an IDX file of unsigned bytes.
func idxHeader(sizes ...uint32) []byte {
	header := []byte{0, 0, unsignedByte, byte(len(sizes))}
	for _, size := range sizes {
		header = binary.BigEndian.AppendUint32(header, size)
	}
	return header
}

// idxImages and idxLabels are whole IDX files.
func idxImages(pixels []byte) []byte {
	return append(idxHeader(uint32(len(pixels)/PixelsPerImage), Side, Side), pixels...)
}

func idxLabels(labels ...byte) []byte {
	return append(idxHeader(uint32(len(labels))), labels...)
}

// gzipped packs data as one gzip member.
func gzipped(data []byte) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(data); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return packed.Bytes()
}

// readIDX reads a file with this content.
func readIDX(file []byte, want format) ([]uint8, error) {
	r, err := newIDXReader(bytes.NewReader(file), int64(len(file)), want)
	if err != nil {
		return nil, err
	}
	return r.read()
}

func TestIDXRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SampledFrom([]format{imageFormat, labelFormat}).Draw(t, "format")
		count := rapid.IntRange(1, 20).Draw(t, "count")
		seed := rapid.SliceOfN(rapid.ByteMax(want.maxValue), 1, 50).Draw(t, "values")
		values := bytes.Repeat(seed, count*want.itemSize()/len(seed)+1)[:count*want.itemSize()]

		file := append(idxHeader(append([]uint32{uint32(count)}, want.shape...)...), values...)
		switch rapid.SampledFrom([]string{"plain", "gzip", "two gzip members"}).Draw(t, "packing") {
		case "gzip":
			file = gzipped(file)
		case "two gzip members":
			cut := rapid.IntRange(0, len(file)).Draw(t, "cut")
			file = slices.Concat(gzipped(file[:cut]), gzipped(file[cut:]))
		}
		got, err := readIDX(file, want)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, values) {
			t.Fatalf("read %v, wrote %v", got, values)
		}
		if cap(got) != len(values) {
			t.Fatalf("slice of %d bytes for %d", cap(got), len(values))
		}
	})
}

func TestIDXErrors(t *testing.T) {
	oneImage := idxImages(make([]byte, PixelsPerImage))
	threeLabels := idxLabels(1, 2, 3)
	changed := func(file []byte, at int, to byte) []byte {
		file = slices.Clone(file)
		file[(at+len(file))%len(file)] = to
		return file
	}
	// A sum that does not match, on labels out of range: the damage is the news.
	badSum := gzipped(idxLabels(99))
	badSum = changed(badSum, -8, ^badSum[len(badSum)-8])

	for _, test := range []struct {
		name string
		file []byte
		want format
		err  string
	}{
		{"empty", nil, labelFormat, "ends before its IDX header is complete"},
		{"one byte", []byte{0}, labelFormat, "ends before its IDX header is complete"},
		{"magic only", idxHeader()[:4], labelFormat, "dimensions: 0, want 1 for labels"},
		{"cut in the sizes", oneImage[:15], imageFormat, "ends before its IDX header is complete"},
		{"web page", []byte("<!DOCTYPE html>"), imageFormat, "not an IDX file: begins with 3c 21, want 00 00"},
		{"second byte", changed(oneImage, 1, 1), imageFormat, "not an IDX file: begins with 00 01, want 00 00"},
		{"float32", changed(oneImage, 2, 0x0d), imageFormat, "elements have type 0x0d, want 0x08 (unsigned bytes)"},
		{"labels for images", idxLabels(make([]byte, 99)...), imageFormat, "dimensions: 1, want 3 for images"},
		{"images for labels", oneImage, labelFormat, "dimensions: 3, want 1 for labels"},
		{"rows", idxHeader(1, 32, 28), imageFormat, "images have shape [32 28], want [28 28]"},
		{"columns", idxHeader(1, 28, 1<<31), imageFormat, "images have shape [28 2147483648], want [28 28]"},
		{"no images", idxHeader(0, 28, 28), imageFormat, "has no images"},
		{"no labels", gzipped(idxLabels()), labelFormat, "has no labels"},
		{
			"4 billion", idxHeader(1<<32-1, 28, 28), imageFormat,
			"header promises 4294967295 images, at most 1000000 are allowed",
		},
		{
			"one too many", idxHeader(maxItems + 1), labelFormat,
			"header promises 1000001 labels, at most 1000000 are allowed",
		},
		{
			"cut off", oneImage[:len(oneImage)-1], imageFormat,
			"cut off: header promises 1 images (784 bytes), the file holds at most 783",
		},
		{
			"too long", append(slices.Clone(threeLabels), 4), labelFormat,
			"too long: header promises 3 labels (3 bytes), but 4 follow it",
		},
		{
			"packed and cut off", gzipped(threeLabels[:len(threeLabels)-1]), labelFormat,
			"cut off: header promises 3 labels (3 bytes), but only 2 follow it",
		},
		{
			"packed without items", gzipped(idxHeader(3)), labelFormat,
			"cut off: header promises 3 labels (3 bytes), but only 0 follow it",
		},
		{
			"packed and too long", gzipped(append(slices.Clone(threeLabels), 4)), labelFormat,
			"too long: header promises 3 labels (3 bytes), but more follow it",
		},
		{
			"second member too long", slices.Concat(gzipped(threeLabels), gzipped([]byte{4})), labelFormat,
			"too long: header promises 3 labels (3 bytes), but more follow it",
		},
		{"label 10", idxLabels(0, 9, 10), labelFormat, "value 10 at index 2 of the labels, want 0 to 9"},
		{"gzip magic only", []byte(gzipMagic), labelFormat, "damaged gzip data: unexpected EOF"},
		{"gzip header", changed(gzipped(oneImage), 2, 0), imageFormat, "damaged gzip data: gzip: invalid header"},
		{"gzip checksum", badSum, labelFormat, "damaged gzip data: gzip: invalid checksum"},
		{
			"gzip cut off", gzipped(oneImage)[:len(gzipped(oneImage))-1], imageFormat,
			"damaged gzip data: unexpected EOF",
		},
		{
			"bytes after gzip", append(gzipped(threeLabels), make([]byte, 20)...), labelFormat,
			"damaged gzip data: gzip: invalid header",
		},
		{
			"gzip content", append(gzipped(nil)[:10], 0xff), labelFormat,
			"damaged gzip data: flate: corrupt input before offset 1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			data, err := readIDX(test.file, test.want)
			if err == nil {
				t.Fatalf("read without an error, want %q", test.err)
			}
			if err.Error() != test.err {
				t.Errorf("error %q, want %q", err, test.err)
			}
			if data != nil {
				t.Errorf("%d bytes beside the error", len(data))
			}
		})
	}
}

// TestIDXReadFails reads from a disk that fails after any number of bytes.
func TestIDXReadFails(t *testing.T) {
	broken := errors.New("broken disk")
	plain := idxImages(make([]byte, PixelsPerImage))
	for name, file := range map[string][]byte{"plain": plain, "gzip": gzipped(plain)} {
		for n := range file {
			disk := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
			r, err := newIDXReader(disk, int64(len(file)), imageFormat)
			if err == nil {
				_, err = r.read()
			}
			if !errors.Is(err, broken) {
				t.Errorf("%s, after %d bytes: error %v, want %v", name, n, err, broken)
			}
		}
	}
}

// TestIDXMemory gives the reader files that promise more than they hold, and one that
// holds more than it promises: it must not take memory for either.
func TestIDXMemory(t *testing.T) {
	bomb := append(idxImages(make([]byte, PixelsPerImage)), make([]byte, 8<<20)...)
	for _, test := range []struct {
		name string
		file []byte
		err  string
	}{
		{"4 billion images", idxHeader(1<<32-1, 28, 28), "at most 1000000 are allowed"},
		{"1000000 images", idxHeader(maxItems, 28, 28), "cut off"},
		{"4 billion images, packed", gzipped(idxHeader(1<<32-1, 28, 28)), "at most 1000000 are allowed"},
		{"1000000 images, packed", gzipped(idxHeader(maxItems, 28, 28)), "cut off"},
		{"one image and 8 MB, plain", bomb, "too long"},
		{"one image and 8 MB, packed", gzipped(bomb), "too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := readIDX(test.file, imageFormat)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q in it", err, test.err)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 1<<20 {
				t.Errorf("took %d bytes of memory, want at most 1 MB", taken)
			}
		})
	}
}

// TestMaxRatio packs zeros, which pack best, and wants the bound to hold and be tight.
func TestMaxRatio(t *testing.T) {
	const size = 2 << 20
	ratio := float64(size) / float64(len(gzipped(make([]byte, size))))
	if ratio > maxRatio || ratio < 0.9*maxRatio {
		t.Errorf("zeros pack %.0f to 1, the bound is %d", ratio, maxRatio)
	}
}
