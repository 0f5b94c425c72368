package boundary

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/contextio"
)

const (
	recordingFilesPart = "recording files"
	recordingIndex     = "recordings.json" // the list of recordings, beside a part for each
	recordingSuffix    = ".bsr"            // of the folder of one recording, after its id
	maxChecksumBytes   = 1 << 20           // of a file that is kept as it is; one line of it has some 100 bytes
	checksumFile       = "SHA256SUM"
	metaSuffix         = "-recording.meta"
	maxUnreadNamed     = 20 // files, in the outcome
)

// recordingLine is a line of the inventory of one recording's files. The first one names the recording alone: a folder without files has
// an inventory too.
//
// Source: Boundary documentation, "BSR file data structure" and "Validate the integrity of session recordings", as of 2026-11: each folder
// of a recording has SHA256SUM, as sha256sum writes it, of its own files, with a signature beside it; the meta files name the folders of
// connections and channels.
type recordingLine struct {
	Line      int64      `json:"line"`
	Recording string     `json:"recording"`      // its id
	Path      string     `json:"path,omitempty"` // below the recording's folder
	Size      int64      `json:"size_bytes"`
	Modified  *time.Time `json:"modified_at,omitempty"`
	SHA256    string     `json:"sha256,omitempty"` // of the bytes as read now
	Text      *string    `json:"text,omitempty"`   // of SHA256SUM and meta files: checksums and names, nothing that was recorded
	Error     string     `json:"error,omitempty"`  // why it could not be read
}

// indexLine is a line of the list of recordings.
type indexLine struct {
	ID    string `json:"id"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
}

// collectRecordings takes an inventory of a copy or mount of the storage bucket and returns when it last did: what last says where it is
// not due yet, or could not be stored.
func (c *collector) collectRecordings(ctx context.Context, last *time.Time, out collectors.Sink) *time.Time {
	now := c.env.Now()
	if last != nil && now.Sub(*last) < c.recordingsEvery {
		return last
	}
	s := &stocktaking{tree: c.env.Open(c.config.Recordings), out: out}
	err := s.collect(ctx, c.config.Recordings, now)
	o := collectors.OutcomeOf(recordingFilesPart, kindRecordingFiles, s.files, err)
	if err == nil && s.recordings == 0 {
		o.Detail = fmt.Sprintf("%q has no folder whose name ends in %s: is the bucket mounted, and its prefix part of the path?", c.config.Recordings, recordingSuffix)
	}
	out.Outcome(o)
	if !s.stored {
		return last
	}
	return &now // what could not be read is not worth to hash all the rest for again
}

// stocktaking is one inventory.
type stocktaking struct {
	tree       fs.FS
	out        collectors.Sink
	stored     bool
	recordings int64
	files      int64
	bytes      int64
	unread     []string // the first of them
	failures   int
}

// collect stores the inventory: a part for each recording, so that one that did not change is the same bytes again, and the list of them.
// What could not be read is a line that says so, and an error in the end: the rest stands.
func (s *stocktaking) collect(ctx context.Context, folder string, now time.Time) error {
	entries, err := fs.ReadDir(s.tree, ".")
	if err != nil {
		return fmt.Errorf("read recordings in %q: %s", folder, reason(err))
	}
	rec := evidence.Record{Kind: kindRecordingFiles, At: &now}
	index := []indexLine{}
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), recordingSuffix)
		if !ok || id == "" || !e.IsDir() {
			continue
		}
		files, size := s.files, s.bytes
		part, err := s.recording(ctx, id)
		if err != nil {
			return err
		}
		rec.Content = append(rec.Content, part)
		index = append(index, indexLine{ID: id, Files: s.files - files, Bytes: s.bytes - size})
		s.recordings++
		s.out.Progress(collectors.Progress{Step: recordingFilesPart, Bytes: s.bytes, Items: s.files})
	}
	b, err := json.Marshal(map[string][]indexLine{"recordings": index})
	if err != nil {
		return err
	}
	part, err := s.out.Put(ctx, kindRecordingFiles, recordingIndex, "application/json", bytes.NewReader(append(b, '\n')))
	if err != nil {
		return err
	}
	rec.Content = append(rec.Content, part)
	rec.Source.System = folder
	rec.Procedure = fmt.Sprintf("Listed the files of each folder ID%s in %s with their sizes and the SHA-256 of their bytes, and kept the text of the files %s and *%s; what was recorded was hashed, not kept.",
		recordingSuffix, folder, checksumFile, metaSuffix)
	rec.Stated.ItemsSeen = &s.files
	rec.Stated.Notes = []string{fmt.Sprintf("%d recordings, %d files, %d bytes. Signatures were not verified: the key that vouches for them is wrapped by the KMS of the storage.", s.recordings, s.files, s.bytes)}
	if _, err := s.out.Add(ctx, rec); err != nil {
		return err
	}
	s.stored = true
	if s.failures > 0 {
		return fmt.Errorf("read recordings in %q: %d files or folders could not be read, the first of them: %s", folder, s.failures, strings.Join(s.unread, "; "))
	}
	return nil
}

// recording stores the inventory of one recording.
func (s *stocktaking) recording(ctx context.Context, id string) (evidence.Part, error) {
	rows := newRowReader(ctx, func(yield func(recordingLine) bool) {
		line := recordingLine{Line: 1, Recording: id}
		if !yield(line) {
			return
		}
		s.walk(ctx, id, func(l recordingLine) bool {
			line.Line++
			l.Line = line.Line
			return yield(l)
		})
	})
	defer rows.stop()
	return s.out.Put(ctx, kindRecordingFiles, id+recordingSuffix+".ndjson", linesType, rows)
}

// walk yields the files of one recording, in the order of their names.
func (s *stocktaking) walk(ctx context.Context, id string, next func(recordingLine) bool) {
	root := id + recordingSuffix
	// The function returns no error but those that steer the walk.
	_ = fs.WalkDir(s.tree, root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return fs.SkipAll // the reader says why
		case err == nil && e.IsDir():
			return nil
		}
		l := recordingLine{Recording: id, Path: cmp.Or(strings.TrimPrefix(strings.TrimPrefix(name, root), "/"), ".")}
		if err == nil {
			err = s.read(ctx, name, e, &l)
		}
		if err != nil {
			l.Error = reason(err)
			s.fail(name, l.Error)
		}
		if !next(l) {
			return fs.SkipAll
		}
		if err != nil && e != nil && e.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}

// read hashes one file in pieces. Only regular files are opened: a link may lead anywhere.
func (s *stocktaking) read(ctx context.Context, name string, e fs.DirEntry, l *recordingLine) error {
	if !e.Type().IsRegular() {
		return errors.New("it is no regular file")
	}
	file, err := s.tree.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	modified := info.ModTime().UTC()
	l.Modified = &modified
	hash := sha256.New()
	var kept bytes.Buffer
	into := io.Writer(hash)
	if keepsText(name) {
		if info.Size() > maxChecksumBytes {
			return fmt.Errorf("it has %d bytes, more than %d", info.Size(), maxChecksumBytes)
		}
		into = io.MultiWriter(hash, &kept)
	}
	n, err := io.Copy(into, contextio.Reader(ctx, file))
	if err != nil {
		return err
	}
	if keepsText(name) {
		text := kept.String()
		if !utf8.ValidString(text) {
			return errors.New("it is no text")
		}
		l.Text = &text
	}
	l.Size, l.SHA256 = n, hex.EncodeToString(hash.Sum(nil))
	s.files++
	s.bytes += n
	return nil
}

// keepsText says whether a file holds checksums or names of folders, and nothing that was recorded.
func keepsText(name string) bool {
	return path.Base(name) == checksumFile || strings.HasSuffix(name, metaSuffix)
}

// reason is why a file could not be read, without its path on this machine.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func (s *stocktaking) fail(name, why string) {
	s.failures++
	if len(s.unread) < maxUnreadNamed {
		s.unread = append(s.unread, name+": "+why)
	}
}

// rowReader is what lines give, as JSON lines: it takes one when the one before was read.
type rowReader struct {
	ctx  context.Context // lines that end with it are not all
	next func() (recordingLine, bool)
	stop func()
	buf  bytes.Buffer
}

func newRowReader(ctx context.Context, lines iter.Seq[recordingLine]) *rowReader {
	r := &rowReader{ctx: ctx}
	r.next, r.stop = iter.Pull(lines)
	return r
}

func (r *rowReader) Read(p []byte) (int, error) {
	for r.buf.Len() == 0 {
		l, ok := r.next()
		if err := r.ctx.Err(); err != nil {
			return 0, err
		}
		if !ok {
			return 0, io.EOF
		}
		b, err := json.Marshal(l)
		if err != nil {
			return 0, err
		}
		r.buf.Write(b)
		r.buf.WriteByte('\n')
	}
	return r.buf.Read(p)
}
