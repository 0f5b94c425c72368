package boundary

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/boundary/boundarytest"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

func sample(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "samples", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type query struct {
	sql  string
	want []string
}

func TestFactsOfSamples(t *testing.T) {
	s := memstore.New()
	factstest.Add(t, s, s,
		factstest.Evidence{Kind: kindSessions, Content: `{"items":[` + sample(t, "boundary-session-list-item.shape.json") + `],"response_type":"complete","list_token":"x"}`},
		factstest.Evidence{Kind: kindSession, Content: sample(t, "boundary-session-read.shape.json")},
		factstest.Evidence{Kind: kindEventLog, Name: "events.ndjson", MediaType: linesType, Content: sample(t, "boundary-audit-cloudevent.shape.json")},
	)
	db := factstest.Project(t, s, s)
	for _, q := range []query{
		{`select session_id, user_id, target_id, host_id, scope_id, endpoint, status, created_at, activated_at, ended_at, expires_at, termination_reason,
			connections, bytes_up, bytes_down from boundary_session`, []string{
			"s_terminated1 | u_1234567890 | ttcp_1234567890 | hst_1234567890 | p_1234567890 | tcp://10.0.0.5:22 | terminated | " +
				"2026-11-21T20:00:00.123456Z | 2026-11-21T20:00:01.123456Z | 2026-11-21T20:01:00.123456Z | 2026-11-22T04:00:00.123456Z | closed by end-user | 1 | 4312 | 99123"}},
		{`select session_id, "read", connections, bytes_up, termination_reason from boundary_session_seen order by "read"`, []string{
			"s_terminated1 | false | - | - | timed out", "s_terminated1 | true | 1 | 4312 | closed by end-user"}},
		{`select line, device, event_id, type, time, method, path, endpoint, operation, status_code, user_id, auth_token_id, session_id, target_id, connection_ids, parsed from boundary_event`, []string{
			"1 | events.ndjson | audit_zfVt5vGHsF | audit | 2026-11-21T20:00:00.123456Z | GET | /v1/sessions/s_terminated1 | /v1/sessions/<id> | read | 200 | u_1234567890 | at_1234567890 | s_terminated1 | - | [] | true"}},
	} {
		if diff := cmp.Diff(q.want, factstest.Rows(t, db, q.sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", q.sql, diff)
		}
	}
}

func TestFactsOfEvents(t *testing.T) {
	s := memstore.New()
	factstest.Add(t, s, s, factstest.Evidence{Kind: kindEventLog, Name: "events.ndjson", MediaType: linesType, Content: `{"id":"audit_1","type":"audit","time":"2026-07-01T10:00:00Z","data":{"request_info":{"method":"POST","path":"/v1/targets/ttcp_db1:authorize-session"},"auth":{"user_info":{"id":"u_jane"}},"response":{"status_code":200,"details":{"item":{"session_id":"s_1","target_id":"ttcp_db1","created_time":{"seconds":1782900000,"nanos":120000000}}}}}}
{"id":"audit_1","type":"audit","time":"2026-07-01T10:00:00Z","data":{"request_info":{"path":"/v1/targets/ttcp_db1:authorize-session"},"response":{"details":{"item":{"session_id":"s_1"}}}}}
not JSON
{"id":"audit_2","type":"audit","time":"2026-07-01T10:00:01.5Z","data":{"request":{"endpoint":"AuthorizeConnection","details":{"session_id":"s_1"}},"response":{"details":{"connection_id":"sc_1"}}}}
{"id":"audit_3","type":"audit","time":"2026-07-01T10:00:09.123456Z","data":{"request":{"details":{"close_request_data":[{"connection_id":"sc_1","bytes_up":77},{"connection_id":"sc_2"}]}}}}
{"id":"audit_4","type":"audit","time":"someday","data":"no object"}
{"id":7,"type":["audit"],"data":null}
{}
`})
	db := factstest.Project(t, s, s)
	for _, q := range []query{
		{`select line, event_id, time, session_id, target_id, connection_ids, user_id, status_code, parsed from boundary_event order by line`, []string{
			"1 | audit_1 | 2026-07-01T10:00:00Z | s_1 | ttcp_db1 | [] | u_jane | 200 | true",
			"2 | audit_1 | 2026-07-01T10:00:00Z | s_1 | ttcp_db1 | [] | - | - | true",
			"3 | - | - | - | - | [] | - | - | false",
			"4 | audit_2 | 2026-07-01T10:00:01.5Z | s_1 | - | [sc_1] | - | - | true",
			"5 | audit_3 | 2026-07-01T10:00:09.123456Z | - | - | [sc_1, sc_2] | - | - | true",
			"6 | audit_4 | - | - | - | [] | - | - | true",
			`7 | 7 | - | - | - | [] | - | - | true`,
			"8 | - | - | - | - | [] | - | - | false",
		}},
	} {
		if diff := cmp.Diff(q.want, factstest.Rows(t, db, q.sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", q.sql, diff)
		}
	}
}

// Lines that would shift or stop DuckDB's reader keep their number, and what could be recovered from them is a row.
func TestFactsOfOddLines(t *testing.T) {
	w := newLogWorld(t)
	w.write("events.ndjson", event(0)+"[INFO] started\r\n"+event(1)[:50]+event(2)+"{\"id\":\r\"audit_x\"}\n"+"\x00\x00\n"+event(3))
	w.collect()
	db := factstest.Project(t, w.store, w.store)
	for _, q := range []query{
		{`select line, event_id, session_id, parsed from boundary_event order by line, parsed`, []string{
			"1 | audit_000000 | s_0 | true", "2 | - | - | false", "3 | - | - | false", "3 | audit_000002 | s_2 | true",
			"4 | - | - | false", "5 | - | - | false", "6 | audit_000003 | s_3 | true"}},
		{`select line, reason, device, recovered is not null from boundary_odd_line order by line`, []string{
			"2 | carriage-return | events.ndjson | false", "3 | cut-entry | events.ndjson | true",
			"4 | carriage-return | events.ndjson | false", "5 | nul | events.ndjson | false"}},
		{`select count(*) from boundary_event as e join record as r on r.blob = e.evidence where r.kind = 'boundary.event-log/1'`, []string{"7"}},
	} {
		if diff := cmp.Diff(q.want, factstest.Rows(t, db, q.sql)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", q.sql, diff)
		}
	}
}

// Three collections: a session runs, has ended, and is listed once more without its user, who was deleted.
func TestFactsOfCollections(t *testing.T) {
	data := smallDataset()
	running := session("s_long", "p_prod", "active", "2026-10-01T05:00:00Z")
	running.Connections = []boundarytest.Connection{{BytesUp: 9007199254740993}, {BytesDown: 5}, {}}
	data.Sessions = []boundarytest.Session{running}
	w := newWorld(t, data)
	rows := func(sql string) []string {
		t.Helper()
		return factstest.Rows(t, factstest.Project(t, w.store, w.store), sql)
	}
	const state = `select session_id, status, user_id, target_name, created_at, activated_at, ended_at, termination_reason, connections, bytes_up, bytes_down from boundary_session`

	w.collect()
	want := []string{"s_long | active | u_jane | prod-db-admin | 2026-10-01T05:00:00Z | 2026-10-01T05:00:00Z | - | - | 3 | 9007199254740993 | 5"}
	if diff := cmp.Diff(want, rows(state)); diff != "" {
		t.Errorf("while it runs (-want +got):\n%s", diff)
	}

	w.now = w.now.Add(15 * time.Minute)
	w.server.Change(func(d *boundarytest.Dataset) {
		ended := session("s_long", "p_prod", "terminated", "2026-10-01T05:00:00Z")
		ended.UpdatedTime = "2026-10-01T05:20:00Z" // not the end
		ended.Connections = append(running.Connections, boundarytest.Connection{BytesDown: 10})
		d.Sessions = []boundarytest.Session{ended}
		d.Targets[0].Name = "prod-db-root"
	})
	w.collect()
	want = []string{"s_long | terminated | u_jane | prod-db-root | 2026-10-01T05:00:00Z | 2026-10-01T05:00:00Z | 2026-10-01T05:01:00Z | closed by end-user | 4 | 9007199254740993 | 15"}
	if diff := cmp.Diff(want, rows(state)); diff != "" {
		t.Errorf("after it ended (-want +got):\n%s", diff)
	}

	w.now = w.now.Add(15 * time.Minute)
	w.server.Change(func(d *boundarytest.Dataset) {
		d.Sessions[0].UserID = ""
		d.Targets = d.Targets[1:]
	})
	w.collect()
	want = []string{"s_long | terminated | - | prod-db-root | 2026-10-01T05:00:00Z | 2026-10-01T05:00:00Z | 2026-10-01T05:01:00Z | closed by end-user | 4 | 9007199254740993 | 15"}
	if diff := cmp.Diff(want, rows(state)); diff != "" {
		t.Errorf("after its user was deleted (-want +got):\n%s", diff)
	}
	want = []string{
		"2026-10-01T06:00:00Z | ttcp_db | prod-db-admin | p_prod | tcp | 10.0.0.5 | 3600 | 1", "2026-10-01T06:00:00Z | ttcp_test | test-db | p_test | tcp | - | 28800 | -1",
		"2026-10-01T06:15:00Z | ttcp_db | prod-db-root | p_prod | tcp | 10.0.0.5 | 3600 | 1", "2026-10-01T06:15:00Z | ttcp_test | test-db | p_test | tcp | - | 28800 | -1",
		"2026-10-01T06:30:00Z | ttcp_test | test-db | p_test | tcp | - | 28800 | -1",
	}
	got := rows(`select "at", target_id, name, scope_id, type, address, session_max_seconds, session_connection_limit from boundary_target order by "at", target_id`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
}

func TestFactsOfNothing(t *testing.T) {
	data := smallDataset()
	data.Sessions, data.Targets = nil, nil
	w := newWorld(t, data)
	w.collect()
	db := factstest.Project(t, w.store, w.store)
	for _, table := range []string{"boundary_session", "boundary_target", "boundary_event"} {
		if got := factstest.Rows(t, db, "select count(*) from "+table); got[0] != "0" {
			t.Errorf("rows of %s: got %s, want 0", table, got[0])
		}
	}
}
