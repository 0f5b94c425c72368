package facts_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// manyRequests is a log of 200 requests with their responses: every 20th response comes days later, every 30th has no time that can be
// read, the last 40 requests are all of one instant, and one request has no response.
func manyRequests() string {
	var b strings.Builder
	start := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	for i := range 200 {
		at := start.Add(time.Duration(min(i, 160)) * time.Hour)
		answered := at.Add(time.Second)
		if i%20 == 0 {
			answered = at.Add(72 * time.Hour)
		}
		stamp := answered.Format(time.RFC3339)
		if i%30 == 0 {
			stamp = "soon"
		}
		fmt.Fprintf(&b, `{"type":"request","time":%q,"request":{"id":"r%d","path":"secret/%d"},"auth":{"policies":["default"]}}`+"\n", at.Format(time.RFC3339), i, i)
		if i != 7 {
			fmt.Fprintf(&b, `{"type":"response","time":%q,"request":{"id":"r%d","path":"other"},"auth":{"policies":["app"],"display_name":"user-%d"}}`+"\n", stamp, i, i)
		}
	}
	return b.String()
}

// The rows of a shared view are those of its statement, in how many pieces they may be made, and go with the DB.
func TestSharedRows(t *testing.T) {
	s := memstore.New()
	factstest.Add(t, s, s, logPiece(manyRequests()))
	e := factstest.Open(t, s, s)
	const query = "select * from vault_request"
	for pieceRows, leastFiles := range map[int64]int{0: 1, 100: 4, 20: 20} {
		db, err := e.Project(t.Context(), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetPieceRows(pieceRows)
		computed, err := db.Explore(t.Context(), db.Ordered(query), nil)
		want := collect(t, computed, err)
		if len(want) != 200 {
			t.Fatalf("got %d requests, want 200", len(want))
		}
		if folders := db.SharedFolders(); len(folders) > 0 {
			t.Errorf("a look around made %v", folders)
		}
		for range 2 { // makes them, and reads them
			shared, err := db.Query(t.Context(), db.Ordered(query), nil)
			if d := cmp.Diff(want, collect(t, shared, err)); d != "" {
				t.Errorf("%d rows at once: got (+) want (-):\n%s", pieceRows, d)
			}
		}
		folder := db.SharedFolders()["vault_request"]
		if files, err := filepath.Glob(filepath.Join(folder, "*.parquet")); err != nil || len(files) < leastFiles {
			t.Errorf("%d rows at once: made %d files, want at least %d (%v)", pieceRows, len(files), leastFiles, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(folder); !os.IsNotExist(err) {
			t.Errorf("the rows are still there after Close: %v", err)
		}
	}
}

// Rows that could not be made for want of time are made by the next who asks.
func TestSharedRowsAfterCancel(t *testing.T) {
	s := memstore.New()
	factstest.Add(t, s, s, logPiece(manyRequests()))
	db := factstest.Project(t, s, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Query(ctx, "select path from vault_request", nil); err == nil {
		t.Fatal("a cancelled query gave rows")
	}
	rows, err := db.Query(t.Context(), "select path from vault_request where path = 'secret/7'", nil)
	if got := collect(t, rows, err); len(got) != 1 {
		t.Errorf("got %v, want one row", got)
	}
}

func collect(t *testing.T, rows *facts.Rows, err error) [][]any {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	all, err := rows.Collect()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
