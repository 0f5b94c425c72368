package reports

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// testSections describes each test once, in full: procedure, limits, coverage, population, deviations, evidence.
func (b *builder) testSections() Section {
	s := Section{
		ID: "tests", Title: b.t.Get("tests.title"), For: Paged, NewPage: true,
		Blocks: []Block{b.para("tests.lead")},
	}
	overview := Table{
		ID: "test-overview",
		Columns: []Column{
			b.col("word.test", 1), b.col("word.title", 3.4), b.col("word.assurance", 1.5), b.col("word.result", 1.6), b.numberCol("word.population", 1.2),
			b.numberCol("word.open", 0.75), b.numberCol("word.excepted", 1.05), b.col("word.covered", 1.3),
		},
		Empty: b.t.Get("tests.none"),
	}
	for _, r := range b.a.Tests {
		overview.Rows = append(overview.Rows, []Cell{
			b.testCell(r.ID), text(b.in(r.Title)), text(b.word("assurance.", string(r.Assurance))), b.testStatusCell(r.Status), number(r.Population),
			bad(r.Open), warn(r.Excepted), text(b.coverage(r)),
		})
		s.Sections = append(s.Sections, b.test(r))
	}
	s.Blocks = append(s.Blocks, overview)
	return s
}

func (b *builder) test(r assessment.TestResult) Section {
	s := Section{ID: testAnchor(r.ID), Title: string(r.ID) + "  " + b.in(r.Title)}
	s.Blocks = append(s.Blocks, filled(
		b.field("word.result", b.testStatusCell(r.Status)),
		b.field("word.procedure", text(b.in(r.Procedure))),
		b.field("word.limits", text(b.in(r.Limits))),
		b.field("word.assurance", text(b.word("assurance-long.", string(r.Assurance)))),
		b.field("word.severity", text(b.word("severity.", r.Severity))),
		b.field("word.controls", text(join(b.testedBy[r.ID], ", "))),
		b.field("word.parameters", styled(parameterText(r.Parameters, b.short), Code)),
		b.field("tests.variables", styled(parameterText(r.Variables, b.short), Code)),
		b.field("tests.tables", styled(strings.Join(r.Tables, ", "), Code)),
		b.field("word.covered", text(b.coveredSpans(r))),
		b.field("word.population", number(r.Population)),
		b.field("tests.population-root", styled(r.PopulationRoot, Code)),
		b.found(r),
		b.field("tests.file", styled(string(r.SQL.Digest), Code)),
		b.field("tests.queries", text(b.t.Get("tests.queries-place", "test", string(r.ID), "sheet", b.t.Get("sheet.queries")))),
		b.field("word.evidence", Cell{Text: b.evidenceRanges(r.Evidence), Link: b.firstEvidence(r.Evidence)}),
	))
	if len(r.Reasons) > 0 {
		s.Blocks = append(s.Blocks, b.reasonTable(slug("test-reasons-", string(r.ID)), b.t.Get("tests.why"), r.Reasons))
	}
	open, excepted := b.splitDeviations(r.Deviations)
	if len(open) > 0 {
		s.Blocks = append(s.Blocks, paged(b.deviationTable(slug("open-", string(r.ID)), b.openCaption(r), open, false)))
	}
	if len(excepted) > 0 {
		s.Blocks = append(s.Blocks, paged(b.deviationTable(slug("excepted-", string(r.ID)), b.t.Get("deviations.excepted", "n", b.num(r.Excepted), "population", b.num(r.Population)), excepted, true)))
	}
	if answers := b.responsesTo(r.Deviations); len(answers) > 0 {
		s.Blocks = append(s.Blocks, b.responseTable(slug("responses-", string(r.ID)), answers, false))
	}
	return s
}

func (b *builder) firstEvidence(records []evidence.Digest) string {
	for _, d := range records {
		if i, ok := b.records[d]; ok {
			return evidenceAnchor(i)
		}
	}
	return ""
}

// coveredSpans says which days of the period the evidence covers.
func (b *builder) coveredSpans(r assessment.TestResult) string {
	lines := []string{b.coverage(r)}
	for _, p := range r.Covered {
		lines = append(lines, b.dates(p.From, p.To))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// parameterText writes parameters one a line, in the order of their names, each value by write.
func parameterText(parameters map[string]any, write func(any) string) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		lines = append(lines, name+" = "+write(parameters[name]))
	}
	return strings.Join(lines, "\n")
}

func whole(value any) string {
	written, err := json.Marshal(value)
	if err != nil { // cannot come from YAML or JSON
		return "?"
	}
	return string(written)
}

// A list of more than longList values has the ids of a catalogue and is nothing that somebody set: a paged format prints its first ones.
// The spreadsheet and the Assessment have it all.
const longList, firstOfLongList = 40, 10

func (b *builder) short(value any) string {
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice || list.Len() <= longList {
		return whole(value)
	}
	return b.t.Get("tests.first-values", "values", whole(list.Slice(0, firstOfLongList).Interface()), "shown", b.num(firstOfLongList), "n", b.num(int64(list.Len())))
}

// testRows is one row for each test.
func (b *builder) testRows() Section {
	return Section{
		ID: "test-rows", Title: b.t.Get("tests.title"), Sheet: b.t.Get("sheet.tests"), For: Spreadsheet,
		Blocks: []Block{b.rowsOfTests("test-rows", b.a.Tests)},
	}
}

func (b *builder) rowsOfTests(id string, results []assessment.TestResult) Table {
	t := Table{ID: id, Columns: []Column{
		b.col("word.test", 1.2), b.col("word.title", 3.4), b.col("word.result", 1.8), b.numberCol("word.population", 1.2), b.numberCol("word.open", 0.9),
		b.numberCol("word.excepted", 1), b.numberCol("tests.covered-days", 1.2), b.numberCol("tests.period-days", 1.2), b.col("word.assurance", 1.4),
		b.col("word.severity", 1.2), b.col("word.procedure", 6), b.col("word.limits", 4), b.col("word.parameters", 3), b.col("tests.variables", 3), b.col("tests.tables", 2),
		b.col("word.controls", 2.4), b.col("word.reasons", 5), b.col("tests.spans", 3), b.col("tests.population-root", 4), b.col("word.evidence", 3),
		b.col("tests.file", 4),
	}}
	for _, r := range results {
		id := text(string(r.ID))
		id.Anchor = testAnchor(r.ID)
		var spans []string
		for _, p := range r.Covered {
			spans = append(spans, b.dates(p.From, p.To))
		}
		t.Rows = append(t.Rows, []Cell{
			id, text(b.in(r.Title)), b.testStatusCell(r.Status), number(r.Population), bad(r.Open), warn(r.Excepted), number(r.CoveredDays), number(r.PeriodDays),
			text(b.word("assurance.", string(r.Assurance))), text(b.word("severity.", r.Severity)), text(b.in(r.Procedure)), text(b.in(r.Limits)),
			text(parameterText(r.Parameters, whole)), text(parameterText(r.Variables, whole)), text(strings.Join(r.Tables, "\n")), text(join(b.testedBy[r.ID], "\n")), text(b.reasonLines(r.Reasons)),
			text(strings.Join(spans, "\n")), text(r.PopulationRoot), text(b.evidenceRanges(r.Evidence)), digest(r.SQL.Digest),
		})
	}
	return t
}

// queryRows has the SQL of each test, a row for each line: a cell cannot show as many lines as a query has. A paged report says where it
// is instead, since the SQL of all tests has more pages than all that they found.
func (b *builder) queryRows() Section {
	t := Table{
		ID:      "query-rows",
		Columns: []Column{b.col("word.test", 1.2), b.col("tests.query", 2), b.numberCol("word.line", 0.8), b.col("tests.sql", 10)},
		Empty:   b.t.Get("tests.none"),
	}
	add := func(id assessment.TestID, query, sql string) {
		for n, line := range strings.Split(strings.TrimSpace(sql), "\n") {
			t.Rows = append(t.Rows, []Cell{b.testCell(id), text(query), ordinal(int64(n + 1)), styled(line, Code)})
		}
	}
	for _, r := range slices.Concat(b.a.Tests, b.a.Information) {
		add(r.ID, b.t.Get("tests.population-query"), r.SQL.Population)
		add(r.ID, b.t.Get("tests.deviation-query"), r.SQL.Deviations)
	}
	return Section{ID: "query-rows", Title: b.t.Get("tests.queries"), Sheet: b.t.Get("sheet.queries"), For: Spreadsheet, Blocks: []Block{t}}
}
