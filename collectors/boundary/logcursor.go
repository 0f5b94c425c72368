package boundary

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"

	"auditpack/evidence"
	"auditpack/internal/contextio"
)

const (
	edgeBytes = 4096 // of a file's beginning, and of what lies before a mark, that tell whose mark it is
	maxMarks  = 1000 // beyond which the marks of files that are not there any more are dropped
)

// logCursor says how far each log file was collected.
type logCursor struct {
	Marks []logMark `json:"marks,omitempty"`
}

// logMark says how far one file was collected, and knows the file by its content: names change when a log is rotated. The
// first bytes alone may be those of two files; the bytes before the mark hold an event's id, which is in one only.
type logMark struct {
	Path      string          `json:"path"`
	Offset    int64           `json:"offset"`               // bytes of the decompressed file, up to the end of a line
	Head      evidence.Digest `json:"head"`                 // of its first 4096 bytes, or Offset if that is less
	Tail      evidence.Digest `json:"tail"`                 // of the 4096 bytes before Offset, or Offset if that is less
	FileBytes int64           `json:"file_bytes,omitempty"` // of a compressed file: its size when it was read to its end
	FileTime  *time.Time      `json:"file_time,omitempty"`  // and when it was changed last
}

// point is where in which content a mark lies.
type point struct {
	offset     int64
	head, tail evidence.Digest
}

func (m logMark) point() point { return point{m.Offset, m.Head, m.Tail} }

// place is a mark with the bytes that prove it.
type place struct {
	mark       logMark
	head, tail []byte
}

// find returns the place up to which f was collected: the farthest mark that its content fits, whatever its name was. The zero
// place is the beginning. It reads the edges of the file only, and all of a compressed one.
func (c logCursor) find(ctx context.Context, f logFile) (place, error) {
	var best place
	for _, m := range c.Marks {
		if m.Offset <= best.mark.Offset {
			continue
		}
		head, tail, err := f.edges(ctx, m.Offset)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			continue // shorter than the mark
		}
		if err != nil {
			return place{}, err
		}
		if evidence.DigestOf(head) == m.Head && evidence.DigestOf(tail) == m.Tail {
			best = place{m, head, tail}
		}
	}
	return best, nil
}

// edges returns the first bytes of the file and those before offset.
func (f logFile) edges(ctx context.Context, offset int64) (head, tail []byte, err error) {
	r, err := f.open(0)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	in := contextio.Reader(ctx, r)
	n := min(offset, edgeBytes)
	head = make([]byte, n)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, nil, err
	}
	if offset <= edgeBytes {
		return head, head, nil
	}
	again, err := f.open(offset - n)
	if err != nil {
		return nil, nil, err
	}
	defer again.Close()
	tail = make([]byte, n)
	_, err = io.ReadFull(contextio.Reader(ctx, again), tail)
	return head, tail, err
}

// unchanged says whether f is the compressed file that m was made of, read to its end. Nobody writes to such a file any more.
func (m logMark) unchanged(f logFile) bool {
	info, err := fs.Stat(f.tree, f.name)
	return err == nil && f.compressed() && m.FileTime != nil && m.Path == f.path &&
		m.FileBytes == info.Size() && m.FileTime.Equal(info.ModTime())
}

// settle notes in m that the compressed file f was read to its end.
func (m *logMark) settle(f logFile) {
	info, err := fs.Stat(f.tree, f.name)
	if err != nil || !f.compressed() || m.Offset == 0 {
		return
	}
	changed := info.ModTime().UTC()
	m.FileBytes, m.FileTime = info.Size(), &changed
}

// keep adds the mark of a file that is there.
func (c *logCursor) keep(m logMark) {
	if m.Offset > 0 {
		c.Marks = append(c.Marks, m)
	}
}

// keepLost adds the marks of last that no file fitted, as far as there is room: their files may come back under another name.
func (c *logCursor) keepLost(last logCursor, fitted map[point]bool) {
	for _, m := range last.Marks {
		if len(c.Marks) < maxMarks && !fitted[m.point()] {
			c.Marks = append(c.Marks, m)
		}
	}
}

// tracker knows the edges of what was stored so far. It is an io.Writer of the stored bytes.
type tracker struct {
	offset     int64
	head, tail []byte
}

func newTracker(p place) *tracker {
	return &tracker{offset: p.mark.Offset, head: slices.Clone(p.head), tail: slices.Clone(p.tail)}
}

func (t *tracker) Write(p []byte) (int, error) {
	t.offset += int64(len(p))
	if room := edgeBytes - len(t.head); room > 0 {
		t.head = append(t.head, p[:min(room, len(p))]...)
	}
	if len(p) >= edgeBytes {
		t.tail = append(t.tail[:0], p[len(p)-edgeBytes:]...)
	} else {
		t.tail = append(t.tail, p...)
		t.tail = t.tail[max(0, len(t.tail)-edgeBytes):]
	}
	return len(p), nil
}

func (t *tracker) mark(path string) logMark {
	return logMark{Path: path, Offset: t.offset, Head: evidence.DigestOf(t.head), Tail: evidence.DigestOf(t.tail)}
}
