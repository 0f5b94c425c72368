package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver

	"auditpack/evidence/facts"
	"auditpack/reports/assessment"
)

// floorMemoryBytes is the memory of the floor. Ours gives DuckDB facts.DefaultMemoryBytes, in which the bare statements end with "Out of
// Memory" from about two million entries on: what each makes of Vault's requests does not spill.
const floorMemoryBytes = 6 << 30

// measureFloor runs the statements of the Assessment that ours left, over the same Parquet files, with the threads that ours gives DuckDB.
// Each result is made in its order, whole, and thrown away.
func measureFloor(ctx context.Context, o options) (r result, err error) {
	b, err := os.ReadFile(filepath.Join(o.folder, "assessment.json"))
	if err != nil {
		return result{}, err
	}
	var a assessment.Assessment
	if err := json.Unmarshal(b, &a); err != nil {
		return result{}, err
	}
	setup, err := os.ReadFile(filepath.Join(o.folder, "setup.sql"))
	if err != nil {
		return result{}, err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return result{}, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	settings := fmt.Sprintf("set threads = %d; set memory_limit = '%dB'; set temp_directory = '%s'; set TimeZone = 'UTC';",
		facts.DefaultThreads, int64(floorMemoryBytes), filepath.Join(o.folder, "spill"))
	start := time.Now()
	if _, err := conn.ExecContext(ctx, settings+string(setup)); err != nil {
		return result{}, fmt.Errorf("make tables: %w", err)
	}
	for _, t := range a.Tests {
		begun := time.Now()
		variables, err := variablesOf(t)
		if err != nil {
			return result{}, err
		}
		if variables != "" {
			if _, err := conn.ExecContext(ctx, variables); err != nil {
				return result{}, fmt.Errorf("set variables of %s: %w", t.ID, err)
			}
		}
		for _, s := range []struct {
			query string
			rows  *int64
		}{{t.SQL.Population, &r.Population}, {t.SQL.Deviations, &r.Deviations}} {
			if _, err := conn.ExecContext(ctx, "create or replace temp table sink as "+facts.Ordered(s.query)); err != nil {
				return result{}, fmt.Errorf("run %s: %w", t.ID, err)
			}
			var n int64
			if err := conn.QueryRowContext(ctx, "select count(*) from sink").Scan(&n); err != nil {
				return result{}, fmt.Errorf("run %s: %w", t.ID, err)
			}
			*s.rows += n
		}
		r.Tests = append(r.Tests, testCost{t.ID, time.Since(begun)})
	}
	r.Wall = time.Since(start)
	return r, nil
}

// variablesOf sets what the statements of t read. The Assessment has times as text, and numbers as JSON has them.
func variablesOf(t assessment.TestResult) (string, error) {
	params := map[string]any{}
	for name, v := range t.Parameters {
		if n, ok := v.(float64); ok {
			v = int64(n)
		}
		params[name] = v
	}
	for name, v := range t.Variables {
		if text, ok := v.(string); ok && slices.Contains([]string{"from", "to", "as_of", "evidence_from", "evidence_to"}, name) {
			at, err := time.Parse(time.RFC3339Nano, text)
			if err != nil {
				return "", fmt.Errorf("variable %q of %s: %w", name, t.ID, err)
			}
			v = at
		}
		params[name] = v
	}
	return facts.VariablesScript(params)
}
