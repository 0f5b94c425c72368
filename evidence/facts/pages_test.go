package facts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// requestsDB has the tables of manyRequests, and is closed at the end of t.
func requestsDB(t *testing.T) *facts.DB {
	t.Helper()
	s := memstore.New()
	factstest.Add(t, s, s, logPiece(manyRequests()))
	db, err := factstest.Open(t, s, s).Project(t.Context(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// A result that is read in pages has the same rows in the same order, with values of the same types, as one that is not.
func TestResultsInPages(t *testing.T) {
	db := requestsDB(t)
	for name, query := range map[string]struct {
		sql  string
		rows int
	}{
		"none":      {"select line from vault_audit where line < 0", 0},
		"few":       {`select line, "time", policies, allowed, sum(line) over (partition by request_id) as total, 1.50::decimal(9, 2) as amount, getvariable('word') as word from vault_audit`, 399},
		"one page":  {"select line, i from vault_audit, unnest(range(1000)) as u(i) where line <= 100", facts.PageRows},
		"two pages": {"select line, i, request_id from vault_audit, unnest(range(1001)) as u(i) where line <= 100", facts.PageRows + 100},
	} {
		t.Run(name, func(t *testing.T) {
			var results [2][][]any
			var columns [2][]facts.Column
			for i, bytes := range []int64{0, 1} {
				db.SetPagedBytes(bytes)
				rows, err := db.Query(t.Context(), db.Ordered(query.sql), map[string]any{"word": "a"})
				if err != nil {
					t.Fatal(err)
				}
				columns[i] = rows.Columns()
				results[i] = collect(t, rows, nil)
			}
			if len(results[0]) != query.rows {
				t.Errorf("got %d rows, want %d", len(results[0]), query.rows)
			}
			if d := cmp.Diff(columns[0], columns[1]); d != "" {
				t.Errorf("columns in pages (+), at once (-):\n%s", d)
			}
			if d := cmp.Diff(results[0], results[1]); d != "" {
				t.Errorf("rows in pages (+), at once (-):\n%s", d)
			}
		})
	}
}

// Rows of which not all were read are closed like others, and the DB can be asked again.
func TestPagesClosedEarly(t *testing.T) {
	db := requestsDB(t)
	db.SetPagedBytes(1)
	for range 2 {
		rows, err := db.Query(t.Context(), db.Ordered("select line from vault_audit"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range rows.All() {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}
