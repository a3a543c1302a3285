package tensorboard

import (
	"math"
)

// buckets of a histogram, as many as TensorFlow's.
const bucketCount = 30

// bucket counts the values from its left edge to before its right one; the last
// bucket has those at its right edge too.
type bucket struct{ left, right, count float64 }

// buckets counts the finite values in buckets of one width from the least to the
// greatest. When these are the same, all buckets are at that value and the last
// counts them all, as in TensorFlow; values that are not finite, with which
// TensorFlow has no edges, are left out. Without values there are no buckets.
func buckets(values []float32) []bucket {
	least, most, n := bounds(values)
	if n == 0 {
		return nil
	}
	all := make([]bucket, bucketCount)
	width := (most - least) / bucketCount
	for i := range all {
		all[i] = bucket{left: least + float64(i)*width, right: least + float64(i+1)*width}
	}
	last := &all[bucketCount-1]
	last.right = most
	if least == most {
		last.count = float64(n)
		return all
	}
	for _, v := range values {
		if isFinite(v) {
			all[min(int((float64(v)-least)/width), bucketCount-1)].count++
		}
	}
	return all
}

// bounds is the least and the greatest of the finite values, and how many there are.
func bounds(values []float32) (least, most float64, n int) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if isFinite(v) {
			least, most = min(least, float64(v)), max(most, float64(v))
			n++
		}
	}
	return least, most, n
}

func isFinite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }
