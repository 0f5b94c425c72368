// Package exceptions collects exception files: approved, dated acceptances of deviations, one YAML file each, that live in git.
//
// Every file is kept as it lies in the folder, also one that is no YAML. What it says becomes rows, and what is missing or
// malformed in it is said in the row; whether the exception may be granted is for control tests to judge.
package exceptions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/gittree"
	"auditpack/internal/textfiles"
)

// The kinds of evidence.
const (
	kindFile     evidence.Kind = "exceptions.file/1"     // the files as they lie there
	kindRows     evidence.Kind = "exceptions.rows/1"     // derived: what they say
	kindCommits  evidence.Kind = "exceptions.commits/1"  // git's objects of the commits that changed such files
	kindVersions evidence.Kind = "exceptions.versions/1" // every content that such a file had before or after one of them
	kindLife     evidence.Kind = "exceptions.life/1"     // derived: what each commit did to each exception
)

// partFiles is what is asked for: one part, so that a file which fails once and is gone later leaves no failure behind.
const partFiles = "exception files"

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "exceptions",
	Version: "3",
	Doc:     "Exception files (YAML) of a folder, and from git each one's life: who entered, changed, renewed and removed it, and when.",
	Kinds:   []evidence.Kind{kindFile, kindRows, kindCommits, kindVersions, kindLife},
	Config:  Config{},
	New:     open,
}

// Config is the section of a source of type exceptions.
type Config struct {
	Path string `yaml:"path" jsonschema:"required,description=Folder of the exception files; in a git checkout or not"`
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
		return nil, errors.New("path is not set: want the folder of the exception files")
	}
	return &collector{config: cfg, env: env}, nil
}

// Collect reads all files as they are now; the period plays no part, because exceptions are judged by the dates in them.
func (c *collector) Collect(ctx context.Context, _ evidence.Period, out collectors.Sink) error {
	folder, err := textfiles.Read(ctx, c.env.Open(c.config.Path), textfiles.YAML)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read folder %q: there is none; correct path in auditpack.yaml: %w", c.config.Path, err)
	}
	if err != nil {
		return fmt.Errorf("read folder %q: %w", c.config.Path, err)
	}
	checkout, err := gittree.Look(ctx, c.env.Path(c.config.Path), folder.Files)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	out.Outcome(collectors.HistoryOutcome(kindFile, checkout.Head, err))
	if err != nil { // the files are evidence all the same
		checkout = gittree.Unknown(folder.Files, "the git history could not be read")
	}
	b := &batch{collector: c, out: out, checkout: checkout, now: c.env.Now()}
	if err := b.addFiles(ctx, folder.Files); err != nil {
		return err
	}
	if err := b.addRows(ctx, folder.Files); err != nil {
		return err
	}
	if err := b.addLife(ctx); err != nil {
		return err
	}
	out.Outcome(collectors.OutcomeOf(partFiles, kindFile, int64(len(folder.Files)), folder.Err()))
	out.Outcome(collectors.RowsOutcome(partFiles, kindRows, len(folder.Files)))
	return nil
}

// batch is one collection on its way.
type batch struct {
	*collector
	out      collectors.Sink
	checkout gittree.Checkout
	now      time.Time
	blobs    map[string]evidence.Digest // raw bytes by file name
	raw      []evidence.Digest          // records added
}

func (b *batch) source() evidence.Source {
	return evidence.Source{System: b.config.Path, Version: b.checkout.Head, Identity: b.checkout.Origin}
}

// addFiles adds one record for each commit that gave files their bytes: what a file says has stood since that commit. Files
// that no commit is known for share a record that speaks about now alone.
func (b *batch) addFiles(ctx context.Context, files map[string][]byte) error {
	b.blobs = make(map[string]evidence.Digest, len(files))
	for _, g := range b.checkout.Groups() {
		r := evidence.Record{
			Kind: kindFile, Source: b.source(),
			Procedure: fmt.Sprintf("Read every .yml and .yaml file below %q as it lies in the work tree; for each, ask git for the last "+
				"commit that changed it (git log -1 -- FILE). The period of a file that is as committed begins with that commit.", b.config.Path),
			Stated: evidence.Stated{Notes: b.checkout.Notes(g.Names)},
		}
		var since *time.Time
		if g.Last != nil {
			since = &g.Last.CommittedAt
			r.Stated.Notes = append(r.Stated.Notes, "commit "+g.Last.Hash+" by "+g.Last.Author+"; author and time are what git was told")
		}
		r.Period, r.At = collectors.Standing(since, b.now)
		for _, name := range g.Names {
			part, err := b.out.Put(ctx, kindFile, name, "application/yaml", bytes.NewReader(files[name]))
			if err != nil {
				return err
			}
			r.Content = append(r.Content, part)
			b.blobs[name] = part.Digest
			b.out.Progress(collectors.Progress{Step: name, Items: int64(len(b.blobs)), TotalItems: int64(len(files))})
		}
		seen := int64(len(r.Content))
		r.Stated.ItemsSeen = &seen
		d, err := b.out.Add(ctx, r)
		if err != nil {
			return fmt.Errorf("add exception files: %w", err)
		}
		b.raw = append(b.raw, d)
	}
	return nil
}

// addRows adds what the files say. It adds a record also when there is no file, so that the newest record is always the state
// of the folder.
func (b *batch) addRows(ctx context.Context, files map[string][]byte) error {
	exceptions, approvals := b.rows(files)
	first, err := collectors.PutRows(ctx, b.out, kindRows, "exceptions.ndjson", exceptions)
	if err != nil {
		return err
	}
	second, err := collectors.PutRows(ctx, b.out, kindRows, "approvals.ndjson", approvals)
	if err != nil {
		return err
	}
	at, seen := b.now, int64(len(files))
	_, err = b.out.Add(ctx, evidence.Record{
		Kind: kindRows, Source: b.source(), At: &at, Content: []evidence.Part{first, second}, DerivedFrom: b.raw,
		Procedure: "Parse each exception file by docs/formats/schemas/exception.schema.json; one row for each file and one for each approval.",
		Stated:    evidence.Stated{ItemsSeen: &seen, Notes: []string{"parsed by auditpack, not by DuckDB"}},
	})
	if err != nil {
		return fmt.Errorf("add exception rows: %w", err)
	}
	return nil
}

func (b *batch) rows(files map[string][]byte) (exceptions []exceptionRow, approvals []approvalRow) {
	names := slices.Sorted(maps.Keys(files))
	parsed := make([]File, 0, len(names))
	problems := map[string][]Problem{}
	for _, name := range names {
		f, p := Parse(name, files[name])
		parsed = append(parsed, f)
		problems[name] = p
	}
	for _, p := range Duplicates(parsed) {
		problems[p.File] = append(problems[p.File], p)
	}
	for _, f := range parsed {
		raw := b.blobs[f.Name]
		exceptions = append(exceptions, newExceptionRow(b.env.Name, raw, f, problems[f.Name], b.checkout.Files[f.Name].Last))
		approvals = append(approvals, newApprovalRows(b.env.Name, raw, f)...)
	}
	return exceptions, approvals
}
