package facts_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"auditpack/evidence"
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
	if err := e.Keep("VAL-02-kept", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	wrong, parts, err := facts.CheckCache(t.Context(), cache)
	if err != nil || len(wrong) > 0 || parts != len(db.Parts())+1 {
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
	if err := os.WriteFile(filepath.Join(cache, "results", "VAL-02-kept.result"), []byte(evidence.DigestOf([]byte("{}"))+"\n[]"), 0o644); err != nil {
		t.Fatal(err)
	}
	if wrong, _, err = facts.CheckCache(t.Context(), cache); err != nil || len(wrong) != 2 || wrong[0].File != "results/VAL-02-kept.result" {
		t.Errorf("a result that was edited: %v, %v", wrong, err)
	}
	if b, ok := e.Kept("VAL-02-kept"); ok {
		t.Errorf("an edited result is believed: %s", b)
	}
	if err := e.Keep("../escape", nil); err == nil {
		t.Error("a result may lie outside of the cache")
	}
	if wrong, parts, err := facts.CheckCache(t.Context(), filepath.Join(cache, "none")); err != nil || len(wrong) > 0 || parts != 0 {
		t.Errorf("no cache: %v, %d, %v", wrong, parts, err)
	}
}

// Of several assessments that keep a result at once, each reader finds that of one, whole.
func TestKeepAtOnce(t *testing.T) {
	s := memstore.New()
	cache := t.TempDir()
	e, err := facts.Open(t.Context(), facts.Options{SQL: factstest.SQL(t), Store: s, Journal: s, Cache: cache, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Keep("VAL-02-kept", nil); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for _, b := range []string{"one\n", "another\n"} {
		writers.Go(func() {
			for n := range 100 {
				if err := e.Keep("VAL-02-kept", []byte(strings.Repeat(b, n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		writers.Wait()
		close(done)
	}()
	for open := true; open; {
		select {
		case <-done:
			open = false
		default:
		}
		if b, ok := e.Kept("VAL-02-kept"); !ok {
			t.Errorf("got %q, and that it was not kept so", b)
		}
		if wrong, parts, err := facts.CheckCache(t.Context(), cache); err != nil || len(wrong) > 0 || parts != 1 {
			t.Errorf("got %v of %d (%v), want no fault of 1", wrong, parts, err)
		}
	}
}

// The basis of tables changes with their bytes, and with nothing else.
func TestBasis(t *testing.T) {
	s := memstore.New()
	factstest.Add(t, s, s, logPiece(line1))
	factstest.Add(t, s, s, logPiece(line1+line1))
	e, err := facts.Open(context.Background(), facts.Options{SQL: factstest.SQL(t), Store: s, Journal: s, Cache: t.TempDir(), Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	basis := func(upTo int64, tables ...string) evidence.Digest {
		t.Helper()
		db, err := e.Project(context.Background(), upTo, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		d, err := db.Basis(t.Context(), tables...)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	one := basis(1, "vault_request", "vault_policy")
	if again := basis(1, "vault_policy", "vault_request", "vault_request"); again != one {
		t.Errorf("the same tables: got %s and %s", one, again)
	}
	if two := basis(2, "vault_request", "vault_policy"); two == one {
		t.Error("a view has one basis with more evidence below it")
	}
	if basis(1, "vault_policy") != basis(2, "vault_policy") {
		t.Error("a table has another basis with evidence of another kind")
	}
	db, err := e.Project(context.Background(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, p := range db.Parts() {
		if p.Table == "vault_audit" {
			if err := os.WriteFile(p.Path, []byte("other bytes"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if d, err := db.Basis(t.Context(), "vault_request", "vault_policy"); err != nil || d == one {
		t.Errorf("with changed bytes: got %s, %v; want another one", d, err)
	}
	if _, err := db.Basis(t.Context(), "no_such_table"); err == nil {
		t.Error("a table that is not there has a basis")
	}
	fixture, err := e.Fixture(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer fixture.Close()
	if _, err := fixture.Basis(t.Context(), "vault_audit"); err == nil {
		t.Error("a fixture has a basis")
	}
}
