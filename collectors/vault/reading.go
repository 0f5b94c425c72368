package vault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"slices"
	"sync"
	"sync/atomic"

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
	lines    int64
	passed   atomic.Int64 // bytes given to the store
	waiting  int64        // bytes of an unfinished line
	redacted int64        // values and lines that were replaced
	raw      bool         // secrets stood in the clear among them
}

func (l *logs) reading(f logFile, content *content, place found) *reading {
	r := &reading{logs: l, file: f, content: content, place: place, position: place.from}
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
	stretches, err := r.stretches(f)
	if err != nil {
		return cause(err)
	}
	ended, err := r.storeAll(ctx, stretches)
	if err != nil {
		return r.explain(err)
	}
	if r.content.format != plain {
		r.waiting = stretches[0].segments.Held()
	}
	r.stream.HeldBytes = r.waiting
	r.keep()
	return r.explain(ended)
}

// stretches parts what is new in the log. A compressed one can only be read from its beginning to its end.
func (r *reading) stretches(f file) ([]*stretch, error) {
	if r.content.format != plain {
		return []*stretch{r.stretch(r.content, lines.Options{KeepTail: true, SegmentBytes: r.segmentBytes})}, nil
	}
	keepTail, err := r.bound(f)
	if err != nil {
		return nil, err
	}
	from, limit := r.position.Offset, r.content.limit
	borders, err := lineEnds(f, from, limit, evenly(limit-from, r.segmentBytes))
	if err != nil {
		return nil, err
	}
	var all []*stretch
	for _, to := range append(borders, limit) {
		c := &content{format: plain, file: f, limit: to}
		err := c.goTo(from)
		if errors.Is(err, io.EOF) {
			break // somebody cut the file
		}
		if err != nil {
			return nil, err
		}
		s := r.stretch(c, lines.Options{KeepTail: keepTail && to == limit, SegmentBytes: math.MaxInt64})
		if len(all) > 0 {
			s.before = all[len(all)-1]
		}
		all, from = append(all, s), to
	}
	return all, nil
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

// storeAll stores the segments of stretches and adds their records in order, whichever is read first. It returns what ended the log
// before its end, and what ended storing.
func (r *reading) storeAll(ctx context.Context, stretches []*stretch) (ended, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { runAbreast(ctx, stretches, &running) })
	for _, s := range stretches {
		for x := range s.stored {
			if err := r.finish(ctx, x); err != nil {
				cancel()
				<-s.read
				return nil, cmp.Or(s.err, err) // not the store's words for what ended the stretch
			}
		}
		if !s.whole {
			return s.err, ctx.Err()
		}
	}
	return nil, nil
}

// finish waits until the store has the segment, adds its records with its odd lines, and moves the cursor behind it.
func (r *reading) finish(ctx context.Context, s *storing) error {
	<-s.done
	if s.err != nil {
		return s.err
	}
	s.from = r.position
	s.to = mark{Offset: s.from.Offset + s.summary.SizeBytes, Line: s.from.Line + s.summary.Lines, Window: window(s.tail)}
	if err := r.add(ctx, s); err != nil {
		return err
	}
	if len(r.stream.Marks) > 0 || s.telling() {
		if first, ok := firstMarkOf(s.head); ok && len(r.stream.Marks) == 0 && first.Offset < s.to.Offset {
			r.stream.add(first)
		}
		r.stream.add(s.to)
	}
	r.position = s.to
	r.lines += s.summary.Lines
	r.keep()
	return r.out.SetCursor(r.cursor)
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

// progress tells that the store was given n bytes more.
func (r *reading) progress(n int) {
	done := r.done + r.passed.Add(int64(n))
	if r.content.format != plain {
		done = r.done + r.content.unpacked.Load()
	}
	r.out.Progress(collectors.Progress{Step: r.file.shown, Bytes: done, TotalBytes: r.total})
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
