package kernel

import (
	"sync/atomic"
	"time"
)

// What the machine can do, as measured: the ceilings that benchmarks compare the
// kernels with.

// PeakGFLOPS measures for about d how many billions of float32 operations, two for each
// multiplication with addition, all workers together do in a second in registers, with
// the instructions of the tier in use.
func PeakGFLOPS(d time.Duration) float64 {
	const turns = 1 << 12 // some ten microseconds
	return perSecond(d, func(int) int { return turns * peakTiers[active](turns) }) / 1e9
}

// Bandwidth measures for about d how many billions of bytes, read and written, all
// workers together move in a second when they copy one half of 64 MB to the other.
func Bandwidth(d time.Duration) float64 {
	const half = 8 << 20 // floats
	memory := alignedFloats(2 * half)
	dst, src := memory[:half], memory[half:]
	return perSecond(d, func(task int) int {
		from, to := blockRange(task, half/peakTasks, half)
		return 8 * copy(dst[from:to], src[from:to])
	}) / 1e9
}

// peakTasks is how many tasks perSecond runs between two looks at the clock.
const peakTasks = 256

// perSecond runs body on all workers at once, over and over, for about d, and returns
// the sum of its results in a second. A first time is to warm up.
func perSecond(d time.Duration, body func(task int) int) float64 {
	parallelSlots(Workers(), peakTasks, func(task, _ int) { body(task) })
	var total atomic.Int64
	start := time.Now()
	elapsed := time.Duration(0)
	for elapsed < d || elapsed == 0 {
		parallelSlots(Workers(), peakTasks, func(task, _ int) { total.Add(int64(body(task))) })
		elapsed = time.Since(start)
	}
	return float64(total.Load()) / elapsed.Seconds()
}

// peakSink keeps the compiler from leaving out the loop.
var peakSink atomic.Uint32

// multiplyAddLoop runs x = x*a + b in independent chains and returns how many operations
// a turn has. The chains begin differently, or the compiler would make one of them.
func multiplyAddLoop(turns int) (operations int) {
	var x0, x1, x2, x3, x4, x5 float32 = 0, 1, 2, 3, 4, 5
	var x6, x7, x8, x9, x10, x11 float32 = 6, 7, 8, 9, 10, 11
	const a, b = .5, 1
	for range turns {
		x0, x1, x2, x3 = x0*a+b, x1*a+b, x2*a+b, x3*a+b
		x4, x5, x6, x7 = x4*a+b, x5*a+b, x6*a+b, x7*a+b
		x8, x9, x10, x11 = x8*a+b, x9*a+b, x10*a+b, x11*a+b
	}
	peakSink.Store(uint32(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11))
	return 2 * 12
}
