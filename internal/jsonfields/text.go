package jsonfields

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Quote returns s as a JSON text, in which only what must be is escaped, and two line ends of Unicode: at most two bytes for each of a
// text without control characters other than tabs and line ends.
func Quote(s string) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string has no error
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// Unquote returns what a valid JSON text says, and for each byte of it where in quoted it is written; the last number is where the
// closing quote is. A surrogate without its other half is U+FFFD.
func Unquote(quoted []byte) (text []byte, at []int) {
	end := len(quoted) - 1
	for i := 1; i < end; {
		from := i
		var buf [utf8.UTFMax]byte
		said := quoted[i : i+1]
		if quoted[i] == '\\' {
			r, n := escape(quoted[i:end])
			said = buf[:utf8.EncodeRune(buf[:], r)]
			i += n
		} else {
			i++
		}
		for range said {
			at = append(at, from)
		}
		text = append(text, said...)
	}
	return text, append(at, end)
}

// escape reads the escape, or the pair of them, that b begins with, and says how long it is.
func escape(b []byte) (rune, int) {
	switch b[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		first := unit(b)
		if utf16.IsSurrogate(first) && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
			if r := utf16.DecodeRune(first, unit(b[6:])); r != utf8.RuneError {
				return r, 12
			}
		}
		if utf16.IsSurrogate(first) {
			return utf8.RuneError, 6
		}
		return first, 6
	}
	return rune(b[1]), 2
}

// unit reads the four digits of \uXXXX.
func unit(b []byte) rune {
	n, _ := strconv.ParseUint(string(b[2:6]), 16, 16) // it was held against the grammar: no error
	return rune(n)
}
