package codeowners_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/codeowners"
	"auditpack/collectors/codeowners/githubtest"
	"auditpack/evidence"
)

// one change of a protected path with one approved pull request.
func oneChange(s *scenario) string {
	sha := s.commit(day(7, 2), "iam: roles (#1)", files{"modules/iam/main.tf": "# iam 1\n"})
	s.merged(1, day(7, 2), []githubtest.Object{review(101, 1, "sofia", "APPROVED", day(7, 1))}, sha)
	return sha
}

// TestSixWaysToBringNothing: down, denied, empty, cut, slow and lying read differently, and the checkout is read in each.
func TestSixWaysToBringNothing(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(*scenario)
		want    []string // outcome of reviews, of the branch's changes
	}{
		{"down", func(s *scenario) { s.github.Address = "http://127.0.0.1:1" },
			[]string{"failed: not asked, for want of the repository: dial tcp 127.0.0.1:1: connect: connection refused", "ok"}},
		{"denied", func(s *scenario) { s.data.Token = "another" },
			[]string{"denied: denied: needs a valid API token in GITHUB_TOKEN or github.token_file: server answers 401 Unauthorized: Bad credentials", "ok"}},
		{"empty", func(s *scenario) { s.from, s.to = day(9, 1), day(9, 2) },
			[]string{"none: ", "none"}},
		{"cut", func(s *scenario) { s.handler = cutting("/pulls/1/reviews") },
			[]string{"failed: 1 lists could not be read, the first of pull request 1: response body was cut: unexpected EOF after 131 bytes", "ok"}},
		{"slow", func(s *scenario) {
			s.handler = stalling("/pulls/1/reviews")
			s.open = func(c collectors.Collector) { codeowners.Patience(c, 100*time.Millisecond) }
		},
			[]string{"failed: 1 lists could not be read, the first of pull request 1: server does not answer in time", "ok"}},
		{"lying", func(s *scenario) { s.handler = lying("/pulls/1/reviews") },
			[]string{"failed: 1 lists could not be read, the first of pull request 1: list of /repos/acme/infra/pulls/1/reviews: pages do not add up: got 1 pages, server stated 3", "ok"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario(t)
			oneChange(s)
			tt.prepare(s)
			res := s.collect()
			if res.Err != nil {
				t.Fatalf("got error %v, want its parts to say it", res.Err)
			}
			var got []string
			for _, p := range res.Entry.Parts {
				switch {
				case p.Part == "reviews":
					got = append(got, fmt.Sprintf("%s: %s", p.Outcome, p.Detail))
				case p.Kind == "codeowners.change-paths/1":
					got = append(got, string(p.Outcome))
				}
			}
			slices.Reverse(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

// cutting ends a body in its middle.
func cutting(suffix string) func(http.Handler) http.Handler {
	return changing(suffix, func(w http.ResponseWriter, _ *http.Request, body []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body[:len(body)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
}

// stalling answers when nobody waits any more.
func stalling(suffix string) func(http.Handler) http.Handler {
	return changing(suffix, func(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() })
}

// lying announces two pages more than there are.
func lying(suffix string) func(http.Handler) http.Handler {
	return changing(suffix, func(w http.ResponseWriter, r *http.Request, body []byte) {
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=3>; rel="last"`, r.Host, r.URL.Path))
		w.Write(body)
	})
}

func changing(suffix string, change func(http.ResponseWriter, *http.Request, []byte)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, suffix) {
				next.ServeHTTP(w, r)
				return
			}
			record := httptest.NewRecorder()
			next.ServeHTTP(record, r)
			w.Header().Set("Content-Type", "application/json")
			change(w, r, record.Body.Bytes())
		})
	}
}

// TestPermissions: what the token may not see is denied with the permission, and the rest goes on.
func TestPermissions(t *testing.T) {
	s := newScenario(t)
	oneChange(s)
	s.data.Admin, s.data.ReadOrg, s.data.Login = false, false, ""
	s.data.Rulesets = []githubtest.Object{{"id": 42, "name": "main", "enforcement": "active", "target": "branch"}}
	want := []string{
		"branch protection: denied: denied: needs repository permission Administration: read (404 is also the answer for what does not exist): server answers 404 Not Found: Not Found",
		"bypass actors of rulesets: denied: denied: needs write access to the ruleset (repository permission Administration: write), without which GitHub leaves bypass actors out: not told of rulesets main",
		"members of @acme/platform-team: denied: denied: needs organization permission Members: read (scope read:org of a classic token) (404 is also the answer for what does not exist): server answers 404 Not Found: Not Found",
		"members of @acme/security-team: denied: denied: needs organization permission Members: read (scope read:org of a classic token) (404 is also the answer for what does not exist): server answers 404 Not Found: Not Found",
	}
	s.commit(day(7, 3), "workflow", files{".github/workflows/x.yml": "x\n"}) // owned by the platform team
	if diff := cmp.Diff(want, parts(s.collect())); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// A branch that the server says is not protected has no protection to be denied.
func TestNoProtectionIsAnAnswer(t *testing.T) {
	for _, admin := range []bool{true, false} {
		s := newScenario(t)
		s.data.Admin = admin
		s.data.Branches["main"]["protected"] = false
		res := s.collect()
		for _, p := range res.Entry.Parts {
			if p.Kind == "github.branch-protection/1" && p.Outcome != evidence.OutcomeNone {
				t.Errorf("as admin %v: got %s %q, want none", admin, p.Outcome, p.Detail)
			}
		}
	}
}

func TestOlderServerOffersLess(t *testing.T) {
	s := newScenario(t)
	oneChange(s)
	s.handler = func(next http.Handler) http.Handler {
		return failing("/activity", 404)(failing("/rulesets", 404)(failing("/rules/branches/main", 404)(next)))
	}
	var got []string
	for _, p := range parts(s.collect()) {
		got = append(got, strings.Join(strings.Split(p, ": ")[:2], ": "))
	}
	want := []string{"activity of the branch: not-offered", "branch rules: not-offered", "rulesets: not-offered"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// TestPaging: the deciding review, rule, file and member lie on later pages, whose links name the repository by id.
func TestPaging(t *testing.T) {
	s := newScenario(t)
	sha := oneChange(s)
	p := s.data.Pulls[1]
	p.Reviews = nil
	for i := range 250 {
		p.Reviews = append(p.Reviews, review(1000+i, 1, fmt.Sprintf("person-%d", i), "COMMENTED", day(7, 1)))
	}
	p.Reviews = append(p.Reviews, review(5000, 1, "sofia", "APPROVED", day(7, 1)))
	s.data.Pulls[1] = p
	var members []githubtest.Object
	for i := range 130 {
		members = append(members, githubtest.Object{"login": fmt.Sprintf("person-%d", i), "id": i})
	}
	s.data.Teams["acme/security-team"] = append(members, githubtest.Object{"login": "sofia", "id": 999})
	var changed []any
	for i := range 210 {
		changed = append(changed, githubtest.Object{"filename": fmt.Sprintf("f%d", i)})
	}
	s.data.Commits[sha]["files"] = changed
	for i := range 120 {
		s.activity(day(9, 1), "push", fmt.Sprintf("%040x", i), fmt.Sprintf("%040x", i+1))
	}
	s.data.RenamedTo = "yes"
	res := s.collect()
	if got := parts(res); len(got) > 0 {
		t.Fatalf("got %q, want no failure", got)
	}
	got := map[string]int64{}
	for _, p := range res.Entry.Parts {
		got[p.Part] += p.Items
	}
	for part, want := range map[string]int64{"reviews": 251, "team members": 131, "activity of the branch": 122, "commits": 1} {
		if got[part] != want {
			t.Errorf("%s: got %d items, want %d", part, got[part], want)
		}
	}
}

func TestRateLimits(t *testing.T) {
	tests := []struct {
		name   string
		header map[string]string
		body   string
		status int
		waited time.Duration
		ends   bool // the limit is longer than anybody waits
	}{
		{"secondary with Retry-After", map[string]string{"Retry-After": "7"}, "You have exceeded a secondary rate limit", 403, 7 * time.Second, false},
		{"secondary in words only", nil, "You have exceeded a secondary rate limit. Please wait", 403, time.Minute, false},
		{"429", nil, "Too many requests", 429, time.Minute, false},
		{"primary, soon over", map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1790834430", "Date": "Thu, 01 Oct 2026 06:00:00 GMT"}, "API rate limit exceeded", 403, 31 * time.Second, false},
		{"primary, an hour", map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1790838000", "Date": "Thu, 01 Oct 2026 06:00:00 GMT"}, "API rate limit exceeded", 403, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScenario(t)
			oneChange(s)
			limited := 0
			s.handler = func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if !strings.HasSuffix(r.URL.Path, "/pulls/1/reviews") || limited > 0 && !tt.ends {
						next.ServeHTTP(w, r)
						return
					}
					limited++
					for k, v := range tt.header {
						w.Header().Set(k, v)
					}
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(tt.status)
					fmt.Fprintf(w, `{"message": %q}`, tt.body)
				})
			}
			var waited func() []time.Duration
			s.open = func(c collectors.Collector) { waited = codeowners.NoWaits(c) }
			res := s.collect()
			if tt.ends {
				if got := strings.Join(parts(res), "\n"); !strings.Contains(got, "rate limit") || !strings.Contains(got, "team members") && !strings.Contains(got, "members of") {
					t.Errorf("got %s, want the limit named, and the rest not asked", got)
				}
				return
			}
			if got := parts(res); len(got) > 0 {
				t.Errorf("got %q, want the wait to help", got)
			}
			if diff := cmp.Diff([]time.Duration{tt.waited}, waited()); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStaysOnItsHost: neither a link nor a redirect takes the token elsewhere.
func TestStaysOnItsHost(t *testing.T) {
	foreign := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was asked for %s, with Authorization %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer foreign.Close()
	for name, elsewhere := range map[string]http.HandlerFunc{
		"next page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `<`+foreign.URL+`/page2>; rel="next"`)
			w.Write([]byte("[]"))
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, foreign.URL, http.StatusFound) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario(t)
			oneChange(s)
			s.handler = changing("/pulls/1/reviews", func(w http.ResponseWriter, r *http.Request, _ []byte) { elsewhere(w, r) })
			if got := strings.Join(parts(s.collect()), "\n"); !strings.Contains(got, "the token is not sent there") {
				t.Errorf("got %s, want a refusal to follow", got)
			}
		})
	}
}

// A server that sends the token back does not get it stored.
func TestTokenIsNeverStored(t *testing.T) {
	s := newScenario(t)
	oneChange(s)
	p := s.data.Pulls[1]
	p.Pull["title"] = "look: " + token
	s.collect()
	checkNowhere(t, s, token)
}

// A secret that a commit brought stays neither in the file nor in the patch that GitHub shows of it, and the records say so.
func TestSecretsOfFilesAreNeverStored(t *testing.T) {
	const secret = "T0CANARY/B0CANARY"
	s := newScenario(t)
	line := `url = "https://hooks.slack.com/services/` + secret + `" # and https://me:CANARY@git.example/x`
	sha := s.commit(day(7, 2), "alerts (#1)", files{"modules/iam/alerts.tf": line + "\n"})
	s.merged(1, day(7, 2), nil, sha)
	s.data.Commits[sha]["files"] = []any{githubtest.Object{"filename": "modules/iam/alerts.tf", "patch": "@@ -0,0 +1 @@\n+" + line + "\n+# end " + token}}
	res := s.collect()
	if got := parts(res); len(got) > 0 {
		t.Fatalf("got %q, want no failure", got)
	}
	checkNowhere(t, s, "CANARY")
	checkNowhere(t, s, token)
	got := map[evidence.Kind][]string{}
	for _, d := range res.Entry.Records {
		b, err := evidence.ReadAll(t.Context(), s.store, d, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		r, err := evidence.DecodeRecord(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Redactions {
			got[r.Kind] = append(got[r.Kind], fmt.Sprintf("%d of %s", x.Count, x.Rule))
		}
	}
	want := map[evidence.Kind][]string{
		"codeowners.integration-files/1": {"1 of addresses of webhooks, after their host", "1 of user and password in URLs, or the token in their place"},
		"github.commits/1":               {"1 of the API token that the source was asked with", "1 of addresses of webhooks, after their host", "1 of user and password in URLs, or the token in their place"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("redactions (-want +got):\n%s", diff)
	}
}

// checkNowhere looks for a secret in all that was stored.
func checkNowhere(t *testing.T, s *scenario, secret string) {
	t.Helper()
	err := s.store.Walk(t.Context(), func(d evidence.Digest, size int64) error {
		b, err := evidence.ReadAll(t.Context(), s.store, d, size)
		if err == nil && strings.Contains(string(b), secret) {
			t.Errorf("blob %s holds %s", d, secret)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckoutBehindTheServer(t *testing.T) {
	s := newScenario(t)
	oneChange(s)
	s.data.Branches["main"]["commit"] = githubtest.Object{"sha": strings.Repeat("ab", 20)}
	got := parts(s.collect())
	if len(got) == 0 || !strings.Contains(got[0], "fetch the branch and collect again") {
		t.Errorf("got %q, want the advice to fetch", got)
	}
}

func TestWithoutServer(t *testing.T) {
	s := newScenario(t)
	oneChange(s)
	s.github = nil
	res := s.collect()
	notOffered := 0
	for _, p := range res.Entry.Parts {
		if p.Outcome == evidence.OutcomeNotOffered {
			notOffered++
		}
	}
	if notOffered != 12 || res.Failed() {
		t.Errorf("got %d parts not offered, failed %v, want the 12 of the server, and no failure", notOffered, res.Failed())
	}
}

func TestConfig(t *testing.T) {
	tests := map[string]struct {
		github codeowners.GitHub
		want   string
	}{
		"no repository":     {codeowners.GitHub{}, `github.repository: got "", want OWNER/NAME`},
		"a URL":             {codeowners.GitHub{Repository: "https://github.com/a/b"}, `github.repository: got "https://github.com/a/b", want OWNER/NAME`},
		"credentials":       {codeowners.GitHub{Repository: "a/b", Address: "https://u:secret@x"}, "github.address holds credentials: put the token into GITHUB_TOKEN or token_file"},
		"not http":          {codeowners.GitHub{Repository: "a/b", Address: "ftp://x"}, `github.address "ftp://x": want https://host, with /api/v3 for GitHub Enterprise Server`},
		"Enterprise Server": {codeowners.GitHub{Repository: "a/b", Address: "https://github.acme.example/api/v3/"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := codeowners.Config{Path: ".", GitHub: &tt.github}
			_, err := codeowners.Type.New(func(v any) error { *v.(*codeowners.Config) = cfg; return nil }, collectors.Env{})
			if got := fmt.Sprint(err); err != nil && got != tt.want || err == nil && tt.want != "" {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestEnterpriseServer: the API lies under /api/v3 there, and the version is its own.
func TestEnterpriseServer(t *testing.T) {
	s := newScenario(t)
	oneChange(s)
	fake := githubtest.NewServer(s.data)
	server := httptest.NewServer(http.StripPrefix("/api/v3", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-GitHub-Enterprise-Version", "3.17.2")
		fake.ServeHTTP(w, r)
	})))
	defer server.Close()
	s.github.Address = server.URL + "/api/v3"
	res := s.collect()
	if got := parts(res); len(got) > 0 {
		t.Fatalf("got %q, want no failure", got)
	}
	for _, d := range res.Entry.Records {
		b, err := evidence.ReadAll(t.Context(), s.store, d, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		r, err := evidence.DecodeRecord(b)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(r.Kind), "github.") && (r.Source.Version != "GitHub Enterprise Server 3.17.2" || r.Collected.Principal != "user auditor") {
			t.Errorf("%s: got version %q by %q", r.Kind, r.Source.Version, r.Collected.Principal)
		}
	}
}

// A branch whose history was rewritten since it was collected last is a row; one that only grew is none.
func TestRewrites(t *testing.T) {
	s := newScenario(t)
	s.pushed = false
	first := oneChange(s)
	s.collect()
	second := s.commit(day(8, 2), "grows", files{"docs/index.md": "# 2\n"})
	s.now = s.now.Add(time.Hour)
	s.collect()
	s.reset(first)
	third := s.commit(day(8, 3), "in place of the second", files{"docs/index.md": "# 3\n"})
	s.now = s.now.Add(time.Hour)
	s.collect()
	s.now = s.now.Add(time.Hour)
	s.collect()
	checkRewrites(t, s, third+" | "+second+" | diverged | true")
}

// A collection that cannot read the history forgets nothing of what earlier ones saw: where the branch ended, and what was asked.
func TestNoHistoryForgetsNothing(t *testing.T) {
	for name, hide := range map[string]func(s *scenario) (restore func()){
		"no repository": func(s *scenario) func() { return s.moved(".git") },
		"an early commit is missing": func(s *scenario) func() {
			first := s.first
			return s.moved(filepath.Join(".git", "objects", first[:2], first[2:]))
		},
		"a tree is missing": func(s *scenario) func() {
			tip, err := s.repo.Head()
			if err != nil {
				s.t.Fatal(err)
			}
			c, err := s.repo.CommitObject(tip.Hash())
			if err != nil {
				s.t.Fatal(err)
			}
			tree := c.TreeHash.String()
			return s.moved(filepath.Join(".git", "objects", tree[:2], tree[2:]))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario(t)
			first := oneChange(s)
			second := s.commit(day(8, 2), "grows", files{"docs/index.md": "# 2\n"})
			s.collect()
			restore := hide(s)
			s.now = s.now.Add(time.Hour)
			if got := strings.Join(parts(s.collect()), "\n"); !strings.Contains(got, "changes of the branch") {
				t.Errorf("got %q, want the changes of the branch not had", got)
			}
			restore()
			s.reset(first)
			third := s.commit(day(8, 3), "in place of the second", files{"docs/index.md": "# 3\n"})
			s.now = s.now.Add(time.Hour)
			s.collect()
			for _, path := range s.asked {
				if inReviews(path) {
					t.Errorf("asked %s again", path)
				}
			}
			checkRewrites(t, s, third+" | "+second+" | diverged | true")
		})
	}
}

// moved takes a file or folder of the checkout away until it is restored.
func (s *scenario) moved(name string) (restore func()) {
	s.t.Helper()
	from, to := filepath.Join(s.dir, name), filepath.Join(s.t.TempDir(), "moved")
	if err := os.Rename(from, to); err != nil {
		s.t.Fatal(err)
	}
	return func() {
		s.t.Helper()
		if err := os.Rename(to, from); err != nil {
			s.t.Fatal(err)
		}
	}
}

// A shallow checkout says where it begins.
func TestShallowCheckout(t *testing.T) {
	s := newScenario(t)
	sha := oneChange(s)
	if err := os.WriteFile(filepath.Join(s.dir, ".git", "shallow"), []byte(sha+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := parts(s.collect())
	if len(got) == 0 || !strings.Contains(got[0], "the checkout is shallow") {
		t.Errorf("got %q, want the checkout called shallow", got)
	}
	for _, path := range s.asked {
		if inReviews(path) {
			t.Errorf("asked %s: what the commit changed at which the checkout begins is not known", path)
		}
	}
}

// A shallow checkout that lacks where the branch ended does not say that nothing was rewritten; a whole one that comes later does.
func TestRewritesInAShallowCheckout(t *testing.T) {
	s := newScenario(t)
	first := oneChange(s)
	second := s.commit(day(8, 2), "grows", files{"docs/index.md": "# 2\n"})
	s.collect()
	s.reset(first)
	third := s.commit(day(8, 3), "in place of the second", files{"docs/index.md": "# 3\n"})
	restoreCommit := s.moved(filepath.Join(".git", "objects", second[:2], second[2:]))
	shallow := filepath.Join(s.dir, ".git", "shallow")
	if err := os.WriteFile(shallow, []byte(third+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.from = day(9, 1) // the checkout has all of the period
	s.now = s.now.Add(time.Hour)
	rewrites := 0
	for _, p := range s.collect().Entry.Parts {
		if p.Kind != "codeowners.rewrites/1" {
			continue
		}
		if p.Outcome == evidence.OutcomeFailed && strings.Contains(p.Detail, "does not tell whether commit "+second) {
			rewrites++
		} else if p.Outcome == evidence.OutcomeNone || p.Outcome == evidence.OutcomeOK {
			t.Errorf("rewrites: got %s %q, want failed", p.Outcome, p.Detail)
		}
	}
	if rewrites == 0 {
		t.Error("that the checkout does not tell of a rewrite is not said")
	}
	if err := os.Remove(shallow); err != nil {
		t.Fatal(err)
	}
	restoreCommit()
	s.now = s.now.Add(time.Hour)
	s.collect()
	checkRewrites(t, s, third+" | "+second+" | diverged | true")
}

// Without a history nobody knows about which changes to ask: that there are none is not said.
func TestNoHistory(t *testing.T) {
	s := newScenario(t)
	oneChange(s)
	if err := os.RemoveAll(filepath.Join(s.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	for _, p := range s.collect().Entry.Parts {
		if p.Kind == "github.reviews/1" && (p.Outcome != evidence.OutcomeNotOffered || !strings.Contains(p.Detail, "not in a git repository")) {
			t.Errorf("reviews: got %s %q, want not offered, for want of a repository", p.Outcome, p.Detail)
		}
	}
}
