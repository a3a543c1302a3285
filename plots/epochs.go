package plots

import (
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"

	"zoo/train"
)

// epochTable sets the epochs of the run beside the published ones, of which those
// of Keras have no times. What one of them lacks is left blank.
func epochTable(ours, report, keras train.History) (header table.Row, rows []table.Row) {
	type source struct {
		suffix string
		epochs train.History
	}
	all := []source{{"", ours}, {" (report)", report}, {" (Keras)", keras}}
	all = slices.DeleteFunc(all, func(s source) bool { return len(s.epochs) == 0 })
	timed := slices.DeleteFunc(slices.Clone(all), func(s source) bool { return s.epochs.MedianMsPerStep() == 0 })

	header = table.Row{"epoch"}
	last := 0
	for _, s := range all {
		last = max(last, s.epochs[len(s.epochs)-1].Epoch)
	}
	for number := 1; number <= last; number++ {
		rows = append(rows, table.Row{number})
	}
	add := func(sources []source, name string, text func(train.Epoch) string) {
		for _, s := range sources {
			header = append(header, name+s.suffix)
			for i := range rows {
				cell := ""
				if e := epochOf(s.epochs, i+1); e != nil {
					cell = text(*e)
				}
				rows[i] = append(rows[i], cell)
			}
		}
	}
	for _, c := range []column{lossColumn, accuracyColumn, valLossColumn, valAccuracyColumn} {
		add(all, c.name, func(e train.Epoch) string { return metricText(c.value(e)) })
	}
	add(timed, "ms/step", func(e train.Epoch) string { return millisecondsText(e.MsPerStep) })
	return header, rows
}
