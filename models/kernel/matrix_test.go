package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestTranspose(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, rows := range []int{1, 7, 8, 16, 24, 33} {
			for _, columns := range []int{1, 8, 9, 16, 40} {
				ld, ldDst := columns+r.IntN(3), rows+r.IntN(3)
				src := randomFloats(r, rows*ld)
				dst, check := guarded((columns-1)*ldDst+rows, r.IntN(16))
				transpose(dst, ldDst, src, rows, columns, ld)
				check(t, fmt.Sprintf("%dx%d", rows, columns))
				for i := range rows {
					for j := range columns {
						if dst[j*ldDst+i] != src[i*ld+j] {
							t.Fatalf("%dx%d: wrong at row %d, column %d", rows, columns, i, j)
						}
					}
				}
			}
		}
	})
}
