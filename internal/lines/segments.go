package lines

import (
	"errors"
	"io"
)

// Sizes of the machinery, in bytes.
const (
	DefaultSegmentBytes = 64 << 20 // of a segment, before it ends at the next block
	blockBytes          = 1 << 20  // read and looked at in one go; more only where a line is longer
	oddBytes            = 8 << 20  // of recovered entries that a segment may keep in memory before it ends
	blocks              = 3        // one read, one waiting, one being stored
)

// Options of Segments.
type Options struct {
	Prefix       string // that may stand before the entry of each line
	SegmentBytes int64  // 0: DefaultSegmentBytes
	KeepTail     bool   // the stream's end without a newline is its last line; else it is held back

	Inspector func() Inspector // makes one for each segment; nil for none
}

// Inspector looks at the entries of one segment.
type Inspector interface {
	// Inspect is called for each line, in order, with its entry: the line without prefix and newline. An odd line is given as it
	// is (the first MaxLine bytes of one that is too long), and after that each entry that was recovered from it.
	// An error ends the stream before the segment that holds the line. It runs ahead of Read, in another goroutine, and must
	// not keep the bytes.
	Inspect(line int64, entry []byte) error
}

// Summary is what a segment turned out to be.
type Summary struct {
	SizeBytes int64
	Lines     int64
	OddLines  int64
	Odd       []Odd     // in order; more than OddLines where a line holds several entries
	Inspector Inspector // that looked at the segment, nil for none
}

// Segments cuts a stream into segments of whole lines. It reads and looks ahead in a goroutine of its own, so that looking at
// lines and storing them take place at the same time; at most three blocks are in memory, each as large as 1 MiB or as the
// longest line up to MaxLine. It is used by one goroutine: Next, Read to io.EOF, Summary, and again Next; Close at the end.
type Segments struct {
	options Options
	ready   chan block
	free    chan []byte
	stop    chan struct{}
	done    chan struct{}

	current block // being read
	rest    []byte
	begun   bool
	summary Summary
	err     error
	held    int64
}

// block is some whole lines, or a piece of a line that is too long. The last one of a segment has its summary, the last one of
// a stream has the error that ended it (io.EOF at its end) and no data.
type block struct {
	data    []byte
	buffer  []byte // that data lies in
	summary *Summary
	err     error
	held    int64
}

// Cut starts to read r. The caller calls Close, and may close r only after it.
func Cut(r io.Reader, o Options) *Segments {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	s := &Segments{
		options: o,
		ready:   make(chan block, blocks-2),
		free:    make(chan []byte, blocks),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	for range blocks {
		s.free <- nil
	}
	go func() {
		defer close(s.done)
		newCutter(r, s).run()
	}()
	return s
}

// Next goes to the next segment and says whether there is one; it has at least one byte. After false, Err has the reason.
func (s *Segments) Next() bool {
	if s.err != nil {
		return false
	}
	s.current = <-s.ready
	if s.current.err != nil {
		s.err, s.held = s.current.err, s.current.held
		return false
	}
	s.rest, s.begun = s.current.data, true
	return true
}

// Read gives the bytes of the segment, and io.EOF at its end. When the stream broke off inside a segment that may not be kept,
// it returns the error of the Inspector instead.
func (s *Segments) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		if !s.begun {
			return 0, io.EOF
		}
		if s.current.buffer != nil {
			s.free <- s.current.buffer
			s.current.buffer = nil
		}
		if s.current.summary != nil {
			s.summary, s.begun = *s.current.summary, false
			return 0, io.EOF
		}
		s.current = <-s.ready
		if s.current.err != nil {
			s.err, s.begun = s.current.err, false
			return 0, s.err
		}
		s.rest = s.current.data
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// Summary describes the segment that Read came to the end of.
func (s *Segments) Summary() Summary { return s.summary }

// Err returns what ended the stream: nil for its end, the reader's error, or an Inspector's. Lines that were whole before a reader's
// error are in the segments.
func (s *Segments) Err() error {
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// Held returns the size in bytes of the unfinished line at the end of the stream that no segment holds.
func (s *Segments) Held() int64 { return s.held }

// Close stops reading and waits until the reader is no longer used.
func (s *Segments) Close() {
	select {
	case <-s.stop:
	default:
		close(s.stop)
	}
	<-s.done
}
