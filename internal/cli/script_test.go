package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"zoo/mnist"
	"zoo/models/kernel"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"zoo": func() { os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(name string) (bool, error) {
			if name != "avx" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			tier, err := kernel.Tier()
			return strings.HasPrefix(tier, "avx"), err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   scriptExits,
			"dataset": scriptDataset,
			"untimed": scriptUntimed,
			"plain":   scriptPlain,
			"weights": scriptWeights,
			"paint":   scriptPaint,
			"hostile": scriptHostile,
			"sames":   scriptSames,
		},
	})
}

// scriptExits runs a command that must end with the given code: exits CODE COMMAND ARGUMENT...
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", code, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// scriptDataset is writeDataset: dataset DIR TRAINING-IMAGES TEST-IMAGES
func scriptDataset(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: dataset DIR TRAINING-IMAGES TEST-IMAGES")
	}
	training, err := strconv.Atoi(args[1])
	ts.Check(err)
	test, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(writeDataset(ts.MkAbs(args[0]), training, test))
}

// writeDataset writes the four IDX files of a small data set, which is read in no time. A picture of class c has a bright
// bar in row 2c+4.
func writeDataset(dir string, training, test int) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for part, n := range map[string]int{"train": training, "t10k": test} {
		images := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 3}, uint32(n))
		images = binary.BigEndian.AppendUint32(images, mnist.Side)
		images = binary.BigEndian.AppendUint32(images, mnist.Side)
		labels := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 1}, uint32(n))
		for image := range n {
			class := image % 10
			picture := make([]byte, mnist.PixelsPerImage)
			for x := range mnist.Side {
				picture[(2*class+4)*mnist.Side+x] = byte(128 + (image+x)%128)
			}
			images = append(images, picture...)
			labels = append(labels, byte(class))
		}
		if err := os.WriteFile(filepath.Join(dir, part+"-images-idx3-ubyte"), images, 0o666); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, part+"-labels-idx1-ubyte"), labels, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// timeColumns are seconds and ms_per_step, the last but one and two of a line of history.csv.
var timeColumns = regexp.MustCompile(`(?m),[^,\n]+,[^,\n]+(,[^,\n]+)$`)

// scriptUntimed copies a history.csv without its times: untimed FROM TO
func scriptUntimed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: untimed FROM TO")
	}
	history := timeColumns.ReplaceAllString(ts.ReadFile(args[0]), "$1")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(history), 0o666))
}

// scriptPlain wants text without control characters other than the ends of lines: plain FILE...
func scriptPlain(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		found := bytes.ContainsFunc([]byte(ts.ReadFile(name)), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f })
		if found == !neg {
			ts.Fatalf("%s: control characters: %v", name, found)
		}
	}
}

// scriptSames wants evaluate -json -data bars to tell of each of these weights what it told of others: sames TEXT FILE...
func scriptSames(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: sames TEXT FILE...")
	}
	weights := regexp.MustCompile(`(?m)^  "weights": .*$`)
	want := weights.ReplaceAllString(ts.ReadFile(args[0]), "")
	for _, file := range args[1:] {
		ts.Check(ts.Exec("zoo", "evaluate", "-json", "-data", "bars", "-model", "mnist-dense", "-weights", file))
		if got := weights.ReplaceAllString(ts.ReadFile("stdout"), ""); got != want {
			ts.Fatalf("%s: %s\nwant %s", file, got, want)
		}
	}
}
