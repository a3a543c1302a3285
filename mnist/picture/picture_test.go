package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"zoo/mnist"
)

// sample is the i-th test picture of a data set, as bytes and as Samples.Batch gives it to a network.
func sample(t testing.TB, dataset string, i int) (pixels []uint8, values []float32) {
	t.Helper()
	set, err := mnist.Load(dataset)
	if err != nil {
		t.Fatal(err)
	}
	values = make([]float32, mnist.PixelsPerImage)
	set.Test.Batch([]int32{int32(i)}, values, make([]int32, 1))
	return set.Test.Slice(i, i+1).Pixels, values
}

// canvas is paper on which pictures of the sets are painted with ink.
type canvas struct {
	paper, ink color.RGBA
	scale      int             // pixels for each of the set's
	size       image.Rectangle // of the paper; empty: the picture's own
	at         image.Point     // of the picture's corner
}

var (
	black = color.RGBA{0, 0, 0, 255}
	white = color.RGBA{255, 255, 255, 255}
)

func (c canvas) paint(pixels []uint8) *image.RGBA {
	size := c.size
	if size.Empty() {
		size = image.Rect(0, 0, c.scale*mnist.Side, c.scale*mnist.Side)
	}
	out := image.NewRGBA(size)
	draw.Draw(out, size, image.NewUniform(c.paper), image.Point{}, draw.Src)
	between := func(a, b, pixel uint8) uint8 {
		return uint8(math.Round(float64(a) + (float64(b)-float64(a))*float64(pixel)/255))
	}
	for i, pixel := range pixels {
		mixed := color.RGBA{between(c.paper.R, c.ink.R, pixel), between(c.paper.G, c.ink.G, pixel), between(c.paper.B, c.ink.B, pixel), 255}
		corner := c.at.Add(image.Pt(i%mnist.Side, i/mnist.Side).Mul(c.scale))
		square := image.Rectangle{corner, corner.Add(image.Pt(c.scale, c.scale))}
		draw.Draw(out, square, image.NewUniform(mixed), image.Point{}, draw.Src)
	}
	return out
}

// photographed has light that falls off to a corner, and noise.
func photographed(picture *image.RGBA) *image.RGBA {
	random := rand.New(rand.NewPCG(1, 2))
	out := image.NewRGBA(picture.Rect)
	for i, v := range picture.Pix {
		x, y := i/4%picture.Rect.Dx(), i/4/picture.Rect.Dx()
		light := 0.85 - 0.2*float64(x+y)/float64(picture.Rect.Dx()+picture.Rect.Dy())
		if i%4 == 3 {
			light, v = 1, 255
		} else {
			light += 0.01 * random.NormFloat64()
		}
		out.Pix[i] = uint8(max(0, min(float64(v)*light, 255)))
	}
	return out
}

func encoded(t testing.TB, source image.Image, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := encode(&file, source); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func asPNG(w *bytes.Buffer, m image.Image) error { return png.Encode(w, m) }

func asJPEG(w *bytes.Buffer, m image.Image) error {
	return jpeg.Encode(w, m, &jpeg.Options{Quality: 75})
}

func asGIF(w *bytes.Buffer, m image.Image) error { return gif.Encode(w, m, nil) }

// distance is the root of the mean squared difference over that of the wanted values.
func distance(got, want []float32) float64 {
	var difference, norm float64
	for i := range want {
		difference += math.Pow(float64(got[i]-want[i]), 2)
		norm += math.Pow(float64(want[i]), 2)
	}
	return math.Sqrt(difference / norm)
}

// moved is a picture of the sets moved by whole pixels.
func moved(pixels []float32, dx, dy int) []float32 {
	return plane{mnist.Side, mnist.Side, pixels}.placed(dx, dy).values
}

// nearest is the distance of the nearest of pictures that are moved by a pixel or not
// at all. A centre of mass that lies half-way between two pixels may be rounded to either.
func nearest(got, want []float32) (d float64, wasMoved bool) {
	d = distance(got, want)
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			if other := distance(moved(got, dx, dy), want); other < d {
				d, wasMoved = other, true
			}
		}
	}
	return d, wasMoved
}

// Digits that are painted large, in any colours and place, come back nearly as they were.
func TestDigitsComeBack(t *testing.T) {
	wide := image.Rect(0, 0, 900, 600)
	yellow, blue := color.RGBA{250, 240, 150, 255}, color.RGBA{20, 30, 120, 255}
	for _, test := range []struct {
		name     string
		canvas   canvas
		change   func(*image.RGBA) *image.RGBA
		encode   func(*bytes.Buffer, image.Image) error
		format   string
		inverted bool
		most     float64 // of the distances
	}{
		{"ten times as large", canvas{paper: black, ink: white, scale: 10}, nil, asPNG, "PNG", false, 0.06},
		{"black on white", canvas{paper: white, ink: black, scale: 10}, nil, asPNG, "PNG", true, 0.06},
		{"blue on yellow", canvas{paper: yellow, ink: blue, scale: 10}, nil, asPNG, "PNG", true, 0.06},
		{"in a corner", canvas{paper: white, ink: black, scale: 10, size: wide, at: image.Pt(590, 15)}, nil, asPNG, "PNG", true, 0.15},
		{"JPEG", canvas{paper: white, ink: black, scale: 10, size: wide, at: image.Pt(20, 300)}, nil, asJPEG, "JPEG", true, 0.15},
		{"GIF", canvas{paper: black, ink: white, scale: 10}, nil, asGIF, "GIF", false, 0.06},
		{"photographed", canvas{paper: white, ink: blue, scale: 12, size: wide, at: image.Pt(200, 100)}, photographed, asJPEG, "JPEG", true, 0.25},
		{"twice as large", canvas{paper: white, ink: black, scale: 2, size: image.Rect(0, 0, 80, 70), at: image.Pt(20, 5)}, nil, asPNG, "PNG", true, 0.06},
	} {
		t.Run(test.name, func(t *testing.T) {
			count := 16
			if testing.Short() {
				count = 4
			}
			var largest float64
			roundedOtherwise := 0
			for i := range count {
				pixels, want := sample(t, "mnist", i)
				painted := test.canvas.paint(pixels)
				if test.change != nil {
					painted = test.change(painted)
				}
				got, err := Read(bytes.NewReader(encoded(t, painted, test.encode)), Digit)
				if err != nil {
					t.Fatal(err)
				}
				if got.Inverted != test.inverted || got.Format != test.format ||
					got.Width != painted.Rect.Dx() || got.Height != painted.Rect.Dy() {
					t.Fatalf("picture %d: %s of %dx%d, inverted %v", i, got.Format, got.Width, got.Height, got.Inverted)
				}
				d, wasMoved := nearest(got.Pixels, want)
				largest = max(largest, d)
				if wasMoved {
					roundedOtherwise++
				}
			}
			t.Logf("largest distance %.3f, %d moved by a pixel", largest, roundedOtherwise)
			if largest > test.most || roundedOtherwise > count/4 {
				t.Errorf("largest distance %.3f, want at most %g; %d of %d moved by a pixel", largest, test.most, roundedOtherwise, count)
			}
		})
	}
}

// Articles come back trimmed, centred and sharpened: the set's pictures are centred and trimmed already.
func TestArticlesComeBack(t *testing.T) {
	for _, test := range []struct {
		name     string
		canvas   canvas
		inverted bool
	}{
		{"on black", canvas{paper: black, ink: white, scale: 6}, false},
		{"on white", canvas{paper: white, ink: black, scale: 6, size: image.Rect(0, 0, 300, 200), at: image.Pt(100, 20)}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i := range 40 {
				pixels, values := sample(t, "fashion-mnist", i)
				want := plane{mnist.Side, mnist.Side, values}
				for j, v := range pixels {
					want.values[j] = float32(v)
				}
				trimmed, err := want.trimmed(articleEdge * 255)
				if err != nil {
					t.Fatal(err)
				}
				if max(trimmed.width, trimmed.height) < mnist.Side {
					continue // it would be enlarged
				}
				sharp := trimmed.sharpened()
				expected := sharp.placed((mnist.Side-sharp.width)/2, (mnist.Side-sharp.height)/2).values
				for j := range expected {
					expected[j] /= 255
				}
				got, err := FromImage(test.canvas.paint(pixels), Article)
				if err != nil {
					t.Fatal(err)
				}
				if got.Inverted != test.inverted {
					t.Fatalf("picture %d: inverted %v", i, got.Inverted)
				}
				if d := distance(got.Pixels, expected); d > 1e-3 {
					t.Errorf("picture %d: distance %.4f", i, d)
				}
			}
		})
	}
}

// Every test picture of both sets, saved as it is or inverted, goes through unchanged.
func TestSetPicturesAsTheyAre(t *testing.T) {
	for _, name := range mnist.Names() {
		set, err := mnist.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		want, label := make([]float32, mnist.PixelsPerImage), make([]int32, 1)
		for i := range set.Test.Len() {
			set.Test.Batch([]int32{int32(i)}, want, label)
			grey := &image.Gray{Pix: set.Test.Slice(i, i+1).Pixels, Stride: mnist.Side, Rect: image.Rect(0, 0, mnist.Side, mnist.Side)}
			negative := image.NewGray(grey.Rect)
			for j, v := range grey.Pix {
				negative.Pix[j] = 255 - v
			}
			for _, source := range []*image.Gray{grey, negative} {
				got, err := FromImage(source, FormOf(name))
				if err != nil {
					t.Fatalf("%s %d: %v", name, i, err)
				}
				if got.Inverted != (source == negative) || !slices.Equal(got.Pixels, want) {
					t.Fatalf("%s %d: inverted %v, distance %g", name, i, got.Inverted, distance(got.Pixels, want))
				}
			}
		}
	}
}

// Transparency is white paper, and what a GIF's frame does not cover is too.
func TestTransparent(t *testing.T) {
	pixels, want := sample(t, "mnist", 0)
	ink := image.NewNRGBA(image.Rect(0, 0, 10*mnist.Side, 10*mnist.Side))
	for y := range ink.Rect.Dy() {
		for x := range ink.Rect.Dx() {
			ink.SetNRGBA(x, y, color.NRGBA{A: pixels[y/10*mnist.Side+x/10]})
		}
	}
	got, err := Read(bytes.NewReader(encoded(t, ink, asPNG)), Digit)
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := nearest(got.Pixels, want); !got.Inverted || d > 0.06 {
		t.Errorf("PNG: inverted %v, distance %g", got.Inverted, d)
	}

	frame := image.NewPaletted(image.Rect(70, 40, 80, 120), color.Palette{black, white}) // a black bar
	file := encoded(t, frame, func(w *bytes.Buffer, _ image.Image) error {
		return gif.EncodeAll(w, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 200, Height: 200}})
	})
	got, err = Read(bytes.NewReader(file), Digit)
	if err != nil {
		t.Fatal(err)
	}
	if got.Width != 200 || !got.Inverted || got.Pixels[14*mnist.Side+14] != 1 || got.Pixels[14*mnist.Side+10] != 0 {
		t.Errorf("GIF: %+v", got)
	}
}

// Pictures of other kinds in package image give the same.
func TestKindsOfImage(t *testing.T) {
	pixels, _ := sample(t, "mnist", 3)
	painted := canvas{paper: white, ink: black, scale: 5}.paint(pixels)
	want, err := FromImage(painted, Digit)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]draw.Image{
		"Gray":     image.NewGray(painted.Rect),
		"Gray16":   image.NewGray16(painted.Rect),
		"NRGBA64":  image.NewNRGBA64(painted.Rect),
		"CMYK":     image.NewCMYK(painted.Rect),
		"offset":   image.NewRGBA(painted.Rect.Add(image.Pt(-7, 1000))),
		"Paletted": image.NewPaletted(painted.Rect, greys()),
	} {
		draw.Draw(other, other.Bounds(), painted, image.Point{}, draw.Src)
		got, err := FromImage(other, Digit)
		if err != nil {
			t.Fatal(err)
		}
		if d := distance(got.Pixels, want.Pixels); d > 0.01 || !got.Inverted {
			t.Errorf("%s: distance %g, inverted %v", name, d, got.Inverted)
		}
	}
}

func greys() color.Palette {
	var p color.Palette
	for v := range 256 {
		p = append(p, color.Gray{uint8(v)})
	}
	return p
}

func TestFormOf(t *testing.T) {
	if FormOf("fashion-mnist") != Article || FormOf("fashion-mnist (other)") != Article || FormOf("mnist") != Digit || FormOf("kmnist") != Digit {
		t.Error("wrong form")
	}
}

// A digit of one column, a line, a dot: whatever its sides are, it is drawn in bounds.
func TestNarrow(t *testing.T) {
	for _, size := range []image.Point{{1, 2}, {2, 1}, {1, 5000}, {5000, 1}, {3, 3}, {28, 1}, {29, 28}, {3000, 2}} {
		source := image.NewGray(image.Rectangle{Max: size})
		source.SetGray(size.X-1, size.Y-1, color.Gray{255})
		source.SetGray(size.X/2, size.Y/2, color.Gray{255})
		for _, form := range []Form{Digit, Article} {
			got, err := FromImage(source, form)
			if err == nil {
				checkValues(t, got)
			} else if !errors.Is(err, errEmpty) {
				t.Errorf("%v: %v", size, err)
			}
		}
	}
}

// checkValues wants a whole picture of values 0..1.
func checkValues(t *testing.T, p Picture) {
	t.Helper()
	if len(p.Pixels) != mnist.PixelsPerImage {
		t.Fatalf("%d pixels", len(p.Pixels))
	}
	for i, v := range p.Pixels {
		if !(v >= 0 && v <= 1) {
			t.Fatalf("pixel %d is %v", i, v)
		}
	}
	if slices.Max(p.Pixels) == 0 {
		t.Error("all is background")
	}
}
