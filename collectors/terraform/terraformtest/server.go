package terraformtest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// AuditToken is the audit trails token of the fake in the demo.
const AuditToken = "acme.atlasv1.demo-audit-token-of-the-terraform-fake"

// Token is the API token of the fake in the demo. It opens nothing but this fake.
const Token = "acme.atlasv1.demo-token-of-the-terraform-fake"

const (
	defaultPage = 20
	largestPage = 100
)

// Server is the fake. It is safe for concurrent use.
type Server struct {
	data   Dataset
	token  string
	audit  string // opens the audit trail alone
	owners map[string]int
	mux    *http.ServeMux
	pretty bool
	limit  string // a second, as announced
	now    func() time.Time

	mu     sync.Mutex
	asked  []string
	faults []plantedFault
}

var _ http.Handler = (*Server)(nil)

// Fault is one answer that is given instead of the right one.
type Fault struct {
	Status int         // 0: the right answer
	Header http.Header // added to it
	Body   string      // empty with a status: a JSON:API error object
	Cut    bool        // the right answer's body ends in its middle
}

type plantedFault struct {
	path string
	left int
	Fault
}

// Faults that a real server shows, for Plant.
var (
	TooManyRequests = Fault{Status: http.StatusTooManyRequests, Header: http.Header{"X-Ratelimit-Reset": {"0.0"}, "X-Ratelimit-Limit": {"30"}}}
	BadGateway      = Fault{Status: http.StatusBadGateway, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html><body>502 Bad Gateway</body></html>"}
	CutInTheMiddle  = Fault{Cut: true}
)

// NewServer returns a fake that serves the data set of a folder, see Load, to whoever shows the token.
func NewServer(data fs.FS, token string) (*Server, error) {
	d, err := Load(data)
	if err != nil {
		return nil, err
	}
	return New(d, token), nil
}

// New returns a fake that serves d, which must not be changed any more.
func New(d Dataset, token string) *Server {
	s := &Server{data: d, token: token, audit: AuditToken, owners: owners(d), mux: http.NewServeMux(), limit: "30"}
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /api/v2/ping":                                                  s.ping,
		"GET /api/v2/account/details":                                       s.account,
		"GET /api/v2/organizations/{organization}":                          s.settings,
		"GET /api/v2/organizations/{organization}/entitlement-set":          s.entitlements,
		"GET /api/v2/organizations/{organization}/projects":                 s.projects,
		"GET /api/v2/organizations/{organization}/teams":                    s.teams,
		"GET /api/v2/organizations/{organization}/organization-memberships": s.memberships,
		"GET /api/v2/organizations/{organization}/policy-sets":              s.policySets,
		"GET /api/v2/organizations/{organization}/policies":                 s.policies,
		"GET /api/v2/organizations/{organization}/authentication-token":     s.organizationToken,
		"GET /api/v2/organizations/{organization}/team-tokens":              s.teamTokens,
		"GET /api/v2/organizations/{organization}/metrics-tokens":           s.metricsTokens,
		"GET /api/v2/organizations/{organization}/agent-pools":              s.agentPools,
		"GET /api/v2/agent-pools/{pool}/authentication-tokens":              s.agentTokens,
		"GET /api/v2/users/{user}/authentication-tokens":                    s.userTokens,
		"GET /api/v2/organization/audit-trail":                              s.auditTrail,
		"GET /api/v2/team-workspaces":                                       s.teamWorkspaces,
		"GET /api/v2/team-projects":                                         s.teamProjects,
		"GET /api/v2/runs/{run}":                                            s.oneRun,
		"GET /api/v2/policy-checks/{check}/output":                          s.policyCheckOutput,
		"GET /api/v2/organizations/{organization}/workspaces":               s.workspaces,
		"GET /api/v2/workspaces/{workspace}/runs":                           s.runs,
		"GET /api/v2/runs/{run}/policy-checks":                              s.policyChecks,
		"GET /api/v2/runs/{run}/task-stages":                                s.taskStages,
		"GET /api/v2/runs/{run}/run-events":                                 s.runEvents,
		"GET /api/v2/task-stages/{stage}/policy-evaluations":                s.policyEvaluations,
		"GET /api/v2/policy-evaluations/{evaluation}/policy-set-outcomes":   s.policySetOutcomes,
	} {
		s.mux.HandleFunc(pattern, h)
	}
	return s
}

// Pretty makes the server write its documents over many lines, as a gateway may. Call it before serving.
func (s *Server) Pretty() *Server {
	s.pretty = true
	return s
}

// Announce makes the server announce another limit of requests a second, as a Terraform Enterprise may. Call it before serving.
func (s *Server) Announce(perSecond int) *Server {
	s.limit = strconv.Itoa(perSecond)
	return s
}

// At makes the server forget events of the audit trail that are older than 14 days at the time now says. Call it before serving.
func (s *Server) At(now func() time.Time) *Server {
	s.now = now
	return s
}

// Plant makes the next times requests whose path ends in path fail; a negative number means every one.
func (s *Server) Plant(path string, times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, plantedFault{path, times, f})
}

// Asked returns the requests so far, path and decoded query, in order.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// ServeHTTP answers as documented: 401 for a token that is absent or wrong, 404 for what does not exist or may not be seen.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := s.note(r)
	for name, values := range fault.Header {
		w.Header()[name] = values
	}
	switch {
	case fault.Status != 0 && fault.Body != "":
		w.WriteHeader(fault.Status)
		fmt.Fprint(w, fault.Body)
	case fault.Status != 0:
		refuse(w, fault.Status, "")
	case r.Method != http.MethodGet:
		refuse(w, http.StatusMethodNotAllowed, "this fake only reads")
	case r.URL.Path != "/api/v2/ping" && !s.known(r):
		refuse(w, http.StatusUnauthorized, "")
	case fault.Cut:
		s.cut(w, r)
	default:
		s.route(w, r)
	}
}

// known says whether the request shows a token of this server. Which token opens what is each handler's affair.
func (s *Server) known(r *http.Request) bool { return s.shows(r, s.token) || s.shows(r, s.audit) }

func (s *Server) shows(r *http.Request, token string) bool {
	return r.Header.Get("Authorization") == "Bearer "+token
}

func (s *Server) note(r *http.Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := r.URL.Path
	if q, err := url.QueryUnescape(r.URL.RawQuery); err == nil && q != "" {
		request += "?" + q
	}
	s.asked = append(s.asked, request)
	for i := range s.faults {
		if f := &s.faults[i]; f.left != 0 && strings.HasSuffix(r.URL.Path, f.path) {
			f.left--
			return f.Fault
		}
	}
	return Fault{}
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	_, pattern := s.mux.Handler(r)
	trail := r.URL.Path == "/api/v2/organization/audit-trail"
	// "API tokens": an audit trails token opens the audit trail and nothing else; a user or team token does not open it.
	if pattern == "" || r.URL.Path != "/api/v2/ping" && trail != s.shows(r, s.audit) {
		refuse(w, http.StatusNotFound, "")
		return
	}
	s.mux.ServeHTTP(w, r)
}

// cut writes half of the right answer and closes the connection.
func (s *Server) cut(w http.ResponseWriter, r *http.Request) {
	var whole recorder
	s.route(&whole, r)
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(whole.body)))
	w.WriteHeader(whole.status)
	w.Write(whole.body[:len(whole.body)/2])
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   []byte
}

func (r *recorder) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) Write(b []byte) (int, error) {
	r.body = append(r.body, b...)
	return len(b), nil
}

// object is a JSON object.
type object = map[string]any

// answer writes a document.
func (s *Server) answer(w http.ResponseWriter, document object) {
	var b []byte
	var err error
	if s.pretty {
		b, err = json.MarshalIndent(document, "", "  ")
	} else {
		b, err = json.Marshal(document)
	}
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/vnd.api+json; charset=utf-8")
	w.Header().Set("TFP-API-Version", "2.6")
	w.Header().Set("TFP-AppName", "HCP Terraform")
	w.Header().Set("X-RateLimit-Limit", s.limit)
	w.Header().Set("X-RateLimit-Remaining", "29")
	w.Header().Set("X-RateLimit-Reset", "0.0")
	w.WriteHeader(http.StatusOK)
	w.Write(b)
}

// refuse writes a JSON:API error object. The overview of the API has one as its sample for the rate limit: status, title, and a
// detail.
func refuse(w http.ResponseWriter, status int, detail string) {
	e := object{"status": strconv.Itoa(status), "title": strings.ToLower(http.StatusText(status))}
	if detail != "" {
		e["detail"] = detail
	}
	b, err := json.Marshal(object{"errors": []any{e}})
	if err != nil {
		panic(err) // an object of texts
	}
	w.Header().Set("Content-Type", "application/vnd.api+json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b)
}

// parameters refuses every query parameter that is not among known.
func parameters(w http.ResponseWriter, r *http.Request, known ...string) bool {
	for name, values := range r.URL.Query() {
		if !slices.Contains(known, name) || len(values) != 1 {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("unknown or repeated parameter %q", name))
			return false
		}
	}
	return true
}

// page writes one page of a list. The overview of the API says: 20 items unless page[size] says otherwise, at most 100, the
// first page unless page[number] says otherwise; links and meta.pagination tell where one stands.
func (s *Server) page(w http.ResponseWriter, r *http.Request, all []object, included ...any) {
	number, ok := whole(r, "page[number]", 1, 1<<30)
	size, ok2 := whole(r, "page[size]", defaultPage, largestPage)
	if !ok || !ok2 {
		refuse(w, http.StatusBadRequest, "page[number] and page[size] are numbers from 1, the size at most 100")
		return
	}
	total := len(all)
	pages := max((total+size-1)/size, 1)
	from := min((number-1)*size, total)
	link := func(n int) any {
		if n < 1 || n > pages {
			return nil
		}
		q := r.URL.Query()
		q.Set("page[number]", strconv.Itoa(n))
		q.Set("page[size]", strconv.Itoa(size))
		return r.URL.Path + "?" + q.Encode()
	}
	beside := func(n int) any {
		if n < 1 || n > pages {
			return nil
		}
		return n
	}
	document := object{
		"data":  nonNil(all[from:min(from+size, total)]),
		"links": object{"self": link(number), "first": link(1), "prev": link(number - 1), "next": link(number + 1), "last": link(pages)},
		"meta": object{"pagination": object{
			"current-page": number, "page-size": size, "prev-page": beside(number - 1), "next-page": beside(number + 1),
			"total-pages": pages, "total-count": total,
		}},
	}
	if len(included) > 0 {
		document["included"] = included
	}
	s.answer(w, document)
}

func whole(r *http.Request, name string, otherwise, most int) (int, bool) {
	v := r.URL.Query().Get(name)
	if v == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(v)
	return n, err == nil && n >= 1 && n <= most
}

func nonNil(list []object) []object {
	if list == nil {
		return []object{}
	}
	return list
}

// iso writes created-at and its like: UTC with milliseconds.
func iso(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// stamps writes status-timestamps: an offset instead of Z, no fraction.
func stamps(at map[string]time.Time) object {
	o := object{}
	for name, t := range at {
		o[strings.ReplaceAll(name, "_", "-")+"-at"] = t.UTC().Format("2006-01-02T15:04:05+00:00")
	}
	return o
}

func ref(typ, id string) object { return object{"data": object{"id": id, "type": typ}} }

func refs(typ string, ids []string) object {
	list := []object{}
	for _, id := range ids {
		list = append(list, object{"id": id, "type": typ})
	}
	return object{"data": list}
}
