package gittree

import (
	"container/heap"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// maxCachedTrees bounds the memory of a walk: neighbouring commits share most of their trees, distant ones do not matter.
const maxCachedTrees = 4096

// objects is what a history needs of a repository.
type objects interface {
	storer.EncodedObjectStorer
	storer.ShallowStorer
}

// history reads commits and trees of one repository. It is not safe for concurrent use.
type history struct {
	objects objects
	shallow map[plumbing.Hash]bool // commits whose parents were not fetched
	trees   map[plumbing.Hash]map[string]entry
}

// entry is what a tree says of one name: the mode counts, as it does in git's own log.
type entry struct {
	hash plumbing.Hash
	mode filemode.FileMode
}

func newHistory(o objects) (*history, error) {
	h := &history{objects: o, shallow: map[plumbing.Hash]bool{}, trees: map[plumbing.Hash]map[string]entry{}}
	boundary, err := o.Shallow()
	if err != nil {
		return nil, fmt.Errorf("read shallow commits: %w", err)
	}
	for _, c := range boundary {
		h.shallow[c] = true
	}
	return h, nil
}

// entries returns what the commit holds under names; a name that it lacks is left out.
func (h *history) entries(commit plumbing.Hash, names []string) (map[string]entry, error) {
	c, err := object.GetCommit(h.objects, commit)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", commit, err)
	}
	found := map[string]entry{}
	_, err = h.differing(c.TreeHash, plumbing.ZeroHash, "", names, func(full string, e entry) { found[full] = e })
	return found, err
}

// lastChanges returns for each name the commit, from head backwards, that changed it last. At a merge it follows the first
// parent that has the file unchanged, as git log does for a path. A name whose history leaves a shallow checkout is left out.
func (h *history) lastChanges(ctx context.Context, head plumbing.Hash, names []string) (map[string]Commit, error) {
	found := make(map[string]Commit, len(names))
	if len(names) == 0 {
		return found, nil
	}
	q := queue{byHash: map[plumbing.Hash]*visit{}}
	if err := h.push(&q, head, names); err != nil {
		return nil, err
	}
	for q.Len() > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		v := heap.Pop(&q).(*visit)
		if h.shallow[v.commit.Hash] {
			continue
		}
		rest := v.names
		for _, parent := range v.commit.ParentHashes {
			if len(rest) == 0 {
				break
			}
			changed, err := h.follow(&q, v.commit, parent, rest)
			if err != nil {
				return nil, err
			}
			rest = changed
		}
		for _, name := range rest {
			found[name] = commitOf(v.commit)
		}
	}
	return found, nil
}

// follow hands on to the parent the names that it has as c has them, and returns the others.
func (h *history) follow(q *queue, c *object.Commit, parent plumbing.Hash, names []string) ([]string, error) {
	p, err := object.GetCommit(h.objects, parent)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", parent, err)
	}
	changed, err := h.differing(c.TreeHash, p.TreeHash, "", names, func(string, entry) {})
	if err != nil {
		return nil, fmt.Errorf("compare commit %s with %s: %w", c.Hash, parent, err)
	}
	same := without(names, changed)
	if len(same) == 0 {
		return changed, nil
	}
	return changed, h.push(q, parent, same)
}

func (h *history) push(q *queue, commit plumbing.Hash, names []string) error {
	if v, ok := q.byHash[commit]; ok {
		v.names = append(v.names, names...)
		return nil
	}
	c, err := object.GetCommit(h.objects, commit)
	if err != nil {
		return fmt.Errorf("read commit %s: %w", commit, err)
	}
	heap.Push(q, &visit{commit: c, at: c.Committer.When, names: names})
	return nil
}

// differing returns those of names, all below the folder at, that the trees a and b hold differently. It descends only into
// folders that differ. each is called for every file of names that a has and b has not as such.
func (h *history) differing(a, b plumbing.Hash, at string, names []string, each func(string, entry)) ([]string, error) {
	if a == b {
		return nil, nil
	}
	left, err := h.tree(a)
	if err != nil {
		return nil, err
	}
	right, err := h.tree(b)
	if err != nil {
		return nil, err
	}
	var out []string
	below := map[string][]string{} // by the name of the folder
	for _, full := range names {
		first, _, deeper := strings.Cut(full[len(at):], "/")
		l, r := left[first], right[first]
		switch {
		case l == r:
		case deeper:
			below[first] = append(below[first], full)
		default:
			out = append(out, full)
			if l.mode.IsFile() {
				each(full, l)
			}
		}
	}
	for folder, inside := range below {
		more, err := h.differing(folderHash(left[folder]), folderHash(right[folder]), at+folder+"/", inside, each)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// folderHash is the tree that e names, or none: a file where a folder is wanted holds nothing.
func folderHash(e entry) plumbing.Hash {
	if e.mode != filemode.Dir {
		return plumbing.ZeroHash
	}
	return e.hash
}

// tree returns the entries of a tree by name; the zero hash is the empty tree.
func (h *history) tree(hash plumbing.Hash) (map[string]entry, error) {
	if hash.IsZero() {
		return nil, nil
	}
	if t, ok := h.trees[hash]; ok {
		return t, nil
	}
	t, err := object.GetTree(h.objects, hash)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", hash, err)
	}
	entries := make(map[string]entry, len(t.Entries))
	for _, e := range t.Entries {
		entries[e.Name] = entry{hash: e.Hash, mode: e.Mode}
	}
	if len(h.trees) >= maxCachedTrees {
		clear(h.trees)
	}
	h.trees[hash] = entries
	return entries, nil
}

func without(names, drop []string) []string {
	if len(drop) == 0 {
		return names
	}
	dropped := make(map[string]bool, len(drop))
	for _, n := range drop {
		dropped[n] = true
	}
	var kept []string
	for _, n := range names {
		if !dropped[n] {
			kept = append(kept, n)
		}
	}
	return kept
}

// visit is a commit still to be looked at, for the names whose history leads through it.
type visit struct {
	commit *object.Commit
	at     time.Time
	names  []string
}

// queue gives the newest commit first, so that names which part at a branch meet again before it was made.
type queue struct {
	visits []*visit
	byHash map[plumbing.Hash]*visit
}

func (q *queue) Len() int           { return len(q.visits) }
func (q *queue) Less(i, j int) bool { return q.visits[i].at.After(q.visits[j].at) }
func (q *queue) Swap(i, j int)      { q.visits[i], q.visits[j] = q.visits[j], q.visits[i] }

// Push is called by container/heap.
func (q *queue) Push(v any) {
	q.visits = append(q.visits, v.(*visit))
	q.byHash[v.(*visit).commit.Hash] = v.(*visit)
}

// Pop is called by container/heap.
func (q *queue) Pop() any {
	last := q.visits[len(q.visits)-1]
	q.visits = q.visits[:len(q.visits)-1]
	delete(q.byHash, last.commit.Hash)
	return last
}
