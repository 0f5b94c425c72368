package reports

import (
	"strings"

	"auditpack/reports/assessment"
)

// The kinds of findings that a report treats apart.
const (
	clause           = "clause"
	generalCondition = "general-condition"
)

// declares says whether the framework has a statement of applicability: then a finding carries management's declaration. One that
// asks for a description of the system has none.
func (b *builder) declares() bool {
	if b.a.Description != nil {
		return false
	}
	for _, f := range b.a.Requirements {
		if f.SoA != nil || f.Kind == "annex-a-control" {
			return true
		}
	}
	return false
}

// applicability is the statement of applicability beside our conclusions, or for a framework without one the table of criteria.
func (b *builder) applicability() Section {
	if b.declares() {
		return b.statementOfApplicability()
	}
	return Section{
		ID: "criteria", Title: b.t.Get("criteria.title"), Sheet: b.t.Get("sheet.criteria"),
		Blocks: append(append([]Block{b.para("criteria.lead")}, b.comparisons(b.judged())...), b.criteriaTable()),
	}
}

func (b *builder) statementOfApplicability() Section {
	var declared []assessment.Finding
	for _, f := range b.judged() {
		if f.Kind != clause {
			declared = append(declared, f)
		}
	}
	paged := Table{
		ID: "soa",
		Columns: []Column{
			b.col("word.id", 0.8), b.col("word.title", 2.6), b.col("word.applicable", 1.15), b.col("word.justification", 3.2),
			b.col("word.declared", 1.4), b.col("word.owner", 1.3), b.col("word.conclusion", 1.9),
		},
	}
	rows := Table{ID: "soa-rows", Columns: []Column{
		b.col("word.id", 1), b.col("word.title", 4), b.col("word.group", 2), b.col("word.applicable", 1.2), b.col("word.justification", 5),
		b.col("word.declared", 2), b.col("word.owner", 2), b.col("word.carved-out-to", 2), b.col("word.conclusion", 2),
		b.numberCol("word.open", 1), b.numberCol("word.excepted", 1), b.col("word.reasons", 5), b.col("word.file", 2), b.numberCol("word.line", 0.8),
	}}
	for _, f := range declared {
		id := link(string(f.ID), requirementAnchor(f.ID))
		if f.SoA == nil {
			none := styled(b.t.Get("soa.not-declared"), Warn)
			paged.Rows = append(paged.Rows, []Cell{id, text(b.title(f)), none, text(""), text(""), text(""), b.statusCell(f.Status)})
			rows.Rows = append(rows.Rows, []Cell{id, text(b.title(f)), text(b.in(f.Group)), none, text(""), text(""), text(""), text(""),
				b.statusCell(f.Status), bad(f.Deviations), warn(f.Excepted), text(b.reasonGroups(f.Reasons)), text(""), text("")})
			continue
		}
		justification := f.SoA.Justification
		if f.SoA.CarvedOutTo != "" {
			justification = strings.TrimSpace(justification + "\n" + b.t.Get("soa.carved-out", "to", f.SoA.CarvedOutTo))
		}
		paged.Rows = append(paged.Rows, []Cell{
			id, text(b.title(f)), b.yesNo(f.SoA.Applicable), text(justification), text(b.word("declared.", f.SoA.Status)), text(f.SoA.Owner), b.statusCell(f.Status),
		})
		rows.Rows = append(rows.Rows, []Cell{
			id, text(b.title(f)), text(b.in(f.Group)), b.yesNo(f.SoA.Applicable), text(f.SoA.Justification), text(b.word("declared.", f.SoA.Status)),
			text(f.SoA.Owner), text(f.SoA.CarvedOutTo), b.statusCell(f.Status), bad(f.Deviations), warn(f.Excepted), text(b.reasonGroups(f.Reasons)),
			text(f.SoA.File), lineCell(int64(f.SoA.Line)),
		})
	}
	blocks := []Block{b.para("soa.lead", "n", b.num(int64(len(declared))))}
	blocks = append(blocks, b.comparisons(declared)...)
	return Section{
		ID: "applicability", Title: b.t.Get("soa.title"), Sheet: b.t.Get("sheet.soa"),
		Blocks: blocks,
		Sections: []Section{
			{ID: "soa-versions", Title: b.t.Get("statements.title"), Sheet: b.t.Get("sheet.statements"), Blocks: []Block{b.statements()}},
			{ID: "soa-paged", Title: b.t.Get("soa.table"), For: Paged, Blocks: []Block{paged}},
			{ID: "soa-sheet", Title: b.t.Get("soa.title"), Sheet: b.t.Get("sheet.soa"), For: Spreadsheet, Blocks: []Block{rows}},
		},
	}
}

func (b *builder) criteriaTable() Table {
	t := Table{
		ID: "criteria",
		Columns: []Column{
			b.col("word.id", 0.9), b.col("word.title", 3.3), b.col("word.group", 2.2), b.col("word.controls", 2.2),
			b.numberCol("word.open", 0.7), b.numberCol("word.excepted", 1), b.col("word.conclusion", 2),
		},
	}
	for _, f := range b.judged() {
		var controls []string
		for _, c := range f.Controls {
			controls = append(controls, string(c.Control))
		}
		t.Rows = append(t.Rows, []Cell{
			link(string(f.ID), requirementAnchor(f.ID)), text(b.title(f)), text(b.in(f.Group)), text(strings.Join(controls, "\n")),
			bad(f.Deviations), warn(f.Excepted), b.statusCell(f.Status),
		})
	}
	return t
}
