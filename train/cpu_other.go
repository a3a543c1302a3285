//go:build !linux && !darwin

package train

import "os"

// cpuModel is the processor's name as Windows puts it into every environment,
// "" elsewhere.
func cpuModel() string { return os.Getenv("PROCESSOR_IDENTIFIER") }
