package plots

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"zoo/train"
)

// Contents is what a report is made of. The runs come in the order of the
// report's sections.
type Contents struct {
	Runs    []Run
	LeftOut []LeftOut
	Samples []Picture // sample grids of the data sets
}

// Picture is a picture that the report embeds.
type Picture struct {
	Title string
	Path  string // relative to the report, with slashes
}

// Report writes a report in Markdown that sets the runs beside the lab report:
// all results in one table, then for each model its settings, curves, structure
// and epochs, with the report's epochs and those of real Keras beside them where
// they are known, and the report's claim where it prints no epochs. What does not
// compare with the report is said at its place, and missing models are listed.
func Report(w io.Writer, c Contents) error {
	published, err := reference()
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	rows, err := resultRows(c.Runs)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	for _, r := range c.Runs {
		if len(r.History) == 0 {
			return fmt.Errorf("report: the history of %s is empty", r.Entry.Name)
		}
	}
	out := &markdown{bufio.NewWriter(w)}
	out.intro(c)
	out.results(c, rows)
	out.samples(c.Samples)
	for _, r := range c.Runs {
		out.section(r, published)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (m *markdown) intro(c Contents) {
	m.line("# The lab report, trained again\n")
	m.line("“Report” is what the lab report prints, from its author's machine. “Keras” is one run of Keras 3.15 on")
	m.line("TensorFlow in float32 with the report's settings, where there is one. Accuracies are fractions of the")
	m.line("pictures, losses are mean cross-entropies in nats. Times of different machines tell nothing about the programs.\n")
	for _, machine := range distinct(c.Runs, machineText) {
		m.line("- Machine: %s", escape(machine))
	}
	for _, versions := range distinct(c.Runs, versionsText) {
		m.line("- Versions: %s", escape(versions))
	}
	for _, seeds := range distinct(c.Runs, func(r Run) string { return fmt.Sprint(r.Result.Settings.Seed) }) {
		m.line("- Seed: %s", seeds)
	}
	m.line("")
}

func machineText(r Run) string {
	m := r.Result.Machine
	return fmt.Sprintf("%s, %s, %s/%s, %s, %s kernels", m.CPU, plural(m.Cores, "core"), m.OS, m.Arch, plural(r.Result.Settings.Workers, "worker"), r.Result.Settings.Kernels)
}

func versionsText(r Run) string {
	v := r.Result.Versions
	return fmt.Sprintf("zoo %s, %s, Gorgonia %s, tensor %s", v.Zoo, v.Go, v.Gorgonia, v.Tensor)
}

// distinct are the different texts of the runs in their order, each followed by
// the models that it belongs to unless it is everyone's.
func distinct(runs []Run, text func(Run) string) []string {
	var texts []string
	names := map[string][]string{}
	for _, r := range runs {
		t := text(r)
		if names[t] == nil {
			texts = append(texts, t)
		}
		names[t] = append(names[t], r.Entry.Name)
	}
	if len(texts) < 2 {
		return texts
	}
	for i, t := range texts {
		texts[i] = fmt.Sprintf("%s (%s)", t, strings.Join(names[t], ", "))
	}
	return texts
}

func (m *markdown) results(c Contents, rows []table.Row) {
	m.line("## Results\n")
	if len(rows) > 0 {
		m.table(table.Row{
			"model", "section", "parameters", "epochs", "final val_accuracy", "best (in epoch)", "report's final",
			"test accuracy", "ms/step", "report's ms/step", "time",
		}, rows, 2)
	}
	for _, remark := range remarks(c.Runs, c.LeftOut) {
		m.line("- %s", escape(remark))
	}
	m.line("")
}

func (m *markdown) samples(pictures []Picture) {
	if len(pictures) == 0 {
		return
	}
	m.line("## Data\n")
	for _, p := range pictures {
		m.line("![%s](%s)\n", escape("samples of "+p.Title), link(p.Path))
	}
}

func (m *markdown) section(r Run, p published) {
	name := r.Entry.Name
	m.line("## %s\n", escape(fmt.Sprintf("%s %s: %s", r.Entry.Section, r.Entry.Title, name)))
	m.line("%s\n", escape(settingsText(r)))
	if differences := r.differences(); len(differences) > 0 {
		m.line("**Not trained as in the report, so the comparison does not mean the same: %s.**\n", escape(strings.Join(differences, ", ")))
	}
	if claim, ok := claims[name]; ok {
		m.line("The report says: %s.\n", claim)
	}
	for _, line := range outcome(r, p) {
		m.line("- %s", line)
	}
	m.line("")
	if r.Curves != "" {
		m.line("![%s](%s)\n", escape("curves of "+name), link(r.Curves))
	}
	header, rows := epochTable(r.History, p.report[name], p.keras[name])
	m.table(header, rows, 0)
	if r.Structure != "" {
		m.line("![%s](%s)\n", escape("structure of "+name), link(r.Structure))
	}
}

func settingsText(r Run) string {
	s := r.Result.Settings
	text := fmt.Sprintf("%s on %s: %s in batches of %d, learning rate %g",
		plural(r.Result.Parameters, "parameter"), s.Dataset, plural(s.Epochs, "epoch"), s.Batch, s.LearningRate)
	if s.Decay > 0 {
		text += fmt.Sprintf(" with decay %.4g", s.Decay)
	}
	if s.Momentum > 0 {
		text += fmt.Sprintf(", momentum %g", s.Momentum)
	}
	if s.InOrder {
		text += ", pictures in order"
	}
	return fmt.Sprintf("%s, seed %d. Finished on %s.", text, s.Seed, r.Result.Finished.UTC().Format("2006-01-02 15:04 UTC"))
}

// outcome sums the run up beside what is published.
func outcome(r Run, p published) []string {
	report, keras := p.report[r.Entry.Name], p.keras[r.Entry.Name]
	lines := []string{fmt.Sprintf("Validation accuracy: %s", accuracies(r.History))}
	if len(report) > 0 {
		lines = append(lines, fmt.Sprintf("The report's: %s", accuracies(report)))
	}
	if len(keras) > 0 {
		lines = append(lines, fmt.Sprintf("Keras's: %s", accuracies(keras)))
	}
	if test := r.Result.Test; test != nil {
		lines = append(lines, fmt.Sprintf("On %s, after the training: accuracy %s, loss %.4f",
			plural(test.Samples, "test picture"), accuracyText(test.Accuracy), test.Loss))
	}
	times := "All epochs took " + durationText(r.Result.Seconds)
	if r.Result.MsPerStep > 0 {
		times += fmt.Sprintf(", a step %s ms (median)", millisecondsText(r.Result.MsPerStep))
	}
	if len(report) > 0 {
		times += fmt.Sprintf("; the report's steps took %s ms", millisecondsText(report.MedianMsPerStep()))
	}
	return append(lines, times)
}

func accuracies(h train.History) string {
	final, best := h[len(h)-1], h.Best()
	return fmt.Sprintf("%s after epoch %d, best %s after epoch %d",
		accuracyText(final.ValAccuracy), final.Epoch, accuracyText(best.ValAccuracy), best.Epoch)
}
