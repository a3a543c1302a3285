package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// answer is a line of JSON from a framework's process. The first says that it
// has trained one step, each further one answers a command:
//
//	step N        trains N steps
//	predict B N   classifies a batch of B pictures, N times
//
// and of zoo's own alone
//
//	profile N     trains N steps and tells where their time went
//	peak          measures what its kernels could do at the most
//
// The process ends with its input, or with a failure.
type answer struct {
	Error    string            `json:"error,omitempty"`
	Versions map[string]string `json:"versions,omitempty"` // in the first line
	Kernels  string            `json:"kernels,omitempty"`  // there too, of zoo: package kernel's tier
	Times    []time.Duration   `json:"ns,omitempty"`       // of each run
	Flops    float64           `json:"flops,omitempty"`    // of one run
	Profile  *Profile          `json:"profile,omitempty"`

	PeakGFLOPS float64 `json:"peak_gflops,omitempty"` // of operations in registers
	PeakGBs    float64 `json:"peak_gb_s,omitempty"`   // of copies in memory
}

// process is a framework at work on one task.
type process struct {
	framework string
	ready     answer        // the first
	firstStep time.Duration // from its start

	ctx     context.Context // its end kills the process
	command *exec.Cmd
	input   io.WriteCloser
	answers *bufio.Reader
	errors  tail
}

// open starts a framework's process and waits until it has trained one step.
func open(ctx context.Context, f Framework, t Task) (*process, error) {
	args := f.Command(t)
	p := &process{framework: f.Name, ctx: ctx, command: exec.CommandContext(ctx, args[0], args[1:]...)}
	p.command.Stderr = &p.errors
	// What the process leaves behind must not keep its standard error open.
	p.command.WaitDelay = 5 * time.Second
	output, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.input, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	p.answers = bufio.NewReader(output)
	began := time.Now()
	switch err := p.command.Start(); {
	case err == nil:
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	default:
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	if p.ready, err = p.read(); err != nil {
		return nil, err
	}
	p.firstStep = time.Since(began)
	return p, nil
}

// ask sends a command and waits for its answer. After an error the process is over.
func (p *process) ask(command string) (answer, error) {
	if _, err := fmt.Fprintln(p.input, command); err != nil {
		return answer{}, p.failed(nil) // gone: how it ended says more than a broken pipe
	}
	return p.read()
}

// times asks for a number of runs and returns the time of each, in milliseconds.
func (p *process) times(command string, runs int) ([]float64, answer, error) {
	a, err := p.ask(fmt.Sprintf("%s %d", command, runs))
	if err != nil {
		return nil, a, err
	}
	if len(a.Times) != runs {
		return nil, a, p.failed(fmt.Errorf("%d times for %d runs", len(a.Times), runs))
	}
	ms := make([]float64, runs)
	for i, t := range a.Times {
		if t <= 0 {
			return nil, a, p.failed(fmt.Errorf("a run of %v", t))
		}
		ms[i] = milliseconds(t)
	}
	return ms, a, nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (p *process) read() (answer, error) {
	var a answer
	line, err := p.answers.ReadBytes('\n')
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		return a, p.failed(nil)
	case err != nil:
		return a, p.failed(err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, p.failed(fmt.Errorf("%q is no answer: %w", bytes.TrimSpace(line), err))
	}
	if a.Error != "" {
		return a, p.failed(errors.New(a.Error))
	}
	return a, nil
}

// failed ends the process and says what went wrong: why, where that is known,
// or how the process ended.
func (p *process) failed(why error) error {
	_ = p.input.Close() // the process may be gone
	if why != nil {
		_ = p.command.Process.Kill() // likewise
	}
	ended := p.command.Wait()
	switch {
	case p.ctx.Err() != nil:
		return context.Cause(p.ctx)
	case why != nil:
		return fmt.Errorf("%s: %w", p.framework, why)
	case ended == nil:
		ended = errors.New("without an answer")
	}
	return p.ended(ended)
}

// ended is the error of a process that ended as how says, with the last that it
// said of it.
func (p *process) ended(how error) error {
	if last := p.errors.lastLine(); last != "" {
		how = fmt.Errorf("%w: %s", how, last)
	}
	return fmt.Errorf("%s: its process ended: %w", p.framework, how)
}

// close ends the process in peace.
func (p *process) close() error {
	if err := p.input.Close(); err != nil {
		return p.failed(err)
	}
	switch _, err := p.answers.ReadByte(); {
	case err == nil:
		return p.failed(errors.New("an answer without a command"))
	case !errors.Is(err, io.EOF):
		return p.failed(err)
	}
	err := p.command.Wait()
	switch {
	case p.ctx.Err() != nil:
		return context.Cause(p.ctx)
	case err == nil || errors.Is(err, exec.ErrWaitDelay): // a helper of its own outlives it
		return nil
	}
	return p.ended(err)
}

// tail keeps the end of what is written to it.
type tail struct {
	text []byte
}

const tailLength = 4096

// Write keeps the end of p and never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailLength; extra > 0 {
		t.text = t.text[extra:]
	}
	return len(p), nil
}

// lastLine is the last line with something in it.
func (t *tail) lastLine() string {
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
