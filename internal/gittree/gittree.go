// Package gittree tells which commit gave files of a work tree the bytes they have now. It reads the repository only, never
// the network, and asks the history once for all files: the cost grows with the commits since the oldest answer, not with
// commits times files.
package gittree

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Commit is what git says of one commit. Author and time are what the committer's machine claimed; git does not check them.
type Commit struct {
	Hash        string    // 40 hexadecimal digits
	Author      string    // "Name <mail>"
	CommittedAt time.Time // UTC
}

// State is what git knows of one file.
type State struct {
	Last *Commit // that gave the file the bytes it has now; nil when none did or none is known
	Note string  // why Last is nil, as part of a sentence; empty otherwise
}

// Checkout is what git knows of the files of one folder. Head and Origin are empty outside git.
type Checkout struct {
	Origin string           // URL of the remote "origin" without credentials, empty when there is none
	Head   string           // hash of the commit that is checked out, empty before the first
	Files  map[string]State // for every name that was asked for
}

// Look says what git knows of files in dir, a folder that may lie anywhere in a work tree. The keys of files are slash
// separated names below dir, the values are the bytes found there. Outside git it is no error: every State then has a Note.
func Look(ctx context.Context, dir string, files map[string][]byte) (Checkout, error) {
	c := Unknown(nil, "")
	repo, prefix, err := open(dir)
	if errors.Is(err, git.ErrRepositoryNotExists) {
		c.noteAll(files, "not in a git repository")
		return c, nil
	}
	if err != nil {
		return Checkout{}, fmt.Errorf("open git repository of %q: %w", dir, err)
	}
	c.Origin = origin(repo)
	head, err := repo.Head()
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		c.noteAll(files, "the git repository has no commit yet")
		return c, nil
	}
	if err != nil {
		return Checkout{}, fmt.Errorf("read HEAD of %q: %w", dir, err)
	}
	c.Head = head.Hash().String()
	if err := c.look(ctx, repo, head.Hash(), prefix, files); err != nil {
		return Checkout{}, fmt.Errorf("read git history of %q: %w", dir, err)
	}
	return c, nil
}

// Group is the files that one commit gave their bytes.
type Group struct {
	Last  *Commit  // nil for files that no known commit gave theirs
	Names []string // in order
}

// Groups puts the files of a checkout together by their last commit, in the order of their first names.
func (c Checkout) Groups() []Group {
	var out []Group
	at := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		last := c.Files[name].Last
		hash := ""
		if last != nil {
			hash = last.Hash
		}
		i, ok := at[hash]
		if !ok {
			i = len(out)
			at[hash] = i
			out = append(out, Group{Last: last})
		}
		out[i].Names = append(out[i].Names, name)
	}
	return out
}

// Notes says for which of names no commit is known, and why; never nil.
func (c Checkout) Notes(names []string) []string {
	out := []string{}
	for _, name := range names {
		if note := c.Files[name].Note; note != "" {
			out = append(out, name+": "+note)
		}
	}
	return out
}

// Unknown is a Checkout of files of which nothing is known, for the reason note.
func Unknown(files map[string][]byte, note string) Checkout {
	c := Checkout{Files: make(map[string]State, len(files))}
	c.noteAll(files, note)
	return c
}

func (c *Checkout) noteAll(files map[string][]byte, note string) {
	for name := range files {
		c.Files[name] = State{Note: note}
	}
}

// look fills c.Files: first by comparing the bytes with HEAD, then by one walk over the history for those that are as in HEAD.
func (c *Checkout) look(ctx context.Context, repo *git.Repository, head plumbing.Hash, prefix string, files map[string][]byte) error {
	h, err := newHistory(repo.Storer)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(files)) // in the repository, to the caller's
	for name := range files {
		names[path.Join(prefix, name)] = name
	}
	committed, err := h.entries(head, slices.Collect(maps.Keys(names)))
	if err != nil {
		return err
	}
	var unchanged []string
	for full, name := range names {
		e, ok := committed[full]
		switch {
		case !ok:
			c.Files[name] = State{Note: "not committed to git"}
		case !sameContent(files[name], e.hash):
			c.Files[name] = State{Note: "changed since commit " + c.Head + " and not committed"}
		default:
			unchanged = append(unchanged, full)
		}
	}
	found, err := h.lastChanges(ctx, head, unchanged)
	if err != nil {
		return err
	}
	for _, full := range unchanged {
		if last, ok := found[full]; ok {
			c.Files[names[full]] = State{Last: &last}
			continue
		}
		c.Files[names[full]] = State{Note: "the checkout is shallow: its history ends before the commit that changed the file last"}
	}
	return nil
}

// open finds the repository that dir lies in, and dir's slash separated name below the work tree's root.
func open(dir string) (*git.Repository, string, error) {
	repo, err := git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if err != nil {
		return nil, "", err
	}
	tree, err := repo.Worktree()
	if err != nil {
		return nil, "", err
	}
	root, err := filepath.EvalSymlinks(tree.Filesystem.Root())
	if err != nil {
		return nil, "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, "", err
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, "", err
	}
	return repo, filepath.ToSlash(rel), nil
}

// origin returns where the repository was cloned from, without user and password.
func origin(repo *git.Repository) string {
	remote, err := repo.Remote("origin")
	if err != nil || len(remote.Config().URLs) == 0 {
		return ""
	}
	raw := remote.Config().URLs[0]
	if !strings.Contains(raw, "://") {
		return raw // host:path or a folder: neither has room for a password
	}
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// sameContent says whether b is what git stores as h. A checkout with Windows line ends is the same content.
func sameContent(b []byte, h plumbing.Hash) bool {
	if plumbing.ComputeHash(plumbing.BlobObject, b) == h {
		return true
	}
	unix := strings.ReplaceAll(string(b), "\r\n", "\n")
	return len(unix) != len(b) && plumbing.ComputeHash(plumbing.BlobObject, []byte(unix)) == h
}

func commitOf(c *object.Commit) Commit {
	return Commit{
		Hash:        c.Hash.String(),
		Author:      fmt.Sprintf("%s <%s>", c.Author.Name, c.Author.Email),
		CommittedAt: c.Committer.When.UTC(),
	}
}
