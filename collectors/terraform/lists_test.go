package terraform_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/terraform"
	"auditpack/collectors/terraform/terraformtest"
	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
)

// altered serves fake, each body changed by change.
func altered(w *world, change func(path string, document map[string]any)) {
	fake := w.fake
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var b answer
		fake.ServeHTTP(&b, r)
		var document map[string]any
		if json.Unmarshal(b.body, &document) == nil {
			change(r.URL.Path, document)
			b.body, _ = json.Marshal(document)
		}
		for name, values := range b.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(b.status)
		rw.Write(b.body)
	})
}

type answer struct {
	header http.Header
	status int
	body   []byte
}

func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}
func (a *answer) WriteHeader(status int) { a.status = status }
func (a *answer) Write(b []byte) (int, error) {
	a.body = append(a.body, b...)
	return len(b), nil
}

func attributes(resource any) map[string]any {
	return resource.(map[string]any)["attributes"].(map[string]any)
}

// Plan-only runs, and those that a policy stopped among them, are left out unless asked for.
func TestEveryOperation(t *testing.T) {
	var runs []terraformtest.Run
	for i, o := range []string{"plan_only", "plan_and_apply", "save_plan", "refresh_only", "destroy", "empty_apply", "action_only"} {
		r := applied("run-"+o, fmt.Sprintf("2026-07-%02dT08:00:00Z", i+1))
		r.Operation = o
		runs = append(runs, r)
	}
	w := newWorld(t, terraformtest.New(small(runs...), token))
	w.collect()
	if got := factstest.Rows(t, w.facts(), "select count(*), count(*) filter (plan_only) from terraform_run"); !slices.Equal(got, []string{"7 | 1"}) {
		t.Errorf("runs: got %v", got)
	}
}

// A server older than action_only refuses the filter: asked again without it.
func TestOlderOperations(t *testing.T) {
	for _, status := range []int{400, 422} {
		fake := terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z")), token)
		fake.Plant("/workspaces/ws-1/runs", 1, terraformtest.Fault{Status: status})
		w := newWorld(t, fake)
		if res := w.collect(); res.Failed() {
			t.Errorf("%d: %v", status, parts(res))
		}
		last := ""
		for _, a := range fake.Asked() {
			if strings.Contains(a, "/runs?") {
				last = a
			}
		}
		if strings.Contains(last, "action_only") || !strings.Contains(last, "plan_only") {
			t.Errorf("%d: asked %q", status, last)
		}
	}
}

// Two hundred and fifty workspaces on three pages, in small and large numbers of the server's choice.
func TestWorkspacesOnPages(t *testing.T) {
	d := small()
	d.Workspaces = nil
	for i := range 250 {
		d.Workspaces = append(d.Workspaces, terraformtest.Workspace{ID: fmt.Sprintf("ws-%03d", i), Name: fmt.Sprintf("w%03d", i)})
	}
	w := newWorld(t, terraformtest.New(d, token))
	w.collect()
	var r evidence.Record // in which entry depends on when the run lists of the workspaces made a checkpoint due
	for e, err := range w.store.Entries(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if found, ok := w.records(collectors.Result{Entry: e})[terraform.KindWorkspaces]; ok {
			r = found
		}
	}
	if r.Stated.ItemsExpected == nil || r.Stated.ItemsSeen == nil {
		t.Fatalf("the record of the workspaces counts nothing: %+v", r)
	}
	if got := fmt.Sprint(len(r.Content), *r.Stated.ItemsExpected, *r.Stated.ItemsSeen); got != "3 250 250" {
		t.Errorf("pages, expected and seen: got %s, want 3 250 250", got)
	}
}

// A total that the pages do not reach is a failed part, and the record keeps both numbers.
func TestTotalsThatDoNotAddUp(t *testing.T) {
	w := newWorld(t, terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z")), token))
	altered(w, func(path string, d map[string]any) {
		if strings.HasSuffix(path, "/workspaces/ws-1/runs") {
			d["meta"].(map[string]any)["pagination"].(map[string]any)["total-count"] = 3
		}
	})
	res := w.collect()
	if want := "runs of prod: failed 1 (list of workspaces/ws-1/runs: pages do not add up: got 1 items, server states 3)"; !slices.Contains(parts(res), want) {
		t.Errorf("parts: %v", parts(res))
	}
	r := w.records(res)[terraform.KindRuns]
	if *r.Stated.ItemsExpected != 3 || *r.Stated.ItemsSeen != 1 {
		t.Errorf("expected %d and seen %d, want 3 and 1", *r.Stated.ItemsExpected, *r.Stated.ItemsSeen)
	}
}

// A list that the server ends before its own total is no whole list, whatever page it ends at.
func TestListsThatEndEarly(t *testing.T) {
	d := small(manyRuns(150, "2026-09-29T12:00:00Z")...)
	for i := range 250 {
		d.Teams = append(d.Teams, terraformtest.Team{ID: fmt.Sprintf("team-%03d", i), Name: fmt.Sprintf("t%03d", i)})
	}
	for _, tt := range []struct{ path, part string }{
		{"/organizations/acme/teams", "teams: failed 100 (list of organizations/acme/teams: pages do not add up: page 1 is the last, server states 250 items)"},
		{"/workspaces/ws-1/runs", "runs of prod: failed 100 (list of workspaces/ws-1/runs: pages do not add up: page 1 is the last, server states 150 items)"},
	} {
		w := newWorld(t, terraformtest.New(d, token))
		altered(w, func(path string, d map[string]any) {
			if strings.HasSuffix(path, tt.path) {
				d["meta"].(map[string]any)["pagination"].(map[string]any)["next-page"] = nil
			}
		})
		res := w.collect()
		if !slices.Contains(parts(res), tt.part) {
			t.Errorf("parts: %v, want %q", parts(res), tt.part)
		}
		if r := w.records(res)[terraform.KindTeams]; tt.path == "/organizations/acme/teams" && (*r.Stated.ItemsExpected != 250 || *r.Stated.ItemsSeen != 100) {
			t.Errorf("expected %d and seen %d, want 250 and 100", *r.Stated.ItemsExpected, *r.Stated.ItemsSeen)
		}
	}
}

func TestOddLists(t *testing.T) {
	for name, tt := range map[string]struct {
		body, want string
	}{
		"no JSON":             {"<html>Log in</html>", "is no JSON"},
		"no data":             {`{"errors":[]}`, "it has no data"},
		"an item without id":  {`{"data":[{"type":"runs"}]}`, "item 1 of 1 has no id"},
		"no list":             {`{"data":{"id":"run-1"}}`, "read JSON:API list"},
		"a run without time":  {`{"data":[{"id":"run-1","attributes":{"status":"applied"}}]}`, `read run "run-1": it has no created-at`},
		"a time that is none": {`{"data":[{"id":"run-1","attributes":{"created-at":"2026-07-01T00:00:00Z","status-timestamps":{"applied-at":"yesterday"}}}]}`, `"yesterday" is no time`},
		"pages in a circle":   {`{"data":[],"meta":{"pagination":{"next-page":1}}}`, "page 1 is followed by page 1"},
	} {
		t.Run(name, func(t *testing.T) {
			fake := terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z")), token)
			fake.Plant("/workspaces/ws-1/runs", -1, terraformtest.Fault{Status: 200, Body: tt.body})
			w := newWorld(t, fake)
			res := w.collect()
			if !slices.ContainsFunc(parts(res), func(s string) bool {
				return strings.HasPrefix(s, "runs of prod: failed") && strings.Contains(s, tt.want)
			}) {
				t.Errorf("parts: %v, want %q", parts(res), tt.want)
			}
		})
	}
}

// What the documentation leaves open, and what newer servers add, must neither fail nor be lost.
func TestShapesOfOtherServers(t *testing.T) {
	run := applied("run-a", "2026-07-05T08:00:00Z")
	run.TFPolicies = []string{"tfpe-1", "tfpe-2"}
	w := newWorld(t, terraformtest.New(small(run), token))
	altered(w, func(path string, d map[string]any) {
		list, _ := d["data"].([]any)
		for _, r := range list {
			r := r.(map[string]any)
			switch {
			case strings.HasSuffix(path, "/policy-checks"): // older servers: no relationship to the run
				delete(r, "relationships")
				attributes(r)["status-timestamps"] = map[string]any{"passed-at": "2026-07-05T16:02:00+08:00"}
			case strings.HasSuffix(path, "/ws-1/runs"):
				attributes(r)["created-at"] = "2026-07-05T10:00:00.250+02:00"
				attributes(r)["status"] = "a_status_of_next_year"
			case strings.HasSuffix(path, "/run-events"):
				delete(r, "relationships")
			}
		}
	})
	res := w.collect()
	if res.Failed() {
		t.Fatalf("%v", parts(res))
	}
	if want := "runs of prod: ok 1 (1 runs have Terraform policy evaluations (tf-policy-evaluations), which are kept as received and not judged)"; !slices.Contains(parts(res), want) {
		t.Errorf("parts: %v, want %q", parts(res), want)
	}
	db := w.facts()
	for query, want := range map[string]string{
		"select run_id, completed_at from terraform_policy_result":                       "run-a | 2026-07-05T08:02:00Z",
		"select created_at, status, tf_policy_evaluations from terraform_run":            "2026-07-05T08:00:00.25Z | a_status_of_next_year | 2",
		"select run_id, action, actor, actor_name, target_type from terraform_run_event": "run-a | created | - | - | -",
	} {
		if got := factstest.Rows(t, db, query); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %v, want %q", query, got, want)
		}
	}
}

// A run that names more Terraform policy evaluations than its answer includes is not had as a whole.
func TestTFPolicyEvaluationsThatAreNotIncluded(t *testing.T) {
	run := applied("run-a", "2026-07-05T08:00:00Z")
	run.TFPolicies = []string{"tfpe-1", "tfpe-2"}
	w := newWorld(t, terraformtest.New(small(run), token))
	altered(w, func(path string, d map[string]any) {
		if list, ok := d["included"].([]any); ok && strings.HasSuffix(path, "/runs/run-a") {
			d["included"] = append(list[:1:1], map[string]any{"id": "user-1", "type": "users"})
		}
	})
	res := w.collect()
	for _, want := range []string{
		"tf policy evaluations: ok 1 (1 lists could not be read; they are listed apart)",
		"tf policy evaluations of run-a: failed (the run names 2 Terraform policy evaluations, its answer includes 1)",
	} {
		if !slices.Contains(parts(res), want) {
			t.Errorf("parts: %v, want %q", parts(res), want)
		}
	}
	r := w.records(res)[terraform.KindTFPolicyEvaluations]
	if *r.Stated.ItemsExpected != 2 || *r.Stated.ItemsSeen != 1 {
		t.Errorf("expected %d and seen %d, want 2 and 1", *r.Stated.ItemsExpected, *r.Stated.ItemsSeen)
	}
}

// The record of a large workspace stays in proportion: one record for each kind, whatever the number of runs.
func TestManyRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("collects 400 runs")
	}
	var runs []terraformtest.Run
	for i := range 400 {
		runs = append(runs, applied(fmt.Sprintf("run-%04d", i), at("2026-07-01T01:00:00Z").Add(time.Duration(i)*time.Hour).Format(time.RFC3339)))
	}
	w := newWorld(t, terraformtest.New(small(runs...), token))
	res := w.collect()
	// Each kind has a part, and the organization's tokens have two.
	if res.Failed() || res.Records > len(terraform.Type.Kinds) || len(res.Entry.Parts) > len(terraform.Type.Kinds)+1 {
		t.Errorf("failed %t, %d records, %d parts", res.Failed(), res.Records, len(res.Entry.Parts))
	}
	if n := len(res.Entry.Cursor); n > 2000 {
		t.Errorf("cursor has %d bytes", n)
	}
	if got := factstest.Rows(t, w.facts(), "select count(*), count(distinct run_id) from terraform_policy_result"); !slices.Equal(got, []string{"400 | 400"}) {
		t.Errorf("policy results: got %v", got)
	}
}
