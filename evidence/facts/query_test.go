package facts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
)

var sampleRows = map[string][]map[string]any{
	"vault_audit": {
		{"evidence": "sha256:a", "line": 1, "time": "2026-07-01T10:00:00.123456789Z", "type": "request", "request_id": "r1", "policies": []string{"root"}, "allowed": true},
		{"evidence": "sha256:a", "line": 2, "type": "response", "request_id": "r1"},
	},
	"exception": {{"exception_id": "EX-1", "expiry_date": "2026-09-30"}},
}

func TestQueryValues(t *testing.T) {
	db := factstest.Fixture(t, sampleRows)
	rows, err := db.Query(context.Background(), db.Ordered(`
		select line, "time", policies, allowed, namespace, sum(line) over (partition by request_id) as total, (select min(expiry_date) from exception) as expiry_date, 1.50::decimal(9, 2) as amount
		from vault_audit where line >= getvariable('least') and list_contains(getvariable('ids')::varchar[], request_id)`),
		map[string]any{"least": 1, "ids": []any{"r1", "r'2"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := rows.Collect()
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 9, 30, 0, 0, 0, 0, time.UTC)
	want := [][]any{
		{int64(1), time.Date(2026, 7, 1, 10, 0, 0, 123456789, time.UTC), []string{"root"}, true, nil, int64(3), day, "1.5"},
		{int64(2), nil, []string{}, nil, nil, int64(3), day, "1.5"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("rows: got (+) want (-):\n%s", d)
	}
}

func TestCheck(t *testing.T) {
	db := factstest.Fixture(t, sampleRows)
	got, err := db.Check(context.Background(), `with w as (select request_id, count(*) as n from vault_request group by all)
		select request_id, n, getvariable('since') as since from w join vault_audit using (request_id)`, map[string]any{"since": time.Unix(0, 1).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	want := facts.Checked{
		Columns: []facts.Column{{Name: "request_id", Type: "VARCHAR"}, {Name: "n", Type: "BIGINT"}, {Name: "since", Type: "TIMESTAMP_NS"}},
		Tables:  []string{"vault_audit", "vault_request"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("checked: got (+) want (-):\n%s", d)
	}
}

func TestQueryRefuses(t *testing.T) {
	db := factstest.Fixture(t, sampleRows)
	for _, c := range []struct{ query, want string }{
		{"select now() as t", "line 1: now: its result can differ"},
		{"select\ncurrent_date as t", "line 2: current_date: it is the moment"},
		{"select random() as r", "its result can differ"},
		{"select any_value(line) as l from vault_audit", "any_value"},
		{"select first(line) as l from vault_audit", "first"},
		{"select list_aggregate(policies, 'any_value') as p from vault_audit", "any_value"},
		{"select current_setting('threads') as s", "current_setting"},
		{"select string_agg(path, ',') as p from vault_audit", "ORDER BY inside"},
		{"select list(path) as p from vault_audit", "ORDER BY inside"},
		{"select row_number() over () as n from vault_audit", "ORDER BY in its window"},
		{"select line from vault_audit limit 1", "needs ORDER BY"},
		{"select distinct on (type) line from vault_audit", "needs ORDER BY"},
		{"select line from vault_audit using sample 1", "drawn anew"},
		{"select 1.5::double as d", "floating point"},
		{"select avg(line) as a from vault_audit", "floating point"},
		{"select content as c from read_text('/etc/hostname')", "a test reads tables only"},
		{"select * from '/etc/hostname'", "no such table"},
		{"select name as n from duckdb_settings()", "a test reads tables only"},
		{"select table_name as n from information_schema.tables", "no such table"},
		{"select nothing as n from vault_audit", "nothing"},
		{"selec 1", "syntax error"},
		{"select 1 as a; select 2 as a", "want one SELECT"},
		{"create table x as select 1", "want one SELECT"},
		{"copy vault_audit to '/tmp/x'", "want one SELECT"},
		{"set threads = 1", "want one SELECT"},
		{"", "want one SELECT"},
	} {
		rows, err := db.Query(context.Background(), c.query, nil)
		if err == nil {
			rows.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q in it", c.query, err, c.want)
		}
		if c.want == "want one SELECT" && !errors.Is(err, facts.ErrNotSelect) {
			t.Errorf("%s: got %v, want ErrNotSelect", c.query, err)
		}
	}
	for _, query := range []string{
		"select list(path order by path) as p, list_sort(list(operation)) as o, string_agg(path, ',' order by path) as s from vault_audit",
		"select line from vault_audit order by line limit 1",
		"select unnest(policies) as p from vault_audit",
		"select n from range(3) t(n)",
	} {
		if _, err := db.Check(context.Background(), query, nil); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestExploreCannotLeaveTheTables(t *testing.T) {
	db := factstest.Fixture(t, sampleRows)
	for _, query := range []string{
		"select * from read_text('/etc/hostname')", "select * from '/etc/hostname.csv'", "copy (select 1) to '/tmp/auditpack-x'",
		"attach '/tmp/auditpack-x.db'", "set enable_external_access = true", "select 1; set lock_configuration = false", "drop table vault_audit", "install httpfs",
	} {
		if rows, err := db.Explore(context.Background(), query, nil); err == nil {
			rows.Close()
			t.Errorf("%s: got no error", query)
		}
	}
	if got := factstest.Rows(t, db, "select first(line), now() is not null from vault_audit where line = 2"); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestFixtureRefuses(t *testing.T) {
	e := factstest.Open(t, nil, nil)
	_, err := e.Fixture(context.Background(), map[string][]map[string]any{"nothing": {{}}, "vault_audit": {{"lines": 1}}})
	want := "make fixture: there is no table \"nothing\"\nmake fixture: table \"vault_audit\", row 1: there is no column \"lines\""
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := e.Fixture(context.Background(), map[string][]map[string]any{"vault_audit": {{"line": "many"}}}); err == nil {
		t.Error("a text for a number: got no error")
	}
	db, err := e.Fixture(context.Background(), map[string][]map[string]any{"vault_request": {{"request_id": "r9", "requests": 2}}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if d := cmp.Diff([]string{"r9 | 2 | []"}, factstest.Rows(t, db, "select request_id, requests, policies from vault_request")); d != "" {
		t.Errorf("a view with rows of its own: got (+) want (-):\n%s", d)
	}
}
