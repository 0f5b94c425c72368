package reports

import (
	"slices"
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
	}
	tests := b.testsOf(f)
	if len(tests) > 0 { // else nothing could be found
		fields = append(fields, b.field("word.deviations", b.openAndExcepted(f.Deviations, f.Excepted)))
	}
	if f.SoA != nil {
		fields = append(fields,
			b.field("word.declared", text(strings.TrimSuffix(b.declaration(*f.SoA)+"; "+f.SoA.Owner, "; "))),
			b.field("word.justification", text(f.SoA.Justification)))
	}
	fields = append(fields,
		b.field("requirements.remarks", text(b.remarks(f))),
		b.field("word.exceptions", text(strings.Join(b.exceptionsOn(tests), ", "))),
		b.field("responses.caption", text(b.responsesOn(tests))),
		b.evidenceField(tests))
	switch {
	case len(f.Controls) == 0:
		s.Blocks = []Block{filled(fields...)}
	case b.restsOnUnshown(f):
		s.Blocks = []Block{filled(append(fields, b.unshownField(f))...)}
	default:
		s.Blocks = []Block{filled(fields...), b.shownTable(f)}
	}
	return s
}

// testsOf returns the tests of the controls that bear on a requirement, each once.
func (b *builder) testsOf(f assessment.Finding) []assessment.TestResult {
	var out []assessment.TestResult
	seen := map[assessment.TestID]bool{}
	for _, target := range f.Controls {
		i, ok := b.controls[target.Control]
		if !ok {
			continue
		}
		for _, aspect := range b.a.Controls[i].Aspects {
			for _, id := range aspect.Tests {
				if n, ok := b.tests[id]; ok && !seen[id] {
					seen[id] = true
					out = append(out, b.a.Tests[n])
				}
			}
		}
	}
	return out
}

// remarks are the reasons that no row of a control's aspects shows. What management declares stands beside them already.
func (b *builder) remarks(f assessment.Finding) string {
	var rest []assessment.Reason
	for _, r := range f.Reasons {
		_, shown := b.controls[r.Control]
		declared := f.SoA != nil && (r.Code == "not-applicable" || r.Code == "carved-out")
		if !shown && !declared {
			rest = append(rest, r)
		}
	}
	return b.reasonLines(rest)
}

// exceptionsOn are the exceptions that cover deviations of the tests.
func (b *builder) exceptionsOn(tests []assessment.TestResult) []string {
	var out []string
	for _, t := range tests {
		for _, d := range t.Deviations {
			out = appendNew(out, d.Exception)
		}
	}
	return out
}

// responsesOn are the responses to deviations of the tests, with their state.
func (b *builder) responsesOn(tests []assessment.TestResult) string {
	var out []string
	for _, t := range tests {
		for _, i := range b.responsesTo(t.Deviations) {
			out = appendNew(out, b.a.Responses[i].ID+" ("+b.responseState(b.a.Responses[i]).Text+")")
		}
	}
	return strings.Join(out, ", ")
}

// evidenceField names the records that the tests rest on.
func (b *builder) evidenceField(tests []assessment.TestResult) Field {
	var indices []int
	for _, t := range tests {
		for _, d := range t.Evidence {
			if i, ok := b.records[d]; ok {
				indices = append(indices, i)
			}
		}
	}
	c := text(ranges(indices))
	if len(indices) > 0 {
		c.Link = evidenceAnchor(indices[0]) // ranges has sorted them
	}
	return b.field("word.evidence", c)
}

func (b *builder) declaration(e assessment.SoAEntry) string {
	if !e.Applicable {
		return b.t.Get("soa.excluded")
	}
	carved := ""
	if e.CarvedOutTo != "" {
		carved = b.t.Get("soa.carved-out", "to", e.CarvedOutTo)
	}
	return strings.Trim(b.word("declared.", e.Status)+", "+carved, ", ")
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

// shownTable has the controls that bear on a requirement, and under each its aspects with what was shown of them.
func (b *builder) shownTable(f assessment.Finding) Table {
	t := b.newAspectTable(slug("aspects-of-", string(f.ID)), b.t.Get("requirements.aspects"))
	for _, target := range f.Controls {
		name, owner := string(target.Control), ""
		var c assessment.ControlResult
		if i, ok := b.controls[target.Control]; ok {
			c = b.a.Controls[i]
			name, owner = name+"  "+b.in(c.Title), c.Owner
		}
		id := b.controlCell(target.Control)
		id.Text, id.Style = name, Strong
		head := []Cell{
			id, text(""), text(""), b.statusCell(target.Status), text(""), text(""), text(""),
			text(lines(b.labelled("word.strength", b.word("strength.", target.Strength)), b.labelled("word.owner", owner))),
		}
		if unshown(c) {
			t.Rows = append(t.Rows, b.unshownRow(head, c))
			continue
		}
		t.Rows = append(append(t.Rows, head), b.aspectRows(c, b.briefly)...)
	}
	return t
}

func (b *builder) newAspectTable(id, caption string) Table {
	return Table{
		ID: id, Caption: caption, Empty: b.t.Get("requirements.no-aspects"),
		Columns: []Column{
			b.col("word.aspect", 3), b.col("word.shown", 1.15), b.col("word.test", 1), b.col("word.result", 1.75),
			b.numberCol("word.population", 1.1), b.numberCol("word.open", 0.7), b.numberCol("word.excepted", 1), b.col("requirements.covered", 2.45),
		},
	}
}

// briefly says what is missing by its name: the control and the test have the details.
func (b *builder) briefly(reasons []assessment.Reason) string {
	var out []string
	for _, r := range reasons {
		out = appendNew(out, b.reasonText(r))
	}
	return strings.Join(out, "\n")
}

// besideTests says what is missing briefly where a test's section has the details, and fully elsewhere.
func (b *builder) besideTests(reasons []assessment.Reason) string {
	var out []string
	for _, r := range reasons {
		say := b.fully
		if _, ok := b.tests[r.Test]; ok {
			say = b.briefly
		}
		out = appendNew(out, say([]assessment.Reason{r}))
	}
	return strings.Join(out, "\n")
}

// fully says what is missing with its source and its facts.
func (b *builder) fully(reasons []assessment.Reason) string {
	var out []string
	for _, r := range together(reasons) {
		line := b.reasonText(r)
		if r.Source != "" {
			line += " (" + r.Source + ")"
		}
		if detail := b.reasonDetail(r); detail != "" {
			line += ": " + detail
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// aspectRows has a row for each test of each aspect of a control, with population and exceptions beside each result. missing says
// in the last cell what stands between the aspect and support, as far as the other cells do not.
func (b *builder) aspectRows(c assessment.ControlResult, missing func([]assessment.Reason) string) [][]Cell {
	var rows [][]Cell
	for _, aspect := range c.Aspects {
		add := func(cells ...Cell) {
			rows = append(rows, append([]Cell{text(firstOf(b.in(aspect.Title), aspect.ID)), b.shownCell(aspect.Shown)}, cells...))
		}
		last := func(test assessment.TestID, coverage string) Cell {
			return text(lines(coverage, missing(reasonsAt(c, aspect.ID, test))))
		}
		for _, id := range aspect.Tests {
			i, ok := b.tests[id]
			if !ok {
				add(text(string(id)), text(""), text(""), text(""), text(""), last(id, ""))
				continue
			}
			r := b.a.Tests[i]
			add(b.testCell(id), b.testStatusCell(r.Status), number(r.Population), bad(r.Open), warn(r.Excepted), last(id, b.coverage(r)))
		}
		if aspect.IsManual {
			add(text(b.t.Get("word.manual")), b.manualCell(aspect.Manual), text(""), text(""), text(""), last("", ""))
		}
		if len(aspect.Tests) == 0 && !aspect.IsManual {
			add(text("–"), text(""), text(""), text(""), text(""), last("", ""))
		}
	}
	return rows
}

// reasonsAt are the reasons of one aspect and test that the other cells of its row do not say: they have the counts of deviations,
// and that a manual test is not there.
func reasonsAt(c assessment.ControlResult, aspect string, test assessment.TestID) []assessment.Reason {
	var out []assessment.Reason
	for _, r := range c.Reasons {
		said := r.Code == manualMissing || (r.Code == "deviations" && r.Test != "")
		if r.Aspect == aspect && r.Test == test && !said {
			out = append(out, r)
		}
	}
	return out
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
		if f.Kind != generalCondition { // those are targets where their answers stand
			id.Anchor = requirementAnchor(f.ID)
		}
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
			text(b.reasonGroups(f.Reasons)), text(strings.Join(owners, "\n")),
		})
	}
	return Section{ID: "requirement-rows", Title: b.t.Get("requirements.title"), Sheet: b.t.Get("sheet.requirements"), For: Spreadsheet, Blocks: []Block{t}}
}

func appendNew[T comparable](list []T, x T) []T {
	var zero T
	if x == zero || slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}
