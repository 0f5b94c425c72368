package reports

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// The facts of a reason read as sentences in both languages; what has another shape stays as it is.
func TestReasonDetail(t *testing.T) {
	for _, test := range []struct{ name, code, detail, en, de string }{
		{"stale, an hour", "stale", "boundary_session: 2026-11-22T01:53:07Z, max_age 1h",
			"The evidence nearest in time for boundary_session is of 2026-11-22 01:53:07 UTC; at most 1 hour away is accepted.",
			"Der zeitlich nächste Nachweis für boundary_session ist vom 22.11.2026 01:53:07 UTC; zugelassen ist ein Abstand von höchstens 1 Stunde."},
		{"stale, days", "stale", "exception: 2026-11-22T01:53:07Z, max_age 168h",
			"The evidence nearest in time for exception is of 2026-11-22 01:53:07 UTC; at most 7 days away is accepted.",
			"Der zeitlich nächste Nachweis für exception ist vom 22.11.2026 01:53:07 UTC; zugelassen ist ein Abstand von höchstens 7 Tagen."},
		{"stale, other unit", "stale", "exception: 2026-11-22T01:53:07Z, max_age 1h30m",
			"The evidence nearest in time for exception is of 2026-11-22 01:53:07 UTC; at most 1h30m away is accepted.",
			"Der zeitlich nächste Nachweis für exception ist vom 22.11.2026 01:53:07 UTC; zugelassen ist ein Abstand von höchstens 1h30m."},
		{"holes", "part-of-period", "vault_audit: 2026-07-01T00:00:00Z/2026-07-03T00:00:00Z, 2026-08-01T10:00:00Z/2026-08-01T12:00:00Z, +4",
			"For vault_audit there is no evidence of 2026-07-01 to 2026-07-02; 2026-08-01 10:00:00 UTC to 2026-08-01 12:00:00 UTC; and 4 more spans",
			"Für vault_audit fehlen Nachweise vom 01.07.2026 bis 02.07.2026; 01.08.2026 10:00:00 UTC bis 01.08.2026 12:00:00 UTC; und 4 weiteren Spannen"},
		{"no evidence", "no-evidence", "vault_audit_device", "Empty fact tables: vault_audit_device.", "Leere Faktentabellen: vault_audit_device."},
		{"manual", "manual-expired", "2025-08-20/2026-08-20", "Performed on 2025-08-20, counts until 2026-08-20.", "Durchgeführt am 20.08.2025, zählt bis 20.08.2026."},
		{"documents", "manual-document-missing", "DOC-7, DOC-9", "Not there: DOC-7, DOC-9.", "Nicht vorhanden: DOC-7, DOC-9."},
		{"another time", "manual-outside-period", "2026-04-01T00:00:00Z/2026-07-01T00:00:00Z", "Looked at: 2026-04-01 to 2026-06-30.", "Betrachtet: 01.04.2026 bis 30.06.2026."},
		{"part of the time", "manual-part-of-period", "2026-09-01T00:00:00Z/2026-10-01T00:00:00Z", "Not looked at: 2026-09-01 to 2026-09-30", "Nicht betrachtet: 01.09.2026 bis 30.09.2026"},
		{"counts", "deviations", "open 1234, excepted 0", "1,234 open, 0 excepted", "1.234 offen, 0 ausgenommen"},
		{"a person's words", "deviations", "2026-09-01: two of nine", "2026-09-01: two of nine", "2026-09-01: two of nine"},
		{"a source's words", "failed", "runs: HTTP 502", "runs: HTTP 502", "runs: HTTP 502"},
		{"another shape", "stale", "soon", "soon", "soon"},
		{"nothing", "manual-missing", "", "", ""},
	} {
		for l, want := range map[templates.Language]string{templates.English: test.en, templates.German: test.de} {
			words, err := templates.LoadText(templates.Files, l)
			if err != nil {
				t.Fatal(err)
			}
			b := newBuilder(assessment.Assessment{}, words)
			if got := b.reasonDetail(assessment.Reason{Code: test.code, Detail: test.detail}); got != want {
				t.Errorf("%s, %s:\n got %q\nwant %q", test.name, l, got, want)
			}
		}
	}
}

// Reasons that differ in their fact table alone are told once, with all the tables; any other difference keeps them apart.
func TestTogether(t *testing.T) {
	reason := func(code, source, detail string) assessment.Reason {
		return assessment.Reason{Code: code, Test: "BND-06", Source: source, Detail: detail, Owner: "platform-team"}
	}
	const november = ": 2026-11-22T01:53:07Z, max_age 1h"
	got := together([]assessment.Reason{
		reason("no-evidence", "", "leaver"), reason("no-evidence", "", "ticket"), reason("no-evidence", "hr", "alert"),
		reason("stale", "boundary-prod", "boundary_role"+november), reason("stale", "boundary-prod", "boundary_user"+november), reason("stale", "boundary-test", "boundary_user"+november),
		reason("stale", "boundary-prod", "boundary_group: 2026-11-22T01:53:07Z, max_age 2h"), reason("stale", "boundary-prod", "soon"), reason("stale", "boundary-prod", "soon"),
		reason("failed", "boundary-prod", "users: HTTP 502"), reason("failed", "boundary-prod", "roles: HTTP 502"),
	})
	want := []assessment.Reason{
		reason("no-evidence", "", "leaver, ticket"), reason("no-evidence", "hr", "alert"),
		reason("stale", "boundary-prod", "boundary_role, boundary_user"+november), reason("stale", "boundary-test", "boundary_user"+november),
		reason("stale", "boundary-prod", "boundary_group: 2026-11-22T01:53:07Z, max_age 2h"), reason("stale", "boundary-prod", "soon"), reason("stale", "boundary-prod", "soon"),
		reason("failed", "boundary-prod", "users: HTTP 502"), reason("failed", "boundary-prod", "roles: HTTP 502"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
