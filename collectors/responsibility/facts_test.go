package responsibility_test

import (
	"testing"
	"time"

	"auditpack/collectors/collectortest"
	"auditpack/collectors/responsibility"
	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// project collects with cfg relative to dir and gives the tables of it.
func project(t *testing.T, dir string, cfg responsibility.Config) *facts.DB {
	t.Helper()
	store, now := memstore.New(), time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)
	res := collectortest.CollectFolder(t, responsibility.Type, store, dir, now, func(v any) { *v.(*responsibility.Config) = cfg })
	if res.Failed() {
		t.Fatalf("collect: got %v and parts %+v, want no failure", res.Err, res.Entry.Parts)
	}
	return factstest.Project(t, store, store)
}

// The RACI of the example company is the one that the WAF++ text documents, with all its faults: three tasks without an
// Accountable, one without a Responsible, a cell "Requestor", and Compliance accountable for approving exceptions.
func TestFacts(t *testing.T) {
	db := project(t, "../../examples/acme", responsibility.Config{Path: "governance"})
	factstest.Check(t, db, `select line, task, responsible, accountable, consulted, informed, other from raci_task
		where len(accountable) <> 1 or len(responsible) = 0 or len(other) > 0 order by line`,
		"12 | Implement WAF++ controls (IaC) | [Platform Team, Dev Team] | [] | [Security Team] | [Compliance] | []",
		"24 | Approve exceptions | [Security Team] | [Compliance] | [Platform Team] | [] | [Dev Team: Requestor]",
		"30 | Escalate security incidents | [Security Team] | [] | [] | [Platform Team, Dev Team, Compliance] | []",
		"42 | Conduct penetration tests | [] | [Security Team] | [] | [Platform Team, Dev Team, Compliance] | []",
		"48 | Create compliance reports | [Compliance] | [] | [Platform Team, Dev Team, Security Team] | [] | []",
	)
	factstest.Check(t, db, `select count(*), min(version), min(approved_by), min(approved_date), min(reviewed_date), min(source), min(file), count(evidence) from raci_task`,
		"7 | 1.1 | CISO - Max Mustermann | 2026-01-15 | 2026-06-15 | source | raci.yaml | 7")
	factstest.Check(t, db, `select line, area, control, iaas, paas, saas, remarks, team, validates, responds, contact, escalation, handoffs from responsibility
		where area in ('Patch management', 'Backup configuration', 'Incident response') order by line`,
		"109 | Patch management | - | customer | provider | provider | [paas: managed] | Platform Team | Security Team | Platform Team | "+
			"platform-team@acme.example, +49 30 5550 100 | Head of Platform, then CISO | [Findings of scans pass from the Security Team to the owner of the workload]",
		"120 | Backup configuration | - | customer | customer | customer | [paas: policy, saas: policy] | Platform Team | Security Team | Platform Team | "+
			"- | Head of Platform, then CISO | [Restore tests pass from the Platform Team to the Dev Teams for sign-off]",
		"238 | Incident response | WAF-SEC-100 | customer | customer | customer | [] | Security Team | Compliance | Security Team | "+
			"soc@acme.example, +49 30 5550 200 | CISO, then management board | [An incident at the provider passes from its support to the security operations centre]",
	)
	factstest.Check(t, db, `select count(*), count(control), count(distinct control) from responsibility`, "21 | 10 | 10")
	factstest.Check(t, db, `select file, document, version, approved_by, approved_date, reviewed_date, review_interval_days, problems from responsibility_document order by file`,
		"raci.yaml | raci | 1.1 | CISO - Max Mustermann | 2026-01-15 | 2026-06-15 | 90 | []",
		"responsibilities.yaml | responsibility | 2.0 | CISO - Max Mustermann | 2026-07-06 | 2026-07-06 | 90 | [areas[10].contact: line 127: empty (how to reach the team)]",
	)
}
