package reports

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"auditpack/reports/assessment"
)

// endingExceptions are those whose last day lies before the next review, and those whose last day is past.
func (r *review) endingExceptions() (ending, expired []assessment.Exception) {
	seen := map[string]bool{}
	for _, b := range r.now {
		for _, e := range b.a.Exceptions {
			last, err := time.Parse(time.DateOnly, e.ExpiresOn)
			place := e.File + "\x00" + e.ID
			if err != nil || seen[place] {
				continue
			}
			seen[place] = true
			switch {
			case last.Before(dayOf(r.asOf)):
				expired = append(expired, e)
			case !last.After(r.next):
				ending = append(ending, e)
			}
		}
	}
	byExpiry := func(x, y assessment.Exception) int {
		return cmp.Or(cmp.Compare(x.ExpiresOn, y.ExpiresOn), cmp.Compare(x.ID, y.ID))
	}
	slices.SortStableFunc(ending, byExpiry)
	slices.SortStableFunc(expired, byExpiry)
	return ending, expired
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// undated are exceptions whose end cannot be read: nobody knows when they have to be reviewed.
func (r *review) undated() []assessment.Exception {
	var out []assessment.Exception
	seen := map[string]bool{}
	for _, b := range r.now {
		for _, e := range b.a.Exceptions {
			place := e.File + "\x00" + e.ID
			if _, err := time.Parse(time.DateOnly, e.ExpiresOn); err != nil && !seen[place] {
				seen[place] = true
				out = append(out, e)
			}
		}
	}
	return out
}

func (r *review) exceptions() Section {
	ending, expired := r.endingExceptions()
	all := r.exceptionTable("review-exception-rows", nil, true)
	var sections []Section
	for _, group := range []struct {
		id, title string
		list      []assessment.Exception
	}{
		{"review-expired", r.t.Get("review.expired"), expired},
		{"review-ending", r.t.Get("review.ending-title", "next", FormatDate(r.t.Language, r.next)), ending},
		{"review-undated", r.t.Get("review.undated"), r.undated()},
	} {
		all.Rows = append(all.Rows, r.exceptionRows(group.list, group.title)...)
		if len(group.list) > 0 || group.id != "review-undated" {
			t := r.exceptionTable(group.id+"-table", group.list, false)
			sections = append(sections, Section{ID: group.id, Title: group.title, For: Paged, Blocks: []Block{paged(t)}})
		}
	}
	sections = append(sections, Section{ID: "review-exception-rows", Title: r.t.Get("review.exceptions"), Sheet: r.t.Get("sheet.exceptions"), For: Spreadsheet, Blocks: []Block{all}})
	return Section{
		ID: "review-exceptions", Title: r.t.Get("review.exceptions"), Sheet: r.t.Get("sheet.exceptions"),
		Blocks: []Block{Paragraph{Text: r.t.Get("review.exceptions-lead")}}, Sections: sections,
	}
}

func (r *review) exceptionTable(id string, list []assessment.Exception, grouped bool) Table {
	t := Table{ID: id, Empty: r.t.Get("review.exceptions-none")}
	if grouped {
		t.Columns = []Column{
			r.col("word.state", 2.4), r.col("word.exception", 2.6), r.col("word.control", 1.6), r.col("word.resource", 4), r.col("word.reason", 5), r.col("word.risk", 1.2),
			r.col("exceptions.risk-owner-short", 2), r.col("exceptions.approved-by", 3), r.col("exceptions.expires", 1.4), r.numberCol("exceptions.covers", 1.1),
			r.col("exceptions.faults", 4), r.col("review.decision", 2.2), r.col("review.decided-by", 2), r.col("review.remark", 4),
		}
		return t
	}
	t.Columns = []Column{
		r.col("word.exception", 2.3), r.col("word.what", 4), r.col("word.risk", 1), r.col("exceptions.expires", 1.3), r.col("exceptions.faults", 2.2), r.col("review.decision", 1.7),
	}
	for _, e := range list {
		t.Rows = append(t.Rows, []Cell{
			text(e.ID), text(lines(e.Control, e.Resource, e.Reason)), text(r.word("risk.", e.RiskLevel)), dayText(e.ExpiresOn), text(r.codes("fault.", e.Faults)),
			input("", r.exceptionDecisions()...),
		})
	}
	return t
}

func (r *review) exceptionRows(list []assessment.Exception, state string) [][]Cell {
	var rows [][]Cell
	for _, e := range list {
		rows = append(rows, []Cell{
			text(state), text(e.ID), text(e.Control), text(e.Resource), text(e.Reason), text(r.word("risk.", e.RiskLevel)), text(e.RiskOwner),
			text(strings.Join(e.ApprovedBy, "\n")), dayText(e.ExpiresOn), number(int64(len(e.Covers))), text(r.codes("fault.", e.Faults)),
			input("", r.exceptionDecisions()...), input(""), input(""),
		})
	}
	return rows
}

func (r *review) exceptionDecisions() []string {
	return []string{r.t.Get("decision.close"), r.t.Get("decision.renew"), r.t.Get("decision.escalate")}
}
