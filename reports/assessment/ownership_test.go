package assessment_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/reports/assessment"
)

// Whoever matrix and RACI do not name is told, and so is a team of CODEOWNERS that the server showed to be empty or did not show while
// it showed others; a team with members is not.
func TestOwnership(t *testing.T) {
	rows := worldRows()
	rows["codeowners_rule"] = []map[string]any{
		{"evidence": digest("codeowners"), "line": 2, "source": "git", "owners": []string{"@acme/platform", "@ACME/Empty"}},
		{"evidence": digest("codeowners"), "line": 5, "source": "git", "owners": []string{"@acme/empty", "@acme/gone", "petra@acme.example"}},
		{"evidence": digest("codeowners"), "line": 6, "source": "other", "owners": []string{"@acme/gone"}},
	}
	rows["team_member"] = []map[string]any{
		{"evidence": digest("m1"), "line": 1, "source": "git", "team": "@acme/platform", "login": "petra"},
		{"evidence": digest("m2"), "line": 1, "source": "git", "team": "@acme/empty"},
	}
	rows["collection_part"] = []map[string]any{
		{"entry": 9, "source": "git", "part": "members of @acme/gone", "kind": "github.team-members/1", "outcome": "denied", "detail": "404"},
		{"entry": 9, "source": "other", "part": "members of @acme/gone", "kind": "github.team-members/1", "outcome": "denied", "detail": "404"},
	}
	a, err := assessment.Assess(context.Background(), world(t, fixtureDB(t, openEngine(t, 1), rows)))
	if err != nil {
		t.Fatal(err)
	}
	type fault struct {
		Code, Subject string
		Line          int64
		Requirements  int
	}
	var got []fault
	for _, f := range a.Ownership {
		if f.Code != "owner-not-in-matrix" {
			got = append(got, fault{f.Code, f.Subject, f.Line, len(f.Requirements)})
		}
	}
	want := []fault{{"team-not-found", "@acme/gone", 5, 0}, {"team-without-members", "@acme/empty", 2, 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ownership (-want +got):\n%s", diff)
	}
	unknown := map[string]bool{}
	for _, f := range a.Ownership {
		unknown[f.Subject] = unknown[f.Subject] || f.Code == "owner-not-in-matrix"
	}
	// "ciso" is a part of the RACI, "platform-team" has an area and "security-team" is the RACI's "Security Team"; nobody names "hr".
	for owner, want := range map[string]bool{"ciso": false, "platform-team": false, "security-team": false, "hr": true} {
		if unknown[owner] != want {
			t.Errorf("owner %s: told %v, want %v", owner, unknown[owner], want)
		}
	}
}

func TestGroups(t *testing.T) {
	findings := []assessment.Finding{
		{ID: "1", Status: assessment.Supported, Ownership: assessment.Ownership{Teams: []string{"Platform"}}},
		{ID: "2", Status: assessment.DeviationsNoted, Deviations: 3, Excepted: 1, Ownership: assessment.Ownership{Teams: []string{"Security", "Platform"}}},
		{ID: "3", Status: assessment.NotAssessed},
	}
	type counted struct {
		Name         string
		Requirements []assessment.RequirementID
		Open         int64
	}
	var got []counted
	for _, g := range assessment.ByTeam(findings) {
		got = append(got, counted{g.Name.EN, g.Requirements, g.Open})
	}
	want := []counted{{"Platform", []assessment.RequirementID{"1", "2"}, 3}, {"Security", []assessment.RequirementID{"2"}, 3}, {"", []assessment.RequirementID{"3"}, 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("teams (-want +got):\n%s", diff)
	}
	if areas := assessment.ByArea(findings); len(areas) != 1 || len(areas[0].Requirements) != 3 {
		t.Errorf("areas: got %+v, want one with all", areas)
	}
}
