package boundarytest

import (
	"net/http"
	"slices"
)

// listScopes is GET /v1/scopes.
//
// In the source: the list gives the scopes within the one that is asked, never that one itself, each with the collections that
// the caller may list or create in it (authorized_collection_actions).
func (s *Server) listScopes(w http.ResponseWriter, r *http.Request) {
	user := s.caller(r)
	var all []resource
	for _, x := range s.data.Scopes {
		x.CollectionActions = s.collectionActions(user, x.ID, x.Type)
		all = append(all, resource{id: x.ID, scope: x.ScopeID, created: x.CreatedTime, updated: x.UpdatedTime, body: x})
	}
	s.list(w, r, scopeCollection, all)
}

// readScope is GET /v1/scopes/{id}.
//
// Documented: as for a session; global can be read too, and lies in itself.
func (s *Server) readScope(w http.ResponseWriter, r *http.Request) {
	scope := Scope{ID: global, Type: global, Name: global, Description: "Global Scope", Scope: &ScopeInfo{ID: global, Type: global, Name: global}}
	parent := global
	if id := r.PathValue("id"); id != global {
		i := slices.IndexFunc(s.data.Scopes, func(x Scope) bool { return x.ID == id })
		if i < 0 {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		scope = s.data.Scopes[i]
		parent = scope.ScopeID
	}
	scope.CollectionActions = s.collectionActions(s.caller(r), scope.ID, scope.Type)
	s.read(w, r, "scope", parent, scope)
}

// listTargets is GET /v1/targets.
//
// In the source: a list leaves out host sources and credential sources.
func (s *Server) listTargets(w http.ResponseWriter, r *http.Request) {
	var all []resource
	for _, x := range s.data.Targets {
		x.HostSourceIDs, x.HostSources = nil, nil
		x.BrokeredCredentialSourceIDs, x.BrokeredCredentialSources = nil, nil
		x.InjectedCredentialSourceIDs, x.InjectedCredentialSources = nil, nil
		all = append(all, resource{id: x.ID, scope: x.ScopeID, created: x.CreatedTime, updated: x.UpdatedTime, body: x})
	}
	s.list(w, r, targetCollection, all)
}

// listSessions is GET /v1/sessions.
//
// Documented: terminated sessions come only with include_terminated, whose default is false; like every parameter but the
// list token it must be given with each page. In the source: a list leaves out connections.
func (s *Server) listSessions(w http.ResponseWriter, r *http.Request) {
	terminated := r.URL.Query().Get("include_terminated") == "true"
	var all []resource
	for _, x := range s.data.Sessions {
		if x.Status == "terminated" && !terminated {
			continue
		}
		x.Connections = nil
		all = append(all, resource{id: x.ID, scope: x.ScopeID, created: x.CreatedTime, updated: x.UpdatedTime, body: x})
	}
	s.list(w, r, sessionCollection, all)
}

// readSession is GET /v1/sessions/{id}.
//
// Documented: the answer is the bare resource, with its connections. An id that does not exist is 404, before any question of
// permission.
func (s *Server) readSession(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(s.data.Sessions, func(x Session) bool { return x.ID == r.PathValue("id") })
	if i < 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.read(w, r, "session", s.data.Sessions[i].ScopeID, s.data.Sessions[i])
}

// readTarget is GET /v1/targets/{id}.
//
// Documented: as for a session, with host sources and credential sources.
func (s *Server) readTarget(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(s.data.Targets, func(x Target) bool { return x.ID == r.PathValue("id") })
	if i < 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.read(w, r, "target", s.data.Targets[i].ScopeID, s.data.Targets[i])
}

func (s *Server) read(w http.ResponseWriter, r *http.Request, typ, scope string, body any) {
	user := s.caller(r)
	if !s.may(user, "read", typ, scope) {
		refuse(w, user, false)
		return
	}
	writeJSON(w, http.StatusOK, body)
}
