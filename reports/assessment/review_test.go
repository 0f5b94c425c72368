package assessment_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

type requirementRef struct {
	framework assessment.FrameworkID
	id        assessment.RequirementID
}

// testTargets is what a test can be evidence of, as reviewed: testdata/test-targets.tsv, one line for each test, whose columns are its
// strength and the requirements of each framework.
type testTargets struct {
	strength string
	refs     map[requirementRef]bool
}

func reviewedTargets(t *testing.T) map[assessment.TestID]testTargets {
	t.Helper()
	b, err := os.ReadFile("testdata/test-targets.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	heads := strings.Split(lines[0], "\t")
	out := map[assessment.TestID]testTargets{}
	for _, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		x := testTargets{cells[1], map[requirementRef]bool{}}
		for i := 2; i < len(heads); i++ {
			for _, id := range strings.Split(cells[i], ",") {
				if id != "" {
					x.refs[requirementRef{assessment.FrameworkID(heads[i]), assessment.RequirementID(id)}] = true
				}
			}
		}
		out[assessment.TestID(cells[0])] = x
	}
	return out
}

// targetsOf gives the strength of each target of a control.
func targetsOf(x *assessment.Control) map[requirementRef]string {
	out := map[requirementRef]string{}
	for _, t := range x.Targets {
		out[requirementRef{t.Framework, t.ID}] = t.Strength
	}
	return out
}

// weaker are tests that are used below their reviewed strength, with the reason.
var weaker = map[assessment.TestID]string{
	"EXC-05": "COM-03 of C5 speaks of internal audits: what a waiver lacks supports them at most",
	"WFP-02": "one test speaks of all controls of WAF-SEC together, of code and not of what runs: a deviation in one must not read as a deviation from every requirement",
}

// Each target that a test was reviewed for is reached by a control that uses the test, with the strength of the review; and a control
// whose aspects are all shown by tests reaches nothing that none of them was reviewed for.
func TestControlsFollowTheReview(t *testing.T) {
	c, reviewed := shipped(t), reviewedTargets(t)
	for _, test := range c.Tests {
		want, ok := reviewed[test.ID]
		if !ok || test.Purpose == assessment.PurposeIPE {
			continue // a test of our own collection shows nothing of a control
		}
		for ref := range want.refs {
			best := ""
			for _, x := range c.UsedBy(test.ID) {
				if s := targetsOf(x)[ref]; best == "" || s == assessment.Primary {
					best = s
				}
			}
			if best == "" || (want.strength == assessment.Primary && best != assessment.Primary && weaker[test.ID] == "") {
				t.Errorf("%s is %s evidence for %s %s: the controls that use it reach that as %q", test.ID, want.strength, ref.framework, ref.id, best)
			}
		}
	}
	for _, x := range c.Controls {
		if len(x.Manual()) > 0 {
			continue // what people show is theirs to say
		}
		for ref, strength := range targetsOf(x) {
			var any, primary bool
			for _, id := range x.Tests() {
				any = any || coveredBy(c, reviewed[id], ref)
				primary = primary || (coveredBy(c, reviewed[id], ref) && reviewed[id].strength == assessment.Primary)
			}
			if !any || (strength == assessment.Primary && !primary) {
				t.Errorf("control %s reaches %s %s as %s: none of its tests %v was reviewed for that", x.ID, ref.framework, ref.id, strength, x.Tests())
			}
		}
	}
}

// coveredBy says whether a review names a requirement, or a part of it where it is a divided clause.
func coveredBy(c *assessment.Catalogue, reviewed testTargets, ref requirementRef) bool {
	f, _ := c.Framework(ref.framework)
	for part := range reviewed.refs {
		for id := part.id; part.framework == ref.framework && id != ""; {
			if id == ref.id {
				return true
			}
			r, _ := f.Requirement(id)
			id = r.Parent
		}
	}
	return false
}

// A clause that is divided is reached by each control that reaches one of its parts, so that it says no more than they do.
func TestDividedClausesFollowTheirParts(t *testing.T) {
	for _, x := range shipped(t).Controls {
		targets := targetsOf(x)
		for _, f := range shipped(t).Frameworks {
			for _, r := range f.Requirements {
				part, whole := targets[requirementRef{f.ID, r.ID}], targets[requirementRef{f.ID, r.Parent}]
				if r.Parent != "" && part == assessment.Primary && whole != assessment.Primary {
					t.Errorf("control %s reaches %s as primary, but %s as %q", x.ID, r.ID, r.Parent, whole)
				}
			}
		}
	}
}

func shippedCrosswalks(t *testing.T, c *assessment.Catalogue) []*assessment.Crosswalk {
	t.Helper()
	list, err := assessment.LoadCrosswalks([]assessment.Layer{{Name: "templates", Files: templates.Files}}, c)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Whatever a WAF-SEC control mainly bears on in another framework, a control that reaches the one reaches the other.
func TestControlsFollowTheCrosswalk(t *testing.T) {
	c := shipped(t)
	for _, x := range shippedCrosswalks(t, c) {
		if x.From != "waf-sec" {
			continue
		}
		for _, row := range x.Targets {
			found := row.Strength != assessment.Primary
			for _, control := range c.Controls {
				targets := targetsOf(control)
				found = found || (targets[requirementRef{"waf-sec", row.ID}] != "" && targets[requirementRef{row.Framework, row.Target}] != "")
			}
			if !found {
				t.Errorf("%s bears on %s %s, but no control reaches both", row.ID, row.Framework, row.Target)
			}
		}
	}
}

// Every requirement has a primary control, but the general conditions of C5, which the system description answers.
func TestEveryRequirementHasAPrimaryControl(t *testing.T) {
	c := shipped(t)
	for _, f := range c.Frameworks {
		for _, r := range f.Requirements {
			on := c.ControlsOf(f.ID, r.ID)
			primary := len(on) > 0 && on[0].Strength == assessment.Primary
			if primary == (r.Type == "general-condition") {
				t.Errorf("%s %s (%s): primary control is %t", f.ID, r.ID, r.Type, primary)
			}
		}
	}
}

func TestShippedCrosswalks(t *testing.T) {
	c := shipped(t)
	list := shippedCrosswalks(t, c)
	counts := map[string]int{}
	for _, x := range list {
		for _, r := range x.Targets {
			counts[string(x.From)+" to "+string(r.Framework)]++
		}
		for _, r := range x.Reused {
			counts["reused in "+string(r.Framework)] += len(r.IDs)
		}
	}
	want := map[string]int{
		"c5-2020 to iso27001-2022": 205, "c5-2020 to c5-2026": 143, "reused in c5-2026": 32,
		"waf-sec to iso27001-2022": 47, "waf-sec to c5-2020": 58, "waf-sec to c5-2026": 70,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	old, _ := c.Framework("c5-2020")
	next, _ := c.Framework("c5-2026")
	shared, reused := 0, 0
	for _, r := range old.Requirements {
		if other, ok := next.Requirement(r.ID); ok {
			shared++
			if assessment.Reused(list, old.ID, next.ID, r.ID) {
				reused++
				if other.Title == r.Title {
					t.Errorf("%s is listed as reused, but has the same title in both editions", r.ID)
				}
			}
		}
	}
	if shared != 112 || reused != 32 {
		t.Errorf("ids that both editions of C5 have: got %d, %d of them reused; want 112 and 32", shared, reused)
	}
	subcriteria, criteria := 0, 0
	for _, r := range next.Requirements {
		if n := len(r.Subcriteria.All()); n > 0 {
			subcriteria, criteria = subcriteria+n, criteria+1
		}
	}
	if subcriteria != 623 || criteria != 168 {
		t.Errorf("sub-criteria: got %d of %d criteria, want 623 of 168", subcriteria, criteria)
	}
}

// A crosswalk is read from either side: a range is one pair from its own side, and one for each clause in it from the other.
func TestPairs(t *testing.T) {
	c := shipped(t)
	list := shippedCrosswalks(t, c)
	iso, _ := c.Framework("iso27001-2022")
	c5, _ := c.Framework("c5-2020")
	next, _ := c.Framework("c5-2026")
	only := func(pairs []assessment.Pair, from assessment.RequirementID) []assessment.Pair {
		var out []assessment.Pair
		for _, p := range pairs {
			if p.From == from {
				out = append(out, p)
			}
		}
		return out
	}
	const bsi, analyst = "BSI cross-reference of C5:2020", "analyst: titles of both editions"
	for name, tc := range map[string]struct{ got, want []assessment.Pair }{
		"a range":             {only(assessment.Pairs(list, c5, iso), "OIS-01"), []assessment.Pair{{From: "OIS-01", To: "4.1 - 10.2", Level: "0", Basis: bsi}}},
		"a clause in it":      {only(assessment.Pairs(list, iso, c5), "10.2"), []assessment.Pair{{From: "10.2", To: "OIS-01", Level: "0", Basis: bsi}}},
		"less":                {only(assessment.Pairs(list, c5, iso), "OIS-04"), []assessment.Pair{{From: "OIS-04", To: "A.5.3", Level: "-", Basis: bsi}}},
		"more, the other way": {only(assessment.Pairs(list, iso, c5), "A.6.1"), []assessment.Pair{{From: "A.6.1", To: "HR-01", Level: "+", Basis: bsi}}},
		"an id that is reused": {only(assessment.Pairs(list, c5, next), "OIS-05"), []assessment.Pair{
			{From: "OIS-05", To: "OIS-06", Strength: "primary", Basis: analyst, Reused: true}}},
		"nothing over a third": {assessment.Pairs(list, iso, next), []assessment.Pair{}},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
