package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"zoo/mnist"
	"zoo/models/exchange"
)

// resources are what a process that works for long must not gather.
type resources struct {
	heap       uint64 // bytes that are reachable
	goroutines int
	files      int // descriptors; 0 where they cannot be counted
}

// inUse collects what is garbage and counts the rest. Goroutines that are about to end are given the time.
func inUse(settled int) resources {
	for range 100 {
		if runtime.NumGoroutine() <= settled {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	runtime.GC()
	runtime.GC() // finalizers of the first have run
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	r := resources{heap: memory.HeapAlloc, goroutines: runtime.NumGoroutine()}
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		r.files = len(entries)
	}
	return r
}

// TestSoak trains, resumes, evaluates and predicts in one process for the time in ZOO_SOAK (make soak), and wants memory,
// goroutines and open files at the end as they were after the first rounds.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("ZOO_SOAK"))
	if err != nil {
		t.Skip("takes long; ZOO_SOAK=30m, or make soak, runs it")
	}
	dir := killable(t)
	out := filepath.Join(dir, "runs")
	last := filepath.Join(out, killedModel, lastFile)
	data := filepath.Join(dir, "bars")
	pictures := [][]float32{make([]float32, mnist.PixelsPerImage), make([]float32, mnist.PixelsPerImage)}
	main := func(args ...string) {
		var stdout, stderr bytes.Buffer
		if code := Main(args, &stdout, &stderr); code != exitDone {
			t.Fatalf("%v: exit code %d: %s", args, code, &stderr)
		}
	}
	training := []string{"-model", killedModel, "-data", data, "-out", out, "-batch", "4", "-epochs", "2", "-save-every", "2",
		"-lr", "0.003", "-early-stop", "9", "-restore-best", "-log", "csv,json,tensorboard"}
	round := func() {
		main(append(training, "-force")...)
		if err := os.Remove(filepath.Join(out, killedModel, resultFile)); err != nil {
			t.Fatal(err)
		}
		main(append(training, "-resume")...)
		main("evaluate", "-weights", last, "-data", data)
		main("predict", "-weights", last, filepath.Join(out, "bars.png"))
		predictor, err := exchange.Load(last)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := predictor.Predict(pictures); err != nil {
			t.Fatal(err)
		}
	}

	const warm = 5 // rounds in which pools and caches fill
	began := time.Now()
	for range warm {
		round()
	}
	first := inUse(0)
	most, rounds, shown := first, warm, time.Now()
	for time.Since(began) < length {
		round()
		rounds++
		now := inUse(first.goroutines)
		most = resources{max(most.heap, now.heap), max(most.goroutines, now.goroutines), max(most.files, now.files)}
		if time.Since(shown) > length/10 {
			shown = time.Now()
			t.Logf("%v, %d rounds: heap %.1f MB, %d goroutines, %d files", time.Since(began).Round(time.Second), rounds,
				float64(now.heap)/1e6, now.goroutines, now.files)
		}
	}
	end := inUse(first.goroutines)
	t.Logf("%d rounds in %v: heap %.1f MB after %d rounds, %.1f MB at the end, %.1f MB at most; goroutines %d, %d, %d; files %d, %d, %d",
		rounds, time.Since(began).Round(time.Second), float64(first.heap)/1e6, warm, float64(end.heap)/1e6, float64(most.heap)/1e6,
		first.goroutines, end.goroutines, most.goroutines, first.files, end.files, most.files)
	if grown := float64(end.heap) - float64(first.heap); grown > 0.05*float64(first.heap)+1e6 {
		t.Errorf("the heap has grown by %.1f MB", grown/1e6)
	}
	if end.goroutines > first.goroutines {
		t.Errorf("%d goroutines, %d at first", end.goroutines, first.goroutines)
	}
	if end.files > first.files {
		t.Errorf("%d open files, %d at first", end.files, first.files)
	}
}
