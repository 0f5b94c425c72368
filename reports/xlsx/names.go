package xlsx

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// names gives sheets names that spreadsheet programs accept: at most 31 units, none of :\/?*[], no straight apostrophe, unique whatever the case, not the reserved "History".
type names struct{ taken map[string]bool }

func (n *names) add(wanted string) string {
	if n.taken == nil {
		n.taken = map[string]bool{"history": true}
	}
	base := strings.Map(func(r rune) rune {
		switch {
		case r == '\'': // allowed inside, but programs disagree on how references quote it
			return '’'
		case strings.ContainsRune(`:\/?*[]`, r):
			return '-'
		case r < ' ' || r == 0x7f:
			return ' '
		}
		return r
	}, printable(wanted))
	base = strings.TrimSpace(strings.Trim(strings.TrimSpace(base), "’"))
	if base == "" {
		base = "-"
	}
	for i := 1; ; i++ {
		suffix := ""
		if i > 1 {
			suffix = fmt.Sprintf(" (%d)", i)
		}
		name := strings.TrimRight(cut(base, maxNameSize-len(suffix)), " ") + suffix
		if key := strings.ToLower(name); !n.taken[key] {
			n.taken[key] = true
			return name
		}
	}
}

// units is the length of s as spreadsheet programs count it.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// cut returns the first characters of s, at most size units.
func cut(s string, size int) string {
	n := 0
	for i, r := range s {
		if n += utf16.RuneLen(r); n > size {
			return s[:i]
		}
	}
	return s
}

// proseWidth is how many characters of prose a line has above a table. It stands in the first cell of a row and runs over the empty ones
// beside it, so this is what a screen shows without scrolling.
const proseWidth = 150

// proseLines breaks prose between words; only a word that is longer than a line is cut.
func proseLines(s string) []string {
	var out []string
	for _, paragraph := range strings.Split(s, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			for _, part := range chunks(word, proseWidth) {
				if line != "" && units(line)+1+units(part) > proseWidth {
					out = append(out, line)
					line = ""
				}
				line = strings.TrimPrefix(line+" "+part, " ")
			}
		}
		out = append(out, line)
	}
	return out
}

// chunks cuts s into parts that fit into a cell each.
func chunks(s string, size int) []string {
	var out []string
	for units(s) > size {
		head := cut(s, size)
		out = append(out, head)
		s = s[len(head):]
	}
	return append(out, s)
}
