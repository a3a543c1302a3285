package plots

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"image/png"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// mostSVG is the largest SVG, in bytes, that is preferred to a PNG.
const mostSVG = 300_000

// leastScale is how much smaller than in its own size a picture is shown before it
// rather scrolls: smaller letters cannot be read.
const leastScale = 0.62

// picture is the content of a file, PNG or SVG.
type picture struct {
	content []byte
	kind    string // of image/...
}

// readPicture reads a PNG or SVG, the SVG beside a PNG unless that is large.
func readPicture(files fs.FS, name string) (*picture, error) {
	if files == nil {
		return nil, errors.New("no folder of pictures")
	}
	if !fs.ValidPath(name) {
		return nil, errors.New("not a path below the report's folder")
	}
	extension := path.Ext(name)
	if extension == ".png" {
		vector := strings.TrimSuffix(name, extension) + ".svg"
		if info, err := fs.Stat(files, vector); err == nil && info.Mode().IsRegular() && info.Size() > 0 && info.Size() <= mostSVG {
			name, extension = vector, ".svg"
		}
	}
	kind, ok := map[string]string{".png": "png", ".svg": "svg+xml"}[extension]
	if !ok {
		return nil, errors.New("neither PNG nor SVG")
	}
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	if len(content) == 0 {
		return nil, errors.New("the file is empty")
	}
	return &picture{content, kind}, nil
}

// uri holds the picture itself.
func (p *picture) uri() []byte {
	return base64.StdEncoding.AppendEncode([]byte("data:image/"+p.kind+";base64,"), p.content)
}

// sized tells whether the picture says how large it is.
func (p *picture) sized() bool {
	width, height := p.size()
	return width >= 1 && height >= 1 && width <= maxSide && height <= maxSide
}

// size is in the pixels of pages, 96 to the inch; 0 when it is not known.
func (p *picture) size() (width, height float64) {
	if p.kind == "png" {
		config, err := png.DecodeConfig(bytes.NewReader(p.content))
		if err != nil {
			return 0, 0
		}
		return float64(config.Width) * 96 / dotsPerInch, float64(config.Height) * 96 / dotsPerInch
	}
	in := xml.NewDecoder(bytes.NewReader(p.content))
	for {
		token, err := in.Token()
		if err != nil {
			return 0, 0
		}
		if start, ok := token.(xml.StartElement); ok {
			return points(start, "width") * 96 / 72, points(start, "height") * 96 / 72
		}
	}
}

// points is an attribute that is a length in points, 0 when it is none.
func points(e xml.StartElement, name string) float64 {
	for _, a := range e.Attr {
		if number, ok := strings.CutSuffix(a.Value, "pt"); ok && a.Name.Local == name {
			if v, err := strconv.ParseFloat(number, 64); err == nil {
				return v
			}
		}
	}
	return 0
}
