package facts_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
	"auditpack/internal/lines"
)

// bag is a folder with evidence and parts as a bundle has them, and a DuckDB that knows nothing of ours.
type bag struct {
	dir    string
	layout facts.Layout
	stock  *sql.DB
}

func newBag(t *testing.T, store evidence.Store, db *facts.DB, blobs []evidence.Digest) bag {
	t.Helper()
	b := bag{dir: t.TempDir(), layout: facts.Layout{
		Parts: "facts", Evidence: "evidence", Cleaned: "cleaned",
		Holds: func(evidence.Digest) bool { return true },
		Entry: func(int64) string { return "journal/1.json" },
	}}
	for _, d := range blobs {
		content, err := evidence.ReadAll(context.Background(), store, d, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		b.write(t, filepath.Join("evidence", d.Hex()), content)
	}
	for _, p := range db.Parts() {
		content, err := os.ReadFile(p.Path)
		if err != nil {
			t.Fatal(err)
		}
		b.write(t, filepath.Join("facts", p.Table, p.Name), content)
	}
	t.Chdir(b.dir) // paths in scripts are relative
	stock, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	stock.SetMaxOpenConns(1) // variables and temporary tables belong to a connection
	t.Cleanup(func() { stock.Close() })
	b.stock = stock
	return b
}

func (b bag) write(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// rows runs a script and returns the numbers of each row of its last statement.
func (b bag) rows(t *testing.T, script string) (all [][]int64) {
	t.Helper()
	rows, err := b.stock.Query(script)
	if err != nil {
		t.Fatalf("run script: %v\n%s", err, script)
	}
	defer rows.Close()
	for rows.Next() {
		var table, part string
		row := make([]int64, 4)
		if err := rows.Scan(&table, &part, &row[0], &row[1], &row[2], &row[3]); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// clean runs the shell commands of a script.
func (b bag) clean(t *testing.T, script string) (commands int) {
	t.Helper()
	for line := range strings.Lines(script) {
		if c, ok := strings.CutPrefix(line, "-- $ "); ok {
			commands++
			if out, err := exec.CommandContext(t.Context(), "sh", "-c", c).CombinedOutput(); err != nil || len(out) > 0 {
				t.Fatalf("%s: %v\n%s", c, err, out)
			}
		}
	}
	return commands
}

// scripted is a store with a log that needs cleaning and one that does not.
func scripted(t *testing.T) (*memstore.Store, *facts.DB, []evidence.Digest) {
	t.Helper()
	s := memstore.New()
	const prefix = `it's "@cee\n": `
	dirty := prefix + line1 + prefix + "no JSON\n" + prefix + strings.ReplaceAll(line1, "r1", "r2")
	blob := evidence.DigestOf([]byte(dirty))
	var odd strings.Builder
	if err := lines.WriteOdd(&odd, string(blob), "audit.log", []lines.Odd{{Line: 2, SizeBytes: 8, Reason: lines.NotJSON, Head: `,"line":3`}}); err != nil {
		t.Fatal(err)
	}
	blobs := factstest.Add(t, s, s,
		factstest.Evidence{Kind: "vault.audit-log/1", Name: "audit.log", Content: dirty, MediaType: `application/jsonl; prefix="it's \"@cee\\n\": "`},
		factstest.Evidence{Kind: "vault.audit-odd-lines/1", Name: "audit.log", Content: odd.String(), DerivedFrom: []evidence.Digest{blob}},
		logPiece(strings.ReplaceAll(line1, "r1", "r3")))
	return s, factstest.Project(t, s, s), blobs
}

func TestSetupScript(t *testing.T) {
	s, db, blobs := scripted(t)
	b := newBag(t, s, db, blobs)
	script := db.SetupScript(b.layout)
	if again := db.SetupScript(b.layout); again != script {
		t.Error("two calls give two texts")
	}
	if _, err := b.stock.Exec(script); err != nil {
		t.Fatalf("run setup: %v", err)
	}
	for _, table := range db.Tables() {
		var n int64
		if err := b.stock.QueryRow("select count(*) from " + table.Name).Scan(&n); err != nil {
			t.Error(err)
		}
		if want := factstest.Rows(t, db, "select count(*) from "+table.Name)[0]; fmt.Sprint(n) != want {
			t.Errorf("%s: got %d rows, want %s", table.Name, n, want)
		}
	}
	var kind string
	if err := b.stock.QueryRow("select data_type from duckdb_columns() where table_name = 'vault_policy' and column_name = 'at'").Scan(&kind); err != nil || kind != "TIMESTAMP_NS" {
		t.Errorf("a table without parts: type of a time is %q, %v", kind, err)
	}
}

func TestReprojectScript(t *testing.T) {
	s, db, blobs := scripted(t)
	b := newBag(t, s, db, blobs)
	script, err := db.ReprojectScript("vault_audit", b.layout)
	if err != nil {
		t.Fatal(err)
	}
	if n := b.clean(t, script); n != 1 {
		t.Errorf("got %d commands that clean, want 1", n)
	}
	counts := func(want ...[]int64) {
		t.Helper()
		seen := map[[4]int64]int{}
		for _, row := range b.rows(t, script) {
			seen[[4]int64(row)]++
		}
		wanted := map[[4]int64]int{}
		for _, row := range want {
			wanted[[4]int64(row)]++
		}
		if diff := cmp.Diff(wanted, seen); diff != "" {
			t.Errorf("rows again, kept, only again, only kept (-want +got):\n%s", diff)
		}
	}
	counts([]int64{3, 3, 0, 0}, []int64{0, 0, 0, 0}, []int64{1, 1, 0, 0})

	b.write(t, filepath.Join("evidence", blobs[2].Hex()), []byte(line1+line1))
	counts([]int64{3, 3, 0, 0}, []int64{0, 0, 0, 0}, []int64{2, 1, 2, 1})
}

func TestReprojectScriptWithoutEvidence(t *testing.T) {
	s, db, blobs := scripted(t)
	b := newBag(t, s, db, nil)
	b.layout.Holds = func(d evidence.Digest) bool { return d == blobs[2] || d == blobs[0] } // the list of odd lines is missing
	script, err := db.ReprojectScript("vault_audit", b.layout)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(script, "-- Not here: part "); n != 2 || !strings.Contains(script, "because "+string(blobs[1])+" is not held") {
		t.Errorf("got %d parts that are not here, want 2:\n%s", n, script)
	}
	if script, err = db.ReprojectScript("record", b.layout); err != nil || !strings.Contains(script, "-- Not here: part ") || len(b.rows(t, script)) > 0 {
		t.Errorf("records: got %v\n%s", err, script)
	}
	if script, err = db.ReprojectScript("collection_part", b.layout); err != nil || !strings.Contains(script, "['journal/1.json']") {
		t.Errorf("entries: got %v\n%s", err, script)
	}
	if script, err = db.ReprojectScript("vault_request", b.layout); err != nil || script != "" {
		t.Errorf("a view: got %q, %v", script, err)
	}
	if _, err = db.ReprojectScript("nothing", b.layout); err == nil {
		t.Error("a table that does not exist: no error")
	}
}

func TestVariablesScript(t *testing.T) {
	got, err := facts.VariablesScript(map[string]any{"it's \"x\"": "a'b", "n": int64(3), "list": []string{}})
	want := "set variable \"it's \"\"x\"\"\" = 'a''b';\nset variable \"list\" = []::varchar[];\nset variable \"n\" = 3::bigint;\n"
	if err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := facts.VariablesScript(map[string]any{"f": func() {}}); err == nil || !strings.Contains(err.Error(), `"f"`) {
		t.Errorf("a function: got %v", err)
	}
}
