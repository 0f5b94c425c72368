package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// repositoryID is the id of the one repository, and organizationID of its owner: Link headers may use them in place of names.
const (
	repositoryID   = 4711
	organizationID = 815
	teamID         = 33
)

// Server is the fake. It is safe for concurrent use as long as nobody changes its data meanwhile.
type Server struct {
	data Data

	mu    sync.Mutex
	asked []string
}

var _ http.Handler = (*Server)(nil)

// NewServer serves d under the root of its address.
func NewServer(d Data) *Server { return &Server{data: d} }

// Asked returns the requests that were answered, path and query, in order.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// ServeHTTP answers. "Getting started with the REST API": every request needs a User-Agent, else 403; Accept should be
// application/vnd.github+json; X-GitHub-Api-Version names a version, and one that is not supported is 400; a wrong token is 401,
// also for what is public.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.RequestURI())
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-GitHub-Api-Version-Selected", "2022-11-28")
	switch {
	case r.Header.Get("User-Agent") == "":
		refuse(w, http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header")
	case r.Header.Get("Authorization") != "Bearer "+s.data.Token:
		refuse(w, http.StatusUnauthorized, "Bad credentials")
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, "this fake only reads")
	case r.Header.Get("Accept") != "application/vnd.github+json":
		refuse(w, http.StatusUnsupportedMediaType, "unexpected Accept")
	case r.Header.Get("X-GitHub-Api-Version") != "2022-11-28":
		refuse(w, http.StatusBadRequest, "unsupported API version")
	default:
		s.route(w, r)
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(Object{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
}

func notFound(w http.ResponseWriter) { refuse(w, http.StatusNotFound, "Not Found") }

// answer writes an object; the request must have no parameters but those allowed.
func answer(w http.ResponseWriter, r *http.Request, v any, allowed ...string) {
	if unknown(w, r, allowed...) {
		return
	}
	json.NewEncoder(w).Encode(v)
}

// unknown refuses parameters that the endpoint does not have. GitHub ignores them; here they are a mistake of the collector.
func unknown(w http.ResponseWriter, r *http.Request, allowed ...string) bool {
	for name := range r.URL.Query() {
		if !slices.Contains(allowed, name) {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("%s has no parameter %q", r.URL.Path, name))
			return true
		}
	}
	return false
}

// list writes one page. "Using pagination in the REST API": per_page is 30 unless given, at most 100, page counts from 1; the Link
// header has next and last as long as there are further pages, prev and first on later ones; URLs in it may name the repository or
// the organization by id.
func list[T any](w http.ResponseWriter, r *http.Request, canonicalPath string, items []T, allowed ...string) {
	if unknown(w, r, append(allowed, "per_page", "page")...) {
		return
	}
	perPage, page := number(r, "per_page", 30), number(r, "page", 1)
	if perPage < 1 || perPage > 100 || page < 1 {
		refuse(w, http.StatusBadRequest, "per_page is at most 100, page at least 1")
		return
	}
	last := max((len(items)+perPage-1)/perPage, 1)
	var links []string
	link := func(rel string, n int) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(n))
		links = append(links, fmt.Sprintf(`<%s%s?%s>; rel=%q`, base(r), canonicalPath, q.Encode(), rel))
	}
	if page > 1 {
		link("prev", page-1)
	}
	if page < last {
		link("next", page+1)
		link("last", last)
	}
	if page > 1 {
		link("first", 1)
	}
	if len(links) > 0 {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
	from := min((page-1)*perPage, len(items))
	out := items[from:min(from+perPage, len(items))]
	if out == nil {
		out = []T{}
	}
	json.NewEncoder(w).Encode(out)
}

func number(r *http.Request, name string, otherwise int) int {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

func base(r *http.Request) string { return "http://" + r.Host }

// route finds the handler. Owner and repository ignore case; "Redirects": a repository that was renamed answers 301 with its address
// by id.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	elements := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, e := range elements {
		elements[i], _ = url.PathUnescape(e)
	}
	byID := fmt.Sprintf("/repositories/%d", repositoryID)
	switch {
	case len(elements) == 1 && elements[0] == "user":
		s.user(w, r)
	case len(elements) >= 3 && elements[0] == "repos" && strings.EqualFold(elements[1]+"/"+elements[2], s.data.Repository):
		if s.data.RenamedTo != "" {
			_, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/repos/"+elements[1]+"/"+elements[2]), "/")
			target := base(r) + byID
			if rest != "" {
				target += "/" + rest
			}
			if r.URL.RawQuery != "" {
				target += "?" + r.URL.RawQuery
			}
			w.Header().Set("Location", target)
			refuse(w, http.StatusMovedPermanently, "Moved Permanently")
			return
		}
		s.repository(w, r, byID, elements[3:])
	case len(elements) >= 2 && elements[0] == "repositories" && elements[1] == strconv.Itoa(repositoryID):
		s.repository(w, r, byID, elements[2:])
	case len(elements) == 5 && elements[0] == "orgs" && elements[2] == "teams" && elements[4] == "members":
		s.teamMembers(w, r, elements[1]+"/"+elements[3])
	case len(elements) == 5 && elements[0] == "organizations" && elements[1] == strconv.Itoa(organizationID) && elements[2] == "team":
		n, _ := strconv.Atoi(elements[3])
		if teams := s.teamNames(); n >= teamID && n < teamID+len(teams) {
			s.teamMembers(w, r, teams[n-teamID])
			return
		}
		notFound(w)
	default:
		notFound(w)
	}
}
