package plots

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"zoo/train"
)

const (
	tableWidth  = 100
	remarkWidth = tableWidth - 2 // further lines of a remark are indented by two columns
)

// Table writes the results of all models, one line each, without colour codes and
// on at most 100 columns for names of up to 24 letters: parameters, epochs,
// validation accuracy at the end and at its best, the report's, the accuracy on
// the test images where they were not used for validation, milliseconds for a
// step, the report's, and the time of the whole training. Lines below say what
// does not compare with the report and which models are left out.
func Table(w io.Writer, runs []Run, left []LeftOut) error {
	rows, err := resultRows(runs)
	if err != nil {
		return fmt.Errorf("table of all models: %w", err)
	}
	out := bufio.NewWriter(w)
	if len(rows) > 0 {
		fmt.Fprintln(out, resultTable(rows))
	}
	for _, remark := range remarks(runs, left) {
		fmt.Fprintln(out, strings.Join(wrap(remark, remarkWidth), "\n  "))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the table of all models: %w", err)
	}
	return nil
}

// resultTable is the table for a terminal. Its columns move closer together where
// they would be too wide.
func resultTable(rows []table.Row) string {
	const accuracy, step = "── validation accuracy ──", "─ ms/step ─"
	t := table.NewWriter()
	t.AppendHeader(table.Row{"", "", "", "", accuracy, accuracy, accuracy, "", step, step, ""}, table.RowConfig{AutoMerge: true})
	t.AppendHeader(table.Row{"model", "sect.", "parameters", "epochs", "final", "best (in)", "report", "test", "ours", "report", "time"})
	t.AppendRows(rows)
	t.SetColumnConfigs(leftAligned(2))
	t.SuppressTrailingSpaces()
	t.SetStyle(ruled(2))
	if wide := t.Render(); text.LongestLineLen(wide) <= tableWidth {
		return wide
	}
	t.SetStyle(ruled(1))
	return t.Render()
}

// numbers is the format of tables whose columns are numbers unless they are
// leftAligned.
var numbers = table.FormatOptions{HeaderAlign: text.AlignRight, RowAlign: text.AlignRight}

func leftAligned(columns int) []table.ColumnConfig {
	configs := make([]table.ColumnConfig, columns)
	for i := range configs {
		configs[i] = table.ColumnConfig{Number: i + 1, Align: text.AlignLeft, AlignHeader: text.AlignLeft}
	}
	return configs
}

// ruled has lines above, below and under the header, and gap blanks between columns.
func ruled(gap int) table.Style {
	line, blank := strings.Repeat("─", gap), strings.Repeat(" ", gap)
	return table.Style{
		Box: table.BoxStyle{
			MiddleHorizontal: line, TopSeparator: line, MiddleSeparator: line, BottomSeparator: line,
			MiddleVertical: blank, EmptySeparator: blank,
		},
		Format:  numbers,
		Options: table.Options{DrawBorder: true, SeparateColumns: true, SeparateHeader: true},
	}
}

// resultRows are the cells of the table of all models.
func resultRows(runs []Run) ([]table.Row, error) {
	published, err := reference()
	if err != nil {
		return nil, err
	}
	var rows []table.Row
	for _, r := range runs {
		rows = append(rows, resultRow(r, published.report[r.Entry.Name]))
	}
	return rows, nil
}

func resultRow(r Run, report train.History) table.Row {
	accuracy, ms, test := missing, missing, missing
	if claim, ok := accuracyClaims[r.Entry.Name]; ok {
		accuracy = claim
	}
	if n := len(report); n > 0 {
		accuracy = accuracyText(report[n-1].ValAccuracy)
		ms = millisecondsText(report.MedianMsPerStep())
	}
	if r.Result.Test != nil {
		test = accuracyText(r.Result.Test.Accuracy)
	}
	return table.Row{
		r.Entry.Name, r.Entry.Section, thousands(r.Result.Parameters), epochsText(r),
		accuracyText(r.Result.Final.ValAccuracy),
		fmt.Sprintf("%s (%d)", accuracyText(r.Result.Best.ValAccuracy), r.Result.Best.Epoch),
		accuracy, test, millisecondsText(r.Result.MsPerStep), ms, durationText(r.Result.Seconds),
	}
}

// epochsText is the number of epochs, with the report's where it is another.
func epochsText(r Run) string {
	if n := r.Result.Final.Epoch; n != r.Entry.Epochs {
		return fmt.Sprintf("%d/%d", n, r.Entry.Epochs)
	}
	return fmt.Sprint(r.Entry.Epochs)
}

// remarks say what does not compare with the report and what is left out.
func remarks(runs []Run, left []LeftOut) []string {
	var lines []string
	for _, r := range runs {
		if differences := r.differences(); len(differences) > 0 {
			lines = append(lines, fmt.Sprintf("%s was not trained as in the report, so its numbers do not compare: %s", r.Entry.Name, strings.Join(differences, ", ")))
		}
	}
	for _, l := range left {
		lines = append(lines, fmt.Sprintf("%s is left out: %s", l.Name, l.Reason))
	}
	return lines
}
