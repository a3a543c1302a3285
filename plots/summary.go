package plots

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"zoo/models/layer"
)

// summaryWidth is the length of a line in columns.
const summaryWidth = 80

// Summary writes model.summary() as Keras 3 prints it on 80 columns: a boxed table
// of the layers with output shapes, parameters and, where the model branches, the
// layers that each is connected to; then the totals with their size as float32.
// Keras cuts off names that are too long for their column; here the column is as
// wide as they need, so such a table is wider than 80 columns.
func Summary(w io.Writer, m Model) error {
	layers := m.Layers()
	if err := checkLayers(layers); err != nil {
		return fmt.Errorf("summary of %s: %w", m.Name(), err)
	}
	t := summaryTable(m, layers)
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "Model: \"%s\"\n", m.Name())
	for _, line := range t.lines() {
		fmt.Fprintln(out, line)
	}
	total, frozen := 0, 0
	for _, l := range layers {
		total += l.Params
		frozen += l.NonTrainable
	}
	fmt.Fprintf(out, " Total params: %s\n", paramsAndSize(total))
	fmt.Fprintf(out, " Trainable params: %s\n", paramsAndSize(total-frozen))
	fmt.Fprintf(out, " Non-trainable params: %s\n", paramsAndSize(frozen))
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the summary of %s: %w", m.Name(), err)
	}
	return nil
}

// keras is the layout of one of Keras's two tables: where its columns end, as
// parts of the line.
type keras struct {
	header []string
	ends   []float64
}

var (
	chainTable  = keras{[]string{"Layer (type)", "Output Shape", "Param #"}, []float64{0.45, 0.80, 1}}
	branchTable = keras{[]string{"Layer (type)", "Output Shape", "Param #", "Connected to"}, []float64{0.3, 0.56, 0.74, 1}}
)

// rightAligned is the column of the parameters.
const rightAligned = 2

// boxTable is a table with a line between any two rows.
type boxTable struct {
	widths []int // of the columns' text
	header []string
	rows   [][]string
}

func summaryTable(m Model, layers []layer.Info) *boxTable {
	form := chainTable
	if branches(layers) {
		form = branchTable
	}
	t := &boxTable{widths: form.widths(summaryWidth), header: form.header}
	for _, l := range layers {
		if m.Sequential() && l.Class == "InputLayer" {
			continue
		}
		row := []string{
			fmt.Sprintf("%s (%s)", l.Name, l.Class),
			shapeText(l.OutputShape),
			thousands(l.Params),
			connections(l, layers),
		}
		t.rows = append(t.rows, row[:len(form.header)])
	}
	t.widen()
	return t
}

// branches tells whether the layers form more than one chain.
func branches(layers []layer.Info) bool {
	for i, l := range layers {
		if i > 0 && (len(l.Inputs) != 1 || l.Inputs[0] != i-1) {
			return true
		}
	}
	return false
}

// connections lists the layers that feed l, with Keras's indices of a layer's use
// and output, which are always 0 here.
func connections(l layer.Info, layers []layer.Info) string {
	if len(l.Inputs) == 0 {
		return "-"
	}
	names := make([]string, len(l.Inputs))
	for i, in := range l.Inputs {
		names[i] = layers[in].Name + "[0][0]"
	}
	return strings.Join(names, ", ")
}

// widths are those of the columns' text in a table of the given length. Keras asks
// for columns that are together wider than the table, as it forgets the lines
// and the blanks beside them, and its printer takes the excess from all alike.
func (k keras) widths(length int) []int {
	const blanks = 2
	n := len(k.ends)
	widths := make([]int, n)
	excess := n + 1 - length // the vertical lines
	before := 0
	for i, end := range k.ends {
		at := int(end * float64(length))
		widths[i] = at - before + blanks
		before = at
		excess += widths[i]
	}
	for i := range widths {
		share := int(math.RoundToEven(float64(excess) / float64(n-i)))
		widths[i] -= share + blanks
		excess -= share
	}
	return widths
}

// widen gives each column room for its longest word.
func (t *boxTable) widen() {
	for _, row := range t.rows {
		for i, cell := range row {
			for word := range strings.FieldsSeq(cell) {
				t.widths[i] = max(t.widths[i], utf8.RuneCountInString(word))
			}
		}
	}
}

func (t *boxTable) lines() []string {
	lines := []string{t.rule("┏", "━", "┳", "┓")}
	lines = append(lines, t.row(t.header, "┃")...)
	separator := t.rule("┡", "━", "╇", "┩")
	for _, row := range t.rows {
		lines = append(lines, separator)
		lines = append(lines, t.row(row, "│")...)
		separator = t.rule("├", "─", "┼", "┤")
	}
	return append(lines, t.rule("└", "─", "┴", "┘"))
}

func (t *boxTable) rule(left, dash, between, right string) string {
	parts := make([]string, len(t.widths))
	for i, width := range t.widths {
		parts[i] = strings.Repeat(dash, width+2)
	}
	return left + strings.Join(parts, between) + right
}

// row is as many lines as its longest cell needs.
func (t *boxTable) row(cells []string, bar string) []string {
	wrapped := make([][]string, len(cells))
	height := 0
	for i, cell := range cells {
		wrapped[i] = wrap(cell, t.widths[i])
		height = max(height, len(wrapped[i]))
	}
	lines := make([]string, height)
	for y := range lines {
		var b strings.Builder
		for i, width := range t.widths {
			text := ""
			if y < len(wrapped[i]) {
				text = wrapped[i][y]
			}
			b.WriteString(bar + " " + pad(text, width, i == rightAligned) + " ")
		}
		lines[y] = b.String() + bar
	}
	return lines
}

func pad(text string, width int, right bool) string {
	blanks := strings.Repeat(" ", width-utf8.RuneCountInString(text))
	if right {
		return blanks + text
	}
	return text + blanks
}

// wrap breaks a text between words into lines of at most width columns.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
