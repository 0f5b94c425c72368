package wafpass_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"auditpack/collectors/collectortest"
	"auditpack/collectors/wafpass"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// TestFacts: a control is met only if every check of it ran and passed. The counts are those of testdata/result.txtar, by hand.
func TestFacts(t *testing.T) {
	a, err := txtar.ParseFile("testdata/result.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range a.Files {
		if f.Name == "dir/results/prod.json" {
			if err := os.WriteFile(filepath.Join(dir, "prod.json"), f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	store, now := memstore.New(), time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)
	collect := func() {
		t.Helper()
		res := collectortest.CollectFolder(t, wafpass.Type, store, dir, now, func(v any) { v.(*wafpass.Config).Path = "*.json" })
		if res.Failed() {
			t.Fatalf("collect: got %v and parts %+v, want no failure", res.Err, res.Entry.Parts)
		}
	}
	collect()
	db := factstest.Project(t, store, store)
	factstest.Check(t, db, `select control_id, check_id, outcome, severity, listed, results, passed, failed, skipped, errored, waived from wafpass_check order by control_id, check_id`,
		"WAF-SEC-010 | - | none | - | true | 0 | 0 | 0 | 0 | 0 | 0",
		"WAF-SEC-020 | waf-sec-020.tf.a | passed | critical | true | 1 | 1 | 0 | 0 | 0 | 0",
		"WAF-SEC-020 | waf-sec-020.tf.b | failed | high | true | 2 | 1 | 1 | 0 | 0 | 0",
		"WAF-SEC-030 | waf-sec-030.tf.a | passed | high | true | 2 | 2 | 0 | 0 | 0 | 0",
		"WAF-SEC-030 | waf-sec-030.tf.b | passed | high | true | 1 | 1 | 0 | 0 | 0 | 0",
		"WAF-SEC-050 | waf-sec-050.tf.a | passed | high | true | 1 | 1 | 0 | 0 | 0 | 0",
		"WAF-SEC-050 | waf-sec-050.tf.b | skipped | high | true | 1 | 0 | 0 | 1 | 0 | 0",
		"WAF-SEC-060 | waf-sec-060.tf.a | waived | high | true | 1 | 0 | 0 | 0 | 0 | 1",
		"WAF-SEC-070 | waf-sec-070.tf.a | missing | medium | true | 0 | 0 | 0 | 0 | 0 | 0",
		"WAF-SEC-080 | waf-sec-080.tf.a | errored | high | true | 1 | 0 | 0 | 0 | 1 | 0",
	)
	factstest.Check(t, db, `select control_id, checks, checks_passed, met, reasons from wafpass_control order by control_id`,
		"WAF-SEC-010 | 0 | 0 | false | [the result lists no check of it]",
		"WAF-SEC-020 | 2 | 1 | false | [waf-sec-020.tf.b failed for 1 of 2 resources]",
		"WAF-SEC-030 | 2 | 2 | true | []",
		"WAF-SEC-050 | 2 | 1 | false | [waf-sec-050.tf.b was skipped for 1 of 1 resources]",
		"WAF-SEC-060 | 1 | 0 | false | [waf-sec-060.tf.a was waived]",
		"WAF-SEC-070 | 1 | 0 | false | [waf-sec-070.tf.a has no result: no resource that it fits, or it was filtered out]",
		"WAF-SEC-080 | 1 | 0 | false | [waf-sec-080.tf.a ended in an error for 1 of 1 resources]",
	)
	factstest.Check(t, db, `select distinct "source", "file", project, branch, left(git_sha, 7), triggered_by, stage, schema_version from wafpass_check`,
		"source | prod.json | data-platform | main | 5f1d7a8 | github-actions | prod | 1.1")

	// The next result takes the place of the first, which stays in the table of all. It lists no checks, as the oldest did.
	now = now.Add(24 * time.Hour)
	newer := `{"schema_version": "1.0", "findings": [{"check_id": "x", "control_id": "WAF-SEC-030", "status": "PASS", "severity": "HIGH"}]}`
	if err := os.WriteFile(filepath.Join(dir, "prod.json"), []byte(newer), 0o644); err != nil {
		t.Fatal(err)
	}
	collect()
	db = factstest.Project(t, store, store)
	factstest.Check(t, db, `select control_id, met, reasons from wafpass_control`,
		"WAF-SEC-030 | false | [x is not among the checks that the result lists, so that others may be missing]")
	factstest.Check(t, db, `select count(*), count(distinct evidence) from wafpass_check_version`, "11 | 2")

	// The same result lies in two files; then in one of another name alone, and then in none.
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(newer), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(name string) {
		t.Helper()
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		change func()
		want   []string
	}{
		{func() { write("copy.json") }, []string{"copy.json | WAF-SEC-030", "prod.json | WAF-SEC-030"}},
		{func() { remove("prod.json") }, []string{"copy.json | WAF-SEC-030"}},
		{func() { remove("copy.json") }, []string{}},
		{func() { write("prod.json") }, []string{"prod.json | WAF-SEC-030"}}, // with the bytes and the name of before
	} {
		now = now.Add(24 * time.Hour)
		step.change()
		collect()
		factstest.Check(t, factstest.Project(t, store, store), `select "file", control_id from wafpass_control order by all`, step.want...)
	}
}
