package plots

import (
	"github.com/jedib0t/go-pretty/v6/table"

	"zoo/internal/study"
	"zoo/train"
)

// epochColumn is a quantity of an epoch, ours over all seeds and a single run's.
type epochColumn struct {
	column
	estimate func(study.EpochEstimate) study.Estimate
}

var epochColumns = []epochColumn{
	{lossColumn, func(e study.EpochEstimate) study.Estimate { return e.Loss }},
	{valLossColumn, func(e study.EpochEstimate) study.Estimate { return e.ValLoss }},
	{accuracyColumn, func(e study.EpochEstimate) study.Estimate { return e.Accuracy }},
	{valAccuracyColumn, func(e study.EpochEstimate) study.Estimate { return e.ValAccuracy }},
}

// epochTable sets our epochs beside the published ones, of which those of Keras
// have their validation accuracy alone. What one of them lacks is left blank.
func epochTable(ours []study.EpochEstimate, report, keras train.History) (header table.Row, rows []table.Row) {
	last := 0
	for _, e := range ours {
		last = max(last, e.Epoch)
	}
	for _, h := range []train.History{report, keras} {
		if e := lastOf(h); e != nil {
			last = max(last, e.Epoch)
		}
	}
	header = table.Row{"epoch"}
	for number := 1; number <= last; number++ {
		rows = append(rows, table.Row{number})
	}
	add := func(name string, text func(number int) string) {
		header = append(header, name)
		for i := range rows {
			rows[i] = append(rows[i], text(i+1))
		}
	}
	published := func(h train.History, c column) func(int) string {
		return func(number int) string {
			if e := epochOf(h, number); e != nil {
				return metricText(c.value(*e))
			}
			return ""
		}
	}
	for _, c := range epochColumns {
		add(c.name, func(number int) string {
			for _, e := range ours {
				if e.Epoch == number {
					return estimateText(c.estimate(e), metricDecimals)
				}
			}
			return ""
		})
		if len(report) > 0 {
			add("report's", published(report, c.column))
		}
	}
	if len(keras) > 0 {
		add("Keras's", published(keras, valAccuracyColumn))
	}
	return header, rows
}
