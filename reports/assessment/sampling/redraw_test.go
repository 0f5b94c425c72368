package sampling_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	gocmp "github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/reports/assessment"
	"auditpack/reports/assessment/sampling"
)

// awkward rows try what another language may read or hash otherwise.
func awkward() [][]byte {
	rows := population(30, 9, 3)
	for i, kind := range []string{`"ä\u0007\"\\"`, `null`, `["a","ö"]`, `12`, `true`, `""`} {
		for n := range 5 * (i + 1) {
			rows = append(rows, fmt.Appendf(nil, `{"id":%d,"kind":%s,"text":"\tTab, \"quote\" 😀 ' \u001f"}`, n, kind))
		}
	}
	return rows
}

// written puts a drawn sample into a folder as the program does, and returns the folder and the lines drawn.
func written(t *testing.T, plan sampling.Plan, nonce string) (string, []int64) {
	t.Helper()
	rows := awkward()
	p := count(t, plan, rows)
	bytesOfNonce, err := sampling.ParseNonce(nonce)
	if nonce != "" && err != nil {
		t.Fatal(err)
	}
	seed, err := sampling.NewSeed(p.Root(), bytesOfNonce)
	if err != nil {
		t.Fatal(err)
	}
	items, err := sampling.Draw(p, seed, each(rows))
	if err != nil {
		t.Fatal(err)
	}
	res := assessment.TestResult{ID: "VAL-02", Population: p.Rows(), PopulationRoot: p.Root()}
	in := assessment.Input{Type: 2, Period: evidence.Period{}}
	sheet, err := sampling.NewSheet(in, res, nil, p, nonce, seed, items)
	if err != nil {
		t.Fatal(err)
	}
	b, err := sheet.Encode()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"sample.json": b, "population.jsonl": append(bytes.Join(rows, []byte("\n")), '\n'),
		"redraw.py": sampling.RedrawPython, "redraw.sql": sampling.RedrawSQL,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, lines(items)
}

const nonce = "00112233445566778899aabbccddeeff"

var plans = []sampling.Plan{
	{Method: sampling.Random, Size: 17},
	{Method: sampling.Random, Size: 20, Stratify: "kind"},
	{Method: sampling.Systematic, Size: 17},
	{Method: sampling.Systematic, Size: 23, Stratify: "kind"},
	{Method: sampling.All},
}

// The script that lies beside a sample draws it again in Python, from the population's file and the nonce alone.
func TestRedrawInPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	for _, plan := range plans {
		for _, n := range []string{nonce, ""} {
			dir, want := written(t, plan, n)
			run := exec.Command(python, "redraw.py")
			run.Dir = dir
			out, err := run.CombinedOutput()
			if err != nil {
				t.Fatalf("%+v: %v\n%s", plan, err, out)
			}
			if got := strings.TrimSpace(string(out)); got != "drawn again: "+strings.Trim(fmt.Sprint(want), "[]") {
				t.Errorf("%+v: got %s, want %v", plan, got, want)
			}
		}
	}
	// It says so when a row is another.
	dir, _ := written(t, plans[0], nonce)
	b, err := os.ReadFile(filepath.Join(dir, "population.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "population.jsonl"), bytes.Replace(b, []byte(`"id":0`), []byte(`"id":9`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(python, "redraw.py")
	run.Dir = dir
	if out, err := run.CombinedOutput(); err == nil || !strings.Contains(string(out), "the population is not the one") {
		t.Errorf("a changed population: got %v\n%s", err, out)
	}
}

// Random samples are drawn again by DuckDB as well, without a line of ours.
func TestRedrawInSQL(t *testing.T) {
	for _, plan := range plans[:2] {
		dir, want := written(t, plan, nonce)
		db, err := sql.Open("duckdb", "")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		script := strings.NewReplacer("'sample.json'", "'"+dir+"/sample.json'", "'population.jsonl'", "'"+dir+"/population.jsonl'").Replace(string(sampling.RedrawSQL))
		settings, query, _ := strings.Cut(script, "with sheet")
		if _, err := db.Exec(settings); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query("with sheet" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		got := []int64{}
		for rows.Next() {
			var line int64
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			got = append(got, line)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%+v: DuckDB draws others (-want +got):\n%s", plan, diff)
		}
	}
}

// The page shows the scripts as they are.
func TestPageHasTheScripts(t *testing.T) {
	page, err := os.ReadFile("../../../docs/formats/sample.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string][]byte{"redraw.py": sampling.RedrawPython, "redraw.sql": sampling.RedrawSQL} {
		if !bytes.Contains(page, append([]byte("\n"), script...)) {
			t.Errorf("docs/formats/sample.md does not show %s as it is", name)
		}
	}
}
