package lines

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// cutter is the reading half of Segments.
type cutter struct {
	r    io.Reader
	s    *Segments
	size int // of a block

	buffer  []byte // the block being filled
	filled  int
	limit   int  // how far it is filled: a buffer that was large for a long line is used in small blocks again
	long    *Odd // the line that is too long and goes on
	segment Summary
	odd     int // bytes kept for the segment
}

func newCutter(r io.Reader, s *Segments) *cutter {
	return &cutter{r: r, s: s, size: int(min(blockBytes, max(s.options.SegmentBytes, 64)))}
}

var errStopped = errors.New("segments were closed")

func (c *cutter) run() {
	err := c.stream()
	c.send(block{err: err, held: int64(c.filled)})
}

// stream sends the blocks of all segments and returns what ended the stream.
func (c *cutter) stream() error {
	if err := c.take(); err != nil {
		return err
	}
	searched := 0 // bytes of the buffer that have no newline
	for {
		readErr := c.fill()
		data := c.buffer[:c.filled]
		end := 0
		if i := bytes.LastIndexByte(data[searched:], '\n'); i >= 0 {
			end = searched + i + 1
		}
		if end == 0 && readErr == nil && len(data) <= MaxLine && c.long == nil {
			searched = len(data)
			c.grow()
			continue
		}
		searched = 0
		if end == 0 && (c.long != nil || len(data) > MaxLine) {
			end = len(data)
		}
		last := readErr != nil && c.s.options.KeepTail && errors.Is(readErr, io.EOF)
		if last {
			end = len(data)
		}
		if err := c.look(data[:end], last); err != nil {
			return err
		}
		if err := c.pass(end, readErr != nil); err != nil {
			return err
		}
		if readErr != nil {
			return readErr
		}
	}
}

// fill reads up to the limit or the end of the stream.
func (c *cutter) fill() error {
	for c.filled < c.limit {
		n, err := c.r.Read(c.buffer[c.filled:c.limit])
		c.filled += n
		if err != nil {
			return err
		}
		select {
		case <-c.s.stop:
			return errStopped
		default:
		}
	}
	return nil
}

// grow makes room for a line that is longer than the limit.
func (c *cutter) grow() {
	c.limit = min(2*c.limit, MaxLine+1)
	if c.limit <= len(c.buffer) {
		return
	}
	larger := make([]byte, min(max(c.limit, 4*len(c.buffer)), MaxLine+1))
	copy(larger, c.buffer[:c.filled])
	c.buffer = larger
}

// take waits for a buffer.
func (c *cutter) take() error {
	select {
	case b := <-c.s.free:
		if b == nil {
			b = make([]byte, c.size)
		}
		c.buffer, c.filled, c.limit = b, 0, c.size
		return nil
	case <-c.s.stop:
		return errStopped
	}
}

func (c *cutter) send(b block) bool {
	select {
	case c.s.ready <- b:
		return true
	case <-c.s.stop:
		return false
	}
}

// pass hands the first n bytes on and keeps the rest for the next block. It ends the segment when it is large enough or the
// stream is over.
func (c *cutter) pass(n int, over bool) error {
	c.segment.SizeBytes += int64(n)
	full := c.segment.SizeBytes >= c.s.options.SegmentBytes || c.odd >= oddBytes
	ends := c.segment.SizeBytes > 0 && (over || full && c.long == nil)
	if n == 0 && !ends {
		return nil
	}
	b := block{data: c.buffer[:n], buffer: c.buffer}
	rest := c.buffer[n:c.filled]
	if ends {
		c.endLong()
		summary := c.segment
		b.summary = &summary
		c.segment, c.odd = Summary{}, 0
	}
	if err := c.take(); err != nil {
		return err
	}
	if len(c.buffer) <= len(rest) { // it grew for a long line, and the next one is as long
		c.buffer = make([]byte, max(len(b.buffer), len(rest)+1))
	}
	c.filled = copy(c.buffer, rest)
	c.limit = max(c.size, c.filled+1)
	if !c.send(b) {
		return errStopped
	}
	return nil
}

// look counts the lines of data and finds the odd ones. data ends with a line, unless the line is too long.
func (c *cutter) look(data []byte, last bool) error {
	offset := c.segment.SizeBytes
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		size, ends := end+1, end >= 0
		if !ends {
			end, size = len(data), len(data)
		}
		var err error
		switch {
		case c.long != nil:
			c.long.SizeBytes += int64(end)
			if ends {
				c.endLong()
			}
		case !ends && !last || end > MaxLine:
			err = c.beginLong(data[:end], offset, ends)
		default:
			err = c.line(data[:end], offset, !ends)
		}
		if err != nil {
			return err
		}
		offset += int64(size)
		data = data[size:]
	}
	return nil
}

func (c *cutter) beginLong(line []byte, offset int64, ends bool) error {
	c.segment.Lines++
	c.segment.OddLines++
	c.long = &report(line, c.segment.Lines, offset, int64(len(line)), TooLong)[0]
	if ends {
		c.endLong()
	}
	return c.inspect(c.segment.Lines, line[:min(len(line), MaxLine)])
}

func (c *cutter) endLong() {
	if c.long != nil {
		c.segment.Odd = append(c.segment.Odd, *c.long)
		c.long = nil
	}
}

// line looks at one line; tail says that it has no newline.
func (c *cutter) line(line []byte, offset int64, tail bool) error {
	c.segment.Lines++
	entry := bytes.TrimPrefix(line, []byte(c.s.options.Prefix))
	reason := look(entry)
	if reason == "" && tail && !json.Valid(entry) {
		reason = Unfinished
	}
	if reason == "" {
		return c.inspect(c.segment.Lines, entry)
	}
	c.segment.OddLines++
	if err := c.inspect(c.segment.Lines, line); err != nil {
		return err
	}
	for _, o := range report(line, c.segment.Lines, offset, int64(len(line)), reason) {
		c.segment.Odd = append(c.segment.Odd, o)
		c.odd += len(o.Recovered) + len(o.Head)
		if o.Recovered == nil {
			continue
		}
		if err := c.inspect(o.Line, o.Recovered); err != nil {
			return err
		}
	}
	return nil
}

func (c *cutter) inspect(line int64, entry []byte) error {
	if c.s.options.Inspector == nil {
		return nil
	}
	if c.segment.Inspector == nil {
		c.segment.Inspector = c.s.options.Inspector()
	}
	return c.segment.Inspector.Inspect(line, entry)
}
