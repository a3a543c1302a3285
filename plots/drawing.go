package plots

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	dotsPerInch = 150
	// Viewers and browsers refuse longer sides, and memory ends somewhere: a very
	// large diagram gets a lower resolution instead.
	maxSide = 32000 // dots
	maxArea = 64e6  // dots
)

// A Drawing is a finished picture. It may be written any number of times.
type Drawing struct {
	width, height vg.Length
	paint         func(draw.Canvas)
}

// Size is the picture's width and height in inches.
func (d *Drawing) Size() (width, height float64) {
	return float64(d.width / vg.Inch), float64(d.height / vg.Inch)
}

// WritePNG writes the picture with 150 dots per inch, fewer where a side would
// exceed 32,000 dots or the picture 64 million.
func (d *Drawing) WritePNG(w io.Writer) error {
	if err := png.Encode(w, d.image(dotsPerInch)); err != nil {
		return fmt.Errorf("writing a PNG: %w", err)
	}
	return nil
}

func (d *Drawing) image(dpi int) image.Image {
	width, height := d.Size()
	most := min(maxSide/max(width, height), math.Sqrt(maxArea/(width*height)))
	dpi = max(1, min(dpi, int(most)))
	c := vgimg.NewWith(vgimg.UseWH(d.width, d.height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	d.paint(draw.New(c))
	return c.Image()
}

// portable mends what vgsvg writes: a machine without the Liberation fonts takes
// others whose letters have the same widths, and embedded pictures are named as
// the PNGs that they are.
var portable = strings.NewReplacer(
	"font-family:Liberation Sans;", "font-family:'Liberation Sans',Arimo,Arial,Helvetica,sans-serif;",
	"data:image/jpg;base64,", "data:image/png;base64,",
)

// svgText finds the weight, size and content of each text that vgsvg writes.
var svgText = regexp.MustCompile(`<text ([^>]*font-weight:(\w+)[^>]*font-size:([0-9.]+)px[^>]*)>([^<]*)</text>`)

// fixWidths tells the viewer how wide each text is, so that it stays in its place
// even in a font with other widths.
func fixWidths(svg string) string {
	return svgText.ReplaceAllStringFunc(svg, func(text string) string {
		found := svgText.FindStringSubmatch(text)
		attributes, weight, size, content := found[1], found[2], found[3], found[4]
		points, err := strconv.ParseFloat(size, 64)
		if err != nil {
			return text
		}
		style := textStyle{size: vg.Length(points), bold: weight == "bold"}
		return fmt.Sprintf(`<text textLength="%.2f" lengthAdjust="spacingAndGlyphs" %s>%s</text>`,
			style.width(html.UnescapeString(content)).Points(), attributes, content)
	})
}

// WriteSVG writes the picture as SVG. Its text stays text, which can be searched
// and copied.
func (d *Drawing) WriteSVG(w io.Writer) error {
	c := vgsvg.New(d.width, d.height)
	background := vg.Rectangle{Max: vg.Point{X: d.width, Y: d.height}}
	c.SetColor(color.White)
	c.Fill(background.Path())
	d.paint(draw.New(c))
	var svg bytes.Buffer
	if _, err := c.WriteTo(&svg); err != nil {
		return fmt.Errorf("drawing an SVG: %w", err)
	}
	if _, err := io.WriteString(w, fixWidths(portable.Replace(svg.String()))); err != nil {
		return fmt.Errorf("writing an SVG: %w", err)
	}
	return nil
}
