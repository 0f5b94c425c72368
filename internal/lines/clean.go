package lines

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Clean copies a segment from r to w as a reader of JSON lines can take it: the prefix is taken off each line that has it, and
// each line that odd says is odd (numbered from 1) is written as {}. Lines keep their numbers. Memory does not grow with the
// length of a line.
func Clean(w io.Writer, r io.Reader, prefix string, odd func(line int64) bool) error {
	in, out := bufio.NewReaderSize(r, max(64<<10, len(prefix))), bufio.NewWriterSize(w, 64<<10)
	for n := int64(1); ; n++ {
		err := cleanLine(out, in, prefix, odd(n))
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return fmt.Errorf("clean line %d: %w", n, err)
		}
	}
}

// cleanLine copies one line. It returns io.EOF after the last one.
func cleanLine(out *bufio.Writer, in *bufio.Reader, prefix string, odd bool) error {
	// Peek fails at the end of the segment, and where a last line is shorter than the prefix: what it saw is what there is.
	start, err := in.Peek(max(len(prefix), 1))
	if len(start) == 0 {
		return err
	}
	if prefix != "" && string(start) == prefix {
		in.Discard(len(prefix))
	}
	if odd {
		out.WriteString("{}")
	}
	for {
		piece, err := in.ReadSlice('\n')
		switch {
		case !odd:
			out.Write(piece)
		case err == nil:
			out.WriteByte('\n')
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err // a bufio.Writer keeps its first error for Flush
		}
	}
}
