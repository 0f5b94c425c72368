package plugin

import (
	"bytes"
	"io"
	"sync"
)

// tailBytes is how much of the end of a stream is kept, for people to read.
const tailBytes = 4 << 10

// tail keeps the end of what is written to it, and counts all of it. It is safe for concurrent use.
type tail struct {
	keep int // bytes

	mu    sync.Mutex
	end   []byte
	total int64
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total += int64(len(p))
	t.end = append(t.end, p[max(0, len(p)-t.keep):]...)
	if n := len(t.end) - t.keep; n > 0 {
		t.end = append(t.end[:0], t.end[n:]...)
	}
	return len(p), nil
}

// read returns the end, how many bytes there were in all, and whether the end is all of it.
func (t *tail) read() (end string, total int64, all bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.end), t.total, t.total == int64(len(t.end))
}

// maxHandshake bounds the line by which a plugin says where it listens, in bytes.
const maxHandshake = 4 << 10

// firstLine copies the first line of r to w, at most maxHandshake bytes, closes w, and gives all that follows to rest: after its
// handshake a plugin has nothing to say on standard output.
func firstLine(r io.Reader, w io.WriteCloser, rest io.Writer) {
	buf := make([]byte, 32<<10)
	for left := maxHandshake; left > 0; {
		n, err := r.Read(buf[:min(left, len(buf))])
		line := buf[:n]
		i := bytes.IndexByte(line, '\n')
		if i >= 0 {
			line = line[:i+1]
		}
		if _, err := w.Write(line); err != nil {
			break
		}
		left -= len(line)
		if i >= 0 || err != nil {
			_, _ = rest.Write(buf[len(line):n])
			break
		}
	}
	_ = w.Close()
	_, _ = io.CopyBuffer(rest, onlyReader{r}, buf) // the pipe ends with the process
}

// onlyReader hides WriteTo, with which io.CopyBuffer would not use its buffer.
type onlyReader struct{ io.Reader }
