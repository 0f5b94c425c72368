package pdf

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"auditpack/reports"
)

// wrap cuts s into lines no wider than width millimetres. It breaks at line breaks of the text, then at spaces, then after
// punctuation that joins parts of paths and identifiers, and at last between any two characters: no text is ever cut off.
func (f *fonts) wrap(s string, style textStyle, width float64) []string {
	var lines []string
	for _, paragraph := range strings.Split(f.visible(s), "\n") {
		lines = append(lines, f.wrapLine(paragraph, style, width)...)
	}
	return lines
}

// visible is s as this font can show it, composed so that an umlaut is one glyph.
func (f *fonts) visible(s string) string {
	return reports.Visible(norm.NFC.String(s), f.shows)
}

func (f *fonts) wrapLine(s string, style textStyle, width float64) []string {
	if f.measure(s, style) <= width {
		return []string{s}
	}
	var lines []string
	line, lineWidth := "", 0.0
	flush := func() {
		lines = append(lines, strings.TrimRight(line, " "))
		line, lineWidth = "", 0
	}
	for _, word := range words(s) {
		w := f.measure(word, style)
		if lineWidth+f.measure(strings.TrimRight(word, " "), style) <= width {
			line, lineWidth = line+word, lineWidth+w
			continue
		}
		if strings.TrimSpace(line) != "" && f.measure(strings.TrimRight(word, " "), style) <= width {
			flush()
			line, lineWidth = word, w
			continue
		}
		for _, piece := range pieces(word) { // wider than a line of its own
			pw := f.measure(piece, style)
			if lineWidth+pw > width && line != "" && pw <= width {
				flush()
			}
			if lineWidth+pw <= width {
				line, lineWidth = line+piece, lineWidth+pw
				continue
			}
			for _, r := range piece {
				rw := f.measure(string(r), style)
				if lineWidth+rw > width && line != "" {
					flush()
				}
				line, lineWidth = line+string(r), lineWidth+rw
			}
		}
	}
	if line != "" || len(lines) == 0 {
		flush()
	}
	return lines
}

// words cuts after spaces, which stay with the word before them; leading spaces are a word of their own.
func words(s string) []string {
	var out []string
	start := 0
	for i, r := range s {
		if r != ' ' && i > start && s[i-1] == ' ' {
			out = append(out, s[start:i])
			start = i
		}
	}
	return append(out, s[start:])
}

// pieces cuts a long word after joining punctuation, but no number or date.
func pieces(word string) []string {
	var out []string
	start := 0
	for i, r := range word {
		end := i + len(string(r))
		if end >= len(word) || i == start || !strings.ContainsRune("/-_.:,;=&?@|\\", r) {
			continue
		}
		if digit(word[i-1]) && digit(word[end]) && strings.ContainsRune("-.:,", r) {
			continue
		}
		out = append(out, word[start:end])
		start = end
	}
	return append(out, word[start:])
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// longestPiece is the width of the widest part of s that joining punctuation does not divide.
func (f *fonts) longestPiece(s string, style textStyle) float64 {
	longest := 0.0
	for _, word := range strings.FieldsFunc(f.visible(s), unicode.IsSpace) {
		for _, piece := range pieces(word) {
			longest = max(longest, f.measure(piece, style))
		}
	}
	return longest
}

// longestWord is the width of the widest part of s that is not broken while there is room.
func (f *fonts) longestWord(s string, style textStyle) float64 {
	longest := 0.0
	for _, word := range strings.FieldsFunc(f.visible(s), unicode.IsSpace) {
		longest = max(longest, f.measure(word, style))
	}
	return longest
}
