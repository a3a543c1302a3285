package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// peakMemory is the most memory that the process has had resident, in bytes, 0
// where the system does not tell: only Linux does. (getrusage's ru_maxrss would
// not do: a process begins with its parent's.)
func peakMemory(pid int) (int64, error) {
	if runtime.GOOS != "linux" {
		return 0, nil
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return highWaterMark(string(text))
}

// highWaterMark reads VmHWM in the text of /proc/PID/status.
func highWaterMark(status string) (int64, error) {
	for line := range strings.Lines(status) {
		value, found := strings.CutPrefix(line, "VmHWM:")
		if !found {
			continue
		}
		kibibytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("VmHWM: %w", err)
		}
		return kibibytes << 10, nil
	}
	return 0, fmt.Errorf("no VmHWM in a process's status")
}
