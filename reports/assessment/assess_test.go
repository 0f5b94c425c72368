package assessment_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/reports/assessment"
)

var update = flag.Bool("update", false, "rewrite golden files")

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func digest(name string) evidence.Digest { return evidence.DigestOf([]byte(name)) }

// record makes a record of one blob that speaks for [from, to), or for the instant from where to is empty.
func record(kind, source, sourceType, blob, from, to, collected string) evidence.Record {
	r := evidence.Record{
		Format: evidence.RecordFormat, Kind: evidence.Kind(kind), Source: evidence.Source{Name: source, Type: sourceType},
		Collected: evidence.Collected{At: at(collected), Principal: "auditor", Host: "host", Tool: "auditpack test", Collector: sourceType + "/1"},
		Procedure: "GET", Content: []evidence.Part{{Name: blob, MediaType: "application/json", Digest: digest(blob), SizeBytes: 1}},
		Stated: evidence.Stated{Notes: []string{}}, DerivedFrom: []evidence.Digest{}, Redactions: []evidence.Redaction{},
	}
	if to == "" {
		when := at(from)
		r.At = &when
	} else {
		r.Period = &evidence.Period{From: at(from), To: at(to)}
	}
	return r
}

var quarter = evidence.Period{From: at("2026-07-01T00:00:00Z"), To: at("2026-10-01T00:00:00Z")}

// world is the small input of the golden test: a source that covers the quarter, one that covers a part, one that failed, and one
// that has none.
func world(t testing.TB, db assessment.Facts) assessment.Input {
	t.Helper()
	c, err := assessment.LoadCatalogue([]assessment.Layer{{Name: "workspace", Files: os.DirFS("testdata/world")}}, assessment.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) []assessment.File {
		b, err := os.ReadFile(filepath.Join("testdata/world/files", name))
		if err != nil {
			t.Fatal(err)
		}
		return []assessment.File{{Name: "workspace/" + name, Content: b}}
	}
	part := func(name, kind string, o evidence.Outcome, items int64, detail string) evidence.PartOutcome {
		return evidence.PartOutcome{Part: name, Kind: evidence.Kind(kind), Outcome: o, Items: items, Detail: detail}
	}
	records := []assessment.StoredRecord{
		{Entry: 1, Record: record("vault.audit-log/1", "vault", "vault", "audit-1", "2026-06-28T00:00:00Z", "2026-08-15T00:00:00Z", "2026-08-15T00:00:00Z")},
		{Entry: 2, Record: record("vault.audit-log/1", "vault", "vault", "audit-2", "2026-08-16T00:00:00Z", "2026-10-02T00:00:00Z", "2026-10-02T00:00:00Z")},
		{Entry: 3, Record: record("boundary.sessions/1", "boundary", "boundary", "sessions", "2026-07-01T00:00:00Z", "2026-09-01T00:00:00Z", "2026-10-02T00:00:00Z")},
		{Entry: 6, Record: record("exceptions.file/1", "exceptions", "exceptions", "e1.yml", "2026-06-01T00:00:00Z", "2026-10-02T00:00:00Z", "2026-10-02T00:00:00Z")},
	}
	for i := range records {
		_, d, err := records[i].Record.Encode()
		if err != nil {
			t.Fatal(err)
		}
		records[i].Digest = d
	}
	rows := record("exceptions.rows/1", "exceptions", "exceptions", "rows", "2026-10-02T00:00:00Z", "", "2026-10-02T00:00:00Z")
	rows.DerivedFrom = []evidence.Digest{records[3].Digest}
	_, d, err := rows.Encode()
	if err != nil {
		t.Fatal(err)
	}
	records = append(records, assessment.StoredRecord{Entry: 6, Digest: d, Record: rows})
	entry := func(n int64, source, when string, p *evidence.Period, parts ...evidence.PartOutcome) evidence.Entry {
		e := evidence.Entry{Format: evidence.EntryFormat, Number: n, Type: evidence.EntryCollection, Time: at(when), Source: source, Period: p, Parts: parts}
		for _, r := range records {
			if r.Entry == n {
				e.Records = append(e.Records, r.Digest)
			}
		}
		return e
	}
	return assessment.Input{
		Organization: assessment.Organization{Name: "ACME GmbH", Scope: "Platform", Role: "customer"},
		Framework:    "acme", Catalogue: c, Type: 2, Period: quarter,
		Facts: db, KnownLast: digest("entry 6"), Records: records,
		Entries: []evidence.Entry{
			entry(1, "vault", "2026-08-15T00:00:00Z", nil, part("audit.log", "vault.audit-log/1", evidence.OutcomeOK, 3, "")),
			entry(2, "vault", "2026-10-02T00:00:00Z", nil, part("audit.log", "vault.audit-log/1", evidence.OutcomeOK, 1, "")),
			entry(3, "boundary", "2026-10-02T00:00:00Z", &quarter, part("sessions", "boundary.sessions/1", evidence.OutcomeOK, 1, "")),
			entry(4, "terraform", "2026-10-02T00:00:00Z", &quarter,
				part("runs of net-prod", "terraform.runs/1", evidence.OutcomeDenied, 0, "denied: needs read access to runs"),
				part("policy checks", "terraform.policy-checks/1", evidence.OutcomeNone, 0, ""),
				part("stacks", "terraform.stacks/1", evidence.OutcomeNotOffered, 0, "the source does not offer this")),
			// another period's failure is no reason here
			entry(5, "vault", "2026-12-01T00:00:00Z", &evidence.Period{From: quarter.To, To: at("2026-12-01T00:00:00Z")},
				part("audit.log", "vault.audit-log/1", evidence.OutcomeFailed, 0, "permission denied")),
			entry(6, "exceptions", "2026-10-02T00:00:00Z", nil, part("exception files", "exceptions.rows/1", evidence.OutcomeOK, 1, "")),
		},
		SoA: file("soa.yaml"), Subservices: file("subservice.yaml"), ManualTests: file("manual.yaml"), Responses: file("responses.yaml"),
	}
}

func worldRows() map[string][]map[string]any {
	request := func(id, when, name, path string, line int) map[string]any {
		return map[string]any{"evidence": digest("audit-1"), "line": line, "request_id": id, "time": when, "display_name": name, "path": path}
	}
	return map[string][]map[string]any{
		"vault_request": {
			request("r1", "2026-07-02T08:00:00.123456789Z", "alice", "secret/data/app", 1),
			request("r2", "2026-07-03T08:00:00Z", "root", "sys/mounts/kv1", 2),
			request("r3", "2026-07-04T08:00:00Z", "root", "secret/data/app", 3),
			request("r4", "2026-06-30T08:00:00Z", "root", "secret/data/old", 4),
		},
		"boundary_session": {
			{"evidence": digest("sessions"), "line": 1, "session_id": "s_1", "created_at": "2026-07-02T08:00:00Z", "user_id": "u_1", "target_id": "ttcp_1"},
		},
		"exception_version": {exceptionRow()},
		"exception":         {exceptionRow()},
		"exception_state":   {exceptionState()},
		"exception_compensating": {
			{"evidence": digest("e1.yml"), "line": 1, "source": "exceptions", "exception_id": "E1", "position": 1, "compensating_control": "Alert on use"},
		},
		"exception_impact": {
			{"evidence": digest("e1.yml"), "line": 1, "source": "exceptions", "exception_id": "E1", "framework": "world", "requirement": "R-1", "effect": "deviates", "reason": "Not met."},
		},
		"exception_approval_version": {
			{"evidence": digest("e1.yml"), "line": 9, "exception_id": "E1", "role": "CISO", "name": "Max", "approved_date": "2026-06-01"},
			{"evidence": digest("e1.yml"), "line": 10, "exception_id": "E1", "role": "Security Team", "name": "Sina", "approved_date": "2026-06-02"},
		},
		"document": {
			{"evidence": digest("index"), "line": 2, "document_id": "DOC-1", "title": "Minutes of the review", "content": digest("minutes")},
			{"evidence": digest("index"), "line": 9, "document_id": "DOC-2", "title": "Whose file is not there"},
		},
		"raci_task": {
			{"evidence": digest("raci"), "line": 3, "task": "Approve exceptions", "responsible": []string{"Security Team"}, "accountable": []string{"CISO"}},
		},
		"responsibility": {
			{"evidence": digest("matrix"), "line": 3, "area": "Logging", "iaas": "customer", "paas": "shared", "saas": "provider", "team": "platform-team", "contact": "platform@acme.example", "escalation": "CISO"},
		},
	}
}

func exceptionRow() map[string]any {
	return map[string]any{
		"evidence": digest("e1.yml"), "line": 1, "source": "exceptions", "file": "e1.yml", "exception_id": "E1", "control": "root-use", "resource": "sys/*",
		"reason": "Emergency.", "risk_level": "high", "risk_owner": "Rita", "requested_by": "Dana", "approved_date": "2026-06-01", "expiry_date": "2026-08-30",
		"compensating_controls": []string{"Alert on use"}, "commit": "abc", "author": "dana@acme.example",
	}
}

// exceptionState is what exceptionRow's file said since it was entered.
func exceptionState() map[string]any {
	row := exceptionRow()
	row["since"], row["history"] = "2026-06-01T09:00:00Z", true
	return row
}

func fixtureDB(t testing.TB, e *facts.Engine, rows map[string][]map[string]any) *facts.DB {
	t.Helper()
	db, err := e.Fixture(context.Background(), rows)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func encoded(t testing.TB, in assessment.Input) []byte {
	t.Helper()
	a, err := assessment.Assess(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAssessGolden(t *testing.T) {
	got := encoded(t, world(t, fixtureDB(t, openEngine(t, 1), worldRows())))
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, got, "", "  "); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/world.golden.json"
	if *update {
		if err := os.WriteFile(golden, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("assessment (-want +got):\n%s", diff)
	}
}

func TestAssessStatuses(t *testing.T) {
	a, err := assessment.Assess(context.Background(), world(t, fixtureDB(t, openEngine(t, 1), worldRows())))
	if err != nil {
		t.Fatal(err)
	}
	requirements := map[assessment.RequirementID]assessment.RequirementStatus{}
	for _, r := range a.Requirements {
		requirements[r.ID] = r.Status
		if r.Status != assessment.Supported && len(r.Reasons) == 0 {
			t.Errorf("%s is %s for no reason", r.ID, r.Status)
		}
	}
	wantRequirements := map[assessment.RequirementID]assessment.RequirementStatus{
		"1":                assessment.NotAssessed,
		"R-SUPPORTED":      assessment.Supported,
		"R-PARTLY-ASPECTS": assessment.PartlySupported,
		"R-PARTLY-PERIOD":  assessment.PartlySupported,
		"R-SUPPORTING":     assessment.PartlySupported,
		"R-DEVIATIONS":     assessment.DeviationsNoted,
		"R-FAILED":         assessment.NotAssessed,
		"R-NO-OCCURRENCES": assessment.NotAssessed,
		"R-NOT-APPLICABLE": assessment.NotApplicable,
		"R-CARVED-OUT":     assessment.CarvedOut,
	}
	if diff := cmp.Diff(wantRequirements, requirements); diff != "" {
		t.Errorf("requirements (-want +got):\n%s", diff)
	}
	tests := map[assessment.TestID]assessment.TestStatus{}
	for _, x := range a.Tests {
		tests[x.ID] = x.Status
	}
	wantTests := map[assessment.TestID]assessment.TestStatus{
		"TST-01": assessment.TestNoDeviations,
		"TST-02": assessment.TestDeviations,
		"TST-03": assessment.TestNoDeviations,
		"TST-04": assessment.TestNotAssessed,
		"TST-05": assessment.TestNoOccurrences,
	}
	if diff := cmp.Diff(wantTests, tests); diff != "" {
		t.Errorf("tests (-want +got):\n%s", diff)
	}
}

// The same input gives the same bytes, whatever the number of threads and the time zone of the machine.
func TestAssessSameBytes(t *testing.T) {
	want := encoded(t, world(t, fixtureDB(t, openEngine(t, 1), worldRows())))
	for _, threads := range []int{2, 16} {
		again := encoded(t, world(t, fixtureDB(t, openEngine(t, threads), worldRows())))
		if !bytes.Equal(want, again) {
			t.Errorf("a run with %d threads gave other bytes", threads)
		}
	}
	local := time.Local
	defer func() { time.Local = local }()
	time.Local = time.FixedZone("east", 11*3600)
	t.Setenv("TZ", "Australia/Sydney")
	elsewhere := encoded(t, world(t, fixtureDB(t, openEngine(t, 2), worldRows())))
	if !bytes.Equal(want, elsewhere) {
		t.Error("a run in another time zone gave other bytes")
	}
}
