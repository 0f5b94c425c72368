package reports

import (
	"slices"
	"strings"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// systemDescription is what management says of the system, slot by slot; what nobody wrote is an input cell. There is none for a
// framework that asks for none.
func (b *builder) systemDescription() (Section, bool) {
	d := b.a.Description
	if d == nil {
		return Section{}, false
	}
	t := Table{
		ID:      "description",
		Columns: []Column{b.col("description.slot", 2), b.col("description.text", 5), b.col("description.written", 1.6), b.col("requirements.remarks", 1.8)},
	}
	var missing []string
	for _, s := range d.Slots {
		said := text(b.said(s.Text, s.Documents))
		if s.Line == 0 {
			missing = append(missing, b.in(s.Title))
			said = input("")
		}
		t.Rows = append(t.Rows, []Cell{text(b.in(s.Title)), said, text(b.written(s.Author, "", s.Date)), b.faultCell(s.Faults)})
	}
	blocks := []Block{b.para("description.lead")}
	if len(missing) > 0 {
		blocks = append(blocks, Paragraph{Style: Warn, Text: b.t.Get("description.missing", "n", b.num(int64(len(missing))), "all", b.num(int64(len(d.Slots))), "slots", strings.Join(missing, "; "))})
	}
	if d.File == "" {
		blocks = append(blocks, Paragraph{Style: Warn, Text: b.t.Get("description.none")})
	} else {
		blocks = append(blocks, filled(
			b.field("statements.version", text(d.Version)), b.field("statements.approved-by", text(d.ApprovedBy)), b.field("statements.approved-on", dayText(d.ApprovedOn)),
			b.field("word.file", text(place(d.File, int64(d.Line)))),
			b.field("requirements.remarks", b.faultCell(slices.DeleteFunc(slices.Clone(d.Faults), func(f string) bool { return f == unstated }))),
		))
	}
	return Section{
		ID: "system-description", Title: b.t.Get("description.title"), Sheet: b.t.Get("sheet.description"),
		Blocks: blocks,
		Sections: []Section{
			{ID: "description-parts", Title: b.t.Get("description.parts"), Sheet: b.t.Get("sheet.description-parts"), Blocks: []Block{t}},
			{ID: "management-statement", Title: b.t.Get("description.statement"), Blocks: b.managementStatement(d.Statement)},
		},
	}, true
}

// unstated is the fault that management's statement is not there; a sentence says so.
const unstated = "statement-not-supplied"

func (b *builder) managementStatement(s *assessment.ManagementStatement) []Block {
	if s == nil {
		return []Block{Paragraph{Style: Warn, Text: b.t.Get("description.no-statement")}}
	}
	return []Block{
		Paragraph{Text: b.inEither(s.Text)},
		filled(b.field("description.signed-by", text(strings.Trim(s.SignedBy+", "+s.Role, ", "))), b.field("word.date", dayText(s.Date))),
	}
}

// said is what people wrote, with the documents that they name.
func (b *builder) said(t templates.Localized, documents []string) string {
	return lines(b.inEither(t), strings.Join(documents, ", "))
}

// inEither is a text in the report's language, or in the other one where it was not written in this.
func (b *builder) inEither(t templates.Localized) string { return firstOf(b.in(t), t.EN, t.DE) }

// written says who wrote something, who reviewed it, and when.
func (b *builder) written(author, reviewer, date string) string {
	if author == "" {
		return ""
	}
	return lines(author, b.labelled("conditions.reviewer", reviewer), b.dayWord(date))
}

// generalConditions have answers of people: no test answers them. Where there is no answer, there is a place for it.
func (b *builder) generalConditions() (Section, bool) {
	t := Table{
		ID: "general-conditions",
		Columns: []Column{
			b.col("word.id", 0.8), b.col("word.title", 2.4), b.col("conditions.statement", 3.3), b.col("conditions.reference", 2.2), b.col("description.written", 1.6),
			b.col("word.conclusion", 1.3), b.col("requirements.remarks", 1.8),
		},
	}
	for _, f := range b.a.Requirements {
		if f.Kind != generalCondition {
			continue
		}
		id := text(string(f.ID))
		id.Anchor = requirementAnchor(f.ID)
		row := []Cell{id, text(b.title(f)), input(""), input(""), text(""), b.statusCell(f.Status), text(b.reasonLines(f.Reasons))}
		if a := f.Answer; a != nil {
			row[2], row[3], row[4], row[6] = text(b.inEither(a.Text)), text(lines(a.Reference, place(a.File, int64(a.Line)))), text(b.written(a.Author, a.Reviewer, a.Date)), b.faultCell(a.Faults)
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return Section{}, false
	}
	return Section{
		ID: "general-conditions", Title: b.t.Get("conditions.title"), Sheet: b.t.Get("sheet.conditions"),
		Blocks: []Block{b.para("conditions.lead"), t},
	}, true
}
