package train

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// script is a training that only its callbacks see, on a clock that costs no time.
type script struct {
	epochs, steps, validationSteps int
	step, validation               time.Duration
	loss                           float64 // of the first step, then falling
	breakOff                       int     // after so many steps of the first epoch
}

// play runs the script. It must be called in a synctest bubble.
func (s script) play(t *testing.T, h Callback) {
	t.Helper()
	began := time.Now()
	p := &Training{Progress: Progress{Epochs: s.epochs, Steps: s.steps, ValidationSteps: s.validationSteps, LearningRate: .01}}
	err := h.TrainBegin(p)
	for p.Epoch < s.epochs {
		p.Epoch++
		p.Step = 0
		epochBegan := time.Now()
		err = errors.Join(err, h.EpochBegin(p))
		for p.Step < s.steps && (s.breakOff == 0 || p.Step < s.breakOff) {
			time.Sleep(s.step)
			p.Step++
			p.Loss, p.Accuracy = s.loss/float64(p.Step), .5
			p.Elapsed = time.Since(began)
			err = errors.Join(err, h.BatchEnd(p))
		}
		if p.Step < s.steps {
			break
		}
		time.Sleep(s.validation)
		err = errors.Join(err, h.EpochEnd(p, Epoch{
			Epoch: p.Epoch, Loss: p.Loss, Accuracy: p.Accuracy, ValLoss: .25, ValAccuracy: .9313,
			Seconds: time.Since(epochBegan).Seconds(), MsPerStep: float64(s.step) / 1e6, LearningRate: .01,
		}))
	}
	if err := errors.Join(err, h.TrainEnd(p)); err != nil {
		t.Error(err)
	}
}

// output is what the callback writes while the script plays.
func output(t *testing.T, o ProgressOptions, s script) string {
	t.Helper()
	var out strings.Builder
	synctest.Test(t, func(t *testing.T) { s.play(t, NewProgress(&out, o)) })
	return out.String()
}

// screen is what a terminal of endless width shows after the output: carriage
// returns overwrite, colours do not show.
func screen(out string) []string {
	out = strings.NewReplacer(green, "", plain, "").Replace(out)
	var lines []string
	for written := range strings.SplitSeq(out, "\n") {
		var line []byte
		for part := range strings.SplitSeq(written, "\r") {
			line = append([]byte(part), line[min(len(part), len(line)):]...)
		}
		lines = append(lines, strings.TrimRight(string(line), " "))
	}
	return lines
}

const line3 = "3/3 [==============================] - "

// short is three epochs of three steps.
var short = script{epochs: 3, steps: 3, validationSteps: 1, step: 100 * time.Millisecond, validation: 1400 * time.Millisecond, loss: .9}

const shortText = "Epoch 1/3\n" +
	line3 + "2s 100ms/step - loss: 0.3000 - accuracy: 0.5000 - val_loss: 0.2500 - val_accuracy: 0.9313\n" +
	"Epoch 2/3\n" +
	line3 + "2s 100ms/step - loss: 0.3000 - accuracy: 0.5000 - val_loss: 0.2500 - val_accuracy: 0.9313\n" +
	"Epoch 3/3\n" +
	line3 + "2s 100ms/step - loss: 0.3000 - accuracy: 0.5000 - val_loss: 0.2500 - val_accuracy: 0.9313\n"

func TestProgressOffATerminal(t *testing.T) {
	// Colour needs a terminal.
	if diff := cmp.Diff(shortText, output(t, ProgressOptions{Color: true}, short)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestProgressOnATerminal(t *testing.T) {
	s := short
	s.epochs = 1
	clear := "\r" + strings.Repeat(" ", 63) + "\r"
	want := "Epoch 1/1\n" +
		"\rloss: 0.9000 - accuracy: 0.5000  33% [====>.............] (1/3) [0s:0s]" +
		"\rloss: 0.4500 - accuracy: 0.5000  66% [==========>.......] (2/3) [0s:0s]" +
		"\rloss: 0.3000 - accuracy: 0.5000 100% [==================] (3/3)        " +
		clear +
		line3 + "2s 100ms/step - loss: 0.3000 - accuracy: 0.5000 - val_loss: 0.2500 - val_accuracy: 0.9313\n"
	got := output(t, ProgressOptions{Terminal: true}, s)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What remains on a terminal is what is written elsewhere.
func TestProgressLeavesTheSameText(t *testing.T) {
	long := script{epochs: 2, steps: 938, validationSteps: 157, step: 80 * time.Millisecond, validation: 4 * time.Second, loss: 2.3}
	quick := script{epochs: 4, steps: 50, step: time.Millisecond, loss: 1e-4}
	for _, s := range []script{short, long, quick, {epochs: 2, steps: 1, loss: 3}} {
		want := strings.Split(output(t, ProgressOptions{}, s), "\n")
		for _, o := range []ProgressOptions{{Terminal: true}, {Terminal: true, Color: true}, {Terminal: true, Width: 40}, {Terminal: true, Width: 200}} {
			if diff := cmp.Diff(want, screen(output(t, o, s))); diff != "" {
				t.Errorf("%+v, %+v (-elsewhere +terminal)\n%s", s, o, diff)
			}
		}
	}
}

func TestProgressShowsTheTimeLeft(t *testing.T) {
	out := output(t, ProgressOptions{Terminal: true}, script{epochs: 1, steps: 1000, step: 100 * time.Millisecond, loss: 1})
	if want := "(600/1000) [1m0s:40s]"; !strings.Contains(out, want) {
		t.Errorf("no %s in the output", want)
	}
}

// A line as wide as the terminal would wrap, and could not be overwritten.
func TestLiveLineFitsTheTerminal(t *testing.T) {
	for _, width := range []int{1, 20, 60, 72, 80, 100, 300} {
		s := script{epochs: 1, steps: 938, step: 5 * time.Second, loss: 1e7}
		out := output(t, ProgressOptions{Terminal: true, Color: true, Width: width}, s)
		widest, frames := 0, 0
		for part := range strings.FieldsFuncSeq(out, func(r rune) bool { return r == '\r' || r == '\n' }) {
			if strings.HasPrefix(part, "Epoch") || strings.HasPrefix(part, "938/938") || strings.HasPrefix(part, "about") {
				continue
			}
			frames++
			widest = max(widest, len(screen(part)[0]))
		}
		if widest >= width || width > 1 && frames < 900 {
			t.Errorf("width %d: %d frames, the widest of %d columns", width, frames, widest)
		}
	}
}

func TestLiveLineIsDrawnAtMostEvery50ms(t *testing.T) {
	out := output(t, ProgressOptions{Terminal: true}, script{epochs: 1, steps: 1000, step: time.Millisecond, loss: 1})
	// One after the first step, one every 50 ms of the other 999, one at the end, one to clear it.
	if frames := strings.Count(out, "\rloss"); frames != 1+19+1 {
		t.Errorf("%d frames in a second, want 21", frames)
	}
}

func TestColorIsOnlyColor(t *testing.T) {
	without := output(t, ProgressOptions{Terminal: true}, short)
	with := output(t, ProgressOptions{Terminal: true, Color: true}, short)
	if strings.Count(with, green) != strings.Count(with, plain) || !strings.Contains(with, "["+green+"====") {
		t.Errorf("no coloured bar in %q", with)
	}
	if diff := cmp.Diff(without, strings.NewReplacer(green, "", plain, "").Replace(with)); diff != "" {
		t.Errorf("(-without +with colour)\n%s", diff)
	}
	if strings.Contains(without, "\x1b") {
		t.Errorf("an escape sequence without colour: %q", without)
	}
}

// A file that a training is logged to must hold text alone.
func TestNoControlCharactersOffATerminal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := script{
			epochs: rapid.IntRange(1, 4).Draw(rt, "epochs"), steps: rapid.IntRange(1, 40).Draw(rt, "steps"),
			validationSteps: rapid.IntRange(1, 4).Draw(rt, "validation steps"),
			step:            time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(rt, "step")),
			loss:            rapid.Float64Range(0, 1e9).Draw(rt, "loss"),
			breakOff:        rapid.IntRange(0, 3).Draw(rt, "break off"),
		}
		o := ProgressOptions{Color: true, Width: rapid.IntRange(0, 100).Draw(rt, "width"), Style: Style(rapid.IntRange(0, 1).Draw(rt, "style"))}
		out := output(t, o, s)
		for _, r := range out {
			if r != '\n' && (r < ' ' || r > '~') {
				rt.Fatalf("%q in %q", r, out)
			}
		}
		if !strings.HasSuffix(out, "\n") {
			rt.Fatalf("ends within a line: %q", out)
		}
	})
}

// A training that is broken off leaves the line where it stopped, and the
// cursor below it.
func TestProgressBrokenOff(t *testing.T) {
	s := short
	s.breakOff = 2
	for want, o := range map[string]ProgressOptions{
		"Epoch 1/3\n": {},
		"Epoch 1/3\nloss: 0.4500 - accuracy: 0.5000  66% [==========>.......] (2/3) [0s:0s]\n": {Terminal: true},
		"Epoch0...\n": {Style: DotStyle},
	} {
		if diff := cmp.Diff(want, strings.Join(screen(output(t, o, s)), "\n")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestDots(t *testing.T) {
	for _, test := range []struct {
		steps int
		want  string
	}{
		{937, "Epoch0............Val acc: 0.9313\nEpoch1............Val acc: 0.9313\n"},
		{1875, "Epoch0............Val acc: 0.9313\nEpoch1............Val acc: 0.9313\n"},
		{3, "Epoch0....Val acc: 0.9313\nEpoch1....Val acc: 0.9313\n"},
	} {
		s := script{epochs: 2, steps: test.steps, step: time.Millisecond, loss: 1}
		for _, terminal := range []bool{false, true} {
			got := output(t, ProgressOptions{Style: DotStyle, Terminal: terminal, Color: terminal}, s)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%d steps, terminal %v (-want +got)\n%s", test.steps, terminal, diff)
			}
		}
	}
}

func TestShortest(t *testing.T) {
	for value, want := range map[float64]string{.9313: "0.9313", .93: "0.93", 1: "1.0", 0: "0.0", 2. / 3: "0.6667", 1e-5: "0.0"} {
		if got := shortest(value); got != want {
			t.Errorf("shortest(%v) = %s, want %s", value, got, want)
		}
	}
}

func TestProgressForetellsALongRun(t *testing.T) {
	// 4 epochs of 100 steps of 0.6 s and 25 validation batches: 240 + 20 s.
	long := script{epochs: 4, steps: 100, validationSteps: 25, step: 600 * time.Millisecond, loss: 1}
	const foretold = "about 4m20s for 4 epochs\n"

	out := output(t, ProgressOptions{}, long)
	if !strings.HasPrefix(out, "Epoch 1/4\n"+foretold+"100/100") || strings.Count(out, "about") != 1 {
		t.Errorf("off a terminal:\n%s", out)
	}
	out = output(t, ProgressOptions{Terminal: true}, long)
	before, _, found := strings.Cut(out, foretold)
	if step := strings.Count(before, "\rloss"); !found || step != 4 { // 3 s is the end of step 5
		t.Errorf("told after %d frames, %v", step, found)
	}
	// It waits for the end of a line of dots.
	out = output(t, ProgressOptions{Style: DotStyle}, long)
	if want := "Epoch0...........Val acc: 0.9313\n" + foretold + "Epoch1."; !strings.HasPrefix(out, want) {
		t.Errorf("with dots:\n%s", out)
	}
}

func TestEstimate(t *testing.T) {
	type point struct {
		step    int
		elapsed time.Duration
	}
	for _, test := range []struct {
		name   string
		epochs int
		points []point
		want   string
		told   int // the point at which it is told
	}{
		{"after 20 steps", 11, []point{{1, 2 * time.Second}, {2, 2100 * time.Millisecond}, {19, 2900 * time.Millisecond}, {20, 2950 * time.Millisecond}}, "about 9m10s for 11 epochs\n", 3},
		{"after 3 s", 1, []point{{1, time.Second}, {2, 2 * time.Second}, {3, 3 * time.Second}}, "about 17m for 1 epoch\n", 2},
		{"a slow first step tells nothing", 1, []point{{1, time.Minute}, {2, time.Minute + time.Millisecond}}, "", -1},
		{"not after 20 steps of no time", 11, []point{{1, 0}, {20, 900 * time.Millisecond}, {21, time.Second}}, "about 9m10s for 11 epochs\n", 2},
		{"under a minute", 1, []point{{1, 0}, {20, 1100 * time.Millisecond}, {100, 100 * time.Second}}, "", -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var e estimate
			for i, at := range test.points {
				want := ""
				if i == test.told {
					want = test.want
				}
				p := &Progress{Epoch: 1, Epochs: test.epochs, Steps: 1000, ValidationSteps: 3, Step: at.step, Elapsed: at.elapsed}
				if got := e.line(p); got != want {
					t.Errorf("step %d: %q, want %q", at.step, got, want)
				}
			}
			if got := e.line(&Progress{Epochs: 9, Steps: 1000, Step: 900, Elapsed: time.Hour}); e.done && got != "" {
				t.Errorf("told again: %q", got)
			}
		})
	}
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute:                     "1m",
		64 * time.Second:                "1m",
		274 * time.Second:               "4m30s",
		596 * time.Second:               "10m",
		25*time.Minute + 29*time.Second: "25m",
		59*time.Minute + 40*time.Second: "1h",
		2*time.Hour + 13*time.Minute:    "2h15m",
		26 * time.Hour:                  "26h",
	} {
		if got := roughly(d); got != want {
			t.Errorf("roughly(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestFinishedLine(t *testing.T) {
	const bar = "938/938 [==============================] - "
	for _, test := range []struct {
		epoch Epoch
		want  string
	}{
		{
			Epoch{Loss: .4837, Accuracy: .8305, ValLoss: .3257, ValAccuracy: .8771, Seconds: 208.2, MsPerStep: 219.4},
			bar + "208s 219ms/step - loss: 0.4837 - accuracy: 0.8305 - val_loss: 0.3257 - val_accuracy: 0.8771",
		},
		{
			Epoch{Loss: 4242.25, Accuracy: 1, ValLoss: 1e-3, ValAccuracy: 0, Seconds: .4, MsPerStep: 3.2},
			bar + "0s 3ms/step - loss: 4242.2500 - accuracy: 1.0000 - val_loss: 1.0000e-03 - val_accuracy: 0.0000e+00",
		},
		{
			Epoch{Loss: .00031415, Seconds: 1, MsPerStep: .812, Accuracy: .5, ValAccuracy: .5, ValLoss: .00101},
			bar + "1s 812us/step - loss: 3.1415e-04 - accuracy: 0.5000 - val_loss: 0.0010 - val_accuracy: 0.5000",
		},
	} {
		if diff := cmp.Diff(test.want, finishedLine(test.epoch, 938)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestStepTime(t *testing.T) {
	for ms, want := range map[float64]string{0: "0s", .0004: "0us", .812: "812us", 1: "1ms", 219.5: "220ms", 999: "999ms", 1000: "1s", 12_345: "12s"} {
		if got := stepTime(ms); got != want {
			t.Errorf("stepTime(%v) = %s, want %s", ms, got, want)
		}
	}
}

type broken struct{ writes int }

func (b *broken) Write([]byte) (int, error) {
	b.writes++
	return 0, errors.New("nobody reads this")
}

// A display that fails does not end the training.
func TestProgressOutlivesItsWriter(t *testing.T) {
	for _, o := range []ProgressOptions{{}, {Terminal: true}, {Style: DotStyle}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			var out broken
			synctest.Test(t, func(t *testing.T) { short.play(t, NewProgress(&out, o)) })
			if out.writes == 0 {
				t.Error("nothing was written")
			}
		})
	}
}

// Steps between two pictures cost nothing.
func TestProgressAllocatesNothingBetweenPictures(t *testing.T) {
	for _, o := range []ProgressOptions{{}, {Terminal: true}, {Style: DotStyle}} {
		h := NewProgress(&strings.Builder{}, o)
		p := &Training{Progress: Progress{Epoch: 1, Epochs: 1, Steps: 100_000, Step: 1, Elapsed: time.Second}}
		if err := errors.Join(h.EpochBegin(p), h.BatchEnd(p)); err != nil {
			t.Fatal(err)
		}
		p.Elapsed += time.Millisecond
		p.Step = 30
		n := testing.AllocsPerRun(50, func() {
			p.Step++
			if err := h.BatchEnd(p); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%+v: %v allocations a step", o, n)
		}
	}
}
