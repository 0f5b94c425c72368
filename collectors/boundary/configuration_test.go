package boundary

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence"
)

// wantFull are the outcomes of fullDataset, counted by hand in its comment.
var wantFull = []string{
	"accounts: ok 4", "auth-methods: ok 3", "credential-libraries: ok 2", "credential-stores: ok 2", "group reads: ok 2", "groups: ok 2",
	"host-catalogs: ok 2", "hosts: ok 3", "managed-group reads: ok 2", "managed-groups: ok 2", "role reads: ok 3", "roles: ok 3",
	"scope global: ok 1", "scopes: ok 3", "session reads: ok 3", "session-recording reads: ok 3", "session-recordings: ok 3",
	"sessions: ok 3", "target reads: ok 2", "targets: ok 2", "user reads: ok 6", "users: ok 6",
}

// newFullWorld serves data to a collector that asks for everything.
func newFullWorld(t *testing.T, data boundarytest.Dataset) *world {
	t.Helper()
	w := newWorld(t, data)
	w.more = ""
	return w
}

func TestConfiguration(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	res := w.collect()
	if diff := cmp.Diff(wantFull, outcomes(res)); diff != "" || res.Failed() {
		t.Errorf("failed %v, outcomes (-want +got):\n%s", res.Failed(), diff)
	}
	w.more = "configuration_every: 0s\n"
	w.collect() // settled recordings are not read again, so its record of them is another
	again := w.collect()
	if diff := cmp.Diff(w.collect().Entry.Records, again.Entry.Records); diff != "" {
		t.Errorf("asked again, with nothing changed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"accounts-ampw_1234567890-0001.json", "accounts-amoidc_1-0001.json", "accounts-amldap_1-0001.json"}, sorted(w.parts(res, kindAccounts), "ampw", "amoidc", "amldap")); diff != "" {
		t.Errorf("pages of accounts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"credential-libraries-csvlt_1-0001.json"}, w.parts(res, kindLibraries)); diff != "" {
		t.Errorf("a static store is not asked for libraries (-want +got):\n%s", diff)
	}
	if got := w.asked("GET /v1/managed-groups?auth_method_id=ampw"); got != 0 { // Boundary would refuse it
		t.Error("a password method was asked for managed groups")
	}
}

// sorted orders names by the first of words that each holds.
func sorted(names []string, words ...string) []string {
	at := func(name string) int {
		return slices.IndexFunc(words, func(w string) bool { return strings.Contains(name, w) })
	}
	slices.SortFunc(names, func(a, b string) int { return at(a) - at(b) })
	return names
}

func TestSecretOfALibraryIsTakenOut(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	res := w.collect()
	rec := w.records(res, kindLibraries)[0]
	body, err := evidence.ReadAll(t.Context(), w.store, rec.Content[0].Digest, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "canary") || !strings.Contains(string(body), `"http_request_body":"[redacted]"`) || !strings.Contains(string(body), `"path":"transform/x"`) {
		t.Errorf("stored: got %s, want all but the request body", body)
	}
	if len(rec.Redactions) != 1 || rec.Redactions[0].Count != 1 || rec.Redactions[0].Rule != "values of http_request_body" || rec.Redactions[0].Before == rec.Content[0].Digest {
		t.Errorf("redactions: got %+v, want one of one value", rec.Redactions)
	}
}

func TestConfigurationIsAskedForSeldom(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	asked := func() int { return w.asked("GET /v1/users?") }
	w.collect()
	w.now = w.now.Add(59 * time.Minute)
	if res := w.collect(); asked() != 1 || len(w.parts(res, kindUsers)) != 0 || len(w.parts(res, kindTargets)) != 1 {
		t.Errorf("59 minutes later: users were listed %d times, want once", asked())
	}
	w.now = w.now.Add(time.Minute)
	if w.collect(); asked() != 2 {
		t.Errorf("an hour later: users were listed %d times, want twice", asked())
	}
	w.more = "configuration_every: 0s\n"
	if w.collect(); asked() != 3 {
		t.Errorf("with 0s: users were listed %d times, want three times", asked())
	}
	w.config, w.more = w.config+"scope: o_1\n", ""
	if w.collect(); asked() != 4 {
		t.Errorf("of another scope: users were listed %d times, want four times", asked())
	}
}

func TestWhatFailedIsAskedForAgain(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/groups/g_prod" && r.URL.Query().Get("host_catalog_id") != "hcst_1" {
			return false
		}
		rw.WriteHeader(http.StatusInternalServerError)
		return true
	})
	got := outcomes(w.collect())
	for _, want := range []string{
		`group reads: failed 1 1 of 2 groups could not be read: read group "g_prod": HTTP status 500`,
		`hosts: failed 1 1 of 2 lists of hosts are not complete: list hosts of hcst_1: page 1: HTTP status 500`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("outcomes: got %q, want %q among them", got, want)
		}
	}
	for _, l := range got { // what names one item would never be told to be well again
		if strings.HasPrefix(l, "group g_") || strings.HasPrefix(l, "hosts of ") {
			t.Errorf("outcome: got %q, want no part for one item", l)
		}
	}
	w.server.Intercept(nil)
	res := w.collect() // at once, not an hour later
	for _, want := range []string{"group reads: ok 2", "hosts: ok 3", "users: ok 6"} {
		if !slices.Contains(outcomes(res), want) {
			t.Errorf("next collection: got %q, want %q among them", outcomes(res), want)
		}
	}
}

// One list is refused and another fails: that is no refusal as a whole, and the next collection asks again.
func TestRefusedAndFailed(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Query().Get("host_catalog_id") {
		case "":
			return false
		case "hcst_1":
			rw.WriteHeader(http.StatusForbidden)
		default:
			rw.WriteHeader(http.StatusInternalServerError)
		}
		return true
	})
	got := line(w.collect(), "hosts")
	for _, want := range []string{"hosts: failed 0 2 of 2 lists of hosts are not complete: list hosts of hcst_", "hcst_1: denied: needs a role with", ": page 1: HTTP status 500"} {
		if !strings.Contains(got, want) {
			t.Errorf("outcome: got %q, want %q in it", got, want)
		}
	}
	w.server.Intercept(nil)
	if got := line(w.collect(), "hosts"); got != "hosts: ok 3" {
		t.Errorf("next collection: got %q, want that hosts are asked for at once", got)
	}
}

func TestAllParentsAreGone(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/hosts" {
			return false
		}
		rw.WriteHeader(http.StatusNotFound)
		return true
	})
	const want = "hosts: none 0 2 of 2 parents were listed and then deleted before they could be asked."
	if got := line(w.collect(), "hosts"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Each grant that is missing is named, and everything else is there.
func TestEachGrantIsNamed(t *testing.T) {
	const why = ` 0 list X: denied: needs a role with the grant ids=*;type=Y;actions=list,read: page 1: HTTP status 403, PermissionDenied: "Forbidden."`
	denied := func(list, typ string) string {
		return strings.ReplaceAll(strings.ReplaceAll(why, "X", list), "Y", typ)
	}
	for typ, lost := range map[string][]string{
		"user":               {"users: denied" + denied("users", "user"), "user reads: denied" + denied("users", "user")},
		"group":              {"groups: denied" + denied("groups", "group"), "group reads: denied" + denied("groups", "group")},
		"role":               {"roles: denied" + denied("roles", "role"), "role reads: denied" + denied("roles", "role")},
		"auth-method":        {"auth-methods: denied" + denied("auth-methods", "auth-method"), "accounts: denied" + denied("auth-methods", "auth-method"), "managed-groups: denied" + denied("auth-methods", "auth-method")},
		"credential-store":   {"credential-stores: denied" + denied("credential-stores", "credential-store"), "credential-libraries: denied" + denied("credential-stores", "credential-store")},
		"credential-library": {`credential-libraries: denied 0 1 of 1 lists of credential-libraries are not complete: list credential-libraries of csvlt_1: denied: needs a role with the grant ids=*;type=credential-library;actions=list,read: page 1: HTTP status 403, PermissionDenied: "Forbidden."`},
		"host-catalog":       {"host-catalogs: denied" + denied("host-catalogs", "host-catalog"), "hosts: denied" + denied("host-catalogs", "host-catalog")},
		"session-recording":  {"session-recordings: denied" + denied("session-recordings", "session-recording"), "session-recording reads: denied" + denied("session-recordings", "session-recording")},
		"target":             {"targets: denied" + denied("targets", "target"), "target reads: none 0"},
	} {
		t.Run(typ, func(t *testing.T) {
			w := newFullWorld(t, withoutGrant(fullDataset(), typ))
			got := outcomes(w.collect())
			for _, want := range lost {
				if !slices.Contains(got, want) {
					t.Errorf("outcomes: got %q, want %q among them", got, want)
				}
			}
			if n := slices.IndexFunc(got, func(line string) bool { return strings.Contains(line, ": failed") }); n >= 0 {
				t.Errorf("outcome: got %q, want denied only", got[n])
			}
		})
	}
}

// A scope in which the token may not list users is told by the scopes, global included.
func TestScopeLeftOutOfAList(t *testing.T) {
	for name, tc := range map[string]struct {
		grant boundarytest.Grant
		want  string
	}{
		"an org": {boundarytest.Grant{UserID: testUser, Scope: "global", Type: "user", Actions: []string{"list", "read"}},
			`users of o_1: denied 0 denied: needs a role with the grant ids=*;type=user;actions=list,read that reaches org o_1: org "acme" is left out of the list of users`},
		"global": {boundarytest.Grant{UserID: testUser, Scope: "o_1", Type: "user", Actions: []string{"list", "read"}},
			`users of global: denied 0 denied: needs a role with the grant ids=*;type=user;actions=list,read that reaches scope global: scope "global" is left out of the list of users`},
	} {
		t.Run(name, func(t *testing.T) {
			data := withoutGrant(fullDataset(), "user")
			data.Access.Grants = append(data.Access.Grants, tc.grant)
			if got := outcomes(newFullWorld(t, data).collect()); !slices.Contains(got, tc.want) {
				t.Errorf("outcomes: got %q, want %q among them", got, tc.want)
			}
		})
	}
}

// What was left out of a list once is told to be there once it is, and then no more: only the last outcome of a part counts.
func TestScopeLeftOutOfAListIsToldToBeThere(t *testing.T) {
	whole := fullDataset()
	data := withoutGrant(fullDataset(), "user")
	data.Access.Grants = append(data.Access.Grants, boundarytest.Grant{UserID: testUser, Scope: "global", Type: "user", Actions: []string{"list", "read"}})
	w := newFullWorld(t, data)
	const part = "users of o_1"
	if got := line(w.collect(), part); !strings.HasPrefix(got, part+": denied 0 ") {
		t.Errorf("first collection: got %q, want denied", got)
	}
	w.server.Change(func(d *boundarytest.Dataset) { d.Access = whole.Access })
	if got := line(w.collect(), part); got != "" { // users are not asked for within the hour
		t.Errorf("before users are listed again: got %q, want nothing", got)
	}
	w.more = "configuration_every: 0s\n"
	if got := line(w.collect(), part); got != part+": ok 0 no longer left out" {
		t.Errorf("listed again: got %q", got)
	}
	if got := line(w.collect(), part); got != "" {
		t.Errorf("it is told once: got %q", got)
	}
}

func TestCommunityEditionAndOneProject(t *testing.T) {
	data := fullDataset()
	data.Recordings = nil
	w := newFullWorld(t, data)
	res := w.collect()
	const want = `session-recordings: not-offered 0 list session-recordings: the source does not offer this: page 1: HTTP status 405, Unimplemented: "Session Recordings are an Enterprise-only feature"`
	if got := outcomes(res); !slices.Contains(got, want) || res.Failed() {
		t.Errorf("outcomes: failed %v, got %q, want %q among them", res.Failed(), got, want)
	}

	w = newFullWorld(t, fullDataset())
	w.config += "scope: p_prod\n"
	res = w.collect()
	wantProject := []string{
		"auth-methods: not-offered 0 list auth-methods: the source does not offer this: there are none in a project",
		"credential-libraries: ok 2", "credential-stores: ok 1", "group reads: ok 1", "groups: ok 1", "host-catalogs: ok 1", "hosts: ok 2",
		"role reads: none 0", "roles: none 0", "scope p_prod: ok 1",
		"scopes: not-offered 0 list scopes: the source does not offer this: there are none in a project",
		"session reads: ok 2",
		"session-recordings: not-offered 0 list session-recordings: the source does not offer this: there are none in a project",
		"sessions: ok 2", "target reads: ok 1", "targets: ok 1",
		"users: not-offered 0 list users: the source does not offer this: there are none in a project",
	}
	if diff := cmp.Diff(wantProject, outcomes(res)); diff != "" || res.Failed() {
		t.Errorf("one project: failed %v, outcomes (-want +got):\n%s", res.Failed(), diff)
	}
}

func TestRecordingsAreReadUntilTheyAreSettled(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	w.more = "configuration_every: 0s\n"
	w.collect()
	w.server.Change(func(d *boundarytest.Dataset) {
		d.Recordings[0]["updated_time"] = "2026-10-01T05:00:00Z" // long before the newest change that was read
		d.Recordings = append(slices.Clone(d.Recordings), resources(`[{"id":"sr_4","scope":{"id":"o_1"},"session_id":"s_x","state":"available","created_time":"2026-10-01T05:55:00Z","updated_time":"2026-10-01T05:55:00Z"}]`)...)
	})
	if diff := cmp.Diff([]string{"sr_2.json", "sr_3.json", "sr_4.json"}, slices.Sorted(slices.Values(w.parts(w.collect(), kindRecording)))); diff != "" {
		t.Errorf("second collection: those that are not settled, and the new one (-want +got):\n%s", diff)
	}
}

// What a list did not show was not read, however old it is: when the list broke off, and when the token could not see its scope.
func TestRecordingsThatWereNotListedAreReadLater(t *testing.T) {
	without := func(scope string) func(*boundarytest.Dataset) {
		return func(d *boundarytest.Dataset) {
			*d = withoutGrant(*d, "session-recording")
			d.Access.Grants = append(d.Access.Grants, boundarytest.Grant{UserID: testUser, Scope: scope, Type: "session-recording", Actions: []string{"list", "read"}})
		}
	}
	whole := fullDataset()
	for name, tc := range map[string]struct {
		trouble, over func(*world)
	}{
		"the list broke off": {func(w *world) {
			w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
				switch {
				case r.URL.Path != "/v1/session-recordings":
					return false
				case r.URL.Query().Get("list_token") != "":
					rw.WriteHeader(http.StatusInternalServerError)
				default:
					rw.Header().Set("Content-Type", "application/json")
					_, _ = rw.Write([]byte(`{"items":[{"id":"sr_2","scope":{"id":"o_1"},"state":"started","updated_time":"2026-10-01T05:59:00Z"}],"response_type":"delta","list_token":"x"}`))
				}
				return true
			})
		}, func(w *world) { w.server.Intercept(nil) }},
		"its scope was denied": {func(w *world) { w.server.Change(without("global")) },
			func(w *world) { w.server.Change(func(d *boundarytest.Dataset) { d.Access = whole.Access }) }},
	} {
		t.Run(name, func(t *testing.T) {
			data := fullDataset()
			data.Recordings = append(slices.Clone(data.Recordings), resources(`[{"id":"sr_last","scope":{"id":"global"},"session_id":"s_x","state":"available","created_time":"2026-10-01T05:58:30Z","updated_time":"2026-10-01T05:59:30Z"}]`)...)
			w := newFullWorld(t, data)
			w.more = "configuration_every: 0s\n"
			tc.trouble(w)
			w.collect()
			tc.over(w)
			got := slices.Sorted(slices.Values(w.parts(w.collect(), kindRecording)))
			if diff := cmp.Diff([]string{"sr_1.json", "sr_2.json", "sr_3.json", "sr_last.json"}, got); diff != "" {
				t.Errorf("second collection (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSkip(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	w.more = "skip: [users, auth-methods, hosts, target reads, session-recordings]\n"
	want := slices.DeleteFunc(slices.Clone(wantFull), func(line string) bool {
		return slices.ContainsFunc([]string{"user", "auth", "account", "managed", "hosts", "target reads", "session-recording"}, func(p string) bool { return strings.HasPrefix(line, p) })
	})
	if diff := cmp.Diff(want, outcomes(w.collect())); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	w.more = "skip: [sessions]\n"
	if _, err := w.open(); err == nil || !strings.Contains(err.Error(), `skip: "sessions" is not one of users, groups,`) {
		t.Errorf("sessions cannot be skipped: got %v", err)
	}
}
