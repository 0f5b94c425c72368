package boundarytest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Resource is one resource as a single read returns it, without what the server adds.
type Resource map[string]any

func (x Resource) text(field string) string {
	s, _ := x[field].(string)
	return s
}

// collection is one type of resources.
type collection struct {
	name    string   // in paths: "users"
	typ     string   // in grants: "user"
	lives   []string // types of the scopes that it lies in
	roots   []string // types of scopes that a list may begin at, recursive or not; nil: any
	parent  string   // field and parameter that name the parent; empty where lists go by scope
	parents []string // prefixes of parents that have such
	single  []string // fields of single reads only
	fields  []string // all others
	of      func(*Dataset) *[]Resource
}

const (
	global  = "global"
	org     = "org"
	project = "project"
)

// common are the fields that every resource may have.
var common = []string{"id", "scope_id", "scope", "name", "description", "created_time", "updated_time", "version", "type", "attributes", "authorized_actions"}

// collections are all types but scopes, targets and sessions, which have types of their own.
//
// Documented, with the fields as of 2026-11: where a resource lives, by which parent it is listed, and which fields only a
// single read has. In the source: users, auth methods and recordings are listed from global or an org on only; managed groups are those of
// OIDC and LDAP methods, and libraries those of Vault stores: for other parents the list is a 400.
var collections = []collection{
	{name: "users", typ: "user", lives: []string{global, org}, roots: []string{global, org}, single: []string{"account_ids", "accounts"},
		fields: []string{"login_name", "full_name", "email", "primary_account_id"}, of: func(d *Dataset) *[]Resource { return &d.Users }},
	{name: "groups", typ: "group", lives: []string{global, org, project}, single: []string{"member_ids", "members"}, of: func(d *Dataset) *[]Resource { return &d.Groups }},
	{name: "roles", typ: "role", lives: []string{global, org, project}, single: []string{"grant_scope_ids", "grant_scope_id", "principal_ids", "principals", "grant_strings", "grants"},
		of: func(d *Dataset) *[]Resource { return &d.Roles }},
	{name: "auth-methods", typ: "auth-method", lives: []string{global, org}, roots: []string{global, org}, fields: []string{"is_primary"}, of: func(d *Dataset) *[]Resource { return &d.AuthMethods }},
	{name: "accounts", typ: "account", lives: []string{global, org}, parent: "auth_method_id", single: []string{"managed_group_ids"}, of: func(d *Dataset) *[]Resource { return &d.Accounts }},
	{name: "managed-groups", typ: "managed-group", lives: []string{global, org}, parent: "auth_method_id", parents: []string{"amoidc_", "amldap_"}, single: []string{"member_ids"},
		of: func(d *Dataset) *[]Resource { return &d.ManagedGroups }},
	{name: "credential-stores", typ: "credential-store", lives: []string{project}, of: func(d *Dataset) *[]Resource { return &d.CredentialStores }},
	{name: "credential-libraries", typ: "credential-library", lives: []string{project}, parent: "credential_store_id", parents: []string{"csvlt_"},
		fields: []string{"credential_type", "credential_mapping_overrides"}, of: func(d *Dataset) *[]Resource { return &d.CredentialLibraries }},
	{name: "host-catalogs", typ: "host-catalog", lives: []string{project}, fields: []string{"plugin", "plugin_id", "secrets_hmac"}, of: func(d *Dataset) *[]Resource { return &d.HostCatalogs }},
	{name: "hosts", typ: "host", lives: []string{project}, parent: "host_catalog_id", fields: []string{"plugin", "host_set_ids", "ip_addresses", "dns_names", "external_id", "external_name"},
		of: func(d *Dataset) *[]Resource { return &d.Hosts }},
	{name: "session-recordings", typ: "session-recording", lives: []string{global, org}, roots: []string{global, org}, single: []string{"connection_recordings", "create_time_values"},
		fields: []string{"session_id", "storage_bucket_id", "bytes_up", "bytes_down", "start_time", "end_time", "duration", "state", "error_details", "mime_types", "endpoint", "retain_until", "delete_after"},
		of:     func(d *Dataset) *[]Resource { return &d.Recordings }},
}

var (
	scopeCollection   = collection{name: "scopes", typ: "scope", lives: []string{global, org}, roots: []string{global, org}}
	targetCollection  = collection{name: "targets", typ: "target", lives: []string{project}}
	sessionCollection = collection{name: "sessions", typ: "session", lives: []string{project}}
)

// file is where Load finds the resources of a collection.
func (c collection) file() string { return c.name + ".json" }

// check says what is wrong with a resource of the dataset.
func (c collection) check(x Resource) error {
	if x.text("id") == "" {
		return fmt.Errorf("a %s has no id", c.typ)
	}
	for field := range x {
		if !slices.Contains(common, field) && !slices.Contains(c.fields, field) && !slices.Contains(c.single, field) && field != c.parent {
			return fmt.Errorf("%s %q: unknown field %q", c.typ, x.text("id"), field)
		}
	}
	if c.parent != "" && x.text(c.parent) == "" {
		return fmt.Errorf("%s %q has no %s", c.typ, x.text("id"), c.parent)
	}
	return nil
}

// scopeOf returns the scope of a resource: its own, or that of its parent.
func (s *Server) scopeOf(c collection, x Resource) string {
	if id := x.text("scope_id"); id != "" {
		return id
	}
	if scope, ok := x["scope"].(map[string]any); ok {
		return Resource(scope).text("id")
	}
	return s.parentScope(x.text(c.parent))
}

// parentScope returns the scope of the resource id, empty if there is none.
func (s *Server) parentScope(id string) string {
	for _, c := range collections {
		for _, x := range *c.of(&s.data) {
			if x.text("id") == id && c.parent == "" {
				return s.scopeOf(c, x)
			}
		}
	}
	return ""
}

// listOf is GET /v1/{collection}.
//
// Documented: a list leaves out the fields that need another query of the database; for a collection with a parent, the parent is
// named by a parameter and there is no recursion. An auth method, a credential store and a host catalog say what may be
// listed in them.
func (s *Server) listOf(c collection) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c.name == "session-recordings" && s.data.Recordings == nil {
			writeError(w, http.StatusMethodNotAllowed, "Unimplemented", "Session Recordings are an Enterprise-only feature")
			return
		}
		var all []resource
		for _, x := range *c.of(&s.data) {
			if c.parent != "" && x.text(c.parent) != r.URL.Query().Get(c.parent) {
				continue
			}
			shown := s.show(c, x)
			for _, field := range c.single {
				delete(shown, field)
			}
			all = append(all, resource{id: x.text("id"), scope: s.scopeOf(c, x), created: x.text("created_time"), updated: x.text("updated_time"), body: shown})
		}
		s.list(w, r, c, all)
	}
}

// readOf is GET /v1/{collection}/{id}.
//
// Documented: as for a session.
func (s *Server) readOf(c collection) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		i := slices.IndexFunc(*c.of(&s.data), func(x Resource) bool { return x.text("id") == r.PathValue("id") })
		if i < 0 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		x := (*c.of(&s.data))[i]
		s.read(w, r, c.typ, s.scopeOf(c, x), s.show(c, x))
	}
}

// show is a resource as it is answered: zero values are left out, and its scope is told.
func (s *Server) show(c collection, x Resource) Resource {
	out := maps.Clone(x)
	maps.DeleteFunc(out, func(_ string, v any) bool {
		list, isList := v.([]any)
		return v == nil || v == "" || v == false || v == 0.0 || isList && len(list) == 0
	})
	if _, told := out["scope"]; !told {
		out["scope"] = s.scopeInfo(s.scopeOf(c, x))
	}
	return out
}

func (s *Server) scopeInfo(id string) ScopeInfo {
	for _, x := range s.data.Scopes {
		if x.ID == id {
			return ScopeInfo{ID: x.ID, Type: x.Type, Name: x.Name, Description: x.Description, ParentScopeID: x.ScopeID}
		}
	}
	return ScopeInfo{ID: global, Type: global, Name: global, Description: "Global Scope"}
}

// collectionActions is what user may do with the collections of a scope.
//
// In the source: of each type that lives in such a scope, whether it may be listed; what may not is not named.
func (s *Server) collectionActions(user, scope, scopeType string) map[string][]string {
	actions := map[string][]string{}
	for _, c := range append([]collection{scopeCollection, targetCollection, sessionCollection}, collections...) {
		if c.parent == "" && slices.Contains(c.lives, scopeType) && s.may(user, "list", c.typ, scope) {
			actions[c.name] = []string{"list"}
		}
	}
	return actions
}

// mayHave says whether id may be a parent of such resources.
func (c collection) mayHave(id string) bool {
	return len(c.parents) == 0 || slices.ContainsFunc(c.parents, func(p string) bool { return strings.HasPrefix(id, p) })
}
