package plots

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"zoo/internal/study"
	"zoo/train"
)

const missing = "-"

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// thousands writes a number as 1,234,567.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// paramsAndSize is a number of float32 parameters with the memory they take, as
// Keras writes it: 902,154 (3.44 MB).
func paramsAndSize(params int) string {
	size := 4 * float64(params)
	unit := 0
	units := []string{"B", "KB", "MB", "GB", "TB", "PB"}
	for size >= 1024 && unit < len(units)-1 {
		size /= 1024
		unit++
	}
	return fmt.Sprintf("%s (%.2f %s)", thousands(params), size, units[unit])
}

func accuracyText(v float64) string { return fmt.Sprintf("%.4f", v) }

// msDecimals gives milliseconds three significant digits, more from 1000 on.
func msDecimals(ms float64) int {
	switch {
	case ms >= 99.95:
		return 0
	case ms >= 9.995:
		return 1
	default:
		return 2
	}
}

// millisecondsText is missing where nothing was measured, as in an epoch of a
// single step.
func millisecondsText(ms float64) string {
	if ms == 0 {
		return missing
	}
	return fixed(ms, msDecimals(ms))
}

// durationText is 34.2s, 12m34s or 1h02m.
func durationText(seconds float64) string {
	if seconds < 59.95 {
		return fmt.Sprintf("%.1fs", seconds)
	}
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	if d < time.Hour {
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// metricDecimals are four as the report's, one where the losses of section 2.0
// are large.
func metricDecimals(v float64) int {
	if math.Abs(v) >= 100 {
		return 1
	}
	return 4
}

func metricText(v float64) string { return fixed(v, metricDecimals(v)) }

// fixed has no sign where it rounds to zero.
func fixed(v float64, decimals int) string {
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Trim(text, "-0.") == "" {
		return strings.TrimPrefix(text, "-")
	}
	return text
}

// estimateText is 0.9220 ± 0.0021, without a deviation when there is one run,
// missing when there is none.
func estimateText(e study.Estimate, decimals func(float64) int) string {
	places := decimals(e.Mean)
	switch {
	case e.N == 0:
		return missing
	case e.N == 1:
		return fixed(e.Mean, places)
	default:
		return fixed(e.Mean, places) + " ± " + fixed(e.SD, places)
	}
}

// stepsText is missing where nothing was measured, as millisecondsText.
func stepsText(e study.Estimate) string {
	if e.Mean == 0 {
		return missing
	}
	return estimateText(e, msDecimals)
}

// durationsText is 4m17s ± 3.2s.
func durationsText(e study.Estimate) string {
	if e.N < 2 {
		return durationText(e.Mean)
	}
	return durationText(e.Mean) + " ± " + durationText(e.SD)
}

// deviationsText is how many of our standard deviations our mean lies above the
// report's last validation accuracy.
func deviationsText(ours study.Estimate, report train.History) string {
	last := lastOf(report)
	if last == nil || ours.N < 2 || !(ours.SD > 0) {
		return missing
	}
	d := (ours.Mean - last.ValAccuracy) / ours.SD
	if d >= 0 {
		return "+" + fixed(d, 1)
	}
	return fixed(d, 1)
}

// ratioText is how many times b goes into a.
func ratioText(a, b float64) string {
	if !(a > 0 && b > 0) {
		return missing
	}
	return fixed(a/b, msDecimals(a/b))
}
