package bench

import (
	"fmt"
	"math"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// textTable is a table whose first columns are names, aligned to the left, and the
// others numbers, aligned to the right, with a rule below its header.
type textTable struct{ table.Writer }

func newTable(names int, header ...string) textTable {
	t := table.NewWriter()
	t.SetStyle(table.Style{
		Box:     table.BoxStyle{MiddleHorizontal: "─", MiddleSeparator: "  ", MiddleVertical: "  ", EmptySeparator: "  "},
		Format:  table.FormatOptions{HeaderAlign: text.AlignRight, RowAlign: text.AlignRight},
		Options: table.Options{SeparateColumns: true, SeparateHeader: true},
	})
	left := make([]table.ColumnConfig, names)
	for i := range left {
		left[i] = table.ColumnConfig{Number: i + 1, Align: text.AlignLeft, AlignHeader: text.AlignLeft}
	}
	t.SetColumnConfigs(left)
	t.SuppressTrailingSpaces()
	t.AppendHeader(row(header))
	return textTable{t}
}

func (t textTable) add(cells ...string) { t.AppendRow(row(cells)) }

func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, cell := range cells {
		r[i] = cell
	}
	return r
}

// String is the table with a line break at its end.
func (t textTable) String() string { return t.Render() + "\n" }

// none stands for a number that there is not.
const none = "-"

// digits has three significant digits, of large numbers all before the point.
func digits(x float64) string {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return none
	}
	after := 2
	for limit := 9.995; after > 0 && x >= limit; limit *= 10 {
		after--
	}
	for limit := 0.9995; after < 6 && x < limit; limit /= 10 {
		after++
	}
	return strconv.FormatFloat(x, 'f', after, 64)
}

// fixed is milliseconds to the microsecond, so that a column of them adds up.
func fixed(ms float64) string { return fmt.Sprintf("%.3f", ms) }

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

// ratio is a / b to two places, none where one of them is not known.
func ratio(a, b float64) string {
	if a == 0 || b == 0 {
		return none
	}
	return fmt.Sprintf("%.2f", a/b)
}

func mebibytes(bytes int64) string {
	if bytes == 0 {
		return none
	}
	return fmt.Sprintf("%.0f", float64(bytes)/(1<<20))
}
