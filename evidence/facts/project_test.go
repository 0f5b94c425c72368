package facts_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/filestore"
	"auditpack/evidence/memstore"
)

const line1 = `{"time":"2026-07-01T00:00:00Z","type":"request","request":{"id":"r1"}}` + "\n"

func logPiece(content string) factstest.Evidence {
	return factstest.Evidence{Kind: "vault.audit-log/1", Name: "audit.log", Content: content}
}

func project(t *testing.T, e *facts.Engine, upTo int64) (units int, parts []facts.PartFile, lines string) {
	t.Helper()
	db, err := e.Project(context.Background(), upTo, func(p facts.Progress) { units = p.Done })
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return units, db.Parts(), factstest.Rows(t, db, "select count(*) from vault_audit")[0]
}

func TestProjectIsCachedAndRepeatable(t *testing.T) {
	s, err := filestore.Create(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	factstest.Add(t, s, s, logPiece(line1))
	factstest.Add(t, s, s, logPiece(line1), logPiece(line1+line1)) // the first blob again: counted once
	digests := func(cache string) (all []evidence.Digest) {
		e, err := facts.Open(context.Background(), facts.Options{SQL: factstest.SQL(t), Store: s, Journal: s, Cache: cache, Temp: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if units, _, lines := project(t, e, 1); units != 3 || lines != "1" {
			t.Errorf("entry 1: got %d units and %s lines, want 3 (a log, records, entries) and 1", units, lines)
		}
		units, parts, lines := project(t, e, 2)
		if units != 3 || lines != "3" {
			t.Errorf("entry 2: got %d units and %s lines, want 3 and 3", units, lines)
		}
		if units, _, _ := project(t, e, 2); units != 0 {
			t.Errorf("nothing new: got %d units, want 0", units)
		}
		for _, p := range parts {
			d, _, err := p.Digest()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, d)
		}
		return all
	}
	first, second := digests(filepath.Join(t.TempDir(), "cache")), digests(filepath.Join(t.TempDir(), "cache"))
	if d := cmp.Diff(first, second); d != "" || len(first) != 4 {
		t.Errorf("parts of two caches differ, or are not 4:\n%s", d)
	}
}

func TestProjectFailsOnDamage(t *testing.T) {
	s := memstore.New()
	blobs := factstest.Add(t, s, s, logPiece(line1))
	s.Damage(blobs[0], []byte("{}\n"))
	cache := t.TempDir()
	e, err := facts.Open(context.Background(), facts.Options{SQL: factstest.SQL(t), Store: s, Journal: s, Cache: cache, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	_, err = e.Project(context.Background(), 1, nil)
	if !errors.Is(err, evidence.ErrCorrupt) || !strings.Contains(err.Error(), `table "vault_audit" from `+string(blobs[0])) {
		t.Errorf("got %v, want ErrCorrupt that names table and evidence", err)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "vault_audit", "*")); err != nil || len(left) > 0 {
		t.Errorf("left in the cache: %v, %v", left, err)
	}
	if _, err := e.Project(context.Background(), 2, nil); err == nil || !strings.Contains(err.Error(), "has 1 entries, want 2") {
		t.Errorf("a journal that is too short: got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Project(ctx, 1, nil); !errors.Is(err, context.Canceled) || strings.Count(err.Error(), "read journal") != 1 {
		t.Errorf("cancelled: got %v, want that the journal was being read, once", err)
	}
	if _, _, lines := project(t, e, 0); lines != "0" {
		t.Errorf("an empty journal: got %s lines", lines)
	}
}

func TestEngineCleansUp(t *testing.T) {
	temp := t.TempDir()
	e, err := facts.Open(context.Background(), facts.Options{SQL: factstest.SQL(t), Temp: temp})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(e.Close(), e.Close()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestOpenRecallsWhatItLearned(t *testing.T) {
	cache := t.TempDir()
	open := func(sql string) error {
		e, err := facts.Open(context.Background(), facts.Options{SQL: fstest.MapFS{"a.sql": {Data: []byte(sql)}}, Cache: cache, Temp: t.TempDir()})
		if err != nil {
			return err
		}
		db, err := e.Fixture(context.Background(), map[string][]map[string]any{"a": {{"n": 1}}})
		if err != nil {
			return errors.Join(err, e.Close())
		}
		_, err = db.Check(context.Background(), "select n, now() as t from a", nil)
		if refused := new(facts.RefusedError); !errors.As(err, &refused) {
			t.Errorf("check: got %v, want a RefusedError", err)
		}
		return errors.Join(db.Close(), e.Close())
	}
	const good = "-- table: a\n-- row: one\n-- kind: x.y/1\nselect 1::bigint as n"
	for range 2 {
		if err := open(good); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(strings.Replace(good, "bigint", "double", 1)); err == nil {
		t.Error("another file after a good one: got no error")
	}
	kept, err := filepath.Glob(filepath.Join(cache, "fact-files-*.json"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept: %v, %v; want one file", kept, err)
	}
	if err := os.WriteFile(kept[0], []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := open(good); err != nil {
		t.Errorf("with a damaged file: %v", err)
	}
}

func TestOpenRefusesFactFiles(t *testing.T) {
	const head = "-- table: a\n-- row: one\n-- kind: x.y/1\n"
	const columns = "from read_json(getvariable('paths'), columns = {a: 'varchar'})"
	for want, sql := range map[string]string{
		"line 4: now":                         "select now() as t",
		"want one SELECT":                     "create table b as select 1",
		"column at: got TIMESTAMP, want":      "select timestamp '2026-01-01' as \"at\"",
		"column n: DOUBLE":                    "select 1.5::double as n",
		"column line: got INTEGER, want":      "select 1 as line " + columns,
		`"nothing"`:                           "select nothing as n " + columns,
		"disabled by configuration":           "select content as c from read_text('/etc/hostname')",
		"line 5: syntax error at or near \"f": "select a as n,\nfrom from x",
	} {
		e, err := facts.Open(context.Background(), facts.Options{SQL: fstest.MapFS{"a.sql": {Data: []byte(head + sql)}}, Temp: t.TempDir()})
		if err == nil {
			e.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `check fact file "a.sql"`) {
			t.Errorf("%s: got error %v, want %q in it", sql, err, want)
		}
	}
}
