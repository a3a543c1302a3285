package plots

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/url"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"zoo/internal/study"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page/page.html"))

// page is what the template shows.
type page struct {
	Title    string
	Style    template.CSS
	Headings []pageHeading // of the table of contents
	Body     template.HTML
}

type pageHeading struct {
	ID   string
	Text template.HTML
}

// ReportHTML writes the report as one HTML file that needs no other: Report's
// Markdown as a page, with the pictures that the contents name in it, which it
// reads from the file system. Of a picture that is there as PNG and SVG it takes
// the SVG unless that is large. A picture that cannot be read is named in its
// place. Errors are those of Report.
func ReportHTML(w io.Writer, c Contents, pictures fs.FS) error {
	var source bytes.Buffer
	if err := Report(&source, c); err != nil {
		return err
	}
	p, err := newPage(source.Bytes(), pictures)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	var whole bytes.Buffer
	if err := pageTemplate.Execute(&whole, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if _, err := whole.WriteTo(w); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// newPage makes a page of a report in Markdown, whose first heading is its title.
func newPage(source []byte, pictures fs.FS) (*page, error) {
	style, err := pageFiles.ReadFile("page/page.css")
	if err != nil {
		return nil, err
	}
	converter := goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(
			html.WithXHTML(),
			renderer.WithNodeRenderers(util.Prioritized(tableRenderer{}, 100)),
		),
	)
	document := converter.Parser().Parse(text.NewReader(source))
	p := &page{Title: reportTitle, Style: template.CSS(style)}
	if title := document.FirstChild(); title != nil {
		document.RemoveChild(document, title) // the template shows it
	}
	headings, err := prepare(document, source, pictures)
	if err != nil {
		return nil, err
	}
	for _, h := range headings {
		var content bytes.Buffer
		for child := h.FirstChild(); child != nil; child = child.NextSibling() {
			if err := converter.Renderer().Render(&content, source, child); err != nil {
				return nil, err
			}
		}
		id, _ := h.AttributeString("id")
		name, _ := id.([]byte)
		p.Headings = append(p.Headings, pageHeading{string(name), template.HTML(content.String())})
	}
	var body bytes.Buffer
	if err := converter.Renderer().Render(&body, source, document); err != nil {
		return nil, err
	}
	p.Body = template.HTML(body.String())
	return p, nil
}

// prepare gives the nodes what a page needs beyond Markdown: the pictures' bytes,
// and classes for pictures and verdicts. It returns the headings of sections.
func prepare(document ast.Node, source []byte, pictures fs.FS) ([]*ast.Heading, error) {
	var headings []*ast.Heading
	var images []*ast.Image
	err := ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			if n.Level == 2 {
				if len(headings) == 0 {
					n.SetAttributeString("class", []byte("first"))
				}
				headings = append(headings, n)
			}
		case *ast.Image:
			images = append(images, n)
		case *ast.Emphasis:
			if class := verdictClass(n, source); class != "" {
				n.SetAttributeString("class", []byte("verdict "+class))
			}
		}
		return ast.WalkContinue, nil
	})
	for _, image := range images {
		inline(image, pictures)
	}
	return headings, err
}

// verdictClass is the class of an emphasis that is a verdict.
func verdictClass(n *ast.Emphasis, source []byte) string {
	only, ok := n.FirstChild().(*ast.Text)
	if !ok || only.NextSibling() != nil {
		return ""
	}
	switch v := study.Verdict(only.Value(source)); v {
	case study.Confirmed, study.Refuted, study.Undecided:
		return string(v)
	case study.Untested:
		return "untested"
	}
	return ""
}

// inline puts the picture's bytes in the place of its path, or a text when it
// cannot be read.
func inline(image *ast.Image, pictures fs.FS) {
	parent := image.Parent()
	name, err := url.PathUnescape(string(image.Destination))
	var p *picture
	if err == nil {
		p, err = readPicture(pictures, name)
	}
	if err == nil {
		image.Destination = p.uri()
		class := "picture"
		if width, height := p.size(); p.sized() {
			image.SetAttributeString("width", []byte(fmt.Sprintf("%.0f", width)))
			image.SetAttributeString("height", []byte(fmt.Sprintf("%.0f", height)))
			image.SetAttributeString("style", []byte(fmt.Sprintf("min-width:%.0fpx", leastScale*width)))
			if height > width {
				class += " tall"
			}
		}
		parent.SetAttributeString("class", []byte(class))
		return
	}
	why := ast.NewString([]byte(legible(fmt.Sprintf("The picture %s is missing: %v.", name, reason(err)))))
	why.SetRaw(true) // its letters stand for themselves, escaped for HTML
	note := ast.NewEmphasis(1)
	note.AppendChild(note, why)
	parent.ReplaceChild(parent, image, note)
}

// reason leaves out the path of an error, which the reader sees beside it.
func reason(err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
