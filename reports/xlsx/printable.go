package xlsx

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// printable returns s as XML can hold it: a character that XML forbids stands as its code point, a byte that is no UTF-8 as
// its value. Everything else stays as it is, whatever it looks like.
func printable(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, "‹0x%02X›", s[i])
		case r == '\r' && strings.HasPrefix(s[i+1:], "\n"): // the line feed that follows stands for both
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			fmt.Fprintf(&b, "‹U+%04X›", r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

var escapeLike = regexp.MustCompile(`_(x[0-9A-Fa-f]{4}_)`)

// escaped keeps a text such as "_x0041_" from being read as the character that it names in this format.
func escaped(s string) string { return escapeLike.ReplaceAllString(s, "_x005F_$1") }
