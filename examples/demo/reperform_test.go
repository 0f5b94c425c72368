//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// nodeDuckDB is DuckDB as another program than ours carries it, of the version that our facts are made with.
const nodeDuckDB = "@duckdb/node-api@1.5.4-r.1"

// row is one row of a result by the names of its columns. Whole numbers are texts, a list is a list of texts, null is nil.
type row map[string]any

// number reads a count.
func (r row) number(t *testing.T, column string) int64 {
	t.Helper()
	s, _ := r[column].(string)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatalf("column %s of %v: %v", column, r, err)
	}
	return n
}

func (r row) text(column string) string {
	s, _ := r[column].(string)
	return s
}

// checkReperform does what VERIFY.txt says under "needs duckdb": six tests again from the Parquet files, and facts again from the
// evidence. It compares with the assessment in the bundle.
func checkReperform(t *testing.T, workspace, modules string) {
	bag := filepath.Join(t.TempDir(), "bag") // what is cleaned goes beside it
	tool(t, "unzip", "-q", filepath.Join(workspace, "acme-2026-q3.zip"), "-d", bag)

	tests := []assessment.TestID{"VAL-01", "VAL-02", "TFP-01", "EXC-02", "RAC-01", "BND-04"}
	files := []string{"data/sql/setup.sql"}
	for _, id := range tests {
		files = append(files, testScript(id))
	}
	tables := []string{"vault_audit", "vault_odd_line", "terraform_run_seen", "terraform_policy_check_seen", "exception_version", "raci_task_version", "boundary_session_seen", "ticket_version", "collection_part"}
	for _, table := range tables {
		clean(t, bag, reprojectScript(table))
		files = append(files, reprojectScript(table))
	}
	results := duckdb(t, bag, modules, files)

	assessed := readAssessment(t, bag)
	for _, id := range tests {
		t.Run(string(id), func(t *testing.T) { checkTest(t, results[testScript(id)], assessed[id]) })
	}
	for _, table := range tables {
		t.Run(table, func(t *testing.T) { checkReprojected(t, bag, table, results[reprojectScript(table)]) })
	}
}

func testScript(id assessment.TestID) string { return "data/sql/tests/" + string(id) + ".sql" }
func reprojectScript(table string) string    { return "data/sql/reproject/" + table + ".sql" }

// clean runs the shell commands of a script, as VERIFY.txt says.
func clean(t *testing.T, bag, script string) {
	t.Helper()
	tool(t, "sh", "-c", "cd "+bag+" && sed -n 's/^-- [$] //p' "+script+" | sh -e")
}

// duckdb runs SQL files in the bag and returns the rows of each SELECT, by file.
func duckdb(t *testing.T, bag, modules string, files []string) map[string][][]row {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("testdata", "reperform.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{program, modules}, files...)...)
	cmd.Dir = bag
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%.2000s", err, problems.String())
	}
	var results map[string][][]row
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatal(err)
	}
	return results
}

func readAssessment(t *testing.T, bag string) map[assessment.TestID]assessment.TestResult {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(bag, "data", "assessment", "iso27001-2022.json"))
	if err != nil {
		t.Fatal(err)
	}
	var a assessment.Assessment
	if err := json.Unmarshal(b, &a); err != nil {
		t.Fatal(err)
	}
	tests := map[assessment.TestID]assessment.TestResult{}
	for _, r := range a.Tests {
		tests[r.ID] = r
	}
	return tests
}

// checkTest compares what DuckDB found with what the assessment says.
func checkTest(t *testing.T, got [][]row, want assessment.TestResult) {
	if len(got) != 2 || len(got[0]) != 1 {
		t.Fatalf("got %d results, want a population and deviations", len(got))
	}
	if n := got[0][0].number(t, "population"); n != want.Population || n == 0 {
		t.Errorf("population: got %d, want %d and not 0", n, want.Population)
	}
	var found []assessment.Deviation
	for _, r := range got[1] {
		d := assessment.Deviation{
			Test: want.ID, Evidence: evidence.Digest(r.text("evidence")), Item: r.text("item"), Subject: r.text("subject"),
			Resource: r.text("resource"), Detail: r.text("detail"),
		}
		if r["line"] != nil {
			d.Line = r.number(t, "line")
		}
		if at := r.text("at"); at != "" {
			parsed, err := time.Parse("2006-01-02 15:04:05.999999999", at)
			if err != nil {
				t.Fatal(err)
			}
			d.At = &parsed
		}
		found = append(found, d)
	}
	added := cmpopts.IgnoreFields(assessment.Deviation{}, "Key", "Exception", "Response", "Owner") // by the assessment
	inAnyOrder := cmpopts.SortSlices(func(a, b assessment.Deviation) bool { return a.Item+a.Resource+a.Detail < b.Item+b.Resource+b.Detail })
	if diff := cmp.Diff(want.Deviations, found, added, inAnyOrder); diff != "" || len(found) == 0 {
		t.Errorf("%d deviations (-assessment +duckdb):\n%s", len(found), diff)
	}
}

// checkReprojected wants the rows of each Parquet file to come out of the evidence again, by the statement of the fact file.
func checkReprojected(t *testing.T, bag, table string, got [][]row) {
	parts, err := filepath.Glob(filepath.Join(bag, "data", "facts", table, "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || len(got[0]) != len(parts) || len(parts) == 0 {
		t.Fatalf("got %v, want a row for each of %d Parquet files", got, len(parts))
	}
	for _, r := range got[0] {
		again, kept := r.number(t, "rows_again"), r.number(t, "rows_kept")
		if again != kept || r.number(t, "only_again") != 0 || r.number(t, "only_kept") != 0 {
			t.Errorf("%v: want the same rows", r)
		}
	}
	script, err := os.ReadFile(filepath.Join(bag, reprojectScript(table)))
	if err != nil {
		t.Fatal(err)
	}
	statement, err := os.ReadFile(filepath.Join(bag, "data", "sql", "facts", table+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(script), strings.TrimSpace(string(statement))) {
		t.Error("the script has another statement than the fact file")
	}
}
