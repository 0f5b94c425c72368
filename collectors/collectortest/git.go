package collectortest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/rogpeppe/go-internal/txtar"
)

// change is one commit that an archive describes.
type change struct {
	number  int
	author  object.Signature
	message string
	files   []txtar.File
	deleted []string
}

// commit makes the checkouts that files, named CHECKOUT/N/FILE, describe. Equal archives give equal commit hashes.
func (a *archive) commit(t *testing.T, files []txtar.File) {
	t.Helper()
	checkouts := map[string]map[int]*change{}
	for _, f := range files {
		path, number, name := splitCommit(f.Name)
		if number == 0 {
			t.Fatalf("%s: git/%s: want git/CHECKOUT/N/FILE", a.file, f.Name)
		}
		if checkouts[path] == nil {
			checkouts[path] = map[int]*change{}
		}
		c := checkouts[path][number]
		if c == nil {
			c = newChange(number)
			checkouts[path][number] = c
		}
		if name == "COMMIT" {
			c.describe(t, f.Data)
			continue
		}
		c.files = append(c.files, txtar.File{Name: name, Data: f.Data})
	}
	for path, changes := range checkouts {
		a.checkout(t, path, changes)
	}
}

// splitCommit takes "repo/sub/2/dir/file" apart at its first element that is a number.
func splitCommit(name string) (path string, number int, file string) {
	elements := strings.Split(name, "/")
	for i, e := range elements {
		if n, err := strconv.Atoi(e); err == nil && n > 0 && i > 0 && i+1 < len(elements) {
			return strings.Join(elements[:i], "/"), n, strings.Join(elements[i+1:], "/")
		}
	}
	return "", 0, ""
}

func newChange(number int) *change {
	return &change{
		number:  number,
		message: fmt.Sprintf("change %d", number),
		author: object.Signature{
			Name: "Avery Author", Email: "avery@acme.example",
			When: time.Date(2026, 7, number, 9, 0, 0, 0, time.UTC),
		},
	}
}

func (c *change) describe(t *testing.T, data []byte) {
	t.Helper()
	for _, line := range lines(data) {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "author":
			name, mail, _ := strings.Cut(value, " <")
			c.author.Name, c.author.Email = name, strings.TrimSuffix(mail, ">")
		case "date":
			c.author.When = instant(t, value)
		case "message":
			c.message = value
		case "delete":
			c.deleted = append(c.deleted, value)
		default:
			t.Fatalf("COMMIT: line %q: want author, date, message or delete", line)
		}
	}
}

func (a *archive) checkout(t *testing.T, path string, changes map[int]*change) {
	t.Helper()
	root := filepath.Join(a.dir, path)
	repo, err := git.PlainInit(root, false)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	numbers := make([]int, 0, len(changes))
	for n := range changes {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		c := changes[n]
		for _, f := range c.files {
			a.write(t, filepath.Join(path, f.Name), f.Data)
			if _, err := tree.Add(f.Name); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range c.deleted {
			if _, err := tree.Remove(name); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tree.Commit(c.message, &git.CommitOptions{Author: &c.author, Committer: &c.author, AllowEmptyCommits: true}); err != nil {
			t.Fatal(err)
		}
	}
}
