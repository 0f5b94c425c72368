package terraform_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/terraform"
	"auditpack/collectors/terraform/terraformtest"
	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
)

// Every way in which a server can fail for a while, on the list that hurts most when it is short.
func TestPassingFailures(t *testing.T) {
	header := func(name, value string) http.Header { return http.Header{name: {value}} }
	for name, tt := range map[string]struct {
		fault terraformtest.Fault
		times int
		waits []time.Duration
	}{
		"429 without a wait":                   {terraformtest.TooManyRequests, 1, []time.Duration{0}},
		"429 with a reset":                     {terraformtest.Fault{Status: 429, Header: header("X-Ratelimit-Reset", "1.25")}, 1, []time.Duration{2 * time.Second}},
		"429 with a reset that is no number":   {terraformtest.Fault{Status: 429, Header: header("X-Ratelimit-Reset", "soon")}, 1, []time.Duration{500 * time.Millisecond}},
		"429 with Retry-After":                 {terraformtest.Fault{Status: 429, Header: header("Retry-After", "7")}, 2, []time.Duration{7 * time.Second, 7 * time.Second}},
		"429 with a limit that is far too low": {terraformtest.Fault{Status: 429, Header: header("X-Ratelimit-Limit", "1")}, 1, []time.Duration{500 * time.Millisecond}},
		"500":                                  {terraformtest.Fault{Status: 500}, 2, []time.Duration{500 * time.Millisecond, time.Second}},
		"502 of a proxy":                       {terraformtest.BadGateway, 3, []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second}},
		"body cut in the middle":               {terraformtest.CutInTheMiddle, 2, []time.Duration{500 * time.Millisecond, time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			fake := terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z"), applied("run-b", "2026-08-05T08:00:00Z")), token)
			fake.Plant("/workspaces/ws-1/runs", tt.times, tt.fault)
			w := newWorld(t, fake)
			c := w.open()
			waited := terraform.NoWaits(c)
			res := w.run(t.Context(), c)
			if res.Err != nil || res.Failed() {
				t.Fatalf("collect: %v, %v", res.Err, parts(res))
			}
			if diff := cmp.Diff(tt.waits, waited()); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
			if got := factstest.Rows(t, w.facts(), "select run_id from terraform_run order by all"); !slices.Equal(got, []string{"run-a", "run-b"}) {
				t.Errorf("runs: got %v", got)
			}
		})
	}
}

// A limit of 3 on the ping would make go-tfe refuse every call of ours; no number there would end the process.
func TestHeadersThatGoTFEMishandles(t *testing.T) {
	for _, limit := range []string{"3", "0.5", "many"} {
		fake := terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z")), token)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/ping") {
				w.Header().Set("X-RateLimit-Limit", limit)
				w.Header().Set("X-RateLimit-Reset", limit)
				w.WriteHeader(http.StatusNoContent)
				return
			}
			fake.ServeHTTP(w, r)
		}))
		defer server.Close()
		w := newWorld(t, fake)
		w.config = "organization: acme\naddress: " + server.URL + "\n"
		if res := w.collect(); res.Err != nil || res.Failed() {
			t.Errorf("limit %q: %v, %v", limit, res.Err, parts(res))
		}
	}
}

func TestRefusals(t *testing.T) {
	denied := func(t *testing.T, res collectors.Result, permission string) {
		t.Helper()
		var d *collectors.DeniedError
		if !errors.As(res.Err, &d) || !strings.Contains(d.Permission, permission) {
			t.Errorf("error: got %v, want one that names %q", res.Err, permission)
		}
		for _, k := range terraform.Type.Kinds {
			if !slices.ContainsFunc(res.Entry.Parts, func(p evidence.PartOutcome) bool { return p.Kind == k && p.Outcome == evidence.OutcomeDenied }) {
				t.Errorf("kind %s: no part says denied: %v", k, parts(res))
			}
		}
	}
	t.Run("bad token", func(t *testing.T) {
		w := newWorld(t, acme(t))
		w.vars["TFE_TOKEN"] = "wrong"
		denied(t, w.collect(), "a valid API token")
	})
	t.Run("organization that is not there", func(t *testing.T) {
		w := newWorld(t, acme(t))
		w.config = strings.Replace(w.config, "acme", "umbrella", 1)
		denied(t, w.collect(), "read access to the organization")
	})
	t.Run("no token", func(t *testing.T) {
		w := newWorld(t, acme(t))
		w.vars = nil
		if res := w.collect(); res.Err == nil || !strings.Contains(res.Err.Error(), "TFE_TOKEN") {
			t.Errorf("error: got %v, want one that names TFE_TOKEN", res.Err)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		w := newWorld(t, acme(t))
		w.server.Close()
		c := w.open()
		terraform.NoWaits(c)
		if res := w.run(t.Context(), c); res.Err == nil || res.Entry.Number == 0 {
			t.Errorf("got %v, entry %d, want an error that is committed", res.Err, res.Entry.Number)
		}
	})
	t.Run("another place", func(t *testing.T) {
		elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			t.Errorf("the redirect was followed, with authorization %t", r.Header.Get("Authorization") != "")
		}))
		defer elsewhere.Close()
		fake := acme(t)
		fake.Plant("/workspaces", -1, terraformtest.Fault{Status: 302, Header: http.Header{"Location": {elsewhere.URL}}})
		w := newWorld(t, fake)
		if res := w.collect(); res.Err == nil || !strings.Contains(res.Err.Error(), "correct the address") {
			t.Errorf("error: got %v", res.Err)
		}
	})
	t.Run("one workspace of two", func(t *testing.T) {
		d := small(applied("run-a", "2026-07-05T08:00:00Z"))
		d.Workspaces = append(d.Workspaces, terraformtest.Workspace{ID: "ws-2", Name: "hidden", Hidden: true})
		w := newWorld(t, terraformtest.New(d, token))
		res := w.collect()
		if res.Err != nil || !res.Failed() {
			t.Errorf("error %v, failed %t, want a part that failed", res.Err, res.Failed())
		}
		want := []string{
			"policy checks: ok 1", "policy evaluations: none", "policy set outcomes: none", "run events: ok 1",
			"runs of hidden: denied (denied: needs permission to read runs of workspace hidden (404 is also the answer for what does not exist): server answers 404 Not Found)",
			"runs of prod: ok 1", "task stages: none", "workspaces: ok 2",
		}
		if diff := cmp.Diff(want, runParts(res)); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
	})
	t.Run("one organization of two", func(t *testing.T) {
		w := newWorld(t, terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z")), token))
		w.config = strings.Replace(w.config, "organization: acme", "organization: [umbrella, acme]", 1)
		res := w.collect()
		got := parts(res)
		if res.Err != nil || !slices.Contains(got, "runs of prod of acme: ok 1") || !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "workspaces of umbrella: denied") }) {
			t.Errorf("error %v, parts %v", res.Err, got)
		}
	})
}

// What does not hang on the list of workspaces is asked for without it, and what does says why it was not.
func TestWorkspacesAreRefused(t *testing.T) {
	for _, status := range []int{403, 404} {
		d := small(applied("run-a", "2026-07-05T08:00:00Z"))
		d.Teams = []terraformtest.Team{{ID: "team-1", Name: "t"}}
		d.Projects = []terraformtest.Project{{ID: "prj-1", Name: "p"}}
		d.Trail = []terraformtest.AuditEvent{{ID: "e1", At: at("2026-09-30T08:00:00Z"), Actor: "jo", Resource: "run/run-1", Action: "apply"}}
		fake := terraformtest.New(d, token)
		fake.Plant("/organizations/acme/workspaces", -1, terraformtest.Fault{Status: status})
		w := newWorld(t, fake)
		res := w.collect()
		if res.Err == nil || !strings.Contains(res.Err.Error(), "list workspaces") {
			t.Errorf("%d: error %v", status, res.Err)
		}
		var got []string
		for _, p := range parts(res) {
			p, _, _ = strings.Cut(p, " (")
			got = append(got, p)
		}
		if diff := cmp.Diff([]string{
			"agent pools: none", "agent tokens: none", "audit trail: ok 1", "audit trails token: none", "entitlements: ok 1", "metrics tokens: none", "organization: ok 1",
			"organization memberships: ok 2", "organization token: none", "policies: none", "policy check logs: denied", "policy checks: denied",
			"policy evaluations: denied", "policy set outcomes: denied", "policy sets: none", "project team access: none", "projects: ok 1", "run events: denied", "runs: denied",
			"task stages: denied", "team access: denied", "team tokens: none", "teams: ok 1", "tf policy evaluations: denied", "user tokens: not-offered", "workspaces: denied",
		}, got); diff != "" {
			t.Errorf("%d: parts (-want +got):\n%s", status, diff)
		}
		if all := w.records(res); all[terraform.KindTeams].Kind == "" || all[terraform.KindAuditTrail].Kind == "" {
			t.Errorf("%d: no record of teams or of the audit trail", status)
		}
	}
}

// Of two organizations the one that is not there says so of every kind.
func TestOrganizationOfTwoIsNotThere(t *testing.T) {
	w := newWorld(t, terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z")), token))
	w.config = strings.Replace(w.config, "organization: acme", "organization: [umbrella, acme]", 1)
	res := w.collect()
	for _, k := range terraform.Type.Kinds {
		if !slices.ContainsFunc(res.Entry.Parts, func(p evidence.PartOutcome) bool {
			return p.Kind == k && p.Outcome == evidence.OutcomeDenied && strings.HasSuffix(p.Part, " of umbrella")
		}) {
			t.Errorf("kind %s: no part of umbrella says denied: %v", k, parts(res))
		}
	}
}

// A plan without policies answers 404 on their endpoints, as does a server without run events: not offered, and nothing failed.
func TestNotOffered(t *testing.T) {
	d := small(applied("run-a", "2026-07-05T08:00:00Z"), applied("run-b", "2026-07-06T08:00:00Z"))
	d.Entitlements = map[string]bool{"policy-enforcement": false, "run-tasks": false, "teams": false, "audit-logging": false, "agents": false}
	fake := terraformtest.New(d, token)
	fake.Plant("/run-events", -1, terraformtest.Fault{Status: 404})
	w := newWorld(t, fake)
	res := w.collect()
	if res.Err != nil || res.Failed() {
		t.Errorf("error %v, failed %t", res.Err, res.Failed())
	}
	var got []string
	for _, p := range runParts(res) {
		p, _, _ = strings.Cut(p, " (")
		got = append(got, p)
	}
	if diff := cmp.Diff([]string{"policy checks: not-offered", "policy evaluations: not-offered", "policy set outcomes: not-offered", "run events: not-offered",
		"runs of prod: ok 2", "task stages: not-offered", "workspaces: ok 1"}, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

// A 404 for one run where others have their list is no missing feature: the run vanished, or may not be seen any more.
func TestOneRunVanishes(t *testing.T) {
	for _, gone := range []string{"run-a", "run-b"} {
		fake := terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z"), applied("run-b", "2026-07-06T08:00:00Z")), token)
		fake.Plant("/"+gone+"/run-events", -1, terraformtest.Fault{Status: 404})
		res := newWorld(t, fake).collect()
		want := "run events of " + gone + ": denied (denied: needs permission to read runs of the workspace and their policy results: server answers 404 Not Found, but has this list of other runs)"
		if !slices.Contains(parts(res), want) {
			t.Errorf("parts: %v, want %q", parts(res), want)
		}
	}
}

// The same of a workspace names what reading its access needs.
func TestAccessToOneWorkspaceVanishes(t *testing.T) {
	d := small()
	d.Entitlements["teams"] = false // so that 404 reads as not offered
	d.Workspaces = append(d.Workspaces, terraformtest.Workspace{ID: "ws-2", Name: "second"})
	fake := terraformtest.New(d, token)
	w := newWorld(t, fake)
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case !strings.HasSuffix(r.URL.Path, "/team-workspaces"):
			fake.ServeHTTP(rw, r)
		case r.URL.Query().Get("filter[workspace][id]") == "ws-2":
			rw.WriteHeader(http.StatusNotFound)
		default:
			rw.Write([]byte(`{"data":[{"id":"tws-1","type":"team-workspaces"}],"meta":{"pagination":{"current-page":1,"page-size":100,"total-count":1}}}`))
		}
	})
	want := "team access of second: denied (denied: needs read access to the workspace or project; to see every team, secret ones too: the token of an owner or of the organization: " +
		"server answers 404 Not Found, but has this list of other workspaces)"
	if res := w.collect(); !slices.Contains(parts(res), want) {
		t.Errorf("parts: %v, want %q", parts(res), want)
	}
}

// A 404 that comes before any other run has answered is seen for what it is later on, and that run is asked about again.
func TestFirstRunIsMissing(t *testing.T) {
	runs := manyRuns(33, "2026-09-29T12:00:00Z") // 32 are asked about at the same time: the last one when the first one is done
	fake := terraformtest.New(small(runs...), token)
	fake.Plant("/run-0000/run-events", 1, terraformtest.Fault{Status: 404})
	w := newWorld(t, fake)
	done := make(chan struct{})
	var once sync.Once
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "/runs/run-0032/"):
			once.Do(func() { close(done) })
		case strings.HasSuffix(r.URL.Path, "/run-events") && !strings.Contains(r.URL.Path, "/run-0000/"):
			<-done
		}
		fake.ServeHTTP(rw, r)
	})
	res := w.collect()
	if !slices.ContainsFunc(parts(res), func(s string) bool { return strings.HasPrefix(s, "run events of run-0000: denied") }) {
		t.Errorf("parts: %v", parts(res))
	}
	w.server.Config.Handler = fake
	before := len(fake.Asked())
	if res := w.collect(); res.Failed() {
		t.Errorf("second collection: %v", parts(res))
	}
	if diff := cmp.Diff([]string{"run-0000"}, w.details(before)); diff != "" {
		t.Errorf("asked about again (-want +got):\n%s", diff)
	}
	before = len(fake.Asked())
	w.collect()
	if diff := cmp.Diff([]string{}, w.details(before)); diff != "" {
		t.Errorf("third collection (-want +got):\n%s", diff)
	}
}

// One run's checks cannot be had: it is named, the rest is there, and the next collection asks for that run alone.
func TestOneRunFails(t *testing.T) {
	fake := terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z"), applied("run-b", "2026-07-06T08:00:00Z")), token)
	fake.Plant("/runs/run-a/policy-checks", 6, terraformtest.BadGateway)
	w := newWorld(t, fake)
	c := w.open()
	terraform.NoWaits(c)
	res := w.run(t.Context(), c)
	if !slices.Contains(parts(res), "policy checks of run-a: failed (server answers 502 Bad Gateway)") ||
		!slices.Contains(parts(res), "policy checks: ok 1 (1 lists could not be read; they are listed apart)") {
		t.Errorf("parts: %v", parts(res))
	}
	before := len(w.fake.Asked())
	if res := w.collect(); res.Failed() {
		t.Errorf("second collection: %v", parts(res))
	}
	for _, asked := range w.fake.Asked()[before:] {
		if strings.Contains(asked, "/runs/run-b/") {
			t.Errorf("asked again for a run that was complete: %s", asked)
		}
	}
	if got := factstest.Rows(t, w.facts(), "select run_id, count(*) from terraform_policy_result group by all order by all"); !slices.Equal(got, []string{"run-a | 1", "run-b | 1"}) {
		t.Errorf("policy results: %v", got)
	}
}

// A server that stays down is left alone after a while, and says so.
func TestServerGoesDown(t *testing.T) {
	var runs []terraformtest.Run
	for i := range 40 {
		runs = append(runs, applied("run-"+itoa(int64(100+i)), at("2026-07-05T08:00:00Z").Add(time.Duration(i)*time.Hour).Format(time.RFC3339)))
	}
	fake := terraformtest.New(small(runs...), token)
	for _, list := range []string{"/policy-checks", "/run-events", "/task-stages"} {
		fake.Plant(list, -1, terraformtest.BadGateway)
	}
	w := newWorld(t, fake)
	c := w.open()
	terraform.NoWaits(c)
	res := w.run(t.Context(), c)
	if n := len(fake.Asked()); n > 250 { // those under way, of 6 attempts, where all of them were 720
		t.Errorf("asked %d times", n)
	}
	if res.Err != nil || !res.Failed() {
		t.Errorf("error %v, failed %t", res.Err, res.Failed())
	}
}

// What came before an interruption is evidence, and the next collection goes on.
func TestInterrupted(t *testing.T) {
	fake := terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z"), applied("run-b", "2026-07-06T08:00:00Z")), token)
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/runs/run-a/run-events") {
			cancel()
		}
		fake.ServeHTTP(rw, r)
	}))
	defer server.Close()
	w := newWorld(t, fake)
	w.config = "organization: acme\naddress: " + server.URL + "\n"
	res := w.collectWith(ctx)
	if !errors.Is(res.Err, context.Canceled) || res.Entry.Number != 1 || len(res.Entry.Records) == 0 {
		t.Fatalf("error %v, entry %d with %d records", res.Err, res.Entry.Number, len(res.Entry.Records))
	}
	if res := w.collect(); res.Failed() {
		t.Errorf("second collection: %v", parts(res))
	}
	if got := factstest.Rows(t, w.facts(), "select run_id, count(*) from terraform_policy_result group by all order by all"); !slices.Equal(got, []string{"run-a | 1", "run-b | 1"}) {
		t.Errorf("policy results: %v", got)
	}
}

// A server that sends the token back, in an answer or in an error, does not get it into the evidence.
func TestTokenIsSentBack(t *testing.T) {
	run := applied("run-a", "2026-07-05T08:00:00Z")
	run.Message = "curl -H 'Authorization: Bearer " + token + "'"
	fake := terraformtest.New(small(run), token)
	fake.Plant("/policy-checks", -1, terraformtest.Fault{Status: 422, Body: `{"errors":[{"status":"422","title":"invalid","detail":"token ` + token + ` is odd"}]}`})
	w := newWorld(t, fake)
	res := w.collect() // looks for the token itself
	r := w.records(res)[terraform.KindRuns]
	if len(r.Redactions) != 1 || r.Redactions[0].Count != 1 {
		t.Errorf("redactions: got %+v, want one", r.Redactions)
	}
	if got := factstest.Rows(t, w.facts(), "select message from terraform_run"); !slices.Equal(got, []string{"curl -H 'Authorization: Bearer [token]'"}) {
		t.Errorf("message: got %v", got)
	}
	if !slices.ContainsFunc(parts(res), func(s string) bool { return strings.Contains(s, "token [token] is odd") }) {
		t.Errorf("parts: %v", parts(res))
	}
}
