package plots

import (
	"bytes"
	"encoding/base64"
	"image/color"
	"image/png"
	"regexp"
	"strings"
	"testing"
)

// patterns are pictures of 3 classes: bars of another width for each class.
func patterns(n int) (pixels, labels []uint8, classes []string) {
	for i := range n {
		label := i % 3
		labels = append(labels, uint8(label))
		for p := range pixelsOfPicture {
			pixels = append(pixels, uint8((p%pictureSide/(label+1))%2*(255-i)))
		}
	}
	return pixels, labels, []string{"narrow", "wide", "a class with a long name"}
}

func TestSamplesGolden(t *testing.T) {
	pixels, labels, classes := patterns(25) // fewer than a full grid
	d, err := Samples("bars", pixels, labels, classes)
	if err != nil {
		t.Fatal(err)
	}
	goldenPicture(t, "samples", d)
}

// TestSamplesSharp: each pixel of a picture is a whole square of dots, in the PNG
// and in the picture within the SVG.
func TestSamplesSharp(t *testing.T) {
	pixels, labels, classes := patterns(30)
	d, err := Samples("bars", pixels, labels, classes)
	if err != nil {
		t.Fatal(err)
	}
	img := d.image(dotsPerInch)
	size := img.Bounds().Size()
	left := size.X - marginDots - examples*(pictureDots+pictureGap) + pictureGap
	for y := range 3 * (pictureDots + pictureGap) {
		row, inside := y/(pictureDots+pictureGap), y%(pictureDots+pictureGap)
		if inside >= pictureDots {
			continue
		}
		for x := range pictureDots {
			picture := row // the first example of the class
			want := 255 - pixels[picture*pixelsOfPicture+inside/dotsPerPixel*pictureSide+x/dotsPerPixel]
			if got := color.GrayModel.Convert(img.At(left+x, marginDots+titleDots+y)).(color.Gray).Y; got != want {
				t.Fatalf("class %d, dot (%d, %d): %d, want %d", row, x, inside, got, want)
			}
		}
	}
	found := regexp.MustCompile(`data:image/png;base64,([^"]+)"`).FindSubmatch(svgOf(t, d))
	if found == nil {
		t.Fatal("the SVG has no PNG in it")
	}
	content, err := base64.StdEncoding.DecodeString(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if want := examples*(pictureDots+pictureGap) - pictureGap; config.Width != want {
		t.Errorf("the picture in the SVG is %d dots wide, want %d", config.Width, want)
	}
}

func TestSamplesErrors(t *testing.T) {
	pixels, labels, classes := patterns(6)
	for _, test := range []struct {
		pixels, labels []uint8
		classes        []string
		want           string
	}{
		{nil, nil, classes, "there are no pictures"},
		{pixels[1:], labels, classes, "4703 pixels for 6 labels, want 784 pixels for each"},
		{pixels, labels, nil, "there are no classes"},
		{pixels, labels, classes[:2], "picture 2 has label 2, want less than 2, the number of classes"},
	} {
		_, err := Samples("bars", test.pixels, test.labels, test.classes)
		if err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("error %v, want %q", err, test.want)
		}
	}
}
