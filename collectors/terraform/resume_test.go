package terraform_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/terraform"
	"auditpack/collectors/terraform/terraformtest"
	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
)

// mortal is a journal of a process that can be killed: from then on nothing is committed.
type mortal struct {
	evidence.Journal
	dead atomic.Bool
}

func (j *mortal) Append(ctx context.Context, e evidence.Entry) (evidence.Entry, error) {
	if j.dead.Load() {
		return evidence.Entry{}, errors.New("killed")
	}
	return j.Journal.Append(ctx, e)
}

// manyRuns are n applied runs, an hour apart, the first of them the newest.
func manyRuns(n int, newest string) (runs []terraformtest.Run) {
	for i := range n {
		runs = append(runs, applied(fmt.Sprintf("run-%04d", i), at(newest).Add(-time.Duration(i)*time.Hour).Format(time.RFC3339)))
	}
	return runs
}

// killAt collects until the server was asked for the nth time, and kills the process then. Requests are counted by gate.
func (w *world) killAt(n int) {
	w.t.Helper()
	journal := &mortal{Journal: w.store}
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	fake := w.fake
	var mu sync.Mutex
	asked := 0
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked++
		if asked == n {
			journal.dead.Store(true)
			cancel()
		}
		mu.Unlock()
		fake.ServeHTTP(rw, r)
	})
	res := collectors.Run(ctx, []collectors.Source{{Name: "hcp-terraform", Type: terraform.Type, Collector: w.open()}}, collectors.Options{
		Store: w.store, Journal: journal, Period: w.period, Now: func() time.Time { return w.now },
		Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "auditpack test"},
	})[0]
	if res.Err == nil || !strings.Contains(res.Err.Error(), "killed") {
		w.t.Fatalf("the collection survived: %v", res.Err)
	}
	w.server.Config.Handler = fake
}

// pagesAsked are the numbers of the pages of the run list that were asked for since request number from.
func (w *world) pagesAsked(from int) (pages []string) {
	for _, asked := range w.fake.Asked()[from:] {
		if _, rest, ok := strings.Cut(asked, "/runs?"); ok {
			_, number, _ := strings.Cut(rest, "page[number]=")
			number, _, _ = strings.Cut(number, "&")
			pages = append(pages, number)
		}
	}
	return pages
}

// A collection that was killed goes on at the page that it had reached: what was asked about is not asked about again, nothing is
// lost, and nothing counts twice. In between, runs were created, one that waited was applied, and the list has moved.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("collects 600 runs")
	}
	runs := manyRuns(600, "2026-09-29T12:00:00Z")
	waiting := planned("run-wait", "2026-09-29T12:30:00Z")
	w := newWorld(t, terraformtest.New(small(append(slices.Clone(runs), waiting)...), token))
	w.now = at("2026-09-29T13:00:00Z")
	w.killAt(1900) // of 4 for each run
	first := w.details(0)
	var entries []evidence.Entry
	for e, err := range w.store.Entries(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	if len(entries) < 1 || slices.ContainsFunc(entries[0].Parts, func(p evidence.PartOutcome) bool { return p.Outcome != evidence.OutcomeFailed }) {
		t.Fatalf("after the kill: %d entries, want some that say they are not finished", len(entries))
	}

	w.now = at("2026-10-01T06:00:00Z")
	waiting.Status, waiting.At["applied"] = "applied", at("2026-09-30T08:00:00Z")
	newer := manyRuns(130, "2026-09-30T23:00:00Z")
	for i := range newer {
		newer[i].ID = fmt.Sprintf("run-n%03d", i)
		newer[i].Checks[0].ID = "polchk-" + newer[i].ID
		newer[i].Created = at("2026-09-30T23:00:00Z").Add(-time.Duration(i) * time.Minute)
	}
	w.serve(small(append(append(newer, waiting), runs...)...))
	res := w.collect()
	if res.Failed() {
		t.Fatalf("second collection: %v, %v", res.Err, parts(res))
	}
	again := 0
	for _, id := range w.details(0) {
		if slices.Contains(first, id) && id != "run-wait" {
			again++
		}
	}
	// What was under way at the kill, and what came after the last checkpoint.
	if again > 250+100+32 {
		t.Errorf("%d runs were asked about again", again)
	}
	if pages := w.pagesAsked(0); len(pages) > 7 || pages[0] != "1" || slices.Contains(pages, "3") {
		t.Errorf("pages asked for: %v", pages)
	}
	db := w.facts()
	for query, want := range map[string]string{
		"select count(*), count(distinct run_id) from terraform_run":                                                         "731 | 731",
		"select count(*), count(distinct run_id) from terraform_policy_result":                                               "731 | 731",
		"select count(*), count(distinct check_id) from terraform_policy_check_log":                                          "731 | 731",
		"select status from terraform_run where run_id = 'run-wait'":                                                         "applied",
		"select count(*) from terraform_run_event":                                                                           "731",
		"select count(*) from collection_part where outcome = 'failed' and entry = (select max(entry) from collection_part)": "0",
	} {
		if diff := cmp.Diff([]string{want}, factstest.Rows(t, db, query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}

	before := len(w.fake.Asked())
	w.collect()
	if got := w.details(before); len(got) > 0 {
		t.Errorf("third collection asked about %d runs again, %v", len(got), got[:1])
	}
	if pages := w.pagesAsked(before); len(pages) != 8 {
		t.Errorf("third collection read %d pages, want the whole list again", len(pages))
	}
}

// Killed again and again, at any place, a collection comes to its end with everything once.
func TestKilledAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("collects 500 runs")
	}
	runs := manyRuns(500, "2026-09-29T12:00:00Z")
	w := newWorld(t, terraformtest.New(small(runs...), token))
	w.now = at("2026-10-02T06:00:00Z")
	for _, n := range []int{3, 1300, 20} {
		w.killAt(n)
	}
	if res := w.collect(); res.Failed() {
		t.Fatalf("last collection: %v, %v", res.Err, parts(res))
	}
	db := w.facts()
	for _, query := range []string{"select count(*), count(distinct run_id) from terraform_run", "select count(*), count(distinct run_id) from terraform_policy_result"} {
		if diff := cmp.Diff([]string{"500 | 500"}, factstest.Rows(t, db, query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

// The list was cut short between two collections, so that the page that was reached is another: it is read from where it was known.
func TestReachedPageIsAnother(t *testing.T) {
	if testing.Short() {
		t.Skip("collects 600 runs")
	}
	runs := manyRuns(600, "2026-09-29T12:00:00Z")
	w := newWorld(t, terraformtest.New(small(runs...), token))
	w.now = at("2026-10-02T06:00:00Z")
	w.killAt(1900)
	w.serve(small(slices.Delete(slices.Clone(runs), 20, 120)...)) // 100 runs were deleted for good
	if res := w.collect(); res.Failed() {
		t.Fatalf("second collection: %v, %v", res.Err, parts(res))
	}
	if diff := cmp.Diff([]string{"600 | 600"}, factstest.Rows(t, w.facts(), "select count(*), count(distinct run_id) from terraform_policy_result")); diff != "" {
		t.Errorf("policy results (-want +got):\n%s", diff)
	}
}

// Run lists of several workspaces are read at the same time, and so is what is asked about runs.
func TestSeveralAtOnce(t *testing.T) {
	d := small()
	d.Workspaces = nil
	for i := range 6 {
		ws := terraformtest.Workspace{ID: fmt.Sprintf("ws-%d", i), Name: fmt.Sprintf("w%d", i)}
		d.Workspaces = append(d.Workspaces, ws)
		r := applied(fmt.Sprintf("run-%d", i), "2026-07-05T08:00:00Z")
		r.Workspace = ws.ID
		d.Runs = append(d.Runs, r)
	}
	fake := terraformtest.New(d, token)
	var now, most atomic.Int32
	gate := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/runs") {
			most.Store(max(most.Load(), now.Add(1)))
			if now.Load() == 6 {
				close(gate)
			}
			<-gate // all six are here, or the test never ends
		}
		fake.ServeHTTP(rw, r)
	}))
	defer server.Close()
	w := newWorld(t, fake)
	w.config = strings.Replace(w.config, w.server.URL, server.URL, 1)
	if res := w.collect(); res.Failed() || most.Load() != 6 {
		t.Errorf("%d run lists at once, want 6; %v", most.Load(), parts(res))
	}
}
