package plots

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"zoo/internal/study"
	"zoo/models"
)

// element is an HTML element with its attributes and the text in it.
type element struct {
	name       string
	attributes map[string]string
	text       strings.Builder
}

// elements reads a page strictly, so that every tag is closed and every attribute
// quoted, and returns its elements in order.
func elements(t *testing.T, page string) []*element {
	t.Helper()
	var all, open []*element
	in := xml.NewDecoder(strings.NewReader(page))
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			line, _ := in.InputPos()
			t.Fatalf("line %d of the page: %v", line, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attributes: map[string]string{}}
			for _, a := range token.Attr {
				e.attributes[a.Name.Local] = a.Value
			}
			all, open = append(all, e), append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, e := range open {
				e.text.Write(token)
			}
		}
	}
}

func named(all []*element, names ...string) []*element {
	return slices.DeleteFunc(slices.Clone(all), func(e *element) bool { return !slices.Contains(names, e.name) })
}

// htmlOf is the page of the contents.
func htmlOf(t *testing.T, c Contents, pictures fstest.MapFS) string {
	t.Helper()
	var b strings.Builder
	if err := ReportHTML(&b, c, pictures); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// pictureFiles has a file of its path for every picture of the contents.
func pictureFiles(c Contents) fstest.MapFS {
	files := fstest.MapFS{}
	for _, p := range paths(c) {
		files[p] = &fstest.MapFile{Data: []byte(p)}
	}
	return files
}

func paths(c Contents) []string {
	var all []string
	for _, p := range c.Samples {
		all = append(all, p.Path)
	}
	for _, s := range c.Sections {
		p := s.Pictures
		all = append(all, p.Epochs, p.Structure, p.Confusion, p.Classes, p.Reliability, p.Mistakes, p.Filters)
	}
	return all
}

func TestPage(t *testing.T) {
	c := exampleContents()
	for name, c := range map[string]Contents{
		"everything":  c,
		"one seed":    {Sections: oneSeed()},
		"other":       {Sections: otherSections(), LeftOut: leftOut},
		"no sections": {LeftOut: leftOut},
		"nothing":     {},
	} {
		t.Run(name, func(t *testing.T) {
			all := elements(t, htmlOf(t, c, pictureFiles(c)))
			checkOutline(t, all)
			checkTables(t, all)
			checkSelfContained(t, all)
			if n := len(named(all, "img")); n != len(slices.DeleteFunc(paths(c), func(p string) bool { return p == "" })) {
				t.Errorf("%d pictures", n)
			}
		})
	}
}

// checkOutline: a language, a title, headings that skip no level, and contents
// that lead to each section.
func checkOutline(t *testing.T, all []*element) {
	t.Helper()
	if all[0].name != "html" || all[0].attributes["lang"] != "en" || named(all, "title")[0].text.String() != reportTitle {
		t.Errorf("begins with %v, title %q", all[0], named(all, "title")[0].text.String())
	}
	ids := map[string]int{}
	for _, e := range all {
		if id := e.attributes["id"]; id != "" {
			ids[id]++
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d elements are called %s", n, id)
		}
	}
	level := 0
	var sections, links []string
	for _, h := range named(all, "h1", "h2", "h3", "h4") {
		next := int(h.name[1] - '0')
		if next > level+1 || next == 1 && level > 0 {
			t.Errorf("%s %q follows h%d", h.name, h.text.String(), level)
		}
		level = next
		if next == 2 {
			sections = append(sections, "#"+h.attributes["id"]+" "+h.text.String())
		}
	}
	for _, a := range named(all, "a") {
		links = append(links, a.attributes["href"]+" "+a.text.String())
	}
	if diff := cmp.Diff(sections, links); diff != "" {
		t.Errorf("sections and table of contents (-sections +contents):\n%s", diff)
	}
}

func checkTables(t *testing.T, all []*element) {
	t.Helper()
	for i, e := range all {
		if e.name == "table" && all[i-1].attributes["class"] != "scroll" {
			t.Error("a table is in no box that scrolls")
		}
		if scope := e.attributes["scope"]; e.name == "th" && scope != "col" && scope != "row" {
			t.Errorf("header %q has scope %q", e.text.String(), scope)
		}
	}
}

// checkSelfContained: no script, no address but within the page, no picture from
// elsewhere, none without a text.
func checkSelfContained(t *testing.T, all []*element) {
	t.Helper()
	for _, e := range all {
		if slices.Contains([]string{"script", "link", "iframe", "object", "base"}, e.name) {
			t.Errorf("the page has an element %s", e.name)
		}
		for name, value := range e.attributes {
			switch {
			case strings.HasPrefix(name, "on"):
				t.Errorf("%s has %s", e.name, name)
			case name == "src" && !strings.HasPrefix(value, "data:image/"), name == "href" && !strings.HasPrefix(value, "#"):
				t.Errorf("%s has %s=%s", e.name, name, value)
			}
		}
		if e.name == "img" && e.attributes["alt"] == "" {
			t.Error("a picture has no text")
		}
		if css := e.text.String(); e.name == "style" && (strings.Contains(css, "url(") || strings.Contains(css, "@import")) {
			t.Error("the style loads something")
		}
	}
}

// TestPagePictures: each picture's own bytes are in the page, a small SVG in
// place of a PNG, a missing one by name.
func TestPagePictures(t *testing.T) {
	c := Contents{Samples: []Picture{{"a (1)", "sets/a (1).png"}, {"b", "b.png"}, {"c", "c.png"}, {"d", "d.svg"}, {"e", "e.png"}, {"f", "f.gif"}, {"g", "../g.png"}, {"h", "h.png"}}}
	files := fstest.MapFS{
		"sets/a (1).png": {Data: []byte("A?>>")},
		"b.png":          {Data: []byte("png")},
		"b.svg":          {Data: []byte("small svg")},
		"c.png":          {Data: []byte("C")},
		"c.svg":          {Data: bytes.Repeat([]byte{' '}, mostSVG+1)},
		"d.svg":          {Data: []byte("D")},
		"f.gif":          {Data: []byte("F")},
		"h.png":          {},
	}
	page := htmlOf(t, c, files)
	var got []string
	for _, image := range named(elements(t, page), "img") {
		kind, data, _ := strings.Cut(strings.TrimPrefix(image.attributes["src"], "data:image/"), ";base64,")
		content, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			t.Errorf("%s: %v", image.attributes["alt"], err)
		}
		got = append(got, fmt.Sprintf("%s: %s %s", image.attributes["alt"], kind, content))
	}
	want := []string{"samples of a (1): png A?>>", "samples of b: svg+xml small svg", "samples of c: png C", "samples of d: svg+xml D"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, note := range []string{
		"The picture e.png is missing: file does not exist.", "The picture f.gif is missing: neither PNG nor SVG.",
		"The picture ../g.png is missing: not a path below the report's folder.", "The picture h.png is missing: the file is empty.",
	} {
		if !strings.Contains(page, strings.ReplaceAll(note, "'", "&#39;")) && !strings.Contains(page, note) {
			t.Errorf("the page lacks %q", note)
		}
	}
	var b strings.Builder
	if err := ReportHTML(&b, c, nil); err != nil || strings.Count(b.String(), "is missing: no folder of pictures") != len(c.Samples) {
		t.Errorf("without a folder: error %v\n%s", err, b.String())
	}
}

// TestPageSizes: pictures have the size that they are drawn in, as PNG and as SVG,
// and may not be shrunk until nobody can read them.
func TestPageSizes(t *testing.T) {
	d, err := History("h", exampleHistory(models.All()[0]))
	if err != nil {
		t.Fatal(err)
	}
	var vector, dots bytes.Buffer
	if err := errors.Join(d.WriteSVG(&vector), d.WritePNG(&dots)); err != nil {
		t.Fatal(err)
	}
	c := Contents{Samples: []Picture{{"p", "p.png"}, {"v", "v.svg"}, {"o", "o.svg"}}}
	page := htmlOf(t, c, fstest.MapFS{
		"p.png": {Data: dots.Bytes()}, "v.svg": {Data: vector.Bytes()}, "o.svg": {Data: []byte(`<svg width="1e9pt" height="x"/>`)},
	})
	for i, image := range named(elements(t, page), "img") {
		got := image.attributes["width"] + " " + image.attributes["height"] + " " + image.attributes["style"]
		want := "768 480 min-width:476px"
		if i == 2 {
			want = "  "
		}
		if got != want {
			t.Errorf("picture %s has the size %q, want %q", image.attributes["alt"], got, want)
		}
	}
	if again := htmlOf(t, c, fstest.MapFS{"p.png": {Data: dots.Bytes()}}); again != htmlOf(t, c, fstest.MapFS{"p.png": {Data: dots.Bytes()}}) {
		t.Error("the same contents give two pages")
	}
}

// TestPageEscapes: what comes from files is text, wherever it is shown.
func TestPageEscapes(t *testing.T) {
	const evil = `<script>alert("1")</script> ![x](https://example.com/x.png) <img src=x onerror=y> &amp; </style> [a](javascript:b) https://example.com`
	c := exampleContents()
	c.LeftOut = []LeftOut{{evil, evil}}
	c.Samples = []Picture{{evil, evil + ".png"}}
	c.Claims[0].Text, c.Claims[0].Sentence, c.Claims[0].Verdict = evil, evil, evil
	c.Claims[0].Findings[0].What, c.Claims[0].Findings[0].Test, c.Claims[0].Findings[0].Unit = evil, evil, evil
	s := &c.Sections[0]
	s.Layers = evil + "\n```\n" + evil + "\x00\x1b"
	s.Entry.Name, s.Entry.Title = evil, evil
	s.Runs[0].Result.Machine.CPU, s.Runs[0].Result.Settings.Dataset, s.Runs[0].Result.Versions.Zoo = evil, evil, evil
	all := elements(t, htmlOf(t, c, pictureFiles(c)))
	checkOutline(t, all)
	checkSelfContained(t, all)
	shown := 0
	for _, e := range named(all, "li", "td", "h2", "h3", "pre") {
		if strings.Contains(e.text.String(), evil) {
			shown++
		}
	}
	if shown < 10 {
		t.Errorf("the text is shown as it is in %d places", shown)
	}
}

// FuzzPage: any text in names and messages leaves the page well-formed, with the
// text as text.
func FuzzPage(f *testing.F) {
	for _, text := range []string{"", "<script>", "![a](b)", "a|b\n---|---", "```\n</pre>", "&lt; \\", "**confirmed**", "\x00\x1b\v\ufffe\xff", "# a\n\n- b", "[a]: javascript:b"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, name, message string) {
		e := models.All()[0]
		s := newSection(e, exampleHistory(e)[:1], 2)
		s.Entry.Name, s.Entry.Title, s.Layers = name, message, message
		c := Contents{
			Sections: []Section{s},
			Claims:   []study.Claim{{Number: 1, Text: name, Sentence: message, Verdict: study.Verdict(name)}},
			LeftOut:  []LeftOut{{name, message}},
			Samples:  []Picture{{name, message}},
		}
		all := elements(t, htmlOf(t, c, nil))
		checkOutline(t, all)
		checkTables(t, all)
		checkSelfContained(t, all)
	})
}

// TestPageVerdicts: each verdict has its colour, and nothing else has one.
func TestPageVerdicts(t *testing.T) {
	c := exampleContents()
	got := map[string]int{}
	for _, e := range named(elements(t, htmlOf(t, c, pictureFiles(c))), "strong") {
		got[e.attributes["class"]+": "+e.text.String()]++
	}
	want := map[string]int{
		"verdict confirmed: confirmed": 2 + 2, "verdict refuted: refuted": 2 + 2, "verdict undecided: undecided": 2 + 2,
		"verdict untested: cannot be tested": 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
