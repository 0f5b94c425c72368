package exceptions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// checkout is a repository whose whole tree is exception files; its commits are a day apart.
type checkout struct {
	t     *testing.T
	dir   string
	repo  *git.Repository
	tree  *git.Worktree
	store *memstore.Store
	day   int
	names map[string]string // of commits, by hash
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	dir := t.TempDir()
	repo, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	return &checkout{t: t, dir: dir, repo: repo, tree: tree, store: memstore.New(), names: map[string]string{}}
}

// commit writes files, removes those without content, and commits by author, "NAME <MAIL>"; the message begins with the commit's name.
func (c *checkout) commit(author, message string, files map[string]string, parents ...plumbing.Hash) plumbing.Hash {
	c.t.Helper()
	for name, content := range files {
		if content == "" {
			if _, err := c.tree.Remove(name); err != nil {
				c.t.Fatal(err)
			}
			continue
		}
		write(c.t, c.dir, name, content)
		if _, err := c.tree.Add(name); err != nil {
			c.t.Fatal(err)
		}
	}
	c.day++
	name, mail, _ := strings.Cut(strings.TrimSuffix(author, ">"), " <")
	when := time.Date(2026, 7, c.day, 8, 0, 0, 0, time.UTC)
	h, err := c.tree.Commit(message, &git.CommitOptions{
		Author: &object.Signature{Name: name, Email: mail, When: when}, Parents: parents, AllowEmptyCommits: true,
		Committer: &object.Signature{Name: "GitHub", Email: "noreply@github.com", When: when.Add(time.Hour)},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.names[h.String()], _, _ = strings.Cut(message, " ")
	return h
}

// collect collects and returns the tables; the outcome of the part must be the one given.
func (c *checkout) collect(want evidence.Outcome) func(query string) []string {
	c.t.Helper()
	res := collect(c.t, c.store, c.dir, time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC))
	if res.Err != nil {
		c.t.Fatal(res.Err)
	}
	for _, p := range res.Entry.Parts {
		if p.Part == "exception history" && p.Outcome != want {
			c.t.Errorf("%s of %s: got %s (%s), want %s", p.Part, p.Kind, p.Outcome, p.Detail, want)
		}
	}
	db := factstest.Project(c.t, c.store, c.store)
	return func(query string) []string {
		c.t.Helper()
		rows := factstest.Rows(c.t, db, query)
		for i := range rows {
			for hash, name := range c.names {
				rows[i] = strings.ReplaceAll(rows[i], hash, name)
			}
		}
		return append([]string{}, rows...)
	}
}

// exception is a file with the fields that the life of an exception shows.
func exception(id, renews, expiry string) string {
	text := "exception_id: " + id + "\ncontrol: WAF-SEC-020\nexpiry_date: " + expiry + "\n"
	if renews != "" {
		text += "renews: " + renews + "\n"
	}
	return text
}

func TestLife(t *testing.T) {
	c := newCheckout(t)
	const ada, bob = "Ada Example <1234+Ada-E@users.noreply.github.com>", "Bob Example <Bob@ACME.example>"
	c.commit(ada, "enter one (#4)\n\nCo-authored-by: Eve <eve@acme.example>\n", map[string]string{"a.yml": exception("EXC-1", "", "2026-09-30")})
	c.commit(bob, "extend it", map[string]string{"a.yml": exception("EXC-1", "", "2026-12-30")})
	c.commit(bob, "rename the file", map[string]string{"a.yml": "", "b.yml": exception("EXC-1", "", "2026-12-30")})
	c.commit(ada, "renew it", map[string]string{"c.yml": exception("EXC-2", "EXC-1", "2027-03-30")})
	c.commit(bob, "remove the first", map[string]string{"b.yml": ""})
	c.commit(ada, "again", map[string]string{"d.yml": exception("EXC-3", "EXC-2", "2027-06-30")})
	c.commit(ada, "circle", map[string]string{"x.yml": exception("EXC-8", "EXC-9", "2027-06-30"), "y.yml": exception("EXC-9", "EXC-8", "2027-06-30")})
	c.commit(ada, "broken", map[string]string{"d.yml": "exception_id: [\n"})
	c.commit(ada, "mended", map[string]string{"d.yml": exception("EXC-3", "EXC-2", "2027-05-30"), "nothing.yml": "# later\n"})
	query := c.collect(evidence.OutcomeOK)

	got := query(`select position, "commit", action, exception_id, file, previous_file, fields, expiry_date, previous_expiry_date from exception_commit order by position, file`)
	want := []string{
		"1 | enter | added | EXC-1 | a.yml | - | [] | 2026-09-30 | -",
		"2 | extend | changed | EXC-1 | a.yml | - | [expiry_date] | 2026-12-30 | 2026-09-30",
		"3 | rename | renamed | EXC-1 | b.yml | a.yml | [] | 2026-12-30 | 2026-12-30",
		"4 | renew | added | EXC-2 | c.yml | - | [] | 2027-03-30 | -",
		"5 | remove | deleted | EXC-1 | b.yml | - | [] | - | 2026-12-30",
		"6 | again | added | EXC-3 | d.yml | - | [] | 2027-06-30 | -",
		"7 | circle | added | EXC-8 | x.yml | - | [] | 2027-06-30 | -",
		"7 | circle | added | EXC-9 | y.yml | - | [] | 2027-06-30 | -",
		"8 | broken | changed | EXC-3 | d.yml | - | [exception_id, renews, control, expiry_date] | - | 2027-06-30",
		"9 | mended | changed | EXC-3 | d.yml | - | [exception_id, renews, control, expiry_date] | 2027-05-30 | -",
		"9 | mended | added | - | nothing.yml | - | [] | - | -",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exception_commit (-want +got):\n%s", diff)
	}
	got = query(`select distinct author_name, author_email, author_login, authored_at, committer_name, committer_email, committed_at, co_authors, subject, signed
		from exception_commit where position < 3 order by authored_at`)
	want = []string{
		"Ada Example | 1234+ada-e@users.noreply.github.com | ada-e | 2026-07-01T08:00:00Z | GitHub | noreply@github.com | 2026-07-01T09:00:00Z | [Eve <eve@acme.example>] | enter one (#4) | false",
		"Bob Example | bob@acme.example | - | 2026-07-02T08:00:00Z | GitHub | noreply@github.com | 2026-07-02T09:00:00Z | [] | extend it | false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("people of commits (-want +got):\n%s", diff)
	}
	got = query(`select exception_id, file, entered_commit, entered_by, landed_commit, edits, renames, extensions, deletions, last_commit, deleted_commit, deleted_by,
		first_expiry_date, latest_expiry_date, renews, renewals, first_of_chain from exception_life order by exception_id`)
	want = []string{
		"EXC-1 | b.yml | enter | Ada Example | enter | 1 | 1 | 1 | 1 | remove | remove | Bob Example | 2026-09-30 | 2026-12-30 | - | 0 | EXC-1",
		"EXC-2 | c.yml | renew | Ada Example | renew | 0 | 0 | 0 | 0 | renew | - | - | 2027-03-30 | 2027-03-30 | EXC-1 | 1 | EXC-1",
		"EXC-3 | d.yml | again | Ada Example | again | 2 | 0 | 0 | 0 | mended | - | - | 2027-06-30 | 2027-06-30 | EXC-2 | 2 | EXC-1",
		"EXC-8 | x.yml | circle | Ada Example | circle | 0 | 0 | 0 | 0 | circle | - | - | 2027-06-30 | 2027-06-30 | EXC-9 | 100 | EXC-8",
		"EXC-9 | y.yml | circle | Ada Example | circle | 0 | 0 | 0 | 0 | circle | - | - | 2027-06-30 | 2027-06-30 | EXC-8 | 100 | EXC-9",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exception_life (-want +got):\n%s", diff)
	}
	got = query(`select count(*), count(distinct content) filter (where content in (select blob from record where kind = 'exceptions.versions/1')),
		count(*) filter (where evidence in (select blob from record where kind = 'exceptions.commits/1')) from exception_commit`)
	if diff := cmp.Diff([]string{"11 | 9 | 11"}, got); diff != "" {
		t.Errorf("rows that rest on raw bytes (-want +got):\n%s", diff)
	}
}

// The same history is not stored again; one that was rewritten is another, and what was known before stays.
func TestLifeOfARewrittenHistory(t *testing.T) {
	c := newCheckout(t)
	const ada, bob = "Ada <ada@acme.example>", "Bob <bob@acme.example>"
	first := c.commit(ada, "first", map[string]string{"a.yml": exception("EXC-1", "", "2026-09-30")})
	c.commit(ada, "second", map[string]string{"a.yml": exception("EXC-1", "", "2026-12-30")})
	c.collect(evidence.OutcomeOK)
	counted := `select count(distinct record) from record where kind in ('exceptions.commits/1', 'exceptions.versions/1')`
	query := c.collect(evidence.OutcomeOK)
	if diff := cmp.Diff([]string{"2"}, query(counted)); diff != "" {
		t.Errorf("records of commits and versions after two collections (-want +got):\n%s", diff)
	}
	if err := c.tree.Reset(&git.ResetOptions{Commit: first, Mode: git.HardReset}); err != nil {
		t.Fatal(err)
	}
	c.commit(bob, "rebased", map[string]string{"a.yml": exception("EXC-1", "", "2026-12-30")})
	query = c.collect(evidence.OutcomeOK)
	if diff := cmp.Diff([]string{"1 | first | Ada", "2 | rebased | Bob"}, query(`select position, "commit", author_name from exception_commit order by position`)); diff != "" {
		t.Errorf("exception_commit (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"second"}, query(`select distinct "commit" from exception_commit_version except select "commit" from exception_commit`)); diff != "" {
		t.Errorf("commits that are in the history no more (-want +got):\n%s", diff)
	}
}

// A history in place of which came one without exceptions is shown no more.
func TestLifeOfAHistoryThatIsGone(t *testing.T) {
	c := newCheckout(t)
	const ada = "Ada <ada@acme.example>"
	first := c.commit(ada, "first", map[string]string{"readme.txt": "1"})
	c.commit(ada, "second", map[string]string{"a.yml": exception("EXC-1", "", "2026-12-30")})
	c.collect(evidence.OutcomeOK)
	if err := c.tree.Reset(&git.ResetOptions{Commit: first, Mode: git.HardReset}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		query := c.collect(evidence.OutcomeNone)
		for _, table := range []string{"exception_commit", "exception_life"} {
			if got := query(`select count(*) from ` + table); !cmp.Equal(got, []string{"0"}) {
				t.Errorf("%s: got %q rows, want none", table, got)
			}
		}
		if got := query(`select count(*) from exception_commit_version`); !cmp.Equal(got, []string{"1"}) {
			t.Errorf("exception_commit_version: got %q rows, want the one of before", got)
		}
	}
}

// An exception that came by a branch has the branch's commit and the merge that landed it.
func TestLifeThroughAMerge(t *testing.T) {
	c := newCheckout(t)
	const ada, bob = "Ada <ada@acme.example>", "Bob <bob@acme.example>"
	base := c.commit(ada, "base", map[string]string{"readme.txt": "1"})
	branch := c.commit(bob, "branch", map[string]string{"a.yml": exception("EXC-1", "", "2026-09-30")})
	if err := c.tree.Reset(&git.ResetOptions{Commit: base, Mode: git.HardReset}); err != nil {
		t.Fatal(err)
	}
	main := c.commit(ada, "main", map[string]string{"readme.txt": "2"})
	c.commit(ada, "merge", map[string]string{"a.yml": exception("EXC-1", "", "2026-09-30")}, main, branch)
	got := c.collect(evidence.OutcomeOK)(`select entered_commit, entered_by, landed_commit, edits from exception_life`)
	if diff := cmp.Diff([]string{"branch | Bob | merge | 0"}, got); diff != "" {
		t.Errorf("exception_life (-want +got):\n%s", diff)
	}
}

func TestLifeInAShallowCheckout(t *testing.T) {
	c := newCheckout(t)
	c.commit("Ada <ada@acme.example>", "first", map[string]string{"a.yml": exception("EXC-1", "", "2026-09-30")})
	boundary := c.commit("Ada <ada@acme.example>", "second", map[string]string{"b.yml": exception("EXC-2", "", "2026-09-30")})
	c.commit("Ada <ada@acme.example>", "third", map[string]string{"a.yml": exception("EXC-1", "", "2026-12-30")})
	if err := c.repo.Storer.SetShallow([]plumbing.Hash{boundary}); err != nil {
		t.Fatal(err)
	}
	query := c.collect(evidence.OutcomeFailed)
	if diff := cmp.Diff([]string{"third | changed | EXC-1"}, query(`select "commit", action, exception_id from exception_commit`)); diff != "" {
		t.Errorf("exception_commit (-want +got):\n%s", diff)
	}
	got := query(`select detail from collection_part where part = 'exception history' and kind = 'exceptions.commits/1'`)
	if len(got) != 1 || !strings.Contains(got[0], "the checkout is shallow: its history ends at commit second; fetch the whole of it") {
		t.Errorf("detail: got %q, want the end of the history and what to do", got)
	}
	if err := c.repo.Storer.SetShallow(nil); err != nil { // deepened, with the same commit checked out
		t.Fatal(err)
	}
	query = c.collect(evidence.OutcomeOK)
	if diff := cmp.Diff([]string{"3"}, query(`select count(*) from exception_commit`)); diff != "" {
		t.Errorf("rows after deepening (-want +got):\n%s", diff)
	}
}

// Outside git, without a commit, without an exception and with a broken repository the files are collected all the same.
func TestLifeWithoutHistory(t *testing.T) {
	for name, x := range map[string]struct {
		make func(c *checkout)
		want evidence.Outcome
	}{
		"outside git":  {func(c *checkout) { c.removeGit() }, evidence.OutcomeNotOffered},
		"no commit":    {func(*checkout) {}, evidence.OutcomeNotOffered},
		"no exception": {func(c *checkout) { c.commit("Ada <a@b>", "first", map[string]string{"readme.txt": "1"}) }, evidence.OutcomeNone},
		"a missing object": {func(c *checkout) {
			first := c.commit("Ada <a@b>", "first", map[string]string{"a.yml": "a: b\n"})
			c.commit("Ada <a@b>", "second", map[string]string{"b.yml": "a: b\n"})
			if err := os.Remove(filepath.Join(c.dir, ".git", "objects", first.String()[:2], first.String()[2:])); err != nil {
				c.t.Fatal(err)
			}
		}, evidence.OutcomeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			x.make(c)
			write(t, c.dir, "new.yml", complete)
			query := c.collect(x.want)
			if got := query(`select file from exception`); !slices.Contains(got, "new.yml") {
				t.Errorf("files: got %q, want new.yml among them", got)
			}
			if got := query(`select count(*) from exception_life`); !cmp.Equal(got, []string{"0"}) {
				t.Errorf("exception_life: got %q rows, want none", got)
			}
		})
	}
}

func (c *checkout) removeGit() {
	if err := os.RemoveAll(filepath.Join(c.dir, ".git")); err != nil {
		c.t.Fatal(fmt.Errorf("remove repository: %w", err))
	}
}
