package train

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// redraw is the shortest time between two pictures of the live bar.
const redraw = 50 * time.Millisecond

const (
	green = "\x1b[32m"
	plain = "\x1b[0m"
)

// bar shows a training in KerasStyle.
type bar struct {
	NopCallback
	out      printer
	options  ProgressOptions
	estimate estimate

	live  *progressbar.ProgressBar // of this epoch; nil off a terminal
	drawn time.Duration            // when the live line was drawn last
	shown int                      // columns that it takes; 0: there is none
}

func (b *bar) EpochBegin(p *Training) error {
	b.out.print(fmt.Sprintf("Epoch %d/%d\n", p.Epoch, p.Epochs))
	if b.options.Terminal {
		b.live = b.newLive(p.Steps)
		b.live.StartWithoutRender()
		b.drawn = -redraw
	}
	return nil
}

// newLive is the bar of an epoch. It draws to nowhere: only the line that it
// makes is wanted, as it does not know the terminal's width.
func (b *bar) newLive(steps int) *progressbar.ProgressBar {
	// What stands beside the cells, with the longest usual times.
	count := len(fmt.Sprintf("(%d/%[1]d)", steps))
	beside := len("loss: 0.1234 - accuracy: 0.1234  99% []  [59m59s:59m59s]") + count
	return progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(min(max(b.options.Width-1-beside, 5), cells)),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionShowCount(),
	)
}

func (b *bar) BatchEnd(p *Training) error {
	if line := b.estimate.line(&p.Progress); line != "" {
		b.clear()
		b.out.print(line)
		b.drawn = p.Elapsed - redraw
	}
	if b.live == nil || p.Elapsed-b.drawn < redraw && p.Step < p.Steps {
		return nil
	}
	b.drawn = p.Elapsed
	b.live.Describe("loss: " + metric(p.Loss) + " - accuracy: " + metric(p.Accuracy))
	if err := b.live.Set(p.Step); err != nil {
		return fmt.Errorf("progress bar: %w", err)
	}
	b.draw(b.live.String())
	return nil
}

func (b *bar) EpochEnd(p *Training, e Epoch) error {
	b.clear()
	b.out.print(b.colored(finishedLine(e, p.Steps)) + "\n")
	return nil
}

// TrainEnd leaves the live line of an epoch that was broken off where it is.
func (b *bar) TrainEnd(*Training) error {
	if b.shown > 0 {
		b.out.print("\n")
		b.shown = 0
	}
	return nil
}

// draw writes the line over the one that is shown, cut so that the terminal
// does not wrap it: a wrapped line could not be overwritten.
func (b *bar) draw(line string) {
	line = strings.TrimSpace(line)
	if most := b.options.Width - 1; len(line) > most {
		line = line[:most]
	}
	rest := max(b.shown-len(line), 0)
	b.shown = len(line)
	b.out.print("\r" + b.colored(line) + strings.Repeat(" ", rest))
}

// clear empties the live line.
func (b *bar) clear() {
	if b.shown > 0 {
		b.out.print("\r" + strings.Repeat(" ", b.shown) + "\r")
		b.shown = 0
	}
}

// colored gives the cells of a bar their colour.
func (b *bar) colored(line string) string {
	from, to := strings.IndexByte(line, '[')+1, strings.IndexByte(line, ']')
	if !b.options.Terminal || !b.options.Color || from == 0 || to < from {
		return line
	}
	return line[:from] + green + line[from:to] + plain + line[to:]
}
