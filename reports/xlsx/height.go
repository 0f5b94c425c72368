package xlsx

import "strings"

// Heights of rows in points. They are set, since not every spreadsheet program fits rows to wrapped text when it opens a file.
const (
	lineHeight  = 13.4
	titleHeight = 24.0
	maxHeight   = 409.0 // of the format; the text of a higher row is all there, and shows when the column is widened
)

// heightOf is the height that a text takes in a width in characters.
func heightOf(text string, width float64) float64 {
	return min(maxHeight, float64(linesIn(text, width))*lineHeight+3)
}

// linesIn is about how many lines a text takes, wrapped at spaces.
func linesIn(text string, width float64) int {
	room := max(4, int(width)-1)
	lines := 0
	for paragraph := range strings.SplitSeq(text, "\n") {
		lines++
		used := 0
		for word := range strings.SplitSeq(paragraph, " ") {
			n := len([]rune(word))
			if used > 0 && used+1+n > room {
				lines++
				used = 0
			} else if used > 0 {
				used++
			}
			lines += (n - 1 + used) / room * min(1, n)
			used = (used + n) % (room + 1)
		}
	}
	return lines
}

// fit gives every row without a height the one that its texts need.
func (s *sheet) fit() {
	for i, r := range s.rows {
		if r.height > 0 {
			continue
		}
		height := 0.0
		for col, c := range r.cells {
			text, ok := c.value.(string)
			switch {
			case c.look.role == title:
				height = max(height, titleHeight)
			case c.look.role == heading:
				height = max(height, 19)
			case c.look.role == header || c.look.role == headerRight:
				height = max(height, heightOf(text, s.widths[min(col, len(s.widths)-1)])+4)
			case ok && col < len(s.widths) && c.look.role == body:
				height = max(height, heightOf(text, s.widths[col]))
			}
		}
		s.rows[i].height = height
	}
}
