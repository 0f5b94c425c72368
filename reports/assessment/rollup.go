package assessment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// What was shown of an aspect.
const (
	shownFully     = "fully"     // no deviations over all of the time judged, or a valid manual test
	shownPartly    = "partly"    // for part of the period, or by some of its tests
	shownDeviating = "deviating" // any deviation, open or excepted
	shownNot       = "not"
)

// aspectOf says what was shown of an aspect, and what is missing.
func aspectOf(c *Control, a Aspect, tests map[TestID]TestResult, manual []ManualTest, w window) (AspectResult, []Reason) {
	res := AspectResult{ID: a.ID, Title: a.Title, Tests: append([]TestID{}, a.Tests...), IsManual: a.Manual, Shown: shownNot}
	if a.Manual {
		res.Coverage = a.Asks()
		reason := res.shownByPeople(manualTestsOf(manual, c.ID, a.ID), a.overPeriod(w), w)
		if reason.Code == "" {
			return res, nil
		}
		reason.Control, reason.Aspect, reason.Owner = c.ID, a.ID, c.Owner
		return res, []Reason{reason}
	}
	var reasons []Reason
	fully, some, deviating := true, false, false
	for _, id := range a.Tests {
		t := tests[id]
		fully = fully && t.whole()
		some = some || t.Status == TestNoDeviations
		deviating = deviating || t.Status == TestDeviations
		if t.Status == TestDeviations {
			reasons = append(reasons, Reason{Code: codeDeviations, Test: id, Detail: fmt.Sprintf("open %d, excepted %d", t.Open, t.Excepted)})
		}
		reasons = append(reasons, t.Reasons...)
	}
	for i := range reasons {
		reasons[i].Control, reasons[i].Aspect, reasons[i].Owner = c.ID, a.ID, c.Owner
	}
	switch {
	case deviating:
		res.Shown = shownDeviating
	case fully:
		res.Shown = shownFully
	case some:
		res.Shown = shownPartly
	}
	return res, reasons
}

// controlOf rolls the aspects of a control up.
func controlOf(c *Control, tests map[TestID]TestResult, manual []ManualTest, w window) ControlResult {
	res := ControlResult{
		ID: c.ID, Title: c.Title, Statement: c.Statement, Owner: c.Owner, Frequency: c.Frequency,
		Aspects: []AspectResult{}, Reasons: []Reason{},
	}
	for _, a := range c.Aspects {
		aspect, reasons := aspectOf(c, a, tests, manual, w)
		res.Aspects = append(res.Aspects, aspect)
		res.Reasons = append(res.Reasons, reasons...)
	}
	res.Status = statusOf(res.Aspects)
	return res
}

// statusOf rolls aspects up as DESIGN's table does.
func statusOf(aspects []AspectResult) RequirementStatus {
	count := map[string]int{}
	for _, a := range aspects {
		count[a.Shown]++
	}
	switch {
	case count[shownDeviating] > 0:
		return DeviationsNoted
	case len(aspects) > 0 && count[shownFully] == len(aspects):
		return Supported
	case count[shownFully]+count[shownPartly] > 0:
		return PartlySupported
	}
	return NotAssessed
}

// bearing is a control with how it bears on a requirement.
type bearing struct {
	strength string
	result   ControlResult
}

// findingOf concludes on a requirement from its controls alone; what is declared of it comes after.
func findingOf(r Requirement, bearings []bearing, tests map[TestID]TestResult) Finding {
	f := Finding{
		ID: r.ID, Kind: r.Type, Group: r.Group, Title: r.Title, Parent: r.Parent, Note: r.Note,
		Reasons: []Reason{}, Controls: []ControlTarget{},
	}
	slices.SortFunc(bearings, func(a, b bearing) int {
		return cmp.Or(strings.Compare(a.strength, b.strength), cmp.Compare(a.result.ID, b.result.ID)) // "primary" sorts before "supporting"
	})
	var primary, all []AspectResult
	counted := map[TestID]bool{}
	for _, b := range bearings {
		f.Controls = append(f.Controls, ControlTarget{Control: b.result.ID, Strength: b.strength, Status: b.result.Status})
		f.Reasons = append(f.Reasons, b.result.Reasons...)
		all = append(all, b.result.Aspects...)
		if b.strength == Primary {
			primary = append(primary, b.result.Aspects...)
		}
		for _, a := range b.result.Aspects {
			for _, id := range a.Tests {
				if !counted[id] {
					counted[id] = true
					f.Deviations += tests[id].Open
					f.Excepted += tests[id].Excepted
				}
			}
		}
	}
	f.Status = rollUp(primary, all)
	f.explain(primary)
	return f
}

// rollUp is DESIGN's table: deviations count in primary controls, support needs every aspect of every primary control, and
// supporting controls alone give partial support at most.
func rollUp(primary, all []AspectResult) RequirementStatus {
	switch statusOf(primary) {
	case DeviationsNoted:
		return DeviationsNoted
	case Supported:
		return Supported
	}
	if slices.ContainsFunc(all, func(a AspectResult) bool { return a.Shown == shownFully || a.Shown == shownPartly }) {
		return PartlySupported
	}
	return NotAssessed
}

// explain adds what the controls' own reasons do not say.
func (f *Finding) explain(primary []AspectResult) {
	if len(f.Controls) == 0 {
		f.Reasons = append(f.Reasons, Reason{Code: codeNoControl})
	} else if len(primary) == 0 {
		f.Reasons = append(f.Reasons, Reason{Code: codeSupportingOnly})
	}
}
