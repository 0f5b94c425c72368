package reports

import (
	"auditpack/reports/assessment"
)

// tally counts conclusions.
type tally struct {
	name     string
	statuses map[assessment.RequirementStatus]int64
	total    int64
	open     int64
	excepted int64
}

func (t *tally) add(f assessment.Finding) {
	t.statuses[f.Status]++
	t.total++
	t.open += f.Deviations
	t.excepted += f.Excepted
}

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

// tallies counts by theme or area, in the order of the framework, and over all.
func (b *builder) tallies() (groups []*tally, all *tally) {
	all = &tally{name: b.t.Get("word.total"), statuses: map[assessment.RequirementStatus]int64{}}
	byName := map[string]*tally{}
	for _, f := range b.judged() {
		name := b.in(f.Group)
		if byName[name] == nil {
			byName[name] = &tally{name: name, statuses: map[assessment.RequirementStatus]int64{}}
			groups = append(groups, byName[name])
		}
		byName[name].add(f)
		all.add(f)
	}
	return groups, all
}

// summary counts conclusions and results; it adds nothing that the sections behind it do not show.
func (b *builder) summary() Section {
	groups, all := b.tallies()
	chart := Chart{ID: "conclusions", Title: b.t.Get("summary.chart")}
	table := Table{
		ID:      "summary",
		Caption: b.t.Get("summary.table"),
		Columns: []Column{b.col("word.group", 3.4), b.numberCol("word.requirements", 1.35)},
	}
	for _, s := range requirementStatuses {
		table.Columns = append(table.Columns, b.numberCol("status-short."+string(s), 1.15))
	}
	for _, g := range groups {
		chart.Bars = append(chart.Bars, b.bar(g))
		table.Rows = append(table.Rows, b.tallyRow(g, Plain))
	}
	table.Rows = append(table.Rows, b.tallyRow(all, Strong))
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

func (b *builder) bar(g *tally) Bar {
	bar := Bar{Label: g.name}
	for _, s := range requirementStatuses {
		bar.Parts = append(bar.Parts, BarPart{Label: b.t.Get("status." + string(s)), Value: g.statuses[s], Style: requirementStyle(s)})
	}
	return bar
}

func (b *builder) tallyRow(g *tally, style Style) []Cell {
	total := number(g.total)
	total.Style = style
	row := []Cell{styled(g.name, style), total}
	for _, s := range requirementStatuses {
		c := number(g.statuses[s])
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
