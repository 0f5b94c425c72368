//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// checkSample draws the demo's sample again, in its folder: by python3, which also counts the root of the population, and by the SQL in a
// DuckDB that is not ours.
func checkSample(t *testing.T, folder, modules string) {
	b, err := os.ReadFile(filepath.Join(folder, "sample.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sheet struct {
		Population struct {
			Rows int `json:"rows"`
		} `json:"population"`
		Items []struct {
			Line int64 `json:"line"`
		} `json:"items"`
	}
	if err := json.Unmarshal(b, &sheet); err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(filepath.Join(folder, "population.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(rows, []byte("\n")); got != sheet.Population.Rows || got == 0 {
		t.Errorf("population.jsonl has %d rows, the sheet says %d", got, sheet.Population.Rows)
	}
	cmd := exec.CommandContext(t.Context(), "python3", "redraw.py")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("python3 redraw.py: %v\n%s", err, out)
	}
	var want, got []int64
	for _, item := range sheet.Items {
		want = append(want, item.Line)
	}
	for _, result := range duckdb(t, folder, modules, []string{"redraw.sql"})["redraw.sql"] {
		for _, r := range result {
			got = append(got, r.number(t, "line"))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("drawn lines (-sheet +duckdb):\n%s", diff)
	}
}
