package plots

import (
	"bufio"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// markdown writes Markdown. Its writer keeps the first error until Flush.
type markdown struct{ *bufio.Writer }

func (m *markdown) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

// verbatim is Markdown that tables leave as it is.
type verbatim string

// words is the header of a column of texts; other columns are of numbers.
type words string

// table writes a table. Its cells stand for themselves.
func (m *markdown) table(header table.Row, rows []table.Row) {
	t := table.NewWriter()
	t.AppendHeader(header)
	for _, row := range rows {
		cells := make(table.Row, len(row))
		for i, cell := range row {
			cells[i] = cell
			if s, ok := cell.(string); ok {
				cells[i] = escape(s)
			}
		}
		t.AppendRow(cells)
	}
	var columns []table.ColumnConfig
	for i, cell := range header {
		if _, ok := cell.(words); ok {
			columns = append(columns, table.ColumnConfig{Number: i + 1, Align: text.AlignLeft, AlignHeader: text.AlignLeft})
		}
	}
	t.SetColumnConfigs(columns)
	t.SetStyle(table.Style{Format: numbers, Markdown: table.MarkdownOptions{PadContent: true}})
	m.line("%s\n", t.RenderMarkdown())
}

// picture writes a picture in a line of its own; nothing without a path.
func (m *markdown) picture(alt, path string) {
	if path != "" {
		m.line("![%s](%s)\n", escape(alt), link(path))
	}
}

// code writes a text as it is, in a fence that no line of it closes.
func (m *markdown) code(text string) {
	if text == "" {
		return
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	m.line("%s\n%s\n%s\n", fence+"text", strings.TrimRight(legible(text), "\n"), fence)
}

// special matches what means something within a line of Markdown. The bar does so
// only in tables, whose writer escapes it.
var special = regexp.MustCompile("[\\\\`*_~$\\[\\]<>&#]")

// escape makes a text stand for itself in a line of Markdown.
func escape(text string) string {
	return special.ReplaceAllString(strings.Join(strings.Fields(legible(text)), " "), `\$0`)
}

// withCode is escape of a text that has code between backticks.
func withCode(text string) string {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 {
		return escape(text) // a backtick that stands for itself
	}
	for i, part := range parts {
		words := strings.Join(strings.Fields(legible(part)), " ")
		switch {
		case i%2 == 0:
			parts[i] = special.ReplaceAllString(legible(part), `\$0`)
		case words != "":
			parts[i] = "`" + words + "`"
		default:
			parts[i] = ""
		}
	}
	return strings.Join(strings.Fields(strings.Join(parts, "")), " ")
}

// legible leaves out what no page can show: bytes that are no text and control
// characters. Of blanks it keeps tabs, line breaks and the common one.
func legible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Noncharacter_Code_Point, r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
}

// link is a path as the target of a link, which parentheses would end.
func link(path string) string {
	return strings.NewReplacer("(", "%28", ")", "%29").Replace((&url.URL{Path: path}).String())
}
