package reports

import (
	"cmp"
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// gap is one reason that stands between requirements and a conclusion, with the requirements that it holds up.
type gap struct {
	reason       assessment.Reason
	requirements []string
}

// gaps gathers equal reasons. nothing are the requirements that no control reaches at all.
func (b *builder) gaps() (gaps []gap, nothing []assessment.Finding) {
	index := map[assessment.Reason]int{}
	for _, f := range b.judged() {
		if b.unreached(f) {
			nothing = append(nothing, f)
			continue
		}
		for _, r := range f.Reasons {
			if r.Code == "deviations" || ofDeclaration(r) { // a result, not something that could not be judged
				continue
			}
			i, ok := index[r]
			if !ok {
				i = len(gaps)
				index[r] = i
				gaps = append(gaps, gap{reason: r})
			}
			gaps[i].requirements = append(gaps[i].requirements, string(f.ID))
		}
	}
	slices.SortStableFunc(gaps, func(x, y gap) int {
		return cmp.Or(cmp.Compare(x.reason.Code, y.reason.Code), cmp.Compare(x.reason.Source, y.reason.Source),
			cmp.Compare(x.reason.Test, y.reason.Test), cmp.Compare(x.reason.Control, y.reason.Control), cmp.Compare(x.reason.Aspect, y.reason.Aspect))
	})
	return gaps, nothing
}

// unreached says that no control bears on a requirement and that there is no other reason, so that a table row says all there is to say.
func (b *builder) unreached(f assessment.Finding) bool {
	other := slices.ContainsFunc(f.Reasons, func(r assessment.Reason) bool { return r.Code != "no-control" && !ofDeclaration(r) })
	return len(f.Controls) == 0 && f.Status == assessment.NotAssessed && !other
}

// notAssessed lists what could not be judged, or only in part, and why.
func (b *builder) notAssessed() Section {
	gaps, nothing := b.gaps()
	listed, silent := b.listedGaps(gaps)
	reasons := []Block{paged(b.gapTable(listed))}
	if silent > 0 {
		reasons = append([]Block{b.para("gaps.unshown", "n", b.num(silent))}, reasons...)
	}
	return Section{
		ID: "not-assessed", Title: b.t.Get("gaps.title"), Sheet: b.t.Get("sheet.not-assessed"), NewPage: true,
		Blocks: []Block{b.para("gaps.lead")},
		Sections: []Section{
			{ID: "gaps-reasons", Title: b.t.Get("gaps.reasons"), For: Paged, Blocks: reasons},
			{ID: "gaps-sources", Title: b.t.Get("gaps.sources"), For: Paged, Blocks: []Block{b.para("gaps.sources-lead"), paged(b.sourceParts())}},
			{ID: "gaps-unreached", Title: b.t.Get("gaps.unreached"), For: Paged, Blocks: b.unreachedBlocks(nothing)},
			{ID: "gaps-rows", Title: b.t.Get("gaps.title"), Sheet: b.t.Get("sheet.not-assessed"), For: Spreadsheet, Blocks: []Block{b.gapRows(gaps, nothing)}},
			{ID: "gaps-source-rows", Title: b.t.Get("gaps.sources"), Sheet: b.t.Get("sheet.sources"), For: Spreadsheet, Blocks: []Block{b.sourceParts()}},
		},
	}
}

// gapTable has what stands between the requirements and a conclusion, equal reasons together, and in one row what differs in the aspect
// alone or in the detail alone.
func (b *builder) gapTable(gaps []gap) Table {
	t := Table{
		ID:      "gaps",
		Columns: []Column{b.col("word.reason", 2.2), b.col("word.where", 3), b.col("word.detail", 2.4), b.col("word.owner", 1.3), b.col("word.requirements", 1.7)},
		Empty:   b.t.Get("gaps.none"),
	}
	for len(gaps) > 0 {
		r := gaps[0].reason
		where := b.where(r)
		n := similar(gaps, func(r assessment.Reason) assessment.Reason { r.Detail = ""; return r })
		var reasons []assessment.Reason
		for _, g := range gaps[:n] {
			reasons = append(reasons, g.reason)
		}
		var details []string
		for _, r := range together(reasons) {
			details = append(details, b.reasonDetail(r))
		}
		if aspects := similar(gaps, func(r assessment.Reason) assessment.Reason { r.Aspect = ""; return r }); aspects > n {
			n = aspects
			where = b.whereAll(gaps[:n])
		}
		t.Rows = append(t.Rows, []Cell{text(b.reasonText(r)), text(where), text(strings.Join(details, "\n")), text(r.Owner), text(strings.Join(gaps[0].requirements, ", "))})
		gaps = gaps[n:]
	}
	return t
}

// similar counts the gaps from the first on that hold up the same requirements and whose reasons are equal to the first in what key
// leaves of them.
func similar(gaps []gap, key func(assessment.Reason) assessment.Reason) int {
	n := 1
	for n < len(gaps) && key(gaps[n].reason) == key(gaps[0].reason) && slices.Equal(gaps[n].requirements, gaps[0].requirements) {
		n++
	}
	return n
}

// whereAll names the place of gaps that differ in the aspect alone: each aspect below what they have in common.
func (b *builder) whereAll(gaps []gap) string {
	common := gaps[0].reason
	common.Aspect = ""
	places := []string{b.where(common)}
	for _, g := range gaps {
		places = append(places, "– "+b.aspectTitle(g.reason.Control, g.reason.Aspect))
	}
	return strings.Join(places, "\n")
}

func (b *builder) unreachedBlocks(findings []assessment.Finding) []Block {
	if len(findings) == 0 {
		return []Block{b.para("gaps.unreached-none")}
	}
	return []Block{b.para("gaps.unreached-lead", "n", b.num(int64(len(findings))), "all", b.num(int64(len(b.judged())))), b.unreachedTable(findings)}
}

func (b *builder) unreachedTable(findings []assessment.Finding) Table {
	t := Table{
		ID:      "unreached",
		Columns: []Column{b.col("word.requirement", 0.8), b.col("word.title", 4), b.col("word.group", 2)},
	}
	for _, f := range findings {
		id := text(string(f.ID))
		id.Anchor = requirementAnchor(f.ID)
		t.Rows = append(t.Rows, []Cell{id, text(b.title(f)), text(b.in(f.Group))})
	}
	return t
}

// gapRows is one row for each requirement and reason.
func (b *builder) gapRows(gaps []gap, nothing []assessment.Finding) Table {
	t := Table{
		ID: "gap-rows",
		Columns: []Column{
			b.col("word.reason", 3), b.col("word.requirement", 1), b.col("word.title", 3), b.col("word.control", 2), b.col("word.aspect", 2),
			b.col("word.test", 1), b.col("word.source", 1.6), b.col("word.detail", 4), b.col("word.owner", 1.6),
		},
		Empty: b.t.Get("gaps.none"),
	}
	add := func(r assessment.Reason, id string) {
		title := ""
		if f := b.findings[assessment.RequirementID(id)]; f != nil {
			title = b.in(f.Title)
		}
		aspect := ""
		if r.Aspect != "" {
			aspect = b.aspectTitle(r.Control, r.Aspect)
		}
		t.Rows = append(t.Rows, []Cell{
			text(b.reasonText(r)), text(id), text(title), text(string(r.Control)), text(aspect), text(string(r.Test)), text(r.Source), text(b.reasonDetail(r)), text(r.Owner),
		})
	}
	for _, g := range gaps {
		for _, id := range g.requirements {
			add(g.reason, id)
		}
	}
	for _, f := range nothing {
		if len(f.Reasons) == 0 {
			add(assessment.Reason{Code: "no-control"}, string(f.ID))
		}
		for _, r := range f.Reasons {
			add(r, string(f.ID))
		}
	}
	return t
}

// sourceParts lists the sources, and what they did not give: asked and none there, not offered, denied and failed are different.
func (b *builder) sourceParts() Table {
	t := Table{
		ID: "source-parts",
		Columns: []Column{
			b.col("word.source", 1.5), b.col("word.part", 2.2), b.col("word.kind", 1.9), b.col("word.outcome", 1.4), b.col("word.detail", 3),
			b.col("word.asked", 1.5), b.numberCol("word.entry", 0.8),
		},
		Empty: b.t.Get("gaps.sources-none"),
	}
	for _, s := range b.a.Sources {
		t.Rows = append(t.Rows, []Cell{
			text(s.Source + " (" + s.Type + ")"), text(""), text(""), text(b.t.Get("outcome.answered", "n", b.num(s.OK))), text(""), instant(s.Time), ordinal(s.Entry),
		})
		for _, p := range s.Parts {
			t.Rows = append(t.Rows, []Cell{
				text(s.Source), text(p.Part), text(string(p.Kind)), styled(b.word("outcome.", string(p.Outcome)), outcomeStyle(p.Outcome)),
				text(p.Detail), instant(s.Time), ordinal(s.Entry),
			})
		}
	}
	return t
}

func outcomeStyle(o evidence.Outcome) Style {
	switch o {
	case evidence.OutcomeOK:
		return Good
	case evidence.OutcomeDenied, evidence.OutcomeFailed:
		return Bad
	case evidence.OutcomeNotOffered:
		return Warn
	}
	return Neutral
}
