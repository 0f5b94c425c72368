package vault

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/memstore"
)

// leases is a Vault with a clock that each request moves on, and tokens that end.
type leases struct {
	mu      sync.Mutex
	now     time.Time
	step    time.Duration // that a request takes
	ttl     time.Duration // of a token that is given out or renewed
	max     time.Duration // of a token's life; 0: none
	issued  map[string]time.Time
	expires map[string]time.Time
	refuses bool     // renewals
	batch   bool     // logins give batch tokens
	writes  []string // requests that change something
	late    int      // requests with a token that had ended
}

func (l *leases) clock() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *leases) issue(name string) {
	l.issued[name], l.expires[name] = l.now, l.now.Add(l.ttl)
}

func (l *leases) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(l.step)
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/v1/sys/health" {
		io.WriteString(w, `{"sealed":false,"version":"1.21.1"}`)
		return
	}
	path, name := strings.TrimPrefix(r.URL.Path, "/v1/"), r.Header.Get("X-Vault-Token")
	if r.Method == http.MethodPut {
		l.writes = append(l.writes, path)
	}
	grant := func(name string) {
		// "Login" and "Renew a token (self)": auth has the token, its lease_duration in seconds, renewable and token_type.
		kind := "service"
		if l.batch {
			kind = "batch"
		}
		fmt.Fprintf(w, `{"data":null,"auth":{"client_token":%q,"lease_duration":%d,"renewable":%t,"token_type":%q,"mfa_requirement":null}}`,
			name, int(l.expires[name].Sub(l.now).Seconds()), !l.batch, kind)
	}
	if path == "auth/kubernetes/login" {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"jwt":"the.pod.jwt","role":"auditpack"}` || name != "" {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"errors":["permission denied"]}`)
			return
		}
		name = fmt.Sprintf("hvs.made-%d", len(l.issued))
		l.issue(name)
		grant(name)
		return
	}
	if end, ok := l.expires[name]; !ok || l.now.After(end) {
		if path != revokeSelfPath { // of one that was replaced
			l.late++
		}
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"errors":["permission denied"]}`)
		return
	}
	switch {
	case path == renewSelfPath && l.refuses:
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"errors":["permission denied"]}`)
	case path == renewSelfPath:
		// "Renew a token": the new lease is never longer than the maximum leaves, counted from when the token was made.
		end := l.now.Add(l.ttl)
		if most := l.issued[name].Add(l.max); l.max > 0 && end.After(most) {
			end = most
		}
		l.expires[name] = end
		grant(name)
	case path == revokeSelfPath:
		delete(l.expires, name)
		w.WriteHeader(http.StatusNoContent)
	case path == lookupSelfPath:
		fmt.Fprintf(w, `{"data":{"display_name":"d","ttl":%d,"creation_ttl":%d,"renewable":true}}`, int(l.expires[name].Sub(l.now).Seconds()), int(l.ttl.Seconds()))
	default:
		io.WriteString(w, `{"data":{}}`)
	}
}

// A collection without mounts takes some 24 requests, each of which takes a minute here.
func TestSession(t *testing.T) {
	pod := Login{Method: methodKubernetes, Role: "auditpack", JWTFile: "jwt"}
	given := Login{}
	times := func(n int, path string) []string { return slices.Repeat([]string{path}, n) }
	const login = "auth/kubernetes/login"
	for _, tt := range []struct {
		name  string
		login Login
		vault *leases
		want  []string // writes, sorted
		late  bool
	}{
		{"lives long enough", pod, &leases{ttl: 2 * time.Hour}, []string{login, revokeSelfPath}, false},
		{"is renewed at half of its time", pod, &leases{ttl: 16 * time.Minute}, slices.Concat([]string{login}, times(2, renewSelfPath), []string{revokeSelfPath}), false},
		{"cannot live longer, and another one is had", pod, &leases{ttl: 16 * time.Minute, max: 16 * time.Minute},
			slices.Concat(times(3, login), times(2, renewSelfPath), times(3, revokeSelfPath)), false},
		{"may not renew, and another one is had", pod, &leases{ttl: 16 * time.Minute, refuses: true},
			slices.Concat(times(3, login), times(2, renewSelfPath), times(3, revokeSelfPath)), false},
		{"is a batch token", pod, &leases{ttl: 16 * time.Minute, batch: true}, times(3, login), false},
		{"was given", given, &leases{ttl: 16 * time.Minute}, times(2, renewSelfPath), false},
		{"was given, and ends", given, &leases{ttl: 16 * time.Minute, max: 16 * time.Minute}, times(1, renewSelfPath), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := tt.vault
			l.now, l.step = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC), time.Minute
			l.issued, l.expires = map[string]time.Time{}, map[string]time.Time{}
			l.issue("hvs.given")
			server := httptest.NewServer(l)
			t.Cleanup(server.Close)
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "jwt"), []byte("the.pod.jwt\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			vars := map[string]string{"VAULT_TOKEN": "hvs.given"}
			if tt.login.Method != "" {
				vars = nil
			}
			res := askAt(t, t.Context(), Config{Address: server.URL, Login: tt.login}, dir, vars, memstore.New(), l.clock)
			slices.Sort(l.writes)
			if diff := cmp.Diff(tt.want, l.writes); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
			if late := l.late > 0; late != tt.late || res.Failed() != tt.late {
				t.Errorf("%d requests came with a token that had ended; failed: %t, want %t: %v", l.late, res.Failed(), tt.late, outcomes(res))
			}
			for name, end := range l.expires {
				if name != "hvs.given" && !l.batch && end.After(l.now) {
					t.Errorf("token %q was not given back", name)
				}
			}
		})
	}
}

func TestATokenThatCannotBeGivenBackIsTold(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/v1/auth/approle/login":
			fmt.Fprintf(w, `{"auth":{"client_token":%q,"lease_duration":600,"renewable":true,"token_type":"service"}}`, token)
		case "/v1/auth/token/revoke-self":
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"errors":["permission denied"]}`)
		default:
			respond(w, r)
		}
	}))
	t.Cleanup(server.Close)
	res := ask(t, t.Context(), Config{Address: server.URL, Skip: sections, Login: Login{Method: methodAppRole}}, t.TempDir(), map[string]string{"VAULT_ROLE_ID": "r"})
	const want = "failed 0: ask auth/token/revoke-self: the token of this collection lives on until it expires: status 403"
	if got := outcomes(res)[revokeSelfPath]; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
