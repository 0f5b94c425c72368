package lines

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// look says what is odd about a whole line, prefix and newline taken off; an empty Reason is nothing. It is the inner loop of
// collecting: one pass, no allocation.
func look(line []byte) Reason {
	m := marksOf(line)
	if m.control != 0 {
		return controlReason(line)
	}
	if m.high != 0 && !utf8.Valid(line) {
		return InvalidUTF8
	}
	if len(line) == 0 || line[0] != '{' {
		return NotJSON
	}
	// An entry that was cut lacks closing braces, whatever follows it, and two have "}{" between them. Braces in strings can look the
	// same: then JSON itself decides.
	isWhole := line[len(line)-1] == '}' && m.opening == m.closing && m.joined == 0
	if !isWhole && !json.Valid(line) && len(entries(line)) > 0 {
		return CutEntry
	}
	return ""
}

// controlReason names the reason of a line that holds a byte below 0x20.
func controlReason(line []byte) Reason {
	switch {
	case bytes.IndexByte(line, 0) >= 0:
		return NUL
	case !utf8.Valid(line):
		return InvalidUTF8
	case bytes.IndexByte(line, '\r') >= 0:
		return CarriageReturn
	}
	return ControlByte
}

// span is a whole entry in a line.
type span struct{ from, to int }

// resyncBytes bounds how much of one line is parsed while looking for an entry, all attempts together.
const resyncBytes = 64 << 20

// entries returns the whole entries in line, whatever stands before, between and after them. A nested object is none: an entry
// has a member "time" that is a time and a member "type" that is a text.
func entries(line []byte) (found []span) {
	budget := resyncBytes
	for at := 0; budget > 0; {
		i := bytes.IndexByte(line[at:], '{')
		if i < 0 {
			return found
		}
		at += i
		size, ok := entry(line[at:])
		budget -= size + 1
		if !ok {
			at++
			continue
		}
		found = append(found, span{at, at + size})
		at += size
	}
	return found
}

// entry says whether b begins with a whole entry, and how many bytes it looked at: the entry's size if so.
func entry(b []byte) (size int, ok bool) {
	var members struct {
		Time *time.Time `json:"time"`
		Type *string    `json:"type"`
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	var object json.RawMessage
	err := dec.Decode(&object)
	size = int(dec.InputOffset())
	if err != nil || json.Unmarshal(object, &members) != nil {
		return size, false
	}
	return size, members.Time != nil && members.Type != nil
}

// report makes the Odds of one odd line; line may be only its beginning where it is too long.
func report(line []byte, n, offset, size int64, reason Reason) []Odd {
	odd := Odd{Line: n, Offset: offset, SizeBytes: size, Reason: reason, Head: head(line)}
	if reason == TooLong {
		return []Odd{odd}
	}
	var out []Odd
	end := 0 // of the entry before
	for _, s := range entries(line) {
		if !utf8.Valid(line[s.from:s.to]) {
			continue
		}
		if len(out) > 0 {
			last := &out[len(out)-1]
			last.SizeBytes = offset + int64(end) - last.Offset
			odd.Offset, odd.SizeBytes, odd.Head = offset+int64(end), size-int64(end), head(line[end:])
		}
		odd.Recovered = bytes.Clone(line[s.from:s.to])
		out = append(out, odd)
		end = s.to
	}
	if out == nil {
		return []Odd{odd}
	}
	return out
}

func head(line []byte) string {
	cut := len(line) > headBytes
	line = line[:min(len(line), headBytes)]
	// A character that the cut went through is not an invalid one: it is left out.
	for i := 1; cut && i < utf8.UTFMax && i <= len(line); i++ {
		if c := line[len(line)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(line[len(line)-i:]) {
				line = line[:len(line)-i]
			}
			break
		}
	}
	return strings.ToValidUTF8(string(line), "\uFFFD")
}
