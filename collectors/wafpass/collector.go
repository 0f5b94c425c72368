// Package wafpass collects results of WAF++ PASS: the JSON files that `wafpass check --output json` writes. A result is kept as the
// bytes it has. Which controls are met is for the facts and tests to say, not for the result's own score.
package wafpass

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/fileglob"
)

// The kinds of evidence. A file that is no result in a version of the format that is known here is kept, and not read.
const (
	kindResult evidence.Kind = "wafpass.result/1"
	kindUnread evidence.Kind = "wafpass.unread/1"
)

// The parts of a collection: all files are one, so that a file which fails once and is gone later leaves no failure behind.
const (
	partResults = "results"
	partUnread  = "files that are not read"
)

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "wafpass",
	Version: "1",
	Doc:     "Results of WAF++ PASS (wafpass check --output json).",
	Kinds:   []evidence.Kind{kindResult, kindUnread},
	Config:  Config{},
	New:     open,
}

// Config is the section of a source of type wafpass.
type Config struct {
	Path string `yaml:"path" jsonschema:"required,minLength=1,description=The result file or a glob of result files such as results/*.json"`
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
		return nil, errors.New("path is not set: want the result file of wafpass check --output json, or a glob of such files")
	}
	if _, err := path.Match(filepath.ToSlash(cfg.Path), ""); err != nil {
		return nil, fmt.Errorf("path: %q is no glob: %w", cfg.Path, err)
	}
	return &collector{config: cfg, env: env}, nil
}

// Collect stores every file as it is now; the period plays no part.
func (c *collector) Collect(ctx context.Context, _ evidence.Period, out collectors.Sink) error {
	dir, pattern := fileglob.Split(path.Clean(filepath.ToSlash(c.config.Path)))
	tree := c.env.Open(dir)
	if _, err := fs.Stat(tree, "."); err != nil {
		return fmt.Errorf("open folder of %q: correct path in auditpack.yaml: %w", c.config.Path, err)
	}
	names, err := fileglob.Match(tree, pattern)
	if err != nil {
		return fmt.Errorf("match %q: %w", c.config.Path, err)
	}
	var results, unread int64
	var failures, notRead []error
	for i, name := range names {
		shown := path.Join(dir, name)
		out.Progress(collectors.Progress{Step: shown, Items: int64(i), TotalItems: int64(len(names))})
		b, err := read(tree, name)
		if err != nil {
			failures = append(failures, fmt.Errorf("read result %q: %w", shown, err))
			continue
		}
		r, err := parse(b)
		if err != nil {
			notRead = append(notRead, fmt.Errorf("%s, %w", shown, err))
			unread++
		} else {
			results++
		}
		if addErr := c.add(ctx, out, shown, b, r, err); addErr != nil {
			return addErr
		}
	}
	// What is not read is missing among the results.
	out.Outcome(collectors.OutcomeOf(partResults, kindResult, results, errors.Join(append(failures, notRead...)...)))
	out.Outcome(collectors.OutcomeOf(partUnread, kindUnread, unread, nil))
	return ctx.Err()
}

// add stores one file; fault says why it is not read, nil when it is.
func (c *collector) add(ctx context.Context, out collectors.Sink, name string, b []byte, r result, fault error) error {
	kind := kindResult
	if fault != nil {
		kind = kindUnread
	}
	part, err := out.Put(ctx, kind, name, "application/json", bytes.NewReader(b))
	if err != nil {
		return err
	}
	record := evidence.Record{
		Kind: kind, Source: evidence.Source{System: c.config.Path}, Content: []evidence.Part{part},
		Procedure: fmt.Sprintf("Read the file %q, as wafpass check --output json wrote it.", name),
	}
	if fault != nil {
		record.Stated.Notes = []string{"not read: " + fault.Error()}
	} else {
		seen := int64(len(r.Findings))
		record.Source.Identity, record.Stated = r.Project, evidence.Stated{ItemsSeen: &seen, Notes: []string{
			"format " + r.SchemaVersion + "; a result names neither the version of wafpass nor that of its controls, and is not signed",
		}}
		record.At = r.completed(c.env.Now())
		if record.At == nil {
			record.Stated.Notes = append(record.Stated.Notes, "the result does not say when it was made: its time is that of the collection")
		}
	}
	if _, err := out.Add(ctx, record); err != nil {
		return fmt.Errorf("add result %q: %w", name, err)
	}
	return nil
}

// maxResult bounds a file that is read into memory, in bytes: one with the whole source of a large project in it has some MiB.
const maxResult = 64 << 20

func read(tree fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(tree, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file; let path name JSON files alone")
	}
	f, err := tree.Open(name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxResult+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if len(b) > maxResult {
		return nil, fmt.Errorf("it has more than %d bytes; run wafpass check without --upload-source", maxResult)
	}
	return b, nil
}

// completed is when the result was made, as newer versions say; nil when it does not say so, or says a time after now.
func (r result) completed(now time.Time) *time.Time {
	t, err := time.Parse(time.RFC3339Nano, r.CompletedAt)
	if err != nil || t.After(now) || !evidence.Representable(t) {
		return nil
	}
	t = t.UTC()
	return &t
}
