// Package documents collects files that people supply as evidence - policies, minutes, test reports - by an index that says
// what each is for, whose it is and how long it is valid. It stores the bytes and believes nothing: whether a document shows
// what it should is for a person to judge.
package documents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/gittree"
	"auditpack/internal/textfiles"
)

// The kinds of evidence.
const (
	kindFile  evidence.Kind = "documents.file/1"
	kindIndex evidence.Kind = "documents.index/1"
	kindRows  evidence.Kind = "documents.rows/1"
)

// The parts of a collection. All documents are one part, so that an entry which fails once and is gone later leaves no failure
// behind.
const (
	partIndex     = "index"
	partDocuments = "documents"
)

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "documents",
	Version: "1",
	Doc:     "Files that people supply as evidence, by an index that says what each is for.",
	Kinds:   []evidence.Kind{kindFile, kindIndex, kindRows},
	Config:  Config{},
	New:     open,
}

// Config is the section of a source of type documents.
type Config struct {
	Index string `yaml:"index" jsonschema:"required,description=YAML file that lists the documents; they lie in its folder or below"`
}

type collector struct {
	config Config
	env    collectors.Env
}

func open(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
	var cfg Config
	if err := decode(&cfg); err != nil {
		return nil, err
	}
	if cfg.Index == "" {
		return nil, errors.New("index is not set: want the YAML file that lists the documents")
	}
	return &collector{config: cfg, env: env}, nil
}

// Collect stores the index and every file it names as they are now; the period plays no part.
func (c *collector) Collect(ctx context.Context, _ evidence.Period, out collectors.Sink) error {
	dir, name := filepath.Dir(c.config.Index), filepath.Base(c.config.Index)
	tree := c.env.Open(dir)
	index, err := textfiles.ReadOne(tree, name)
	if err != nil {
		return fmt.Errorf("read index %q: %w", c.config.Index, err)
	}
	files := map[string][]byte{name: index}
	checkout, err := gittree.Look(ctx, c.env.Path(dir), files)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	out.Outcome(collectors.HistoryOutcome(kindIndex, checkout.Head, err))
	if err != nil { // the documents are evidence all the same
		checkout = gittree.Unknown(files, "the git history could not be read")
	}
	b := &batch{collector: c, out: out, checkout: checkout, now: c.env.Now(), tree: tree, name: name, stored: map[string]evidence.Digest{}}
	if err := b.addIndex(ctx, index); err != nil {
		return err
	}
	entries, problems := Parse(index)
	for i := range entries {
		out.Progress(collectors.Progress{Step: entries[i].File, Items: int64(i), TotalItems: int64(len(entries))})
		if err := b.addDocument(ctx, i, &entries[i]); err != nil {
			return err
		}
	}
	return b.addRows(ctx, entries, problems)
}

// batch is one collection on its way.
type batch struct {
	*collector
	out      collectors.Sink
	checkout gittree.Checkout
	now      time.Time
	tree     fs.FS
	name     string                     // of the index in its folder
	index    evidence.Digest            // blob of the index
	stored   map[string]evidence.Digest // blobs by file name
	raw      []evidence.Digest          // records added
	failures []error                    // to read documents
}

func (b *batch) source() evidence.Source {
	return evidence.Source{System: b.config.Index, Version: b.checkout.Head, Identity: b.checkout.Origin}
}

func (b *batch) addIndex(ctx context.Context, content []byte) error {
	part, err := b.out.Put(ctx, kindIndex, b.name, "application/yaml", bytes.NewReader(content))
	if err != nil {
		return err
	}
	b.index = part.Digest
	r := evidence.Record{
		Kind: kindIndex, Source: b.source(), Content: []evidence.Part{part},
		Procedure: fmt.Sprintf("Read the index %q as it lies in the work tree; ask git for the last commit that changed it (git log -1 -- FILE).",
			b.config.Index),
		Stated: evidence.Stated{Notes: b.checkout.Notes([]string{b.name})},
	}
	var since *time.Time
	if last := b.checkout.Files[b.name].Last; last != nil {
		since = &last.CommittedAt
		r.Stated.Notes = append(r.Stated.Notes, "commit "+last.Hash+" by "+last.Author+"; author and time are what git was told")
	}
	r.Period, r.At = collectors.Standing(since, b.now)
	d, err := b.out.Add(ctx, r)
	if err != nil {
		return fmt.Errorf("add index: %w", err)
	}
	b.raw = append(b.raw, d)
	b.out.Outcome(collectors.OutcomeOf(partIndex, kindIndex, 1, nil))
	return nil
}

// addDocument stores the file that e, entry i, names. A file that cannot be read fails the part and is a problem of e; the error
// it returns is for what ends the collection: a store that is full, a context that is over.
func (b *batch) addDocument(ctx context.Context, i int, e *Entry) error {
	if e.File == "" || b.stored[e.File] != "" {
		return nil // the schema says the first; the second is one file that serves two entries
	}
	r, err := b.open(*e)
	if err != nil {
		b.fail(i, e, err)
		return nil
	}
	defer r.Close()
	file := &reader{from: r}
	part, err := b.out.Put(ctx, kindFile, e.File, mediaType(e.File), file)
	if file.err != nil { // the file is to blame, not the store
		b.fail(i, e, file.err)
		return nil
	}
	if err != nil {
		return err
	}
	at := b.now
	record := evidence.Record{
		Kind: kindFile, Source: b.source(), At: &at, Content: []evidence.Part{part},
		Procedure: fmt.Sprintf("Read the file %q that line %d of the index %q names.", e.File, e.Line, b.config.Index),
		Stated:    evidence.Stated{Notes: []string{"title, owner, approver and validity are what the index says, not what the file shows"}},
	}
	d, err := b.out.Add(ctx, record)
	if err != nil {
		return fmt.Errorf("add document %q: %w", e.File, err)
	}
	b.stored[e.File] = part.Digest
	b.raw = append(b.raw, d)
	return nil
}

// open opens a regular file within the folder of the index. No element of its name may be a symbolic link: it might lead out.
func (b *batch) open(e Entry) (fs.File, error) {
	if !e.Local() {
		return nil, errors.New("it leads out of the folder of the index")
	}
	for i, c := range e.File {
		if c != '/' {
			continue
		}
		if info, err := fs.Lstat(b.tree, e.File[:i]); err == nil && !info.IsDir() {
			return nil, fmt.Errorf("%q is no folder", e.File[:i])
		}
	}
	info, err := fs.Lstat(b.tree, e.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("there is no such file")
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	return b.tree.Open(e.File)
}

// reader remembers that reading went wrong.
type reader struct {
	from io.Reader
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func (b *batch) fail(i int, e *Entry, err error) {
	b.failures = append(b.failures, fmt.Errorf("%s, line %d: read document %q: %w", b.config.Index, e.Line, e.File, err))
	if e.Local() { // else the parser has said it
		e.Problems = append(e.Problems, Problem{Line: e.Line, Field: fmt.Sprintf("documents[%d].file", i), What: fmt.Sprintf("%q cannot be read: %v", e.File, err)})
	}
}

// addRows adds a row for each entry, and one without a document for what is wrong with the index itself.
func (b *batch) addRows(ctx context.Context, entries []Entry, problems []Problem) error {
	rows := []row{}
	if len(problems) > 0 {
		rows = append(rows, newRow(b.env.Name, b.index, Entry{Line: problems[0].Line, Targets: []string{}}, "", problems))
	}
	for _, e := range entries {
		rows = append(rows, newRow(b.env.Name, b.index, e, b.stored[e.File], e.Problems))
	}
	part, err := collectors.PutRows(ctx, b.out, kindRows, "documents.ndjson", rows)
	if err != nil {
		return err
	}
	at, seen := b.now, int64(len(rows))
	_, err = b.out.Add(ctx, evidence.Record{
		Kind: kindRows, Source: b.source(), At: &at, Content: []evidence.Part{part}, DerivedFrom: b.raw,
		Procedure: "Parse the index by docs/formats/schemas/documents.schema.json; one row for each entry, with the digest of its file.",
		Stated:    evidence.Stated{ItemsSeen: &seen, Notes: []string{"parsed by auditpack, not by DuckDB"}},
	})
	if err != nil {
		return fmt.Errorf("add document rows: %w", err)
	}
	b.out.Outcome(collectors.OutcomeOf(partDocuments, kindFile, int64(len(b.stored)), errors.Join(b.failures...)))
	b.out.Outcome(collectors.RowsOutcome(partDocuments, kindRows, len(rows)))
	return nil
}

// mediaType goes by the name alone, and by nothing that the machine is configured with.
func mediaType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".pdf":
		return "application/pdf"
	case ".md":
		return "text/markdown"
	case ".txt", ".log":
		return "text/plain"
	case ".csv":
		return "text/csv"
	case ".html", ".htm":
		return "text/html"
	case ".json":
		return "application/json"
	case ".yml", ".yaml":
		return "application/yaml"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "application/octet-stream"
}
