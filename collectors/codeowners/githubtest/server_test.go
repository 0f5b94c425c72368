package githubtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"auditpack/collectors/codeowners/githubtest"
)

func ask(t *testing.T, server *githubtest.Server, target string, change func(http.Header)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header = http.Header{
		"User-Agent": {"test"}, "Authorization": {"Bearer t"}, "Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"},
	}
	if change != nil {
		change(r.Header)
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w
}

// TestStrict: what the documentation does not foresee is refused.
func TestStrict(t *testing.T) {
	data := githubtest.Data{Token: "t", Repository: "acme/infra", Default: "main", Rules: make([]githubtest.Object, 130)}
	for i := range data.Rules {
		data.Rules[i] = githubtest.Object{"type": fmt.Sprint(i)}
	}
	server := githubtest.NewServer(data)
	const rules = "/repos/Acme/Infra/rules/branches/main"
	tests := []struct {
		name, target string
		change       func(http.Header)
		status       int
	}{
		{"whole", rules, nil, 200},
		{"no user agent", rules, func(h http.Header) { h.Del("User-Agent") }, 403},
		{"no token", rules, func(h http.Header) { h.Del("Authorization") }, 401},
		{"another version", rules, func(h http.Header) { h.Set("X-Github-Api-Version", "1999-01-01") }, 400},
		{"a parameter that is none", rules + "?size=5", nil, 400},
		{"too many a page", rules + "?per_page=101", nil, 400},
		{"another repository", "/repos/acme/other", nil, 404},
		{"no user", "/user", nil, 403},
		{"not an administrator", "/repos/acme/infra/branches/main/protection", nil, 404},
		{"an unknown commit", "/repos/acme/infra/commits/" + strings.Repeat("0", 40), nil, 422},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ask(t, server, tt.target, tt.change).Code; got != tt.status {
				t.Errorf("got %d, want %d", got, tt.status)
			}
		})
	}
	w := ask(t, server, rules, nil)
	var page []githubtest.Object
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page) != 30 {
		t.Errorf("got a page of %d (%v), want 30 unless asked otherwise", len(page), err)
	}
	if want := `<http://example.com/repositories/4711/rules/branches/main?page=2>; rel="next", <http://example.com/repositories/4711/rules/branches/main?page=5>; rel="last"`; w.Header().Get("Link") != want {
		t.Errorf("got Link %s, want %s", w.Header().Get("Link"), want)
	}
}

// TestLoadOfTheExample: the demo's recording is whole.
func TestLoadOfTheExample(t *testing.T) {
	d, err := githubtest.Load(os.DirFS("../../../examples/acme/recorded/github"), "{{tip}}", "abc")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Branches["main"]["commit"].(githubtest.Object)["sha"]; got != "abc" || len(d.Pulls) != 1 {
		t.Errorf("got tip %v and %d pull requests, want abc and 1", got, len(d.Pulls))
	}
}
