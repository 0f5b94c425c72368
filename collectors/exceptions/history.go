package exceptions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/internal/gittree"
	"auditpack/internal/textfiles"
)

// partLife is under which the collector says how reading the life of the exceptions went.
const partLife = "exception history"

// lifeCursor is where the next collection goes on: a history that is the same as at the last one is not read again, unless rules of
// redaction apply: they may be others by now, and what they take is told of what is put alone.
type lifeCursor struct {
	Key     string            `json:"key"` // of what was read: collector, path, commit, ends of a shallow checkout; whether rules of redaction applied
	Commits int64             `json:"commits"`
	Raw     []evidence.Digest `json:"raw"`  // records of commits and versions
	Rows    []evidence.Part   `json:"rows"` // computed from them
}

// lastCursor is what of a cursor is read before its key shows that its rows are in the layout of lifeCursor.
type lastCursor struct {
	lifeCursor
	Rows json.RawMessage `json:"rows"`
}

// addLife adds every commit that changed exception files, every version of a file that they name, and what they did as rows.
func (b *batch) addLife(ctx context.Context) error {
	log, err := gittree.OpenLog(b.env.Path(b.config.Path))
	if errors.Is(err, gittree.ErrNoHistory) {
		b.lifeOutcome(evidence.OutcomeNotOffered, 0, err.Error())
		return nil
	}
	var last lastCursor
	var next lifeCursor
	if err == nil {
		next.Key = strings.Join([]string{Type.Version, b.config.Path, log.Head, strings.Join(log.Shallow, " ")}, "\n")
		if _, err := b.out.Cursor(&last); err != nil {
			return err
		}
		redacted := collectors.Redacts(b.out)
		if redacted {
			next.Key += "\nredacted"
		}
		if last.Key == next.Key && !redacted {
			next = last.lifeCursor
			if err := json.Unmarshal(last.Rows, &next.Rows); err != nil {
				return fmt.Errorf("read cursor: %w", err)
			}
		} else {
			next, err = b.readLife(ctx, log, next.Key)
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		var stored *storeError
		if errors.As(err, &stored) {
			return stored.cause
		}
		b.lifeOutcome(evidence.OutcomeFailed, 0, err.Error())
		return nil
	case len(log.Shallow) > 0:
		b.lifeOutcome(evidence.OutcomeFailed, next.Commits, fmt.Sprintf("the checkout is shallow: its history ends at commit %s; fetch the whole of it (git fetch --unshallow, "+
			"fetch-depth: 0 in a pipeline); what came before is not known", strings.Join(log.Shallow, ", ")))
	case next.Commits == 0:
		b.lifeOutcome(evidence.OutcomeNone, 0, "")
	default:
		b.lifeOutcome(evidence.OutcomeOK, next.Commits, "")
	}
	if err := b.addLifeRows(ctx, next, len(last.Raw) > 0); err != nil {
		return err
	}
	return b.out.SetCursor(next)
}

// storeError is a failure of our own store, which the source as a whole reports.
type storeError struct{ cause error }

func (e *storeError) Error() string { return e.cause.Error() }
func (e *storeError) Unwrap() error { return e.cause }

func (b *batch) lifeOutcome(o evidence.Outcome, commits int64, detail string) {
	b.out.Outcome(evidence.PartOutcome{Part: partLife, Kind: kindCommits, Outcome: o, Items: commits, Detail: detail})
	if o == evidence.OutcomeOK || o == evidence.OutcomeNone {
		detail = ""
	}
	for _, k := range []evidence.Kind{kindVersions, kindLife} {
		b.out.Outcome(evidence.PartOutcome{Part: partLife, Kind: k, Outcome: o, Detail: detail})
	}
}

// readLife reads the history and stores what it rests on.
func (b *batch) readLife(ctx context.Context, log *gittree.Log, key string) (lifeCursor, error) {
	commits, err := log.Commits(ctx, textfiles.YAML)
	if err != nil {
		return lifeCursor{}, err
	}
	l := life{log: log, out: b.out, source: b.env.Name, versions: map[string]version{}}
	for i, c := range commits {
		b.out.Progress(collectors.Progress{Step: partLife, Items: int64(i), TotalItems: int64(len(commits))})
		if err := l.add(ctx, int64(i+1), c); err != nil {
			return lifeCursor{}, err
		}
	}
	next := lifeCursor{Key: key, Commits: int64(len(commits)), Raw: []evidence.Digest{}}
	for _, r := range []evidence.Record{
		{Kind: kindCommits, Content: l.commitParts, Procedure: fmt.Sprintf("From commit %s back over all parents, keep each commit that changed a .yml or .yaml file below %q "+
			"(a merge: that left one different from all its parents), as the object that git names: its header and a NUL byte included, so that its SHA-1 is the name of the commit "+
			"(git cat-file commit COMMIT gives the rest).", log.Head, b.config.Path)},
		{Kind: kindVersions, Content: l.versionParts, Procedure: "Keep each content that one of those commits gave such a file or took from it (git cat-file blob NAME)."},
	} {
		if len(r.Content) == 0 {
			continue
		}
		seen := int64(len(r.Content))
		r.Source, r.Stated.ItemsSeen, r.At = b.source(), &seen, &b.now
		if len(log.Shallow) > 0 {
			r.Stated.Notes = []string{"the checkout is shallow: its history ends at commit " + strings.Join(log.Shallow, ", ")}
		}
		d, err := b.out.Add(ctx, r)
		if err != nil {
			return lifeCursor{}, &storeError{fmt.Errorf("add exception history: %w", err)}
		}
		next.Raw = append(next.Raw, d)
	}
	if next.Rows, err = l.putRows(ctx); err != nil {
		return lifeCursor{}, &storeError{err}
	}
	return next, nil
}

// putRows stores what was computed: what commits did, and what each content says.
func (l *life) putRows(ctx context.Context) ([]evidence.Part, error) {
	commits, err := collectors.PutRows(ctx, l.out, kindLife, "commits.ndjson", l.rows)
	if err != nil {
		return nil, err
	}
	contents, err := collectors.PutRows(ctx, l.out, kindLife, "contents.ndjson", l.contents)
	if err != nil {
		return nil, err
	}
	approvals, err := collectors.PutRows(ctx, l.out, kindLife, "content-approvals.ndjson", l.approvals)
	return []evidence.Part{commits, contents, approvals}, err
}

// addLifeRows adds the rows, also those of an earlier collection, so that the newest record is always the state of the history: with
// no row where an earlier one had some and all its commits are gone.
func (b *batch) addLifeRows(ctx context.Context, c lifeCursor, had bool) error {
	if len(c.Raw) == 0 && !had { // nothing to derive from: there never was a commit
		return nil
	}
	_, err := b.out.Add(ctx, evidence.Record{
		Kind: kindLife, Source: b.source(), At: &b.now, Content: c.Rows, DerivedFrom: c.Raw,
		Procedure: "For each commit, oldest first, pair the exceptions of the files before and after it: by file, then by exception_id, then by content; one row for each exception " +
			"that was added, changed, renamed or deleted. Parse each content by docs/formats/schemas/exception.schema.json; one row for each, and one for each approval in it. Which file a commit holds was read from its trees, which are not kept: git show COMMIT in a clone repeats it.",
		Stated: evidence.Stated{ItemsSeen: &c.Commits, Notes: []string{"parsed by auditpack, not by DuckDB", "names, addresses and times of commits are what git was told"}},
	})
	if err != nil {
		return fmt.Errorf("add exception history: %w", err)
	}
	return nil
}

// version is one content of an exception file.
type version struct {
	hash   string // as git names it; empty for none
	digest evidence.Digest
	file   File
}

// life turns commits into rows, and stores the raw bytes of both.
type life struct {
	log          *gittree.Log
	out          collectors.Sink
	source       string
	versions     map[string]version // by git's name
	commitParts  []evidence.Part
	versionParts []evidence.Part
	rows         []commitRow
	contents     []exceptionRow // what each version says, without a commit: several may have it
	approvals    []approvalRow  // in them
}

func (l *life) add(ctx context.Context, position int64, c gittree.LogCommit) error {
	part, err := l.out.Put(ctx, kindCommits, "commits/"+c.Hash, "application/x-git-object", bytes.NewReader(c.Raw))
	if err != nil {
		return &storeError{err}
	}
	l.commitParts = append(l.commitParts, part)
	var before, after []side
	for _, f := range c.Changes {
		if f.Before != "" {
			v, err := l.version(ctx, f.Name, f.Before)
			if err != nil {
				return err
			}
			before = append(before, side{f.Name, v})
		}
		if f.After != "" {
			v, err := l.version(ctx, f.Name, f.After)
			if err != nil {
				return err
			}
			after = append(after, side{f.Name, v})
		}
	}
	for _, p := range pair(before, after) {
		l.rows = append(l.rows, newCommitRow(l.source, part.Digest, position, c, p))
	}
	return nil
}

// version reads and stores a content once, however many commits name it.
func (l *life) version(ctx context.Context, name, hash string) (version, error) {
	if v, ok := l.versions[hash]; ok {
		return v, nil
	}
	b, err := l.log.Blob(hash)
	if err != nil {
		return version{}, fmt.Errorf("read a version of %q: %w", name, err)
	}
	part, err := l.out.Put(ctx, kindVersions, "versions/"+hash, "application/yaml", bytes.NewReader(b))
	if err != nil {
		return version{}, &storeError{err}
	}
	l.versionParts = append(l.versionParts, part)
	f, problems := Parse(name, b)
	l.contents = append(l.contents, newExceptionRow(l.source, part.Digest, f, problems, nil))
	l.approvals = append(l.approvals, newApprovalRows(l.source, part.Digest, f)...)
	v := version{hash, part.Digest, f}
	l.versions[hash] = v
	return v, nil
}

// side is an exception file before or after a commit.
type side struct {
	name string
	version
}

// pairing is one exception before and after a commit; one of them may be missing.
type pairing struct{ before, after *side }

// pair finds for each exception before a commit the one that it became: the file of the same name, unless both name exceptions and
// not the same; then the one with the same id; then the same content.
func pair(before, after []side) []pairing {
	var pairs []pairing
	free := make([]*side, 0, len(after))
	for i := range after {
		free = append(free, &after[i])
	}
	rest := make([]*side, 0, len(before))
	for i := range before {
		rest = append(rest, &before[i])
	}
	for _, same := range []func(a, b *side) bool{
		func(a, b *side) bool {
			return a.name == b.name && (a.file.ExceptionID == b.file.ExceptionID || a.file.ExceptionID == "" || b.file.ExceptionID == "")
		},
		func(a, b *side) bool { return a.file.ExceptionID != "" && a.file.ExceptionID == b.file.ExceptionID },
		func(a, b *side) bool { return a.hash == b.hash },
	} {
		rest = slices.DeleteFunc(rest, func(a *side) bool {
			i := slices.IndexFunc(free, func(b *side) bool { return same(a, b) })
			if i < 0 {
				return false
			}
			pairs = append(pairs, pairing{a, free[i]})
			free = slices.Delete(free, i, i+1)
			return true
		})
	}
	for _, a := range rest {
		pairs = append(pairs, pairing{before: a})
	}
	for _, b := range free {
		pairs = append(pairs, pairing{after: b})
	}
	slices.SortStableFunc(pairs, func(p, q pairing) int { return strings.Compare(p.name(), q.name()) })
	return pairs
}

func (p pairing) name() string {
	if p.after != nil {
		return p.after.name
	}
	return p.before.name
}
