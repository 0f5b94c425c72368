package exceptions_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/exceptions"
)

// The files of the example company are whole but for the one that was spoilt on purpose.
func TestExampleCompany(t *testing.T) {
	files, err := filepath.Glob("../../examples/acme/exceptions/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("examples: got %d files (%v), want some", len(files), err)
	}
	got := []string{}
	var parsed []exceptions.File
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, problems := exceptions.Parse(filepath.Base(name), b)
		parsed = append(parsed, f)
		for _, p := range problems {
			got = append(got, p.String())
		}
	}
	want := []string{
		"WAF-SEC-030-exception-001.yml:2: compensating_controls: missing (what replaces the control meanwhile: at least one text, or control with evidence and interval)",
		`WAF-SEC-030-exception-001.yml:11: expiry_date: "2026-09-31" is no date, want the form 2026-03-31 (the last day on which the exception holds)`,
		"WAF-SEC-030-exception-001.yml:12: mitigation: unknown key; known are approvals, approved_by, approved_date, compensating_controls, control, " +
			"criterion_impact, exception_id, expiry_date, reason, renews, requested_by, resource, review_date, risk_level, risk_owner",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if d := exceptions.Duplicates(parsed); len(d) > 0 {
		t.Errorf("duplicates: got %v, want none", d)
	}
}
