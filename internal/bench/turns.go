package bench

import (
	"context"
	"errors"
	"slices"
	"time"
)

// turns are the processes of one task, zoo's first, of which one works at a time.
type turns struct {
	ctx       context.Context
	processes []*process
	lost      func(error) // is told of a framework, other than zoo, that failed and is out
}

// settle is how long the machine is left alone before another process has its
// turn. Threads of TensorFlow and of OpenMP look out for more work for up to 5
// ms before they sleep (measured with TensorFlow 2.21 and PyTorch 2.15).
const settle = 20 * time.Millisecond

// add opens a framework's process.
func (t *turns) add(f Framework, task Task) error {
	p, err := open(t.ctx, f, task)
	switch {
	case err == nil:
		t.processes = append(t.processes, p)
	case len(t.processes) == 0 || t.ctx.Err() != nil:
		return err
	default:
		t.lost(err)
	}
	return nil
}

// timed is what the processes found, by process.
type timed struct {
	rounds map[*process]Rounds
	flops  float64 // of one run, as zoo counts them
}

// interleave has each process in turn do a round of runs of the command, then
// all of them the next: counts are the runs in each. A turn begins with a run
// that does not count, which brings the process's memory back into the caches.
func (t *turns) interleave(command string, counts []int) (timed, error) {
	result := timed{rounds: map[*process]Rounds{}}
	for _, runs := range counts {
		for i, p := range slices.Clone(t.processes) {
			if len(t.processes) > 1 {
				time.Sleep(settle)
			}
			times, a, err := p.times(command, 1+runs)
			if err != nil {
				if err := t.drop(p, err); err != nil {
					return result, err
				}
				continue
			}
			result.rounds[p] = append(result.rounds[p], times[1:])
			if i == 0 {
				result.flops = a.Flops
			}
		}
	}
	return result, nil
}

// drop goes on without a process that failed, unless it is zoo's.
func (t *turns) drop(p *process, err error) error {
	zoo := p == t.processes[0]
	t.processes = slices.DeleteFunc(t.processes, func(q *process) bool { return q == p })
	if zoo || t.ctx.Err() != nil {
		return err
	}
	t.lost(err)
	return nil
}

// peakMemory is the most memory that each process has had resident until now.
func (t *turns) peakMemory() (map[*process]int64, error) {
	memory := map[*process]int64{}
	for _, p := range t.processes {
		bytes, err := peakMemory(p.command.Process.Pid)
		if err != nil {
			return nil, err
		}
		memory[p] = bytes
	}
	return memory, nil
}

// close ends all processes.
func (t *turns) close() error {
	var failures []error
	for i, p := range t.processes {
		switch err := p.close(); {
		case err == nil:
		case i == 0 || t.ctx.Err() != nil:
			failures = append(failures, err)
		default:
			t.lost(err)
		}
	}
	return errors.Join(failures...)
}
