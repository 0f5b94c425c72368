package assessment

import (
	"slices"
	"strings"

	"auditpack/evidence"
)

// informationFor gives the tests of information (IPE) that belong to the control tests in owners: those that rest on a kind of
// source that one of these rests on. Nobody among the owners of controls answers for our own collection, so they have no owner.
func (c *Catalogue) informationFor(owners map[TestID]string, tables map[string][]evidence.Kind) map[TestID]string {
	used := map[string]bool{}
	for id := range owners {
		for _, s := range c.tests[id].sources(tables) {
			used[s] = true
		}
	}
	information := map[TestID]string{}
	for _, t := range c.Tests {
		if t.Purpose == PurposeIPE && slices.ContainsFunc(t.sources(tables), func(s string) bool { return used[s] }) {
			information[t.ID] = ""
		}
	}
	return information
}

// familyOf is the kind of source that a kind of evidence comes from: what stands before its first dot.
func familyOf(k evidence.Kind) string {
	name, _, _ := strings.Cut(string(k), ".")
	return name
}

// sources lists the kinds of sources whose evidence t rests on: what stands before the first dot of a kind of evidence.
func (t *Test) sources(tables map[string][]evidence.Kind) []string {
	var names []string
	for _, table := range t.Tables() {
		for _, k := range tables[table] {
			name := familyOf(k)
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// ofInformation gives a test of information its own words: it finds gaps, and no exception covers one.
func (res *TestResult) ofInformation() {
	res.Open = int64(len(res.Deviations))
	switch res.Status {
	case TestDeviations:
		res.Status = TestGaps
	case TestNoDeviations:
		res.Status = TestNoGaps
	}
}
