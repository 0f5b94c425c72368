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
	removed   []removal // sessions and targets that were deleted
	logins    int
	grantsAt  int // raised when grants change: older list tokens are stale
	intercept func(http.ResponseWriter, *http.Request) bool
	requests  []string
}

type removal struct {
	id string
	at time.Time
}

var _ http.Handler = (*Server)(nil)

// NewServer serves d. Its clock stands at the end of 2026-Q3 unless At moves it.
func NewServer(d Dataset) *Server {
	s := &Server{mux: http.NewServeMux(), data: d}
	s.At(time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC))
	s.mux.HandleFunc("GET /v1/scopes", s.listScopes)
	s.mux.HandleFunc("GET /v1/targets", s.listTargets)
	s.mux.HandleFunc("GET /v1/targets/{id}", s.readTarget)
	s.mux.HandleFunc("GET /v1/sessions", s.listSessions)
	s.mux.HandleFunc("GET /v1/sessions/{id}", s.readSession)
	s.mux.HandleFunc("GET /v1/session-recordings", s.listRecordings)
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
		if known := slices.ContainsFunc([]string{"/v1/scopes", "/v1/targets", "/v1/sessions", "/v1/auth-tokens", "/v1/auth-methods"},
			func(p string) bool { return r.URL.Path == p || strings.HasPrefix(r.URL.Path, p+"/") }); known {
			writeError(w, http.StatusMethodNotAllowed, "Unimplemented", "Method Not Allowed")
			return
		}
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.mux.ServeHTTP(w, r)
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
	f(&s.data)
	if after, _ := json.Marshal(s.data.Access.Grants); string(after) != string(before) {
		s.grantsAt++
	}
}

// RemoveSession deletes a session, as the job does that purges ended ones.
func (s *Server) RemoveSession(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data.Sessions = slices.DeleteFunc(slices.Clone(s.data.Sessions), func(x Session) bool { return x.ID == id })
	s.removed = append(s.removed, removal{id, s.now()})
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
