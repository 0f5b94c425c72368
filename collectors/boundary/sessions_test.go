package boundary

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence"
)

// later moves the clocks of the collector and of the controller.
func (w *world) later(d time.Duration) {
	w.now = w.now.Add(d)
	w.server.At(w.now)
}

// line returns the outcome of a part, empty if there is none.
func line(res collectors.Result, part string) string {
	for _, l := range outcomes(res) {
		if strings.HasPrefix(l, part+": ") {
			return l
		}
	}
	return ""
}

func TestRefreshTellsWhatWasDeleted(t *testing.T) {
	w := newWorld(t, smallDataset())
	if first := w.collect(); line(first, "session changes") != "" {
		t.Errorf("first collection: got %q, there is nothing to refresh", line(first, "session changes"))
	}
	w.later(14 * time.Minute) // s_ended2 ended at 05:01:00, s_ended1 at 05:11:00
	w.server.Purge()
	w.later(time.Minute) // a refresh looks back half of it
	w.server.Change(func(d *boundarytest.Dataset) {
		d.Sessions = append(slices.Clone(d.Sessions), session("s_new", "p_prod", "active", "2026-10-01T06:10:00Z"))
	})
	second := w.collect()
	if diff := cmp.Diff([]string{"scopes: ok 3", "session changes: ok 3", "session reads: ok 2", "sessions: ok 2", "targets: ok 2"}, outcomes(second)); diff != "" {
		t.Errorf("second collection: one session changed and two were deleted (-want +got):\n%s", diff)
	}
	rec := w.records(second, kindChanges)[0]
	body, err := evidence.ReadAll(t.Context(), w.store, rec.Content[0].Digest, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		RemovedIDs []string `json:"removed_ids"`
		SortBy     string   `json:"sort_by"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if slices.Sort(got.RemovedIDs); !slices.Equal(got.RemovedIDs, []string{"s_ended1", "s_ended2"}) || got.SortBy != "updated_time" {
		t.Errorf("stored page: got %+v, want the two that were deleted", got)
	}
	if !strings.Contains(strings.Join(rec.Stated.Notes, "\n"), "named 2 items that were deleted since") {
		t.Errorf("notes: got %q", rec.Stated.Notes)
	}
	for _, r := range w.server.Requests() {
		q, _ := url.ParseQuery(r[strings.Index(r, "?")+1:])
		if strings.Contains(r, "/v1/sessions?") && (q.Get("include_terminated") != "true" || q.Get("recursive") != "true" || q.Get("scope_id") != "global" || q.Get("page_size") != "1000") {
			t.Errorf("request lacks a parameter: %s", r)
		}
	}
	w.later(15 * time.Minute)
	if third := w.collect(); line(third, "session changes") != "session changes: none 0" || len(w.records(third, kindChanges)) != 0 {
		t.Errorf("third collection: got %q, want that nothing changed", line(third, "session changes"))
	}
}

func TestRefreshInPages(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.collect()
	w.later(10 * time.Minute)
	w.server.Change(func(d *boundarytest.Dataset) {
		d.Sessions = slices.Clone(d.Sessions)
		for i := range 2100 {
			d.Sessions = append(d.Sessions, session(fmt.Sprintf("s_%04d", i), "p_prod", "active", "2026-10-01T06:05:00Z"))
		}
	})
	res := w.collect()
	want := []string{"session-changes-0001.json", "session-changes-0002.json", "session-changes-0003.json"}
	if diff := cmp.Diff(want, w.parts(res, kindChanges)); diff != "" || line(res, "session changes") != "session changes: ok 2100" {
		t.Errorf("got %q, pages (-want +got):\n%s", line(res, "session changes"), diff)
	}
}

func TestListTokenThatIsRefused(t *testing.T) {
	refuse := func(status int, body string) func(*world) {
		return func(w *world) {
			w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/v1/sessions" || r.URL.Query().Get("list_token") == "" {
					return false
				}
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(status)
				fmt.Fprint(rw, body)
				return true
			})
		}
	}
	for name, tc := range map[string]struct {
		then func(*world)
		want string
	}{
		"after 31 days": {func(w *world) {
			w.server.Change(func(d *boundarytest.Dataset) { d.Access.Tokens[0].ExpirationTime = testNow.AddDate(1, 0, 0) })
			w.later(31 * 24 * time.Hour)
		}, `page 1: HTTP status 400, invalid list token: "The list token is not valid for this request."`},
		"after grants changed": {func(w *world) {
			w.server.Change(func(d *boundarytest.Dataset) { d.Access.Grants = append(d.Access.Grants, boundarytest.Grant{}) })
		}, `page 1: HTTP status 400, invalid list token: "The list token is not valid for this request."`},
		"of another version": {refuse(500, `{"kind":"Internal","message":"unable to decode"}`), `page 1: HTTP status 500, Internal: "unable to decode"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, smallDataset())
			w.collect()
			tc.then(w)
			res := w.collect()
			want := "session changes: not-offered 0 refresh the list of sessions: " + collectors.ErrNotOffered.Error() +
				": Boundary no longer takes the list token of the collection before; the full list stands by itself, and what was deleted since is not named (" + tc.want + ")"
			if diff := cmp.Diff(want, line(res, "session changes")); diff != "" || res.Failed() {
				t.Errorf("failed %v, outcome (-want +got):\n%s", res.Failed(), diff)
			}
			if got := line(res, "sessions"); !strings.HasPrefix(got, "sessions: ok 3") {
				t.Errorf("full list: got %q", got)
			}
			w.server.Intercept(nil)
			if got := line(w.collect(), "session changes"); !strings.HasPrefix(got, "session changes: none") && !strings.HasPrefix(got, "session changes: ok") {
				t.Errorf("next collection: got %q, want one that refreshes with the new token", got)
			}
		})
	}
}

// A session that ran is not in the list, which says that it is complete: it is read all the same.
func TestListThatLeavesOut(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.collect()
	w.later(10 * time.Minute)
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/sessions" || r.URL.Query().Get("list_token") != "" {
			return false
		}
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, `{"items":[{"id":"s_ended1","scope_id":"p_prod","status":"terminated"}],"response_type":"complete","list_token":"x","est_item_count":1}`)
		return true
	})
	res := w.collect()
	want := "sessions: failed 1 list sessions: the list says that it is complete and leaves out 1 sessions that ran at the collection before and can still be read"
	if diff := cmp.Diff(want, line(res, "sessions")); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"s_active.json"}, w.parts(res, kindSession)); diff != "" {
		t.Errorf("reads (-want +got):\n%s", diff)
	}
	w.server.Intercept(nil)
	w.later(55 * time.Minute) // 65 minutes after the list before, which was whole
	if got := line(w.collect(), "sessions"); !strings.Contains(got, "The complete list before was asked for at 2026-10-01T06:00:00Z") {
		t.Errorf("next collection: got %q, want that it does not count the list that left out", got)
	}
}

// A refresh that failed in passing is asked for again: only the token of before tells what was deleted since.
func TestRefreshThatFailedIsAskedForAgain(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.collect()
	w.later(14 * time.Minute)
	w.server.Purge()
	w.later(time.Minute)
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/sessions" || r.URL.Query().Get("list_token") == "" {
			return false
		}
		rw.WriteHeader(http.StatusBadGateway)
		return true
	})
	if got := line(w.collect(), "session changes"); !strings.HasPrefix(got, "session changes: failed 0 ") {
		t.Errorf("refresh: got %q, want failed", got)
	}
	w.server.Intercept(nil)
	w.later(time.Minute)
	if got := line(w.collect(), "session changes"); got != "session changes: ok 2" {
		t.Errorf("next collection: got %q, want the two that were deleted", got)
	}
}

func TestWindow(t *testing.T) {
	data := smallDataset()
	data.Access.Tokens[0].ExpirationTime = testNow.AddDate(1, 0, 0)
	w := newWorld(t, data)
	note := func(res collectors.Result) string {
		notes := w.records(res, kindSessions)[0].Stated.Notes
		return notes[slices.IndexFunc(notes, func(n string) bool { return strings.HasPrefix(n, "Asked at ") })]
	}
	first := w.collect()
	const want = "Asked at 2026-10-01T06:00:00Z. Boundary deletes a session one hour after it ended, by a job that runs every 30 minutes: this list can show the sessions that run and those that ended after 2026-10-01T05:00:00Z, and some that ended up to half an hour before that. A session that ended earlier and was not collected then can never be had from Boundary again; an event log may still name it."
	if diff := cmp.Diff(want, note(first)); diff != "" {
		t.Errorf("note (-want +got):\n%s", diff)
	}
	w.later(time.Hour)
	if second := w.collect(); strings.Contains(note(second), "deleted unseen") || line(second, "sessions") != "sessions: ok 3" {
		t.Errorf("an hour later: got %q with the note %q, want no gap", line(second, "sessions"), note(second))
	}
	w.server.Change(func(d *boundarytest.Dataset) { // s_active ends now, and is deleted before the next collection
		d.Sessions = slices.Clone(d.Sessions)
		d.Sessions[0] = session("s_active", "p_prod", "terminated", "2026-10-01T05:50:00Z")
	})
	w.later(90 * time.Minute)
	w.server.Purge()
	third := w.collect()
	const gap = "The complete list before was asked for at 2026-10-01T07:00:00Z: sessions that ended between then and 2026-10-01T07:30:00Z may have been deleted unseen, and can never be had again."
	if got := line(third, "sessions"); got != "sessions: none 0 "+gap || !strings.HasSuffix(note(third), gap) {
		t.Errorf("ninety minutes later: got %q with the note %q", got, note(third))
	}
	const vanished = "session reads: none 0 1 sessions were listed and then deleted by Boundary before they could be read. 1 of them ran when they were collected last: Boundary deleted them before their end was seen."
	if diff := cmp.Diff(vanished, line(third, "session reads")); diff != "" {
		t.Errorf("outcome of reads (-want +got):\n%s", diff)
	}
	if fourth := w.collect(); line(fourth, "session reads") != "session reads: none 0" {
		t.Errorf("it is told once: got %q", line(fourth, "session reads"))
	}
}

// A controller from before lists were paged answers with items alone.
func TestControllerWithoutPages(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/targets" {
			return false
		}
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, `{"items":[{"id":"ttcp_db","scope_id":"p_prod"},{"id":"ttcp_test","scope_id":"p_test"}]}`)
		return true
	})
	res := w.collect()
	notes := w.records(res, kindTargets)[0].Stated.Notes
	if got := line(res, "targets"); got != "targets: ok 2" || !strings.HasPrefix(notes[len(notes)-1], "The answer has no response_type, as before Boundary 0.15") {
		t.Errorf("got %q with notes %q", got, notes)
	}
}

func TestListThatDoesNotGoOn(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/targets" {
			return false
		}
		rw.Header().Set("Content-Type", "application/json")
		fmt.Fprint(rw, `{"items":[{"id":"ttcp_db","scope_id":"p_prod"}],"response_type":"delta","list_token":"same"}`)
		return true
	})
	const want = "targets: failed 1 list targets: page 2 has the list_token that it was asked for with: the list does not go on"
	if got := line(w.collect(), "targets"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
