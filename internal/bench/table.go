package bench

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// table is rows of text: first columns of names, aligned to the left, then
// columns of numbers, aligned to the right.
type table struct {
	names  int
	header []string
	rows   [][]string
}

func newTable(names int, header ...string) *table { return &table{names: names, header: header} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String is the table with a rule below its header.
func (t *table) String() string {
	widths := make([]int, len(t.header))
	for _, row := range append(t.rows, t.header) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	rules := make([]string, len(widths))
	for i, width := range widths {
		rules[i] = strings.Repeat("─", width)
	}
	var text strings.Builder
	for _, row := range append([][]string{t.header, rules}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < t.names {
				line.WriteString(cell + space + "  ")
			} else {
				line.WriteString(space + cell + "  ")
			}
		}
		text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return text.String()
}

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
