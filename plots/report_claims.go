package plots

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"zoo/internal/study"
)

// claims writes the answers in one table, then each with what it rests on.
func (m *markdown) claims(claims []study.Claim) {
	if len(claims) == 0 {
		return
	}
	m.line("## What the report claims\n")
	var rows []table.Row
	for _, c := range claims {
		rows = append(rows, table.Row{c.Number, c.Text, verdictText(c.Verdict), effectsText(c.Findings)})
	}
	m.table(table.Row{words("claim"), words("what it says"), words("verdict"), words("effect (95% interval)")}, rows)
	for _, c := range claims {
		m.claim(c)
	}
}

func (m *markdown) claim(c study.Claim) {
	m.line("### %s\n", escape(fmt.Sprintf("%d. %s", c.Number, strings.TrimSuffix(c.Text, "."))))
	m.line("%s – %s\n", verdictText(c.Verdict), withCode(c.Sentence))
	if len(c.Findings) == 0 {
		return
	}
	// A single finding's verdict is the claim's; the last column is for what is not decided.
	verdicts := len(c.Findings) > 1
	open := slices.ContainsFunc(c.Findings, func(f study.Finding) bool { return f.Verdict == study.Undecided })
	header := table.Row{words("measured"), "effect", "95% interval", "n", "p"}
	if verdicts {
		header = append(header, words("verdict"))
	}
	if open {
		header = append(header, "seeds to decide")
	}
	header = append(header, words("test"))
	var rows []table.Row
	for _, f := range c.Findings {
		row := table.Row{f.What, effectText(f), intervalText(f), numberText(f), probabilityText(f)}
		if verdicts {
			row = append(row, verdictText(f.Verdict))
		}
		if open {
			row = append(row, neededText(f))
		}
		rows = append(rows, append(row, cmp.Or(f.Test, missing)))
	}
	m.table(header, rows)
}

// verdictText marks the verdict, so that pages can give it a colour.
func verdictText(v study.Verdict) verbatim {
	if v == "" {
		return missing
	}
	return verbatim("**" + escape(string(v)) + "**")
}

// mostInCell is how many findings a cell of the table of claims has.
const mostInCell = 2

// effectsText are the first findings' effects with their intervals.
func effectsText(findings []study.Finding) string {
	var parts []string
	for i, f := range findings {
		if i == mostInCell {
			parts = append(parts, fmt.Sprintf("%d more below", len(findings)-i))
			break
		}
		part := effectText(f)
		if interval := intervalText(f); interval != missing {
			part += " (" + interval + ")"
		}
		parts = append(parts, part)
	}
	return cmp.Or(strings.Join(parts, "; "), missing)
}

// effectText is the measured value in its unit.
func effectText(f study.Finding) string {
	if f.N == 0 {
		return missing
	}
	return f.EffectText()
}

func intervalText(f study.Finding) string { return cmp.Or(f.IntervalText(), missing) }

// numberText is how many runs, or pairs of them, a finding rests on.
func numberText(f study.Finding) string {
	of := f.Of
	if f.N == 1 {
		of = strings.TrimSuffix(of, "s")
	}
	return strings.TrimSpace(fmt.Sprint(f.N, " ", of))
}

func probabilityText(f study.Finding) string {
	switch {
	case f.N < 2 || f.Test == "" || !(f.P >= 0):
		return missing
	case f.P < 0.0001:
		return "< 0.0001"
	default:
		return fmt.Sprintf("%.4f", f.P)
	}
}

// neededText is how many seeds would decide what these have not.
func neededText(f study.Finding) string {
	switch {
	case f.Verdict != study.Undecided:
		return missing
	case f.Needed > 0:
		return "about " + thousands(f.Needed)
	default:
		return "not known"
	}
}
