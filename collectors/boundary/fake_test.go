package boundary

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
	"auditpack/internal/strictyaml"
)

const (
	testToken = "at_collector1_s1canarySecretOfTheToken"
	testUser  = "u_collector1"
	testLogin = "auditpack"
	testWord  = "canary-password-of-auditpack"
	testAmpw  = "ampw_1234567890"
)

var testNow = time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)

// world is one collector, its source and its store.
type world struct {
	t      *testing.T
	server *boundarytest.Server
	url    string
	dir    string
	config string
	more   string // of the configuration; what changes seldom is left out unless a test wants it
	vars   map[string]string
	store  *memstore.Store
	now    time.Time
	slept  []time.Duration

	patience time.Duration // 0: the collector's own
}

// newWorld serves data to a collector that has testToken.
func newWorld(t *testing.T, data boundarytest.Dataset) *world {
	t.Helper()
	w := &world{t: t, server: boundarytest.NewServer(data), dir: t.TempDir(), store: memstore.New(), now: testNow}
	server := httptest.NewServer(w.server)
	t.Cleanup(server.Close)
	w.url = server.URL
	w.config = "address: " + server.URL + "\n"
	w.more = "skip: [" + strings.Join(optionalParts(), ", ") + "]\n"
	w.vars = map[string]string{"BOUNDARY_TOKEN": testToken}
	return w
}

func (w *world) env() collectors.Env {
	return collectors.Env{
		Name:   "boundary-test",
		Path:   w.path,
		Open:   func(p string) fs.FS { return os.DirFS(w.path(p)) },
		Getenv: func(name string) string { return w.vars[name] },
		HTTP:   func() *http.Client { return &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()} },
		Now:    func() time.Time { return w.now },
		Tool:   "auditpack test",
	}
}

func (w *world) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(w.dir, p)
}

func (w *world) open() (*collector, error) {
	c, err := open(func(v any) error { return strictyaml.Decode("auditpack.yaml", []byte(w.config+w.more), v) }, w.env())
	if err != nil {
		return nil, err
	}
	out := c.(*collector)
	out.sleep = func(_ context.Context, d time.Duration) error { w.slept = append(w.slept, d); return nil }
	if w.patience > 0 {
		out.patience = w.patience
	}
	return out, nil
}

// collect asks once and commits.
func (w *world) collect() collectors.Result {
	w.t.Helper()
	c, err := w.open()
	if err != nil {
		w.t.Fatalf("open: %v", err)
	}
	res := collectors.Run(w.t.Context(), []collectors.Source{{Name: "boundary-test", Type: Type, Collector: c}}, collectors.Options{
		Store: w.store, Journal: w.store, Now: func() time.Time { return w.now },
		Actor: evidence.Actor{Principal: "tester", Host: "test", Tool: "auditpack test"},
	})[0]
	if res.Entry.Number == 0 {
		w.t.Fatalf("nothing was committed: %v", res.Err)
	}
	for _, p := range res.Entry.Parts {
		if strings.Contains(p.Detail, "canary") {
			w.t.Errorf("part %q shows a secret: %s", p.Part, p.Detail)
		}
	}
	if res.Err != nil && strings.Contains(res.Err.Error(), "canary") {
		w.t.Errorf("error shows a secret: %v", res.Err)
	}
	return res
}

// outcomes writes parts as "part: outcome items detail" lines.
func outcomes(res collectors.Result) []string {
	var out []string
	for _, p := range res.Entry.Parts {
		line := fmt.Sprintf("%s: %s %d", p.Part, p.Outcome, p.Items)
		if p.Detail != "" {
			line += " " + p.Detail
		}
		out = append(out, line)
	}
	return out
}

// records returns the records of a kind that res committed.
func (w *world) records(res collectors.Result, kind evidence.Kind) []evidence.Record {
	w.t.Helper()
	var out []evidence.Record
	for _, d := range res.Entry.Records {
		b, err := evidence.ReadAll(w.t.Context(), w.store, d, 1<<20)
		if err != nil {
			w.t.Fatal(err)
		}
		r, err := evidence.DecodeRecord(b)
		if err != nil {
			w.t.Fatal(err)
		}
		if r.Kind == kind {
			out = append(out, r)
		}
	}
	return out
}

// parts returns the names of the parts of all records of a kind.
func (w *world) parts(res collectors.Result, kind evidence.Kind) []string {
	w.t.Helper()
	var out []string
	for _, r := range w.records(res, kind) {
		for _, p := range r.Content {
			out = append(out, p.Name)
		}
	}
	return out
}

// asked counts the requests so far whose "METHOD PATH" begins with prefix.
func (w *world) asked(prefix string) (n int) {
	for _, r := range w.server.Requests() {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

// smallDataset has two projects, three sessions and a user who may read all of it.
func smallDataset() boundarytest.Dataset {
	project := func(id, name string) boundarytest.Scope {
		return boundarytest.Scope{ID: id, ScopeID: "o_1", Name: name, Type: "project", CreatedTime: "2026-06-01T08:00:00Z"}
	}
	return boundarytest.Dataset{
		Scopes: []boundarytest.Scope{
			{ID: "o_1", ScopeID: "global", Name: "acme", Type: "org", CreatedTime: "2026-06-01T08:00:00Z"},
			project("p_prod", "prod"), project("p_test", "test"),
		},
		Targets: []boundarytest.Target{
			{ID: "ttcp_db", ScopeID: "p_prod", Name: "prod-db-admin", Type: "tcp", SessionMaxSeconds: 3600, SessionConnectionLimit: 1, Address: "10.0.0.5", HostSourceIDs: []string{"hsst_1"}},
			{ID: "ttcp_test", ScopeID: "p_test", Name: "test-db", Type: "tcp", SessionMaxSeconds: 28800, SessionConnectionLimit: -1},
		},
		Sessions: []boundarytest.Session{
			session("s_active", "p_prod", "active", "2026-10-01T05:50:00Z"),
			session("s_ended1", "p_prod", "terminated", "2026-10-01T05:10:00.123Z"),
			session("s_ended2", "p_test", "terminated", "2026-10-01T05:00:00.123456Z"),
		},
		Access: boundarytest.Access{
			AuthMethod: testAmpw,
			Accounts:   []boundarytest.Account{{ID: "acctpw_1", UserID: testUser, LoginName: testLogin, Password: testWord}},
			Tokens:     []boundarytest.Token{{ID: "at_collector1", Token: testToken, UserID: testUser, ExpirationTime: testNow.Add(24 * time.Hour)}},
			Grants: []boundarytest.Grant{
				{UserID: "u_anon", Scope: "global", Type: "scope", Actions: []string{"list", "no-op"}},
				{UserID: testUser, Scope: "global", Type: "auth-token", Actions: []string{"read:self"}},
				{UserID: testUser, Scope: "global", Descendants: true, Type: "scope", Actions: []string{"list", "no-op"}},
				{UserID: testUser, Scope: "global", Descendants: true, Type: "target", Actions: []string{"list", "read"}},
				{UserID: testUser, Scope: "global", Descendants: true, Type: "session", Actions: []string{"list", "read"}},
			},
		},
	}
}

// session is one session with a connection, created at the time given and changed a minute later.
func session(id, scope, status, created string) boundarytest.Session {
	at, err := time.Parse(time.RFC3339Nano, created)
	if err != nil {
		panic(err)
	}
	changed := at.Add(time.Minute).Format(time.RFC3339Nano)
	s := boundarytest.Session{
		ID: id, ScopeID: scope, TargetID: "ttcp_db", UserID: "u_jane", Status: status, Type: "tcp",
		CreatedTime: created, UpdatedTime: changed, ExpirationTime: at.Add(time.Hour).Format(time.RFC3339Nano),
		States:      []boundarytest.State{{Status: "active", StartTime: created}, {Status: "pending", StartTime: created, EndTime: created}},
		Connections: []boundarytest.Connection{{ClientTCPAddress: "127.0.0.1", BytesUp: 4312, BytesDown: 99123, ClosedReason: "closed by end-user"}},
	}
	if status == "terminated" {
		s.States = append([]boundarytest.State{{Status: "terminated", StartTime: changed}}, s.States...)
		s.TerminationReason = "closed by end-user"
	}
	return s
}
