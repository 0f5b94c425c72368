package gittree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// ErrNoHistory says that a folder lies outside of git, or that its repository has no commit yet.
var ErrNoHistory = errors.New("not in a git repository, or before its first commit")

// maxObject is the size, in bytes, above which a commit or a file of people's hands is refused.
const maxObject = 16 << 20

// Log is the history of a folder: what its checked out branch, and every branch that was merged into it, did to the files in it.
// It reads the repository as it is asked; it is not safe for concurrent use.
type Log struct {
	Head    string   // hash of the commit that is checked out
	Shallow []string // commits whose parents were not fetched, in order: what they and those before them did is not known

	repo   *git.Repository
	prefix string
}

// Signature is who git was told wrote or committed a change, and when. Git checks none of it.
type Signature struct {
	Name  string
	Email string // as written
	At    time.Time
}

// LogCommit is one commit that changed files of the folder.
type LogCommit struct {
	Hash      string
	Raw       []byte // the object as git names it, its header "commit SIZE" and a NUL byte included: its SHA-1 is Hash
	Parents   []string
	Author    Signature // who wrote it; a squash or rebase keeps it
	Committer Signature // who put it there: also a server, for a squash or a rebase
	Message   string
	Signed    bool // there is a signature; whether it is good was not checked

	// Landed is the commit on the first-parent line of the checked out branch by which this one came to it: itself, where it
	// was made on it, squashed or rebased onto it, and the merge commit otherwise.
	Landed   string
	LandedAt time.Time

	Changes []FileChange // in the order of names
}

// FileChange is what a commit did to one file. Before and After are the names git gives to its content; empty where there is none.
type FileChange struct {
	Name          string // slash separated, below the folder
	Before, After string
}

// OpenLog opens the history of dir, a folder that may lie anywhere in a work tree. It reads no commit but the one checked out.
func OpenLog(dir string) (*Log, error) {
	repo, prefix, err := open(dir)
	if errors.Is(err, git.ErrRepositoryNotExists) {
		return nil, ErrNoHistory
	}
	if err != nil {
		return nil, fmt.Errorf("open git repository of %q: %w", dir, err)
	}
	head, err := repo.Head()
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return nil, ErrNoHistory
	}
	if err != nil {
		return nil, fmt.Errorf("read HEAD of %q: %w", dir, err)
	}
	boundary, err := repo.Storer.Shallow()
	if err != nil {
		return nil, fmt.Errorf("read shallow commits of %q: %w", dir, err)
	}
	l := &Log{Head: head.Hash().String(), Shallow: []string{}, repo: repo, prefix: prefix}
	for _, h := range boundary {
		l.Shallow = append(l.Shallow, h.String())
	}
	slices.Sort(l.Shallow)
	return l, nil
}

// Commits returns the commits that changed files of the folder whose names wanted accepts, each behind its parents. A merge counts
// with the files that it left different from all of its parents: what one of them had, that branch did.
func (l *Log) Commits(ctx context.Context, wanted func(name string) bool) ([]LogCommit, error) {
	h, err := newHistory(l.repo.Storer)
	if err != nil {
		return nil, err
	}
	g := &graph{history: h, prefix: l.prefix, wanted: wanted, nodes: map[plumbing.Hash]*node{}}
	order, err := g.walk(ctx, plumbing.NewHash(l.Head))
	if err != nil {
		return nil, err
	}
	landed := g.landings(plumbing.NewHash(l.Head))
	var out []LogCommit
	for _, hash := range order {
		changes, err := g.changes(hash)
		if err != nil {
			return nil, fmt.Errorf("compare commit %s with its parents: %w", hash, err)
		}
		if len(changes) == 0 {
			continue
		}
		c, err := l.commit(hash)
		if err != nil {
			return nil, err
		}
		at := landed[hash]
		c.Landed, c.LandedAt, c.Changes = at.String(), g.nodes[at].at.UTC(), changes
		out = append(out, c)
	}
	return out, nil
}

// Blob returns the content that git names so.
func (l *Log) Blob(hash string) ([]byte, error) {
	_, b, err := l.object(plumbing.NewHash(hash))
	return b, err
}

func (l *Log) object(hash plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	o, err := l.repo.Storer.EncodedObject(plumbing.AnyObject, hash)
	if err != nil {
		return 0, nil, fmt.Errorf("read object %s: %w", hash, err)
	}
	if o.Size() > maxObject {
		return 0, nil, fmt.Errorf("read object %s: it has %d bytes, at most %d are read", hash, o.Size(), maxObject)
	}
	r, err := o.Reader()
	if err != nil {
		return 0, nil, fmt.Errorf("read object %s: %w", hash, err)
	}
	b, err := io.ReadAll(io.LimitReader(r, maxObject))
	if err := errors.Join(err, r.Close()); err != nil {
		return 0, nil, fmt.Errorf("read object %s: %w", hash, err)
	}
	if got := plumbing.ComputeHash(o.Type(), b); got != hash {
		return 0, nil, fmt.Errorf("read object %s: its bytes are those of %s: the repository is damaged", hash, got)
	}
	return o.Type(), b, nil
}

func (l *Log) commit(hash plumbing.Hash) (LogCommit, error) {
	_, body, err := l.object(hash)
	if err != nil {
		return LogCommit{}, err
	}
	c, err := object.GetCommit(l.repo.Storer, hash)
	if err != nil {
		return LogCommit{}, fmt.Errorf("read commit %s: %w", hash, err)
	}
	out := LogCommit{
		Hash: hash.String(), Raw: append(fmt.Appendf(nil, "commit %d\x00", len(body)), body...), Parents: []string{},
		Author:    Signature{c.Author.Name, c.Author.Email, c.Author.When.UTC()},
		Committer: Signature{c.Committer.Name, c.Committer.Email, c.Committer.When.UTC()},
		Message:   c.Message, Signed: c.PGPSignature != "",
	}
	for _, p := range c.ParentHashes {
		out.Parents = append(out.Parents, p.String())
	}
	return out, nil
}

// node is what is kept of each commit.
type node struct {
	parents []plumbing.Hash // that were fetched
	folder  plumbing.Hash   // tree of the folder; zero where it has none
	at      time.Time       // of committing
	cut     bool            // its parents were not fetched
}

// graph is the history that leads to one commit.
type graph struct {
	*history
	prefix string
	wanted func(string) bool
	nodes  map[plumbing.Hash]*node
}

// walk reads all commits from head on and returns them, each behind its parents. The order is that of git's own parents, so that
// the same history gives the same order.
func (g *graph) walk(ctx context.Context, head plumbing.Hash) ([]plumbing.Hash, error) {
	var order []plumbing.Hash
	done := map[plumbing.Hash]bool{}
	stack := []plumbing.Hash{head}
	for len(stack) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		hash := stack[len(stack)-1]
		if n := g.nodes[hash]; n != nil { // its parents are done
			stack = stack[:len(stack)-1]
			if !done[hash] {
				done[hash] = true
				order = append(order, hash)
			}
			continue
		}
		n, err := g.read(hash)
		if err != nil {
			return nil, err
		}
		g.nodes[hash] = n
		for _, p := range slices.Backward(n.parents) {
			if g.nodes[p] == nil {
				stack = append(stack, p)
			}
		}
	}
	return order, nil
}

func (g *graph) read(hash plumbing.Hash) (*node, error) {
	c, err := object.GetCommit(g.objects, hash)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", hash, err)
	}
	n := &node{at: c.Committer.When, cut: g.shallow[hash]}
	if !n.cut {
		n.parents = c.ParentHashes
	}
	n.folder = c.TreeHash
	for _, step := range strings.Split(g.prefix, "/") {
		if step == "." || n.folder.IsZero() {
			continue
		}
		entries, err := g.tree(n.folder)
		if err != nil {
			return nil, fmt.Errorf("read commit %s: %w", hash, err)
		}
		n.folder = folderHash(entries[step])
	}
	return n, nil
}

// landings gives for each commit the one of the first-parent line from head by which it came to that line.
func (g *graph) landings(head plumbing.Hash) map[plumbing.Hash]plumbing.Hash {
	var line []plumbing.Hash
	for at := head; ; at = g.nodes[at].parents[0] {
		line = append(line, at)
		if len(g.nodes[at].parents) == 0 {
			break
		}
	}
	landed := make(map[plumbing.Hash]plumbing.Hash, len(g.nodes))
	for _, by := range slices.Backward(line) {
		stack := []plumbing.Hash{by}
		for len(stack) > 0 {
			hash := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if _, ok := landed[hash]; ok {
				continue
			}
			landed[hash] = by
			stack = append(stack, g.nodes[hash].parents...)
		}
	}
	return landed
}

// changes lists what a commit did to the files of the folder; nothing for one whose parents were not fetched.
func (g *graph) changes(hash plumbing.Hash) ([]FileChange, error) {
	n := g.nodes[hash]
	if n.cut {
		return nil, nil
	}
	var before plumbing.Hash
	for i, p := range n.parents {
		folder := g.nodes[p].folder
		if folder == n.folder {
			return nil, nil
		}
		if i == 0 {
			before = folder
		}
	}
	found := map[string]FileChange{}
	if err := g.compare(before, n.folder, "", found); err != nil {
		return nil, err
	}
	if len(n.parents) > 1 {
		for _, p := range n.parents[1:] {
			other := map[string]FileChange{}
			if err := g.compare(g.nodes[p].folder, n.folder, "", other); err != nil {
				return nil, err
			}
			maps.DeleteFunc(found, func(name string, _ FileChange) bool { _, differs := other[name]; return !differs })
		}
	}
	out := make([]FileChange, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[name])
	}
	return out, nil
}

// compare puts what differs between the folders a and b, both called at, into found. It descends only into what differs.
func (g *graph) compare(a, b plumbing.Hash, at string, found map[string]FileChange) error {
	if a == b {
		return nil
	}
	left, err := g.tree(a)
	if err != nil {
		return err
	}
	right, err := g.tree(b)
	if err != nil {
		return err
	}
	names := maps.Clone(left)
	if names == nil {
		names = map[string]entry{}
	}
	maps.Copy(names, right)
	for name := range names {
		l, r := left[name], right[name]
		if err := g.compare(folderHash(l), folderHash(r), at+name+"/", found); err != nil {
			return err
		}
		before, after := fileHash(l), fileHash(r)
		if before != after && g.wanted(at+name) {
			found[at+name] = FileChange{at + name, before, after}
		}
	}
	return nil
}

// fileHash names the content of a regular file; empty for anything else.
func fileHash(e entry) string {
	switch e.mode {
	case filemode.Regular, filemode.Executable, filemode.Deprecated:
		return e.hash.String()
	}
	return ""
}
