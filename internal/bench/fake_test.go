package bench

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"zoo/models"
)

// TestMain runs the test binary as a framework's process where its first
// argument asks for one.
func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == "fake" {
		os.Exit(fakeProcess(os.Args[2], os.Args[3]))
	}
	// Under the race detector every process sleeps for a second at its end.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// fake is a framework whose process does what it is named for; see
// fakeProcess. Commands are logged in the file.
func fake(name, log string) Framework {
	return Framework{Name: name, Command: func(t Task) []string {
		return append([]string{os.Args[0], "fake", name, log}, t.Args()...)
	}}
}

// fakeProcess answers like a framework whose steps take 10 ms, those that do not
// count 1 s. The name says how it fails.
func fakeProcess(name, log string) int {
	note := func(text string) {
		file, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
		if err != nil {
			panic(err)
		}
		defer file.Close()
		fmt.Fprintf(file, "%s %s\n", name, text)
	}
	if name == "never starts" {
		fmt.Println(`{"error": "no module named fake"}`)
		return 1
	}
	note("starts")
	fmt.Printf("{\"versions\": {%q: \"1.2\"}, \"kernels\": \"of %s\"}\n", name, name)
	commands := 0
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		command := lines.Text()
		commands++
		note(command)
		switch {
		case name == "dies":
			fmt.Fprint(os.Stderr, "Traceback\n  out of memory\n\n")
			return 3
		case name == "fails" && commands == 3:
			fmt.Println(`{"error": "the loss is nan"}`)
			continue
		case name == "babbles":
			fmt.Println("Epoch 1/11")
			continue
		case name == "miscounts":
			fmt.Println(`{"ns": [10000000]}`)
			continue
		case name == "stands still":
			fmt.Println(`{"ns": [0, 0, 0, 0]}`)
			continue
		case name == "hangs":
			time.Sleep(time.Hour)
		}
		fmt.Println(fakeAnswer(command))
	}
	if name == "ends badly" {
		return 4
	}
	note("ends")
	return 0
}

func fakeAnswer(command string) string {
	var batch, runs int
	switch fields := strings.Fields(command); fields[0] {
	case "peak":
		return `{"peak_gflops": 2, "peak_gb_s": 50}`
	case "profile":
		return `{"profile": {"ms": 10, "rows": [{"op": "dense", "calls": 1, "ms": 10, "share": 1}]}}`
	case "step":
		fmt.Sscan(fields[1], &runs)
	case "predict":
		fmt.Sscan(fields[1]+" "+fields[2], &batch, &runs)
	}
	times := strings.Repeat(", 10000000", runs-1)
	return fmt.Sprintf(`{"ns": [1000000000%s], "flops": 1e7}`, times)
}

// exampleTask is a task for fakes.
func exampleTask(t *testing.T) Task {
	t.Helper()
	entries, err := models.Select("mnist-dense")
	if err != nil {
		t.Fatal(err)
	}
	return Task{Entry: entries[0], Batch: 8, Workers: 2}
}
