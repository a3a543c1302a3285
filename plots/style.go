package plots

import (
	"image/color"
	"math"
	"sort"
	"strings"
	"unicode"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The colours of curves are Okabe and Ito's, which colour-blind readers tell apart.
var (
	vermilion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	orange    = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	blue      = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	skyBlue   = color.NRGBA{0x56, 0xb4, 0xe9, 0xff}
	green     = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	purple    = color.NRGBA{0xcc, 0x79, 0xa7, 0xff}

	ink      = color.NRGBA{0x1f, 0x23, 0x28, 0xff}
	grey     = color.NRGBA{0x59, 0x63, 0x6e, 0xff}
	rule     = color.NRGBA{0x8c, 0x95, 0x9f, 0xff}
	hairline = color.NRGBA{0xd8, 0xde, 0xe4, 0xff}
)

const margin = vg.Length(18) // around a picture

var (
	titleText = textStyle{size: 13, bold: true, color: ink}
	boldText  = textStyle{size: 10, bold: true, color: ink}
	bodyText  = textStyle{size: 10, color: ink}
	noteText  = textStyle{size: 9, color: grey}

	fonts = font.NewCache(liberation.Collection())
)

// textStyle is Liberation Sans in one size, weight and colour.
type textStyle struct {
	size  vg.Length
	bold  bool
	color color.Color
}

func (s textStyle) font() font.Font {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: s.size}
	if s.bold {
		f.Weight = xfont.WeightBold
	}
	return f
}

func (s textStyle) face() font.Face { return fonts.Lookup(s.font(), s.size) }

func (s textStyle) width(text string) vg.Length {
	face := s.face()
	return face.Width(text)
}

// fitting is the style, smaller where the text would be wider than width.
func (s textStyle) fitting(text string, width vg.Length) textStyle {
	if w := s.width(printable(text)); w > width {
		s.size *= width / w
	}
	return s
}

// shortened is the text, or as much of it as fits into width with dots at its end.
func (s textStyle) shortened(text string, width vg.Length) string {
	text = printable(text)
	if s.width(text) <= width {
		return text
	}
	letters := []rune(text)
	for len(letters) > 0 && s.width(string(letters)+"…") > width {
		letters = letters[:len(letters)-1]
	}
	return string(letters) + "…"
}

// wrapped breaks a text into lines that are no wider than width, behind a space or
// a sign where there is one, else anywhere. Together they are the whole text.
func (s textStyle) wrapped(text string, width vg.Length) []string {
	rest := []rune(printable(text))
	var lines []string
	for s.width(string(rest)) > width && len(rest) > 1 {
		fits := max(1, sort.Search(len(rest), func(n int) bool { return s.width(string(rest[:n+1])) > width }))
		end := fits
		for end > fits/2 && !strings.ContainsRune(" /_.:-", rest[end-1]) {
			end--
		}
		if end <= fits/2 {
			end = fits
		}
		lines = append(lines, string(rest[:end]))
		rest = rest[end:]
	}
	return append(lines, string(rest))
}

// rise is how far the text reaches above its baseline, fall how far below.
func (s textStyle) rise() vg.Length { return 0.75 * s.size }
func (s textStyle) fall() vg.Length { return 0.22 * s.size }

// aligned is the style as gonum's plots take it.
func (s textStyle) aligned(x draw.XAlignment, y draw.YAlignment) text.Style {
	return text.Style{Color: s.color, Font: s.font(), XAlign: x, YAlign: y, Handler: text.Plain{Fonts: fonts}}
}

// label is one line of text whose baseline begins at (x, y); y counts downwards
// from the top of the picture.
type label struct {
	text  string
	style textStyle
	x, y  vg.Length
}

func newLabel(text string, style textStyle, x, y vg.Length) label {
	return label{printable(text), style, x, y}
}

func (l label) width() vg.Length { return l.style.width(l.text) }

// paint draws the label on a canvas with the given upper edge.
func (l label) paint(c draw.Canvas, top vg.Length) {
	c.SetColor(l.style.color)
	c.FillString(l.style.face(), vg.Point{X: l.x, Y: top - l.y}, l.text)
}

// pictureWidth is that of the figures; a README shows one inch as about 90 dots.
const pictureWidth = 8 * vg.Inch

// captionHeight is what a title and the note below it take from a picture's
// upper edge, with the gap below them.
const captionHeight = margin + 13 + lineHeight + 10

// paintCaption writes the title and the note below it.
func paintCaption(c draw.Canvas, width vg.Length, title, note string) {
	y := margin + titleText.rise()
	newLabel(title, titleText.fitting(title, width-2*margin), margin, y).paint(c, c.Max.Y)
	newLabel(note, noteText.fitting(note, width-2*margin), margin, y+lineHeight+1).paint(c, c.Max.Y)
}

// mixed is a colour between a (part 0) and b (part 1).
func mixed(a, b color.NRGBA, part float64) color.NRGBA {
	mix := func(from, to uint8) uint8 { return uint8(math.Round(float64(from) + part*(float64(to)-float64(from)))) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}

// printable replaces characters that no font has and XML does not allow.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
