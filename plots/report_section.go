package plots

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"zoo/internal/study"
	"zoo/train"
)

func (m *markdown) section(c Contents, s Section) {
	p, name := reference(), s.Entry.Name
	m.line("## %s\n", escape(fmt.Sprintf("%s %s: %s", s.Entry.Section, s.Entry.Title, name)))
	m.line("%s\n", escape(settingsText(s)))
	if differences := s.differences(); len(differences) > 0 {
		m.line("**Not trained as in the report, so the comparison does not mean the same: %s.**\n", escape(strings.Join(differences, ", ")))
	}
	if claim, ok := claims[name]; ok {
		m.line("The report says: %s.\n", claim)
	}
	m.outcome(s, p)
	m.times(s, p.report[name], c.step(s))
	m.epochs(s, p)
	if s.Pictures.Structure != "" || s.Layers != "" {
		m.line("### Structure of %s\n", escape(name))
		m.picture("structure of "+name, s.Pictures.Structure)
		m.code(s.Layers)
	}
	m.predictions(s)
}

func settingsText(s Section) string {
	r := s.result().Settings
	text := fmt.Sprintf("%s on %s: %s in batches of %d, learning rate %g",
		plural(s.result().Parameters, "parameter"), r.Dataset, plural(r.Epochs, "epoch"), r.Batch, r.LearningRate)
	if r.Decay > 0 {
		text += fmt.Sprintf(" with decay %.4g", r.Decay)
	}
	if r.Momentum > 0 {
		text += fmt.Sprintf(", momentum %g", r.Momentum)
	}
	if r.InOrder {
		text += ", pictures in order"
	}
	finished := s.result().Finished
	for _, run := range s.Runs {
		if run.Result.Finished.After(finished) {
			finished = run.Result.Finished
		}
	}
	at := finished.UTC().Format("2006-01-02 15:04 UTC")
	if len(s.Runs) == 1 {
		return fmt.Sprintf("%s. One run, seed %d, finished on %s.", text, r.Seed, at)
	}
	return fmt.Sprintf("%s. %s, seeds %s, the last finished on %s.", text, plural(len(s.Runs), "run"), seedsText(s), at)
}

// outcome sums the runs up beside what is published.
func (m *markdown) outcome(s Section, p published) {
	report, keras := p.report[s.Entry.Name], p.keras[s.Entry.Name]
	header := table.Row{words(""), "ours"}
	if len(report) > 0 {
		header = append(header, "report's")
	}
	if len(keras) > 0 {
		header = append(header, "Keras's")
	}
	var rows []table.Row
	add := func(name, ours string, of func(train.History) string) {
		row := table.Row{name, ours}
		for _, h := range []train.History{report, keras} {
			if len(h) > 0 {
				row = append(row, of(h))
			}
		}
		rows = append(rows, row)
	}
	none := func(train.History) string { return missing }
	add("final val_accuracy", estimateText(s.Summary.Final, metricDecimals), func(h train.History) string {
		return accuracyText(lastOf(h).ValAccuracy)
	})
	add("best val_accuracy", estimateText(s.Summary.Best, metricDecimals), func(h train.History) string {
		best := h.Best()
		return fmt.Sprintf("%s in epoch %d", accuracyText(best.ValAccuracy), best.Epoch)
	})
	add("final val_loss − loss", estimateText(s.Summary.Gap, metricDecimals), func(h train.History) string {
		return metricText(lastOf(h).ValLoss - lastOf(h).Loss)
	})
	if test := s.Summary.TestAccuracy; test != nil {
		add("accuracy on the test pictures", estimateText(*test, metricDecimals), none)
	}
	m.line("### Results of %s\n", escape(s.Entry.Name))
	m.table(header, rows)
}

// times sets the time of a step and of a training beside those published and
// measured, and says how many times ours they are.
func (m *markdown) times(s Section, report train.History, step *Benchmark) {
	sum := s.Summary
	header := table.Row{words(""), "ours"}
	steps := table.Row{"ms/step, while training", stepsText(sum.MsPerStep)}
	turns := table.Row{"ms/step, in turns with Keras"}
	whole := table.Row{"whole training", durationsText(sum.Seconds)}
	if len(report) > 0 {
		total, ours := 0.0, sum.Seconds.Mean
		for _, e := range report {
			total += e.Seconds
		}
		theirs := durationText(total)
		if n := len(sum.Epochs); len(report) != n { // as many of ours
			theirs += fmt.Sprintf(" for %s", plural(len(report), "epoch"))
			ours *= float64(len(report)) / float64(n)
		}
		header = append(header, "report's", "report's / ours")
		ratio := ratioText(total, ours)
		if len(s.differences()) > 0 {
			ratio = missing
		}
		ms := report.MedianMsPerStep()
		steps = append(steps, millisecondsText(ms), ratioText(ms, sum.MsPerStep.Mean))
		whole = append(whole, theirs, ratio)
	}
	rows := []table.Row{steps}
	if step != nil {
		header = append(header, "Keras's", "Keras's / ours")
		turns = append(turns, millisecondsText(step.Ours))
		if len(report) > 0 {
			turns = append(turns, missing, missing)
		}
		turns = append(turns, millisecondsText(step.Keras), ratioText(step.Keras, step.Ours))
		steps, whole = append(steps, missing, missing), append(whole, missing, missing)
		rows = []table.Row{steps, turns}
	}
	m.line("### Time of %s\n", escape(s.Entry.Name))
	m.table(header, append(rows, whole))
}

func (m *markdown) epochs(s Section, p published) {
	name := s.Entry.Name
	report, keras := p.report[name], p.keras[name]
	m.line("### Epochs of %s\n", escape(name))
	m.picture("curves of "+name+": loss and accuracy by epoch", s.Pictures.Epochs)
	text := "Ours are the numbers of the run"
	if len(s.Runs) > 1 {
		text = fmt.Sprintf("Ours are means ± standard deviations over %s", plural(len(s.Runs), "run"))
		if slices.ContainsFunc(s.Runs, func(r study.Run) bool { return len(r.History) > len(s.Summary.Epochs) }) {
			text += ", as far as the shortest goes"
		}
	}
	if len(report) > 0 {
		text += "; to the right of each is the report's"
	}
	m.line("%s.\n", text)
	header, rows := epochTable(s.Summary.Epochs, report, keras)
	m.table(header, rows)
}

// predictions are the pictures of what the trained model answers.
func (m *markdown) predictions(s Section) {
	name, p := s.Entry.Name, s.Pictures
	pictures := []Picture{
		{"confusion matrix of " + name + ": true and predicted classes", p.Confusion},
		{"accuracy of " + name + " for each class", p.Classes},
		{"reliability diagram of " + name + ": accuracy by confidence", p.Reliability},
		{"most confident mistakes of " + name + ", with true and predicted class", p.Mistakes},
		{"filters of the first convolution of " + name, p.Filters},
	}
	pictures = slices.DeleteFunc(pictures, func(p Picture) bool { return p.Path == "" })
	assessed := assessedText(s)
	if len(pictures) == 0 && assessed == "" {
		return
	}
	m.line("### Predictions of %s\n", escape(name))
	if assessed != "" {
		m.line("%s\n", escape(assessed))
	}
	for _, picture := range pictures {
		m.picture(picture.Title, picture.Path)
	}
}

// assessedText sums up what the trained models answer; "" when none was assessed.
func assessedText(s Section) string {
	a, first := s.Assessment()
	if a == nil {
		return ""
	}
	n := 0
	for _, run := range s.Runs {
		if run.Assessment != nil {
			n++
		}
	}
	text := fmt.Sprintf("What the model answers after its last epoch for %s", plural(a.Samples, a.Pictures+" picture"))
	if n > 1 {
		text += fmt.Sprintf(", %s together, so that each picture counts once for each; mistakes and filters are those of seed %d", plural(n, "run"), first)
	}
	return fmt.Sprintf("%s. Accuracy %s; expected calibration error, the mean distance of confidence from accuracy, %s.",
		text, accuracyText(a.Accuracy), accuracyText(a.CalibrationError))
}
