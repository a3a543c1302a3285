package plots

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"zoo/train"
)

// Report writes a report in Markdown that sets the runs beside the lab report:
// all results in one table, the answers to what the report claims, then for each
// model its settings, results, times, curves, epochs, structure and predictions,
// with the report's numbers and those of real Keras beside them where they are
// known, and the variants in one table. What does not compare with the report is
// said at its place; the end says what is missing and what a single run cannot
// tell. A section without runs or without epochs in its summary is an error.
func Report(w io.Writer, c Contents) error {
	if err := checkSections(c.Sections, c.Variants); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	out := &markdown{bufio.NewWriter(w)}
	out.intro(c)
	out.results(c)
	out.claims(c.Claims)
	out.samples(c.Samples)
	for _, s := range c.Sections {
		out.section(c, s)
	}
	out.variants(c.Variants)
	out.limits(c)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// reportTitle is the heading of the report.
const reportTitle = "The lab report, trained again"

func (m *markdown) intro(c Contents) {
	m.line("# %s\n", reportTitle)
	m.line("“Report” is what the lab report prints, one run on its author's machine. “Keras” is one run of Keras 3.15 on")
	m.line("TensorFlow in float32 with the report's settings, where there is one. Ours are means over runs that differ in")
	m.line("their seed alone, ± the standard deviation of one run. Accuracies are fractions of the pictures, losses are mean")
	m.line("cross-entropies in nats. Times of different machines tell nothing about the programs.\n")
	all := slices.Concat(c.Sections, c.Variants)
	for _, seeds := range distinct(all, func(s Section) []string { return []string{seedsText(s)} }) {
		m.line("- Seeds: %s", escape(seeds))
	}
	for _, machine := range distinct(all, ofRuns(machineText)) {
		m.line("- Machine: %s", escape(machine))
	}
	for _, versions := range distinct(all, ofRuns(versionsText)) {
		m.line("- Versions: %s", escape(versions))
	}
	if len(all) > 0 {
		m.line("")
	}
}

// seedsText are the seeds of the runs, as 1 to 5 where three or more follow each other: 1 to 5, 8, 9.
func seedsText(s Section) string {
	var parts []string
	for i := 0; i < len(s.Runs); {
		first, n := s.Runs[i].Result.Settings.Seed, 1
		for i+n < len(s.Runs) && s.Runs[i+n].Result.Settings.Seed == first+uint64(n) {
			n++
		}
		if n >= 3 {
			parts = append(parts, fmt.Sprintf("%d to %d", first, first+uint64(n)-1))
			i += n
			continue
		}
		parts = append(parts, fmt.Sprint(first))
		i++
	}
	return strings.Join(parts, ", ")
}

func machineText(r train.Result) string {
	m := r.Machine
	return fmt.Sprintf("%s, %s, %s/%s, %s, %s kernels", m.CPU, plural(m.Cores, "core"), m.OS, m.Arch, plural(r.Settings.Workers, "worker"), r.Settings.Kernels)
}

func versionsText(r train.Result) string {
	v := r.Versions
	return fmt.Sprintf("zoo %s, %s, Gorgonia %s, tensor %s", v.Zoo, v.Go, v.Gorgonia, v.Tensor)
}

// ofRuns are the texts of a section's runs.
func ofRuns(text func(train.Result) string) func(Section) []string {
	return func(s Section) []string {
		var texts []string
		for _, r := range s.Runs {
			texts = append(texts, text(r.Result))
		}
		return texts
	}
}

// distinct are the different texts of the sections in their order, each followed
// by the models that it belongs to unless it is everyone's.
func distinct(sections []Section, of func(Section) []string) []string {
	var texts []string
	names := map[string][]string{}
	for _, s := range sections {
		for _, t := range of(s) {
			if names[t] == nil {
				texts = append(texts, t)
			}
			if !slices.Contains(names[t], s.Entry.Name) {
				names[t] = append(names[t], s.Entry.Name)
			}
		}
	}
	if len(texts) < 2 {
		return texts
	}
	for i, t := range texts {
		texts[i] = fmt.Sprintf("%s (%s)", t, strings.Join(names[t], ", "))
	}
	return texts
}

func (m *markdown) results(c Contents) {
	m.line("## Results\n")
	if len(c.Sections) > 0 {
		var rows []table.Row
		for _, s := range c.Sections {
			rows = append(rows, m.resultRow(s))
		}
		m.table(table.Row{
			words("model"), "runs", "final val_accuracy", "report's", "difference in sd", "best val_accuracy", "test accuracy", "parameters", "time of a run",
		}, rows)
		m.line("The difference is ours less the report's, in standard deviations of our final accuracy: between -2 and +2 a run of ours")
		m.line("could as well have printed the report's number (of few runs the deviation itself is uncertain). It is “-” where there is one")
		m.line("run, no number in the report but whole percents, or other settings than the report's.\n")
	} else {
		m.line("There are no runs to show.\n")
	}
	remarks := differenceRemarks(c.Sections)
	for _, remark := range remarks {
		m.line("- %s", escape(remark))
	}
	if len(remarks) > 0 {
		m.line("")
	}
}

func (m *markdown) resultRow(s Section) table.Row {
	p, sum := reference(), s.Summary
	test, deviations := missing, missing
	if len(s.differences()) == 0 {
		deviations = deviationsText(sum.Final, p.report[s.Entry.Name])
	}
	if sum.TestAccuracy != nil {
		test = estimateText(*sum.TestAccuracy, metricDecimals)
	}
	return table.Row{
		s.Entry.Section + " " + s.Entry.Name, len(s.Runs), estimateText(sum.Final, metricDecimals), p.finalText(s.Entry.Name), deviations,
		estimateText(sum.Best, metricDecimals), test, thousands(s.result().Parameters), durationText(sum.Seconds.Mean),
	}
}

// finalText is the last validation accuracy that the report prints or claims.
func (p published) finalText(name string) string {
	if h := p.report[name]; len(h) > 0 {
		return accuracyText(h[len(h)-1].ValAccuracy)
	}
	if claim, ok := accuracyClaims[name]; ok {
		return claim
	}
	return missing
}

func (m *markdown) samples(pictures []Picture) {
	if len(pictures) == 0 {
		return
	}
	m.line("## Data\n")
	for _, p := range pictures {
		m.picture("samples of "+p.Title, p.Path)
	}
}

func (m *markdown) variants(variants []Section) {
	if len(variants) == 0 {
		return
	}
	m.line("## Variants\n")
	m.line("Each is a model of the report but for one thing, so that runs with the same seeds measure what that does.\n")
	var rows []table.Row
	for _, s := range variants {
		sum := s.Summary
		rows = append(rows, table.Row{
			s.Entry.Name, len(s.Runs), estimateText(sum.Final, metricDecimals), estimateText(sum.Best, metricDecimals),
			estimateText(sum.Gap, metricDecimals), thousands(s.result().Parameters), stepsText(sum.MsPerStep), durationText(sum.Seconds.Mean), s.Entry.Title,
		})
	}
	m.table(table.Row{
		words("variant"), "runs", "final val_accuracy", "best val_accuracy", "val_loss − loss", "parameters", "ms/step", "time of a run", words("what it is"),
	}, rows)
	remarks := differenceRemarks(variants)
	for _, remark := range remarks {
		m.line("- %s", escape(remark))
	}
	if len(remarks) > 0 {
		m.line("")
	}
}

// limits says what is missing and what the numbers cannot tell.
func (m *markdown) limits(c Contents) {
	var lines []string
	for _, l := range c.LeftOut {
		lines = append(lines, leftOutText(l))
	}
	var single []string
	for _, s := range slices.Concat(c.Sections, c.Variants) {
		if len(s.Runs) == 1 {
			single = append(single, s.Entry.Name)
		}
	}
	if len(single) > 0 {
		lines = append(lines, strings.Join(single, ", ")+
			": one run each, so it is not known how far another seed would be from it, and no difference from it can be told from chance")
	}
	if len(c.Sections) > 0 && len(c.Claims) == 0 {
		lines = append(lines, "the report's claims are not answered here")
	}
	if len(lines) == 0 {
		return
	}
	m.line("## Left out, and what a single run cannot tell\n")
	for _, line := range lines {
		m.line("- %s", escape(line))
	}
	m.line("")
}

// lastOf is the last epoch, nil when there is none.
func lastOf(h train.History) *train.Epoch {
	if len(h) == 0 {
		return nil
	}
	return &h[len(h)-1]
}
