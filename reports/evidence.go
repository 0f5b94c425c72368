package reports

import (
	"strings"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// Evidence builds the evidence report on one framework: what was judged, on which evidence, and what could not be judged. It
// shows every requirement, also those that nothing reaches. Seal is empty: whoever holds the key sets [Document.Seal] with
// [Document.SealedBy].
func Evidence(a assessment.Assessment, t templates.Text) Document {
	b := newBuilder(a, t)
	doc := Document{
		Title:    t.Get("evidence.title", "framework", b.in(a.Framework.Title)),
		Subtitle: t.Get("evidence.subtitle"),
		Language: t.Language,
		AsOf:     a.AsOf,
		Cover:    b.cover(),
		Seal:     t.Get("cover.not-sealed"),
		Footer:   t.Get("cover.footer", "organization", a.Organization.Name),
		Labels:   labels(t),
	}
	doc.Sections = []Section{
		b.guide(),
		b.summary(),
		b.notAssessed(),
		b.applicability(),
	}
	if s, ok := b.systemDescription(); ok {
		doc.Sections = append(doc.Sections, s)
	}
	if s, ok := b.generalConditions(); ok {
		doc.Sections = append(doc.Sections, s)
	}
	doc.Sections = append(doc.Sections,
		b.requirements(), b.requirementRows(),
		b.controlSections(), b.controlRows(),
		b.testSections(), b.testRows(), b.deviationRows(),
		b.exceptionRegister(), b.exceptionRows(),
		b.responseRegister(),
		b.subservices(),
		b.ownership(), b.responsibilities(), b.raci(),
		b.information(), b.informationRows(), b.informationGaps(),
		b.evidenceIndex(), b.evidenceRows(),
		b.inputs(),
		b.queryRows(),
	)
	return doc
}

// SealedBy returns d with the fingerprint of the key that seals it on the cover and in the footer.
func (d Document) SealedBy(fingerprint string) Document {
	d.Seal = fingerprint
	return d
}

// labels are the words of renderers.
func labels(t templates.Text) Labels {
	return Labels{
		Contents:  t.Get("label.contents"),
		Page:      t.Get("label.page"),
		Of:        t.Get("label.of"),
		Continued: t.Get("label.continued"),
		Sheets:    t.Get("label.sheets"),
		Back:      t.Get("label.back"),
		Evidence:  t.Get("label.evidence"),
		Shown:     t.Get("label.shown"),
		Legend:    t.Get("label.legend"),
		Seal:      t.Get("label.seal"),
	}
}

// cover says what the report is about and what it rests on.
func (b *builder) cover() []Field {
	a := b.a
	period := b.periodText(a.Period)
	if a.Type == 1 || a.Period == nil {
		period = b.t.Get("cover.no-period")
	}
	last := digest(a.KnownLast)
	return filled(
		b.field("cover.organization", styled(a.Organization.Name, Strong)),
		b.field("cover.scope", text(a.Organization.Scope)),
		b.field("cover.role", text(b.word("role.", a.Organization.Role))),
		b.field("cover.framework", text(b.in(a.Framework.Title))),
		b.field("cover.edition", text(strings.TrimSpace(string(a.Framework.ID)+" · "+a.Framework.Edition))),
		b.field("cover.type", text(b.typeText(a.Type))),
		b.field("cover.period", text(period)),
		b.field("cover.as-of", day(a.AsOf)),
		b.field("cover.journal", text(b.t.Get("cover.entries", "n", b.num(a.KnownEntries)))),
		b.field("cover.journal-last", last),
	).Items
}

func (b *builder) typeText(n int) string {
	if n == 1 {
		return b.t.Get("cover.type-1")
	}
	return b.t.Get("cover.type-2")
}
