package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/lines"
)

// reading is the collecting of one file from one place on.
type reading struct {
	*logs
	file     logFile
	content  *content
	place    found
	stream   *stream
	position mark // where the next segment begins
	tail     []byte
	head     []byte // of the content, until the first mark is set; only when reading from the start
	lines    int64
	passed   int64 // bytes given to the store
	waiting  int64 // bytes of an unfinished line
	redacted int64 // values and lines that were replaced
	raw      bool  // secrets stood in the clear among them
}

func (l *logs) reading(f logFile, content *content, place found) *reading {
	r := &reading{logs: l, file: f, content: content, place: place, position: place.from, tail: slices.Clone(content.tail)}
	switch {
	case place.stream == nil:
		r.stream = &stream{Device: f.device}
	case place.changed:
		r.stream = &stream{Device: f.device} // it began alike, and is a log of its own now
		for _, m := range place.stream.Marks {
			r.stream.Marks = append(r.stream.Marks, m)
			if m == place.at {
				break
			}
		}
	default:
		r.stream = place.stream
	}
	return r
}

// run stores the segments. What it stored before an error stays.
func (r *reading) run(ctx context.Context, f file) error {
	keepTail, size := r.content.format != plain, r.segmentBytes
	if r.content.format == plain {
		var err error
		if keepTail, err = r.bound(f); err != nil {
			return cause(err)
		}
		size = evenly(r.content.limit-r.position.Offset, size)
	}
	segments := lines.Cut(r.content, lines.Options{
		Prefix: r.Prefix, KeepTail: keepTail, SegmentBytes: size,
		Inspector: func() lines.Inspector { return &span{redacted: r.LogRaw == logRawRedact} },
	})
	defer segments.Close()
	if err := r.storeAll(ctx, segments); err != nil {
		return r.explain(err)
	}
	if r.content.format != plain {
		r.waiting = segments.Held()
	}
	r.stream.HeldBytes = r.waiting
	r.keep()
	return r.explain(segments.Err())
}

// evenly says how large the segments of a log of size bytes are, at most about most bytes each, so that all have one size and their number
// is even: tables are made of two at a time, and none is left for the end.
func evenly(size, most int64) int64 {
	n := (size + most - 1) / most
	if n <= 1 {
		return most
	}
	n += n % 2
	return (size + n - 1) / n
}

// bound sets where reading a plain file ends: at its last complete line, which is what a file that Vault writes to has for
// certain. It says whether half a line at the end is to be kept all the same.
func (r *reading) bound(f file) (keepTail bool, err error) {
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	size := info.Size()
	end, err := lastLineEnd(f, r.position.Offset, size)
	if err != nil {
		return false, err
	}
	r.content.limit, r.waiting = end, size-end
	untouched := r.started.Sub(info.ModTime()) > stillWritten
	if r.waiting > 0 && !r.file.current() && untouched && r.stream.HeldBytes == r.waiting {
		r.content.limit, r.waiting = size, 0
		return true, nil
	}
	return false, nil
}

// storeAll stores the segments in order. While the store makes one durable, the next one is read.
func (r *reading) storeAll(ctx context.Context, segments *lines.Segments) error {
	var last *storing
	for segments.Next() {
		s := r.begin(ctx, segments)
		if err := r.finish(ctx, last); err != nil {
			<-s.done
			return err
		}
		last = s
		if !s.whole {
			break
		}
	}
	err := r.finish(ctx, last)
	if own := segments.Err(); own != nil && err != nil {
		return own // not the store's words for it
	}
	return err
}

// storing is a segment that the store has taken and may still be making durable.
type storing struct {
	done     chan struct{} // closed once part and err are there
	part     evidence.Part
	err      error
	whole    bool // it was read to its end
	summary  lines.Summary
	from, to mark
	telling  bool       // it has what a log is known by
	clean    *redacting // what was stored of it, nil where secrets are refused
}

// begin hands the current segment to the store, and returns as soon as it was read to its end or failed.
func (r *reading) begin(ctx context.Context, segments *lines.Segments) *storing {
	s := &storing{done: make(chan struct{}), from: r.position}
	read := &passing{Segments: segments, r: r, ended: make(chan struct{})}
	var content io.Reader = read
	if r.LogRaw == logRawRedact {
		s.clean = newRedacting(read, r.Prefix)
		content = s.clean
	}
	go func() {
		defer close(s.done)
		s.part, s.err = r.out.Put(ctx, KindAuditLog, r.stream.Device, r.mediaType(), content)
	}()
	select {
	case <-read.ended:
	case <-s.done:
		if s.err != nil {
			return s
		}
	}
	s.whole, s.summary = true, segments.Summary()
	s.to = mark{Offset: r.position.Offset + s.summary.SizeBytes, Line: r.position.Line + s.summary.Lines, Window: window(r.tail)}
	s.telling = r.telling(s.summary)
	r.position = s.to
	return s
}

// finish waits until the store has the segment, adds its records with its odd lines, and moves the cursor behind it. Nothing
// begun is nothing to finish.
func (r *reading) finish(ctx context.Context, s *storing) error {
	if s == nil {
		return nil
	}
	<-s.done
	err := s.err
	if err == nil {
		err = r.add(ctx, s)
	}
	if err != nil {
		r.position = s.from // nothing from here on is kept
		return err
	}
	if len(r.stream.Marks) > 0 || s.telling {
		if first, ok := firstMarkOf(r.head); ok && len(r.stream.Marks) == 0 && first.Offset < s.to.Offset {
			r.stream.add(first)
		}
		r.stream.add(s.to)
	}
	r.lines += s.summary.Lines
	r.keep()
	return r.out.SetCursor(r.cursor)
}

// telling says whether the segment s has what makes a log like no other: an entry with its time in it, or at least a long
// line. Half an entry alone begins many logs.
func (r *reading) telling(s lines.Summary) bool {
	times, ok := s.Inspector.(*span)
	return ok && !times.first.IsZero() || r.position.Offset+s.SizeBytes >= firstMark && bytes.IndexByte(r.tail, '\n') >= 0
}

// keep has the cursor know the stream, once there is something to know it by.
func (r *reading) keep() {
	if len(r.stream.Marks) == 0 && len(r.stream.Compressed) == 0 {
		return
	}
	r.see(r.stream, r.file)
	if !slices.Contains(r.cursor.Streams, r.stream) {
		r.cursor.Streams = append(r.cursor.Streams, r.stream)
	}
}

// add adds the records of a segment: its odd lines first, so that no segment is evidence without them.
func (r *reading) add(ctx context.Context, stored *storing) error {
	s := stored.summary
	var redactions []evidence.Redaction
	if stored.clean != nil {
		s.Odd = stored.clean.odd(s.Odd)
		redactions = stored.clean.redactions()
	}
	for _, x := range redactions {
		r.redacted += x.Count
		r.raw = r.raw || showsRaw(x.Rule)
	}
	rec := evidence.Record{
		Kind:       KindAuditLog,
		Source:     evidence.Source{System: r.file.path, Version: r.about.Version, Identity: r.about.Identity},
		Procedure:  r.procedure(stored),
		Content:    []evidence.Part{stored.part},
		Redactions: redactions,
		Stated:     evidence.Stated{ItemsSeen: &s.Lines, Lines: &s.Lines, OddLines: &s.OddLines},
	}
	if r.place.changed {
		rec.Stated.Notes = append(rec.Stated.Notes, r.place.describe())
	}
	if times, ok := s.Inspector.(*span); ok && !times.first.IsZero() {
		rec.Period = &evidence.Period{From: times.first, To: times.last.Add(1)}
		rec.Stated.First, rec.Stated.Last = &times.first, &times.last
	} else {
		rec.At = &r.started
	}
	if len(s.Odd) > 0 {
		if err := r.addOdd(ctx, rec, stored.part, s); err != nil {
			return err
		}
	}
	_, err := r.out.Add(ctx, rec)
	return err
}

// addOdd adds the odd lines of the segment that rec describes.
func (r *reading) addOdd(ctx context.Context, rec evidence.Record, segment evidence.Part, s lines.Summary) error {
	pr, pw := io.Pipe() // an odd line may be large, and the store wants a reader
	go func() { pw.CloseWithError(lines.WriteOdd(pw, string(segment.Digest), r.stream.Device, s.Odd)) }()
	part, err := r.out.Put(ctx, KindOddLines, r.stream.Device, "application/x-ndjson", pr)
	pr.CloseWithError(err) // the writer ends in any case
	if err != nil {
		return err
	}
	items := int64(len(s.Odd))
	odd := rec
	odd.Kind = KindOddLines
	odd.Procedure = fmt.Sprintf("Took out of %s, a segment of the audit log %q, each line that a reader of JSON lines would stumble over: its position, the reason, its first bytes, and the whole entry in it where there is one.", segment.Digest, r.stream.Device)
	odd.Content = []evidence.Part{part}
	odd.Stated = evidence.Stated{ItemsSeen: &items, OddLines: &s.OddLines, First: rec.Stated.First, Last: rec.Stated.Last}
	odd.DerivedFrom = []evidence.Digest{segment.Digest}
	_, err = r.out.Add(ctx, odd)
	return err
}

// mediaType says that the segment is JSON lines, and what stands before each entry.
func (r *reading) mediaType() string {
	if r.Prefix == "" {
		return "application/x-ndjson"
	}
	return mime.FormatMediaType("application/x-ndjson", map[string]string{"prefix": r.Prefix})
}

func (r *reading) procedure(s *storing) string {
	text := fmt.Sprintf("Read bytes %d to %d, which are lines %d to %d, of the audit log file %q as it lay on the host",
		s.from.Offset+1, s.to.Offset, s.from.Line+1, s.to.Line, r.file.shown)
	if r.content.format != plain {
		text += fmt.Sprintf(", counted after %s decompression", r.content.format)
	}
	text += fmt.Sprintf(". It belongs to the log %q.", r.stream.Device)
	if stored := s.clean; stored != nil && len(stored.changed) > 0 {
		text += ` Before it was stored, each text that Vault hashes and that was not hashed was replaced by "redacted", and each line that was no whole entry by an entry that says so; the digest of the bytes as received is with the redactions.`
	}
	if r.Prefix != "" {
		text += fmt.Sprintf(" The audit device writes the prefix %q before each entry; it is kept in the segment.", r.Prefix)
	}
	return text
}

// note says in words what is not an error.
func (r *reading) note() string {
	switch {
	case r.redacted > 0 && !r.raw:
		return fmt.Sprintf("%d values and lines were replaced before storing", r.redacted)
	case r.redacted > 0:
		return fmt.Sprintf("secrets stood in the clear, the audit device runs with log_raw=true: %d values and lines were replaced before storing", r.redacted)
	case r.place.changed && r.lines > 0:
		return r.place.describe()
	case r.waiting > 0:
		return fmt.Sprintf("%d bytes of an unfinished line wait for the next collection", r.waiting)
	case r.lines > 0:
		return ""
	case r.stream == r.place.stream:
		return "nothing new"
	}
	return "empty"
}

// explain adds to an error where reading stopped and what helps.
func (r *reading) explain(err error) error {
	var clear *clearSecretError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &clear):
		return fmt.Errorf("line %d: %w; nothing is stored from line %d on. Enable the device again without log_raw, and take this file out of audit_logs, or set log_raw: redact in the source", r.position.Line+clear.line, clear, r.position.Line+1)
	case errors.Is(err, errCutShort):
		return fmt.Errorf("after line %d (byte %d of its content): %w; the lines before are kept. Wait until the compression is done, or compress the log again", r.position.Line, r.position.Offset, errCutShort)
	}
	return fmt.Errorf("after line %d (byte %d of its content): %w", r.position.Line, r.position.Offset, cause(err))
}

// passing hands a segment on to the store, keeps what marks are made of, and tells of the progress.
type passing struct {
	*lines.Segments
	r     *reading
	ended chan struct{} // closed at the end of the segment, or where it broke off
	over  error
}

func (p *passing) Read(b []byte) (int, error) {
	if p.over != nil { // the segments may be at the next one already
		return 0, p.over
	}
	n, err := p.Segments.Read(b)
	r := p.r
	if err != nil {
		p.over = err
		defer close(p.ended)
	}
	r.tail = appendTail(r.tail, b[:n])
	if r.position.Offset == 0 && len(r.head) < windowBytes {
		r.head = append(r.head, b[:min(n, windowBytes-len(r.head))]...)
	}
	r.passed += int64(n)
	done := r.done + r.passed
	if r.content.format != plain {
		done = r.done + r.content.unpacked.Load()
	}
	r.out.Progress(collectors.Progress{Step: r.file.shown, Bytes: done, TotalBytes: r.total})
	return n, err
}

// firstMarkOf returns the mark after the first line that ends behind firstMark bytes.
func firstMarkOf(head []byte) (mark, bool) {
	if len(head) < firstMark {
		return mark{}, false
	}
	i := bytes.IndexByte(head[firstMark-1:], '\n')
	if i < 0 {
		return mark{}, false
	}
	head = head[:firstMark+i]
	return mark{Offset: int64(len(head)), Line: int64(bytes.Count(head, []byte("\n"))), Window: shortDigest(head)}, true
}
