package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestWinogradTileTransforms(t *testing.T) {
	transforms := []struct {
		name           string
		generic, tiers func(tier, *winogradArgs)
		toTiles        bool
		side           int
	}{
		{"input", func(_ tier, a *winogradArgs) { winogradInputGeneric(a) }, tier.winogradInput, true, inputSide},
		{"output", func(_ tier, a *winogradArgs) { winogradOutputGeneric(a) }, tier.winogradOutput, false, outputSide},
		{"output gradient", func(_ tier, a *winogradArgs) { winogradOutputGradGeneric(a) }, tier.winogradOutputGrad, true, outputSide},
		{"input gradient", func(_ tier, a *winogradArgs) { winogradInputGradGeneric(a) }, tier.winogradInputGrad, false, inputSide},
	}
	withTiers(t, func(t *testing.T) {
		for _, f := range transforms {
			t.Run(f.name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				for _, channels := range []int{16, 48, 64} {
					for count := 1; count < 4; count++ {
						testTileTransform(t, r, f.generic, f.tiers, f.toTiles, f.side, channels, count)
					}
				}
			})
		}
	})
}

func testTileTransform(t *testing.T, r *rand.Rand, generic, tiers func(tier, *winogradArgs), toTiles bool, side, channels, count int) {
	stride := (outputSide*(count-1)+side+r.IntN(3))*channels + r.IntN(5)
	frequencyStride := count*channels + r.IntN(20)
	pixels := (side-1)*stride + (outputSide*(count-1)+side)*channels
	values := (frequencies-1)*frequencyStride + count*channels
	image, checkImage := guarded(pixels, r.IntN(16))
	tiles, checkTiles := guarded(values, r.IntN(16))
	for _, x := range [][]float32{image, tiles} {
		copy(x, randomFloats(r, len(x)))
	}
	args := winogradArgs{
		tiles: tiles, image: image, y: randomFloats(r, pixels), count: count, channels: channels,
		imageStride: stride, frequencyStride: frequencyStride, slope: []Activation{Linear, ReLU, .5}[r.IntN(3)],
	}
	args.floor = args.slope.floor()
	want := args
	want.image, want.tiles = append([]float32(nil), image...), append([]float32(nil), tiles...)
	generic(portable, &want)
	tiers(active, &args)
	checkImage(t, "image")
	checkTiles(t, "tiles")
	if e := maxError(image, float64s(want.image)); !(e < 1e-6) {
		t.Fatalf("channels %d count %d: error of the image %g", channels, count, e)
	}
	if e := maxError(tiles, float64s(want.tiles)); !(e < 1e-6) {
		t.Fatalf("channels %d count %d: error of the tiles %g", channels, count, e)
	}
}

func TestWinogradFilterTransforms(t *testing.T) {
	withTiers(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, columns := range []int{16, 64} {
			rows := 1 + r.IntN(3)
			args := winogradFilterArgs{rows: rows, columns: columns, filterStride: columns + r.IntN(9)}
			args.tapStride = rows*args.filterStride + r.IntN(5)
			args.frequencyStride = rows*columns + r.IntN(9)
			filter, checkFilter := guarded(9*args.tapStride, r.IntN(16))
			tiles, checkTiles := guarded(frequencies*args.frequencyStride, r.IntN(16))
			copy(filter, randomFloats(r, len(filter)))
			clear(tiles)
			args.filter, args.tiles = filter, tiles
			want := args
			want.tiles = make([]float32, len(tiles))
			winogradFilterGeneric(&want)
			active.winogradFilter(&args)
			if e := maxError(tiles, float64s(want.tiles)); !(e < 1e-6) {
				t.Fatalf("error of the tiles %g", e)
			}
			copy(tiles, randomFloats(r, len(tiles)))
			want.tiles, want.filter = tiles, append([]float32(nil), filter...)
			winogradFilterGradGeneric(&want)
			active.winogradFilterGrad(&args)
			if e := maxError(filter, float64s(want.filter)); !(e < 1e-6) {
				t.Fatalf("error of the filter %g", e)
			}
			checkFilter(t, "filter")
			checkTiles(t, "tiles")
		}
	})
}
