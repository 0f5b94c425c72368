package facts_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

func TestCheckCache(t *testing.T) {
	s := memstore.New()
	factstest.Add(t, s, s, logPiece(line1))
	cache := t.TempDir()
	e, err := facts.Open(context.Background(), facts.Options{SQL: factstest.SQL(t), Store: s, Journal: s, Cache: cache, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	db, err := e.Project(context.Background(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	wrong, parts, err := facts.CheckCache(t.Context(), cache)
	if err != nil || len(wrong) > 0 || parts != len(db.Parts()) {
		t.Fatalf("got %v of %d parts (%v), want none of %d", wrong, parts, err, len(db.Parts()))
	}

	files, err := filepath.Glob(filepath.Join(cache, "vault_audit", "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(files[0], b, 0o644); err != nil {
		t.Fatal(err)
	}
	wrong, _, err = facts.CheckCache(t.Context(), cache)
	if err != nil || len(wrong) != 1 || wrong[0].File != "vault_audit/"+filepath.Base(files[0]) || !strings.Contains(wrong[0].Text, "it was changed") {
		t.Errorf("a flipped bit: %v, %v", wrong, err)
	}
	if err := os.Remove(files[0] + ".sha256"); err != nil {
		t.Fatal(err)
	}
	if wrong, _, err = facts.CheckCache(t.Context(), cache); err != nil || len(wrong) != 1 || !strings.Contains(wrong[0].Text, "not noted") {
		t.Errorf("without its digest: %v, %v", wrong, err)
	}
	if wrong, parts, err := facts.CheckCache(t.Context(), filepath.Join(cache, "none")); err != nil || len(wrong) > 0 || parts != 0 {
		t.Errorf("no cache: %v, %d, %v", wrong, parts, err)
	}
}
