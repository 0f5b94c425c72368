package boundary

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence"
)

func TestLogin(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.config += "auth_method: " + testAmpw + "\nlogin_name: " + testLogin + "\n"
	w.vars = map[string]string{"BOUNDARY_PASSWORD": testWord}
	res := w.collect()
	if res.Failed() {
		t.Errorf("outcomes: %v", outcomes(res))
	}
	if got := w.records(res, kindSessions)[0].Collected.Principal; got != testUser {
		t.Errorf("principal: got %q, want %q", got, testUser)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	for name, config := range map[string]string{
		"token":    "token_file: secrets/token\n",
		"password": "auth_method: " + testAmpw + "\nlogin_name: " + testLogin + "\npassword_file: secrets/password\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, smallDataset())
			w.config += config
			w.vars = nil
			if err := os.Mkdir(filepath.Join(w.dir, "secrets"), 0o700); err != nil {
				t.Fatal(err)
			}
			for file, secret := range map[string]string{"token": testToken + "\n", "password": testWord + "\r\n"} {
				if err := os.WriteFile(filepath.Join(w.dir, "secrets", file), []byte(secret), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if res := w.collect(); res.Failed() {
				t.Errorf("outcomes: %v", outcomes(res))
			}
		})
	}
}

func TestBadCredentials(t *testing.T) {
	login := "auth_method: " + testAmpw + "\nlogin_name: " + testLogin + "\n"
	for name, tc := range map[string]struct {
		config string
		vars   map[string]string
		want   string
	}{
		"no token":            {"", nil, "no credentials: set BOUNDARY_TOKEN or token_file"},
		"no token file":       {"token_file: missing\n", nil, "read token_file: stat missing: no such file or directory"},
		"no password":         {login, nil, "no credentials: set BOUNDARY_PASSWORD or password_file"},
		"wrong password":      {login, map[string]string{"BOUNDARY_PASSWORD": "canary"}, `log in as "auditpack" with auth method "ampw_1234567890": wrong login name or password, or u_anon may not authenticate there: HTTP status 401, Unauthenticated: "Unable to authenticate."`},
		"no such auth method": {"auth_method: ampw_other\nlogin_name: x\n", map[string]string{"BOUNDARY_PASSWORD": "canary"}, `log in as "x" with auth method "ampw_other": HTTP status 404`},
		"not a token":         {"", map[string]string{"BOUNDARY_TOKEN": "canary"}, errTokenForm.Error()},
		"a Vault token":       {"", map[string]string{"BOUNDARY_TOKEN": "hvs_canary_canary"}, errTokenForm.Error()},
		"an unknown token":    {"", map[string]string{"BOUNDARY_TOKEN": "at_other_s1canary"}, errTokenInvalid.Error() + "; or this is not the address of a Boundary controller: HTTP status 404"},
		"a wrong secret":      {"", map[string]string{"BOUNDARY_TOKEN": "at_collector1_s1canary"}, errTokenInvalid.Error() + `: HTTP status 401, Unauthenticated: "Unauthenticated, or invalid token."`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, smallDataset())
			w.config += tc.config
			w.vars = tc.vars
			res := w.collect()
			why := ": failed 0 " + tc.want
			if diff := cmp.Diff([]string{"scopes" + why, "session reads" + why, "sessions" + why, "targets" + why}, outcomes(res)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if len(res.Entry.Records) > 0 {
				t.Error("got records of what the anonymous user may see")
			}
			if got := w.asked("GET /v1/s"); got > 0 {
				t.Errorf("asked for data %d times without a good token", got)
			}
		})
	}
}

func TestExpiredToken(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.server.At(testNow.AddDate(0, 0, 2))
	res := w.collect()
	for _, line := range outcomes(res) {
		if !strings.Contains(line, ": failed 0 the token is not valid") {
			t.Errorf("outcome: got %q, want one that says the token is not valid", line)
		}
	}
}

// The token is revoked while the list of sessions is read: its later pages, and every list after it, are answered as for the
// anonymous user, who may list some scopes.
func TestTokenRevokedMeanwhile(t *testing.T) {
	revoke := func(w *world, at string) {
		done := false
		w.server.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == at && !done {
				done = true
				w.revokeLocked()
			}
			return false
		})
	}
	t.Run("scopes shrink without an error", func(t *testing.T) {
		w := newWorld(t, smallDataset())
		revoke(w, "/v1/scopes")
		res := w.collect()
		if got := outcomes(res); !strings.HasPrefix(got[0], "scopes: failed 1 list scopes: the token is not valid") {
			t.Errorf("outcome: got %q, want that the answer is not believed", got[0])
		}
	})
	t.Run("sessions are refused", func(t *testing.T) {
		w := newWorld(t, smallDataset())
		revoke(w, "/v1/sessions")
		for _, line := range outcomes(w.collect()) {
			if !strings.Contains(line, "failed 0") && !strings.HasPrefix(line, "scopes: failed 1") || !strings.Contains(line, "the token is not valid") {
				t.Errorf("outcome: got %q, want failed because of the token", line)
			}
		}
		if got := w.asked("GET /v1/sessions/"); got > 0 {
			t.Errorf("read %d sessions with a dead token", got)
		}
	})
	t.Run("a read is refused", func(t *testing.T) {
		w := newWorld(t, smallDataset())
		revoke(w, "/v1/sessions/s_ended1")
		if got := outcomes(w.collect())[1]; !strings.HasPrefix(got, `session reads: failed 1 2 of 3 sessions could not be read: read session "s_ended1": the token is not valid`) {
			t.Errorf("outcome: got %q", got)
		}
		if got := w.asked("GET /v1/sessions/s_active"); got > 0 {
			t.Error("went on reading with a dead token")
		}
	})
	t.Run("a login gets another one", func(t *testing.T) {
		for _, at := range []string{"/v1/sessions", "/v1/sessions/s_ended1", "/v1/scopes", "/v1/targets"} {
			w := newWorld(t, smallDataset())
			w.config += "auth_method: " + testAmpw + "\nlogin_name: " + testLogin + "\n"
			w.vars = map[string]string{"BOUNDARY_PASSWORD": testWord}
			revoke(w, at)
			res := w.collect()
			want := []string{"scopes: ok 3", "session reads: ok 3", "sessions: ok 3", "targets: ok 2"}
			if diff := cmp.Diff(want, outcomes(res)); diff != "" {
				t.Errorf("revoked at %s: outcomes (-want +got):\n%s", at, diff)
			}
			if got := w.asked("POST"); got != 2 {
				t.Errorf("revoked at %s: logins: got %d, want 2", at, got)
			}
		}
	})
}

// revokeLocked revokes all tokens from within an interceptor, where the server is locked.
func (w *world) revokeLocked() {
	w.server.ChangeLocked(func(d *boundarytest.Dataset) { d.Access.Tokens = nil })
}

func TestMissingGrants(t *testing.T) {
	without := func(typ string, edit func(*boundarytest.Grant) bool) boundarytest.Dataset {
		d := smallDataset()
		d.Access.Grants = slices.DeleteFunc(d.Access.Grants, func(g boundarytest.Grant) bool { return g.UserID == testUser && g.Type == typ })
		g := boundarytest.Grant{UserID: testUser, Scope: "global", Descendants: true, Type: typ, Actions: []string{"list", "read"}}
		if edit != nil && edit(&g) {
			d.Access.Grants = append(d.Access.Grants, g)
		}
		return d
	}
	for name, tc := range map[string]struct {
		data boundarytest.Dataset
		want []string
	}{
		"sessions may not be listed anywhere": {without("session", nil), []string{
			"scopes: ok 3",
			`session reads: denied 0 list sessions: denied: needs a role with the grant ids=*;type=session;actions=list,read: page 1: HTTP status 403, PermissionDenied: "Forbidden."`,
			`sessions: denied 0 list sessions: denied: needs a role with the grant ids=*;type=session;actions=list,read: page 1: HTTP status 403, PermissionDenied: "Forbidden."`,
			"targets: ok 2",
		}},
		"one project is not visible": {without("target", func(g *boundarytest.Grant) bool { g.Scope, g.Descendants = "p_prod", false; return true }), []string{
			"scopes: ok 3", "session reads: ok 3", "sessions: ok 3",
			"targets: ok 1",
			`targets of p_test: denied 0 denied: needs a role with the grant ids=*;type=target;actions=list,read that reaches project p_test: project "test" is left out of the list of targets`,
		}},
		"sessions may be listed but not read": {without("session", func(g *boundarytest.Grant) bool { g.Actions = []string{"list"}; return true }), []string{
			"scopes: ok 3",
			`session reads: denied 0 3 of 3 sessions could not be read: read session "s_ended2", "s_ended1", "s_active": denied: needs a role with the grant ids=*;type=session;actions=list,read: HTTP status 403, PermissionDenied: "Forbidden."`,
			"sessions: ok 3", "targets: ok 2",
		}},
		"the token may not read itself": {without("auth-token", nil), []string{
			"scopes: ok 3", "session reads: ok 3", "sessions: ok 3", "targets: ok 2",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.data)
			if diff := cmp.Diff(tc.want, outcomes(w.collect())); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScopeThatIsNoLongerListed(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.collect()
	w.server.Change(func(d *boundarytest.Dataset) {
		d.Scopes = slices.DeleteFunc(slices.Clone(d.Scopes), func(s boundarytest.Scope) bool { return s.ID == "p_test" })
	})
	res := w.collect()
	want := evidence.PartOutcome{Part: "scope p_test", Kind: kindScopes, Outcome: evidence.OutcomeFailed,
		Detail: "scope p_test was listed by the collection before and is not any more: it was deleted, or the token may no longer see it"}
	if !slices.Contains(res.Entry.Parts, want) {
		t.Errorf("parts: got %v, want one for p_test", outcomes(res))
	}
	third := w.collect()
	if got := line(third, "scope p_test"); third.Failed() || got != "scope p_test: ok 0 deleted: Boundary has no such scope" {
		t.Errorf("it is told once, and then that it was deleted: got %v", outcomes(third))
	}
	if got := line(w.collect(), "scope p_test"); got != "" {
		t.Errorf("fourth collection: got %q, want nothing", got)
	}
}

// A scope that the token may not see for a while: nothing says that this is over before it is.
func TestScopeThatIsHiddenForAWhile(t *testing.T) {
	data := smallDataset()
	hidden := smallDataset()
	hidden.Access.Grants = slices.DeleteFunc(hidden.Access.Grants, func(g boundarytest.Grant) bool { return g.Type == "scope" })
	hidden.Access.Grants = append(hidden.Access.Grants, boundarytest.Grant{UserID: testUser, Scope: "global", Type: "scope", Actions: []string{"list", "no-op"}})
	w := newWorld(t, data)
	w.collect()
	w.server.Change(func(d *boundarytest.Dataset) { d.Access = hidden.Access })
	for i, want := range []string{"scope p_test: failed 0 scope p_test was listed", "", ""} {
		if got := line(w.collect(), "scope p_test"); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("hidden, collection %d: got %q, want %q", i+1, got, want)
		}
	}
	w.server.Change(func(d *boundarytest.Dataset) { d.Access = data.Access })
	if got := line(w.collect(), "scope p_test"); got != "scope p_test: ok 0 listed again" {
		t.Errorf("listed again: got %q", got)
	}
}
