package plots

import (
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// tableRenderer writes tables that scroll by themselves where they are wider than
// the page, with headers for columns and for rows, whose first cells they are.
// What it does not write of them goldmark does.
type tableRenderer struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (r tableRenderer) RegisterFuncs(to renderer.NodeRendererFuncRegisterer) {
	to.Register(extast.KindTable, r.table)
	to.Register(extast.KindTableCell, r.cell)
}

func (tableRenderer) table(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	tag := "</table>\n</div>\n"
	if entering {
		tag = "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"table\">\n<table>\n"
	}
	_, err := w.WriteString(tag)
	return ast.WalkContinue, err
}

func (tableRenderer) cell(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	name, scope := "td", ""
	switch {
	case n.Parent().Kind() == extast.KindTableHeader:
		name, scope = "th", ` scope="col"`
	case n.PreviousSibling() == nil:
		name, scope = "th", ` scope="row"`
	}
	tag := "</" + name + ">\n"
	if entering {
		class := "text"
		switch {
		case n.(*extast.TableCell).Alignment == extast.AlignRight:
			class = "right"
		case lettersIn(n, source) > shortText:
			class = "text long"
		}
		tag = "<" + name + scope + ` class="` + class + `">`
	}
	_, err := w.WriteString(tag)
	return ast.WalkContinue, err
}

// shortText is the most letters of a text that stays in one line of its cell.
const shortText = 22

// lettersIn is about how many letters a cell shows.
func lettersIn(cell ast.Node, source []byte) int {
	count := 0
	for child := cell.FirstChild(); child != nil; child = child.NextSibling() {
		if t, ok := child.(*ast.Text); ok {
			count += utf8.RuneCount(t.Value(source))
		} else {
			count += lettersIn(child, source)
		}
	}
	return count
}
