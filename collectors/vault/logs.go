package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// stillWritten is how long a rotated file may lie untouched before half an entry at its end is taken for all that will come:
// Vault writes to the renamed file until it is told to reopen, which rotations do within minutes.
const stillWritten = time.Hour

// logs is one collection of all audit logs of a source.
type logs struct {
	*collector
	about   evidence.Source // version and identity of the live Vault, where it was asked
	out     collectors.Sink
	cursor  *cursor
	started time.Time
	paths   map[*stream]string // where each was found in this collection
	done    int64              // bytes of the files before, for progress
	total   int64

	later    []logFile // to be settled
	settling bool

	named map[string]bool // files and patterns that were listed, by what they are called
	moved bool            // files were not there any more when they were to be read
	again bool            // they are looked for a second time, which is the last
}

// collectLogs reads what is new in each log. It returns an error only when the cursor cannot be read or set, or ctx ended.
func (c *collector) collectLogs(ctx context.Context, about evidence.Source, out collectors.Sink) error {
	cur, err := loadCursor(out)
	if err != nil {
		return err
	}
	l := &logs{
		collector: c, about: about, out: out, cursor: cur, started: c.env.Now().UTC(), paths: map[*stream]string{}, named: map[string]bool{},
	}
	if err := l.collectAll(ctx, l.find()); err != nil {
		return err
	}
	if l.moved { // by a rotation: what they hold has another name now
		l.again = true
		if err := l.collectAll(ctx, l.find()); err != nil {
			return err
		}
	}
	l.cursor.forget(l.started)
	return out.SetCursor(l.cursor)
}

// find lists the files that were not listed before, and notes what is wrong with the configured names.
func (l *logs) find() []logFile {
	files := slices.DeleteFunc(l.findLogs(l.fault), func(f logFile) bool { return l.named[f.shown] })
	for _, f := range files {
		l.named[f.shown] = true
		l.total += f.size
	}
	return files
}

// fault notes once what is wrong with a name or pattern. That a file moved is no fault.
func (l *logs) fault(name string, err error) {
	switch {
	case errors.Is(err, errMoved):
		l.moved = true
	case !l.named[name]:
		l.named[name] = true
		l.out.Outcome(collectors.OutcomeOf(name, KindAuditLog, 0, err))
	}
}

// collectAll collects what is new in files.
func (l *logs) collectAll(ctx context.Context, files []logFile) error {
	// What looks like a part of another file is looked at when that file was: then the two can be compared.
	for l.settling = false; len(files) > 0; {
		for _, f := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := l.collect(ctx, f); err != nil {
				return err
			}
		}
		files, l.later, l.settling = l.later, nil, true
	}
	return nil
}

var (
	errLater = errors.New("later") // a file is to be looked at again when all others were
	errMoved = errors.New("moved") // a file that a glob matched just now is not there any more
)

// collect collects what is new in one file and notes the outcome.
func (l *logs) collect(ctx context.Context, f logFile) error {
	n, note, err := l.collectFile(ctx, f)
	if errors.Is(err, errLater) {
		l.later = append(l.later, f)
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) && n == 0 && !l.again { // what was read of it would be told of nowhere
		l.moved = true
		delete(l.named, f.shown)
		return nil
	}
	if err != nil {
		err = fmt.Errorf("read audit log %q: %w", f.shown, err)
	}
	o := collectors.OutcomeOf(f.shown, KindAuditLog, n, err)
	if err == nil {
		o.Detail = note
	}
	l.out.Outcome(o)
	l.done += f.size
	return l.out.SetCursor(l.cursor)
}

// collectFile collects what is new in one file. It returns the number of lines and what is worth saying of it.
func (l *logs) collectFile(ctx context.Context, f logFile) (n int64, note string, err error) {
	file, err := l.open(f.path)
	if err != nil {
		return 0, "", cause(err)
	}
	defer file.Close()
	how, err := detect(file)
	if err != nil {
		return 0, "", cause(err)
	}
	var print fingerprint
	if how != plain {
		if print, err = fingerprintOf(file); err != nil {
			return 0, "", cause(err)
		}
		if s := l.cursor.streamOf(print); s != nil {
			l.see(s, f)
			return 0, "nothing new", nil
		}
	}
	content, err := openContent(file, how)
	if err != nil {
		return 0, "", cause(err)
	}
	defer content.close()
	if err := l.checkHead(content); err != nil {
		return 0, "", err
	}
	place, err := l.cursor.find(content)
	if err != nil {
		return 0, "", cause(err)
	}
	if place.shorter {
		if !l.settling {
			return 0, "", errLater
		}
		if place, err = l.settle(content, place); err != nil {
			return 0, "", cause(err)
		}
	}
	if place.shorter && !place.changed {
		if errors.Is(place.end, errCutShort) {
			return 0, "cut short, and all that can be read of it is collected already", nil
		}
		if how != plain {
			place.stream.finished(print)
		}
		return 0, fmt.Sprintf("nothing new: the file is a part of %q", place.stream.File), nil
	}
	r := l.reading(f, content, place)
	err = r.run(ctx, file)
	if err == nil && how != plain {
		r.stream.finished(print)
		r.keep()
	}
	return r.lines, r.note(), err
}

// see notes that the content of s is there, as f.
func (l *logs) see(s *stream, f logFile) {
	s.Seen, s.File = l.started, f.shown
	l.paths[s] = f.path
}

// checkHead looks at the beginning of content; what cannot be read of it is found later.
func (l *logs) checkHead(content *content) error {
	head := make([]byte, headBytes)
	n, _ := io.ReadFull(content, head)
	return checkHead(head[:n], l.Prefix)
}
