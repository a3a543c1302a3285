package kernel

import (
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func aligned(s []float32) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(s)))%64 == 0
}

func TestWorkspace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ws Workspace
		for range 3 {
			n := rapid.IntRange(0, 5000).Draw(t, "n")
			if s := ws.Floats(n); len(s) < n || n > 0 && !aligned(s) {
				t.Fatalf("Floats(%d): %d floats, aligned: %v", n, len(s), aligned(s))
			}
		}
	})
}

// Parts have their sizes, are aligned, and do not overlap.
func TestWorkspaceSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ws Workspace
		sizes := rapid.SliceOfN(rapid.IntRange(0, 100), 0, maxParts).Draw(t, "sizes")
		parts := ws.split(sizes...)
		for i, size := range sizes {
			if len(parts[i]) != size || cap(parts[i]) != size || size > 0 && !aligned(parts[i]) {
				t.Fatalf("part %d: len %d, cap %d, want %d; aligned: %v", i, len(parts[i]), cap(parts[i]), size, aligned(parts[i]))
			}
			for j := range parts[i] {
				parts[i][j] = float32(i)
			}
		}
		for i, part := range parts {
			for _, v := range part {
				if v != float32(i) {
					t.Fatalf("part %d holds %v of part %v", i, v, v)
				}
			}
		}
	})
}
