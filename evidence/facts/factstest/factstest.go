// Package factstest helps to test fact files and what reads them: it projects a store with the real SQL and writes rows as text.
package factstest

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/templates"
)

// SQL returns the folder of built-in fact files.
func SQL(t testing.TB) fs.FS {
	t.Helper()
	sub, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// Open opens an engine over the built-in fact files with a cache of its own, closed when the test ends. store and journal may be
// nil where only fixtures are made.
func Open(t testing.TB, store evidence.Store, journal evidence.Journal) *facts.Engine {
	t.Helper()
	e, err := facts.Open(context.Background(), facts.Options{SQL: SQL(t), Store: store, Journal: journal, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// Project returns the tables of every entry of the journal.
func Project(t testing.TB, store evidence.Store, journal evidence.Journal) *facts.DB {
	t.Helper()
	e := Open(t, store, journal)
	size, err := journal.Size(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	db, err := e.Project(context.Background(), size, nil)
	return closing(t, db, err)
}

// Fixture returns a DB with the rows given, see facts.Engine.Fixture.
func Fixture(t testing.TB, rows map[string][]map[string]any) *facts.DB {
	t.Helper()
	db, err := Open(t, nil, nil).Fixture(context.Background(), rows)
	return closing(t, db, err)
}

func closing(t testing.TB, db *facts.DB, err error) *facts.DB {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Rows runs query and returns each row as one line: values joined by " | ", null as "-", lists as [a, b], times as RFC 3339 with
// nanoseconds, dates as YYYY-MM-DD. Give the query an ORDER BY.
func Rows(t testing.TB, db *facts.DB, query string) []string {
	t.Helper()
	rows, err := db.Explore(context.Background(), query, nil)
	if err != nil {
		t.Fatalf("query %q: %v", query, err)
	}
	columns := rows.Columns()
	all, err := rows.Collect()
	if err != nil {
		t.Fatalf("query %q: %v", query, err)
	}
	lines := make([]string, len(all))
	for i, row := range all {
		cells := make([]string, len(row))
		for j, v := range row {
			cells[j] = text(v, columns[j].Type)
		}
		lines[i] = strings.Join(cells, " | ")
	}
	return lines
}

func text(v any, columnType string) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case time.Time:
		if columnType == "DATE" {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339Nano)
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// Evidence is one part of a record for Add.
type Evidence struct {
	Kind      evidence.Kind
	Source    string    // empty: "test"
	At        time.Time // zero: 2026-07-01T00:00:00Z
	Name      string    // of the part; empty: "part"
	MediaType string    // empty: application/json
	Content   string

	DerivedFrom []evidence.Digest
}

// Add stores each piece as a record of its own and commits all in one collection of one journal entry; it returns the digests of
// the blobs.
func Add(t testing.TB, store evidence.Store, journal evidence.Journal, pieces ...Evidence) []evidence.Digest {
	t.Helper()
	var blobs, records []evidence.Digest
	source := "test"
	for _, p := range pieces {
		source = or(p.Source, "test")
		blob, record := addOne(t, store, p)
		blobs, records = append(blobs, blob), append(records, record)
	}
	ctx := context.Background()
	last, err := journal.Last(ctx, source)
	if err != nil {
		t.Fatal(err)
	}
	_, err = journal.Append(ctx, evidence.Entry{
		Type: evidence.EntryCollection, Time: day, Source: source, SourcePrevious: last.Number, Records: records,
		Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "factstest"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return blobs
}

var day = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)

func addOne(t testing.TB, store evidence.Store, p Evidence) (blob, record evidence.Digest) {
	t.Helper()
	ctx := context.Background()
	blob, err := evidence.PutBytes(ctx, store, []byte(p.Content))
	if err != nil {
		t.Fatal(err)
	}
	at := p.At
	if at.IsZero() {
		at = day
	}
	b, _, err := evidence.Record{
		Kind: p.Kind, At: &at, Procedure: "made by a test",
		Source:      evidence.Source{Name: or(p.Source, "test"), Type: "test"},
		Collected:   evidence.Collected{At: at, Principal: "tester", Host: "host", Tool: "factstest", Collector: "test/1"},
		Content:     []evidence.Part{{Name: or(p.Name, "part"), MediaType: or(p.MediaType, "application/json"), Digest: blob, SizeBytes: int64(len(p.Content))}},
		DerivedFrom: p.DerivedFrom,
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	record, err = evidence.PutBytes(ctx, store, b)
	if err != nil {
		t.Fatal(err)
	}
	return blob, record
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// Check wants that query gives just the rows want, written as Rows writes them.
func Check(t testing.TB, db *facts.DB, query string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, Rows(t, db, query)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}
