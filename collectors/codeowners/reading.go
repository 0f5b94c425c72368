package codeowners

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"auditpack/collectors"
	"auditpack/evidence"
)

// partChanges is the part under which the collector says whether it could read what landed on the branch.
const partChanges = "changes of the branch"

// reading is one collection of what landed on the branch, and of what the server knows of it.
type reading struct {
	*collector
	out     collectors.Sink
	period  evidence.Period
	now     time.Time
	branch  *branch  // nil outside git
	session *session // nil without a server

	branchName string
	serverTip  string // of the branch on the server; empty when it is not known
	classic    *bool  // whether the server says of the branch that it is protected
	told       map[evidence.Kind]bool
	done       map[string]bool // changes that need not be asked about again
	cursorTip  string
	unreadable error // why the history could not be read; nil when it could
}

// read collects changes of the branch in p, and the server's answers. A collection without a period reads no changes.
func (c *collector) read(ctx context.Context, p evidence.Period, out collectors.Sink) error {
	r := &reading{collector: c, out: out, period: p, now: c.env.Now().UTC(), branchName: c.config.Branch, told: map[evidence.Kind]bool{}, done: map[string]bool{}}
	var pushes []push
	if c.config.GitHub == nil {
		noServer(out)
	} else {
		var err error
		if pushes, err = r.askServer(ctx); err != nil {
			return err
		}
	}
	if p.IsZero() {
		return nil
	}
	changes, owners, err := r.readChanges(ctx, pushes)
	if err != nil {
		return err
	}
	if r.session == nil {
		return nil
	}
	if r.unreadable != nil {
		for _, k := range reviewKinds {
			r.outcome(partOf(k.kind), k.kind, 0, fmt.Errorf("not asked, for want of the changes: %w", r.unreadable))
		}
	} else if err := r.askReviews(ctx, changes, r.done); err != nil {
		return err
	}
	return r.askTeams(ctx, owners) // the cursor was saved with the changes and with the reviews
}

// askServer asks for what does not depend on the changes. A server that cannot be asked fails its own parts; the checkout is read all
// the same.
func (r *reading) askServer(ctx context.Context) ([]push, error) {
	s, err := r.connect(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if s == nil || s.stopped != nil {
		r.unasked(err)
		return nil, nil
	}
	r.session = s
	if err := r.askRepository(ctx); err != nil {
		return nil, err
	}
	if r.branchName == "" {
		err := s.stopped
		if err == nil {
			err = errors.New("not asked: the server names no default branch, and none is configured")
		}
		r.unasked(err)
		r.session = nil
		return nil, nil
	}
	if err := r.askSettings(ctx); err != nil {
		return nil, err
	}
	if r.period.IsZero() {
		return nil, nil
	}
	return r.askActivity(ctx)
}

func (r *reading) repositoryName() string {
	if r.config.GitHub == nil {
		return ""
	}
	return r.config.GitHub.Repository
}

// owner is whose repository it is on the server, empty without one.
func (r *reading) owner() string {
	owner, _, _ := strings.Cut(r.repositoryName(), "/")
	return owner
}

// gitKinds are filled from the history of the branch.
var gitKinds = []evidence.Kind{kindCommits, kindStates, kindChanges, kindChangePaths, kindIntegrationFiles, kindIntegrations, kindRewrites}

// readChanges reads what landed in the period. It returns the commits to ask the server about, oldest first, and all owners that
// occur. An error ends the collection; what else goes wrong is told as the outcome of the part.
func (r *reading) readChanges(ctx context.Context, pushes []push) (ask []string, owners map[string]bool, err error) {
	owners = map[string]bool{}
	for _, p := range r.config.Protected {
		for _, o := range p.Owners {
			owners[o] = true
		}
	}
	b, err := openBranch(r.env.Path(r.config.Path))
	if errors.Is(err, errNoRepository) {
		err = fmt.Errorf("%w: %w", collectors.ErrNotOffered, err)
	}
	if err != nil {
		r.unreadable = err
		r.changesOutcome(err)
		return nil, owners, nil
	}
	r.branch = b
	behind := b.find(r.branchName, r.serverTip)
	if b.tip.IsZero() {
		r.unreadable = behind
		r.changesOutcome(behind)
		return nil, owners, nil
	}
	r.branchName = b.name
	last, err := r.readCursor()
	if err != nil {
		return nil, nil, err
	}
	r.cursorTip = last.Tip
	if err := b.walk(ctx, r.now); err != nil {
		r.unreadable = err
		r.changesOutcome(err)
		return nil, owners, ctx.Err()
	}
	b.date(pushes)
	if err := r.addRewrites(ctx, last); err != nil {
		return nil, nil, err
	}
	ask, err = r.addChanges(ctx, owners)
	if fatal(ctx, err) {
		return nil, nil, err
	}
	r.unreadable = err
	if err == nil && b.cut && len(b.line) > 0 && b.line[0].notBefore.After(r.period.From) {
		err = fmt.Errorf("the checkout is shallow: its history begins at commit %s, after the start of the period: fetch it whole", b.line[0].hash)
	}
	r.changesOutcome(errors.Join(err, behind))
	for _, sha := range last.Done {
		if r.unreadable != nil || slices.Contains(ask, sha) { // which changes the period has is then not known
			r.done[sha] = true
		}
	}
	return ask, owners, r.saveCursor()
}

// changesOutcome tells how reading the history went; the items are counted with the commits.
func (r *reading) changesOutcome(err error) {
	for _, k := range gitKinds {
		if err != nil || !r.told[k] {
			r.outcome(partChanges, k, 0, err)
		}
	}
}

// addChanges stores the commits of the period, CODEOWNERS before each, and the rows. It returns the commits that touch a protected
// path or add an external integration, and adds to owners who owned the paths.
func (r *reading) addChanges(ctx context.Context, owners map[string]bool) (ask []string, err error) {
	h := &history{branch: r.branch, states: map[string]*ruleFile{}}
	steps := r.branch.in(r.period)
	landings := make([]landing, 0, len(steps))
	var commits objectBatch
	lines := make([]int, 0, len(steps))
	for i, s := range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.out.Progress(collectors.Progress{Step: partChanges, Items: int64(i), TotalItems: int64(len(steps))})
		l, err := h.landing(ctx, s)
		if err != nil {
			return nil, err
		}
		raw, err := h.rawObject(plumbing.CommitObject, s.hash)
		if err != nil {
			return nil, err
		}
		lines = append(lines, commits.add(plumbing.CommitObject, s.hash, raw))
		landings = append(landings, l)
	}
	commitsRecord, marked, err := r.addCommits(ctx, &commits, len(landings))
	if err != nil {
		return nil, err
	}
	statesRecord, err := r.addStates(ctx, h)
	if err != nil {
		return nil, err
	}
	changes, paths := []changeRow{}, []touchRow{}
	protected := guarded(r.config.Protected)
	found := &integrations{reading: r, history: h}
	for i, l := range landings {
		touched := touches(l.files, protected)
		names := map[string]bool{}
		for _, t := range touched {
			row, err := l.touchRow(marked, r.branchName, lines[i], t)
			if err != nil {
				return nil, err
			}
			for _, o := range row.Owners {
				owners[o] = true
			}
			names[t.path] = true
			paths = append(paths, row)
		}
		changes = append(changes, l.row(marked, r.branchName, lines[i], len(names)))
		n, err := found.search(ctx, l)
		if err != nil {
			return nil, err
		}
		if len(touched) > 0 || n > 0 {
			ask = append(ask, l.hash.String())
		}
	}
	if err := addDerived(ctx, r, kindChanges, "changes.ndjson", changes, commitsRecord, len(changes), changesProcedure); err != nil {
		return ask, err
	}
	from := slices.Concat(commitsRecord, statesRecord)
	if err := addDerived(ctx, r, kindChangePaths, "change-paths.ndjson", paths, from, len(paths), pathsProcedure); err != nil {
		return ask, err
	}
	return ask, found.add(ctx)
}

const (
	changesProcedure = "Read each commit of the raw record; compare its tree with that of its first parent. landed_at is when the server's activity " +
		"says that the commit was pushed, else the latest commit time, not in the future, of itself and of all commits before it."
	pathsProcedure = "Of each change take every file whose name, or former name, is a protected path or lies below one, with the rule of CODEOWNERS " +
		"in the tree of the first parent that matches it last."
)

// system is what records of the history say of where they come from.
func (r *reading) system() evidence.Source {
	return evidence.Source{System: r.config.Path, Version: r.branch.tip.String(), Identity: "branch " + r.branchName}
}

// add stores a record over the period and counts its items.
func (r *reading) add(ctx context.Context, kind evidence.Kind, parts []evidence.Part, seen int, from []evidence.Digest, procedure string, notes ...string) (evidence.Digest, error) {
	p, n := r.period, int64(seen)
	d, err := r.out.Add(ctx, evidence.Record{
		Kind: kind, Source: r.system(), Period: &p, Content: parts, DerivedFrom: from, Procedure: procedure,
		Stated: evidence.Stated{ItemsSeen: &n, Notes: notes},
	})
	if err != nil {
		return "", &storeError{fmt.Errorf("add record of %s: %w", kind, err)}
	}
	r.outcome(partChanges, kind, n, nil)
	return d, nil
}

func addDerived[T any](ctx context.Context, r *reading, kind evidence.Kind, name string, rows []T, from []evidence.Digest, seen int, procedure string) error {
	part, err := collectors.PutRows(ctx, r.out, kind, name, rows)
	if err != nil {
		return &storeError{err}
	}
	if _, err = r.add(ctx, kind, []evidence.Part{part}, seen, from, procedure, "parsed by auditpack, not by DuckDB"); err != nil {
		return err
	}
	r.out.Outcome(collectors.RowsOutcome(partChanges, kind, len(rows)))
	return nil
}

// addCommits stores the commits as git prints them, and returns what every row of theirs shares.
func (r *reading) addCommits(ctx context.Context, commits *objectBatch, n int) (record []evidence.Digest, shared stamp, err error) {
	shared = stamp{source: r.env.Name}
	if n == 0 {
		return nil, shared, nil
	}
	part, err := r.out.Put(ctx, kindCommits, "commits", "text/plain", bytes.NewReader(commits.buffer.Bytes()))
	if err != nil {
		return nil, shared, &storeError{err}
	}
	shared.raw = part.Digest
	d, err := r.add(ctx, kindCommits, []evidence.Part{part}, n, nil,
		fmt.Sprintf("git rev-list --first-parent --reverse %s | git cat-file --batch, of the commits that landed on branch %q in the period: the first-parent line is "+
			"what landed, by merge commit, squashed, rebased or pushed.", r.branch.tip, r.branchName),
		"authors, committers and times are what git was told; git keeps signatures and does not check them")
	return []evidence.Digest{d}, shared, err
}

// addStates stores each state of CODEOWNERS that decided about a change.
func (r *reading) addStates(ctx context.Context, h *history) ([]evidence.Digest, error) {
	if len(h.states) == 0 {
		return nil, nil
	}
	var parts []evidence.Part
	for _, key := range slices.Sorted(maps.Keys(h.states)) {
		state := h.states[key]
		part, err := r.out.Put(ctx, kindStates, key, "text/plain", bytes.NewReader(state.content))
		if err != nil {
			return nil, &storeError{err}
		}
		state.digest = part.Digest
		parts = append(parts, part)
	}
	d, err := r.add(ctx, kindStates, parts, len(parts), nil,
		"git cat-file blob, of the first of .github/CODEOWNERS, CODEOWNERS and docs/CODEOWNERS in the first parent of each change; parts are named by file and blob.")
	return []evidence.Digest{d}, err
}

// integrations gathers what changes add from outside.
type integrations struct {
	*reading
	history *history
	rows    []integrationRow
	parts   []evidence.Part
	redact  []evidence.Redaction
}

// search looks through the files of a change for what their former content lacks, and returns how much it found.
func (i *integrations) search(ctx context.Context, l landing) (int, error) {
	before := len(i.rows)
	for _, f := range l.files {
		if f.to == "" || f.after.IsZero() {
			continue
		}
		after, ok, err := i.content(f.after)
		if err != nil || !ok {
			if err != nil {
				return 0, err
			}
			continue
		}
		var former []byte
		if f.from != "" && !f.before.IsZero() {
			if former, _, err = i.content(f.before); err != nil {
				return 0, err
			}
		}
		news := added(f.to, former, after)
		if len(news) == 0 {
			continue
		}
		digest, err := i.put(ctx, l, f, after)
		if err != nil {
			return 0, err
		}
		for _, n := range news {
			i.rows = append(i.rows, integrationRow{
				Evidence: digest, Line: n.line, Source: i.env.Name, Branch: i.branchName, Commit: l.hash.String(), LandedAt: l.landed(),
				Path: f.to, Sort: n.sort, Value: strings.ToValidUTF8(n.value, "\ufffd"), Origin: validText(n.origin), Own: n.isOwn(i.owner()),
			})
		}
	}
	return len(i.rows) - before, nil
}

// content returns a file of the history; ok is false for what is no file, such as a submodule, or too large to be searched.
func (i *integrations) content(h plumbing.Hash) (content []byte, ok bool, err error) {
	size, err := i.branch.repo.Storer.EncodedObjectSize(h)
	if errors.Is(err, plumbing.ErrObjectNotFound) || err == nil && size > maxScanned {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read file %s: %w", h, err)
	}
	content, err = i.history.rawObject(plumbing.BlobObject, h)
	return content, err == nil, err
}

func (i *integrations) put(ctx context.Context, l landing, f file, content []byte) (evidence.Digest, error) {
	clean, done := redact(content, content)
	i.redact = append(i.redact, done...)
	part, err := i.out.Put(ctx, kindIntegrationFiles, l.hash.String()+":"+path.Join(i.branch.prefix, f.to), "text/plain", bytes.NewReader(clean))
	if err != nil {
		return "", &storeError{err}
	}
	i.parts = append(i.parts, part)
	return part.Digest, nil
}

// add stores the files and the rows.
func (i *integrations) add(ctx context.Context) error {
	var from []evidence.Digest
	if len(i.parts) > 0 {
		p, n := i.period, int64(len(i.parts))
		d, err := i.out.Add(ctx, evidence.Record{
			Kind: kindIntegrationFiles, Source: i.system(), Period: &p, Content: i.parts, Redactions: i.redact,
			Procedure: "git cat-file blob COMMIT:PATH, of each changed file in which an external integration was found; parts are named COMMIT:PATH.",
			Stated:    evidence.Stated{ItemsSeen: &n},
		})
		if err != nil {
			return &storeError{fmt.Errorf("add record of %s: %w", kindIntegrationFiles, err)}
		}
		i.outcome(partChanges, kindIntegrationFiles, n, nil)
		from = []evidence.Digest{d}
	}
	return addDerived(ctx, i.reading, kindIntegrations, "integrations.ndjson", nonNil(i.rows), from, len(i.rows),
		"Search each changed file that is UTF-8 text of at most 1 MiB, line by line, for what its former content lacks: in .tf files the sources of required "+
			"providers and of modules that are not local paths, provider blocks, and resources whose type names a webhook, an app installation or an "+
			"integration; in workflows the value of uses; in every file the hosts of well-known webhook addresses. Patterns can miss what is written otherwise.")
}

// rewriteRow is a row of the fact table branch_rewrite.
type rewriteRow struct {
	Evidence        evidence.Digest `json:"evidence"` // the tip's commit as git cat-file --batch prints it
	Line            int             `json:"line"`
	Source          string          `json:"source"`
	Branch          string          `json:"branch"`
	Tip             string          `json:"tip"`
	PreviousTip     string          `json:"previous_tip"`
	Relation        relation        `json:"relation"`
	ServerConfirmed bool            `json:"server_confirmed"` // the tip is where the branch ends on the server
	CollectedAt     time.Time       `json:"collected_at"`
}

// addRewrites says whether the tip that the last collection saw is still in the history. A checkout that is older than the last one
// rewrites nothing, and the newer tip stays the one to compare with.
func (r *reading) addRewrites(ctx context.Context, last cursor) error {
	rows := []rewriteRow{}
	var from []evidence.Digest
	rel, ok, err := r.branch.relate(last.Tip)
	if err == nil && !ok {
		err = fmt.Errorf("the checkout is shallow and does not tell whether commit %s, where the branch ended at the last collection, is still in its history: fetch it whole", last.Tip)
	}
	if err != nil {
		r.outcome(partChanges, kindRewrites, 0, err)
		return nil
	}
	confirmed := r.serverTip == r.branch.tip.String()
	stale := rel == relationBehind && !confirmed
	if !stale {
		r.cursorTip = r.branch.tip.String()
	}
	if rel != relationContained && !stale {
		raw, err := r.branch.rawObject(plumbing.CommitObject, r.branch.tip)
		if err != nil {
			return err
		}
		var one objectBatch
		one.add(plumbing.CommitObject, r.branch.tip, raw)
		part, err := r.out.Put(ctx, kindCommits, "commits", "text/plain", bytes.NewReader(one.buffer.Bytes()))
		if err != nil {
			return &storeError{err}
		}
		d, err := r.add(ctx, kindCommits, []evidence.Part{part}, 1, nil, fmt.Sprintf("git cat-file --batch, of commit %s, where the branch ends.", r.branch.tip))
		if err != nil {
			return err
		}
		from = []evidence.Digest{d}
		rows = append(rows, rewriteRow{
			Evidence: part.Digest, Line: 1, Source: r.env.Name, Branch: r.branchName, Tip: r.branch.tip.String(), PreviousTip: last.Tip,
			Relation: rel, ServerConfirmed: confirmed, CollectedAt: r.now,
		})
	}
	return addDerived(ctx, r, kindRewrites, "rewrites.ndjson", rows, from, len(rows),
		"Compare where the branch ends with where it ended when it was collected last (git merge-base --is-ancestor OLD NEW). No rows: the old end is part of the history, or nothing was collected before.")
}
