package boundary

import (
	"bytes"
	"encoding/json"
	"time"
)

// maxTimedLine is the longest line, in bytes, whose time is looked for; an event has a few thousand.
const maxTimedLine = 1 << 20

// span finds the earliest and the latest time of the events that are written to it, line by line. Lines without a time, or
// longer than maxTimedLine, are passed over.
type span struct {
	first, last time.Time
	any         bool
	line        []byte // begun
	tooLong     bool
}

func (s *span) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			s.begin(rest)
			break
		}
		if len(s.line) == 0 && !s.tooLong {
			s.look(rest[:end])
		} else if s.begin(rest[:end]); !s.tooLong {
			s.look(s.line)
		}
		s.line, s.tooLong = s.line[:0], false
		rest = rest[end+1:]
	}
	return len(p), nil
}

// begin keeps the beginning of a line whose end is not there yet.
func (s *span) begin(b []byte) {
	if s.tooLong = s.tooLong || len(s.line)+len(b) > maxTimedLine; !s.tooLong {
		s.line = append(s.line, b...)
	}
}

func (s *span) look(line []byte) {
	var event struct {
		Time time.Time `json:"time"`
	}
	if json.Unmarshal(line, &event) != nil || event.Time.IsZero() {
		return
	}
	if !s.any || event.Time.Before(s.first) {
		s.first = event.Time
	}
	if !s.any || event.Time.After(s.last) {
		s.last = event.Time
	}
	s.any = true
}
