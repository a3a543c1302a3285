package train

import (
	"hash/fnv"
	"math/bits"
	"math/rand/v2"
	"strconv"
)

// Shuffle returns the numbers 0 to n-1 in the order in which the epoch (from 1)
// takes its pictures: a function of the seed and the epoch alone.
func Shuffle(n int, seed uint64, epoch int) []int32 {
	purpose := fnv.New64a()
	purpose.Write([]byte("order of epoch " + strconv.Itoa(epoch)))
	source := rand.NewPCG(seed, purpose.Sum64())
	order := inOrder(n)
	for i := n - 1; i > 0; i-- {
		// Fisher and Yates on the source's own numbers, as the way in which
		// rand.Shuffle uses them may change with Go. The high word of the product
		// is uniform over 0 to i but for less than 1 in 2^32.
		j, _ := bits.Mul64(source.Uint64(), uint64(i+1))
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// inOrder returns the numbers 0 to n-1.
func inOrder(n int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	return order
}
