package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"io"
	"runtime"
	"strings"
	"testing"
)

// pngChunk is a chunk with its length and checksum.
func pngChunk(kind string, data []byte) []byte {
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(append(chunk, kind...), data...)
	return binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
}

// greyPNG is a PNG that says that it has this size, with the chunks behind its header.
func greyPNG(width, height uint32, chunks ...[]byte) []byte {
	header := binary.BigEndian.AppendUint32(nil, width)
	header = binary.BigEndian.AppendUint32(header, height)
	header = append(header, 8, 0, 0, 0, 0)
	file := append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", header)...)
	for _, chunk := range append(chunks, pngChunk("IEND", nil)) {
		file = append(file, chunk...)
	}
	return file
}

// packed is n zeros, after some first bytes, packed with zlib.
func packed(t testing.TB, first []byte, n int64) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, err := w.Write(first)
	if err == nil {
		_, err = io.CopyN(w, zeros{}, n)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// jpegHeader is a JPEG's beginning that says this size.
func jpegHeader(width, height uint16) []byte {
	file := []byte("\xff\xd8\xff\xc0\x00\x0b\x08")
	file = binary.BigEndian.AppendUint16(file, height)
	file = binary.BigEndian.AppendUint16(file, width)
	return append(file, 1, 1, 0x11, 0, 0xff, 0xda, 0, 2)
}

// twoFrames is an animated GIF of which the second frame is cut off.
func twoFrames(t testing.TB) []byte {
	t.Helper()
	frame := image.NewPaletted(image.Rect(0, 0, 40, 40), color.Palette{black, white})
	for x := 10; x < 30; x++ {
		frame.SetColorIndex(x, 20, 1)
	}
	var file bytes.Buffer
	if err := gif.EncodeAll(&file, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()[:file.Len()-20]
}

// hostile are files that are refused, with what is said of them.
func hostile(t testing.TB) map[string]struct {
	file []byte
	want string
} {
	pixels, _ := sample(t, "mnist", 0)
	digit := canvas{paper: white, ink: black, scale: 4}.paint(pixels)
	png, jpeg, gif := encoded(t, digit, asPNG), encoded(t, digit, asJPEG), encoded(t, digit, asGIF)
	plain := func(size int, c color.Color) []byte {
		paper := image.NewGray(image.Rect(0, 0, size, size))
		draw.Draw(paper, paper.Rect, image.NewUniform(c), image.Point{}, draw.Src)
		return encoded(t, paper, asPNG)
	}
	flipped := bytes.Clone(png)
	flipped[len(flipped)/2] ^= 1
	scans := bytes.Repeat([]byte("\xff\xda"), maxScans+1)
	return map[string]struct {
		file []byte
		want string
	}{
		"nothing":               {nil, "the file is empty; want a PNG, JPEG or GIF picture"},
		"text":                  {[]byte("what is this\n"), "not a PNG, JPEG or GIF picture"},
		"WebP":                  {[]byte("RIFF\x24\x00\x00\x00WEBPVP8 "), "not a PNG, JPEG or GIF picture"},
		"PNG cut off":           {png[:len(png)/2], "damaged PNG: not enough pixel data"},
		"PNG of a signature":    {png[:8], "damaged PNG: it ends too early"},
		"JPEG cut off":          {jpeg[:len(jpeg)/2], "damaged JPEG: short Huffman data"},
		"GIF cut off":           {gif[:len(gif)/2], "damaged GIF: "},
		"PNG with a wrong bit":  {flipped, "damaged PNG: "},
		"PNG of no pixels":      {greyPNG(0, 0), "damaged PNG: "},
		"PNG without height":    {greyPNG(5, 0), "damaged PNG: "},
		"GIF of no pixels":      {[]byte("GIF89a\x00\x00\x00\x00\x00\x00\x00;"), "a picture of 0x0 pixels"},
		"JPEG of no pixels":     {jpegHeader(0, 0), "a picture of 0x0 pixels"},
		"PNG bomb":              {greyPNG(50_000, 50_000, pngChunk("IDAT", packed(t, nil, 1<<20))), "a picture of 50000x50000 pixels, want at most 25 million of them"},
		"PNG too wide":          {greyPNG(1<<31-1, 1, pngChunk("IDAT", packed(t, nil, 1<<20))), "a picture of 2147483647x1 pixels, want at most 25 million of them"},
		"JPEG bomb":             {jpegHeader(65535, 65535), "a picture of 65535x65535 pixels, want at most 25 million of them"},
		"GIF bomb":              {[]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00;"), "a picture of 65535x65535 pixels, want at most 25 million of them"},
		"JPEG of many scans":    {append(jpegHeader(100, 100), scans...), "a JPEG of 502 scans, want at most 500"},
		"PNG with surplus data": {greyPNG(100, 100, pngChunk("IDAT", packed(t, nil, 1<<27))), "damaged PNG: "},
		"white":                 {plain(100, color.White), "the picture is empty: nothing on it stands out from its background"},
		"black":                 {plain(28, color.Black), "the picture is empty: nothing on it stands out from its background"},
		"one pixel":             {plain(1, color.Gray{90}), "the picture is empty: nothing on it stands out from its background"},
	}
}

func TestHostile(t *testing.T) {
	for name, test := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := Read(bytes.NewReader(test.file), Digit)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%+v, error %v, want %q", got, err, test.want)
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > 16<<20 {
				t.Errorf("took %d MiB to refuse %d bytes", taken>>20, len(test.file))
			}
		})
	}
}

// What is beside the picture is not unpacked: a profile and a text of 256 MiB.
func TestSurroundings(t *testing.T) {
	if testing.Short() {
		t.Skip("packs 256 MiB")
	}
	giant := packed(t, nil, 1<<28)
	line := make([]byte, 0, 41*40)
	for y := range 40 {
		row := make([]byte, 41)
		if y > 10 && y < 30 {
			row[20] = 255
		}
		line = append(line, row...)
	}
	file := greyPNG(40, 40,
		pngChunk("iCCP", append([]byte("profile\x00\x00"), giant...)),
		pngChunk("zTXt", append([]byte("Comment\x00\x00"), giant...)),
		pngChunk("IDAT", packed(t, line, 0)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := Read(bytes.NewReader(file), Digit)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	checkValues(t, got)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 64<<20 {
		t.Errorf("took %d MiB", taken>>20)
	}
}

// Of a GIF only the first frame is looked at.
func TestFirstFrame(t *testing.T) {
	got, err := Read(bytes.NewReader(twoFrames(t)), Digit)
	if err != nil {
		t.Fatal(err)
	}
	checkValues(t, got)
}

// A file without an end is left alone after the limit.
func TestEndless(t *testing.T) {
	_, err := Read(io.MultiReader(bytes.NewReader(greyPNG(28, 28)), zeros{}), Digit)
	if err == nil || err.Error() != "larger than 64 MiB, the most that is read of a picture" {
		t.Errorf("%v", err)
	}
	if _, err := Read(zeros{}, Digit); err == nil || err.Error() != "not a PNG, JPEG or GIF picture" {
		t.Errorf("%v", err)
	}
}

// Every beginning of a file is an error or a picture.
func TestCutOff(t *testing.T) {
	pixels, _ := sample(t, "mnist", 0)
	painted := canvas{paper: white, ink: black, scale: 1, size: image.Rect(0, 0, 40, 40)}.paint(pixels)
	for _, encode := range []func(*bytes.Buffer, image.Image) error{asPNG, asJPEG, asGIF} {
		file := encoded(t, painted, encode)
		for n := range file {
			if got, err := Read(bytes.NewReader(file[:n]), Digit); err == nil {
				checkValues(t, got)
			}
		}
	}
}

// FuzzRead feeds any bytes to the reader: an error in one line or a whole picture.
func FuzzRead(f *testing.F) {
	for _, test := range hostile(f) {
		if len(test.file) < 1<<16 {
			f.Add(test.file, true)
			f.Add(test.file, false)
		}
	}
	pixels, _ := sample(f, "mnist", 1)
	painted := canvas{paper: white, ink: black, scale: 2}.paint(pixels)
	f.Add(encoded(f, painted, asPNG), true)
	f.Add(encoded(f, painted, asJPEG), false)
	f.Add(encoded(f, painted, asGIF), true)
	f.Add(twoFrames(f), false)
	f.Fuzz(func(t *testing.T, file []byte, article bool) {
		form := Digit
		if article {
			form = Article
		}
		got, err := Read(bytes.NewReader(file), form)
		switch {
		case err == nil:
			checkValues(t, got)
			if got.Width*got.Height > MaxPixels {
				t.Errorf("decoded %dx%d", got.Width, got.Height)
			}
		case strings.Contains(err.Error(), "\n"), err.Error() == "":
			t.Errorf("error %q", err)
		}
	})
}
