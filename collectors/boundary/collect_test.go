package boundary

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence"
)

func TestCollect(t *testing.T) {
	w := newWorld(t, smallDataset())
	res := w.collect()
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	want := []string{"scopes: ok 3", "session reads: ok 3", "sessions: ok 3", "targets: ok 2"}
	if diff := cmp.Diff(want, outcomes(res)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	// The two that ended come first and in a record of their own; the oldest is nearest to being purged.
	if diff := cmp.Diff([]string{"s_ended2.json", "s_ended1.json", "s_active.json"}, w.parts(res, kindSession)); diff != "" {
		t.Errorf("session parts (-want +got):\n%s", diff)
	}
	rec := w.records(res, kindSessions)[0]
	if got := *rec.Stated.ItemsSeen; got != 3 || rec.Stated.ItemsExpected != nil {
		t.Errorf("stated items: got %d seen and %v expected, want 3 and nil", got, rec.Stated.ItemsExpected)
	}
	if got, want := rec.Stated.First.Format(time.RFC3339Nano), "2026-10-01T05:00:00.123456Z"; got != want {
		t.Errorf("first: got %s, want %s", got, want)
	}
	if rec.Collected.Principal != testUser {
		t.Errorf("principal: got %q, want %q", rec.Collected.Principal, testUser)
	}
	body, err := evidence.ReadAll(t.Context(), w.store, rec.Content[0].Digest, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "connections") {
		t.Error("fake: a list of sessions shows connections")
	}
}

func TestEachSessionIsReadUntilItHasEnded(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.collect()
	second := w.collect()
	if diff := cmp.Diff([]string{"s_active.json"}, w.parts(second, kindSession)); diff != "" {
		t.Errorf("read again while it runs (-want +got):\n%s", diff)
	}
	w.server.Change(func(d *boundarytest.Dataset) {
		d.Sessions[0] = session("s_active", "p_prod", "terminated", "2026-10-01T05:50:00Z")
	})
	w.server.RemoveSession("s_ended2")
	third := w.collect()
	if diff := cmp.Diff([]string{"s_active.json"}, w.parts(third, kindSession)); diff != "" {
		t.Errorf("read once after it ended (-want +got):\n%s", diff)
	}
	fourth := w.collect()
	if diff := cmp.Diff([]string(nil), w.parts(fourth, kindSession)); diff != "" {
		t.Errorf("nothing left to read (-want +got):\n%s", diff)
	}
	var got cursor
	if err := json.Unmarshal(fourth.Entry.Cursor, &got); err != nil {
		t.Fatal(err)
	}
	if got.API.ListToken == "" {
		t.Error("cursor has no list token to refresh with")
	}
	got.API.ListToken = ""
	want := cursor{API: apiCursor{Of: w.url + " global", Final: []string{"s_active", "s_ended1"}, Listed: &testNow, Scopes: []string{"o_1", "p_prod", "p_test"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cursor holds only what is still listed (-want +got):\n%s", diff)
	}
}

func TestPages(t *testing.T) {
	data := smallDataset()
	data.Sessions = nil
	for i := range 2500 { // ties in created_time: 500 sessions a second
		created := testNow.Add(-time.Hour + time.Duration(i/500)*time.Second).Format(time.RFC3339Nano)
		data.Sessions = append(data.Sessions, session(fmt.Sprintf("s_%04d", i), "p_prod", "terminated", created))
	}
	w := newWorld(t, data)
	w.server.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		if r.URL.Path == "/v1/sessions" && (q.Get("include_terminated") != "true" || q.Get("recursive") != "true" || q.Get("scope_id") != "global") {
			t.Errorf("request lacks a parameter: %s", r.URL.RawQuery)
		}
		return false
	})
	res := w.collect()
	want := []string{"scopes: ok 3", "session reads: ok 2500", "sessions: ok 2500", "targets: ok 2"}
	if diff := cmp.Diff(want, outcomes(res)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sessions-0001.json", "sessions-0002.json", "sessions-0003.json"}, w.parts(res, kindSessions)); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if got := w.asked("GET /v1/sessions?"); got != 3 {
		t.Errorf("list requests: got %d, want 3: a complete list is not refreshed", got)
	}
}

func TestNothingThere(t *testing.T) {
	data := smallDataset()
	data.Sessions, data.Targets = nil, nil
	w := newWorld(t, data)
	res := w.collect()
	want := []string{"scopes: ok 3", "session reads: none 0", "sessions: none 0", "targets: none 0"}
	if diff := cmp.Diff(want, outcomes(res)); diff != "" || res.Failed() {
		t.Errorf("failed %v, outcomes (-want +got):\n%s", res.Failed(), diff)
	}
	if got := len(w.records(res, kindSessions)); got != 1 {
		t.Errorf("records: got %d, want 1: the empty answer is evidence that there was none", got)
	}
}

func TestStaleListTokenStartsOver(t *testing.T) {
	data := smallDataset()
	for i := range 1200 {
		data.Sessions = append(data.Sessions, session(fmt.Sprintf("s_%04d", i), "p_prod", "terminated", "2026-10-01T04:00:00Z"))
	}
	w := newWorld(t, data)
	stale := 1
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/sessions" || r.URL.Query().Get("list_token") == "" || stale == 0 {
			return false
		}
		stale--
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(rw, `{"kind":"invalid list token","message":"list token is no longer valid"}`)
		return true
	})
	res := w.collect()
	if diff := cmp.Diff([]string{"scopes: ok 3", "session reads: ok 1203", "sessions: ok 1203", "targets: ok 2"}, outcomes(res)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	rec := w.records(res, kindSessions)[0]
	if !strings.Contains(strings.Join(rec.Stated.Notes, "\n"), "started over 1 times") {
		t.Errorf("notes: got %q, want one that says that the list was started over", rec.Stated.Notes)
	}
}

func TestListFailures(t *testing.T) {
	answer := func(status int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/v1/targets" {
				return false
			}
			rw.Header().Set("Content-Type", "application/json")
			rw.WriteHeader(status)
			fmt.Fprint(rw, body)
			return true
		}
	}
	for name, tc := range map[string]struct {
		intercept func(http.ResponseWriter, *http.Request) bool
		want      string
		requests  int
	}{
		"a 500 is not tried again": {
			answer(500, `{"kind":"Internal","message":"unable to decode"}`),
			`targets: failed 0 list targets: page 1: HTTP status 500, Internal: "unable to decode"`, 1},
		"a list token that is always stale": {
			answer(400, `{"kind":"invalid list token"}`),
			`targets: failed 0 list targets: page 1: HTTP status 400, invalid list token`, maxRestarts + 1},
		"a wrong parameter": {
			answer(400, `{"kind":"InvalidArgument","message":"Error.","details":{"request_fields":[{"name":"page_size","description":"Too odd."}]}}`),
			`targets: failed 0 list targets: page 1: HTTP status 400, InvalidArgument: "Error."; field "page_size": "Too odd."`, 1},
		"an answer of another kind": {
			answer(200, `{"response_type":"later"}`),
			`targets: failed 0 list targets: page 1: response_type is "later": want delta or complete`, 1},
		"a page without a way on": {
			answer(200, `{"response_type":"delta","items":[{"id":"ttcp_1"}]}`),
			`targets: failed 1 list targets: page 1 is not the last one but has no list_token`, 1},
		"items without id": {
			answer(200, `{"response_type":"complete","items":[{"name":"x"}]}`),
			`targets: failed 0 list targets: page 1, item 1 has no id: the output_fields of the grant leave it out`, 1},
		"no JSON at all": {
			answer(200, `<html>`),
			`targets: failed 0 list targets: page 1: read answer: invalid character '<' looking for beginning of value`, 1},
		"a page of another program": {
			func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/v1/targets" {
					return false
				}
				rw.Header().Set("Content-Type", "text/html")
				fmt.Fprint(rw, `<html>`)
				return true
			},
			`targets: failed 0 list targets: page 1: answer is "text/html", not application/json: is this the address of a Boundary controller?`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, smallDataset())
			w.server.Intercept(tc.intercept)
			res := w.collect()
			got := outcomes(res)
			if diff := cmp.Diff(tc.want, got[len(got)-1]); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if got := w.asked("GET /v1/targets"); got != tc.requests {
				t.Errorf("requests: got %d, want %d", got, tc.requests)
			}
			if res.Err != nil || !res.Failed() || len(w.parts(res, kindSession)) != 3 {
				t.Errorf("got error %v, failed %v: want the rest to go on", res.Err, res.Failed())
			}
		})
	}
}

func TestRefusedForAWhile(t *testing.T) {
	w := newWorld(t, smallDataset())
	n := 0
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		n++
		switch n {
		case 2:
			rw.Header().Set("Retry-After", "17")
			rw.WriteHeader(http.StatusTooManyRequests) // no body
			return true
		case 4:
			rw.Header().Set("Retry-After", "2")
			rw.WriteHeader(http.StatusServiceUnavailable)
			return true
		case 6, 8:
			rw.Header().Set("Content-Type", "application/json")
			rw.Header().Set("Content-Length", "4000")
			fmt.Fprint(rw, `{"items":[{"id":"s_cut"`) // and the connection is closed
			return true
		}
		return false
	})
	res := w.collect()
	if diff := cmp.Diff([]string{"scopes: ok 3", "session reads: ok 3", "sessions: ok 3", "targets: ok 2"}, outcomes(res)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	want := []time.Duration{17 * time.Second, 2 * time.Second, 500 * time.Millisecond, 500 * time.Millisecond}
	if diff := cmp.Diff(want, w.slept); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

// oneGone is what reading sessions gives when one was deleted.
var oneGone = reads{of: sessionsRequest, gone: []string{"s_ended2"}}

func TestSessionIsGoneBeforeItIsRead(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v1/sessions/s_ended2" {
			rw.WriteHeader(http.StatusNotFound) // no body
			return true
		}
		return false
	})
	res := w.collect()
	want := []string{"scopes: ok 3", "session reads: ok 2 " + oneGone.goneNote(), "sessions: ok 3", "targets: ok 2"}
	if diff := cmp.Diff(want, outcomes(res)); diff != "" || res.Failed() {
		t.Errorf("failed %v, outcomes (-want +got):\n%s", res.Failed(), diff)
	}
	for _, rec := range w.records(res, kindSession) {
		if diff := cmp.Diff([]string{oneGone.goneNote()}, rec.Stated.Notes); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	}
}

func TestFailedReadIsTriedByTheNextCollection(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/sessions/s_ended1" {
			return false
		}
		rw.WriteHeader(http.StatusInternalServerError)
		return true
	})
	res := w.collect()
	want := []string{
		"scopes: ok 3",
		`session reads: failed 2 1 of 3 sessions could not be read: read session "s_ended1": HTTP status 500`,
		"sessions: ok 3", "targets: ok 2",
	}
	if diff := cmp.Diff(want, outcomes(res)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	w.server.Intercept(nil)
	if diff := cmp.Diff([]string{"s_ended1.json", "s_active.json"}, w.parts(w.collect(), kindSession)); diff != "" {
		t.Errorf("next collection (-want +got):\n%s", diff)
	}
}

func TestUnreachable(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.config = "address: http://127.0.0.1:1\n"
	const refused = ": failed 0 read the token itself: dial tcp 127.0.0.1:1: connect: connection refused"
	want := []string{"scopes" + refused, "session reads" + refused, "sessions" + refused, "targets" + refused}
	res := w.collect()
	if diff := cmp.Diff(want, outcomes(res)); diff != "" || !res.Failed() {
		t.Errorf("failed %v, outcomes (-want +got):\n%s", res.Failed(), diff)
	}
	if got := len(w.slept); got != 2 {
		t.Errorf("waits: got %d, want 2", got)
	}
}

// When nothing can be asked for, each part failed that a collection would have told of: none keeps an outcome of before.
func TestUnreachableIsToldOfEveryPart(t *testing.T) {
	for _, scope := range []string{"global", "o_1", "p_prod"} {
		w := newFullWorld(t, fullDataset())
		w.config += "scope: " + scope + "\n"
		w.more = "configuration_every: 0s\n"
		w.collect()
		names := func(res collectors.Result) (out []string) {
			for _, p := range res.Entry.Parts {
				out = append(out, p.Part)
			}
			return out
		}
		well := w.collect()
		w.server.Intercept(func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.WriteHeader(http.StatusInternalServerError)
			return true
		})
		res := w.collect()
		if diff := cmp.Diff(names(well), names(res)); diff != "" {
			t.Errorf("%s: parts (-well +got):\n%s", scope, diff)
		}
	}
}

func TestOneProject(t *testing.T) {
	w := newWorld(t, smallDataset())
	w.config += "scope: p_prod\n"
	want := []string{"scopes: not-offered 0 list scopes: " + collectors.ErrNotOffered.Error() + ": there are none in a project", "session reads: ok 2", "sessions: ok 2", "targets: ok 1"}
	res := w.collect()
	if diff := cmp.Diff(want, outcomes(res)); diff != "" || res.Failed() {
		t.Errorf("failed %v, outcomes (-want +got):\n%s", res.Failed(), diff)
	}
}

func TestBytesAreKeptAsReceived(t *testing.T) {
	w := newWorld(t, smallDataset())
	const body = "{ \"items\" : [ {\"id\":\"ttcp_x\", \"new_field\": 1.50} ],\r\n \"response_type\":\"complete\" }\n\n"
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/targets" {
			return false
		}
		rw.Header().Set("Content-Type", "application/json; charset=utf-8")
		fmt.Fprint(rw, body)
		return true
	})
	rec := w.records(w.collect(), kindTargets)[0]
	if got, want := rec.Content[0].Digest, evidence.DigestOf([]byte(body)); got != want {
		t.Errorf("digest: got %s, want %s of the bytes as sent", got, want)
	}
}

// A list that breaks off in its middle: what came is evidence, and says that it is not all.
func TestListBreaksOff(t *testing.T) {
	data := smallDataset()
	for i := range 1200 {
		data.Sessions = append(data.Sessions, session(fmt.Sprintf("s_%04d", i), "p_prod", "terminated", "2026-10-01T04:00:00Z"))
	}
	w := newWorld(t, data)
	w.collect()
	w.server.Intercept(func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/v1/sessions" || r.URL.Query().Get("list_token") == "" {
			return false
		}
		rw.WriteHeader(http.StatusInternalServerError)
		return true
	})
	res := w.collect()
	want := []string{
		"scopes: ok 3",
		"session changes: not-offered 0 refresh the list of sessions: " + collectors.ErrNotOffered.Error() +
			": Boundary no longer takes the list token of the collection before; the full list stands by itself, and what was deleted since is not named (page 1: HTTP status 500)",
		"session reads: ok 1", "sessions: failed 1000 list sessions: page 2: HTTP status 500", "targets: ok 2",
	}
	if diff := cmp.Diff(want, outcomes(res)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	rec := w.records(res, kindSessions)[0]
	if got := rec.Stated.Notes[len(rec.Stated.Notes)-1]; got != "The list is incomplete or cannot be relied on: list sessions: page 2: HTTP status 500" {
		t.Errorf("last note: got %q", got)
	}
	w.server.Intercept(nil)
	if diff := cmp.Diff([]string{"s_active.json"}, w.parts(w.collect(), kindSession)); diff != "" {
		t.Errorf("what was final is not forgotten (-want +got):\n%s", diff)
	}
}

var _ collectors.Collector = (*collector)(nil)
