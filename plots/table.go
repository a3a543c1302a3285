package plots

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	tableWidth  = 100
	remarkWidth = tableWidth - 2 // further lines of a remark are indented by two columns
)

// Table writes the results of all models, one line each, without colour codes and
// on at most 100 columns for names of up to 24 letters: parameters, epochs,
// validation accuracy at the end and at its best, the report's, the accuracy on
// the test images where they were not used for validation, milliseconds for a
// step, the report's, and the time of a training. Where a model has several runs
// they are counted, and the numbers are means, the final accuracy with its
// standard deviation. Lines below say what does not compare with the report and
// what is left out. A section without runs is an error.
func Table(w io.Writer, sections []Section, left []LeftOut) error {
	if err := checkSections(sections); err != nil {
		return fmt.Errorf("table of all models: %w", err)
	}
	out := bufio.NewWriter(w)
	if len(sections) > 0 {
		fmt.Fprintln(out, resultTable(sections))
	}
	remarks := differenceRemarks(sections)
	for _, l := range left {
		remarks = append(remarks, leftOutText(l))
	}
	for _, remark := range remarks {
		fmt.Fprintln(out, strings.Join(wrap(remark, remarkWidth), "\n  "))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the table of all models: %w", err)
	}
	return nil
}

// resultTable is the table for a terminal. Its columns move closer together where
// they would be too wide.
func resultTable(sections []Section) string {
	if wide := ruledTable(sections, 2, "── validation accuracy ──"); text.LongestLineLen(wide) <= tableWidth {
		return wide
	}
	return ruledTable(sections, 1, "─ validation accuracy ─")
}

// ruledTable is the table with gap blanks between columns. The heading of the
// three columns of accuracies must not be wider than they are at the least: the
// library then divides by zero where their widths share its own evenly.
func ruledTable(sections []Section, gap int, accuracy string) string {
	const step = "─ ms/step ─"
	several := slices.ContainsFunc(sections, func(s Section) bool { return len(s.Runs) > 1 })
	second, best := "sect.", "best (in)"
	if several {
		second, best = "n", "best"
	}
	t := table.NewWriter()
	t.AppendHeader(table.Row{"", "", "", "", accuracy, accuracy, accuracy, "", step, step, ""}, table.RowConfig{AutoMerge: true})
	t.AppendHeader(table.Row{"model", second, "parameters", "epochs", "final", best, "report", "test", "ours", "report", "time"})
	for _, s := range sections {
		t.AppendRow(consoleRow(s, several))
	}
	t.SetColumnConfigs(leftAligned(2))
	t.SuppressTrailingSpaces()
	t.SetStyle(ruled(gap))
	return t.Render()
}

func consoleRow(s Section, several bool) table.Row {
	p, sum, result := reference(), s.Summary, s.result()
	test := missing
	if sum.TestAccuracy != nil {
		test = accuracyText(sum.TestAccuracy.Mean)
	}
	second, final, best := s.Entry.Section, accuracyText(sum.Final.Mean), fmt.Sprintf("%s (%d)", accuracyText(result.Best.ValAccuracy), result.Best.Epoch)
	if several {
		second, best = fmt.Sprint(len(s.Runs)), accuracyText(sum.Best.Mean)
		final = strings.ReplaceAll(estimateText(sum.Final, metricDecimals), " ", "")
	}
	return table.Row{
		s.Entry.Name, second, thousands(result.Parameters), epochsText(s), final, best, p.finalText(s.Entry.Name), test,
		millisecondsText(sum.MsPerStep.Mean), millisecondsText(p.report[s.Entry.Name].MedianMsPerStep()), durationText(sum.Seconds.Mean),
	}
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

// epochsText is the number of epochs, with the report's where it is another. Runs
// that were stopped may have different ones.
func epochsText(s Section) string {
	least, most := s.result().Final.Epoch, s.result().Final.Epoch
	for _, r := range s.Runs {
		least, most = min(least, r.Result.Final.Epoch), max(most, r.Result.Final.Epoch)
	}
	switch {
	case least != most:
		return fmt.Sprintf("%d-%d/%d", least, most, s.Entry.Epochs)
	case least != s.Entry.Epochs:
		return fmt.Sprintf("%d/%d", least, s.Entry.Epochs)
	}
	return fmt.Sprint(s.Entry.Epochs)
}

// differenceRemarks say what does not compare with the report.
func differenceRemarks(sections []Section) []string {
	var lines []string
	for _, s := range sections {
		if differences := s.differences(); len(differences) > 0 {
			lines = append(lines, fmt.Sprintf("%s was not trained as in the report, so its numbers do not compare: %s", s.Entry.Name, strings.Join(differences, ", ")))
		}
	}
	return lines
}

func leftOutText(l LeftOut) string { return fmt.Sprintf("%s is left out: %s", l.Name, l.Reason) }
