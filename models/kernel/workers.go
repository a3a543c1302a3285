package kernel

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Every kernel splits its work into tasks that depend on the sizes alone, never
// on the number of workers, and no two tasks write the same element. Sums that
// cross tasks are added up afterwards in the order of the tasks. So the workers
// decide when something is computed but not what: results are the same bits for
// any number of them.

var workers atomic.Int64

// GOMAXPROCS is the number of CPUs, or the container's share of them if that is less.
func init() { SetWorkers(runtime.GOMAXPROCS(0)) }

// Workers returns how many goroutines, the calling one included, a kernel uses
// at most. It starts as the number of CPUs that this process may use.
func Workers() int { return int(workers.Load()) }

// SetWorkers sets the number that [Workers] returns; less than 1 counts as 1. It
// must not be called while a kernel runs.
func SetWorkers(n int) { workers.Store(int64(max(n, 1))) }

// parallelSlots calls fn(task, slot) once for each task in [0, tasks), on at most
// slots goroutines, and returns when all calls have. slot, in [0, slots), tells
// tasks that need scratch memory which to use: calls in the same slot run one after
// the other.
//
// It may be called from several goroutines at once and from within a task. When a
// task panics, tasks that have not begun are left out, and parallelSlots panics with
// the same value.
func parallelSlots(slots, tasks int, fn func(task, slot int)) {
	seats := min(slots, tasks) - 1
	if seats < 1 {
		for task := range tasks {
			fn(task, 0)
		}
		return
	}
	j := idleJobs.Get().(*job)
	j.fn, j.tasks, j.seats, j.joined = fn, int64(tasks), seats, 0
	j.next.Store(0)
	pool.open(j)
	j.work(0)
	pool.close(j)
	j.helpers.Wait()

	panicked := j.panicked.Swap(nil)
	j.fn = nil
	idleJobs.Put(j)
	if panicked != nil {
		panic(*panicked)
	}
}

// job is one call of parallelSlots.
type job struct {
	fn       func(task, slot int)
	tasks    int64
	next     atomic.Int64 // tasks handed out
	panicked atomic.Pointer[any]
	helpers  sync.WaitGroup // those that joined

	seats, joined int // for helpers: free, taken; the pool's lock guards them
}

// idleJobs are done with: the next call takes one.
var idleJobs = sync.Pool{New: func() any { return new(job) }}

// work runs tasks until none is left to hand out. It keeps a panic for the caller
// of parallelSlots: in a helper nobody could recover it, and the caller must not return
// while helpers still use its buffers.
func (j *job) work(slot int) {
	defer func() {
		if p := recover(); p != nil {
			value := p // p itself must not escape: every call would allocate it
			j.panicked.CompareAndSwap(nil, &value)
			j.next.Store(j.tasks)
		}
	}()
	for {
		task := j.next.Add(1) - 1
		if task >= j.tasks {
			return
		}
		j.fn(int(task), slot)
	}
}

// helpers is a pool of goroutines that live as long as the process and join open
// jobs. The caller of a job works on it too and then waits only for tasks that a
// helper has begun; so if all helpers are busy, that costs time but never a
// deadlock.
type helpers struct {
	mu      sync.Mutex
	wake    sync.Cond
	jobs    []*job // those with free seats
	started int
}

var pool = newHelpers()

func newHelpers() *helpers {
	h := new(helpers)
	h.wake.L = &h.mu
	return h
}

// open lets helpers join j, and starts as many as could.
func (h *helpers) open(j *job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.jobs = append(h.jobs, j)
	for ; h.started < j.seats; h.started++ {
		go h.serve()
	}
	for range j.seats {
		h.wake.Signal()
	}
}

// close keeps further helpers from joining j.
func (h *helpers) close(j *job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.Index(h.jobs, j); i >= 0 {
		h.jobs = slices.Delete(h.jobs, i, i+1)
	}
}

func (h *helpers) serve() {
	for {
		j, slot := h.join()
		j.work(slot)
		j.helpers.Done()
	}
}

// join waits for a job with a free seat and work left, and takes the seat; slot 0 is
// the caller's.
func (h *helpers) join() (j *job, slot int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		for len(h.jobs) == 0 {
			h.wake.Wait()
		}
		j := h.jobs[0]
		if j.next.Load() >= j.tasks {
			h.jobs = slices.Delete(h.jobs, 0, 1)
			continue
		}
		j.seats--
		j.joined++
		j.helpers.Add(1)
		if j.seats == 0 {
			h.jobs = slices.Delete(h.jobs, 0, 1)
		}
		return j, j.joined
	}
}
