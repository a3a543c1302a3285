package train

import (
	"os"
	"strings"
)

// cpuModel is the processor's name, "" where there is none.
func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	return modelName(string(text))
}

// modelName is the first "model name" in the text of /proc/cpuinfo.
func modelName(text string) string {
	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
