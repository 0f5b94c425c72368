package reports

import (
	"strings"

	"auditpack/reports/assessment"
)

// requirements has a section for each requirement that a control reaches or that management excluded; the others stand in one
// table under "not assessed".
func (b *builder) requirements() Section {
	s := Section{
		ID: "requirements", Title: b.t.Get("requirements.title"), For: Paged, NewPage: true,
		Blocks: []Block{b.para("requirements.lead")},
	}
	for _, f := range b.judged() {
		if b.unreached(f) {
			continue
		}
		s.Sections = append(s.Sections, b.requirement(f))
	}
	if len(s.Sections) == 0 {
		s.Blocks = append(s.Blocks, b.para("requirements.none"))
	}
	return s
}

func (b *builder) requirement(f assessment.Finding) Section {
	s := Section{ID: requirementAnchor(f.ID), Title: string(f.ID) + "  " + b.in(f.Title), Compact: true}
	fields := []Field{
		b.field("word.conclusion", b.statusCell(f.Status)),
		b.field("word.group", text(b.in(f.Group))),
		b.field("word.deviations", b.openAndExcepted(f.Deviations, f.Excepted)),
	}
	if f.SoA != nil {
		fields = append(fields,
			b.field("word.declared", text(strings.TrimSuffix(b.declaration(*f.SoA)+"; "+f.SoA.Owner, "; "))),
			b.field("word.justification", text(f.SoA.Justification)))
	}
	s.Blocks = append(s.Blocks, filled(fields...))
	if len(f.Reasons) > 0 {
		s.Blocks = append(s.Blocks, b.reasonTable(slug("reasons-", string(f.ID)), b.t.Get("requirements.why"), f.Reasons))
	}
	if len(f.Controls) > 0 {
		s.Blocks = append(s.Blocks, b.targetTable(f), b.aspectTable(f))
	}
	return s
}

func (b *builder) declaration(e assessment.SoAEntry) string {
	if !e.Applicable {
		return b.t.Get("soa.excluded")
	}
	declared := b.word("declared.", e.Status)
	if e.CarvedOutTo != "" {
		declared += ", " + b.t.Get("soa.carved-out", "to", e.CarvedOutTo)
	}
	return declared
}

func (b *builder) openAndExcepted(open, excepted int64) Cell {
	c := text(b.t.Get("summary.deviations-value", "open", b.num(open), "excepted", b.num(excepted)))
	switch {
	case open > 0:
		c.Style = Bad
	case excepted > 0:
		c.Style = Warn
	}
	return c
}

// targetTable has the controls that bear on a requirement.
func (b *builder) targetTable(f assessment.Finding) Table {
	t := Table{
		ID: slug("controls-of-", string(f.ID)), Caption: b.t.Get("word.controls"),
		Columns: []Column{b.col("word.control", 2.2), b.col("word.title", 3.2), b.col("word.strength", 1.2), b.col("word.owner", 1.5), b.col("word.conclusion", 1.6)},
	}
	for _, target := range f.Controls {
		title, owner := "", ""
		if i, ok := b.controls[target.Control]; ok {
			title, owner = b.in(b.a.Controls[i].Title), b.a.Controls[i].Owner
		}
		t.Rows = append(t.Rows, []Cell{
			b.controlCell(target.Control), text(title), text(b.word("strength.", target.Strength)), text(owner), b.statusCell(target.Status),
		})
	}
	return t
}

// aspectTable has what was shown of the controls of a requirement, with population and exceptions beside each result.
func (b *builder) aspectTable(f assessment.Finding) Table {
	t := b.newAspectTable(slug("aspects-of-", string(f.ID)), true)
	for _, target := range f.Controls {
		if i, ok := b.controls[target.Control]; ok {
			b.addAspects(&t, b.a.Controls[i], true)
		}
	}
	return t
}

func (b *builder) newAspectTable(id string, withControl bool) Table {
	t := Table{ID: id, Caption: b.t.Get("requirements.aspects"), Empty: b.t.Get("requirements.no-aspects")}
	if withControl {
		t.Columns = append(t.Columns, b.col("word.control", 1.9))
	}
	t.Columns = append(t.Columns,
		b.col("word.aspect", 2.3), b.col("word.shown", 1.25), b.col("word.test", 0.95), b.col("word.result", 1.55),
		b.numberCol("word.population", 1.2), b.numberCol("word.open", 0.75), b.numberCol("word.excepted", 1.05), b.col("word.covered", 1.15))
	return t
}

func (b *builder) addAspects(t *Table, c assessment.ControlResult, withControl bool) {
	for _, aspect := range c.Aspects {
		head := []Cell{text(firstOf(b.in(aspect.Title), aspect.ID)), b.shownCell(aspect.Shown)}
		if withControl {
			head = append([]Cell{b.controlCell(c.ID)}, head...)
		}
		add := func(cells ...Cell) {
			row := append(append([]Cell{}, head...), cells...)
			t.Rows = append(t.Rows, row)
		}
		for _, id := range aspect.Tests {
			i, ok := b.tests[id]
			if !ok {
				add(text(string(id)), text(""), text(""), text(""), text(""), text(""))
				continue
			}
			r := b.a.Tests[i]
			add(b.testCell(id), b.testStatusCell(r.Status), number(r.Population), bad(r.Open), warn(r.Excepted), text(b.coverage(r)))
		}
		if aspect.IsManual {
			add(text(b.t.Get("word.manual")), b.manualCell(aspect.Manual), text(""), text(""), text(""), text(""))
		}
		if len(aspect.Tests) == 0 && !aspect.IsManual {
			add(text("–"), text(""), text(""), text(""), text(""), text(""))
		}
	}
}

func (b *builder) manualCell(m *assessment.ManualTest) Cell {
	if m == nil {
		return styled(b.t.Get("manual.missing"), Neutral)
	}
	style := Neutral
	switch m.Conclusion {
	case "no-deviations":
		style = Good
	case "deviations":
		style = Bad
	}
	return styled(b.t.Or("result."+m.Conclusion, m.Conclusion), style)
}

func firstOf(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// requirementRows is every requirement as one row.
func (b *builder) requirementRows() Section {
	t := Table{ID: "requirement-rows", Columns: []Column{
		b.col("word.id", 1), b.col("word.title", 4), b.col("word.group", 2.4), b.col("word.kind", 1.6), b.col("word.conclusion", 1.8),
		b.numberCol("word.open", 0.9), b.numberCol("word.excepted", 1), b.col("word.primary-controls", 2.4), b.col("word.supporting-controls", 2.4),
		b.col("word.tests", 2), b.col("word.reasons", 6), b.col("word.owners", 2),
	}}
	for _, f := range b.a.Requirements {
		id := text(string(f.ID))
		id.Anchor = requirementAnchor(f.ID)
		var primary, supporting, tests, owners []string
		for _, target := range f.Controls {
			if target.Strength == "primary" {
				primary = append(primary, string(target.Control))
			} else {
				supporting = append(supporting, string(target.Control))
			}
			if i, ok := b.controls[target.Control]; ok {
				owners = appendNew(owners, b.a.Controls[i].Owner)
				for _, aspect := range b.a.Controls[i].Aspects {
					for _, test := range aspect.Tests {
						tests = appendNew(tests, string(test))
					}
				}
			}
		}
		t.Rows = append(t.Rows, []Cell{
			id, text(b.title(f)), text(b.in(f.Group)), text(b.word("kind.", f.Kind)), b.statusCell(f.Status), bad(f.Deviations), warn(f.Excepted),
			text(strings.Join(primary, "\n")), text(strings.Join(supporting, "\n")), text(strings.Join(tests, "\n")),
			text(b.reasonLines(f.Reasons)), text(strings.Join(owners, "\n")),
		})
	}
	return Section{ID: "requirement-rows", Title: b.t.Get("requirements.title"), Sheet: b.t.Get("sheet.requirements"), For: Spreadsheet, Blocks: []Block{t}}
}

func appendNew(list []string, s string) []string {
	if s == "" {
		return list
	}
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}
