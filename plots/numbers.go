package plots

import (
	"fmt"
	"strconv"
	"strings"
	"time"
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

// millisecondsText has three significant digits, more from 1000 on. Nothing was
// measured where an epoch has a single step.
func millisecondsText(ms float64) string {
	switch {
	case ms == 0:
		return missing
	case ms >= 99.95:
		return fmt.Sprintf("%.0f", ms)
	case ms >= 9.995:
		return fmt.Sprintf("%.1f", ms)
	default:
		return fmt.Sprintf("%.2f", ms)
	}
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

// metricText has four decimals as the report's, one where the losses of section
// 2.0 are large.
func metricText(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.4f", v)
}
