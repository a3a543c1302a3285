package plots

import (
	"bytes"
	"errors"
	"image/png"
	"strings"
	"testing"
)

func TestDrawingWrites(t *testing.T) {
	d, err := Structure(modelNamed(t, "mnist-dense"))
	if err != nil {
		t.Fatal(err)
	}
	first, second := pngOf(t, d), pngOf(t, d)
	if !bytes.Equal(first, second) {
		t.Error("the PNG is not the same the second time")
	}
	config, err := png.DecodeConfig(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	width, height := d.Size()
	if w, h := int(150*width+0.5), int(150*height+0.5); config.Width != w || config.Height != h {
		t.Errorf("%d x %d dots, want %d x %d", config.Width, config.Height, w, h)
	}
	svg := svgOf(t, d)
	if !bytes.Equal(svg, svgOf(t, d)) {
		t.Error("the SVG is not the same the second time")
	}
	for _, want := range []string{"'Liberation Sans',Arimo,Arial", `textLength="`, `>mnist-dense</text>`} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the SVG lacks %q", want)
		}
	}
	if strings.Contains(string(svg), "font-family:Liberation") {
		t.Error("a text of the SVG has no fonts to fall back to")
	}
}

// broken is a writer that fails.
type broken struct{}

var errBroken = errors.New("no space left")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrors(t *testing.T) {
	m := modelNamed(t, "mnist-dense")
	d, err := Structure(m)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"WritePNG": d.WritePNG(broken{}),
		"WriteSVG": d.WriteSVG(broken{}),
		"Summary":  Summary(broken{}, m),
		"Table":    Table(broken{}, exampleSections(), nil),
		"page":     ReportHTML(broken{}, Contents{Sections: exampleSections()}, nil),
		"Report":   Report(broken{}, Contents{Sections: exampleSections()}),
	} {
		if !errors.Is(err, errBroken) || !strings.HasPrefix(err.Error(), "writing ") {
			t.Errorf("%s: error %v, want one of the writer, with what was written", name, err)
		}
	}
}
