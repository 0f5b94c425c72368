package boundarytest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/boundary/boundarytest"
)

var now = time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)

func dataset() boundarytest.Dataset {
	d := boundarytest.Dataset{
		Scopes: []boundarytest.Scope{
			{ID: "o_1", ScopeID: "global", Type: "org"},
			{ID: "p_1", ScopeID: "o_1", Type: "project"}, {ID: "p_2", ScopeID: "o_1", Type: "project"},
		},
		Access: boundarytest.Access{
			AuthMethod: "ampw_1",
			Accounts:   []boundarytest.Account{{ID: "acctpw_1", UserID: "u_1", LoginName: "jane", Password: "right"}},
			Tokens: []boundarytest.Token{
				{ID: "at_good", Token: "at_good_secret", UserID: "u_1", ExpirationTime: now.Add(time.Hour)},
				{ID: "at_old", Token: "at_old_secret", UserID: "u_1", ExpirationTime: now.Add(-time.Second)},
			},
			Grants: []boundarytest.Grant{
				{UserID: "u_anon", Scope: "global", Type: "scope", Actions: []string{"list"}},
				{UserID: "u_1", Scope: "global", Type: "auth-token", Actions: []string{"read:self"}},
				{UserID: "u_1", Scope: "p_1", Type: "session", Actions: []string{"list", "read"}},
			},
		},
	}
	for i := range 5 {
		s := boundarytest.Session{ID: fmt.Sprintf("s_%d", i), ScopeID: "p_1", Status: "active", CreatedTime: "2026-10-01T05:00:00Z", UpdatedTime: "2026-10-01T05:00:00Z",
			Connections: []boundarytest.Connection{{BytesUp: 7}}}
		if i%2 == 0 {
			s.Status = "terminated"
		}
		d.Sessions = append(d.Sessions, s)
	}
	d.Users = []boundarytest.Resource{
		{"id": "u_1", "scope_id": "global", "name": "", "login_name": "jane", "account_ids": []any{"acctpw_1"}, "created_time": "2026-10-01T05:00:00Z"},
		{"id": "u_2", "scope_id": "o_1", "created_time": "2026-10-01T05:00:00Z"},
	}
	d.AuthMethods = []boundarytest.Resource{{"id": "ampw_1", "scope_id": "global", "type": "password"}, {"id": "amoidc_1", "scope_id": "o_1", "type": "oidc"}}
	d.Accounts = []boundarytest.Resource{{"id": "acctpw_1", "auth_method_id": "ampw_1"}, {"id": "acctoidc_1", "auth_method_id": "amoidc_1"}}
	d.CredentialStores = []boundarytest.Resource{{"id": "csst_1", "scope_id": "p_1", "type": "static"}}
	for _, typ := range []string{"user", "account", "managed-group", "credential-library"} {
		d.Access.Grants = append(d.Access.Grants, boundarytest.Grant{UserID: "u_1", Scope: "global", Type: typ, Actions: []string{"list", "read"}})
	}
	d.Access.Grants = append(d.Access.Grants, boundarytest.Grant{UserID: "u_1", Scope: "global", Type: "scope", Actions: []string{"read"}})
	d.Sessions = append(d.Sessions, boundarytest.Session{ID: "s_hidden", ScopeID: "p_2", Status: "active", CreatedTime: "2026-10-01T05:00:00Z"})
	return d
}

// ask sends one request and returns "STATUS KIND" or the status and what matters of the body.
func ask(t *testing.T, s *boundarytest.Server, method, target, token, body string) (string, map[string]any) {
	t.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	got := fmt.Sprint(rec.Code)
	if rec.Body.Len() == 0 {
		return got, nil
	}
	var answer map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s %s: body is no JSON: %q", method, target, rec.Body)
	}
	if kind, ok := answer["kind"]; ok {
		return got + " " + kind.(string), answer
	}
	if items, ok := answer["items"].([]any); ok {
		for _, it := range items {
			got += " " + it.(map[string]any)["id"].(string)
		}
	}
	if kind, ok := answer["response_type"]; ok {
		got += " " + kind.(string)
	}
	return got, answer
}

func TestAnswers(t *testing.T) {
	const all = "/v1/sessions?scope_id=global&recursive=true&include_terminated=true"
	for name, tc := range map[string]struct {
		method, target, token, body, want string
	}{
		"a list":                                 {"GET", all, "at_good_secret", "", "200 s_4 s_3 s_2 s_1 s_0 complete"},
		"terminated ones are left out":           {"GET", "/v1/sessions?scope_id=p_1", "at_good_secret", "", "200 s_3 s_1 complete"},
		"a page":                                 {"GET", all + "&page_size=2", "at_good_secret", "", "200 s_4 s_3 delta"},
		"page_size 0 is the default":             {"GET", all + "&page_size=0", "at_good_secret", "", "200 s_4 s_3 s_2 s_1 s_0 complete"},
		"page_size is no number":                 {"GET", all + "&page_size=x", "at_good_secret", "", "400 InvalidArgument"},
		"not recursive":                          {"GET", "/v1/sessions?scope_id=global", "at_good_secret", "", "400 InvalidArgument"},
		"unknown parameter":                      {"GET", all + "&include_termianted=true", "at_good_secret", "", "400 InvalidArgument"},
		"scopes of a project":                    {"GET", "/v1/scopes?scope_id=p_1", "at_good_secret", "", "400 InvalidArgument"},
		"unknown scope":                          {"GET", "/v1/sessions?scope_id=p_9", "at_good_secret", "", "404"},
		"garbage list token":                     {"GET", all + "&list_token=garbage", "at_good_secret", "", "500 Internal"},
		"list without grants":                    {"GET", "/v1/targets?scope_id=global&recursive=true", "at_good_secret", "", "403 PermissionDenied"},
		"recursive list without a token":         {"GET", all, "", "", "403 PermissionDenied"},
		"recursive list, expired token":          {"GET", all, "at_old_secret", "", "403 PermissionDenied"},
		"plain list without a token":             {"GET", "/v1/sessions?scope_id=p_1", "", "", "401 Unauthenticated"},
		"anyone lists some scopes":               {"GET", "/v1/scopes?recursive=true", "at_old_secret", "", "200 o_1 complete"},
		"read":                                   {"GET", "/v1/sessions/s_1", "at_good_secret", "", "200"},
		"read without a token":                   {"GET", "/v1/sessions/s_1", "", "", "401 Unauthenticated"},
		"read without the grant":                 {"GET", "/v1/sessions/s_hidden", "at_good_secret", "", "403 PermissionDenied"},
		"read what is not there":                 {"GET", "/v1/sessions/s_9", "", "", "404"},
		"a token reads itself":                   {"GET", "/v1/auth-tokens/at_good", "at_good_secret", "", "200"},
		"an expired token does not":              {"GET", "/v1/auth-tokens/at_old", "at_old_secret", "", "401 Unauthenticated"},
		"a deleted token is not there":           {"GET", "/v1/auth-tokens/at_gone", "at_gone_secret", "", "404"},
		"unknown path":                           {"GET", "/v1/nonsense", "at_good_secret", "", "404"},
		"cancelling is not served":               {"POST", "/v1/sessions/s_1:cancel", "at_good_secret", "{}", "405 Unimplemented"},
		"deleting is not served":                 {"DELETE", "/v1/sessions/s_1", "at_good_secret", "", "405 Unimplemented"},
		"users of the scopes that may be listed": {"GET", "/v1/users?scope_id=global&recursive=true", "at_good_secret", "", "200 u_1 complete"},
		"users of a project":                     {"GET", "/v1/users?scope_id=p_1&recursive=true", "at_good_secret", "", "400 InvalidArgument"},
		"a user":                                 {"GET", "/v1/users/u_1", "at_good_secret", "", "200"},
		"a user of another scope":                {"GET", "/v1/users/u_2", "at_good_secret", "", "403 PermissionDenied"},
		"accounts by their method":               {"GET", "/v1/accounts?auth_method_id=ampw_1", "at_good_secret", "", "200 acctpw_1 complete"},
		"accounts of a hidden method":            {"GET", "/v1/accounts?auth_method_id=amoidc_1", "at_good_secret", "", "403 PermissionDenied"},
		"accounts of no method":                  {"GET", "/v1/accounts", "at_good_secret", "", "400 InvalidArgument"},
		"accounts by scope":                      {"GET", "/v1/accounts?scope_id=global&auth_method_id=ampw_1", "at_good_secret", "", "400 InvalidArgument"},
		"accounts of a missing method":           {"GET", "/v1/accounts?auth_method_id=ampw_9", "at_good_secret", "", "404"},
		"managed groups of passwords":            {"GET", "/v1/managed-groups?auth_method_id=ampw_1", "at_good_secret", "", "400 InvalidArgument"},
		"libraries of a static store":            {"GET", "/v1/credential-libraries?credential_store_id=csst_1", "at_good_secret", "", "400 InvalidArgument"},
		"the global scope":                       {"GET", "/v1/scopes/global", "at_good_secret", "", "200"},
		"a scope without the grant":              {"GET", "/v1/scopes/p_1", "at_good_secret", "", "403 PermissionDenied"},
		"a scope that is not there":              {"GET", "/v1/scopes/p_9", "at_good_secret", "", "404"},
		"creating a user":                        {"POST", "/v1/users", "at_good_secret", "{}", "405 Unimplemented"},
		"recordings are not offered":             {"GET", "/v1/session-recordings", "at_good_secret", "", "405 Unimplemented"},
		"login":                                  {"POST", "/v1/auth-methods/ampw_1:authenticate", "", `{"attributes":{"login_name":"jane","password":"right"}}`, "200"},
		"login with a wrong password":            {"POST", "/v1/auth-methods/ampw_1:authenticate", "", `{"attributes":{"login_name":"jane","password":"wrong"}}`, "401 Unauthenticated"},
		"login without attributes":               {"POST", "/v1/auth-methods/ampw_1:authenticate", "", `{"login_name":"jane","password":"right"}`, "400 InvalidArgument"},
		"login with another auth method":         {"POST", "/v1/auth-methods/ampw_9:authenticate", "", `{}`, "404"},
		"another action of an auth method":       {"POST", "/v1/auth-methods/ampw_1:change-state", "", `{}`, "405 Unimplemented"},
	} {
		t.Run(name, func(t *testing.T) {
			s := boundarytest.NewServer(dataset())
			got, answer := ask(t, s, tc.method, tc.target, tc.token, tc.body)
			if got != tc.want {
				t.Errorf("%s %s: got %s, want %s: %v", tc.method, tc.target, got, tc.want, answer)
			}
		})
	}
}

func TestPaging(t *testing.T) {
	s := boundarytest.NewServer(dataset())
	query := url.Values{"scope_id": {"p_1"}, "include_terminated": {"true"}, "page_size": {"2"}}
	next := func() string {
		t.Helper()
		got, answer := ask(t, s, "GET", "/v1/sessions?"+query.Encode(), "at_good_secret", "")
		if token, ok := answer["list_token"].(string); ok {
			query.Set("list_token", token)
		}
		return got
	}
	var got []string
	for range 3 {
		got = append(got, next())
	}
	if diff := cmp.Diff([]string{"200 s_4 s_3 delta", "200 s_2 s_1 delta", "200 s_0 complete"}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}

	s.RemoveSession("s_2")
	s.Change(func(d *boundarytest.Dataset) { d.Sessions[0].UpdatedTime = now.Format(time.RFC3339) })
	text, answer := ask(t, s, "GET", "/v1/sessions?"+query.Encode(), "at_good_secret", "")
	if text != "200 s_0 complete" || fmt.Sprint(answer["removed_ids"]) != "[s_2]" || answer["sort_by"] != "updated_time" {
		t.Errorf("a complete list's token begins a refresh: got %s, %v", text, answer)
	}

	s.Change(func(d *boundarytest.Dataset) { d.Access.Grants = append(d.Access.Grants, boundarytest.Grant{}) })
	if got := next(); got != "400 invalid list token" {
		t.Errorf("after grants changed: got %s, want 400 invalid list token", got)
	}
	query.Del("list_token")
	next()
	s.At(now.AddDate(0, 0, 31))
	s.Change(func(d *boundarytest.Dataset) { d.Access.Tokens[0].ExpirationTime = now.AddDate(1, 0, 0) })
	if got := next(); got != "400 invalid list token" {
		t.Errorf("after 31 days: got %s, want 400 invalid list token", got)
	}
}

func TestParametersAreNotInTheListToken(t *testing.T) {
	s := boundarytest.NewServer(dataset())
	_, answer := ask(t, s, "GET", "/v1/sessions?scope_id=p_1&include_terminated=true&page_size=2", "at_good_secret", "")
	token := url.QueryEscape(answer["list_token"].(string))
	if got, _ := ask(t, s, "GET", "/v1/sessions?scope_id=p_1&list_token="+token, "at_good_secret", ""); got != "200 s_1 complete" {
		t.Errorf("second page without include_terminated: got %s, want the terminated ones dropped", got)
	}
}

func TestFields(t *testing.T) {
	s := boundarytest.NewServer(dataset())
	_, answer := ask(t, s, "GET", "/v1/sessions/s_1", "at_good_secret", "")
	want := map[string]any{"id": "s_1", "scope_id": "p_1", "status": "active", "created_time": "2026-10-01T05:00:00Z", "updated_time": "2026-10-01T05:00:00Z",
		"connections": []any{map[string]any{"bytes_up": "7"}}}
	if diff := cmp.Diff(want, answer); diff != "" {
		t.Errorf("read: zero values are left out, 64-bit integers are texts (-want +got):\n%s", diff)
	}
	_, answer = ask(t, s, "GET", "/v1/sessions?scope_id=p_1", "at_good_secret", "")
	if _, ok := answer["items"].([]any)[0].(map[string]any)["connections"]; ok {
		t.Error("a list shows connections")
	}
	empty := boundarytest.NewServer(boundarytest.Dataset{Scopes: dataset().Scopes, Access: dataset().Access})
	if _, answer := ask(t, empty, "GET", "/v1/sessions?scope_id=p_1", "at_good_secret", ""); len(answer) != 0 {
		t.Errorf("an empty first page: got %v, want nothing in it", answer)
	}
}

func TestListsLeaveOut(t *testing.T) {
	s := boundarytest.NewServer(dataset())
	_, answer := ask(t, s, "GET", "/v1/users?scope_id=global", "at_good_secret", "")
	want := map[string]any{"id": "u_1", "scope_id": "global", "login_name": "jane", "created_time": "2026-10-01T05:00:00Z",
		"scope": map[string]any{"id": "global", "type": "global", "name": "global", "description": "Global Scope"}}
	if diff := cmp.Diff(want, answer["items"].([]any)[0]); diff != "" {
		t.Errorf("a user in a list: neither accounts nor an empty name (-want +got):\n%s", diff)
	}
	if _, answer := ask(t, s, "GET", "/v1/users/u_1", "at_good_secret", ""); answer["account_ids"] == nil {
		t.Error("a single read shows no accounts")
	}
	_, answer = ask(t, s, "GET", "/v1/scopes/global", "at_good_secret", "")
	want = map[string]any{"users": []any{"list"}, "scopes": []any{"list"}}
	if diff := cmp.Diff(want, answer["authorized_collection_actions"]); diff != "" {
		t.Errorf("collections that may be listed in global (-want +got):\n%s", diff)
	}
}

// A refresh comes in pages too; what was deleted is on the first, also what the caller could not see, and of this type only.
func TestRefresh(t *testing.T) {
	s := boundarytest.NewServer(dataset())
	query := url.Values{"scope_id": {"p_1"}, "include_terminated": {"true"}}
	_, answer := ask(t, s, "GET", "/v1/sessions?"+query.Encode(), "at_good_secret", "")
	s.At(now.Add(9 * time.Minute))
	s.RemoveSession("s_hidden")
	s.At(now.Add(10 * time.Minute))
	s.Change(func(d *boundarytest.Dataset) {
		d.Users = d.Users[1:]
		for i := range 5 {
			d.Sessions[i].UpdatedTime = now.Add(time.Duration(i) * time.Minute).Format(time.RFC3339)
		}
	})
	query.Set("page_size", "3")
	query.Set("list_token", answer["list_token"].(string))
	first, answer := ask(t, s, "GET", "/v1/sessions?"+query.Encode(), "at_good_secret", "")
	if first != "200 s_4 s_3 s_2 delta" || fmt.Sprint(answer["removed_ids"]) != "[s_hidden]" {
		t.Errorf("first page: got %s, removed %v", first, answer["removed_ids"])
	}
	query.Set("list_token", answer["list_token"].(string))
	second, answer := ask(t, s, "GET", "/v1/sessions?"+query.Encode(), "at_good_secret", "")
	if second != "200 s_1 s_0 complete" || answer["removed_ids"] != nil {
		t.Errorf("second page: got %s, removed %v", second, answer["removed_ids"])
	}
	s.At(now.Add(20 * time.Minute))
	query.Set("list_token", answer["list_token"].(string))
	if third, answer := ask(t, s, "GET", "/v1/sessions?"+query.Encode(), "at_good_secret", ""); third != "200 complete" || answer["removed_ids"] != nil {
		t.Errorf("nothing since: got %s, removed %v", third, answer["removed_ids"])
	}
}

func TestPurge(t *testing.T) {
	d := dataset()
	d.Sessions = []boundarytest.Session{
		{ID: "s_old", ScopeID: "p_1", Status: "terminated", UpdatedTime: "2026-10-01T05:59:00Z", States: []boundarytest.State{{Status: "terminated", StartTime: "2026-10-01T05:00:00Z"}}},
		{ID: "s_young", ScopeID: "p_1", Status: "terminated", States: []boundarytest.State{{Status: "terminated", StartTime: "2026-10-01T05:00:01Z"}}},
		{ID: "s_runs", ScopeID: "p_1", Status: "active", States: []boundarytest.State{{Status: "active", StartTime: "2026-09-01T05:00:00Z"}}},
	}
	s := boundarytest.NewServer(d)
	s.Purge()
	if got, _ := ask(t, s, "GET", "/v1/sessions?scope_id=p_1&include_terminated=true", "at_good_secret", ""); got != "200 s_young s_runs complete" {
		t.Errorf("after a purge at 06:00: got %s, want s_young and s_runs", got)
	}
}

func TestIntercept(t *testing.T) {
	s := boundarytest.NewServer(dataset())
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusTeapot)
		return r.URL.Path == "/v1/scopes"
	})
	if got, _ := ask(t, s, "GET", "/v1/scopes", "", ""); got != "418" {
		t.Errorf("got %s, want 418", got)
	}
	if diff := cmp.Diff([]string{"GET /v1/scopes"}, s.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestLoad(t *testing.T) {
	for name, tc := range map[string]struct {
		file, content, want string
	}{
		"nothing":       {"README.md", "x", ""},
		"unknown field": {"sessions.json", `[{"id":"s_1","colour":"red"}]`, `read "sessions.json": json: unknown field "colour"`},
		"two documents": {"scopes.json", `[] []`, `read "scopes.json": more than one JSON document`},
		"no JSON":       {"targets.json", `{`, `read "targets.json": unexpected EOF`},
		"a wrong field": {"users.json", `[{"id":"u_1","colour":"red"}]`, `read "users.json": user "u_1": unknown field "colour"`},
		"no id":         {"groups.json", `[{"name":"x"}]`, `read "groups.json": a group has no id`},
		"no parent":     {"hosts.json", `[{"id":"hst_1"}]`, `read "hosts.json": host "hst_1" has no host_catalog_id`},
		"a number":      {"sessions.json", `[{"connections":[{"bytes_up":7}]}]`, `read "sessions.json": json: invalid use of ,string struct tag, trying to unmarshal unquoted value into int64`},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if _, err := boundarytest.Load(fstest.MapFS{tc.file: {Data: []byte(tc.content)}}); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("error: got %q, want %q", got, tc.want)
			}
		})
	}
}
