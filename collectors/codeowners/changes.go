package codeowners

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/utils/merkletrie"

	"auditpack/evidence"
	"auditpack/internal/jsonlines"
)

// renameLimit is up to how many files of one commit are compared pair by pair to find renames; beyond it only equal files are.
const renameLimit = 200

// changeRow is a row of the fact table branch_change_seen: one commit of the protected branch.
type changeRow struct {
	Evidence    evidence.Digest `json:"evidence"` // of the commits as git cat-file --batch prints them
	Line        int             `json:"line"`     // where the commit begins there
	Source      string          `json:"source"`
	Branch      string          `json:"branch"`
	Commit      string          `json:"commit"`
	Parents     []string        `json:"parents"`
	Author      jsonlines.Text  `json:"author"` // "Name <mail>", as the committer's machine claimed
	AuthoredAt  time.Time       `json:"authored_at"`
	Committer   jsonlines.Text  `json:"committer"`
	CommittedAt time.Time       `json:"committed_at"`
	PushedAt    *time.Time      `json:"pushed_at"`
	LandedAt    time.Time       `json:"landed_at"`
	Subject     jsonlines.Text  `json:"subject"`
	Signature   string          `json:"signature"`
	Files       int64           `json:"files"`           // changed below the configured folder
	Protected   int64           `json:"protected_files"` // of them protected
}

// touchRow is a row of the fact table branch_change_path_seen: one protected file that one commit changed, and who owned it as
// CODEOWNERS was just before.
type touchRow struct {
	Evidence       evidence.Digest `json:"evidence"`
	Line           int             `json:"line"`
	Source         string          `json:"source"`
	Branch         string          `json:"branch"`
	Commit         string          `json:"commit"`
	LandedAt       time.Time       `json:"landed_at"`
	Path           string          `json:"path"`
	OtherPath      jsonlines.Text  `json:"other_path"` // the other name of a file that was renamed
	Change         string          `json:"change"`
	Protected      string          `json:"protected"`
	Purpose        string          `json:"purpose"`
	RequiredOwners []string        `json:"required_owners"`
	CodeownersFile jsonlines.Text  `json:"codeowners_file"`
	Codeowners     jsonlines.Text  `json:"codeowners"` // digest of that file
	RuleLine       int             `json:"rule_line"`  // 0 when none matches
	Pattern        jsonlines.Text  `json:"pattern"`
	Owners         []string        `json:"owners"`
}

// file is one file that a commit changed. A renamed file has both names.
type file struct {
	from, to string // below the configured folder; empty where it was not, or lay elsewhere
	change   string // added, modified, deleted, renamed
	before   plumbing.Hash
	after    plumbing.Hash
}

// landing is one commit of the period with what it changed.
type landing struct {
	step
	commit *object.Commit
	files  []file
	rules  *ruleFile // as it was just before; nil for none
}

// ruleFile is one state of CODEOWNERS.
type ruleFile struct {
	name    string // below the configured folder
	content []byte
	rules   Rules
	digest  evidence.Digest // once stored
}

// history reads landings; it keeps each state of CODEOWNERS once.
type history struct {
	*branch
	states map[string]*ruleFile // by name and blob
}

// in returns the steps that landed in p, oldest first. A commit whose own date lies in p counts too: which of its times is the
// right one is not for us to say. What the commit changed at which a shallow checkout begins is not known: it is left out.
func (b *branch) in(p evidence.Period) []step {
	var out []step
	for i, s := range b.line {
		if i == 0 && b.cut {
			continue
		}
		if p.Contains(s.landed()) || s.pushed == nil && p.Contains(s.committed) {
			out = append(out, s)
		}
	}
	return out
}

// landing reads what s changed against the commit that it was put on.
func (h *history) landing(ctx context.Context, s step) (landing, error) {
	c, err := h.repo.CommitObject(s.hash)
	if err != nil {
		return landing{}, fmt.Errorf("read commit %s: %w", s.hash, err)
	}
	l := landing{step: s, commit: c}
	after, err := c.Tree()
	if err != nil {
		return landing{}, fmt.Errorf("read tree of commit %s: %w", s.hash, err)
	}
	before := &object.Tree{}
	if len(c.ParentHashes) > 0 {
		parent, err := h.repo.CommitObject(c.ParentHashes[0])
		if err != nil {
			return landing{}, fmt.Errorf("read commit %s: %w", c.ParentHashes[0], err)
		}
		if before, err = parent.Tree(); err != nil {
			return landing{}, fmt.Errorf("read tree of commit %s: %w", c.ParentHashes[0], err)
		}
		if l.rules, err = h.rulesIn(before); err != nil {
			return landing{}, fmt.Errorf("read CODEOWNERS of commit %s: %w", c.ParentHashes[0], err)
		}
	}
	if l.files, err = h.diff(ctx, before, after); err != nil {
		return landing{}, fmt.Errorf("compare commit %s with the one before: %w", s.hash, err)
	}
	return l, nil
}

// rulesIn returns CODEOWNERS of a tree, nil for none.
func (h *history) rulesIn(tree *object.Tree) (*ruleFile, error) {
	for _, name := range places {
		entry, err := tree.FindEntry(path.Join(h.prefix, name))
		if errors.Is(err, object.ErrEntryNotFound) || errors.Is(err, object.ErrDirectoryNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !entry.Mode.IsFile() {
			continue
		}
		key := name + " " + entry.Hash.String()
		if known, ok := h.states[key]; ok {
			return known, nil
		}
		content, err := h.rawObject(plumbing.BlobObject, entry.Hash)
		if err != nil {
			return nil, err
		}
		state := &ruleFile{name: name, content: content, rules: Parse(content)}
		h.states[key] = state
		return state, nil
	}
	return nil, nil
}

// diff lists the changed files below the configured folder by name.
func (h *history) diff(ctx context.Context, before, after *object.Tree) ([]file, error) {
	changes, err := object.DiffTreeWithOptions(ctx, before, after, &object.DiffTreeOptions{DetectRenames: true, RenameScore: 60, RenameLimit: renameLimit})
	if err != nil {
		return nil, err
	}
	var files []file
	for _, c := range changes {
		action, err := c.Action()
		if err != nil {
			return nil, err
		}
		f := file{before: c.From.TreeEntry.Hash, after: c.To.TreeEntry.Hash}
		from, fromInside := h.inside(c.From.Name)
		to, toInside := h.inside(c.To.Name)
		if !fromInside && !toInside {
			continue
		}
		if fromInside {
			f.from = from
		}
		if toInside {
			f.to = to
		}
		switch {
		case action == merkletrie.Insert, f.from == "":
			f.change = "added"
		case action == merkletrie.Delete, f.to == "":
			f.change = "deleted"
		case f.from != f.to:
			f.change = "renamed"
		default:
			f.change = "modified"
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.from+"\x00"+a.to, b.from+"\x00"+b.to) })
	return files, nil
}

// touch is one protected name that a landing changed.
type touch struct {
	path, other string
	change      string
	protected   Protected
}

// touches lists the protected names among the files of l: a file that is renamed out of a protected path touches it by its old
// name. A name below several protected paths counts for each.
func touches(files []file, protected []Protected) []touch {
	var out []touch
	add := func(name, other, change string) {
		for _, p := range protected {
			if p.covers(name) {
				out = append(out, touch{path: name, other: other, change: change, protected: p})
			}
		}
	}
	for _, f := range files {
		switch f.change {
		case "renamed":
			add(f.from, f.to, "renamed-away")
			add(f.to, f.from, "renamed-here")
		case "deleted":
			add(f.from, "", f.change)
		default:
			add(f.to, "", f.change)
		}
	}
	return out
}

// covers says whether the file name is p or lies below it.
func (p Protected) covers(name string) bool {
	own := strings.Trim(p.Path, "/")
	return name == own || strings.HasPrefix(name, own+"/")
}

// guarded returns the protected paths as history is asked about them: whoever guards CODEOWNERS guards each place where the server
// looks for it, since a file in an earlier place takes over.
func guarded(protected []Protected) []Protected {
	if len(protected) == 0 {
		protected = append(defaultProtected(), Protected{Path: places[1], Purpose: purposeCodeowners})
	}
	out := slices.Clone(protected)
	for _, p := range protected {
		if p.Purpose != purposeCodeowners {
			continue
		}
		for _, place := range places {
			if !slices.ContainsFunc(out, func(q Protected) bool { return q.Purpose == purposeCodeowners && q.covers(place) }) {
				out = append(out, Protected{Path: place, Purpose: purposeCodeowners, Owners: p.Owners})
			}
		}
	}
	return out
}

// batch prints objects as git cat-file --batch does: a line with hash, type and size, the bytes, a newline. It returns the line on
// which the object begins.
type objectBatch struct {
	buffer bytes.Buffer
	lines  int
}

func (b *objectBatch) add(kind plumbing.ObjectType, h plumbing.Hash, content []byte) (line int) {
	line = b.lines + 1
	fmt.Fprintf(&b.buffer, "%s %s %d\n", h, kind, len(content))
	b.buffer.Write(content)
	b.buffer.WriteByte('\n')
	b.lines += 2 + bytes.Count(content, []byte("\n"))
	return line
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// validText replaces what is not UTF-8: old commits may be in another encoding, and the raw bytes are kept.
func validText(s string) jsonlines.Text {
	return jsonlines.Text(strings.ToValidUTF8(s, "\ufffd"))
}

func (l landing) row(s stamp, branchName string, line int, protected int) changeRow {
	parents := []string{}
	for _, p := range l.commit.ParentHashes {
		parents = append(parents, p.String())
	}
	subject, _, _ := strings.Cut(strings.TrimSpace(l.commit.Message), "\n")
	return changeRow{
		Evidence: s.raw, Line: line, Source: s.source, Branch: branchName, Commit: l.hash.String(), Parents: parents,
		Author: person(l.commit.Author), AuthoredAt: l.commit.Author.When.UTC(),
		Committer: person(l.commit.Committer), CommittedAt: l.committed, PushedAt: l.pushed, LandedAt: l.landed(),
		Subject: validText(subject), Signature: signatureOf(l.commit), Files: int64(len(l.files)), Protected: int64(protected),
	}
}

func person(p object.Signature) jsonlines.Text {
	return validText(fmt.Sprintf("%s <%s>", p.Name, p.Email))
}

func (l landing) touchRow(s stamp, branchName string, line int, t touch) (touchRow, error) {
	row := touchRow{
		Evidence: s.raw, Line: line, Source: s.source, Branch: branchName, Commit: l.hash.String(), LandedAt: l.landed(),
		Path: t.path, OtherPath: jsonlines.Text(t.other), Change: t.change, Protected: t.protected.Path, Purpose: t.protected.Purpose,
		RequiredOwners: nonNil(t.protected.Owners), Owners: []string{},
	}
	if l.rules == nil {
		return row, nil
	}
	rule, _, err := l.rules.rules.Match(t.path)
	if err != nil {
		return touchRow{}, err
	}
	row.CodeownersFile, row.Codeowners = jsonlines.Text(l.rules.name), jsonlines.Text(l.rules.digest)
	row.RuleLine, row.Pattern, row.Owners = rule.Line, jsonlines.Text(rule.Pattern), nonNil(rule.Owners)
	return row, nil
}
