package documents_test

import (
	"testing"
	"time"

	"auditpack/collectors"
	"auditpack/collectors/collectortest"
	"auditpack/collectors/documents"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// collect collects with cfg relative to dir into a store of its own.
func collect(t *testing.T, dir string, cfg documents.Config) (collectors.Result, *memstore.Store) {
	t.Helper()
	store, now := memstore.New(), time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)
	return collectortest.CollectFolder(t, documents.Type, store, dir, now, func(v any) { *v.(*documents.Config) = cfg }), store
}

func TestFacts(t *testing.T) {
	res, store := collect(t, "../../examples/acme", documents.Config{Index: "documents/index.yaml"})
	if res.Failed() {
		t.Fatalf("collect: got %v and parts %+v, want no failure", res.Err, res.Entry.Parts)
	}
	db := factstest.Project(t, store, store)
	factstest.Check(t, db, `select line, source, document_id, title, file, targets, owner, valid_from, valid_until, approver, problems from document where document_id <= 'DOC-003' order by line`,
		"3 | source | DOC-001 | Information security policy | information-security-policy.md | [iso27001-2022:A.5.1, c5-2020:SP-01] | Compliance | "+
			"2026-01-15 | 2027-01-14 | CISO - Max Mustermann | []",
		"11 | source | DOC-002 | Minutes of the quarterly access review, second quarter 2026 | access-review-2026-q2.md | "+
			"[iso27001-2022:A.5.18, c5-2020:IDM-05] | Platform Team | 2026-06-12 | 2026-09-30 | Security Team - Tom Becker | []",
		"19 | source | DOC-003 | Incident response plan | incident-response-plan.txt | [iso27001-2022:A.5.24, c5-2020:SIM-01] | Security Team | "+
			"2025-07-01 | 2026-06-30 | CISO - Max Mustermann | []",
	)
	factstest.Check(t, db, `select count(*) from document as d join record as r on r.blob = d.content where r.kind = 'documents.file/1' and r.name = d.file`, "7")
	factstest.Check(t, db, `select count(distinct d.evidence) from document as d join record as r on r.blob = d.evidence where r.kind = 'documents.index/1'`, "1")
}
