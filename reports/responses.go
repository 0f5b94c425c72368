package reports

import (
	"slices"
	"strings"

	"auditpack/reports/assessment"
)

// responsesTo returns the indices of the responses to any of the deviations, in order.
func (b *builder) responsesTo(deviations []assessment.Deviation) []int {
	var out []int
	for _, d := range deviations {
		if i, ok := b.responseOf(d); ok && !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

func (b *builder) responseRegister() Section {
	all := make([]int, len(b.a.Responses))
	for i := range all {
		all[i] = i
	}
	t := b.responseTable("responses", all, true)
	t.Caption = ""
	return Section{
		ID: "responses", Title: b.t.Get("responses.title"), Sheet: b.t.Get("sheet.responses"),
		Blocks: []Block{b.para("responses.lead")},
		Sections: []Section{
			{ID: "responses-paged", Title: b.t.Get("responses.table"), For: Paged, Blocks: []Block{t}},
			b.responseRows(),
		},
	}
}

func (b *builder) dueCell(r assessment.Response) Cell {
	c := dayText(r.Due)
	if r.Overdue {
		c.Style = Bad
	}
	return c
}

func (b *builder) responseState(r assessment.Response) Cell {
	switch {
	case r.IsDone():
		return styled(b.t.Get("responses.done"), Good)
	case r.Overdue:
		return styled(b.t.Get("responses.overdue"), Bad)
	}
	return styled(b.t.Get("responses.in-progress"), Warn)
}

func (b *builder) responseTable(id string, indices []int, targets bool) Table {
	t := Table{
		ID: id, Caption: b.t.Get("responses.caption"),
		Columns: []Column{
			b.col("word.response", 1.4), b.col("responses.kind", 1.4), b.col("responses.what", 4.6), b.col("word.owner", 1.4), b.col("responses.due", 1.25), b.col("word.state", 1.35),
		},
		Empty: b.t.Get("responses.none"),
	}
	for _, i := range indices {
		r := b.a.Responses[i]
		name := r.ID + "\n" + string(r.Test)
		head := link(name, responseAnchor(i))
		if targets {
			head = Cell{Text: name, Anchor: responseAnchor(i)}
		}
		t.Rows = append(t.Rows, []Cell{
			head, text(b.word("response-kind.", r.Kind)), text(b.responseWords(r)), text(r.Owner), b.dueCell(r), b.responseState(r),
		})
	}
	return t
}

// responseWords puts the parts of an answer under each other, each with its name.
func (b *builder) responseWords(r assessment.Response) string {
	var lines []string
	for _, part := range []struct{ label, value string }{
		{b.t.Get("responses.cause"), r.Cause},
		{b.t.Get("responses.correction"), r.Correction},
		{b.t.Get("responses.action"), r.CorrectiveAction},
		{b.t.Get("responses.effectiveness"), r.Effectiveness},
		{b.t.Get("responses.reviewed-by"), r.ReviewedBy},
		{b.t.Get("responses.answers"), b.num(int64(len(r.Answers)))},
		{b.t.Get("responses.redundant"), b.redundantWords(r.Redundant)},
		{b.t.Get("responses.faults"), b.words("fault.", r.Faults)},
		{b.t.Get("word.file"), place(r.File, int64(r.Line))},
	} {
		if part.value != "" {
			lines = append(lines, part.label+": "+part.value)
		}
	}
	return strings.Join(lines, "\n")
}

func (b *builder) responseRows() Section {
	t := Table{
		ID: "response-rows",
		Columns: []Column{
			b.col("word.response", 1.6), b.col("word.test", 1.2), b.col("responses.kind", 1.8), b.col("word.state", 1.6), b.col("responses.cause", 4), b.col("responses.correction", 4),
			b.col("responses.action", 4), b.col("word.owner", 2), b.col("responses.due", 1.4), b.col("responses.done-on", 1.4), b.col("responses.effectiveness", 4),
			b.col("responses.reviewed-by", 2), b.numberCol("responses.answers", 1.2), b.col("word.key", 2.4), b.col("responses.redundant", 2.4), b.col("responses.faults", 3), b.col("word.file", 2.4), b.numberCol("word.line", 0.8),
		},
		Empty: b.t.Get("responses.none"),
	}
	for i, r := range b.a.Responses {
		id := text(r.ID)
		id.Anchor = responseAnchor(i)
		t.Rows = append(t.Rows, []Cell{
			id, b.testCell(r.Test), text(b.word("response-kind.", r.Kind)), b.responseState(r), text(r.Cause), text(r.Correction), text(r.CorrectiveAction), text(r.Owner),
			b.dueCell(r), dayText(r.Done), text(r.Effectiveness), text(r.ReviewedBy), number(int64(len(r.Answers))), text(strings.Join(r.Answers, "\n")), text(b.redundantWords(r.Redundant)), text(b.words("fault.", r.Faults)), text(r.File), lineCell(int64(r.Line)),
		})
	}
	return Section{ID: "response-rows", Title: b.t.Get("responses.title"), Sheet: b.t.Get("sheet.responses"), For: Spreadsheet, Blocks: []Block{t}}
}
