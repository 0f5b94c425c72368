package boundary

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// Down, denied, empty, cut half-way, slow and lying about totals are six different things, and read so.
func TestSixTroubles(t *testing.T) {
	users := func(f func(http.ResponseWriter, *http.Request)) func(*world) {
		return func(w *world) {
			w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/v1/users" {
					return false
				}
				rw.Header().Set("Content-Type", "application/json")
				f(rw, r)
				return true
			})
		}
	}
	for name, tc := range map[string]struct {
		trouble func(*world)
		want    string // the outcome of users
		note    string // in the record of users; empty: no record
	}{
		"down": {func(w *world) { w.config = "address: http://127.0.0.1:1\n" },
			"users: failed 0 read the token itself: dial tcp 127.0.0.1:1: connect: connection refused", ""},
		"denied": {func(w *world) {
			w.server.Change(func(d *boundarytest.Dataset) { *d = withoutGrant(*d, "user") })
		}, `users: denied 0 list users: denied: needs a role with the grant ids=*;type=user;actions=list,read: page 1: HTTP status 403, PermissionDenied: "Forbidden."`, ""},
		"empty": {func(w *world) { w.server.Change(func(d *boundarytest.Dataset) { d.Users = nil }) },
			"users: none 0", noteVisible},
		"cut half-way": {users(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("list_token") == "" {
				fmt.Fprint(rw, `{"items":[{"id":"u_1","scope_id":"global"}],"response_type":"delta","list_token":"x"}`)
				return
			}
			rw.Header().Set("Content-Length", "4000")
			fmt.Fprint(rw, `{"items":[{"id":"u_2"`)
		}), "users: failed 1 list users: page 2: response body was cut: unexpected EOF after 21 bytes",
			"The list is incomplete or cannot be relied on: list users: page 2: response body was cut: unexpected EOF after 21 bytes"},
		"lying about totals": {users(func(rw http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(rw, `{"items":[{"id":"u_1","scope_id":"global"},{"id":"u_1","scope_id":"global"},{"id":"u_2","scope_id":"o_1"}],"response_type":"complete","list_token":"x","est_item_count":4294967295}`)
		}), "users: ok 2", "Boundary estimated 4294967295 items (est_item_count) and gave 2. The estimate ignores scope and permissions and proves nothing.\n1 items came twice; they are counted once."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFullWorld(t, fullDataset())
			tc.trouble(w)
			res := w.collect()
			if diff := cmp.Diff(tc.want, line(res, "users")); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			records := w.records(res, kindUsers)
			if tc.note == "" {
				if len(records) > 0 {
					t.Errorf("got %d records of users, want none", len(records))
				}
				return
			}
			if len(records) != 1 || !strings.Contains(strings.Join(records[0].Stated.Notes, "\n"), tc.note) {
				t.Errorf("records: got %+v, want one that notes %q", records, tc.note)
			}
		})
	}
}

// The sixth: the controller takes the request and does not answer it. Others are answered, so only that part fails.
func TestSlow(t *testing.T) {
	w := newFullWorld(t, fullDataset())
	gate := make(chan struct{})
	slow := map[string]bool{"/v1/users": true}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !slow[r.URL.Path] {
			w.server.ServeHTTP(rw, r)
			return
		}
		if r.URL.Path == "/v1/roles" { // begins to answer, and stops
			rw.Header().Set("Content-Type", "application/json")
			fmt.Fprint(rw, `{"items":[`)
			http.NewResponseController(rw).Flush()
		}
		select {
		case <-gate:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(gate) })
	w.config = "address: " + server.URL + "\n"
	w.patience = 50 * time.Millisecond
	got := outcomes(w.collect())
	for _, want := range []string{"users: failed 0 list users: page 1: no complete answer in time: waited 50ms", "roles: ok 3", "sessions: ok 3"} {
		if !slices.Contains(got, want) {
			t.Errorf("outcomes: got %q, want %q among them", got, want)
		}
	}
	if len(w.slept) != 5 {
		t.Errorf("waits between attempts: got %v, want 5", w.slept)
	}

	slow["/v1/groups"], slow["/v1/roles"] = true, true // two in a row: it is down, and nothing more is asked
	got = outcomes(w.collect())
	for _, want := range []string{
		"groups: failed 0 list groups: page 1: no complete answer in time: waited 50ms",
		"roles: failed 0 list roles: page 1: not asked, because the controller did not answer before: no complete answer in time: waited 50ms",
		"scopes: failed 0 list scopes: page 1: not asked, because the controller did not answer before: no complete answer in time: waited 50ms",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("outcomes: got %q, want %q among them", got, want)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	w := newWorld(t, smallDataset())
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the token was sent elsewhere") }))
	t.Cleanup(elsewhere.Close)
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/targets" {
			return false
		}
		http.Redirect(rw, r, elsewhere.URL, http.StatusFound)
		return true
	})
	if got, want := line(w.collect(), "targets"), "targets: failed 0 list targets: page 1: HTTP status 302"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// factsOf are the rows that must come out alike, however often a collection was interrupted.
var factsOf = []string{
	`select session_id, status, user_id, ended_at, connections, bytes_up, bytes_down from boundary_session order by all`,
	`select user_id from boundary_user order by all`, `select user_id, account_id from boundary_user_account order by all`,
	`select role_id, canonical from boundary_role_grant order by all`, `select role_id, principal_id from boundary_role_principal order by all`,
	`select group_id, user_id from boundary_group_member order by all`, `select account_id from boundary_account order by all`,
	`select target_id, "use", source_id from boundary_target_source order by all`, `select host_id from boundary_host order by all`,
	`select scope_id from boundary_scope order by all`, `select recording_id, "read" from boundary_session_recording order by all`,
	`select event_id, line from boundary_event order by all`,
}

func rowsOf(t *testing.T, store *memstore.Store) (rows [][]string) {
	t.Helper()
	db := factstest.Project(t, store, store)
	for _, sql := range factsOf {
		rows = append(rows, factstest.Rows(t, db, sql))
	}
	return rows
}

// interruptedWorld serves the full dataset and an event log.
func interruptedWorld(t *testing.T) *world {
	w := newFullWorld(t, fullDataset())
	if err := os.Mkdir(filepath.Join(w.dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.write("events.ndjson", events(0, 5))
	w.config += "event_logs: [logs/events.ndjson]\n"
	return w
}

// blobsOf are the blobs of all records that were committed, each once: what facts are made of.
func blobsOf(w *world) []string {
	w.t.Helper()
	var blobs []string
	for entry, err := range w.store.Entries(w.t.Context(), 1) {
		if err != nil {
			w.t.Fatal(err)
		}
		for _, kind := range Type.Kinds {
			for _, rec := range w.records(collectors.Result{Entry: entry}, kind) {
				for _, p := range rec.Content {
					blobs = append(blobs, fmt.Sprintf("%s %s %s", kind, p.Name, p.Digest))
				}
			}
		}
	}
	slices.Sort(blobs)
	return slices.Compact(blobs)
}

// interrupt collects until within request n, and then once more. A killed process leaves what it stored and no journal entry.
func (w *world) interrupt(n int, kill bool) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	asked := 0
	w.server.Intercept(func(http.ResponseWriter, *http.Request) bool {
		if asked++; asked == n {
			cancel()
		}
		return false
	})
	c, err := w.open()
	if err != nil {
		w.t.Fatal(err)
	}
	journal := w.store
	if kill {
		journal = memstore.New()
	}
	res := collectors.Run(ctx, []collectors.Source{{Name: "boundary-test", Type: Type, Collector: c}}, collectors.Options{
		Store: w.store, Journal: journal, Now: func() time.Time { return w.now },
		Actor: evidence.Actor{Principal: "tester", Host: "test", Tool: "auditpack test"},
	})[0]
	if !res.Failed() {
		w.t.Errorf("an interrupted collection did not fail: %q", outcomes(res))
	}
	w.server.Intercept(nil)
	if next := w.collect(); next.Failed() {
		w.t.Errorf("next collection: got %q", outcomes(next))
	}
}

// A signal ends the collection within its Nth request: it commits what it has, and the next one goes on from there. A kill
// commits nothing, and the next one begins where the killed one began. Neither loses anything or counts it twice.
func TestInterrupted(t *testing.T) {
	whole := interruptedWorld(t)
	whole.collect()
	want, requests := blobsOf(whole), len(whole.server.Requests())
	if requests < 40 {
		t.Fatalf("a whole collection has %d requests, want at least 40", requests)
	}
	for _, kill := range []bool{false, true} {
		for n := 1; n <= requests; n += 1 + n/10 {
			t.Run(fmt.Sprintf("kill %v within request %d of %d", kill, n, requests), func(t *testing.T) {
				w := interruptedWorld(t)
				w.interrupt(n, kill)
				if diff := cmp.Diff(want, blobsOf(w)); diff != "" {
					t.Errorf("blobs (-uninterrupted +got):\n%s", diff)
				}
			})
		}
	}
	t.Run("facts", func(t *testing.T) {
		w := interruptedWorld(t)
		w.interrupt(requests/2, false)
		if diff := cmp.Diff(rowsOf(t, whole.store), rowsOf(t, w.store)); diff != "" {
			t.Errorf("facts (-uninterrupted +got):\n%s", diff)
		}
	})
}
