package boundary

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/contextio"
	"auditpack/internal/lines"
)

// linesType is the media type of JSON lines.
const linesType = "application/x-ndjson"

// collectEventLogs reads what the files of all globs have gained since the last collection, and returns the new cursor. Each
// file is a part with an outcome of its own.
func (c *collector) collectEventLogs(ctx context.Context, last logCursor, out collectors.Sink) logCursor {
	var next logCursor
	fitted, asked := map[point]bool{}, map[string]bool{}
	for _, pattern := range c.config.EventLogs {
		files, err := c.match(pattern)
		if err != nil || len(files) == 0 {
			o := collectors.OutcomeOf(pattern, kindEventLog, 0, err)
			if err == nil {
				o.Detail = "no file has such a name"
			}
			out.Outcome(o)
		}
		for _, f := range files {
			if asked[f.path] {
				continue // another glob named it too
			}
			asked[f.path] = true
			r := &logRun{collector: c, file: f, out: out}
			err := r.collect(ctx, last)
			fitted[r.fitted.point()] = true
			next.keep(r.reached)
			out.Outcome(r.outcome(err))
		}
	}
	next.keepLost(last, fitted)
	return next
}

// logRun is the collection of one file.
type logRun struct {
	*collector
	file    logFile
	out     collectors.Sink
	fitted  logMark // the mark of the last collection that the file fits
	reached logMark // where this one came to; the zero value when nothing is known of the file
	items   int64   // lines
	held    int64   // bytes of an unfinished last line
}

// collect stores the whole lines that the file has beyond the mark that fits it. What was stored before an error stays, and
// reached says how far that is.
func (r *logRun) collect(ctx context.Context, last logCursor) error {
	for _, m := range last.Marks {
		if m.unchanged(r.file) {
			r.fitted, r.reached = m, m
			return nil
		}
	}
	from, err := last.find(ctx, r.file)
	if err != nil {
		return fmt.Errorf("read event log %q: %w", r.file.path, err)
	}
	r.fitted, r.reached = from.mark, from.mark
	r.reached.Path = r.file.path
	content, err := r.file.open(from.mark.Offset)
	if err != nil {
		return fmt.Errorf("read event log %q: %w", r.file.path, err)
	}
	defer content.Close()
	if err := r.store(ctx, content, newTracker(from)); err != nil {
		return fmt.Errorf("read event log %q, after byte %d: %w", r.file.path, r.reached.Offset, err)
	}
	r.reached.settle(r.file)
	return nil
}

// store cuts content into segments and adds a record of each.
func (r *logRun) store(ctx context.Context, content io.Reader, track *tracker) error {
	segments := lines.Cut(contextio.Reader(ctx, content), lines.Options{KeepTail: r.file.compressed()})
	defer segments.Close()
	for segments.Next() {
		var times span
		part, err := r.out.Put(ctx, kindEventLog, r.file.device(), linesType, io.TeeReader(segments, io.MultiWriter(track, &times)))
		if err != nil {
			return err
		}
		if err := r.add(ctx, part, segments.Summary(), times); err != nil {
			return err
		}
		r.reached = track.mark(r.file.path)
		r.items += segments.Summary().Lines
		r.out.Progress(collectors.Progress{Step: r.file.path, Bytes: r.reached.Offset - r.fitted.Offset, Items: r.items})
	}
	r.held = segments.Held()
	return segments.Err()
}

func (r *logRun) outcome(err error) evidence.PartOutcome {
	o := collectors.OutcomeOf(r.file.path, kindEventLog, r.items, err)
	switch {
	case err != nil:
	case r.held > 0:
		o.Detail = fmt.Sprintf("the last line is unfinished: its %d bytes wait for the next collection", r.held)
	case r.items == 0 && r.fitted.Offset > 0:
		o.Detail = "nothing new since the collection before"
	}
	return o
}

// add adds the record of one segment, and before it the one of its odd lines, so that no segment is evidence without them.
func (r *logRun) add(ctx context.Context, part evidence.Part, sum lines.Summary, times span) error {
	rec := evidence.Record{Kind: kindEventLog, Content: []evidence.Part{part}}
	rec.Source.System = r.file.path
	rec.Procedure = fmt.Sprintf("Took the whole lines of %s from byte %d of its decompressed content on, as they are.", r.file.path, r.reached.Offset)
	rec.Stated.Lines, rec.Stated.OddLines = &sum.Lines, &sum.OddLines
	rec.Stated.Notes = []string{"An event log shows requests: a session that ends leaves no event and no reason. Shippers repeat and reorder lines."}
	if times.any {
		rec.Stated.First, rec.Stated.Last = &times.first, &times.last
		rec.Period = &evidence.Period{From: times.first, To: times.last.Add(time.Nanosecond)}
	} else {
		now := r.env.Now()
		rec.At = &now
	}
	if len(sum.Odd) > 0 {
		if err := r.addOdd(ctx, rec, part, sum); err != nil {
			return err
		}
	}
	_, err := r.out.Add(ctx, rec)
	return err
}

// addOdd adds the odd lines of the segment that rec describes.
func (r *logRun) addOdd(ctx context.Context, rec evidence.Record, segment evidence.Part, sum lines.Summary) error {
	var b bytes.Buffer
	if err := lines.WriteOdd(&b, string(segment.Digest), r.file.device(), sum.Odd); err != nil {
		return err
	}
	part, err := r.out.Put(ctx, kindOddLines, r.file.device(), linesType, &b)
	if err != nil {
		return err
	}
	seen := int64(len(sum.Odd))
	rec.Kind, rec.Content, rec.DerivedFrom = kindOddLines, []evidence.Part{part}, []evidence.Digest{segment.Digest}
	rec.Procedure = fmt.Sprintf("Took out of the event log segment %s each line that is no JSON object or could shift those that are, with what could be recovered from it.", segment.Digest)
	rec.Stated = evidence.Stated{ItemsSeen: &seen}
	_, err = r.out.Add(ctx, rec)
	return err
}
