// Package codeowners collects the ownership rules of a git checkout and, for each protected path, what the last matching rule
// says; every change of the protected branch in a period, with CODEOWNERS as it was just before; and, where GitHub's REST API is
// configured, the pull requests, reviews and rules that only the server knows. docs/sources/codeowners.md has the permissions and
// the limits.
//
// The checkout is read and never fetched. Commits are kept as git cat-file --batch prints them, answers of the server as received;
// the SQL of templates/facts reads the answers. This package looks into an answer only as far as it must to go on. Whether an owner
// approved is for the SQL to derive and for a test to judge.
package codeowners

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/gittree"
)

// The kinds of evidence that come from the checkout; server.go has those of the server.
const (
	kindFile             evidence.Kind = "codeowners.file/1"
	kindRules            evidence.Kind = "codeowners.rules/1"
	kindPaths            evidence.Kind = "codeowners.paths/1"
	kindCommits          evidence.Kind = "codeowners.commits/1"
	kindStates           evidence.Kind = "codeowners.states/1"
	kindChanges          evidence.Kind = "codeowners.changes/1"
	kindChangePaths      evidence.Kind = "codeowners.change-paths/1"
	kindIntegrationFiles evidence.Kind = "codeowners.integration-files/1"
	kindIntegrations     evidence.Kind = "codeowners.integrations/1"
	kindRewrites         evidence.Kind = "codeowners.rewrites/1"
)

// partFile is what is asked for.
const partFile = "CODEOWNERS"

// places are where GitHub looks for the file, in its order: the first one found is the only one that counts.
// Source: GitHub documentation, "About code owners", as of 2026-11.
var places = []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}

// Type is this collector's entry in collectors/all.
var Type = collectors.Type{
	Name:    "codeowners",
	Version: "3",
	Doc:     "Ownership rules (CODEOWNERS) of a git checkout, changes of its protected branch, and GitHub's reviews and branch rules.",
	Kinds: []evidence.Kind{kindFile, kindRules, kindPaths, kindCommits, kindStates, kindChanges, kindChangePaths, kindIntegrationFiles,
		kindIntegrations, kindRewrites, kindRepository, kindBranch, kindBranchRules, kindRulesets, kindProtection, kindActivity,
		kindCommitChecks, kindCommitPulls, kindPulls, kindPullCommits, kindReviews, kindTeamMembers},
	Config: Config{},
	New:    open,
}

// Config is the section of a source of type codeowners.
type Config struct {
	Path      string      `yaml:"path" jsonschema:"required,description=Root of the checkout that holds CODEOWNERS"`
	Protected []Protected `yaml:"protected" jsonschema:"description=Paths whose owners matter; a default list when empty"`
	Branch    string      `yaml:"branch" jsonschema:"description=Protected branch; default: the server's default branch or the one that is checked out"`
	GitHub    *GitHub     `yaml:"github" jsonschema:"description=Server that knows the reviews and the rules of the branch; without it they are not offered"`
}

type collector struct {
	config  Config
	env     collectors.Env
	address *url.URL                                   // of the server's API; nil for none
	timeout time.Duration                              // of one attempt; 0: attemptTimeout
	sleep   func(context.Context, time.Duration) error // between attempts; nil: a timer
}

func open(decode func(any) error, env collectors.Env) (collectors.Collector, error) {
	var cfg Config
	if err := decode(&cfg); err != nil {
		return nil, err
	}
	if cfg.Path == "" {
		return nil, errors.New("path is not set: want the root of the checkout")
	}
	address, err := validateGitHub(cfg.GitHub)
	if err := errors.Join(err, validate(cfg.Protected)); err != nil {
		return nil, err
	}
	return &collector{config: cfg, env: env, address: address}, nil
}

// found is the file that counts.
type found struct {
	name    string // below the checkout
	content []byte
}

// Collect reads the file as it is now, then what landed on the branch in p and what the server knows of it.
func (c *collector) Collect(ctx context.Context, p evidence.Period, out collectors.Sink) error {
	if err := c.ownership(ctx, out); err != nil {
		return err
	}
	return c.read(ctx, p, out)
}

// ownership reads the file as it lies in the work tree; a period plays no part.
func (c *collector) ownership(ctx context.Context, out collectors.Sink) error {
	tree := c.env.Open(c.config.Path)
	if _, err := fs.Stat(tree, "."); err != nil {
		return fmt.Errorf("read checkout %q: %w", c.config.Path, err)
	}
	f, err := find(tree)
	if errors.Is(err, fs.ErrNotExist) {
		return c.none(ctx, out)
	}
	if err != nil {
		return fmt.Errorf("read checkout %q: %w", c.config.Path, err)
	}
	files := map[string][]byte{f.name: f.content}
	checkout, err := gittree.Look(ctx, c.env.Path(c.config.Path), files)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	out.Outcome(collectors.HistoryOutcome(kindFile, checkout.Head, err))
	if err != nil { // the file is evidence all the same
		checkout = gittree.Unknown(files, "the git history could not be read")
	}
	b := &batch{collector: c, out: out, checkout: checkout, now: c.env.Now()}
	if err := b.addFile(ctx, f); err != nil {
		return err
	}
	return b.addRows(ctx, tree, f)
}

// find returns the first CODEOWNERS file in GitHub's order, or an error that wraps fs.ErrNotExist.
func find(tree fs.FS) (found, error) {
	for _, name := range places {
		b, err := fs.ReadFile(tree, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return found{}, err
		}
		return found{name: name, content: b}, nil
	}
	return found{}, fs.ErrNotExist
}

// batch is one collection on its way.
type batch struct {
	*collector
	out      collectors.Sink
	checkout gittree.Checkout
	now      time.Time
	stamp    stamp
	raw      []evidence.Digest // the record of the file
}

func (b *batch) source() evidence.Source {
	return evidence.Source{System: b.config.Path, Version: b.checkout.Head, Identity: b.checkout.Origin}
}

func (b *batch) addFile(ctx context.Context, f found) error {
	part, err := b.out.Put(ctx, kindFile, f.name, "text/plain", bytes.NewReader(f.content))
	if err != nil {
		return err
	}
	last := b.checkout.Files[f.name].Last
	b.stamp = stamp{source: b.env.Name, file: f.name, raw: part.Digest, last: last}
	r := evidence.Record{
		Kind: kindFile, Source: b.source(), Content: []evidence.Part{part},
		Procedure: fmt.Sprintf("Read the first of .github/CODEOWNERS, CODEOWNERS and docs/CODEOWNERS that is in %q, as it lies in the "+
			"work tree; ask git for the last commit that changed it (git log -1 -- FILE).", b.config.Path),
		Stated: evidence.Stated{Notes: b.checkout.Notes([]string{f.name})},
	}
	if len(f.content) >= maxFile {
		r.Stated.Notes = append(r.Stated.Notes, "the file is so large that GitHub does not read it")
	}
	var since *time.Time
	if last != nil {
		since = &last.CommittedAt
		r.Stated.Notes = append(r.Stated.Notes, "commit "+last.Hash+" by "+last.Author+"; author and time are what git was told")
	}
	r.Period, r.At = collectors.Standing(since, b.now)
	d, err := b.out.Add(ctx, r)
	if err != nil {
		return fmt.Errorf("add CODEOWNERS: %w", err)
	}
	b.raw = []evidence.Digest{d}
	b.out.Outcome(collectors.OutcomeOf(partFile, kindFile, 1, nil))
	return nil
}

func (b *batch) addRows(ctx context.Context, tree fs.FS, f found) error {
	rules := Parse(f.content)
	if err := add(ctx, b, kindRules, "rules.ndjson", ruleRows(b.stamp, rules)); err != nil {
		return err
	}
	protected := b.config.Protected
	if len(protected) == 0 {
		protected = append(defaultProtected(), Protected{Path: f.name, Purpose: purposeCodeowners})
	}
	rows := []pathRow{}
	var failures []error
	for _, p := range protected {
		more, err := pathRows(b.stamp, tree, rules, p)
		if err != nil {
			failures = append(failures, fmt.Errorf("look for protected path %q: %w", p.Path, err))
			continue
		}
		rows = append(rows, more...)
	}
	if err := add(ctx, b, kindPaths, "paths.ndjson", rows); err != nil {
		return err
	}
	if len(failures) > 0 {
		b.out.Outcome(collectors.OutcomeOf(partFile, kindPaths, 0, errors.Join(failures...)))
	}
	return nil
}

// none says that there is no CODEOWNERS file. Its empty rows make the newest state of the checkout one without rules.
func (c *collector) none(ctx context.Context, out collectors.Sink) error {
	b := &batch{collector: c, out: out, now: c.env.Now()}
	if err := add(ctx, b, kindRules, "rules.ndjson", []ruleRow{}); err != nil {
		return err
	}
	if err := add(ctx, b, kindPaths, "paths.ndjson", []pathRow{}); err != nil {
		return err
	}
	out.Outcome(collectors.OutcomeOf(partFile, kindFile, 0, nil))
	return nil
}

func add[T any](ctx context.Context, b *batch, kind evidence.Kind, name string, rows []T) error {
	part, err := collectors.PutRows(ctx, b.out, kind, name, rows)
	if err != nil {
		return err
	}
	at, seen := b.now, int64(len(rows))
	_, err = b.out.Add(ctx, evidence.Record{
		Kind: kind, Source: b.source(), At: &at, Content: []evidence.Part{part}, DerivedFrom: b.raw,
		Procedure: "Parse CODEOWNERS line by line. For each protected path take the last rule that matches: a folder is asked about with " +
			"a file x in it and with every file that lies in it; files that another rule decides have a row of their own for each rule.",
		Stated: evidence.Stated{ItemsSeen: &seen, Notes: []string{"parsed by auditpack, not by DuckDB"}},
	})
	if err != nil {
		return fmt.Errorf("add %s: %w", name, err)
	}
	b.out.Outcome(collectors.RowsOutcome(partFile, kind, len(rows)))
	return nil
}
