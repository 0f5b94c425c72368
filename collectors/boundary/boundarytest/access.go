package boundarytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const anonymous = "u_anon"

// caller returns the user of a request's token.
//
// Documented: a token that is missing, unknown or expired makes the request one of the anonymous user, u_anon. There is no
// error for that: what u_anon may do is done, and only what it may not do is refused.
func (s *Server) caller(r *http.Request) string {
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return anonymous
	}
	for _, t := range s.data.Access.Tokens {
		if t.Token == bearer && s.now().Before(t.ExpirationTime) {
			return t.UserID
		}
	}
	return anonymous
}

// may says whether user may do action to resources of typ in scope. Everyone may do what u_anon may.
func (s *Server) may(user, action, typ, scope string) bool {
	return slices.ContainsFunc(s.data.Access.Grants, func(g Grant) bool {
		return (g.UserID == user || g.UserID == anonymous) &&
			(g.Type == typ || g.Type == "*") &&
			(slices.Contains(g.Actions, action) || slices.Contains(g.Actions, "*")) &&
			(g.Scope == scope || g.Descendants && s.below(scope, g.Scope))
	})
}

// below says whether scope lies within ancestor.
func (s *Server) below(scope, ancestor string) bool {
	for scope != "global" {
		i := slices.IndexFunc(s.data.Scopes, func(x Scope) bool { return x.ID == scope })
		if i < 0 {
			return false
		}
		if scope = s.data.Scopes[i].ScopeID; scope == ancestor {
			return true
		}
	}
	return false
}

// refuse answers a request that user may not make.
//
// Documented: a valid token without the grant is 403; no token or an invalid one is 401. A recursive list begins by looking
// for scopes that may be listed, finds none, and is 403 for both.
func refuse(w http.ResponseWriter, user string, recursive bool) {
	if user == anonymous && !recursive {
		writeError(w, http.StatusUnauthorized, "Unauthenticated", "Unauthenticated, or invalid token.")
		return
	}
	writeError(w, http.StatusForbidden, "PermissionDenied", "Forbidden.")
}

// readToken is GET /v1/auth-tokens/{id}.
//
// Documented: an id that does not exist is 404, and that comes before any question of permission. The token itself is never
// shown again. read:self is enough for one's own.
func (s *Server) readToken(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(s.data.Access.Tokens, func(t Token) bool { return t.ID == r.PathValue("id") })
	if i < 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	t, user := s.data.Access.Tokens[i], s.caller(r)
	own := t.UserID == user && s.may(user, "read:self", "auth-token", "global")
	if !own && !s.may(user, "read", "auth-token", "global") {
		refuse(w, user, false)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"id": t.ID, "scope_id": "global", "scope": ScopeInfo{ID: "global", Type: "global", Name: "global"},
		"user_id": t.UserID, "auth_method_id": s.data.Access.AuthMethod,
		"expiration_time":    t.ExpirationTime.UTC().Format(time.RFC3339Nano),
		"authorized_actions": []string{"no-op", "read:self", "delete:self"},
	})
}

// authenticate is POST /v1/auth-methods/{id}:authenticate.
//
// Documented: a password auth method takes login_name and password as attributes and answers with the type and the
// attributes of an auth token, its value among them; that is the only time it is shown. Wrong credentials are 401.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) {
	method, action, _ := strings.Cut(r.PathValue("method"), ":")
	if method != s.data.Access.AuthMethod {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if action != "authenticate" {
		writeError(w, http.StatusMethodNotAllowed, "Unimplemented", "Method Not Allowed")
		return
	}
	var body struct {
		Command    string `json:"command"`
		Attributes struct {
			LoginName string `json:"login_name"`
			Password  string `json:"password"`
		} `json:"attributes"`
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		writeError(w, http.StatusBadRequest, "InvalidArgument", "Unable to parse request body.")
		return
	}
	if body.Command != "" && body.Command != "login" {
		writeError(w, http.StatusBadRequest, "InvalidArgument", "Error in provided request.",
			fieldError{"command", "Invalid command for this auth method type."})
		return
	}
	for _, a := range s.data.Access.Accounts {
		if a.LoginName == body.Attributes.LoginName && a.Password == body.Attributes.Password && a.Password != "" {
			writeJSON(w, http.StatusOK, map[string]any{"command": "login", "type": "token", "attributes": s.login(a)})
			return
		}
	}
	writeError(w, http.StatusUnauthorized, "Unauthenticated", "Unable to authenticate.")
}

// login makes an auth token that lives for a week, Boundary's default.
func (s *Server) login(a Account) map[string]any {
	s.logins++
	t := Token{
		ID: fmt.Sprintf("at_login%05d", s.logins), UserID: a.UserID,
		ExpirationTime: s.now().Add(7 * 24 * time.Hour),
	}
	t.Token = t.ID + fmt.Sprintf("_s1secretOfLogin%d", s.logins)
	s.data.Access.Tokens = append(slices.Clone(s.data.Access.Tokens), t)
	return map[string]any{
		"id": t.ID, "scope_id": "global", "token": t.Token, "user_id": a.UserID, "account_id": a.ID,
		"auth_method_id": s.data.Access.AuthMethod, "expiration_time": t.ExpirationTime.UTC().Format(time.RFC3339Nano),
	}
}
