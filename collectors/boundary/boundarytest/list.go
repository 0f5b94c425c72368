package boundarytest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxPageSize   = 1000
	listTokenLife = 30 * 24 * time.Hour
	lookBack      = 30 * time.Second // of a refresh, because transactions end out of order
)

// listToken is what the opaque token of a list holds: where the list stands, and none of the request's other parameters.
type listToken struct {
	Resource string    `json:"r"`
	Made     time.Time `json:"m"`           // when the list began, or the refresh before this one
	Next     time.Time `json:"n,omitzero"`  // when this refresh began
	Grants   int       `json:"g"`           // under which grants
	Created  string    `json:"c,omitempty"` // created_time (in a refresh: updated_time) and id of the last item
	ID       string    `json:"i,omitempty"`
	Refresh  bool      `json:"f,omitempty"` // the list was complete: only what changed since is wanted
}

func (t listToken) encode() string {
	b, _ := json.Marshal(t) // strings and times: cannot fail
	return base64.RawURLEncoding.EncodeToString(b)
}

// resource is one item of a list.
type resource struct {
	id, scope, created, updated string
	body                        any // as a list shows it
}

// answer is the body of a list.
type answer struct {
	Items        []any    `json:"items,omitempty"`
	ResponseType string   `json:"response_type,omitempty"`
	ListToken    string   `json:"list_token,omitempty"`
	SortBy       string   `json:"sort_by,omitempty"`
	SortDir      string   `json:"sort_dir,omitempty"`
	RemovedIDs   []string `json:"removed_ids,omitempty"`
	EstItemCount uint32   `json:"est_item_count,omitempty"`
}

// list answers a list request for resources of typ, all of which are given.
//
// Documented and in the source: scope_id must be one in which such resources live (scopes live in global and orgs only), or
// recursive must be set. A recursive list
// silently leaves out scopes in which the caller may not list, and is refused only when no scope is left. Items are ordered by
// created_time, then id, both descending. A page has at most 1000 items, and a larger page_size is cut without a word. The
// list token says where the list stands and for which resource; it is refused with 400 "invalid list token" after 30 days and
// when grants changed, and one that cannot be read is a 500. A page that is not the last has response_type delta, the last
// one complete, and both have a list token: that of a complete list begins a refresh. An empty first page has neither items
// nor response_type nor token. est_item_count is the database's estimate over all scopes.
func (s *Server) list(w http.ResponseWriter, r *http.Request, c collection, all []resource) {
	q := r.URL.Query()
	size, recursive, scope, ok := listParameters(w, q, c)
	if !ok {
		return
	}
	if c.parent != "" {
		if scope = s.parentScope(q.Get(c.parent)); scope == "" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
	}
	if scope != "global" && !slices.ContainsFunc(s.data.Scopes, func(x Scope) bool { return x.ID == scope }) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	user := s.caller(r)
	visible := s.visibleScopes(user, c.typ, scope, recursive)
	if len(visible) == 0 {
		refuse(w, user, recursive)
		return
	}
	at := listToken{Resource: c.typ, Made: s.now(), Grants: s.grantsAt}
	first := q.Get("list_token") == ""
	if !first {
		if at, ok = s.readListToken(w, q.Get("list_token"), c.typ); !ok {
			return
		}
	}
	estimate := uint32(len(all))
	items := slices.DeleteFunc(slices.Clone(all), func(x resource) bool { return !slices.Contains(visible, x.scope) })
	if at.Refresh {
		s.refresh(w, at, c, size, items, estimate)
		return
	}
	slices.SortFunc(items, func(a, b resource) int {
		if c := instant(b.created).Compare(instant(a.created)); c != 0 {
			return c
		}
		return strings.Compare(b.id, a.id)
	})
	if !first {
		items = slices.DeleteFunc(items, func(x resource) bool {
			c := instant(x.created).Compare(instant(at.Created))
			return c > 0 || c == 0 && x.id >= at.ID
		})
	}
	if first && len(items) == 0 {
		writeJSON(w, http.StatusOK, answer{})
		return
	}
	page := items[:min(size, len(items))]
	out := answer{ResponseType: "complete", SortBy: "created_time", SortDir: "desc", EstItemCount: estimate}
	next := at
	if len(items) > len(page) {
		out.ResponseType = "delta"
		next.Created, next.ID = page[len(page)-1].created, page[len(page)-1].id
	} else {
		next.Refresh, next.Created, next.ID = true, "", ""
	}
	for _, x := range page {
		out.Items = append(out.Items, x.body)
	}
	out.ListToken = next.encode()
	writeJSON(w, http.StatusOK, out)
}

// listParameters reads page_size, recursive and scope_id or the parent, or answers that they are wrong.
func listParameters(w http.ResponseWriter, q url.Values, c collection) (size int, recursive bool, scope string, ok bool) {
	refuse := func(message string, field, description string) (int, bool, string, bool) {
		writeError(w, http.StatusBadRequest, "InvalidArgument", message, fieldError{field, description})
		return 0, false, "", false
	}
	const wrong, malformed = "Error in provided request.", "Improperly formatted identifier."
	known := []string{"page_size", "list_token", "filter"}
	if c.parent != "" {
		known = append(known, c.parent)
	} else {
		known = append(known, "scope_id", "recursive")
	}
	if c.typ == "session" {
		known = append(known, "include_terminated")
	}
	for name := range q {
		if !slices.Contains(known, name) {
			return refuse(wrong, name, "Unknown parameter.")
		}
	}
	size = maxPageSize
	if v := q.Get("page_size"); v != "" {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			return refuse(wrong, "page_size", "Must be an unsigned integer.")
		}
		if n > 0 {
			size = int(min(n, maxPageSize))
		}
	}
	if c.parent != "" {
		if id := q.Get(c.parent); id == "" || !c.mayHave(id) {
			return refuse(malformed, c.parent, "Invalid formatted identifier.")
		}
		return size, false, "", true
	}
	recursive, scope = q.Get("recursive") == "true", q.Get("scope_id")
	if scope == "" && c.typ == "scope" {
		scope = global
	}
	if c.roots != nil && strings.HasPrefix(scope, "p_") {
		return refuse(malformed, "scope_id", "This field must be 'global' or a valid org scope id.")
	}
	if slices.Equal(c.lives, []string{project}) && !recursive && !strings.HasPrefix(scope, "p_") {
		return refuse(malformed, "scope_id", "This field must be a valid project scope ID or the list operation must be recursive.")
	}
	if scope == "" {
		scope = global
	}
	return size, recursive, scope, true
}

// visibleScopes returns the scopes, of root and with recursive those below it, in which user may list resources of typ.
func (s *Server) visibleScopes(user, typ, root string, recursive bool) []string {
	var visible []string
	for _, id := range append([]string{"global"}, scopeIDs(s.data.Scopes)...) {
		if (id == root || recursive && s.below(id, root)) && s.may(user, "list", typ, id) {
			visible = append(visible, id)
		}
	}
	return visible
}

func scopeIDs(scopes []Scope) (ids []string) {
	for _, x := range scopes {
		ids = append(ids, x.ID)
	}
	return ids
}

func (s *Server) readListToken(w http.ResponseWriter, token, typ string) (listToken, bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	var t listToken
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	if err != nil {
		writeError(w, http.StatusInternalServerError, "Internal", "listtoken.ParseListToken: unable to decode")
		return t, false
	}
	if t.Resource != typ || t.Grants != s.grantsAt || s.now().Sub(t.Made) > listTokenLife {
		writeError(w, http.StatusBadRequest, "invalid list token", "The list token is not valid for this request.")
		return t, false
	}
	return t, true
}

// refresh answers a list request with the token of a complete list, or of a page of a refresh.
//
// Documented: it gives what was updated since, the newest change first, in pages as a list does, and on its first page, in
// removed_ids, what was deleted since. In the source: it looks back 30 seconds, which repeats items, and removed_ids are of all scopes.
func (s *Server) refresh(w http.ResponseWriter, at listToken, c collection, size int, items []resource, estimate uint32) {
	first := at.ID == ""
	since := at.Made.Add(-lookBack)
	out := answer{ResponseType: "complete", SortBy: "updated_time", SortDir: "desc", EstItemCount: estimate}
	items = slices.DeleteFunc(items, func(x resource) bool {
		after := instant(x.updated).Compare(instant(at.Created))
		return instant(x.updated).Before(since) || !first && (after > 0 || after == 0 && x.id >= at.ID)
	})
	slices.SortFunc(items, func(a, b resource) int {
		if c := instant(b.updated).Compare(instant(a.updated)); c != 0 {
			return c
		}
		return strings.Compare(b.id, a.id)
	})
	page := items[:min(size, len(items))]
	for _, x := range page {
		out.Items = append(out.Items, x.body)
	}
	if first {
		at.Next = s.now()
		for _, x := range s.removed {
			if x.typ == c.typ && !x.at.Before(since) {
				out.RemovedIDs = append(out.RemovedIDs, x.id)
			}
		}
	}
	if len(items) > len(page) {
		out.ResponseType = "delta"
		at.Created, at.ID = page[len(page)-1].updated, page[len(page)-1].id
	} else {
		at.Made, at.Created, at.ID, at.Next = at.Next, "", "", time.Time{}
	}
	out.ListToken = at.encode()
	writeJSON(w, http.StatusOK, out)
}

// instant reads a time of the dataset; what is none sorts first.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
