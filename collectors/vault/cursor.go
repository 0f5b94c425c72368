package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"auditpack/collectors"
)

// cursorFormat names the layout of the cursor; another one is refused.
const cursorFormat = "auditpack.vault-cursor/1"

// Limits of the cursor. It is in every journal entry, so it stays small.
const (
	windowBytes  = 64 << 10 // that a mark covers: dozens of request ids and times, which no two logs share
	maxMarks     = 8        // of one stream
	maxForgotten = 64       // streams kept of which no file was there in the last collection, the newest ones
	firstMark    = 128      // bytes before which the first mark does not lie: less holds no request id and time, and names no log
)

// cursor is where the next collection goes on.
type cursor struct {
	Format  string    `json:"format"`
	Streams []*stream `json:"streams"`
}

// stream is the content of one log file, whatever the file's name is by now and however it is packed. It is known by marks in
// its content: names, inode numbers, sizes and first bytes all come again in other files.
type stream struct {
	Device     string        `json:"device"`               // the name of the log that its records have
	File       string        `json:"file"`                 // where it was seen last; for people
	Seen       time.Time     `json:"seen"`                 // when, UTC
	Marks      []mark        `json:"marks"`                // by offset; the next collection goes on at the last one
	HeldBytes  int64         `json:"held_bytes,omitempty"` // of the unfinished line after the last mark
	Compressed []fingerprint `json:"compressed,omitempty"` // of compressed files that were read to their end
}

// mark is a place in the uncompressed content, after a newline or at the end.
type mark struct {
	Offset int64  `json:"offset"` // in bytes
	Line   int64  `json:"line"`   // lines before it
	Window string `json:"window"` // SHA-256 of the bytes before it, at most windowBytes; 32 hexadecimal digits of it
}

// fingerprint knows a compressed file again without reading all of it. Checksum and length at its end are of all its content.
type fingerprint struct {
	SizeBytes int64  `json:"size_bytes"`
	Ends      string `json:"ends"` // SHA-256 of its first and last windowBytes; 32 hexadecimal digits of it
}

// shortDigest is half a SHA-256: these digests tell files of one folder apart, they prove nothing.
func shortDigest(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func loadCursor(out collectors.Sink) (*cursor, error) {
	c := &cursor{Format: cursorFormat}
	if _, err := out.Cursor(c); err != nil {
		return nil, err
	}
	if c.Format != cursorFormat {
		return nil, fmt.Errorf("read cursor: format: got %q, want %q", c.Format, cursorFormat)
	}
	return c, nil
}

// forget drops the streams that are gone for longest. It is called when all files were looked at.
func (c *cursor) forget(started time.Time) {
	slices.SortStableFunc(c.Streams, func(a, b *stream) int { return b.Seen.Compare(a.Seen) })
	forgotten := 0
	c.Streams = slices.DeleteFunc(c.Streams, func(s *stream) bool {
		if s.Seen.Before(started) {
			forgotten++
		}
		return forgotten > maxForgotten
	})
}

// last is where collecting goes on.
func (s *stream) last() mark {
	if len(s.Marks) == 0 {
		return mark{}
	}
	return s.Marks[len(s.Marks)-1]
}

// add sets the newest mark and thins out the others: the first one, and closer and closer ones towards the end.
func (s *stream) add(m mark) {
	if m.Offset <= s.last().Offset {
		return
	}
	s.Marks = append(s.Marks, m)
	if len(s.Marks) <= maxMarks {
		return
	}
	// The mark goes whose neighbours are closest, in relation to how far they are from the end.
	drop, least := 1, 0.0
	for i := 1; i < len(s.Marks)-1; i++ {
		gap := float64(s.Marks[i+1].Offset-s.Marks[i-1].Offset) / float64(m.Offset-s.Marks[i].Offset+1)
		if i == 1 || gap < least {
			drop, least = i, gap
		}
	}
	s.Marks = slices.Delete(s.Marks, drop, drop+1)
}

// finished notes that a compressed file gave all its content, which then needs no marks between the first and the last.
func (s *stream) finished(f fingerprint) {
	if !slices.Contains(s.Compressed, f) {
		s.Compressed = append(s.Compressed, f)
		s.Compressed = s.Compressed[max(0, len(s.Compressed)-4):] // one log is hardly packed in more ways
	}
	if n := len(s.Marks); n > 2 {
		s.Marks = []mark{s.Marks[0], s.Marks[n-1]}
	}
}
