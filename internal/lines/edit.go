package lines

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// Line is a line on its way through an Editor.
type Line struct {
	Number    int64  // from 1
	Offset    int64  // of its first byte in what is read
	To        int64  // of its first byte in what is given
	SizeBytes int64  // without the newline
	Bytes     []byte // without the newline, valid during the call; nil for one that is longer than the editor's limit
	SHA256    []byte // of the bytes without the newline, for such a one alone
}

// Editor is what it reads with lines replaced. Lines keep their numbers and their newlines. Its memory is bounded by the limit. It is
// for one goroutine.
type Editor struct {
	in    *bufio.Reader
	limit int64
	edit  func(Line) []byte

	next    Line // numbers of the next one
	rest    []byte
	buffer  []byte // of a line that the reader cannot hold
	newline []byte
	sum     hash.Hash
}

// Edit returns an editor of r. edit returns what stands in place of a line, without its newline; the line's own bytes leave it as it is.
// What edit returns may be used again by its next call. A line that is longer than limit bytes is not held: edit is told its size and
// digest, and what it returns stands in its place.
func Edit(r io.Reader, limit int64, edit func(Line) []byte) *Editor {
	return &Editor{in: bufio.NewReaderSize(r, 256<<10), limit: limit, edit: edit, next: Line{Number: 1}}
}

// Read implements io.Reader.
func (e *Editor) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(e.rest) == 0 && len(e.newline) == 0 {
			if err := e.step(); err != nil {
				if n > 0 && errors.Is(err, io.EOF) {
					return n, nil // told by the next call
				}
				return n, err
			}
		}
		k := copy(p[n:], e.rest)
		e.rest = e.rest[k:]
		n += k
		if len(e.rest) == 0 {
			k = copy(p[n:], e.newline)
			e.newline = e.newline[k:]
			n += k
		}
	}
	return n, nil
}

var newline = []byte{'\n'}

// step reads one line and has it edited.
func (e *Editor) step() error {
	line := e.next
	raw, ends, err := e.read(&line)
	if err != nil {
		return err
	}
	line.Bytes = raw
	if line.SizeBytes > e.limit {
		line.Bytes, line.SHA256 = nil, e.sum.Sum(nil)
	}
	out := e.edit(line)
	e.rest, e.newline = out, nil
	size, given := line.SizeBytes, int64(len(out))
	if ends {
		e.newline = newline
		size, given = size+1, given+1
	}
	e.next = Line{Number: line.Number + 1, Offset: line.Offset + size, To: line.To + given}
	return nil
}

// read returns the next line without its newline, and whether it had one. Of a line that is too long it returns nothing that counts.
func (e *Editor) read(line *Line) (raw []byte, ends bool, err error) {
	e.buffer = e.buffer[:0]
	for {
		piece, err := e.in.ReadSlice('\n')
		ends := err == nil
		if ends {
			piece = piece[:len(piece)-1]
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && (!errors.Is(err, io.EOF) || line.SizeBytes == 0 && len(piece) == 0) {
			return nil, false, err
		}
		whole := line.SizeBytes == 0 && !errors.Is(err, bufio.ErrBufferFull)
		e.keep(line, piece, whole)
		if whole && line.SizeBytes <= e.limit {
			return piece, ends, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return e.buffer, ends, nil
		}
	}
}

// keep adds a piece to the line, or to the digest of one that has become too long.
func (e *Editor) keep(line *Line, piece []byte, whole bool) {
	before := line.SizeBytes
	line.SizeBytes += int64(len(piece))
	if line.SizeBytes <= e.limit {
		if !whole {
			e.buffer = append(e.buffer, piece...)
		}
		return
	}
	if before <= e.limit {
		e.sum = sha256.New()
		_, _ = e.sum.Write(e.buffer) // a hash takes everything
		e.buffer = e.buffer[:0]
	}
	_, _ = e.sum.Write(piece)
}
