package kernel

// A pass runs one body over the tasks of a kernel. It keeps its runs for the next
// call, so that a kernel in its steady state needs no memory for its operands or
// closures, and several goroutines may use it at once.
type pass[T any] struct {
	body func(operands *T, task int)
	idle chan *passRun[T]
}

type passRun[T any] struct {
	operands T
	task     func(task, slot int)
}

// maxIdleRuns bounds what a pass keeps. One run is busy for each call that is
// under way; only when more than this many goroutines call at once, some allocate.
const maxIdleRuns = 16

func newPass[T any](body func(operands *T, task int)) *pass[T] {
	return &pass[T]{body: body, idle: make(chan *passRun[T], maxIdleRuns)}
}

// run calls the body for every task in [0, tasks), as parallel does, and returns
// the operands as the tasks left them.
func (p *pass[T]) run(tasks int, operands T) T {
	r := p.take()
	r.operands = operands
	parallelSlots(Workers(), tasks, r.task)
	operands = r.operands

	var none T
	r.operands = none // an idle run must not keep the caller's buffers alive
	select {
	case p.idle <- r:
	default:
	}
	return operands
}

func (p *pass[T]) take() *passRun[T] {
	select {
	case r := <-p.idle:
		return r
	default:
	}
	r := new(passRun[T])
	r.task = func(task, _ int) { p.body(&r.operands, task) }
	return r
}

// blockCount is the number of blocks of the given size that cover n items.
func blockCount(n, size int) int { return (n + size - 1) / size }

// blockRange returns the items [from, to) of one of the blocks that cover n items.
func blockRange(index, size, n int) (from, to int) {
	from = index * size
	return from, min(from+size, n)
}
