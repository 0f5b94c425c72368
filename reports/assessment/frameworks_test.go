package assessment_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// Without any evidence every shipped framework gives a whole Assessment: each requirement is there, none is supported, and the
// document fits its schema.
func TestShippedFrameworksWithoutEvidence(t *testing.T) {
	schema := compile(t, "https://auditpack.invalid/assessment.schema.json", assessmentSchema(t))
	db := fixtureDB(t, openEngine(t, 2), nil)
	c := shipped(t)
	for _, f := range c.Frameworks {
		for _, typ := range []int{1, 2} {
			if typ == 1 && f.ID != "waf-sec" {
				continue // one is enough: it differs from type 2 in the window alone
			}
			in := assessment.Input{
				Organization: assessment.Organization{Name: "ACME GmbH"}, Framework: f.ID, Catalogue: c, Facts: db, Type: typ, AsOf: quarter.To,
			}
			if typ == 2 {
				in.Period = quarter
			}
			a, err := assessment.Assess(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := len(a.Requirements), len(f.Requirements); got != want {
				t.Errorf("%s: got %d findings, want %d", f.ID, got, want)
			}
			for _, r := range a.Requirements {
				if r.Status != assessment.NotAssessed || len(r.Reasons) == 0 {
					t.Errorf("%s %s: got %s with %d reasons, want not-assessed with a reason", f.ID, r.ID, r.Status, len(r.Reasons))
				}
			}
			for _, x := range a.Tests {
				if x.Status != assessment.TestNotAssessed || len(x.Deviations) > 0 {
					t.Errorf("%s %s: got %s with %d deviations, want not-assessed", f.ID, x.ID, x.Status, len(x.Deviations))
				}
			}
			b, err := a.Encode()
			if err != nil {
				t.Fatal(err)
			}
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); err != nil {
				t.Errorf("%s: %v", f.ID, err)
			}
		}
	}
}

// The tests of the catalogue find what is planted, through the whole of Assess, and a deviation reaches the requirements.
func TestShippedTestsReachRequirements(t *testing.T) {
	rows := worldRows()
	rows["vault_request"] = []map[string]any{
		{"evidence": digest("audit-1"), "line": 2, "request_id": "r1", "time": "2026-08-03T08:00:00Z", "operation": "update", "path": "sys/mounts/kv1", "display_name": "token", "policies": []string{"root"}, "requests": 1, "responses": 1},
	}
	in := world(t, fixtureDB(t, openEngine(t, 2), rows))
	in.Catalogue, in.Framework, in.SoA, in.Subservices, in.ManualTests, in.Responses = shipped(t), "iso27001-2022", nil, nil, nil, nil
	a, err := assessment.Assess(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[assessment.TestID]assessment.TestResult{}
	for _, x := range a.Tests {
		tests[x.ID] = x
	}
	for id, want := range map[assessment.TestID]assessment.TestStatus{
		"VAL-01": assessment.TestDeviations,
		"VAL-02": assessment.TestDeviations,
		"EXC-01": assessment.TestDeviations, // root-use is a control of the golden world alone
		"EXC-02": assessment.TestDeviations, // ended in August
		"TFP-01": assessment.TestNotAssessed,
	} {
		if got := tests[id].Status; got != want {
			t.Errorf("%s: got %s, want %s (%+v)", id, got, want, tests[id].Reasons)
		}
	}
	for _, r := range a.Requirements {
		if r.ID == "A.8.2" && (r.Status != assessment.DeviationsNoted || r.Deviations != 2) {
			t.Errorf("A.8.2: got %s with %d open deviations, want deviations-noted with 2", r.Status, r.Deviations)
		}
	}
}

// Of a date, evidence within the maximum age of it counts, on either side.
func TestAssessOfADate(t *testing.T) {
	in := world(t, fixtureDB(t, openEngine(t, 1), worldRows()))
	in.Type, in.Period, in.AsOf = 1, evidence.Period{}, at("2026-09-01T00:00:00Z")
	a, err := assessment.Assess(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if a.Period != nil {
		t.Errorf("period: got %v, want none", a.Period)
	}
	got := map[assessment.TestID]assessment.TestStatus{}
	for _, x := range a.Tests {
		got[x.ID] = x.Status
		if x.PeriodDays != 0 {
			t.Errorf("%s counts %d days of a period", x.ID, x.PeriodDays)
		}
	}
	want := map[assessment.TestID]assessment.TestStatus{
		"TST-01": assessment.TestNoOccurrences, // evidence is there; nothing happened in the days before
		"TST-02": assessment.TestNoOccurrences,
		"TST-03": assessment.TestNoOccurrences,
		"TST-04": assessment.TestNotAssessed,
		"TST-05": assessment.TestNoOccurrences,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tests (-want +got):\n%s", diff)
	}
	in.AsOf = at("2027-03-01T00:00:00Z")
	late, err := assessment.Assess(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range late.Tests {
		if x.ID == "TST-01" && (x.Status != assessment.TestNotAssessed || x.Reasons[0].Code != "stale") {
			t.Errorf("TST-01 months after the evidence: got %s, %+v", x.Status, x.Reasons)
		}
	}
}
