package exceptions_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/exceptions"
	"auditpack/collectors/redaction"
	"auditpack/evidence"
)

// A cursor that an earlier version left, with rows in another layout, makes the history be read again.
func TestCursorOfAnEarlierVersion(t *testing.T) {
	c := newCheckout(t)
	c.commit("Ada <ada@acme.example>", "first", map[string]string{"a.yml": exception("EXC-1", "", "2026-09-30")})
	_, err := c.store.Append(t.Context(), evidence.Entry{
		Type: evidence.EntryCollection, Source: "source", Time: time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC),
		Cursor: json.RawMessage(`{"commits":1,"key":"2\n.\nx\n","raw":["` + string(evidence.DigestOf(nil)) + `"],"rows":{"name":"commits.ndjson"}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	query := c.collect(evidence.OutcomeOK)
	if got := query(`select "commit" from exception_commit`); len(got) != 1 || got[0] != "first" {
		t.Errorf("exception_commit: got %q, want the one commit", got)
	}
}

// What rules take is told by each record of the rows, and rules that come later count for a history that was read before.
func TestRulesReachAHistoryThatWasRead(t *testing.T) {
	c := newCheckout(t)
	c.commit("Ada Example <ada@acme.example>", "first", map[string]string{"a.yml": exception("EXC-1", "", "2026-09-30")})
	for i, step := range []struct {
		rules []redaction.Rule
		count int64
	}{
		{nil, 0},
		{[]redaction.Rule{{ID: "name", Field: "author_name", Action: redaction.Drop}}, 1},
		{[]redaction.Rule{{ID: "name", Field: "author_name", Action: redaction.Drop}}, 1},
		{[]redaction.Rule{{ID: "name", Field: "author_name", Action: redaction.Drop}, {ID: "hub", Field: "committer_name", Action: redaction.Drop}}, 2},
		{nil, 0},
	} {
		rules, err := redaction.Compile(step.rules, nil)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, 10, 1+i, 6, 0, 0, 0, time.UTC)
		env := collectors.Env{
			Name: "source", Now: func() time.Time { return now },
			Path: func(p string) string { return filepath.Join(c.dir, p) },
			Open: func(p string) fs.FS { return os.DirFS(filepath.Join(c.dir, p)) },
		}
		collector, err := exceptions.Type.New(func(v any) error { v.(*exceptions.Config).Path = "."; return nil }, env)
		if err != nil {
			t.Fatal(err)
		}
		res := collectors.Run(t.Context(), []collectors.Source{{Name: env.Name, Type: exceptions.Type, Collector: collector, Redaction: rules}},
			collectors.Options{Store: c.store, Journal: c.store, Now: env.Now, Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "test"}})[0]
		if res.Err != nil {
			t.Fatal(res.Err)
		}
		found := false
		for _, d := range res.Entry.Records {
			b, err := evidence.ReadAll(t.Context(), c.store, d, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			r, err := evidence.DecodeRecord(b)
			if err != nil {
				t.Fatal(err)
			}
			if r.Kind != "exceptions.life/1" {
				continue
			}
			found = true
			if got := r.Redacted(); got != step.count {
				t.Errorf("collection %d: the record of the rows tells of %d values taken out, want %d", i+1, got, step.count)
			}
		}
		if !found {
			t.Errorf("collection %d has no record of the rows", i+1)
		}
	}
}
