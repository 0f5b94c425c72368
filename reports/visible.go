package reports

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns s with every character that a reader could not see, or that would change how its neighbours look, written
// as its code point: ‹U+202E›. Text from evidence may hold control characters, marks that turn the direction of writing, and
// bytes that are no UTF-8 (each becomes ‹0x..›). Line breaks stay, a tab becomes a space. shows says which other characters the
// medium can draw; nil means all.
func Visible(s string, shows func(rune) bool) string {
	if plain(s, shows) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, "‹0x%02X›", s[i])
		case r == '\t':
			b.WriteByte(' ')
		case r == '\n':
			b.WriteByte('\n')
		case r == '\r' && strings.HasPrefix(s[i+1:], "\n"): // the line break that follows stands for both
		case hidden(r) || (shows != nil && !shows(r)):
			fmt.Fprintf(&b, "‹U+%04X›", r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

func plain(s string, shows func(rune) bool) bool {
	for _, r := range s {
		if r == '\n' {
			continue
		}
		if r == utf8.RuneError || hidden(r) || (shows != nil && !shows(r)) {
			return false
		}
	}
	return true
}

// hidden says whether r leaves no mark of its own: controls, format characters (the soft hyphen and the joiners among them),
// line and paragraph separators, private use.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
}
