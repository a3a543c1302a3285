package plots

import (
	"bufio"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// markdown writes Markdown. Its writer keeps the first error until Flush.
type markdown struct{ *bufio.Writer }

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

// table writes a table of texts in the first columns and numbers in the others.
func (m *markdown) table(header table.Row, rows []table.Row, texts int) {
	columns := leftAligned(texts)
	for i := range columns {
		columns[i].Transformer = func(cell any) string { return escape(fmt.Sprint(cell)) }
	}
	t := table.NewWriter()
	t.AppendHeader(header)
	t.AppendRows(rows)
	t.SetColumnConfigs(columns)
	t.SetStyle(table.Style{Format: numbers, Markdown: table.MarkdownOptions{PadContent: true}})
	m.line("%s\n", t.RenderMarkdown())
}

// special matches what means something within a line of Markdown. The bar does so
// only in tables, whose writer escapes it.
var special = regexp.MustCompile("[\\\\`*_~$\\[\\]<>&#]")

// escape makes a text stand for itself in a line of Markdown.
func escape(text string) string {
	return special.ReplaceAllString(strings.Join(strings.Fields(text), " "), `\$0`)
}

// link is a path as the target of a link, which parentheses would end.
func link(path string) string {
	return strings.NewReplacer("(", "%28", ")", "%29").Replace((&url.URL{Path: path}).String())
}
