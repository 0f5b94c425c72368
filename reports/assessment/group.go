package assessment

import (
	"cmp"
	"slices"

	"auditpack/templates"
)

// Group is requirements that belong together, with how they came out.
type Group struct {
	Name         templates.Localized         `json:"name"` // theme or area, or team; empty for requirements without one
	Requirements []RequirementID             `json:"requirements"`
	Statuses     map[RequirementStatus]int64 `json:"statuses"`
	Open         int64                       `json:"open"` // deviations, over its requirements: one that bears on two is counted in each
	Excepted     int64                       `json:"excepted"`
}

// ByArea groups findings by theme or area, in the order of the framework.
func ByArea(findings []Finding) []Group {
	return groups(findings, func(f Finding) []templates.Localized { return []templates.Localized{f.Group} })
}

// ByTeam groups findings by the teams that are responsible, by name; those without a team come last. A requirement of two teams is in
// both groups, so that the groups together count more than there are.
func ByTeam(findings []Finding) []Group {
	list := groups(findings, func(f Finding) []templates.Localized {
		if len(f.Ownership.Teams) == 0 {
			return []templates.Localized{{}}
		}
		var names []templates.Localized
		for _, team := range f.Ownership.Teams {
			names = append(names, templates.Localized{EN: team, DE: team})
		}
		return names
	})
	slices.SortFunc(list, func(x, y Group) int {
		if (x.Name.EN == "") != (y.Name.EN == "") {
			return cmp.Compare(y.Name.EN, x.Name.EN)
		}
		return cmp.Compare(x.Name.EN, y.Name.EN)
	})
	return list
}

func groups(findings []Finding, of func(Finding) []templates.Localized) []Group {
	var list []Group
	index := map[templates.Localized]int{}
	for _, f := range findings {
		for _, name := range of(f) {
			i, ok := index[name]
			if !ok {
				i = len(list)
				index[name] = i
				list = append(list, Group{Name: name, Statuses: map[RequirementStatus]int64{}})
			}
			g := &list[i]
			g.Requirements = append(g.Requirements, f.ID)
			g.Statuses[f.Status]++
			g.Open += f.Deviations
			g.Excepted += f.Excepted
		}
	}
	return list
}
