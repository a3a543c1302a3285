package kernel

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

func TestParallelRunsEachTaskOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots, tasks := rapid.IntRange(1, 5).Draw(t, "slots"), rapid.IntRange(0, 100).Draw(t, "tasks")
		runs, busy := make([]atomic.Int64, tasks), make([]atomic.Bool, slots)
		parallelSlots(slots, tasks, func(task, slot int) {
			if busy[slot].Swap(true) {
				t.Errorf("slot %d runs two tasks at once", slot)
			}
			runs[task].Add(1)
			busy[slot].Store(false)
		})
		for task := range runs {
			if n := runs[task].Load(); n != 1 {
				t.Errorf("task %d ran %d times", task, n)
			}
		}
	})
}

// Callers in many goroutines, each of whose tasks calls parallel again, twice.
func TestParallelNestedAndConcurrent(t *testing.T) {
	defer SetWorkers(Workers())
	SetWorkers(4)
	var total atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 20 {
				parallel(3, func(int) {
					parallel(4, func(int) {
						parallel(5, func(int) { total.Add(1) })
					})
				})
			}
		})
	}
	callers.Wait()
	if got := total.Load(); got != 8*20*3*4*5 {
		t.Errorf("%d tasks ran, want %d", got, 8*20*3*4*5)
	}
}

// Both tasks wait for each other: they get there only on two goroutines.
func TestParallelUsesHelpers(t *testing.T) {
	defer SetWorkers(Workers())
	SetWorkers(2)
	for range 100 {
		var both sync.WaitGroup
		both.Add(2)
		parallel(2, func(int) {
			both.Done()
			both.Wait()
		})
	}
}

func TestParallelPassesPanicsOn(t *testing.T) {
	defer SetWorkers(Workers())
	for workers := 1; workers <= 4; workers++ {
		SetWorkers(workers)
		for bad := range 8 {
			func() {
				defer func() {
					if got, want := recover(), fmt.Sprint("task ", bad); got != want {
						t.Errorf("%d workers: recovered %v, want %q", workers, got, want)
					}
				}()
				parallel(8, func(task int) {
					if task == bad {
						panic(fmt.Sprint("task ", task))
					}
				})
			}()
		}
		var ran atomic.Int64
		parallel(9, func(int) { ran.Add(1) })
		if ran.Load() != 9 {
			t.Errorf("%d workers: after the panics, %d of 9 tasks ran", workers, ran.Load())
		}
	}
}

func TestSetWorkers(t *testing.T) {
	defer SetWorkers(Workers())
	for _, c := range []struct{ set, want int }{{3, 3}, {1, 1}, {0, 1}, {-2, 1}} {
		SetWorkers(c.set)
		if got := Workers(); got != c.want {
			t.Errorf("after SetWorkers(%d), Workers() = %d, want %d", c.set, got, c.want)
		}
	}
}

// parallel is parallelSlots for tasks without scratch.
func parallel(tasks int, fn func(task int)) {
	parallelSlots(Workers(), tasks, func(task, _ int) { fn(task) })
}

func BenchmarkParallel(b *testing.B) {
	for _, tasks := range []int{2, 16} {
		b.Run(fmt.Sprint(tasks), func(b *testing.B) {
			for b.Loop() {
				parallel(tasks, func(int) {})
			}
		})
	}
}
