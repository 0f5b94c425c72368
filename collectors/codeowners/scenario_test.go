package codeowners_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"auditpack/collectors"
	"auditpack/collectors/codeowners"
	"auditpack/collectors/codeowners/githubtest"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

const token = "ghp_canary0123456789"

// scenario is a checkout, the server that it was fetched from, and a journal. Its people: dave writes; sofia is the security team,
// petra the platform team, erin owns the keys herself.
type scenario struct {
	t     *testing.T
	dir   string
	repo  *git.Repository
	tree  *git.Worktree
	first string // commit
	data  githubtest.Data
	store *memstore.Store
	now   time.Time
	from  time.Time
	to    time.Time

	github  *codeowners.GitHub // address is filled in
	handler func(http.Handler) http.Handler
	open    func(collectors.Collector)
	asked   []string // of the last collection
	pushed  bool     // the server records activity
	ctx     context.Context
}

type files map[string]string

func newScenario(t *testing.T) *scenario {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	repo, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: "refs/heads/main"}})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repo.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	s := &scenario{
		t: t, dir: dir, repo: repo, tree: tree, store: memstore.New(), pushed: true, ctx: t.Context(),
		now:  time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC),
		from: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), to: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC),
		github: &codeowners.GitHub{Repository: "acme/infra"},
		data: githubtest.Data{
			Token: token, Login: "auditor", Admin: true, ReadOrg: true, Repository: "acme/infra", Default: "main",
			Branches: map[string]githubtest.Object{"main": {"protected": true}},
			Commits:  map[string]githubtest.Object{}, Merged: map[string][]int{}, Pulls: map[int]githubtest.Pull{},
			Teams: map[string][]githubtest.Object{"acme/security-team": {{"login": "Sofia", "id": 11}}, "acme/platform-team": {{"login": "petra", "id": 12}}},
		},
	}
	s.first = s.commit(day(6, 1), "initial", files{
		"CODEOWNERS":             "* @acme/platform-team\n/modules/iam/ @acme/Security-Team\n/modules/kms/ @erin\n",
		"modules/iam/main.tf":    "# iam\n",
		"modules/iam/special.tf": "# one\n# two\n# three\n# four\n# five\n",
		"modules/kms/main.tf":    "# kms\n",
		"docs/index.md":          "# docs\n",
	})
	return s
}

func day(month time.Month, d int) time.Time { return time.Date(2026, month, d, 9, 0, 0, 0, time.UTC) }

// commit puts files on the branch; one whose content is empty is removed. It returns the hash.
func (s *scenario) commit(at time.Time, message string, content files, parents ...string) string {
	s.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(content)) {
		full := filepath.Join(s.dir, name)
		if content[name] == "" {
			if _, err := s.tree.Remove(name); err != nil {
				s.t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content[name]), 0o644); err != nil {
			s.t.Fatal(err)
		}
		if _, err := s.tree.Add(name); err != nil {
			s.t.Fatal(err)
		}
	}
	before := ""
	if head, err := s.repo.Head(); err == nil {
		before = head.Hash().String()
	}
	who := &object.Signature{Name: "Dave", Email: "dave@acme.example", When: at}
	o := &git.CommitOptions{Author: who, Committer: who}
	if len(parents) > 0 {
		o.Parents = []plumbing.Hash{plumbing.NewHash(before)}
		for _, p := range parents {
			o.Parents = append(o.Parents, plumbing.NewHash(p))
		}
	}
	h, err := s.tree.Commit(message, o)
	if err != nil {
		s.t.Fatal(err)
	}
	sha := h.String()
	s.data.Commits[sha] = githubtest.Object{
		"author": githubtest.Object{"login": "dave"}, "committer": nil,
		"commit": githubtest.Object{"verification": githubtest.Object{"verified": false, "reason": "unsigned"}},
		"files":  []any{githubtest.Object{"filename": "x"}},
	}
	s.data.Branches["main"]["commit"] = githubtest.Object{"sha": sha}
	if s.pushed {
		s.activity(at, "push", before, sha)
	}
	return sha
}

func (s *scenario) activity(at time.Time, sort, before, after string) {
	s.data.Activity = append([]githubtest.Object{{
		"id": len(s.data.Activity) + 1, "ref": "refs/heads/main", "activity_type": sort, "timestamp": at.Format(time.RFC3339),
		"before": before, "after": after, "actor": githubtest.Object{"login": "dave"},
	}}, s.data.Activity...)
}

// merged says that a pull request brought commits; its head is a commit "head-N" that is on no branch any more.
func (s *scenario) merged(n int, at time.Time, reviews []githubtest.Object, commits ...string) {
	for _, sha := range commits {
		s.data.Merged[sha] = append(s.data.Merged[sha], n)
	}
	s.data.Pulls[n] = githubtest.Pull{
		Pull: githubtest.Object{
			"title": fmt.Sprintf("change %d", n), "state": "closed", "user": githubtest.Object{"login": "dave", "type": "User"},
			"base": githubtest.Object{"ref": "main"}, "head": githubtest.Object{"sha": head(n)}, "merge_commit_sha": commits[len(commits)-1],
			"created_at": at.Add(-48 * time.Hour).Format(time.RFC3339), "merged_at": at.Format(time.RFC3339), "merged_by": githubtest.Object{"login": "petra"},
		},
		Commits: []githubtest.Object{{"sha": head(n), "author": githubtest.Object{"login": "dave"}, "commit": githubtest.Object{}}},
		Reviews: reviews,
	}
}

// head is the hash of the last commit of pull request n.
func head(n int) string { return fmt.Sprintf("%040x", 0xf00000+n) }

// review is one review of pull request n.
func review(id, n int, who, state string, at time.Time) githubtest.Object {
	o := githubtest.Object{"id": id, "user": nil, "state": state, "submitted_at": at.Format(time.RFC3339), "commit_id": head(n), "author_association": "MEMBER"}
	if who != "" {
		o["user"] = githubtest.Object{"login": who, "type": "User"}
	}
	return o
}

// collect asks the source once.
func (s *scenario) collect() collectors.Result {
	s.t.Helper()
	fake := githubtest.NewServer(s.data)
	var handler http.Handler = fake
	if s.handler != nil {
		handler = s.handler(fake)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	cfg := codeowners.Config{Path: "."}
	if s.github != nil {
		github := *s.github
		if github.Address == "" {
			github.Address = server.URL
		}
		cfg.GitHub = &github
	}
	res := s.ask(cfg)
	s.asked = fake.Asked()
	return res
}

func (s *scenario) ask(cfg codeowners.Config) collectors.Result {
	s.t.Helper()
	env := collectors.Env{
		Name:   "infra",
		Path:   func(p string) string { return filepath.Join(s.dir, p) },
		Open:   func(p string) fs.FS { return os.DirFS(filepath.Join(s.dir, p)) },
		Getenv: func(name string) string { return map[string]string{"GITHUB_TOKEN": token}[name] },
		HTTP:   func() *http.Client { return &http.Client{Transport: &http.Transport{}} },
		Now:    func() time.Time { return s.now },
		Tool:   "auditpack/test",
	}
	c, err := codeowners.Type.New(func(v any) error { *v.(*codeowners.Config) = cfg; return nil }, env)
	if err != nil {
		s.t.Fatal(err)
	}
	codeowners.NoWaits(c)
	if s.open != nil {
		s.open(c)
	}
	period, err := evidence.NewPeriod(s.from, s.to)
	if err != nil {
		s.t.Fatal(err)
	}
	return collectors.Run(s.ctx, []collectors.Source{{Name: env.Name, Type: codeowners.Type, Collector: c}}, collectors.Options{
		Store: s.store, Journal: s.store, Period: period, Now: env.Now, Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "test"},
	})[0]
}

// parts are the outcomes of a collection that are not ok and not none, as "part: outcome: detail".
func parts(res collectors.Result) []string {
	var out []string
	for _, p := range res.Entry.Parts {
		if p.Outcome != evidence.OutcomeOK && p.Outcome != evidence.OutcomeNone {
			out = append(out, fmt.Sprintf("%s: %s: %s", p.Part, p.Outcome, p.Detail))
		}
	}
	return out
}
