package assessment_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/reports/assessment"
)

// A test of information has a result of its own: no control, requirement or exception knows of it, and it runs where a test of a
// control rests on its source.
func TestInformation(t *testing.T) {
	rows := worldRows()
	in := world(t, fixtureDB(t, openEngine(t, 1), rows))
	a, err := assessment.Assess(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	type result struct {
		ID         assessment.TestID
		Status     assessment.TestStatus
		Population int64
		Open       int64
		Excepted   int64
		Covered    int64
	}
	var got []result
	for _, x := range a.Information {
		got = append(got, result{x.ID, x.Status, x.Population, x.Open, x.Excepted, x.CoveredDays})
	}
	// TST-07 rests on a source that no test of a control rests on
	if diff := cmp.Diff([]result{{"TST-06", assessment.TestGaps, 3, 2, 0, 92}}, got); diff != "" {
		t.Errorf("information (-want +got):\n%s", diff)
	}
	for _, x := range a.Tests {
		if x.ID == "TST-06" || x.ID == "TST-07" {
			t.Errorf("%s is among the tests of controls", x.ID)
		}
	}
	for _, id := range in.Catalogue.KnownControls() {
		if id == "TST-06" {
			t.Errorf("an exception may name %s", id)
		}
	}

	// without the two requests there is no gap
	var kept []map[string]any
	for _, r := range rows["vault_request"] {
		if r["display_name"] != "root" {
			kept = append(kept, r)
		}
	}
	rows["vault_request"] = kept
	whole, err := assessment.Assess(context.Background(), world(t, fixtureDB(t, openEngine(t, 1), rows)))
	if err != nil {
		t.Fatal(err)
	}
	if got := whole.Information[0].Status; got != assessment.TestNoGaps {
		t.Errorf("without gaps: got %s, want no-gaps", got)
	}
}
