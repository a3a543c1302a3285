package picture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
)

const (
	// MaxBytes is the largest file that is read, 64 MiB.
	MaxBytes = 64 << 20
	// MaxPixels is the largest picture that is decoded: what phones and cameras
	// commonly make has 24 million. Decoding takes up to 24 bytes for each.
	MaxPixels = 25_000_000

	// maxScans bounds the time that a JPEG takes, which may pass over all its pixels
	// again in a few bytes. Encoders write about ten scans.
	maxScans = 500
)

// format is a way to keep a picture in a file.
type format struct {
	name, magic string
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
}

var formats = []format{
	{"PNG", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"JPEG", "\xff\xd8", jpeg.DecodeConfig, jpeg.Decode},
	{"GIF", "GIF8", gif.DecodeConfig, gif.Decode}, // decodes the first frame alone
}

// Read reads a PNG, JPEG or GIF, whatever its name says, and makes it into the form
// that is wanted. It fails as FromImage does, and on files that are damaged or
// larger than MaxBytes.
func Read(r io.Reader, form Form) (Picture, error) {
	buffered := bufio.NewReader(r)
	f, err := formatOf(buffered)
	if err != nil {
		return Picture{}, err
	}
	file, err := io.ReadAll(io.LimitReader(buffered, MaxBytes+1))
	switch {
	case err != nil:
		return Picture{}, err
	case len(file) > MaxBytes:
		return Picture{}, fmt.Errorf("larger than %d MiB, the most that is read of a picture", MaxBytes>>20)
	}
	return f.read(file, form)
}

// formatOf tells the format by the file's first bytes.
func formatOf(file *bufio.Reader) (format, error) {
	start, err := file.Peek(len(formats[0].magic)) // the longest
	switch {
	case err != nil && err != io.EOF:
		return format{}, err
	case len(start) == 0:
		return format{}, errors.New("the file is empty; want a PNG, JPEG or GIF picture")
	}
	for _, f := range formats {
		if bytes.HasPrefix(start, []byte(f.magic)) {
			return f, nil
		}
	}
	return format{}, errors.New("not a PNG, JPEG or GIF picture")
}

func (f format) read(file []byte, form Form) (Picture, error) {
	config, err := f.config(bytes.NewReader(file))
	if err != nil {
		return Picture{}, f.damaged(err)
	}
	if err := checkSize(config.Width, config.Height); err != nil {
		return Picture{}, err
	}
	// A scan begins with these two bytes, which are nowhere within one.
	if scans := bytes.Count(file, []byte("\xff\xda")); f.name == "JPEG" && scans > maxScans {
		return Picture{}, fmt.Errorf("a JPEG of %d scans, want at most %d", scans, maxScans)
	}
	source, err := f.decode(bytes.NewReader(file))
	if err != nil {
		return Picture{}, f.damaged(err)
	}
	// The whole of the picture: the frame of a GIF may be a part of it.
	p, err := intake(source, image.Rect(0, 0, config.Width, config.Height), form)
	p.Format = f.name
	return p, err
}

// damaged is the decoder's error without the decoder's name and ceremony.
func (f format) damaged(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("damaged %s: it ends too early", f.name)
	}
	text := err.Error()
	for _, ceremony := range []string{strings.ToLower(f.name) + ": ", "invalid format: ", "invalid JPEG format: "} {
		text = strings.TrimPrefix(text, ceremony)
	}
	return fmt.Errorf("damaged %s: %s", f.name, text)
}

func checkSize(width, height int) error {
	if width < 1 || height < 1 {
		return fmt.Errorf("a picture of %dx%d pixels", width, height)
	}
	if width > MaxPixels/height {
		return fmt.Errorf("a picture of %dx%d pixels, want at most %d million of them", width, height, MaxPixels/1_000_000)
	}
	return nil
}
