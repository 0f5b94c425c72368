// Package responsibility collects responsibility matrices and RACIs: YAML files that say who is responsible for what. Every
// file is kept as it lies in the folder; whether the responsibilities suffice is for control tests to judge.
package responsibility

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/gittree"
	"auditpack/internal/textfiles"
)

// The kinds of evidence. A file that says neither what it is goes with the matrices.
const (
	kindMatrixFile evidence.Kind = "responsibility.file/1"
	kindMatrixRows evidence.Kind = "responsibility.rows/1"
	kindRACIFile   evidence.Kind = "raci.file/1"
	kindRACIRows   evidence.Kind = "raci.rows/1"
)

// The parts of a collection. A file that cannot be read fails both: nobody knows what it is.
const (
	partMatrix = "responsibility matrix files"
	partRACI   = "RACI files"
)

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "responsibility",
	Version: "1",
	Doc:     "Responsibility matrices and RACIs (YAML), with the commit and author that last changed each.",
	Kinds:   []evidence.Kind{kindMatrixFile, kindMatrixRows, kindRACIFile, kindRACIRows},
	Config:  Config{},
	New:     open,
}

// Config is the section of a source of type responsibility.
type Config struct {
	Path string `yaml:"path" jsonschema:"required,description=A YAML file or a folder that holds nothing but such files: responsibility matrix and RACI"`
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
	if cfg.Path == "" {
		return nil, errors.New("path is not set: want a YAML file or a folder of such files")
	}
	return &collector{config: cfg, env: env}, nil
}

// Collect reads all files as they are now; the period plays no part.
func (c *collector) Collect(ctx context.Context, _ evidence.Period, out collectors.Sink) error {
	dir, folder, err := c.read(ctx)
	if err != nil {
		return err
	}
	checkout, err := gittree.Look(ctx, c.env.Path(dir), folder.Files)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, kind := range []evidence.Kind{kindMatrixFile, kindRACIFile} {
		out.Outcome(collectors.HistoryOutcome(kind, checkout.Head, err))
	}
	if err != nil { // the files are evidence all the same
		checkout = gittree.Unknown(folder.Files, "the git history could not be read")
	}
	b := &batch{collector: c, out: out, checkout: checkout, now: c.env.Now(), files: map[string]parsed{}, failures: folder.Err()}
	for _, name := range slices.Sorted(maps.Keys(folder.Files)) {
		f, problems := Parse(name, folder.Files[name])
		b.files[name] = parsed{File: f, problems: problems, raw: folder.Files[name]}
	}
	return errors.Join(b.addMatrices(ctx), b.addRACIs(ctx))
}

// read reads all YAML files of the folder that path names, or the one file that it names. dir is the folder.
func (c *collector) read(ctx context.Context) (dir string, folder textfiles.Folder, err error) {
	if info, err := fs.Stat(c.env.Open(c.config.Path), "."); err == nil && info.IsDir() {
		folder, err = textfiles.Read(ctx, c.env.Open(c.config.Path), textfiles.YAML)
		if err != nil {
			return "", folder, fmt.Errorf("read folder %q: %w", c.config.Path, err)
		}
		return c.config.Path, folder, nil
	}
	dir, base := filepath.Dir(c.config.Path), filepath.Base(c.config.Path)
	b, err := textfiles.ReadOne(c.env.Open(dir), base)
	if err != nil {
		return "", folder, fmt.Errorf("read %q: correct path in auditpack.yaml: %w", c.config.Path, err)
	}
	return dir, textfiles.Folder{Files: map[string][]byte{base: b}}, nil
}

// parsed is one file with what it says.
type parsed struct {
	File
	problems []Problem
	raw      []byte
	blob     evidence.Digest
}

// batch is one collection on its way.
type batch struct {
	*collector
	out      collectors.Sink
	checkout gittree.Checkout
	now      time.Time
	files    map[string]parsed
	failures error // to read files
}

func (b *batch) source() evidence.Source {
	return evidence.Source{System: b.config.Path, Version: b.checkout.Head, Identity: b.checkout.Origin}
}

func (b *batch) addMatrices(ctx context.Context) error {
	raw, err := b.addFiles(ctx, kindMatrixFile, func(d Document) bool { return d != DocumentRACI })
	if err != nil {
		return err
	}
	var documents []documentRow
	var rows []areaRow
	n := b.each(func(d Document) bool { return d != DocumentRACI }, func(h head, f parsed) {
		documents = append(documents, newDocumentRow(h, f.File, f.problems))
		rows = append(rows, newAreaRows(h, f.File)...)
	})
	b.out.Outcome(collectors.OutcomeOf(partMatrix, kindMatrixFile, n, b.failures))
	return addRows(ctx, b, partMatrix, kindMatrixRows, raw, "areas.ndjson", rows, documents)
}

func (b *batch) addRACIs(ctx context.Context) error {
	raw, err := b.addFiles(ctx, kindRACIFile, func(d Document) bool { return d == DocumentRACI })
	if err != nil {
		return err
	}
	var documents []documentRow
	var rows []taskRow
	n := b.each(func(d Document) bool { return d == DocumentRACI }, func(h head, f parsed) {
		documents = append(documents, newDocumentRow(h, f.File, f.problems))
		rows = append(rows, newTaskRows(h, f.File)...)
	})
	b.out.Outcome(collectors.OutcomeOf(partRACI, kindRACIFile, n, b.failures))
	return addRows(ctx, b, partRACI, kindRACIRows, raw, "tasks.ndjson", rows, documents)
}

// each calls fn for the wanted files in the order of names and returns how many there were.
func (b *batch) each(wanted func(Document) bool, fn func(head, parsed)) (n int64) {
	for _, name := range slices.Sorted(maps.Keys(b.files)) {
		f := b.files[name]
		if !wanted(f.Document) {
			continue
		}
		fn(newHead(b.env.Name, f.blob, f.File, b.checkout.Files[name].Last), f)
		n++
	}
	return n
}

// addFiles adds one record for each commit that gave wanted files their bytes, and returns the records.
func (b *batch) addFiles(ctx context.Context, kind evidence.Kind, wanted func(Document) bool) ([]evidence.Digest, error) {
	var records []evidence.Digest
	for _, g := range b.checkout.Groups() {
		names := slices.DeleteFunc(g.Names, func(name string) bool { return !wanted(b.files[name].Document) })
		if len(names) == 0 {
			continue
		}
		r := evidence.Record{
			Kind: kind, Source: b.source(),
			Procedure: fmt.Sprintf("Read the YAML files of %q as they lie in the work tree; for each, ask git for the last commit that "+
				"changed it (git log -1 -- FILE). The period of a file that is as committed begins with that commit.", b.config.Path),
			Stated: evidence.Stated{Notes: b.checkout.Notes(names)},
		}
		var since *time.Time
		if g.Last != nil {
			since = &g.Last.CommittedAt
			r.Stated.Notes = append(r.Stated.Notes, "commit "+g.Last.Hash+" by "+g.Last.Author+"; author and time are what git was told")
		}
		r.Period, r.At = collectors.Standing(since, b.now)
		for _, name := range names {
			f := b.files[name]
			part, err := b.out.Put(ctx, kind, name, "application/yaml", bytes.NewReader(f.raw))
			if err != nil {
				return nil, err
			}
			r.Content = append(r.Content, part)
			f.blob = part.Digest
			b.files[name] = f
		}
		seen := int64(len(r.Content))
		r.Stated.ItemsSeen = &seen
		d, err := b.out.Add(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("add %s: %w", kind, err)
		}
		records = append(records, d)
	}
	return records, nil
}

// addRows adds what the files say, also when there is none, so that the newest record is always the state of the folder.
func addRows[T any](ctx context.Context, b *batch, what string, kind evidence.Kind, raw []evidence.Digest, name string, rows []T, documents []documentRow) error {
	first, err := collectors.PutRows(ctx, b.out, kind, name, rows)
	if err != nil {
		return err
	}
	second, err := collectors.PutRows(ctx, b.out, kind, "documents.ndjson", documents)
	if err != nil {
		return err
	}
	at, seen := b.now, int64(len(rows))
	_, err = b.out.Add(ctx, evidence.Record{
		Kind: kind, Source: b.source(), At: &at, Content: []evidence.Part{first, second}, DerivedFrom: raw,
		Procedure: "Parse each file by its schema in docs/formats/schemas; one row for each file and one for each area or task in it.",
		Stated:    evidence.Stated{ItemsSeen: &seen, Notes: []string{"parsed by auditpack, not by DuckDB"}},
	})
	if err != nil {
		return fmt.Errorf("add %s: %w", kind, err)
	}
	b.out.Outcome(collectors.RowsOutcome(what, kind, len(documents)))
	return nil
}
