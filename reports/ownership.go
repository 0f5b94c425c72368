package reports

import (
	"strings"

	"auditpack/reports/assessment"
)

// ownership says who is responsible for each requirement, how the requirements of each team came out, and what is wrong with who is
// responsible.
func (b *builder) ownership() Section {
	return Section{
		ID: "ownership", Title: b.t.Get("ownership.title"), Sheet: b.t.Get("sheet.ownership"),
		Blocks: []Block{b.para("ownership.lead")},
		Sections: []Section{
			{ID: "ownership-faults", Title: b.t.Get("ownership.faults"), Sheet: b.t.Get("sheet.ownership-faults"), Blocks: []Block{b.para("ownership.faults-lead"), b.ownershipFaults()}},
			{ID: "ownership-teams", Title: b.t.Get("ownership.teams"), Sheet: b.t.Get("sheet.teams"), Blocks: []Block{b.para("ownership.teams-lead"), b.teamTable()}},
			{ID: "ownership-requirements", Title: b.t.Get("ownership.requirements"), Blocks: []Block{b.ownershipTable()}},
		},
	}
}

func (b *builder) teamTable() Table {
	groups := assessment.ByTeam(b.judged())
	for i := range groups {
		if groups[i].Name.EN == "" {
			groups[i].Name.EN, groups[i].Name.DE = b.t.Get("ownership.nobody"), b.t.Get("ownership.nobody")
		}
	}
	return b.groupTable("teams", "responsibilities.team", groups)
}

func (b *builder) ownershipFaults() Table {
	t := Table{
		ID: "ownership-faults", Empty: b.t.Get("ownership.no-faults"),
		Columns: []Column{
			b.col("word.finding", 2.4), b.col("ownership.who", 1.8), b.col("word.where", 2.2), b.numberCol("ownership.count", 1), b.col("word.requirements", 3.4),
			b.col("word.evidence", 1.3), b.numberCol("word.line", 0.7),
		},
	}
	for _, f := range b.a.Ownership {
		t.Rows = append(t.Rows, []Cell{
			styled(b.word("fault.", f.Code), Warn), text(f.Subject), text(f.Detail), number(int64(len(f.Requirements))), text(join(f.Requirements, ", ")), b.blobCell(f.Evidence), lineCell(f.Line),
		})
	}
	return t
}

func (b *builder) ownershipTable() Table {
	t := Table{
		ID: "ownership",
		Columns: []Column{
			b.col("word.id", 0.9), b.col("word.title", 2.9), b.col("responsibilities.iaas", 1), b.col("responsibilities.paas", 1), b.col("responsibilities.saas", 1),
			b.col("ownership.responsible", 2), b.col("ownership.accountable", 1.6), b.col("word.conclusion", 2),
		},
	}
	sides := func(list []string) Cell { return text(b.words("side.", list)) }
	for _, f := range b.judged() {
		teams := text(strings.Join(f.Ownership.Teams, "\n"))
		if len(f.Ownership.Teams) == 0 && f.Status != assessment.NotApplicable && f.Kind != clause {
			teams = styled(b.t.Get("ownership.nobody"), Warn)
		}
		t.Rows = append(t.Rows, []Cell{
			text(string(f.ID)), text(b.title(f)), sides(f.Ownership.IaaS), sides(f.Ownership.PaaS), sides(f.Ownership.SaaS), teams,
			text(strings.Join(f.Ownership.Accountable, "\n")), b.statusCell(f.Status),
		})
	}
	return t
}
