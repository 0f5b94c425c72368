package exceptions_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/collectortest"
	"auditpack/collectors/exceptions"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// collect collects dir into store at the time now.
func collect(t *testing.T, store *memstore.Store, dir string, now time.Time) collectors.Result {
	t.Helper()
	return collectortest.CollectFolder(t, exceptions.Type, store, dir, now, func(v any) { v.(*exceptions.Config).Path = "." })
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

const complete = `exception_id: EXC-1
control: WAF-SEC-020
resource: terraform:acme-prod-network
reason: "Quotes \" and | and ä."
risk_level: high
risk_owner: Head of Platform
requested_by: Dana Developer
approved_by: CISO - Max Mustermann
approved_date: 2026-07-15
expiry_date: 2026-09-30
review_date: 2026-08-31
approvals:
  - {role: Security Team, name: Sam Security, date: 2026-07-14}
compensating_controls:
  - {control: Flow logs are read, evidence: DOC-2, interval: weekly}
  - Alerts
criterion_impact:
  - {framework: c5-2020, id: COS-01, reason: Weaker segmentation}
`

func TestFacts(t *testing.T) {
	dir, store := t.TempDir(), memstore.New()
	first := time.Date(2026, 7, 20, 6, 0, 0, 0, time.UTC)
	write(t, dir, "a.yml", complete)
	write(t, dir, "b.yml", "exception_id: EXC-2\n")
	if res := collect(t, store, dir, first); res.Err != nil {
		t.Fatal(res.Err)
	}
	db := factstest.Project(t, store, store)
	got := factstest.Rows(t, db, `select file, line, source, exception_id, control, resource, reason, risk_level, risk_owner, requested_by,
		approved_by, approved_date, expiry_date, review_date, compensating_controls, criterion_impact, len(problems), "commit", author,
		committed_at from exception order by file`)
	want := []string{
		`a.yml | 1 | source | EXC-1 | WAF-SEC-020 | terraform:acme-prod-network | Quotes " and | and ä. | high | Head of Platform | ` +
			`Dana Developer | CISO - Max Mustermann | 2026-07-15 | 2026-09-30 | 2026-08-31 | [Flow logs are read (evidence: DOC-2, interval: weekly), ` +
			`Alerts] | [c5-2020:COS-01: Weaker segmentation] | 0 | - | - | -`,
		`b.yml | 1 | source | EXC-2 | - | - | - | - | - | - | - | - | - | - | [] | [] | 8 | - | - | -`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exception (-want +got):\n%s", diff)
	}
	got = factstest.Rows(t, db, `select line, exception_id, role, name, approved_date from exception_approval order by line`)
	want = []string{"8 | EXC-1 | CISO | Max Mustermann | 2026-07-15", "13 | EXC-1 | Security Team | Sam Security | 2026-07-14"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exception_approval (-want +got):\n%s", diff)
	}
	got = factstest.Rows(t, db, `select count(*) from exception join record on record.blob = exception.evidence and record.name = exception.file
		where record.kind = 'exceptions.file/1'`)
	if diff := cmp.Diff([]string{"2"}, got); diff != "" {
		t.Errorf("exceptions whose evidence is a raw file (-want +got):\n%s", diff)
	}
}

// The tables show what the newest collection found: a file that was changed or removed since is in the versions only.
func TestFactsAreOfTheNewestCollection(t *testing.T) {
	dir, store := t.TempDir(), memstore.New()
	at := time.Date(2026, 7, 20, 6, 0, 0, 0, time.UTC)
	query := `select file, exception_id, risk_level from exception order by all`
	step := func(want ...string) {
		t.Helper()
		if res := collect(t, store, dir, at); res.Err != nil {
			t.Fatal(res.Err)
		}
		at = at.Add(24 * time.Hour)
		got := factstest.Rows(t, factstest.Project(t, store, store), query)
		if diff := cmp.Diff(want, got, cmp.Transformer("len", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
			t.Errorf("exceptions (-want +got):\n%s", diff)
		}
	}
	write(t, dir, "a.yml", "exception_id: EXC-1\nrisk_level: low\n")
	step("a.yml | EXC-1 | low")
	write(t, dir, "a.yml", "exception_id: EXC-1\nrisk_level: high\n")
	write(t, dir, "b.yml", "exception_id: EXC-2\n")
	step("a.yml | EXC-1 | high", "b.yml | EXC-2 | -")
	write(t, dir, "a.yml", "exception_id: EXC-1\nrisk_level: low\n") // the first state again
	if err := os.Remove(filepath.Join(dir, "b.yml")); err != nil {
		t.Fatal(err)
	}
	step("a.yml | EXC-1 | low")
	if err := os.Remove(filepath.Join(dir, "a.yml")); err != nil {
		t.Fatal(err)
	}
	step()
	got := factstest.Rows(t, factstest.Project(t, store, store), `select count(*) from exception_version`)
	if diff := cmp.Diff([]string{"3"}, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}
