package terraform_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/terraform"
	"auditpack/collectors/terraform/terraformtest"
	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
)

// details are the runs that were asked about since request number from.
func (w *world) details(from int) []string {
	runs := map[string]bool{}
	for _, asked := range w.fake.Asked()[from:] {
		if rest, ok := strings.CutPrefix(asked, "/api/v2/runs/"); ok {
			id, _, _ := strings.Cut(rest, "/")
			runs[id] = true
		}
	}
	ids := []string{}
	for id := range runs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// serve replaces what the server has.
func (w *world) serve(d terraformtest.Dataset) {
	w.fake = terraformtest.New(d, token)
	w.server.Config.Handler = w.fake
}

// A run that waited is read again and has one row, its newest; what had ended is not asked about again.
func TestSecondCollection(t *testing.T) {
	w := newWorld(t, nil)
	w.now = at("2026-08-01T00:00:00Z")
	first := planned("run-b", "2026-07-30T08:00:00Z")
	w.serve(small(applied("run-a", "2026-07-05T08:00:00Z"), first))
	if res := w.collect(); res.Failed() {
		t.Fatalf("%v", parts(res))
	}
	if diff := cmp.Diff([]string{"run-a", "run-b"}, w.details(0)); diff != "" {
		t.Errorf("first collection (-want +got):\n%s", diff)
	}

	w.now = at("2026-09-01T00:00:00Z")
	second := applied("run-b", "2026-07-30T08:00:00Z")
	second.At["applied"] = at("2026-08-02T10:00:00Z")
	second.Checks[0].Status = "overridden"
	second.Checks[0].Sets[0].Policies[0].Failed = true
	second.Checks[0].At = map[string]time.Time{"soft_failed": at("2026-07-30T08:02:00Z"), "overridden": at("2026-08-02T09:50:00Z")}
	w.serve(small(applied("run-a", "2026-07-05T08:00:00Z"), second, applied("run-c", "2026-08-20T08:00:00Z")))
	if res := w.collect(); res.Failed() {
		t.Fatalf("%v", parts(res))
	}
	if diff := cmp.Diff([]string{"run-b", "run-c"}, w.details(0)); diff != "" {
		t.Errorf("second collection (-want +got):\n%s", diff)
	}

	w.now = at("2026-09-02T00:00:00Z")
	before := len(w.fake.Asked())
	res := w.collect()
	if diff := cmp.Diff([]string{}, w.details(before)); diff != "" {
		t.Errorf("third collection (-want +got):\n%s", diff)
	}
	if res.Failed() {
		t.Errorf("third collection: %v", parts(res))
	}

	db := w.facts()
	if diff := cmp.Diff([]string{"run-a | applied", "run-b | applied", "run-c | applied"},
		factstest.Rows(t, db, "select run_id, status from terraform_run order by all")); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"run-a | passed | passed", "run-b | failed | overridden", "run-c | passed | passed"},
		factstest.Rows(t, db, "select run_id, outcome, check_status from terraform_policy_result order by all")); diff != "" {
		t.Errorf("policy results (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"3 | 3"}, factstest.Rows(t, db, "select count(*), count(distinct event_id) from terraform_run_event")); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// When the period is long over, a second collection asks about no run, and says so.
func TestNothingNew(t *testing.T) {
	w := newWorld(t, terraformtest.New(small(applied("run-a", "2026-07-05T08:00:00Z")), token))
	w.now = at("2026-11-01T00:00:00Z")
	w.collect()
	before := len(w.fake.Asked())
	res := w.collect()
	if got := w.details(before); len(got) > 0 {
		t.Errorf("asked about %v", got)
	}
	if want := "policy checks: ok (nothing to ask: all 1 runs of the period had ended when they were collected earlier)"; !slices.Contains(parts(res), want) {
		t.Errorf("parts: %v", parts(res))
	}
}

// Two periods in turn: each keeps what the other knows where they meet, and a run that was open in the first is asked about in
// the second.
func TestPeriodsInTurn(t *testing.T) {
	w := newWorld(t, nil)
	w.now = at("2026-11-01T00:00:00Z")
	w.serve(small(applied("run-a", "2026-07-05T08:00:00Z"), planned("run-b", "2026-09-30T08:00:00Z"), applied("run-c", "2026-10-05T08:00:00Z")))
	w.collect()
	if diff := cmp.Diff([]string{"run-a", "run-b"}, w.details(0)); diff != "" {
		t.Errorf("third quarter (-want +got):\n%s", diff)
	}
	q4, err := evidence.Quarter("2026-Q4")
	if err != nil {
		t.Fatal(err)
	}
	q3 := w.period
	w.period = q4
	before := len(w.fake.Asked())
	w.collect()
	if diff := cmp.Diff([]string{"run-b", "run-c"}, w.details(before)); diff != "" {
		t.Errorf("fourth quarter (-want +got):\n%s", diff)
	}
	w.period = q3
	before = len(w.fake.Asked())
	w.collect()
	if diff := cmp.Diff([]string{"run-b"}, w.details(before)); diff != "" {
		t.Errorf("third quarter again (-want +got):\n%s", diff)
	}
}

// Runs are listed back to the look-back and not further, unless an older one was open; what changed something in the period
// counts, whenever it was created.
func TestLookback(t *testing.T) {
	var runs []terraformtest.Run
	for i := range 330 { // 150 days, newest 2026-08-29
		created := at("2026-08-29T12:00:00Z").Add(-time.Duration(i) * 11 * time.Hour)
		runs = append(runs, applied(fmt.Sprintf("run-%03d", i), created.Format(time.RFC3339)))
	}
	late := applied("run-late", "2026-06-20T08:00:00Z")
	late.At["applied"] = at("2026-07-02T08:00:00Z")
	failedApply := applied("run-half", "2026-06-21T08:00:00Z")
	failedApply.Status = "errored"
	failedApply.At = map[string]time.Time{"applying": at("2026-07-01T00:00:00Z"), "errored": at("2026-07-01T00:10:00Z")}
	early := applied("run-early", "2026-06-22T08:00:00Z")
	w := newWorld(t, terraformtest.New(small(append(runs, late, failedApply, early)...), token))
	w.config += "lookback_days: 100\n"
	res := w.collect()
	if res.Failed() {
		t.Fatalf("%v", parts(res))
	}
	asked := w.details(0)
	if !slices.Contains(asked, "run-late") || !slices.Contains(asked, "run-half") || slices.Contains(asked, "run-early") {
		t.Errorf("asked about run-late %t, run-half %t, run-early %t; want true, true, false",
			slices.Contains(asked, "run-late"), slices.Contains(asked, "run-half"), slices.Contains(asked, "run-early"))
	}
	r := w.records(res)[terraform.KindRuns]
	if got := fmt.Sprint(len(r.Content), *r.Stated.ItemsExpected, *r.Stated.ItemsSeen); got != "4 333 333" {
		t.Errorf("pages, expected and seen: got %s, want 4 333 333", got)
	}

	t.Run("stops", func(t *testing.T) {
		w := newWorld(t, terraformtest.New(small(runs...), token))
		res := w.collect()
		r := w.records(res)[terraform.KindRuns]
		if got := fmt.Sprint(len(r.Content), *r.Stated.ItemsExpected, *r.Stated.ItemsSeen); got != "3 300 300" {
			t.Errorf("pages, expected and seen: got %s", got)
		}
		if want := "runs of prod: ok 300 (the server has 330 runs; the newest 300 were read, back beyond 2026-06-01T00:00:00Z)"; !slices.Contains(parts(res), want) {
			t.Errorf("parts: %v, want %q", parts(res), want)
		}
	})
	t.Run("follows an open run", func(t *testing.T) {
		waiting := planned("run-wait", "2026-05-01T08:00:00Z")
		w := newWorld(t, terraformtest.New(small(append(runs, waiting)...), token))
		w.config += "lookback_days: 60\n" // 2026-05-02: the page that ends the list holds it
		w.collect()
		done := applied("run-wait", "2026-05-01T08:00:00Z")
		done.At["applied"] = at("2026-09-20T08:00:00Z")
		w.serve(small(append(runs, done)...))
		w.config = strings.Replace(w.config, "lookback_days: 60", "lookback_days: 0", 1)
		w.collect()
		if got := w.details(0); !slices.Contains(got, "run-wait") {
			t.Errorf("asked about %v, want run-wait among them", got)
		}
	})
}

// A list of workspaces that breaks off loses neither what is known of those on the missing pages, nor that they are missing.
func TestWorkspacesBreakOff(t *testing.T) {
	d := small()
	d.Workspaces = nil
	for i := range 101 {
		ws := terraformtest.Workspace{ID: fmt.Sprintf("ws-%03d", i), Name: fmt.Sprintf("w%03d", i)}
		d.Workspaces = append(d.Workspaces, ws)
	}
	for i, ws := range []string{"ws-000", "ws-100"} {
		r := applied(fmt.Sprintf("run-%d", i), "2026-07-05T08:00:00Z")
		r.Workspace = ws
		d.Runs = append(d.Runs, r)
	}
	w := newWorld(t, terraformtest.New(d, token))
	w.now = at("2026-11-01T00:00:00Z")
	if res := w.collect(); res.Failed() {
		t.Fatalf("%v", parts(res))
	}
	whole := w.server.Config.Handler
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/workspaces") && r.URL.Query().Get("page[number]") == "2" {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		whole.ServeHTTP(rw, r)
	})
	res := w.collect()
	if res.Err != nil {
		t.Errorf("error %v", res.Err)
	}
	for _, part := range []string{"workspaces", "runs of further workspaces", "policy checks", "run events", "team access"} {
		if !slices.ContainsFunc(res.Entry.Parts, func(p evidence.PartOutcome) bool { return p.Part == part && p.Outcome == evidence.OutcomeDenied }) {
			t.Errorf("%s: not denied: %v", part, parts(res))
		}
	}
	w.server.Config.Handler = whole
	before := len(w.fake.Asked())
	w.collect()
	if diff := cmp.Diff([]string{}, w.details(before)); diff != "" {
		t.Errorf("asked about again (-want +got):\n%s", diff)
	}
}
