package bench

import (
	"os"
	"runtime"
	"testing"
)

func TestHighWaterMark(t *testing.T) {
	if got, err := highWaterMark("Name:\tzoo\nVmPeak:\t 9999 kB\nVmHWM:\t   2048 kB\nVmRSS:\t 1024 kB\n"); got != 2<<20 || err != nil {
		t.Errorf("%d, %v, want 2 MiB", got, err)
	}
	for _, status := range []string{"", "Name:\tzoo\nVmRSS:\t 1024 kB\n", "VmHWM:\t many kB\n"} {
		if got, err := highWaterMark(status); err == nil {
			t.Errorf("%q: %d, want an error", status, got)
		}
	}
}

func TestPeakMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	touched := make([]byte, 64<<20)
	for i := range touched {
		touched[i] = 1
	}
	bytes, err := peakMemory(os.Getpid())
	if err != nil || bytes < int64(len(touched)) {
		t.Errorf("%d bytes, %v, want at least the %d in use", bytes, err, len(touched))
	}
	runtime.KeepAlive(touched)
	if _, err := peakMemory(1 << 30); err == nil {
		t.Error("of a process that is not: no error")
	}
}
