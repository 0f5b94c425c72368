package reports

import (
	"cmp"
	"slices"

	"auditpack/reports/assessment"
)

// response is an answer with the builder of the framework that it was judged for.
type response struct {
	b *builder
	assessment.Response
}

// attention are the responses that are overdue or faulty, each once: overdue ones first, then by day and id. Of a response that was
// judged for several frameworks the one counts that has most faults.
func (r *review) attention() []response {
	var list []response
	at := map[string]int{}
	for _, b := range r.now {
		for _, x := range b.a.Responses {
			i, seen := at[x.ID]
			switch {
			case !x.Overdue && len(x.Faults) == 0:
			case !seen:
				at[x.ID] = len(list)
				list = append(list, response{b, x})
			case len(x.Faults) > len(list[i].Faults):
				list[i] = response{b, x}
			}
		}
	}
	late := func(x response) int {
		if x.Overdue {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(x, y response) int {
		return cmp.Or(cmp.Compare(late(x), late(y)), cmp.Compare(x.Due, y.Due), cmp.Compare(x.ID, y.ID))
	})
	return list
}

// responses shows what of management's answers needs attention, whether a deviation of the quarter has it or not.
func (r *review) responses() Section {
	t := Table{
		ID: "review-responses",
		Columns: []Column{
			r.col("word.response", 1.4), r.col("word.owner", 1.4), r.col("responses.due", 1.25), r.col("word.state", 1.35), r.col("responses.faults", 4), r.col("word.file", 2.2),
		},
		Empty: r.t.Get("responses.attention-none"),
	}
	for _, x := range r.attention() {
		t.Rows = append(t.Rows, []Cell{
			text(lines(x.ID, string(x.Test))), text(x.Owner), x.b.dueCell(x.Response), x.b.responseState(x.Response),
			text(lines(x.b.words("fault.", x.Faults), x.b.redundantWords(x.Redundant))), text(place(x.File, int64(x.Line))),
		})
	}
	return Section{ID: "review-responses", Title: r.t.Get("responses.attention"), Sheet: r.t.Get("sheet.responses"), Blocks: []Block{t}}
}
