package reports

import (
	"cmp"
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// gaps lists what evidence is missing: parts that sources did not give, tests without evidence for the whole period, and manual tests.
func (r *review) gaps() Section {
	return Section{
		ID: "review-gaps", Title: r.t.Get("review.gaps"), Sheet: r.t.Get("sheet.sources"),
		Blocks: []Block{Paragraph{Text: r.t.Get("review.gaps-lead")}},
		Sections: []Section{
			{ID: "review-gaps-sources", Title: r.t.Get("gaps.sources"), Sheet: r.t.Get("sheet.sources"), Blocks: []Block{r.sourceGaps()}},
			{ID: "review-gaps-tests", Title: r.t.Get("review.coverage"), Sheet: r.t.Get("sheet.coverage"), Blocks: []Block{r.testGaps()}},
			{ID: "review-gaps-manual", Title: r.t.Get("review.manual"), For: Paged, Blocks: []Block{r.manualGaps("review-manual", true)}},
			{ID: "review-gaps-manual-rows", Title: r.t.Get("review.manual"), Sheet: r.t.Get("sheet.manual"), For: Spreadsheet, Blocks: []Block{r.manualGaps("review-manual-rows", false)}},
		},
	}
}

// sourceGaps are the parts that were asked for and not given. That nothing was asked is another fact than that all was answered.
func (r *review) sourceGaps() Table {
	t := Table{
		ID: "review-sources",
		Columns: []Column{
			r.col("word.source", 1.6), r.col("word.part", 2.2), r.col("word.outcome", 1.4), r.col("word.detail", 3.4), r.col("word.asked", 1.6), r.col("review.remedy", 2.4),
		},
		Empty: r.t.Get("gaps.sources-none"),
	}
	answered := int64(0)
	seen := map[string]bool{}
	for _, b := range r.now {
		for _, s := range b.a.Sources {
			if !seen[s.Source] {
				answered += s.OK
			}
			seen[s.Source] = true
			for _, p := range s.Parts {
				key := s.Source + "\x00" + p.Part
				if p.Outcome == evidence.OutcomeOK || seen[key] {
					continue
				}
				seen[key] = true
				t.Rows = append(t.Rows, []Cell{
					text(s.Source), text(p.Part), styled(b.word("outcome.", string(p.Outcome)), outcomeStyle(p.Outcome)), text(p.Detail), instant(s.Time), input(""),
				})
			}
		}
	}
	if answered > 0 {
		t.Empty = r.t.Get("review.sources-none", "n", FormatNumber(r.t.Language, answered))
	}
	return t
}

// testGaps are the tests that were not assessed or lack evidence for a part of the period.
func (r *review) testGaps() Table {
	t := Table{
		ID: "review-coverage",
		Columns: []Column{
			r.col("word.test", 1), r.col("word.title", 2.6), r.col("word.result", 1.5), r.col("word.covered", 1.4), r.col("word.reasons", 3.6), r.col("review.remedy", 2.4),
		},
		Empty: r.t.Get("review.coverage-none"),
	}
	seen := map[assessment.TestID]bool{}
	for _, b := range r.now {
		for _, test := range b.a.Tests {
			whole := test.CoveredDays >= test.PeriodDays
			if seen[test.ID] || (whole && test.Status != assessment.TestNotAssessed) {
				continue
			}
			seen[test.ID] = true
			t.Rows = append(t.Rows, []Cell{
				text(string(test.ID)), text(b.in(test.Title)), b.testStatusCell(test.Status), text(b.coverage(test)), text(b.fully(test.Reasons)), input(""),
			})
		}
	}
	return t
}

// manualGaps are the manual tests that are missing or do not count, by owner. Joined, the aspects of a control share a row where the
// same is wrong with them.
func (r *review) manualGaps(id string, joined bool) Table {
	t := Table{
		ID: id,
		Columns: []Column{
			r.col("word.owner", 1.4), r.col("word.control", 1.8), r.col("word.aspect", 3.2), r.col("word.reason", 3), r.col("review.remedy", 2.4),
		},
		Empty: r.t.Get("review.manual-none"),
	}
	type gap struct {
		reason assessment.Reason
		b      *builder
	}
	var gaps []gap
	seen := map[assessment.Reason]bool{}
	for _, b := range r.now {
		for _, c := range b.a.Controls {
			for _, reason := range c.Reasons {
				if strings.HasPrefix(reason.Code, "manual-") && !seen[reason] {
					seen[reason] = true
					gaps = append(gaps, gap{reason, b})
				}
			}
		}
	}
	slices.SortStableFunc(gaps, func(x, y gap) int {
		return cmp.Or(cmp.Compare(x.reason.Owner, y.reason.Owner), cmp.Compare(x.reason.Control, y.reason.Control))
	})
	for _, g := range gaps {
		owner, control, aspect := g.reason.Owner, string(g.reason.Control), g.b.aspectTitle(g.reason.Control, g.reason.Aspect)
		wrong := g.b.fully([]assessment.Reason{g.reason})
		if joined {
			aspect = "– " + aspect
			if n := len(t.Rows); n > 0 {
				if last := t.Rows[n-1]; last[0].Text == owner && last[1].Text == control && last[3].Text == wrong {
					last[2].Text = lines(last[2].Text, aspect)
					continue
				}
			}
		}
		t.Rows = append(t.Rows, []Cell{text(owner), text(control), text(aspect), text(wrong), input("")})
	}
	return t
}
