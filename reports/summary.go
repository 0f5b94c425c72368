package reports

import (
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// judged are the requirements without general conditions, which a description answers and no test judges.
func (b *builder) judged() []assessment.Finding {
	var out []assessment.Finding
	for _, f := range b.a.Requirements {
		if f.Kind != generalCondition {
			out = append(out, f)
		}
	}
	return out
}

// summary counts conclusions and results; it adds nothing that the sections behind it do not show.
func (b *builder) summary() Section {
	groups := assessment.ByArea(b.judged())
	chart := Chart{ID: "conclusions", Title: b.t.Get("summary.chart")}
	for _, g := range groups {
		chart.Bars = append(chart.Bars, b.bar(g))
	}
	table := b.groupTable("summary", "word.group", groups)
	table.Caption = b.t.Get("summary.table")
	table.Rows = append(table.Rows, b.groupRow(b.total(), Strong))
	blocks := append([]Block{b.para("summary.lead")}, b.roleWords()...)
	blocks = append(blocks, b.keyFigures())
	if len(chart.Bars) > 0 {
		blocks = append(blocks, chart)
	}
	blocks = append(blocks, table, b.para("summary.basis"))
	return Section{
		ID: "summary", Title: b.t.Get("summary.title"), Sheet: b.t.Get("sheet.overview"), NewPage: true,
		Blocks: blocks,
	}
}

// total is all that is judged as one group.
func (b *builder) total() assessment.Group {
	all := assessment.Group{Name: templates.Localized{EN: b.t.Get("word.total"), DE: b.t.Get("word.total")}, Statuses: map[assessment.RequirementStatus]int64{}}
	for _, f := range b.judged() {
		all.Requirements = append(all.Requirements, f.ID)
		all.Statuses[f.Status]++
	}
	return all
}

// groupTable counts conclusions by group.
func (b *builder) groupTable(id, head string, groups []assessment.Group) Table {
	t := Table{ID: id, Columns: []Column{b.col(head, 3.4), b.numberCol("word.requirements", 1.35)}}
	for _, s := range requirementStatuses {
		t.Columns = append(t.Columns, b.numberCol("status-short."+string(s), 1.15))
	}
	for _, g := range groups {
		t.Rows = append(t.Rows, b.groupRow(g, Plain))
	}
	return t
}

func (b *builder) bar(g assessment.Group) Bar {
	bar := Bar{Label: b.in(g.Name)}
	for _, s := range requirementStatuses {
		bar.Parts = append(bar.Parts, BarPart{Label: b.t.Get("status." + string(s)), Value: g.Statuses[s], Style: requirementStyle(s)})
	}
	return bar
}

func (b *builder) groupRow(g assessment.Group, style Style) []Cell {
	total := number(int64(len(g.Requirements)))
	total.Style = style
	row := []Cell{styled(b.in(g.Name), style), total}
	for _, s := range requirementStatuses {
		c := number(g.Statuses[s])
		c.Style = style
		row = append(row, c)
	}
	return row
}

func (b *builder) keyFigures() Block {
	var open, excepted, population int64
	results := map[assessment.TestStatus]int64{}
	for _, t := range b.a.Tests {
		open += t.Open
		excepted += t.Excepted
		population += t.Population
		results[t.Status]++
	}
	var invalid int64
	for _, e := range b.a.Exceptions {
		if !e.Valid && !e.Removed {
			invalid++
		}
	}
	return Fields{Items: []Field{
		b.field("summary.requirements", link(b.num(int64(len(b.judged()))), "requirements")),
		b.field("summary.tests", link(b.t.Get("summary.tests-value", "n", b.num(int64(len(b.a.Tests))),
			"clean", b.num(results[assessment.TestNoDeviations]), "deviating", b.num(results[assessment.TestDeviations]),
			"empty", b.num(results[assessment.TestNoOccurrences]), "not", b.num(results[assessment.TestNotAssessed])), "tests")),
		b.field("summary.deviations", link(b.t.Get("summary.deviations-value", "open", b.num(open), "excepted", b.num(excepted)), "tests")),
		b.field("summary.exceptions", link(b.t.Get("summary.exceptions-value", "n", b.num(int64(len(b.a.Exceptions))), "invalid", b.num(invalid)), "exceptions")),
		b.field("summary.evidence", link(b.t.Get("summary.evidence-value", "n", b.num(int64(len(b.a.Evidence))), "entries", b.num(b.a.KnownEntries)), "evidence-index")),
	}}
}
