package mnist

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// numbered returns n pictures in which every pixel and label tells which picture it is.
func numbered(n int) Samples {
	s := Samples{Pixels: make([]uint8, n*PixelsPerImage), Labels: make([]uint8, n)}
	for i := range n {
		s.Labels[i] = uint8(i % classCount)
		for j := range PixelsPerImage {
			s.Pixels[i*PixelsPerImage+j] = uint8(7*i + j)
		}
	}
	return s
}

func TestSlice(t *testing.T) {
	s := numbered(5)
	for _, test := range []struct{ from, to int }{{0, 5}, {0, 2}, {2, 5}, {1, 4}, {3, 3}, {5, 5}} {
		got := s.Slice(test.from, test.to)
		want := Samples{s.Pixels[test.from*784 : test.to*784], s.Labels[test.from:test.to]}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Slice(%d, %d): -want +got\n%s", test.from, test.to, diff)
		}
		if got.Len() != test.to-test.from {
			t.Errorf("Slice(%d, %d).Len() = %d", test.from, test.to, got.Len())
		}
	}
}

func TestSliceShares(t *testing.T) {
	s := numbered(5)
	middle := s.Slice(1, 3)
	if &middle.Pixels[0] != &s.Pixels[PixelsPerImage] || &middle.Labels[0] != &s.Labels[1] {
		t.Error("Slice copied")
	}
	_, _ = append(middle.Pixels, 99), append(middle.Labels, 99)
	if diff := cmp.Diff(numbered(5), s); diff != "" {
		t.Errorf("appending to a slice changed the whole: -want +got\n%s", diff)
	}
}

func TestSlicePanics(t *testing.T) {
	for _, test := range []struct{ from, to int }{{-1, 2}, {2, 1}, {0, 6}, {6, 6}} {
		if !panics(func() { numbered(5).Slice(test.from, test.to) }) {
			t.Errorf("Slice(%d, %d) of 5 did not panic", test.from, test.to)
		}
	}
}

func panics(f func()) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	f()
	return
}
