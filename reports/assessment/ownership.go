package assessment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"auditpack/evidence"
)

// Ownership says who is responsible for a requirement, as far as the organisation says so. Lists are in the order in which they were
// found, each name once.
type Ownership struct {
	Areas       []string `json:"areas"`       // of the responsibility matrix: those that name the requirement, or a control that bears on it
	IaaS        []string `json:"iaas"`        // their sides: provider, customer, shared
	PaaS        []string `json:"paas"`        //
	SaaS        []string `json:"saas"`        //
	Teams       []string `json:"teams"`       // owner by declaration, teams of the areas, owners of the controls
	Accountable []string `json:"accountable"` // by the RACI, for the tasks that one of the teams is responsible for
}

// OwnershipFault is something that is wrong with who is responsible, besides what the tests RAC-01 to RAC-06 find.
type OwnershipFault struct {
	Code         string          `json:"code"`
	Subject      string          `json:"subject"` // team or owner; empty for a requirement without one
	Detail       string          `json:"detail"`  // where it stands: file and line, source
	Requirements []RequirementID `json:"requirements"`
	Evidence     evidence.Digest `json:"evidence,omitempty"`
	Line         int64           `json:"line,omitempty"` // in the evidence, or in the file that Detail names
}

// What can be wrong with who is responsible.
const (
	faultNoOwner       = "no-owner"
	faultOwnerUnstated = "owner-not-stated"
	faultOwnerUnknown  = "owner-not-in-matrix"
	faultTeamEmpty     = "team-without-members"
	faultTeamGone      = "team-not-found"
)

// deadTeamsSQL finds teams that own paths in CODEOWNERS and of which the server said that they have no members, or that there is no
// such team to be seen while it showed others.
const deadTeamsSQL = `with owner as (
    select
        source,
        lower(team) as team,
        min(evidence) as evidence,
        min(line) as line
    from (select source, evidence, line, unnest(owners) as team from codeowners_rule)
    group by source, lower(team)
),
empty as (
    select source, lower(team) as team
    from team_member
    group by source, lower(team)
    having count(login) = 0
),
gone as (
    select p.source, lower(substr(p.part, length('members of ') + 1)) as team
    from collection_part as p
    where p.kind = 'github.team-members/1'
      and p.outcome = 'denied'
      and contains(p.detail, '404')
      and p.entry = (select max(n.entry) from collection_part as n where n.source = p.source and n.kind = p.kind)
      and exists (select 1 from team_member as m where m.source = p.source and m.login is not null)
)
select 'team-without-members' as code, owner.source, owner.team, owner.evidence, owner.line
from owner
join empty using (source, team)
union
select 'team-not-found' as code, owner.source, owner.team, owner.evidence, owner.line
from owner
join gone using (source, team)`

// deadTeams notes the teams of CODEOWNERS that nobody is in.
func (r *runner) deadTeams(ctx context.Context, a *Assessment) error {
	a.Ownership = []OwnershipFault{}
	err := query(ctx, r.facts, deadTeamsSQL, nil, func(columns []string, values []any) error {
		x := newRow(columns, values)
		a.Ownership = append(a.Ownership, OwnershipFault{
			Code: x.text("code"), Subject: x.text("team"), Detail: x.text("source"), Requirements: []RequirementID{}, Evidence: x.digest("evidence"), Line: x.number("line"),
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read teams of CODEOWNERS: %w", err)
	}
	return nil
}

// teamKey is a name as it is compared: "Platform Team", "platform-team" and "@acme/platform-team" are one team.
func teamKey(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 && strings.HasPrefix(name, "@") {
		name = name[i+1:]
	}
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ' ' || r == '-' || r == '_' || r == '@' }), " ")
}

// owners knows the teams of matrix and RACI.
type owners struct {
	spelled map[string]string // key of a team to how matrix or RACI write it
	paths   []string          // who is escalated to, in words
}

// learn adds names of teams; of several that are alike the first counts.
func (o *owners) learn(names ...string) {
	for _, name := range names {
		if key := teamKey(name); key != "" && o.spelled[key] == "" {
			o.spelled[key] = name
		}
	}
}

// escalate adds a path of escalation.
func (o *owners) escalate(path string) { o.paths = append(o.paths, strings.ToLower(path)) }

func knownOwners(a *Assessment) owners {
	o := owners{spelled: map[string]string{}}
	for _, x := range a.Responsible {
		o.learn(x.Team, x.Validates, x.Responds)
		o.escalate(x.Escalation)
	}
	for _, t := range a.RACI {
		o.learn(slices.Concat(t.Responsible, t.Accountable, t.Consulted, t.Informed)...)
	}
	return o
}

// knows says whether matrix or RACI name an owner; without either, nobody is unknown.
func (o owners) knows(name string) bool {
	if len(o.spelled) == 0 || o.spelled[teamKey(name)] != "" {
		return true
	}
	return slices.ContainsFunc(o.paths, func(p string) bool { return strings.Contains(p, strings.ToLower(strings.TrimSpace(name))) })
}

// addTeam adds a team once, as matrix or RACI write it.
func (o owners) addTeam(list []string, name string) []string {
	key := teamKey(name)
	if key == "" || has(list, name) {
		return list
	}
	return append(list, cmp.Or(o.spelled[key], name))
}

// has says whether a team is in a list, however it is written.
func has(list []string, team string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return teamKey(s) == teamKey(team) })
}

// own says for each requirement who is responsible, and notes what is wrong with that.
func (a *Assessment) own(controls []*Control) {
	known := knownOwners(a)
	byID := map[ControlID]*Control{}
	for _, c := range controls {
		byID[c.ID] = c
	}
	faults := map[ownerFault][]RequirementID{}
	for i := range a.Requirements {
		f := &a.Requirements[i]
		f.Ownership = a.ownershipOf(f, byID, known)
		for _, x := range f.ownerFaults(byID, known) {
			faults[x] = append(faults[x], f.ID)
		}
	}
	for x, ids := range faults {
		a.Ownership = append(a.Ownership, OwnershipFault{Code: x.code, Subject: x.subject, Detail: x.detail, Requirements: ids})
	}
	slices.SortFunc(a.Ownership, func(x, y OwnershipFault) int {
		return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Detail, y.Detail), cmp.Compare(x.Line, y.Line))
	})
}

// ownerFault is a fault of the owner of a requirement; equal ones are told together.
type ownerFault struct{ code, subject, detail string }

// ownerFaults says what is wrong with the owners of a requirement. What does not apply needs none, and a clause is the whole
// organisation's.
func (f *Finding) ownerFaults(controls map[ControlID]*Control, known owners) []ownerFault {
	if f.Status == NotApplicable || f.Kind == typeClause || f.Kind == typeGeneralCondition {
		return nil
	}
	var list []ownerFault
	if len(f.Ownership.Teams) == 0 {
		list = append(list, ownerFault{code: faultNoOwner})
	}
	if f.SoA != nil && f.SoA.Owner == "" {
		list = append(list, ownerFault{code: faultOwnerUnstated, detail: f.SoA.File})
	}
	if f.SoA != nil && f.SoA.Owner != "" && !known.knows(f.SoA.Owner) {
		list = append(list, ownerFault{faultOwnerUnknown, f.SoA.Owner, f.SoA.File})
	}
	for _, t := range f.Controls {
		if c := controls[t.Control]; c != nil && !known.knows(c.Owner) {
			list = append(list, ownerFault{faultOwnerUnknown, c.Owner, c.File})
		}
	}
	return list
}

func (a *Assessment) ownershipOf(f *Finding, controls map[ControlID]*Control, known owners) Ownership {
	o := Ownership{Areas: []string{}, IaaS: []string{}, PaaS: []string{}, SaaS: []string{}, Teams: []string{}, Accountable: []string{}}
	if f.SoA != nil {
		o.Teams = known.addTeam(o.Teams, f.SoA.Owner)
	}
	named := f.names(controls)
	for _, x := range a.Responsible {
		if x.Control == "" || !slices.Contains(named, x.Control) {
			continue
		}
		o.Areas = appendOnce(o.Areas, x.Area)
		o.IaaS, o.PaaS, o.SaaS = appendOnce(o.IaaS, x.IaaS), appendOnce(o.PaaS, x.PaaS), appendOnce(o.SaaS, x.SaaS)
		o.Teams = known.addTeam(o.Teams, x.Team)
	}
	for _, t := range f.Controls {
		if c := controls[t.Control]; c != nil {
			o.Teams = known.addTeam(o.Teams, c.Owner)
		}
	}
	for _, t := range a.RACI {
		if !slices.ContainsFunc(t.Responsible, func(s string) bool { return has(o.Teams, s) }) {
			continue
		}
		for _, s := range t.Accountable {
			o.Accountable = known.addTeam(o.Accountable, s)
		}
	}
	return o
}

// names are what an area of the matrix may call a requirement: itself, a control that bears on it first of all, or what such a control bears
// on in WAF-SEC.
func (f *Finding) names(controls map[ControlID]*Control) []string {
	names := []string{string(f.ID)}
	for _, t := range f.Controls {
		c := controls[t.Control]
		if c == nil || t.Strength != Primary {
			continue
		}
		names = append(names, string(c.ID))
		for _, target := range c.Targets {
			if target.Framework == wafSec && target.Strength == Primary {
				names = append(names, string(target.ID))
			}
		}
	}
	return names
}

func appendOnce(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
