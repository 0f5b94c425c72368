package assessment_test

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

func scripted() assessment.TestResult {
	return assessment.TestResult{
		ID: "VAL-02", Title: templates.Localized{EN: "Root is\nnot used"}, Status: assessment.TestDeviations, Population: 2,
		Deviations: []assessment.Deviation{{}},
		Parameters: map[string]any{"paths": []string{"sys/*"}, "least": int64(1), "as_text": "2026-07-01T00:00:00Z"},
		Variables:  map[string]any{"from": "2026-07-01T00:00:00.5Z"},
		SQL: assessment.TestSQL{
			Population: "select unnest([1, 2]) as n;\n",
			Deviations: "select typeof(getvariable('from')) || ' ' || getvariable('from') || ' ' || getvariable('as_text') || ' ' || getvariable('paths')[1] || ' ' || n as item\n" +
				"from (select unnest([3, 2, 0]) as n) where n > getvariable('least') -- a comment ends it",
		},
	}
}

func TestScript(t *testing.T) {
	got, err := scripted().Script()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got, "-- VAL-02: Root is not used\n-- The assessment has: deviations, population 2, deviations 1.\nset variable") {
		t.Errorf("it begins with %.150q", got)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	rows, err := db.Query(got) // gives the rows of the last statement
	if err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	defer rows.Close()
	var items []string
	for rows.Next() {
		var item string
		if err := rows.Scan(&item); err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
	const item = "TIMESTAMP_NS 2026-07-01 00:00:00.5 2026-07-01T00:00:00Z sys/* "
	if want := item + "2\n" + item + "3"; strings.Join(items, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(items, "\n"), want)
	}
	var n int64
	population, _, _ := strings.Cut(got[strings.Index(got, "select count"):], ";\n\n")
	if err := db.QueryRow(population).Scan(&n); err != nil || n != 2 {
		t.Errorf("population: got %d, %v, want 2", n, err)
	}
}

func TestScriptOfWhatIsNotAssessed(t *testing.T) {
	r := scripted()
	r.Status = assessment.TestNotAssessed
	if got, err := r.Script(); err != nil || !strings.Contains(got, "-- Rows found below are not in it") {
		t.Errorf("got %v, %.300q", err, got)
	}
}

func TestScriptRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*assessment.TestResult){
		"variable \"to\"": func(r *assessment.TestResult) { r.Variables["to"] = "yesterday" },
		"variable \"f\"":  func(r *assessment.TestResult) { r.Parameters["f"] = struct{}{} },
	} {
		r := scripted()
		spoil(&r)
		if _, err := r.Script(); err == nil || !strings.Contains(err.Error(), "write script of VAL-02: ") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
