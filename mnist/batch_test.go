package mnist

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestBatch(t *testing.T) {
	const beyond = -7 // what Batch must leave alone
	s := numbered(40)
	rapid.Check(t, func(t *rapid.T) {
		indices := rapid.SliceOfN(rapid.Int32Range(0, 39), 0, 50).Draw(t, "indices")
		images := make([]float32, len(indices)*PixelsPerImage+3)
		labels := make([]int32, len(indices)+3)
		for i := range images {
			images[i] = beyond
		}
		for i := range labels {
			labels[i] = beyond
		}

		wantImages, wantLabels := make([]float32, 0, len(images)), make([]int32, 0, len(labels))
		for _, index := range indices {
			for j := range PixelsPerImage {
				pixel := s.Pixels[int(index)*PixelsPerImage+j]
				wantImages = append(wantImages, float32(float64(pixel)/255))
			}
			wantLabels = append(wantLabels, int32(s.Labels[index]))
		}
		wantImages = append(wantImages, beyond, beyond, beyond)
		wantLabels = append(wantLabels, beyond, beyond, beyond)

		s.Batch(indices, images, labels)
		if diff := cmp.Diff(wantImages, images); diff != "" {
			t.Errorf("images: -want +got\n%s", diff)
		}
		if diff := cmp.Diff(wantLabels, labels); diff != "" {
			t.Errorf("labels: -want +got\n%s", diff)
		}
	})
}

// TestIntensity compares every pixel value with the float32 nearest to byte/255.
func TestIntensity(t *testing.T) {
	for b, got := range intensity {
		if want, _ := big.NewRat(int64(b), 255).Float32(); got != want {
			t.Errorf("byte %d is %v, want %v (%d units apart)", b, got, want,
				int64(math.Float32bits(got))-int64(math.Float32bits(want)))
		}
	}
}

func TestBatchPanics(t *testing.T) {
	for _, test := range []struct {
		name           string
		index          int32
		images, labels int
	}{
		{"index -1", -1, PixelsPerImage, 1},
		{"index past the end", 5, PixelsPerImage, 1},
		{"images too short", 0, PixelsPerImage - 1, 1},
		{"labels too short", 0, PixelsPerImage, 0},
	} {
		if !panics(func() {
			numbered(5).Batch([]int32{test.index}, make([]float32, test.images), make([]int32, test.labels))
		}) {
			t.Errorf("%s: no panic", test.name)
		}
	}
}

func TestBatchAllocatesNothing(t *testing.T) {
	s := numbered(64)
	indices, images, labels := shuffled(64), make([]float32, 64*PixelsPerImage), make([]int32, 64)
	if n := testing.AllocsPerRun(10, func() { s.Batch(indices, images, labels) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// BenchmarkBatch fills batches of 64 from pictures all over a set that no cache holds.
func BenchmarkBatch(b *testing.B) {
	data, err := Load("fashion-mnist")
	if err != nil {
		b.Fatal(err)
	}
	order := shuffled(data.Train.Len())
	images, labels := make([]float32, 64*PixelsPerImage), make([]int32, 64)
	b.SetBytes(64 * PixelsPerImage)
	b.ReportAllocs()
	for next := 0; b.Loop(); next = (next + 64) % (len(order) - 64) {
		data.Train.Batch(order[next:next+64], images, labels)
	}
}

// shuffled returns 0 to n-1 in an order that is the same in every run.
func shuffled(n int) []int32 {
	indices := make([]int32, n)
	for i, index := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		indices[i] = int32(index)
	}
	return indices
}
