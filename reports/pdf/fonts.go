package pdf

import (
	"fmt"
	"unicode"

	"codeberg.org/go-fonts/liberation/liberationmonoregular"
	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// face is one of the fonts that are embedded: Liberation Sans and Mono, which cover Latin, Greek and Cyrillic and may be
// embedded under the SIL Open Font License 1.1.
type face int

const (
	regular face = iota
	bold
	mono
)

// pointsToMM turns a font size in points into millimetres.
const pointsToMM = 25.4 / 72

// fonts measures text. It is not safe for concurrent use.
type fonts struct {
	faces [3]metrics
}

type metrics struct {
	ttf    []byte
	font   *sfnt.Font
	widths map[rune]float64 // in em; negative: the font lacks it
	buffer sfnt.Buffer
}

func loadFonts() (*fonts, error) {
	f := &fonts{}
	for i, ttf := range [][]byte{regular: liberationsansregular.TTF, bold: liberationsansbold.TTF, mono: liberationmonoregular.TTF} {
		parsed, err := sfnt.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("read font %d: %w", i, err)
		}
		f.faces[i] = metrics{ttf: ttf, font: parsed, widths: map[rune]float64{}}
	}
	return f, nil
}

// shows says whether every embedded font draws r from left to right. Scripts that run from right to left count as missing:
// drawn letter by letter in the wrong order they would mislead.
func (f *fonts) shows(r rune) bool {
	if r > 0xFFFF || unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Mn, unicode.Me) {
		return false
	}
	for i := range f.faces {
		if f.faces[i].width(r) < 0 {
			return false
		}
	}
	return true
}

// width returns the advance of r in em, negative for a character that the font lacks.
func (m *metrics) width(r rune) float64 {
	if w, ok := m.widths[r]; ok {
		return w
	}
	w := -1.0
	if index, err := m.font.GlyphIndex(&m.buffer, r); err == nil && index != 0 {
		em := m.font.UnitsPerEm()
		advance, err := m.font.GlyphAdvance(&m.buffer, index, fixed.I(int(em)), font.HintingNone)
		if err == nil {
			w = float64(advance) / 64 / float64(em)
		}
	}
	m.widths[r] = w
	return w
}

// measure returns the width of s in millimetres at a size in points.
func (f *fonts) measure(s string, style textStyle) float64 {
	m := &f.faces[style.face]
	sum := 0.0
	for _, r := range s {
		sum += max(0, m.width(r))
	}
	return sum * style.size * pointsToMM
}

// textStyle is how a run of text is drawn.
type textStyle struct {
	face  face
	size  float64 // points
	color color
}

// lineHeight is the distance of two baselines in millimetres.
func (s textStyle) lineHeight() float64 { return s.size * pointsToMM * 1.28 }
