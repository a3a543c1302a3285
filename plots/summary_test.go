package plots

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func summaryOf(t *testing.T, m Model) string {
	t.Helper()
	var b strings.Builder
	if err := Summary(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSummaryIsKeras compares with what Keras printed. Where Keras cut names off,
// ours is cut the same way first.
func TestSummaryIsKeras(t *testing.T) {
	files, err := filepath.Glob("../models/testdata/keras/summary_*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no summaries of Keras: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "summary_"), ".txt")
		t.Run(name, func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := summaryOf(t, modelNamed(t, name))
			if strings.Contains(string(want), "…") {
				if strings.Contains(got, "…") {
					t.Error("the summary cuts a name off")
				}
				got = cutAsKeras(got)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("differs from Keras (-Keras +ours):\n%s", diff)
			}
		})
	}
}

// cutAsKeras brings the last column to the width that it has in Keras, as Keras
// does: texts that are too long end in "…".
func cutAsKeras(summary string) string {
	lines := strings.Split(summary, "\n")
	for i, line := range lines {
		text := []rune(line)
		if len(text) <= summaryWidth {
			continue
		}
		end := len(text) - 1
		if fit := summaryWidth - 2; text[end] == '│' && strings.TrimSpace(string(text[fit:end])) != "" {
			text[fit-1] = '…'
			text[fit] = ' '
		}
		lines[i] = string(text[:summaryWidth-1]) + string(text[end])
	}
	return strings.Join(lines, "\n")
}

// TestSummaryShowsEverything: nothing is cut off, all lines of the table are as
// long, and no two layers run into each other.
func TestSummaryShowsEverything(t *testing.T) {
	m := &declared{name: "long"}
	name := strings.Repeat("name_", 20)
	in := m.add("input_layer", "InputLayer", []int{28, 28, 1})
	x := m.add(name, "Conv2D", []int{26, 26, 64}, in)
	m.layers[x].Params, m.layers[x].NonTrainable = 1e12, 300
	m.add("concatenate", "Concatenate", []int{1}, in, x)
	got := summaryOf(t, m)
	for _, want := range []string{name + " ", name + "[0][0] ", "1,000,000,000,000 ", " Total params: 1,000,000,000,000 (3.64 TB)\n", " Non-trainable params: 300 (1.17 KB)\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("the summary lacks %q:\n%s", want, got)
		}
	}
	width := 0
	for line := range strings.Lines(got) {
		if !strings.ContainsAny(line[:3], "┏┃┡│├└") {
			continue
		}
		if width == 0 {
			width = utf8.RuneCountInString(line)
		}
		if n := utf8.RuneCountInString(line); n != width {
			t.Errorf("%d columns, want %d: %s", n, width, line)
		}
	}
}

// TestSummaryOfChain: a functional model without branches has no column
// "Connected to", but its InputLayer; a sequential one has neither.
func TestSummaryOfChain(t *testing.T) {
	m := &declared{name: "chain"}
	m.add("dense", "Dense", []int{10}, m.add("input_layer", "InputLayer", []int{784}))
	for _, sequential := range []bool{false, true} {
		m.sequential = sequential
		got := summaryOf(t, m)
		if strings.Contains(got, "Connected to") {
			t.Errorf("sequential %v: the summary tells what the layers are connected to:\n%s", sequential, got)
		}
		if strings.Contains(got, "InputLayer") == sequential {
			t.Errorf("sequential %v: wrong about the InputLayer:\n%s", sequential, got)
		}
	}
}

func TestSummaryOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		if err := Summary(io.Discard, m); err != nil {
			t.Fatal(err)
		}
	})
}
