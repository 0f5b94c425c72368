package reports

import (
	"strconv"
	"strings"
	"time"

	"auditpack/reports/assessment"
)

// controlSections describes each control once; requirements refer to it. Those of which nothing was shown are rows of one table.
func (b *builder) controlSections() Section {
	s := Section{
		ID: "controls", Title: b.t.Get("controls.title"), For: Paged, NewPage: true,
		Blocks: []Block{b.para("controls.lead")},
	}
	var silent []assessment.ControlResult
	for _, c := range b.a.Controls {
		if unshown(c) {
			silent = append(silent, c)
			continue
		}
		s.Sections = append(s.Sections, b.control(c))
	}
	if len(silent) > 0 {
		s.Sections = append(s.Sections, b.unshownControls(silent))
	}
	if len(b.a.Controls) == 0 {
		s.Blocks = append(s.Blocks, b.para("controls.none"))
	}
	return s
}

func (b *builder) control(c assessment.ControlResult) Section {
	s := Section{ID: controlAnchor(c.ID), Title: string(c.ID) + "  " + b.in(c.Title), Compact: true}
	s.Blocks = append(s.Blocks, filled(
		b.field("word.conclusion", b.statusCell(c.Status)),
		b.field("word.statement", text(b.in(c.Statement))),
		b.field("word.owner", text(c.Owner)),
		b.field("word.frequency", text(b.word("frequency.", c.Frequency))),
		b.field("controls.bears-on", text(join(b.bears[c.ID], ", "))),
	))
	t := b.newAspectTable(slug("control-aspects-", string(c.ID)), b.t.Get("requirements.aspects"))
	t.Rows = b.aspectRows(c, b.besideTests)
	s.Blocks = append(s.Blocks, t)
	if rest := unplaced(c); len(rest) > 0 {
		s.Blocks = append(s.Blocks, b.reasonTable(slug("control-reasons-", string(c.ID)), b.t.Get("requirements.why"), rest))
	}
	if manual := b.manualTable(slug("manual-", string(c.ID)), []assessment.ControlResult{c}, false); len(manual.Rows) > 0 {
		s.Blocks = append(s.Blocks, manual)
	}
	return s
}

// unplaced are the reasons that no row of the aspects has.
func unplaced(c assessment.ControlResult) []assessment.Reason {
	type place struct {
		aspect string
		test   assessment.TestID
	}
	places := map[place]bool{}
	for _, a := range c.Aspects {
		places[place{a.ID, ""}] = a.IsManual || len(a.Tests) == 0
		for _, id := range a.Tests {
			places[place{a.ID, id}] = true
		}
	}
	var out []assessment.Reason
	for _, r := range c.Reasons {
		if !places[place{r.Aspect, r.Test}] {
			out = append(out, r)
		}
	}
	return out
}

// manualTable has the tests that people did, with performer and reviewer.
func (b *builder) manualTable(id string, controls []assessment.ControlResult, withControl bool) Table {
	t := Table{ID: id, Caption: b.t.Get("manual.title"), Empty: b.t.Get("manual.none")}
	if withControl {
		t.Columns = append(t.Columns, b.col("word.control", 2))
	}
	t.Columns = append(t.Columns,
		b.col("word.aspect", 2.6), b.col("word.procedure", 3), b.col("manual.documents", 1.2), b.col("manual.people", 1.8),
		b.col("word.conclusion", 1.5), b.col("word.date", 1.2), b.col("manual.expires", 1.2), b.col("word.file", 1.6))
	for _, c := range controls {
		for _, aspect := range c.Aspects {
			m := aspect.Manual
			if m == nil {
				continue
			}
			row := []Cell{
				text(firstOf(b.in(aspect.Title), aspect.ID)), text(strings.TrimSpace(m.Procedure + "\n" + m.Notes + "\n" + b.lookedAt(m))), text(strings.Join(m.Documents, "\n")),
				text(b.t.Get("manual.people-value", "performer", m.Performer, "reviewer", m.Reviewer)), b.manualCell(m), dayText(m.Date), dayText(m.Expires),
				text(place(m.File, int64(m.Line))),
			}
			if withControl {
				row = append([]Cell{b.controlCell(c.ID)}, row...)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// lookedAt says which time a manual test looked at, where it names one.
func (b *builder) lookedAt(m *assessment.ManualTest) string {
	from, err := time.Parse(time.DateOnly, m.From)
	to, err2 := time.Parse(time.DateOnly, m.To)
	if err != nil || err2 != nil {
		return ""
	}
	return b.t.Get("manual.covers", "span", b.dates(from, to))
}

// place is file and line as editors write them.
func place(file string, line int64) string {
	if line <= 0 {
		return file
	}
	return file + ":" + strconv.FormatInt(line, 10)
}

// controlRows is one row for each control, aspect and test.
func (b *builder) controlRows() Section {
	t := Table{ID: "control-rows", Columns: []Column{
		b.col("word.control", 2.4), b.col("word.title", 3), b.col("word.statement", 5), b.col("word.owner", 2), b.col("word.frequency", 1.6),
		b.col("word.conclusion", 1.8), b.col("word.aspect", 2.6), b.col("word.shown", 1.6), b.col("word.test", 1.2), b.col("word.result", 1.8),
		b.numberCol("word.population", 1.2), b.numberCol("word.open", 0.9), b.numberCol("word.excepted", 1), b.col("requirements.covered", 5),
		b.col("controls.bears-on", 3),
	}}
	anchored := map[assessment.ControlID]bool{}
	for _, c := range b.a.Controls {
		aspects := b.aspectRows(c, b.fully)
		if len(aspects) == 0 {
			aspects = [][]Cell{make([]Cell, 8)}
		}
		for _, row := range aspects {
			id := text(string(c.ID))
			if !anchored[c.ID] {
				id.Anchor, anchored[c.ID] = controlAnchor(c.ID), true
			}
			cells := []Cell{id, text(b.in(c.Title)), text(b.in(c.Statement)), text(c.Owner), text(b.word("frequency.", c.Frequency)), b.statusCell(c.Status)}
			cells = append(cells, row...)
			t.Rows = append(t.Rows, append(cells, text(join(b.bears[c.ID], ", "))))
		}
	}
	return Section{
		ID: "control-rows", Title: b.t.Get("controls.title"), Sheet: b.t.Get("sheet.controls"), For: Spreadsheet,
		Blocks: []Block{t},
		Sections: []Section{{ID: "manual-rows", Title: b.t.Get("manual.title"), Sheet: b.t.Get("sheet.manual"),
			Blocks: []Block{b.manualTable("manual-rows", b.a.Controls, true)}}},
	}
}
