package vault

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"auditpack/evidence"
	"auditpack/internal/lines"
)

// stretch is a part of a log that is read on its own, mostly one segment. Stretches are read side by side, but the store gets the end of
// one only when all before it were read without a fault: behind a secret in the clear nothing is stored.
type stretch struct {
	*reading
	content  *content
	options  lines.Options
	segments *lines.Segments // from run on
	before   *stretch        // that ends where this one begins; nil for none
	tail     []byte          // of what was read
	head     []byte          // of the log, for its first mark
	begins   bool            // the log begins with what comes next

	stored chan *storing // its segments, in order; closed behind the last
	read   chan struct{} // closed when nothing more is read
	whole  bool          // it was read to its end, as all before it were; valid once read is closed
	err    error         // of the log or of an entry in it, that ended it; valid once read is closed
}

func (r *reading) stretch(c *content, o lines.Options) *stretch {
	o.Prefix = r.Prefix
	o.Inspector = func() lines.Inspector { return &span{redacted: r.LogRaw == logRawRedact} }
	return &stretch{
		reading: r, content: c, options: o, tail: slices.Clone(c.tail), begins: c.offset == 0,
		stored: make(chan *storing), read: make(chan struct{}),
	}
}

// abreast is how many stretches are read at once: it bounds memory, and two keep two cores busy.
const abreast = 2

// runAbreast reads stretches in order, a few at once.
func runAbreast(ctx context.Context, stretches []*stretch, running *sync.WaitGroup) {
	slots := make(chan struct{}, abreast)
	for _, s := range stretches {
		slots <- struct{}{}
		running.Go(func() { s.run(ctx, func() { <-slots }) })
	}
}

// run puts the segments to the store, and calls release when all is read.
func (s *stretch) run(ctx context.Context, release func()) {
	defer close(s.stored)
	var last *storing
	if ctx.Err() == nil {
		last = s.putAll(ctx)
	}
	close(s.read)
	release()
	s.deliver(ctx, last)
}

// putAll delivers all segments but the last, which it returns. While the store makes one durable, the next one is read.
func (s *stretch) putAll(ctx context.Context) (last *storing) {
	s.segments = lines.Cut(s.content, s.options)
	defer s.segments.Close()
	taken := true
	for taken && s.segments.Next() {
		x := s.begin(ctx)
		s.deliver(ctx, last)
		last, taken = x, x.read
	}
	s.err = s.segments.Err()
	// A file that was cut, or written anew, ends in another place than it did, or with half a line: what comes next is not what follows.
	complete := s.content.format != plain || s.content.offset == s.content.limit && s.segments.Held() == 0
	s.whole = taken && s.err == nil && complete && s.follows()
	return last
}

// deliver gives a segment to who adds its records, unless nobody waits for it any more. None begun is none to deliver.
func (s *stretch) deliver(ctx context.Context, x *storing) {
	if x == nil {
		return
	}
	select {
	case s.stored <- x:
	case <-ctx.Done():
		<-x.done
	}
}

// follows waits until all before the stretch is read, and says whether it was without a fault.
func (s *stretch) follows() bool {
	if s.before == nil {
		return true
	}
	<-s.before.read
	return s.before.whole
}

// storing is a segment that the store has taken and may still be making durable.
type storing struct {
	done     chan struct{} // closed once part and err are there
	part     evidence.Part
	err      error
	read     bool // to its end
	summary  lines.Summary
	tail     []byte     // what a mark behind it covers
	head     []byte     // of the log, where it begins with the segment
	from, to mark       // from finish on
	clean    *redacting // what was stored of it, nil where secrets are refused
}

// begin hands the current segment to the store, and returns as soon as it was read to its end or failed.
func (s *stretch) begin(ctx context.Context) *storing {
	x := &storing{done: make(chan struct{})}
	read := &passing{stretch: s, ended: make(chan struct{})}
	var content io.Reader = read
	if s.LogRaw == logRawRedact {
		x.clean = newRedacting(read, s.Prefix)
		content = x.clean
	}
	go func() {
		defer close(x.done)
		x.part, x.err = s.out.Put(ctx, KindAuditLog, s.stream.Device, s.mediaType(), content)
	}()
	select {
	case <-read.ended:
	case <-x.done:
		if x.err != nil {
			return x
		}
	}
	x.read, x.summary = true, s.segments.Summary()
	x.tail = slices.Clone(s.tail[max(0, len(s.tail)-windowBytes):])
	x.head, s.head, s.begins = s.head, nil, false
	return x
}

// telling says whether the segment has what makes a log like no other: an entry with its time in it, or at least a long line. Half an
// entry alone begins many logs.
func (x *storing) telling() bool {
	times, ok := x.summary.Inspector.(*span)
	return ok && !times.first.IsZero() || x.to.Offset >= firstMark && bytes.IndexByte(x.tail, '\n') >= 0
}

// errFault ends a segment behind one that could not be read: the error of that one is told.
var errFault = errors.New("what comes before could not be read")

// passing hands a segment on to the store, keeps what marks are made of, and tells of the progress.
type passing struct {
	*stretch
	ended chan struct{} // closed at the end of the segment, or where it broke off
	over  error
}

func (p *passing) Read(b []byte) (int, error) {
	if p.over != nil { // the segments may be at the next one already
		return 0, p.over
	}
	n, err := p.segments.Read(b)
	s := p.stretch
	s.tail = appendTail(s.tail, b[:n])
	if s.begins && len(s.head) < windowBytes {
		s.head = append(s.head, b[:min(n, windowBytes-len(s.head))]...)
	}
	s.progress(n)
	if err == io.EOF && !s.follows() {
		err = errFault
	}
	if err != nil {
		p.over = err
		close(p.ended)
	}
	return n, err
}

// lineEnds gives the offsets behind the lines that reach over each multiple of size between from and limit.
func lineEnds(f io.ReaderAt, from, limit, size int64) (ends []int64, err error) {
	last := from
	for at := from + size; at < limit; at += size {
		if at <= last {
			continue // the line before reaches over this one too
		}
		if last, err = lineEnd(f, at, limit); err != nil {
			return nil, err
		}
		if last == limit {
			break
		}
		ends = append(ends, last)
	}
	return ends, nil
}

// lineEnd gives the first offset from at on that is behind a newline; limit if there is none before it.
func lineEnd(f io.ReaderAt, at, limit int64) (int64, error) {
	at--
	r := bufio.NewReaderSize(io.NewSectionReader(f, at, limit-at), 64<<10)
	for {
		b, err := r.ReadSlice('\n')
		at += int64(len(b))
		switch {
		case err == nil:
			return at, nil
		case errors.Is(err, io.EOF):
			return limit, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return 0, err
		}
	}
}
