package boundarytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Server is the controller, an http.Handler. It is safe for concurrent use.
type Server struct {
	mux *http.ServeMux
	now func() time.Time

	mu        sync.Mutex
	data      Dataset
	removed   []removal // what was deleted
	logins    int
	grantsAt  int // raised when grants change: older list tokens are stale
	intercept func(http.ResponseWriter, *http.Request) bool
	requests  []string
}

type removal struct {
	typ, id string
	at      time.Time
}

var _ http.Handler = (*Server)(nil)

// NewServer serves d. Its clock stands at the end of 2026-Q3 unless At moves it.
func NewServer(d Dataset) *Server {
	s := &Server{mux: http.NewServeMux(), data: d}
	s.At(time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC))
	s.mux.HandleFunc("GET /v1/scopes", s.listScopes)
	s.mux.HandleFunc("GET /v1/scopes/{id}", s.readScope)
	s.mux.HandleFunc("GET /v1/targets", s.listTargets)
	s.mux.HandleFunc("GET /v1/targets/{id}", s.readTarget)
	s.mux.HandleFunc("GET /v1/sessions", s.listSessions)
	s.mux.HandleFunc("GET /v1/sessions/{id}", s.readSession)
	for _, c := range collections {
		s.mux.HandleFunc("GET /v1/"+c.name, s.listOf(c))
		s.mux.HandleFunc("GET /v1/"+c.name+"/{id}", s.readOf(c))
	}
	s.mux.HandleFunc("GET /v1/auth-tokens/{id}", s.readToken)
	s.mux.HandleFunc("POST /v1/auth-methods/{method}", s.authenticate)
	return s
}

// ServeHTTP answers one request.
//
// Documented: each answer says how much of the rate limit is left; paths that Boundary does not know are 404 without a body;
// a known path with another method is 405.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	w.Header().Set("RateLimit-Policy", `150;w=30;comment="auth-token", 1500;w=30;comment="ip-address"`)
	w.Header().Set("RateLimit", "limit=150, remaining=149, reset=30")
	if s.intercept != nil && s.intercept(w, r) {
		return
	}
	if _, pattern := s.mux.Handler(r); pattern == "" {
		if knownPath(r.URL.Path) {
			writeError(w, http.StatusMethodNotAllowed, "Unimplemented", "Method Not Allowed")
			return
		}
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// knownPath says whether path is one of a collection or of a resource in it.
func knownPath(path string) bool {
	names := []string{"scopes", "targets", "sessions", "auth-tokens"}
	for _, c := range collections {
		names = append(names, c.name)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		p := "/v1/" + name
		return path == p || strings.HasPrefix(path, p+"/")
	})
}

// At sets the clock.
func (s *Server) At(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = func() time.Time { return now }
}

// Intercept lets f answer requests in place of the server; it says whether it did. Nil ends that. The server is locked while
// f runs: of the server's methods it may call ChangeLocked alone.
func (s *Server) Intercept(f func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = f
}

// Change lets f change what the controller knows. List tokens given out before stay valid unless the grants change.
func (s *Server) Change(f func(*Dataset)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ChangeLocked(f)
}

// ChangeLocked is Change for an interceptor, which runs while the server is locked.
func (s *Server) ChangeLocked(f func(*Dataset)) {
	before, _ := json.Marshal(s.data.Access.Grants) // plain strings: cannot fail
	had := s.ids()
	f(&s.data)
	if after, _ := json.Marshal(s.data.Access.Grants); string(after) != string(before) {
		s.grantsAt++
	}
	has := s.ids()
	for x := range had {
		if !has[x] {
			s.removed = append(s.removed, removal{x.typ, x.id, s.now()})
		}
	}
	slices.SortStableFunc(s.removed, func(a, b removal) int { return strings.Compare(a.id, b.id) })
}

// resourceID names a resource of any type.
type resourceID struct{ typ, id string }

// ids returns what there is.
func (s *Server) ids() map[resourceID]bool {
	ids := map[resourceID]bool{}
	for _, x := range s.data.Scopes {
		ids[resourceID{"scope", x.ID}] = true
	}
	for _, x := range s.data.Targets {
		ids[resourceID{"target", x.ID}] = true
	}
	for _, x := range s.data.Sessions {
		ids[resourceID{"session", x.ID}] = true
	}
	for _, c := range collections {
		for _, x := range *c.of(&s.data) {
			ids[resourceID{c.typ, x.text("id")}] = true
		}
	}
	return ids
}

// RemoveSession deletes a session.
func (s *Server) RemoveSession(id string) {
	s.Change(func(d *Dataset) {
		d.Sessions = slices.DeleteFunc(slices.Clone(d.Sessions), func(x Session) bool { return x.ID == id })
	})
}

// Purge deletes the sessions that ended an hour ago or earlier.
//
// Documented: a job that runs every 30 minutes deletes sessions that have been terminated for an hour; it does not look at
// updated_time but at when the state terminated began.
func (s *Server) Purge() {
	s.Change(func(d *Dataset) {
		d.Sessions = slices.DeleteFunc(slices.Clone(d.Sessions), func(x Session) bool {
			return slices.ContainsFunc(x.States, func(st State) bool {
				return st.Status == "terminated" && !instant(st.StartTime).After(s.now().Add(-time.Hour))
			})
		})
	})
}

// Requests returns method and path with query of every request so far.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// fieldError is one wrong parameter.
type fieldError struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// writeError answers with an error.
//
// Documented: kind is the name of a gRPC code (or words of Boundary's own), and wrong parameters are listed in
// details.request_fields.
func writeError(w http.ResponseWriter, status int, kind, message string, fields ...fieldError) {
	body := map[string]any{"kind": kind, "message": message}
	if len(fields) > 0 {
		body["details"] = map[string]any{"request_fields": fields}
	}
	writeJSON(w, status, body)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("boundarytest: encode answer: %v", err)) // a dataset that was read from JSON can be written as JSON
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(b)))
	w.WriteHeader(status)
	w.Write(b)
}
