package vault

import (
	"errors"
	"fmt"
	"io"
)

// found is what is known of the content of a file.
type found struct {
	stream  *stream // nil: nothing of it was collected
	at      mark    // the last mark of it that the content has
	from    mark    // where collecting goes on: at, or behind it
	shorter bool    // the content ends before the next mark: it may be part of what was collected, or go on differently
	end     error   // why a shorter content ended: io.EOF, or errCutShort
	changed bool    // the content is another one after from: what was collected there is no longer in the file
}

// find looks for the stream that content is, and leaves content at the place to go on from. Of several it takes the one that
// covers most.
func (c *cursor) find(content *content) (found, error) {
	var best found
	for _, s := range c.Streams {
		f, err := s.match(content)
		if err != nil {
			return found{}, err
		}
		if f.stream != nil && (best.stream == nil || better(f, best)) {
			best = f
		}
	}
	if err := content.rewind(); err != nil {
		return found{}, err
	}
	best.from = best.at
	return best, content.goTo(best.from.Offset)
}

// better says whether f tells more of the content than g.
func better(f, g found) bool {
	if f.at.Offset != g.at.Offset {
		return f.at.Offset > g.at.Offset
	}
	return f.shorter && !g.shorter
}

// match compares content with the marks of s, from the first one on.
func (s *stream) match(content *content) (found, error) {
	if err := content.rewind(); err != nil {
		return found{}, err
	}
	var f found
	marks := s.Marks
	if n := len(marks); n > 2 && content.format == plain {
		// Mostly the file has just grown: its beginning and its last mark say so, and the tail is all that is read.
		if same, err := content.has(marks[n-1]); err == nil && same {
			marks = []mark{marks[0], marks[n-1]}
		}
	}
	for _, m := range marks {
		same, err := content.has(m)
		switch {
		case isEnd(err) && f.stream == nil:
			return found{}, nil // shorter than the first line: not to be known by anything
		case isEnd(err):
			f.shorter, f.end = true, err
			return f, nil
		case err != nil:
			return found{}, err
		case !same && f.stream == nil:
			return found{}, nil
		case !same:
			f.changed = true
			return f, nil
		}
		f.stream, f.at = s, m
	}
	return f, nil
}

// isEnd says whether err is the end of what can be read of a content, be it in order or not.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, errCutShort)
}

// has says whether the content has the mark m. Marks of a compressed content are asked for in their order.
func (c *content) has(m mark) (bool, error) {
	size := min(m.Offset, windowBytes)
	if c.format != plain {
		if err := c.advance(m.Offset); err != nil {
			return false, err
		}
		return shortDigest(c.tail[max(0, int64(len(c.tail))-size):]) == m.Window, nil
	}
	window := make([]byte, size)
	if n, err := c.file.ReadAt(window, m.Offset-size); n < len(window) {
		return false, err
	}
	return shortDigest(window) == m.Window, nil
}

// advance reads up to offset and keeps the last windowBytes in tail.
func (c *content) advance(offset int64) error {
	buffer := make([]byte, windowBytes)
	for c.offset < offset {
		n, err := c.Read(buffer[:min(int64(len(buffer)), offset-c.offset)])
		c.tail = appendTail(c.tail, buffer[:n])
		if err != nil && c.offset < offset {
			return err
		}
	}
	return nil
}

// goTo goes to offset, which the content is known to have, and leaves what a mark there covers in tail.
func (c *content) goTo(offset int64) error {
	if c.format != plain {
		return c.advance(offset)
	}
	c.offset = offset
	c.tail = make([]byte, min(offset, windowBytes))
	_, err := c.file.ReadAt(c.tail, offset-int64(len(c.tail)))
	if errors.Is(err, io.EOF) && len(c.tail) == 0 {
		err = nil
	}
	return err
}

// appendTail appends b to tail and keeps at least the last windowBytes, and not many more.
func appendTail(tail, b []byte) []byte {
	if len(b) >= windowBytes {
		return append(tail[:0], b[len(b)-windowBytes:]...)
	}
	if len(tail)+len(b) > 4*windowBytes {
		tail = tail[:copy(tail, tail[len(tail)-windowBytes:])]
	}
	return append(tail, b...)
}

// window returns the digest of what a mark after tail covers.
func window(tail []byte) string { return shortDigest(tail[max(0, len(tail)-windowBytes):]) }

// fingerprintOf reads the ends of a compressed file.
func fingerprintOf(f file) (fingerprint, error) {
	info, err := f.Stat()
	if err != nil {
		return fingerprint{}, err
	}
	size := info.Size()
	head := make([]byte, min(size, windowBytes))
	tail := make([]byte, min(size, windowBytes))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return fingerprint{}, err
	}
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return fingerprint{}, err
	}
	return fingerprint{SizeBytes: size, Ends: shortDigest(head, tail)}, nil
}

// streamOf returns the stream that the compressed file f is known to hold to its end, nil if none.
func (c *cursor) streamOf(f fingerprint) *stream {
	for _, s := range c.Streams {
		for _, known := range s.Compressed {
			if known == f {
				return s
			}
		}
	}
	return nil
}

// describe says in words what has become of content that was collected before.
func (f found) describe() string {
	switch {
	case f.changed && f.shorter:
		return fmt.Sprintf("the file is shorter than what was collected of it before (%d bytes), and cannot be compared with it or differs from it after byte %d", f.stream.last().Offset, f.from.Offset)
	case f.changed:
		return fmt.Sprintf("after byte %d the file differs from what was collected of it before", f.from.Offset)
	}
	return ""
}
