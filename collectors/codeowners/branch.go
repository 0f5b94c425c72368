package codeowners

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// errNoRepository says that the configured folder lies in no git repository, or in one without a commit.
var errNoRepository = errors.New("not in a git repository, or before its first commit")

// branch is the protected branch as the checkout has it: its first-parent line, which is what landed on it, one commit after the
// other, whether by a merge commit, squashed, rebased or pushed.
type branch struct {
	repo    *git.Repository
	prefix  string // of the configured folder below the root of the repository, "" for the root
	name    string // short, as "main"
	tip     plumbing.Hash
	shallow map[plumbing.Hash]bool

	line []step // oldest first
	cut  bool   // the line ends at a commit whose parents the checkout lacks
}

// step is one commit of the line.
type step struct {
	hash      plumbing.Hash
	committed time.Time
	notBefore time.Time  // latest commit time of itself and all before it that is not in the future: it cannot have landed earlier
	pushed    *time.Time // when the server says that it came; nil where the server was not asked or does not know
}

// landed is when the commit came to the branch: as the server says, else not before any commit that it was put on.
func (s step) landed() time.Time {
	if s.pushed != nil {
		return *s.pushed
	}
	return s.notBefore
}

// openBranch finds the repository of dir. The branch is not known before [branch.find].
func openBranch(dir string) (*branch, error) {
	repo, err := git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return nil, errNoRepository
	}
	if err != nil {
		return nil, fmt.Errorf("open git repository: %w", err)
	}
	if _, err := repo.Head(); errors.Is(err, plumbing.ErrReferenceNotFound) {
		return nil, errNoRepository
	}
	tree, err := repo.Worktree()
	if err != nil {
		return nil, fmt.Errorf("open work tree: %w", err)
	}
	b := &branch{repo: repo, shallow: map[plumbing.Hash]bool{}}
	if b.prefix, err = below(tree.Filesystem.Root(), dir); err != nil {
		return nil, err
	}
	boundary, err := repo.Storer.Shallow()
	if err != nil {
		return nil, fmt.Errorf("read shallow commits: %w", err)
	}
	for _, c := range boundary {
		b.shallow[c] = true
	}
	return b, nil
}

// below returns the slash separated name of dir below root, "" for root itself.
func below(root, dir string) (string, error) {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil || rel == "." {
		return "", err
	}
	return filepath.ToSlash(rel), nil
}

// find settles the tip: of the server, where it is known and the checkout has it; else of the branch as last fetched, else of the
// local branch, else HEAD where no name is given. It returns an error that says what to do when the server is ahead of the checkout.
func (b *branch) find(name, serverTip string) error {
	head, err := b.repo.Head()
	if err != nil {
		return fmt.Errorf("read HEAD: %w", err)
	}
	b.name = name
	if b.name == "" {
		b.name = head.Name().Short()
	}
	known := false
	for _, ref := range []plumbing.ReferenceName{plumbing.NewRemoteReferenceName("origin", b.name), plumbing.NewBranchReferenceName(b.name)} {
		if r, err := b.repo.Reference(ref, true); err == nil {
			b.tip, known = r.Hash(), true
			break
		}
	}
	if !known && (name == "" || head.Name().Short() == name) {
		b.tip, known = head.Hash(), true
	}
	if serverTip != "" {
		server := plumbing.NewHash(serverTip)
		if _, err := b.repo.CommitObject(server); err == nil {
			b.tip = server
			return nil
		}
		if known {
			return fmt.Errorf("the checkout ends at commit %s and lacks the server's %s: fetch the branch and collect again", b.tip, serverTip)
		}
	}
	if !known {
		return fmt.Errorf("the checkout has no branch %q, neither fetched from origin nor local", b.name)
	}
	return nil
}

// walk reads the line from the tip to the first commit, or to where a shallow checkout ends. now bounds the times that count.
func (b *branch) walk(ctx context.Context, now time.Time) error {
	var newestFirst []step
	for at := b.tip; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		c, err := b.repo.CommitObject(at)
		if err != nil {
			return fmt.Errorf("read commit %s: %w", at, err)
		}
		newestFirst = append(newestFirst, step{hash: at, committed: c.Committer.When.UTC()})
		if b.cut = b.shallow[at]; b.cut || len(c.ParentHashes) == 0 {
			break
		}
		at = c.ParentHashes[0]
	}
	var latest time.Time
	b.line = make([]step, 0, len(newestFirst))
	for i := len(newestFirst) - 1; i >= 0; i-- {
		s := newestFirst[i]
		if s.committed.After(latest) && !s.committed.After(now) {
			latest = s.committed
		}
		s.notBefore = latest
		b.line = append(b.line, s)
	}
	return nil
}

// push is what the server says of one change of the branch: everything after before up to after came at.
type push struct {
	before, after string
	at            time.Time
}

// date gives each commit of the line the time of the push that brought it. The first push that a commit came with counts: what is
// forced back and pushed again came earlier. A push that only went back brought nothing.
func (b *branch) date(pushes []push) {
	place := make(map[string]int, len(b.line))
	for i, s := range b.line {
		place[s.hash.String()] = i
	}
	for _, p := range pushes {
		last, ok := place[p.after]
		first, known := place[p.before]
		if !ok || known && first >= last {
			continue
		}
		for i := last; i >= 0 && b.line[i].hash.String() != p.before; i-- {
			if !known && i < last {
				break // where it began is not on the line: only its end is certain
			}
			if at := p.at; b.line[i].pushed == nil || at.Before(*b.line[i].pushed) {
				b.line[i].pushed = &at
			}
		}
	}
}

// relation says how a tip that was seen earlier stands to the line.
type relation string

// The relations.
const (
	relationContained relation = "contained" // in the history of the tip: nothing was rewritten
	relationBehind    relation = "behind"    // the tip is in the history of the earlier one: the branch went back
	relationDiverged  relation = "diverged"  // neither is in the history of the other
	relationMissing   relation = "missing"   // the checkout no longer has the commit
)

// relate compares the tip with one seen earlier. A shallow checkout that lacks the commit tells nothing: ok is then false.
func (b *branch) relate(earlier string) (r relation, ok bool, err error) {
	if earlier == "" || earlier == b.tip.String() {
		return relationContained, true, nil
	}
	old, err := b.repo.CommitObject(plumbing.NewHash(earlier))
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return relationMissing, len(b.shallow) == 0, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read commit %s: %w", earlier, err)
	}
	tip, err := b.repo.CommitObject(b.tip)
	if err != nil {
		return "", false, fmt.Errorf("read commit %s: %w", b.tip, err)
	}
	if in, err := old.IsAncestor(tip); err != nil || in {
		return relationContained, err == nil || len(b.shallow) == 0, shallowError(b, err)
	}
	if in, err := tip.IsAncestor(old); err != nil || in {
		return relationBehind, err == nil, shallowError(b, err)
	}
	return relationDiverged, len(b.shallow) == 0, nil
}

// shallowError forgives what a shallow checkout cannot know.
func shallowError(b *branch, err error) error {
	if err != nil && len(b.shallow) > 0 && errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil
	}
	return err
}

// inside returns the name below the configured folder.
func (b *branch) inside(full string) (string, bool) {
	if b.prefix == "" {
		return full, true
	}
	return strings.CutPrefix(full, b.prefix+"/")
}

// rawObject returns the bytes of an object as git hashes them, without the header.
func (b *branch) rawObject(kind plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	o, err := b.repo.Storer.EncodedObject(kind, h)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, h, err)
	}
	r, err := o.Reader()
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, h, err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, h, err)
	}
	return content, nil
}

// signatureOf names the form of a commit's signature, which git holds without checking it.
func signatureOf(c *object.Commit) string {
	switch s := c.PGPSignature; {
	case strings.TrimSpace(s) == "":
		return "none"
	case strings.Contains(s, "BEGIN SSH SIGNATURE"):
		return "ssh"
	case strings.Contains(s, "BEGIN SIGNED MESSAGE"):
		return "x509"
	case strings.Contains(s, "BEGIN PGP"):
		return "pgp"
	}
	return "unknown"
}
