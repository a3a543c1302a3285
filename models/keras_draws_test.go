package models_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"

	"zoo/models/layer"
)

// stream is one stream of the fixtures' random numbers: the Go side of
// testdata/keras/draws.py, which tells how they are made. Both sides get the
// same bits; no expression here rounds twice, so fused multiply-adds change nothing.
type stream uint64

func newStream(seed uint64, name string) stream {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d:%s", seed, name)
	return stream(h.Sum64())
}

// word is the k-th draw, from 0: 64 random bits.
func (s stream) word(k int) uint64 {
	z := uint64(s) + uint64(k+1)*0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// uniform is the k-th number of U(0, 1).
func (s stream) uniform(k int) float64 { return float64(s.word(k)>>11) * 0x1p-53 }

// normal is the k-th number of nearly N(0, 1), made of 12 uniform ones.
func (s stream) normal(k int) float64 {
	var sum uint64
	for i := range 12 {
		sum += s.word(12*k+i) >> 11
	}
	return float64(sum)*0x1p-53 - 6
}

// samplePositions are the entries that a fixture holds of a tensor.
func samplePositions(seed uint64, name string, size, sample int) []int {
	if sample == 0 || size <= sample {
		sample = size
	}
	positions := make([]int, sample)
	s := newStream(seed, "positions/"+name)
	for k := range positions {
		from, to := k*size/sample, (k+1)*size/sample
		positions[k] = from
		if sample < size {
			positions[k] += int(s.word(k) % uint64(to-from))
		}
	}
	return positions
}

// drawWeights sets a model's weights to the fixture's: draws.weights and, for
// section 2.0, draws.normal_weights.
func drawWeights(model string, seed uint64, variables []*layer.Variable) {
	var last string // the last layer that has a kernel
	for _, v := range variables {
		if layer, ok := strings.CutSuffix(v.Name, "/kernel"); ok {
			last = layer
		}
	}
	for _, v := range variables {
		s := newStream(seed, "weights/"+v.Name)
		owner, kind, _ := strings.Cut(v.Name, "/")
		draw := func(k int) float64 { return 0.1 * s.normal(k) }
		switch {
		case model == "mnist-dense":
			draw = s.normal
		case kind == "kernel":
			limit := glorotLimit(v.Shape())
			if owner == last {
				limit *= 0.3
			}
			draw = func(k int) float64 { return (2*s.uniform(k) - 1) * limit }
		case kind == "bias" && owner != last:
			draw = func(k int) float64 { return 1 + s.uniform(k) }
		case kind == "gamma" || kind == "moving_variance":
			draw = func(k int) float64 { return 0.5 + s.uniform(k) }
		}
		data := v.Data()
		for k := range data {
			data[k] = float32(draw(k))
		}
	}
}

func glorotLimit(shape []int) float64 {
	n := len(shape)
	fans := float64(shape[n-2] + shape[n-1])
	for _, size := range shape[:n-2] {
		fans *= float64(size)
	}
	return math.Sqrt(6 / fans)
}

// weightsHash is the SHA-256 of all weights, little-endian, in the order of their names.
func weightsHash(variables []*layer.Variable) string {
	byName := map[string][]float32{}
	for _, v := range variables {
		byName[v.Name] = v.Data()
	}
	h := sha256.New()
	var buffer []byte
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		buffer = buffer[:0]
		for _, w := range byName[name] {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(w))
		}
		h.Write(buffer)
	}
	return hex.EncodeToString(h.Sum(nil))
}
