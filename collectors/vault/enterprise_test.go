package vault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// fakeEnterprise is a Vault Enterprise with namespaces and replication, as strict as the pages of its API that are quoted above each
// handler. It knows one token, of the root namespace.
type fakeEnterprise struct {
	t          *testing.T
	namespaces map[string][]string // path without slashes around it: names of those directly below
	sealsAt    string              // a request that is refused as by a sealed server, and so is everything after it
	denied     []string            // requests that get 403: "team-a: sys/auth"
	keys       map[string][]string // lists: "team-a: sys/policies/acl"
	items      map[string]string   // data of single answers: "team-a: sys/policies/acl/x"

	mu    sync.Mutex
	asked []string // every request in order, as in denied
}

func newFakeEnterprise(t *testing.T) *fakeEnterprise {
	return &fakeEnterprise{
		t: t,
		namespaces: map[string][]string{
			"": {"team-a/", "team-b/"}, "team-a": {"dev/"}, "team-a/dev": {}, "team-b": {},
		},
		keys:  map[string][]string{},
		items: map[string]string{},
	}
}

func (f *fakeEnterprise) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	// "Namespaces": the header X-Vault-Namespace has the path of the namespace, relative to the root; a slash at its end is allowed.
	namespace := strings.Trim(r.Header.Get("X-Vault-Namespace"), "/")
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	name := namespace + ": " + path
	f.mu.Lock()
	f.asked = append(f.asked, name)
	sealed := f.sealsAt != "" && slices.Contains(f.asked, f.sealsAt)
	f.mu.Unlock()
	if sealed && path != "sys/health" {
		// "Sealed": 503 to everything that needs the storage.
		w.Header().Set("Retry-After", "0")
		f.fail(w, http.StatusServiceUnavailable, "Vault is sealed")
		return
	}
	switch path {
	case "sys/health":
		// "Health": no token is needed. sealedcode and the like choose the status of the answer.
		fmt.Fprintf(w, `{"initialized":true,"sealed":%t,"version":"1.21.1+ent","enterprise":true,"cluster_id":"c-1"}`, sealed)
		return
	case "sys/leader":
		// "Leader": no token is needed, and the fields are at the top.
		fmt.Fprint(w, `{"ha_enabled":true,"is_self":true,"active_time":"2026-07-01T08:00:00.5Z","leader_address":"https://10.0.0.1:8200/","leader_cluster_address":"https://10.0.0.1:8201/","performance_standby":false}`)
		return
	case "sys/replication/status":
		// "Check status" of replication: no token is needed; data has dr and performance, each with its mode, and a primary has its
		// known secondaries.
		f.data(w, `{"dr":{"mode":"disabled"},"performance":{"cluster_id":"p-1","known_secondaries":["eu-2"],"last_wal":291,"mode":"primary","primary_cluster_addr":"","state":"running"}}`)
		return
	}
	// "Authentication": a request without a valid token is answered 403.
	if _, ok := f.namespaces[namespace]; !ok || r.Header.Get("X-Vault-Token") != token || slices.Contains(f.denied, name) {
		f.fail(w, http.StatusForbidden, "permission denied")
		return
	}
	list := r.URL.Query().Get("list") == "true"
	switch {
	case path == "sys/audit" && namespace != "", path == "sys/ha-status" && namespace != "", path == "sys/version-history" && namespace != "":
		// "Namespaces": these paths are restricted to the root namespace. They answer 404 elsewhere.
		f.fail(w, http.StatusNotFound, "unsupported path")
	case path == "sys/namespaces":
		// "List namespaces": the operation is LIST, or GET with list=true. It returns the namespaces directly below the one that is
		// asked in, their names ending in a slash, with key_info; 404 without an error when there are none.
		if !list {
			f.fail(w, http.StatusMethodNotAllowed, "unsupported operation")
			return
		}
		below := f.namespaces[namespace]
		if len(below) == 0 {
			f.fail(w, http.StatusNotFound)
			return
		}
		info := map[string]any{}
		for _, b := range below {
			path := strings.TrimPrefix(namespace+"/", "/") + b
			info[b] = map[string]any{"id": "id-" + strings.Trim(b, "/"), "path": path, "custom_metadata": map[string]string{"owner": "x"}}
		}
		b, _ := json.Marshal(map[string]any{"keys": below, "key_info": info})
		f.data(w, string(b))
	case list:
		// Every list: names in data.keys, 404 without an error when there are none.
		keys := f.keys[name]
		if len(keys) == 0 {
			f.fail(w, http.StatusNotFound)
			return
		}
		b, _ := json.Marshal(map[string]any{"keys": keys})
		f.data(w, string(b))
	default:
		data, ok := f.items[name]
		if !ok && strings.HasPrefix(path, "sys/") && !strings.Contains(path, "/acl/") && !strings.HasSuffix(path, "/tune") {
			data, ok = `{}`, true
		}
		if !ok {
			f.fail(w, http.StatusNotFound)
			return
		}
		f.data(w, data)
	}
}

func (f *fakeEnterprise) data(w http.ResponseWriter, data string) {
	f.mu.Lock()
	n := len(f.asked)
	f.mu.Unlock()
	fmt.Fprintf(w, `{"request_id":"r-%d","data":%s,"auth":null}`, n, data)
}

func (f *fakeEnterprise) fail(w http.ResponseWriter, status int, errors ...string) {
	w.WriteHeader(status)
	b, _ := json.Marshal(map[string]any{"errors": append([]string{}, errors...)})
	w.Write(b)
}

// collect asks the fake and returns what came of it, with the store.
func (f *fakeEnterprise) collect(cfg Config) (collectors.Result, *memstore.Store) {
	f.t.Helper()
	server := httptest.NewServer(f)
	f.t.Cleanup(server.Close)
	cfg.Address = server.URL
	store := memstore.New()
	now := func() time.Time { return time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC) }
	return askAt(f.t, f.t.Context(), cfg, f.t.TempDir(), map[string]string{"VAULT_TOKEN": token}, store, now), store
}

func TestNamespaces(t *testing.T) {
	f := newFakeEnterprise(t)
	f.denied = []string{"team-b: sys/mounts"}
	f.items["team-a/dev: sys/auth"] = `{"approle/":{"type":"approle","accessor":"a-1"},"token/":{"type":"ns_token","accessor":"t-1"}}`
	f.items["team-b: sys/auth"] = `{}`
	f.keys["team-a/dev: auth/approle/role"] = []string{"ci"}
	f.items["team-a/dev: auth/approle/role/ci"] = `{"token_ttl":60,"token_policies":["dev"]}`
	f.keys["team-a: sys/policies/acl"] = []string{"admins"}
	f.items["team-a: sys/policies/acl/admins"] = `{"name":"admins","policy":"path \"*\" {}"}`
	f.keys[": sys/policies/acl"] = []string{"default"}
	f.items[": sys/policies/acl/default"] = `{"name":"default","policy":""}`
	for _, path := range []string{"auth/approle", "auth/token"} {
		f.items["team-a/dev: sys/mounts/"+path+"/tune"] = `{"default_lease_ttl":60,"max_lease_ttl":120}`
	}
	res, store := f.collect(Config{})
	got := outcomes(res)
	for part, want := range map[string]string{
		"sys/namespaces": "ok 3", "sys/audit": "ok 1", "sys/replication/status": "ok 1", "sys/leader": "ok 1", "sys/policies/acl": "ok 1",
		"team-a/: sys/policies/acl": "ok 1", "team-a/dev/: auth/approle/role": "ok 1", "team-a/dev/: auth/token/roles": "none 0",
		"team-a/dev/: tuning of mounts": "ok 2", "team-b/: roles of auth methods": "none 0",
		"team-b/: sys/mounts":                `denied 0: ask team-b/: sys/mounts: denied: needs path "team-b/sys/mounts" { capabilities = ["read"] }`,
		"team-b/: roles of secrets engines":  "denied 0",
		"team-a/dev/: identity/entity/id":    "none 0",
		"team-a/dev/: auth/token/accessors":  "none 0",
		"team-a/: identity/mfa/method":       "none 0",
		"team-a/: identity/entity-alias/id":  "none 0",
		"team-a/dev/: sys/policies/password": "none 0",
	} {
		if !strings.HasPrefix(got[part], want) {
			t.Errorf("%s: got %q, want %q", part, got[part], want)
		}
	}
	for part, outcome := range got {
		if strings.Contains(part, "/: sys/audit") || strings.Contains(part, "/: sys/ha-status") || strings.Contains(part, "/: own requests") {
			t.Errorf("%s: asked for below the top, got %q", part, outcome)
		}
	}
	db := factstest.Project(t, store, store)
	factstest.Check(t, db, "select parent, path, namespace_id, custom_metadata from vault_namespace order by path",
		` | team-a | id-team-a | {"owner":"x"}`, `team-a | team-a/dev | id-dev | {"owner":"x"}`, ` | team-b | id-team-b | {"owner":"x"}`)
	factstest.Check(t, db, "select namespace, name from vault_policy order by namespace", " | default", "team-a | admins")
	factstest.Check(t, db, "select namespace, path, type from vault_auth_method order by path", "team-a/dev | approle/ | approle", "team-a/dev | token/ | ns_token")
	factstest.Check(t, db, "select namespace, mount, collection, role, token_ttl, policies from vault_auth_role", "team-a/dev | auth/approle/ | role | ci | 60 | [dev]")
	factstest.Check(t, db, "select namespace, path, max_lease_ttl from vault_tuning order by path", "team-a/dev | auth/approle/ | 120", "team-a/dev | auth/token/ | 120")
	factstest.Check(t, db, "select replication, mode, state, known_secondaries, last_wal from vault_replication order by replication",
		"dr | disabled | - | [] | -", "performance | primary | running | [eu-2] | 291")
	factstest.Check(t, db, "select ha_enabled, is_self, active_since from vault_leader", "true | true | 2026-07-01T08:00:00.5Z")
}

// A source that names a namespace asks in it and below it, and policies of its token name paths from there.
func TestNamespaceOfTheSource(t *testing.T) {
	f := newFakeEnterprise(t)
	f.denied = []string{"team-a/dev: sys/auth", "team-a: sys/auth"}
	res, _ := f.collect(Config{Namespace: "team-a/"})
	got := outcomes(res)
	for part, want := range map[string]string{
		"team-a/: sys/namespaces":  "ok 1",
		"team-a/: sys/audit":       "not-offered 0",
		"team-a/: sys/auth":        `denied 0: ask team-a/: sys/auth: denied: needs path "sys/auth" {`,
		"team-a/dev/: sys/auth":    `denied 0: ask team-a/dev/: sys/auth: denied: needs path "dev/sys/auth" {`,
		"team-a/dev/: sys/mounts":  "ok 1",
		"team-a/: sys/seal-status": "ok 1",
	} {
		if !strings.HasPrefix(got[part], want) {
			t.Errorf("%s: got %q, want %q", part, got[part], want)
		}
	}
	for _, name := range f.asked {
		if strings.HasPrefix(name, ": ") || strings.HasPrefix(name, "team-b") {
			t.Errorf("asked %q, outside of team-a", name)
		}
	}
}

// A server that is sealed while its namespaces are walked is not asked for the others.
func TestSealedBetweenNamespaces(t *testing.T) {
	f := newFakeEnterprise(t)
	for i := range 20 {
		name := fmt.Sprintf("ns-%02d", i)
		f.namespaces[""] = append(f.namespaces[""], name+"/")
		f.namespaces[name] = nil
	}
	f.sealsAt = "team-b: sys/namespaces"
	res, _ := f.collect(Config{})
	got := outcomes(res)
	for part, want := range map[string][]string{
		"sys/namespaces":     {"failed 23", `below "team-b": status 503`, "below 21 more was not asked: vault was sealed"},
		"ns-19/: sys/mounts": {"failed 0", "vault was sealed"},
	} {
		for _, text := range want {
			if !strings.Contains(got[part], text) {
				t.Errorf("%s: got %q, want %q", part, got[part], text)
			}
		}
	}
	for _, name := range f.asked {
		if strings.HasPrefix(name, "ns-") {
			t.Errorf("asked %q of a sealed server", name)
		}
	}
}

// A name of a list that is a folder is not gone: what is in it is missing, and that is said.
func TestFoldersThatAreNotRead(t *testing.T) {
	f := newFakeEnterprise(t)
	f.items[": sys/auth"] = `{}`
	f.items[": sys/mounts"] = `{"openldap/":{"type":"openldap"},"ldap/":{"type":"ldap"}}`
	f.keys[": openldap/role"] = []string{"a", "team/", "z"}
	f.keys[": ldap/role"] = []string{"team/"}
	f.keys[": ldap/role/team"] = []string{"b"}
	for _, path := range []string{"openldap/role/a", "openldap/role/z", "ldap/role/team/b"} {
		f.items[": "+path] = `{"default_ttl":60}`
	}
	res, _ := f.collect(Config{})
	got := outcomes(res)
	for part, want := range map[string]string{
		"openldap/role": `failed 2: ask openldap/role: role "team/": it is a folder, and what is in it was not asked for: status 404`,
		"ldap/role":     "ok 1",
	} {
		if !strings.HasPrefix(got[part], want) {
			t.Errorf("%s: got %q, want %q", part, got[part], want)
		}
	}
}

// Mounts that are named as a list is, and names that hold slashes.
func TestRolesOfOddNames(t *testing.T) {
	f := newFakeEnterprise(t)
	f.items[": sys/auth"] = `{"users/":{"type":"ldap"},"role/":{"type":"approle"},"team/users/":{"type":"ldap"},"okta/":{"type":"okta"}}`
	f.items[": sys/mounts"] = `{"roles/":{"type":"database"},"ldap/":{"type":"ldap"},"team/role/":{"type":"terraform"}}`
	f.keys[": auth/users/groups"] = []string{"ops/users/all"}
	f.items[": auth/users/groups/ops/users/all"] = `{"policies":["ops"]}`
	f.items[": auth/users/config"] = `{"token_ttl":60}`
	f.keys[": auth/role/role"] = []string{"ci"}
	f.items[": auth/role/role/ci"] = `{"token_ttl":60}`
	f.keys[": auth/team/users/groups"] = []string{"x"}
	f.items[": auth/team/users/config"] = `{"token_ttl":60}`
	f.keys[": auth/okta/groups"] = []string{"a/b"}
	f.denied = []string{": auth/okta/groups/a/b"}
	f.keys[": roles/roles"] = []string{"app"}
	f.items[": roles/roles/app"] = `{"default_ttl":60}`
	f.keys[": ldap/role"] = []string{"team/"}
	f.keys[": ldap/role/team"] = []string{"role/"}
	f.keys[": ldap/role/team/role"] = []string{"b"}
	f.items[": ldap/role/team/role/b"] = `{"default_ttl":60}`
	f.keys[": team/role/role"] = []string{"gone"}
	res, store := f.collect(Config{Skip: []string{sectionNamespaces}})
	if got := outcomes(res)["auth/okta/groups"]; !strings.Contains(got, `path "auth/okta/groups/*" { capabilities = ["read"] }`) {
		t.Errorf("okta: got %q", got)
	}
	db := factstest.Project(t, store, store)
	factstest.Check(t, db, "select mount, collection, role from vault_auth_role order by mount, collection",
		"auth/role/ | role | ci", "auth/team/users/ | config | -", "auth/users/ | config | -", "auth/users/ | groups | ops/users/all")
	factstest.Check(t, db, "select mount, collection, role from vault_engine_role order by mount", "ldap/ | role | team/role/b", "roles/ | roles | app")
}

func TestSkip(t *testing.T) {
	f := newFakeEnterprise(t)
	res, _ := f.collect(Config{Skip: sections})
	var parts []string
	for _, p := range res.Entry.Parts {
		parts = append(parts, p.Part)
	}
	if got, want := strings.Join(parts, ", "), "own requests, sys/audit, sys/auth, sys/health, sys/mounts, sys/policies/acl"; got != want {
		t.Errorf("got parts %s, want %s", got, want)
	}
}
