package terraform_test

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/terraform"
	"auditpack/collectors/terraform/terraformtest"
	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
	"auditpack/internal/strictyaml"
)

// token is looked for in everything that a collection leaves behind.
const token = "fake.atlasv1.canary-token-that-must-not-come-out"

// world is a fake, a store and a collector's environment.
type world struct {
	t      *testing.T
	fake   *terraformtest.Server
	server *httptest.Server
	store  *memstore.Store
	config string
	vars   map[string]string
	period evidence.Period
	now    time.Time
}

func newWorld(t *testing.T, fake *terraformtest.Server) *world {
	t.Helper()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	p, err := evidence.Quarter("2026-Q3")
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, fake: fake, server: server, store: memstore.New(), config: "organization: acme\naddress: " + server.URL + "\nrequests_per_second: 1000\nskip: []\n",
		vars: map[string]string{"TFE_TOKEN": token, "TFE_AUDIT_TOKEN": terraformtest.AuditToken}, period: p, now: time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)}
}

// acme is the fake over the data of the demo.
func acme(t *testing.T) *terraformtest.Server {
	t.Helper()
	fake, err := terraformtest.NewServer(os.DirFS("../../examples/acme/recorded/terraform"), token)
	if err != nil {
		t.Fatal(err)
	}
	return fake
}

func (w *world) open() collectors.Collector {
	w.t.Helper()
	c, err := terraform.Type.New(func(v any) error { return strictyaml.Decode("test.yaml", []byte(w.config), v) }, collectors.Env{
		Name:   "hcp-terraform",
		Open:   func(dir string) fs.FS { return os.DirFS(dir) },
		Path:   func(p string) string { return p },
		Getenv: func(name string) string { return w.vars[name] },
		HTTP:   func() *http.Client { return &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()} },
		Now:    func() time.Time { return w.now },
		Tool:   "auditpack test",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// collect collects once and commits.
func (w *world) collect() collectors.Result {
	w.t.Helper()
	return w.collectWith(w.t.Context())
}

func (w *world) collectWith(ctx context.Context) collectors.Result {
	w.t.Helper()
	return w.run(ctx, w.open())
}

func (w *world) run(ctx context.Context, c collectors.Collector) collectors.Result {
	w.t.Helper()
	res := collectors.Run(ctx, []collectors.Source{{Name: "hcp-terraform", Type: terraform.Type, Collector: c}}, collectors.Options{
		Store: w.store, Journal: w.store, Period: w.period, Now: func() time.Time { return w.now },
		Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "auditpack test"},
	})[0]
	w.noToken(res)
	return res
}

// noToken looks for the token in the store, the entry and the error.
func (w *world) noToken(res collectors.Result) {
	w.t.Helper()
	entry, err := res.Entry.Encode()
	if err != nil {
		w.t.Fatal(err)
	}
	leaks := func(text string) bool {
		return strings.Contains(text, token) || strings.Contains(text, terraformtest.AuditToken)
	}
	if res.Err != nil && leaks(res.Err.Error()) || leaks(string(entry)) {
		w.t.Error("a token is in the error or in the journal entry")
	}
	err = w.store.Walk(w.t.Context(), func(d evidence.Digest, _ int64) error {
		b, err := evidence.ReadAll(w.t.Context(), w.store, d, 64<<20)
		if err == nil && leaks(string(b)) {
			w.t.Errorf("the token is in blob %s", d)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) facts() *facts.DB {
	w.t.Helper()
	return factstest.Project(w.t, w.store, w.store)
}

// ofRuns are the kinds that the earliest tests are about: workspaces, runs, their policy results and events.
var ofRuns = []evidence.Kind{terraform.KindWorkspaces, terraform.KindRuns, terraform.KindPolicyChecks, terraform.KindTaskStages,
	terraform.KindPolicyEvaluations, terraform.KindPolicySetOutcomes, terraform.KindRunEvents}

// runParts writes the outcomes of an entry that are about runs as lines.
func runParts(res collectors.Result) []string {
	res.Entry.Parts = slices.DeleteFunc(slices.Clone(res.Entry.Parts), func(p evidence.PartOutcome) bool { return !slices.Contains(ofRuns, p.Kind) })
	return parts(res)
}

// parts writes the outcomes of an entry as lines.
func parts(res collectors.Result) []string {
	lines := []string{}
	for _, p := range res.Entry.Parts {
		line := p.Part + ": " + string(p.Outcome)
		if p.Items > 0 {
			line += " " + itoa(p.Items)
		}
		if p.Detail != "" {
			line += " (" + p.Detail + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

// records returns the records of an entry by kind.
func (w *world) records(res collectors.Result) map[evidence.Kind]evidence.Record {
	w.t.Helper()
	all := map[evidence.Kind]evidence.Record{}
	for _, d := range res.Entry.Records {
		b, err := evidence.ReadAll(w.t.Context(), w.store, d, 16<<20)
		if err != nil {
			w.t.Fatal(err)
		}
		r, err := evidence.DecodeRecord(b)
		if err != nil {
			w.t.Fatal(err)
		}
		all[r.Kind] = r
	}
	return all
}
