package boundary

import (
	"net/url"
	"slices"
	"strings"

	"auditpack/evidence"
)

// The types of scopes.
const (
	scopeGlobal  = "global"
	scopeOrg     = "org"
	scopeProject = "project"
)

// listRequest is one list: recursive from the configured scope on, or of all that one parent has.
type listRequest struct {
	name   string        // of the collection, in the path and of the part: "sessions"
	label  string        // of the part instead of name
	one    string        // of its resources, as grants name it: "session"
	kind   evidence.Kind // of the record of its pages
	reads  evidence.Kind // of the record of single reads; empty where the list shows all that is wanted
	lives  []string      // types of the scopes that such resources lie in; empty with a parent
	parent string        // parameter that names the parent, "auth_method_id"; empty for a recursive list
	within string        // id of the parent
	extra  url.Values    // parameters beside scope_id or the parent, recursive and page_size
	rare   bool          // only some editions and versions have it: 404 says that this one has not
	from   string        // which list token the list begins with; empty for none
	secret string        // key of a value that is taken out of the answer before it is stored; empty for none
	notes  []string      // limits that Boundary states of this list
}

// path is where the list is asked for, and below which each of its resources is.
func (l listRequest) path() string { return "/v1/" + l.name }

// grant is what the list and the single reads need, as Boundary writes it. docs/sources/boundary.md explains it.
func (l listRequest) grant() string { return "ids=*;type=" + l.one + ";actions=list,read" }

// readsPart is the part that stands for all single reads.
func (l listRequest) readsPart() string { return l.one + " reads" }

// of returns the list of what the parent id has.
func (l listRequest) of(id string) listRequest {
	l.within = id
	return l
}

// part is the name of the part that says how this one list went.
func (l listRequest) part() string {
	switch {
	case l.label != "":
		return l.label
	case l.within != "":
		return l.name + " of " + l.within
	}
	return l.name
}

// file is what names of its pages begin with.
func (l listRequest) file() string {
	return strings.ReplaceAll(strings.ReplaceAll(l.part(), " of ", "-"), " ", "-")
}

// asks says whether there can be any such resource in or below a scope of the type root.
func (l listRequest) asks(root string) bool {
	return root == scopeGlobal || slices.Contains(l.lives, root) || root == scopeOrg && slices.Contains(l.lives, scopeProject)
}

// beginning says for the record where the list begins.
func (l listRequest) beginning() string {
	switch {
	case l.from != "":
		return " and " + l.from
	case l.parent != "":
		return " for each " + l.parent
	}
	return ""
}

// What Boundary says of itself and no answer repeats.
const (
	noteVisible = "A recursive list leaves out, without saying so, the scopes in which the token may not list; scopes that it may not even see are unknown."
	noteSources = "A list of targets leaves out host sources and credential sources; each target is read by itself for them."
	noteMembers = "A list leaves out members, principals, grants and accounts; each item is read by itself for them."
	noteSecrets = "Boundary returns no secret of a credential store or library, except that the request body of a library is taken out here."
)

// The lists that every collection asks for.
var (
	scopesRequest = listRequest{name: "scopes", one: "scope", kind: kindScopes, lives: []string{scopeGlobal, scopeOrg},
		notes: []string{noteVisible}}
	targetsRequest = listRequest{name: "targets", one: "target", kind: kindTargets, reads: kindTarget, lives: []string{scopeProject},
		notes: []string{noteVisible, noteSources}}
	sessionsRequest = listRequest{name: "sessions", one: "session", kind: kindSessions, reads: kindSession, lives: []string{scopeProject},
		extra: url.Values{"include_terminated": {"true"}},
		notes: []string{noteVisible, "A list of sessions leaves out connections; each session is read by itself for them."}}
	changesRequest = listRequest{name: "sessions", label: "session changes", one: "session", kind: kindChanges, lives: []string{scopeProject}, extra: sessionsRequest.extra,
		from: "the list_token with which the complete list of the collection before ended",
		notes: []string{
			"removed_ids are of all scopes, also of those in which the token may not list. Boundary looks back 30 seconds, so items of before may come again.",
			"Boundary says that changes made during a refresh may be missing in it. The list of sessions beside it is complete by itself; this shows what Boundary deleted.",
		}}
)

// The lists of what changes seldom, in the order in which they are asked for.
var (
	usersRequest       = listRequest{name: "users", one: "user", kind: kindUsers, reads: kindUser, lives: []string{scopeGlobal, scopeOrg}, notes: []string{noteVisible, noteMembers}}
	groupsRequest      = listRequest{name: "groups", one: "group", kind: kindGroups, reads: kindGroup, lives: []string{scopeGlobal, scopeOrg, scopeProject}, notes: []string{noteVisible, noteMembers}}
	rolesRequest       = listRequest{name: "roles", one: "role", kind: kindRoles, reads: kindRole, lives: []string{scopeGlobal, scopeOrg, scopeProject}, notes: []string{noteVisible, noteMembers}}
	authMethodsRequest = listRequest{name: "auth-methods", one: "auth-method", kind: kindAuthMethods, lives: []string{scopeGlobal, scopeOrg}, notes: []string{noteVisible}}
	accountsRequest    = listRequest{name: "accounts", one: "account", kind: kindAccounts, parent: "auth_method_id"}
	managedRequest     = listRequest{name: "managed-groups", one: "managed-group", kind: kindManagedGroups, reads: kindManagedGroup, parent: "auth_method_id",
		notes: []string{noteMembers, "Boundary works out the members of a managed group when they log in."}}
	storesRequest    = listRequest{name: "credential-stores", one: "credential-store", kind: kindStores, lives: []string{scopeProject}, notes: []string{noteVisible, noteSecrets}}
	librariesRequest = listRequest{name: "credential-libraries", one: "credential-library", kind: kindLibraries, parent: "credential_store_id",
		secret: "http_request_body", notes: []string{noteSecrets}}
	catalogsRequest   = listRequest{name: "host-catalogs", one: "host-catalog", kind: kindCatalogs, lives: []string{scopeProject}, notes: []string{noteVisible}}
	hostsRequest      = listRequest{name: "hosts", one: "host", kind: kindHosts, parent: "host_catalog_id"}
	recordingsRequest = listRequest{name: "session-recordings", rare: true, one: "session-recording", kind: kindRecordings, reads: kindRecording, lives: []string{scopeGlobal, scopeOrg},
		notes: []string{noteVisible, "What was recorded lies in a storage bucket and is not collected."}}
)

// branch is a list with what hangs on its items.
type branch struct {
	listRequest
	readsOnly bool // the list itself is asked for by every collection
	children  []child
}

// child is a list for each item of another list.
type child struct {
	listRequest
	only func(item) bool // of which items; nil: all
}

// branches are all lists of what changes seldom.
var branches = []branch{
	{listRequest: usersRequest},
	{listRequest: groupsRequest},
	{listRequest: rolesRequest},
	{listRequest: authMethodsRequest, children: []child{
		{listRequest: accountsRequest},
		{listRequest: managedRequest, only: func(it item) bool { return !it.is("password", "ampw_") }}, // Boundary refuses to list those of a password method
	}},
	{listRequest: targetsRequest, readsOnly: true},
	{listRequest: storesRequest, children: []child{
		{listRequest: librariesRequest, only: func(it item) bool { return it.is("vault", "csvlt_") }}, // a static store has none, and Boundary refuses to list them
	}},
	{listRequest: catalogsRequest, children: []child{{listRequest: hostsRequest}}},
	{listRequest: recordingsRequest},
}

// optionalParts are the names that skip takes.
func optionalParts() []string {
	var names []string
	for _, b := range branches {
		if b.readsOnly {
			names = append(names, b.readsPart())
			continue
		}
		names = append(names, b.name)
		for _, c := range b.children {
			names = append(names, c.name)
		}
	}
	return names
}

// is says whether an item has a type: by its field, or by the prefix of its id where the field is hidden.
func (it item) is(name, prefix string) bool {
	return it.Type == name || it.Type == "" && strings.HasPrefix(it.ID, prefix)
}

// scopeType is the type of the scope id.
func scopeType(id string) string {
	switch {
	case strings.HasPrefix(id, "p_"):
		return scopeProject
	case strings.HasPrefix(id, "o_"):
		return scopeOrg
	}
	return scopeGlobal
}
