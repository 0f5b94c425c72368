package gittree_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"auditpack/internal/gittree"
)

func yaml(name string) bool { return strings.HasSuffix(name, ".yml") }

// log gives the commits of sub as "MESSAGE LANDED-BY: changes", with names in place of hashes.
func (r *repo) log(sub string, names map[plumbing.Hash]string) []string {
	r.t.Helper()
	l, err := gittree.OpenLog(filepath.Join(r.dir, sub))
	if err != nil {
		r.t.Fatal(err)
	}
	commits, err := l.Commits(r.t.Context(), yaml)
	if err != nil {
		r.t.Fatal(err)
	}
	out := []string{}
	for _, c := range commits {
		if sum := sha1.Sum(c.Raw); hex.EncodeToString(sum[:]) != c.Hash {
			r.t.Errorf("commit %s: its object has the SHA-1 %x", c.Hash, sum)
		}
		text := names[plumbing.NewHash(c.Hash)] + " by " + names[plumbing.NewHash(c.Landed)] + ":"
		for _, f := range c.Changes {
			sign := "~"
			switch "" {
			case f.Before:
				sign = "+"
			case f.After:
				sign = "-"
			}
			text += " " + sign + f.Name
			if f.After != "" {
				if _, err := l.Blob(f.After); err != nil {
					r.t.Error(err)
				}
			}
		}
		out = append(out, text)
	}
	return out
}

func (r *repo) remove(name string) {
	r.t.Helper()
	if _, err := r.tree.Remove(name); err != nil {
		r.t.Fatal(err)
	}
}

func TestLogOfALine(t *testing.T) {
	r := newRepo(t)
	first := r.commit("ada", map[string]string{"readme": "1"})
	second := r.commit("bob", map[string]string{"e/a.yml": "a", "e/deep/b.yml": "b", "e/notes.txt": "n", "other.yml": "o"})
	third := r.commit("eve", map[string]string{"other.yml": "2", "e/notes.txt": "m"})
	r.remove("e/a.yml")
	fourth := r.commit("ada", map[string]string{"e/c.yml": "a"})
	fifth := r.commit("bob", map[string]string{"e/deep/b.yml": "2"})
	r.remove("e/c.yml")
	r.remove("e/deep/b.yml")
	r.remove("e/notes.txt")
	sixth := r.commit("eve", nil)
	names := map[plumbing.Hash]string{first: "first", second: "second", third: "third", fourth: "fourth", fifth: "fifth", sixth: "sixth"}
	if err := os.MkdirAll(filepath.Join(r.dir, "e"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := []string{"second by second: +a.yml +deep/b.yml", "fourth by fourth: -a.yml +c.yml", "fifth by fifth: ~deep/b.yml", "sixth by sixth: -c.yml -deep/b.yml"}
	if diff := cmp.Diff(want, r.log("e", names)); diff != "" {
		t.Errorf("log of a folder (-want +got):\n%s", diff)
	}
	want = []string{"second by second: +e/a.yml +e/deep/b.yml +other.yml", "third by third: ~other.yml", "fourth by fourth: -e/a.yml +e/c.yml",
		"fifth by fifth: ~e/deep/b.yml", "sixth by sixth: -e/c.yml -e/deep/b.yml"}
	if diff := cmp.Diff(want, r.log("", names)); diff != "" {
		t.Errorf("log of the whole tree (-want +got):\n%s", diff)
	}
}

// A branch's commits are its own; the merge landed them, and counts itself only for what none of its parents had.
func TestLogThroughMerges(t *testing.T) {
	r := newRepo(t)
	base := r.commit("ada", map[string]string{"a.yml": "1", "b.yml": "1", "c.yml": "1"})
	left := r.commit("bob", map[string]string{"a.yml": "2"})
	r.checkout(base)
	right := r.commit("eve", map[string]string{"b.yml": "2"})
	more := r.commit("eve", map[string]string{"d.yml": "1"})
	r.checkout(left)
	clean := r.commit("ada", map[string]string{"b.yml": "2", "d.yml": "1"}, left, more)
	r.checkout(right)
	side := r.commit("bob", map[string]string{"c.yml": "2"})
	r.checkout(clean)
	evil := r.commit("ada", map[string]string{"c.yml": "3"}, clean, side)
	names := map[plumbing.Hash]string{base: "base", left: "left", right: "right", more: "more", clean: "clean", side: "side", evil: "evil"}
	want := []string{"base by base: +a.yml +b.yml +c.yml", "left by left: ~a.yml", "right by clean: ~b.yml", "more by clean: +d.yml", "side by evil: ~c.yml", "evil by evil: ~c.yml"}
	if diff := cmp.Diff(want, r.log("", names)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// Author and committer are two people after a squash or a rebase, and both are told.
func TestLogTellsAuthorFromCommitter(t *testing.T) {
	r := newRepo(t)
	r.write("a.yml", "1")
	if _, err := r.tree.Add("a.yml"); err != nil {
		t.Fatal(err)
	}
	author := &object.Signature{Name: "Ada Example", Email: "Ada@ACME.example", When: time.Date(2026, 7, 1, 10, 0, 0, 0, time.FixedZone("", 7200))}
	committer := &object.Signature{Name: "GitHub", Email: "noreply@github.com", When: time.Date(2026, 7, 2, 10, 0, 0, 0, time.UTC)}
	if _, err := r.tree.Commit("exceptions: one (#4)\n\nCo-authored-by: Bob <bob@acme.example>\n", &git.CommitOptions{Author: author, Committer: committer}); err != nil {
		t.Fatal(err)
	}
	l, err := gittree.OpenLog(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	commits, err := l.Commits(t.Context(), yaml)
	if err != nil || len(commits) != 1 {
		t.Fatalf("got %d commits, %v", len(commits), err)
	}
	c := commits[0]
	got := []string{c.Author.Name, c.Author.Email, c.Author.At.Format(time.RFC3339), c.Committer.Name, c.Committer.At.Format(time.RFC3339), fmt.Sprint(c.Signed), c.Message}
	want := []string{"Ada Example", "Ada@ACME.example", "2026-07-01T08:00:00Z", "GitHub", "2026-07-02T10:00:00Z", "false", "exceptions: one (#4)\n\nCo-authored-by: Bob <bob@acme.example>\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commit (-want +got):\n%s", diff)
	}
}

func TestLogOfAShallowCheckout(t *testing.T) {
	r := newRepo(t)
	first := r.commit("ada", map[string]string{"a.yml": "1"})
	boundary := r.commit("bob", map[string]string{"b.yml": "1"})
	last := r.commit("eve", map[string]string{"a.yml": "2"})
	if err := r.repo.Storer.SetShallow([]plumbing.Hash{boundary}); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(r.dir, ".git", "objects", first.String()[:2], first.String()[2:])
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	l, err := gittree.OpenLog(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{boundary.String()}, l.Shallow); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
	names := map[plumbing.Hash]string{boundary: "boundary", last: "last"}
	if diff := cmp.Diff([]string{"last by last: ~a.yml"}, r.log("", names)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestLogWithoutHistory(t *testing.T) {
	dir := t.TempDir()
	if _, err := gittree.OpenLog(dir); !errors.Is(err, gittree.ErrNoHistory) {
		t.Errorf("outside git: got %v, want ErrNoHistory", err)
	}
	if _, err := git.PlainInit(dir, false); err != nil {
		t.Fatal(err)
	}
	if _, err := gittree.OpenLog(dir); !errors.Is(err, gittree.ErrNoHistory) {
		t.Errorf("before the first commit: got %v, want ErrNoHistory", err)
	}
}

func TestLogSaysWhatIsBroken(t *testing.T) {
	r := newRepo(t)
	first := r.commit("ada", map[string]string{"a.yml": "1"})
	r.commit("bob", map[string]string{"a.yml": "2"})
	if err := os.Remove(filepath.Join(r.dir, ".git", "objects", first.String()[:2], first.String()[2:])); err != nil {
		t.Fatal(err)
	}
	l, err := gittree.OpenLog(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Commits(t.Context(), yaml); err == nil || !strings.Contains(err.Error(), first.String()) {
		t.Errorf("got %v, want the commit that is not there", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Commits(ctx, yaml); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// A history of thousands of commits beside the folder is read in seconds.
func TestLogThroughManyCommits(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 3,000 commits")
	}
	r := newRepo(t)
	oldest := r.commit("ada", map[string]string{"e/a.yml": "1"})
	tip := writeLine(t, r, oldest, 3000)
	if err := r.repo.Storer.SetReference(plumbing.NewHashReference("refs/heads/master", tip)); err != nil {
		t.Fatal(err)
	}
	want := []string{"oldest by oldest: +a.yml"}
	if diff := cmp.Diff(want, r.log("e", map[plumbing.Hash]string{oldest: "oldest"})); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}
