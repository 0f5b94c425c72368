package reports

import (
	"slices"
	"strings"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// Explain builds a short document on one thing of an Assessment: a requirement, a control, a test, an exception, or a deviation by its
// key. It says the same as a report, in the same words, with what is missing and who has to bring it. ok is false where the Assessment
// has nothing of that name; letters may be of either case. origin is as for ToDo.
func Explain(a assessment.Assessment, id string, origin func(table string) Origin, t templates.Text) (doc Document, ok bool) {
	e := explainer{newBuilder(a, t), origin}
	b := e.builder
	sections := e.explanations(id)
	if len(sections) == 0 {
		return Document{}, false
	}
	for i := range sections {
		sections[i].For = Everywhere
	}
	return Document{
		Title: t.Get("explain.title", "id", id), Subtitle: b.in(a.Framework.Title), Language: t.Language, AsOf: a.AsOf,
		Cover: filled(
			b.field("cover.period", text(b.periodText(a.Period))),
			b.field("cover.as-of", day(a.AsOf)),
			b.field("cover.journal", text(t.Get("cover.entries", "n", b.num(a.KnownEntries)))),
		).Items,
		Seal: "", Labels: labels(t), Sections: sections,
	}, true
}

// explainer is a builder that also knows the next steps.
type explainer struct {
	*builder
	origin func(table string) Origin
}

// explanations are the sections on everything that is called id.
func (b explainer) explanations(id string) []Section {
	var out []Section
	for _, f := range b.a.Requirements {
		if strings.EqualFold(string(f.ID), id) {
			out = append(out, b.explainRequirement(f))
		}
	}
	for _, c := range b.a.Controls {
		if strings.EqualFold(string(c.ID), id) {
			out = append(out, b.withSteps(b.control(c), assessment.Finding{}, c.Reasons))
		}
	}
	for _, r := range b.a.Tests {
		if strings.EqualFold(string(r.ID), id) {
			out = append(out, b.withSteps(b.test(r), assessment.Finding{}, r.Reasons))
		}
		for _, d := range r.Deviations {
			if strings.EqualFold(d.Key, id) {
				out = append(out, b.explainDeviation(r, d))
			}
		}
	}
	for i, e := range b.a.Exceptions {
		if strings.EqualFold(e.ID, id) {
			out = append(out, b.explainException(i, e))
		}
	}
	return out
}

// explainRequirement is the report's section with every reason in full: which aspect, why, who brings it, and what to do next.
func (b explainer) explainRequirement(f assessment.Finding) Section {
	s := b.requirement(f)
	s.Blocks = slices.Insert(s.Blocks, 0, Block(Paragraph{Text: b.word("meaning.", string(f.Status))}))
	return b.withSteps(s, f, f.Reasons)
}

// withSteps adds what stands between a thing and support, with owner and next step, in place of the report's own table of reasons.
func (b explainer) withSteps(s Section, f assessment.Finding, reasons []assessment.Reason) Section {
	s.Blocks = slices.DeleteFunc(s.Blocks, func(x Block) bool {
		t, ok := x.(Table)
		return ok && (strings.HasPrefix(t.ID, "test-reasons-") || strings.HasPrefix(t.ID, "control-reasons-"))
	})
	if len(reasons) == 0 {
		return s
	}
	t := Table{
		ID: "explain-steps", Caption: b.t.Get("explain.missing"),
		Columns: []Column{b.col("word.reason", 2.4), b.col("word.where", 2), b.col("word.detail", 3.6), b.col("word.owner", 1.4), b.col("explain.next", 3)},
	}
	steps := taskList{b: b.builder, origin: b.origin}
	for _, r := range reasons {
		t.Rows = append(t.Rows, []Cell{text(b.reasonText(r)), text(b.where(r)), text(b.reasonDetail(r)), text(r.Owner), text(steps.next(f, r))})
	}
	s.Blocks = append(s.Blocks, t)
	return s
}

// explainDeviation is what was found, by which test, in which evidence, and what became of it.
func (b explainer) explainDeviation(r assessment.TestResult, d assessment.Deviation) Section {
	s := Section{ID: "deviation", Title: string(d.Test) + "  " + b.in(r.Title)}
	s.Blocks = append(s.Blocks, filled(
		b.field("word.key", styled(d.Key, Code)),
		b.field("word.item", text(d.Item)),
		b.field("word.subject", text(d.Subject)),
		b.field("word.resource", text(d.Resource)),
		b.field("word.date", instantOrNone(d.At)),
		b.field("word.finding", text(d.Detail)),
		b.field("word.severity", text(b.word("severity.", r.Severity))),
		b.field("word.owner", text(d.Owner)),
		b.field("word.controls", text(join(b.testedBy[r.ID], ", "))),
		b.field("word.exception", text(d.Exception)),
		b.field("word.response", text(d.Response)),
		b.field("word.procedure", text(b.in(r.Procedure))),
		b.field("word.evidence", styled(string(d.Evidence), Code)),
		b.field("word.line", lineCell(d.Line)),
	))
	if d.Evidence != "" && d.Line > 0 {
		s.Blocks = append(s.Blocks, b.para("explain.see-line", "digest", string(d.Evidence), "line", FormatCell(b.t.Language, ordinal(d.Line))))
	}
	for i, e := range b.a.Exceptions {
		if e.ID == d.Exception && slices.Contains(e.Covers, d.Key) {
			s.Sections = append(s.Sections, b.explainException(i, e))
		}
	}
	if answers := b.responsesTo([]assessment.Deviation{d}); len(answers) > 0 {
		s.Blocks = append(s.Blocks, b.responseTable("explain-responses", answers, false))
	}
	return s
}

// exceptionTests judge exceptions; their parameters are the rules that decide whether an approval counts.
const exceptionTests = "EXC-"

// explainException is who asked for it, who approved it, whether they were allowed to, by which rules, and what tests found on it.
func (b explainer) explainException(i int, e assessment.Exception) Section {
	s := b.exception(i, e)
	s.Unlisted = false
	var rules [][]Cell
	var found []assessment.Deviation
	for _, r := range b.a.Tests {
		if !strings.HasPrefix(string(r.ID), exceptionTests) {
			continue
		}
		rules = append(rules, []Cell{text(string(r.ID)), text(b.in(r.Title)), b.testStatusCell(r.Status), styled(parameterText(r.Parameters, b.short), Code)})
		for _, d := range r.Deviations {
			if e.IsConcernedBy(d) {
				found = append(found, d)
			}
		}
	}
	s.Blocks = append(s.Blocks, b.para("explain.exception-rule"))
	if len(found) > 0 {
		s.Blocks = append(s.Blocks, b.deviationTable("explain-found", b.t.Get("explain.found"), found, false))
	} else {
		s.Blocks = append(s.Blocks, b.para("explain.found-none"))
	}
	if len(rules) > 0 {
		s.Blocks = append(s.Blocks, Table{
			ID: "explain-rules", Caption: b.t.Get("explain.rules"), Rows: rules,
			Columns: []Column{b.col("word.test", 1), b.col("word.title", 3), b.col("word.result", 1.5), b.col("word.parameters", 4)},
		})
	}
	return s
}
