package gittree_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"auditpack/internal/gittree"
)

// repo is a repository in a folder of its own; its commits are an hour apart.
type repo struct {
	t    *testing.T
	dir  string
	repo *git.Repository
	tree *git.Worktree
	now  time.Time
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	dir := t.TempDir()
	r, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := r.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	return &repo{t: t, dir: dir, repo: r, tree: tree, now: time.Date(2026, 7, 1, 8, 0, 0, 0, time.FixedZone("CEST", 7200))}
}

func (r *repo) write(name, content string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// commit commits the files given, with their content, and returns the hash.
func (r *repo) commit(author string, files map[string]string, parents ...plumbing.Hash) plumbing.Hash {
	r.t.Helper()
	for name, content := range files {
		r.write(name, content)
		if _, err := r.tree.Add(name); err != nil {
			r.t.Fatal(err)
		}
	}
	r.now = r.now.Add(time.Hour)
	who := &object.Signature{Name: author, Email: author + "@acme.example", When: r.now}
	h, err := r.tree.Commit("change", &git.CommitOptions{Author: who, Committer: who, Parents: parents, AllowEmptyCommits: true})
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

func (r *repo) checkout(h plumbing.Hash) {
	r.t.Helper()
	if err := r.tree.Checkout(&git.CheckoutOptions{Hash: h}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) look(sub string, files map[string][]byte) gittree.Checkout {
	r.t.Helper()
	c, err := gittree.Look(context.Background(), filepath.Join(r.dir, sub), files)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func read(t *testing.T, dir string, names ...string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = b
	}
	return out
}

func TestLookFindsLastChange(t *testing.T) {
	r := newRepo(t)
	first := r.commit("ada", map[string]string{"sub/a.yml": "1", "sub/deep/b.yml": "1", "sub/c.yml": "1", "other.txt": "1"})
	second := r.commit("bob", map[string]string{"sub/deep/b.yml": "2", "other.txt": "2"})
	third := r.commit("eve", map[string]string{"other.txt": "3"})
	r.write("sub/c.yml", "changed")
	r.write("sub/d.yml", "new")

	got := r.look("sub", read(t, filepath.Join(r.dir, "sub"), "a.yml", "deep/b.yml", "c.yml", "d.yml"))
	want := gittree.Checkout{
		Head: third.String(),
		Files: map[string]gittree.State{
			"a.yml":      {Last: &gittree.Commit{Hash: first.String(), Author: "ada <ada@acme.example>", CommittedAt: time.Date(2026, 7, 1, 7, 0, 0, 0, time.UTC)}},
			"deep/b.yml": {Last: &gittree.Commit{Hash: second.String(), Author: "bob <bob@acme.example>", CommittedAt: time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)}},
			"c.yml":      {Note: "changed since commit " + third.String() + " and not committed"},
			"d.yml":      {Note: "not committed to git"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Look (-want +got):\n%s", diff)
	}
	groups := got.Groups()
	var names [][]string
	for _, g := range groups {
		names = append(names, g.Names)
	}
	if diff := cmp.Diff([][]string{{"a.yml"}, {"c.yml", "d.yml"}, {"deep/b.yml"}}, names); diff != "" {
		t.Errorf("Groups (-want +got):\n%s", diff)
	}
}

// A file that was removed and came back, and one that was changed and changed back, have the commit that brought today's bytes.
func TestLookFollowsContent(t *testing.T) {
	r := newRepo(t)
	r.commit("ada", map[string]string{"a": "1", "b": "1"})
	r.commit("bob", map[string]string{"a": "2"})
	back := r.commit("eve", map[string]string{"a": "1"})
	if _, err := r.tree.Remove("b"); err != nil {
		t.Fatal(err)
	}
	r.commit("ada", nil)
	again := r.commit("bob", map[string]string{"b": "1"})
	r.commit("ada", map[string]string{"c": "1"})

	got := r.look("", read(t, r.dir, "a", "b"))
	for name, want := range map[string]plumbing.Hash{"a": back, "b": again} {
		if last := got.Files[name].Last; last == nil || last.Hash != want.String() {
			t.Errorf("last change of %q: got %+v, want %s", name, last, want)
		}
	}
}

// At a merge the history follows the parent that has the file as it is; a merge that changed the file itself is its last change.
func TestLookThroughMerges(t *testing.T) {
	r := newRepo(t)
	base := r.commit("ada", map[string]string{"a": "1", "b": "1", "c": "1"})
	left := r.commit("bob", map[string]string{"a": "2"})
	r.checkout(base)
	right := r.commit("eve", map[string]string{"b": "2", "c": "2"})
	r.checkout(left)
	r.write("b", "2")
	merge := r.commit("ada", map[string]string{"b": "2", "c": "3"}, left, right)

	got := r.look("", read(t, r.dir, "a", "b", "c"))
	for name, want := range map[string]plumbing.Hash{"a": left, "b": right, "c": merge} {
		if last := got.Files[name].Last; last == nil || last.Hash != want.String() {
			t.Errorf("last change of %q: got %+v, want %s", name, last, want)
		}
	}
}

func TestLookInShallowCheckout(t *testing.T) {
	r := newRepo(t)
	r.commit("ada", map[string]string{"a": "1", "b": "1"})
	boundary := r.commit("bob", map[string]string{"c": "1"})
	last := r.commit("eve", map[string]string{"b": "2"})
	if err := r.repo.Storer.SetShallow([]plumbing.Hash{boundary}); err != nil {
		t.Fatal(err)
	}
	got := r.look("", read(t, r.dir, "a", "b", "c"))
	note := "the checkout is shallow: its history ends before the commit that changed the file last"
	if got.Files["a"].Note != note || got.Files["c"].Note != note {
		t.Errorf("files from beyond the boundary: got %+v and %+v, want the note %q", got.Files["a"], got.Files["c"], note)
	}
	if f := got.Files["b"]; f.Last == nil || f.Last.Hash != last.String() {
		t.Errorf("file changed above the boundary: got %+v, want %s", f, last)
	}
}

func TestLookOutsideAndBeforeTheFirstCommit(t *testing.T) {
	dir := t.TempDir()
	files := map[string][]byte{"a": []byte("1")}
	c, err := gittree.Look(context.Background(), dir, files)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(gittree.Checkout{Files: map[string]gittree.State{"a": {Note: "not in a git repository"}}}, c); diff != "" {
		t.Errorf("outside git (-want +got):\n%s", diff)
	}
	if _, err := git.PlainInit(dir, false); err != nil {
		t.Fatal(err)
	}
	c, err = gittree.Look(context.Background(), dir, files)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a: the git repository has no commit yet"}, c.Notes([]string{"a"})); diff != "" {
		t.Errorf("before the first commit (-want +got):\n%s", diff)
	}
}

func TestOriginHasNoCredentials(t *testing.T) {
	for url, want := range map[string]string{
		"https://x-access-token:ghs_canary@github.com/acme/infrastructure.git?t=ghs_canary": "https://github.com/acme/infrastructure.git",
		"ssh://git:canary@git.acme.example/infrastructure.git":                              "ssh://git.acme.example/infrastructure.git",
		"git@github.com:acme/infrastructure.git":                                            "git@github.com:acme/infrastructure.git",
	} {
		r := newRepo(t)
		if _, err := r.repo.CreateRemote(&config.RemoteConfig{Name: "origin", URLs: []string{url}}); err != nil {
			t.Fatal(err)
		}
		r.commit("ada", map[string]string{"a": "1"})
		if got := r.look("", nil).Origin; got != want {
			t.Errorf("origin of %q: got %q, want %q", url, got, want)
		}
	}
}

func TestLookWithWindowsLineEnds(t *testing.T) {
	r := newRepo(t)
	h := r.commit("ada", map[string]string{"a": "one\ntwo\n"})
	got := r.look("", map[string][]byte{"a": []byte("one\r\ntwo\r\n")}).Files["a"]
	if got.Last == nil || got.Last.Hash != h.String() {
		t.Errorf("got %+v, want commit %s", got, h)
	}
}

func TestLookEndsWithItsContext(t *testing.T) {
	r := newRepo(t)
	r.commit("ada", map[string]string{"a": "1"})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := gittree.Look(ctx, r.dir, map[string][]byte{"a": []byte("1")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestLookSaysWhatIsBroken(t *testing.T) {
	r := newRepo(t)
	h := r.commit("ada", map[string]string{"a": "1"})
	object := filepath.Join(r.dir, ".git", "objects", h.String()[:2], h.String()[2:])
	if err := os.Remove(object); err != nil {
		t.Fatal(err)
	}
	if _, err := gittree.Look(context.Background(), r.dir, map[string][]byte{"a": []byte("1")}); err == nil {
		t.Error("a repository without its newest commit: got no error")
	}
}

// One walk serves all files: a history of thousands of commits must not cost minutes. The commits are in one line, each changes
// one of a hundred files, and the oldest answers lie at the very beginning.
func TestLookThroughManyCommits(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 3,000 commits")
	}
	r := newRepo(t)
	files := map[string][]byte{}
	first := map[string]string{}
	for i := range 50 {
		name := filepath.Join("exceptions", string(rune('a'+i%26))+string(rune('a'+i/26))+".yml")
		files[name], first[name] = []byte("1"), "1"
	}
	oldest := r.commit("ada", first)
	tip := writeLine(t, r, oldest, 3000)
	if err := r.repo.Storer.SetReference(plumbing.NewHashReference("refs/heads/master", tip)); err != nil {
		t.Fatal(err)
	}
	got := r.look("", files)
	for name := range files {
		if last := got.Files[name].Last; last == nil || last.Hash != oldest.String() {
			t.Fatalf("last change of %q: got %+v, want %s", name, got.Files[name], oldest)
		}
	}
}

// writeLine adds n commits upon parent that change one file beside the others, without a work tree, and returns the last.
func writeLine(t *testing.T, r *repo, parent plumbing.Hash, n int) plumbing.Hash {
	t.Helper()
	c, err := r.repo.CommitObject(parent)
	if err != nil {
		t.Fatal(err)
	}
	base, err := c.Tree()
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		blob := r.repo.Storer.NewEncodedObject()
		blob.SetType(plumbing.BlobObject)
		w, _ := blob.Writer()
		_, _ = w.Write([]byte(time.Duration(i).String()))
		_ = w.Close()
		hash, err := r.repo.Storer.SetEncodedObject(blob)
		if err != nil {
			t.Fatal(err)
		}
		tree := &object.Tree{Entries: append([]object.TreeEntry{}, base.Entries...)}
		tree.Entries = append(tree.Entries, object.TreeEntry{Name: "zz", Mode: 0o100644, Hash: hash})
		parent = store(t, r, &object.Commit{
			Author: object.Signature{Name: "ada", When: r.now.Add(time.Duration(i) * time.Minute)}, Message: "line",
			Committer: object.Signature{Name: "ada", When: r.now.Add(time.Duration(i) * time.Minute)},
			TreeHash:  store(t, r, tree), ParentHashes: []plumbing.Hash{parent},
		})
	}
	return parent
}

func store(t *testing.T, r *repo, o interface {
	Encode(plumbing.EncodedObject) error
}) plumbing.Hash {
	t.Helper()
	e := r.repo.Storer.NewEncodedObject()
	if err := o.Encode(e); err != nil {
		t.Fatal(err)
	}
	h, err := r.repo.Storer.SetEncodedObject(e)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
