package train

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// ProgressOptions says how NewProgress shows a training.
type ProgressOptions struct {
	// Terminal is set when what is written can be overwritten: w is a terminal
	// and not a dumb one. Without it not one control character is written.
	Terminal bool
	Color    bool // only heeded on a terminal
	Width    int  // of the terminal in columns; 0: 80
	Style    Style
}

// Style is a way of showing a training.
type Style int

const (
	// KerasStyle is the bar of Keras at the time of the report. On a terminal it
	// is live; elsewhere each epoch has its two lines.
	KerasStyle Style = iota
	// DotStyle is the output of section 2.0: a line for each epoch with a dot
	// for each tenth of it, and the validation accuracy.
	DotStyle
)

// NewProgress returns a callback that shows a training on w. Early in a run of more
// than a minute it says how long all of it will take. A callback serves one training.
//
// The training goes on when w fails, as a run is worth more than its display:
// who wants to know wraps w.
func NewProgress(w io.Writer, o ProgressOptions) Callback {
	if o.Width <= 0 {
		o.Width = 80
	}
	if o.Style == DotStyle {
		return &dots{out: printer{w}}
	}
	return &bar{out: printer{w}, options: o}
}

// printer writes to a display, which may fail without harm (see NewProgress).
type printer struct{ w io.Writer }

func (p printer) print(s string) { _, _ = io.WriteString(p.w, s) }

// The time that a training will take is known well enough after some steps that
// took a while together, or after a longer while with fewer steps.
const (
	enoughSteps = 20
	enoughTime  = time.Second
	surelyTime  = 3 * time.Second

	worthTelling = time.Minute
)

// estimate foresees, once, how long a training will take.
type estimate struct {
	first time.Duration // when the epoch's first step ended, or the first after a Resume
	from  int           // which step that was
	done  bool
}

// line is the line to show after this step, "" when there is none.
func (e *estimate) line(p *Progress) string {
	if e.done {
		return ""
	}
	if p.Step == 1 || e.from == 0 {
		e.first, e.from = p.Elapsed, p.Step
	}
	seen := p.Step - e.from + 1
	enough := seen >= enoughSteps && p.Elapsed >= enoughTime
	if !enough && (seen < 2 || p.Elapsed < surelyTime) {
		return ""
	}
	e.done = true
	step := float64(p.Elapsed-e.first) / float64(seen-1)
	// A step goes forward, and backward at twice the cost; a validation batch goes forward.
	steps := float64(p.Epochs) * (float64(p.Steps) + float64(p.ValidationSteps)/3)
	total := time.Duration(step * steps)
	if total < worthTelling {
		return ""
	}
	epochs := "epochs"
	if p.Epochs == 1 {
		epochs = "epoch"
	}
	return fmt.Sprintf("about %s for %d %s\n", roughly(total), p.Epochs, epochs)
}

// roughly shows a duration as exactly as an estimate is worth: 4m30s, 25m, 2h15m.
func roughly(d time.Duration) string {
	unit := 5 * time.Minute
	switch {
	case d < 10*time.Minute:
		unit = 10 * time.Second
	case d < time.Hour:
		unit = time.Minute
	}
	d = d.Round(unit)
	text := d.String()
	if d%time.Minute == 0 {
		text = strings.TrimSuffix(text, "0s")
	}
	if d%time.Hour == 0 {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
