package redaction

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns a text of ours (the name of a part, why one failed) in which each value that the collection took so far is replaced where
// it stands as a word or as several.
func (c *Collection) Text(s string) string {
	if c == nil {
		return s
	}
	out, _ := c.mask(s)
	return out
}

// mask returns s without the values that were taken, and how many it had.
func (c *Collection) mask(s string) (string, int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.taken) == 0 {
		return s, 0
	}
	ends := edges(s)
	var out strings.Builder
	var n int64
	copied := 0
	for i, from := range ends {
		if from < copied {
			continue
		}
		for j := len(ends) - 1; j > i; j-- { // the longest first
			word := s[from:ends[j]]
			if len(word) > c.longest || !telling(word) {
				continue
			}
			instead, ok := c.taken[word]
			if !ok {
				continue
			}
			out.WriteString(s[copied:from])
			out.WriteString(instead)
			copied = ends[j]
			n++
			break
		}
	}
	if n == 0 {
		return s, 0
	}
	out.WriteString(s[copied:])
	return out.String(), n
}

// edges are the places in s where a word may begin or end: all but those between two characters of a word.
func edges(s string) []int {
	ends := []int{0}
	before := false
	for i, r := range s {
		in := unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == utf8.RuneError
		if i > 0 && !(before && in) {
			ends = append(ends, i)
		}
		before = in
	}
	return append(ends, len(s))
}

// telling says whether a value in a text is that value, and not a count or a truth that anything may have.
func telling(value string) bool {
	if len(value) < 2 || value == "true" || value == "false" {
		return false
	}
	return strings.ContainsFunc(value, func(r rune) bool { return unicode.IsLetter(r) || r == '.' || r == ':' })
}
