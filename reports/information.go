package reports

import "auditpack/reports/assessment"

// information describes the tests of the information itself (IPE): whether what was collected is complete. No conclusion rests on
// them, and each stands beside the evidence that it speaks of.
func (b *builder) information() Section {
	s := Section{
		ID: "information", Title: b.t.Get("information.title"), For: Paged,
		Blocks: []Block{b.para("information.lead")},
	}
	overview := Table{
		ID: "information-overview",
		Columns: []Column{
			b.col("word.test", 1), b.col("word.title", 4), b.col("word.result", 1.6), b.numberCol("word.population", 1.2), b.numberCol("information.gaps", 0.9),
			b.col("word.covered", 1.5),
		},
		Empty: b.t.Get("information.none"),
	}
	for _, r := range b.a.Information {
		overview.Rows = append(overview.Rows, []Cell{
			b.testCell(r.ID), text(b.in(r.Title)), b.testStatusCell(r.Status), number(r.Population), bad(r.Open), text(b.coverage(r)),
		})
		s.Sections = append(s.Sections, b.test(r))
	}
	s.Blocks = append(s.Blocks, overview)
	return s
}

// informationRows is one row for each test of information.
func (b *builder) informationRows() Section {
	t := b.rowsOfTests("information-rows", b.a.Information)
	t.Empty = b.t.Get("information.none")
	return Section{
		ID: "information-rows", Title: b.t.Get("information.title"), Sheet: b.t.Get("sheet.information"), For: Spreadsheet,
		Blocks: []Block{b.para("information.lead"), t},
	}
}

// informationGaps is one row for each gap that a test of information found.
func (b *builder) informationGaps() Section {
	return Section{
		ID: "information-gaps", Title: b.t.Get("information.gaps"), Sheet: b.t.Get("sheet.gaps"), For: Spreadsheet,
		Blocks: []Block{b.rowsOfDeviations("information-gap-rows", b.t.Get("information.no-gaps"), b.a.Information)},
	}
}

// found is how many deviations or gaps a test has.
func (b *builder) found(r assessment.TestResult) Field {
	if b.ipe[r.ID] {
		return b.field("information.gaps", bad(r.Open))
	}
	return b.field("word.deviations", b.openAndExcepted(r.Open, r.Excepted))
}

// openCaption is the caption over the open deviations or the gaps of a test.
func (b *builder) openCaption(r assessment.TestResult) string {
	key := "deviations.open"
	if b.ipe[r.ID] {
		key = "information.found"
	}
	return b.t.Get(key, "n", b.num(r.Open), "population", b.num(r.Population))
}
