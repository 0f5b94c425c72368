package documents_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/collectors/documents"
	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// collect collects with cfg relative to dir into a store of its own.
func collect(t *testing.T, dir string, cfg documents.Config) (collectors.Result, *memstore.Store) {
	t.Helper()
	now := time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)
	env := collectors.Env{
		Name: "source",
		Path: func(p string) string { return filepath.Join(dir, p) },
		Open: func(p string) fs.FS { return os.DirFS(filepath.Join(dir, p)) },
		Now:  func() time.Time { return now },
	}
	c, err := documents.Type.New(func(v any) error { *v.(*documents.Config) = cfg; return nil }, env)
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New()
	return collectors.Run(context.Background(), []collectors.Source{{Name: "source", Type: documents.Type, Collector: c}}, collectors.Options{
		Store: store, Journal: store, Now: env.Now, Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "test"},
	})[0], store
}

func check(t *testing.T, db *facts.DB, query string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, factstest.Rows(t, db, query)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

func TestFacts(t *testing.T) {
	res, store := collect(t, "../../examples/acme", documents.Config{Index: "documents/index.yaml"})
	if res.Failed() {
		t.Fatalf("collect: got %v and parts %+v, want no failure", res.Err, res.Entry.Parts)
	}
	db := factstest.Project(t, store, store)
	check(t, db, `select line, source, document_id, title, file, targets, owner, valid_from, valid_until, approver, problems from document order by line`,
		"3 | source | DOC-001 | Information security policy | information-security-policy.md | [iso27001-2022:A.5.1, c5-2020:SP-01] | Compliance | "+
			"2026-01-15 | 2027-01-14 | CISO - Max Mustermann | []",
		"11 | source | DOC-002 | Minutes of the quarterly access review, second quarter 2026 | access-review-2026-q2.md | "+
			"[iso27001-2022:A.5.18, c5-2020:IDM-05] | Platform Team | 2026-06-12 | 2026-09-30 | Security Team - Tom Becker | []",
		"19 | source | DOC-003 | Incident response plan | incident-response-plan.txt | [iso27001-2022:A.5.24, c5-2020:SIM-01] | Security Team | "+
			"2025-07-01 | 2026-06-30 | CISO - Max Mustermann | []",
	)
	check(t, db, `select count(*) from document as d join record as r on r.blob = d.content where r.kind = 'documents.file/1' and r.name = d.file`, "3")
	check(t, db, `select count(distinct d.evidence) from document as d join record as r on r.blob = d.evidence where r.kind = 'documents.index/1'`, "1")
}
