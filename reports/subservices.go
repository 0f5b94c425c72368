package reports

import (
	"cmp"
	"slices"
	"strings"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// subservices has the organisations that operate a part of what is judged, with their attestations, the days that these leave open,
// and what they expect of us.
func (b *builder) subservices() Section {
	paged := Section{ID: "subservices-paged", Title: b.t.Get("subservices.each"), For: Paged}
	for i, o := range b.a.Subservices {
		paged.Sections = append(paged.Sections, b.subservice(i, o))
	}
	s := Section{
		ID: "subservices", Title: b.t.Get("subservices.title"), Sheet: b.t.Get("sheet.subservices"),
		Blocks: []Block{b.para("subservices.lead"), b.subserviceTable()},
	}
	if len(paged.Sections) > 0 {
		s.Sections = append(s.Sections, paged)
		s.Sections = append(s.Sections, Section{
			ID: "subservice-rows", Title: b.t.Get("subservices.attestations"), Sheet: b.t.Get("sheet.attestations"), For: Spreadsheet,
			Blocks: []Block{b.attestationTable("attestation-rows", b.a.Subservices)},
			Sections: []Section{{
				ID: "complementary-rows", Title: b.t.Get("subservices.complementary"), Sheet: b.t.Get("sheet.complementary"),
				Blocks: []Block{b.complementaryTable("complementary-rows", b.a.Subservices)},
			}},
		})
	}
	return s
}

func (b *builder) subserviceTable() Table {
	t := Table{
		ID: "subservices",
		Columns: []Column{
			b.col("subservices.name", 2), b.col("subservices.services", 2), b.col("subservices.regions", 1.6), b.col("subservices.method", 1.3),
			b.numberCol("subservices.carved-out", 1), b.numberCol("subservices.uncovered-days", 1.1), b.col("subservices.uncovered", 2.2), b.col("word.owner", 1.4), b.col("word.file", 2),
		},
		Empty: b.t.Get("subservices.none"),
	}
	for _, o := range b.a.Subservices {
		t.Rows = append(t.Rows, []Cell{
			text(lines(o.Name, strings.Join(o.Aliases, ", "))), text(strings.Join(o.Services, "\n")), text(strings.Join(o.Regions, "\n")),
			text(lines(b.word("method.", o.Method), b.word("responsibilities.", o.ServiceModel))), number(int64(len(o.CarvedOut))),
			b.uncoveredDays(o), text(b.uncovered(o)), text(o.Owner), text(place(o.File, int64(o.Line))),
		})
	}
	return t
}

// uncoveredDays are the days of the period that no attestation covers; nothing is counted for a date.
func (b *builder) uncoveredDays(o assessment.SubserviceOrganisation) Cell {
	if o.PeriodDays == 0 {
		return text("")
	}
	return bad(o.PeriodDays - o.CoveredDays)
}

// uncovered says which days are not covered, or for a date whether it is.
func (b *builder) uncovered(o assessment.SubserviceOrganisation) string {
	if o.PeriodDays == 0 {
		if o.CoversDate {
			return b.t.Get("subservices.date-covered")
		}
		return b.t.Get("subservices.date-uncovered")
	}
	return b.spans(o.Uncovered)
}

// spans writes spans one a line.
func (b *builder) spans(list []evidence.Period) string {
	var out []string
	for _, p := range list {
		out = append(out, b.dates(p.From, p.To))
	}
	return strings.Join(out, "\n")
}

func (b *builder) subservice(index int, o assessment.SubserviceOrganisation) Section {
	id := slug("subservice-", o.Name)
	one := []assessment.SubserviceOrganisation{o}
	s := Section{ID: id + "-" + evidenceName(index), Title: o.Name, Compact: true}
	covered := text(b.uncovered(o))
	if o.PeriodDays > 0 {
		covered = text(lines(b.t.Get("word.days-of", "covered", b.num(o.CoveredDays), "days", b.num(o.PeriodDays)), b.labelled("subservices.uncovered", b.spans(o.Uncovered))))
		if len(o.Uncovered) > 0 {
			covered.Style = Bad
		}
	}
	s.Blocks = append(s.Blocks, filled(
		b.field("subservices.services", text(strings.Join(o.Services, ", "))),
		b.field("subservices.regions", text(strings.Join(o.Regions, ", "))),
		b.field("subservices.method", text(b.word("method.", o.Method))),
		b.field("subservices.covered", covered),
		b.field("subservices.operates", text(join(b.inOrder(o.Whole), ", "))),
		b.field("subservices.shares", text(join(b.inOrder(o.Shared), ", "))),
		b.field("subservices.carved-out", text(join(o.CarvedOut, ", "))),
		b.field("word.owner", text(o.Owner)),
	), b.attestationTable(id+"-attestations-"+evidenceName(index), one))
	if t := b.complementaryTable(id+"-complementary-"+evidenceName(index), one); len(t.Rows) > 0 {
		s.Blocks = append(s.Blocks, t)
	}
	return s
}

// inOrder puts requirements in the order of their framework.
func (b *builder) inOrder(ids []assessment.RequirementID) []assessment.RequirementID {
	place := func(id assessment.RequirementID) int {
		return slices.IndexFunc(b.a.Requirements, func(f assessment.Finding) bool { return f.ID == id })
	}
	return slices.SortedFunc(slices.Values(ids), func(x, y assessment.RequirementID) int { return cmp.Compare(place(x), place(y)) })
}

// attestationTable has the attestations of organisations, with review, deviations, and why one does not count.
func (b *builder) attestationTable(id string, organisations []assessment.SubserviceOrganisation) Table {
	t := Table{
		ID: id, Caption: b.t.Get("subservices.attestations"), Empty: b.t.Get("subservices.no-attestation"),
		Columns: []Column{
			b.col("subservices.attestation", 2.4), b.col("subservices.speaks-of", 1.6), b.col("subservices.opinion", 1.6), b.col("subservices.deviations", 3),
			b.col("subservices.review", 2), b.col("subservices.counts", 0.9), b.col("requirements.remarks", 2.6),
		},
	}
	for _, o := range organisations {
		if len(organisations) > 1 || strings.HasSuffix(id, "-rows") {
			t.Columns[0].Title = b.t.Get("subservices.name-and-attestation")
		}
		for _, a := range o.Attestations {
			name := lines(a.ID, b.word("attestation.", a.Type), a.Framework, a.Auditor, a.Document)
			if strings.HasSuffix(id, "-rows") {
				name = lines(o.Name, name)
			}
			counts := styled(b.t.Get("word.no"), Warn)
			if a.Counts {
				counts = styled(b.t.Get("word.yes"), Good)
			}
			t.Rows = append(t.Rows, []Cell{
				text(name), text(b.t.Get("word.span", "from", b.dayWord(a.FirstDay), "to", b.dayWord(a.LastDay))), text(b.word("opinion.", a.Opinion)), text(attestedDeviations(a)),
				b.reviewCell(a.Review), counts, b.attestationFaults(a),
			})
		}
	}
	return t
}

func attestedDeviations(a assessment.Attestation) string {
	var out []string
	for _, d := range a.Deviations {
		line := strings.Trim(d.Criterion+": "+d.Text, ": ")
		if d.Assessment != "" {
			line += " → " + d.Assessment
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func (b *builder) reviewCell(r *assessment.AttestationReview) Cell {
	if r == nil {
		return styled(b.t.Get("subservices.no-review"), Warn)
	}
	return text(lines(r.Reviewer, b.dayWord(r.Date), r.Notes))
}

func (b *builder) attestationFaults(a assessment.Attestation) Cell {
	var out []string
	for _, f := range a.Faults {
		line := b.word("fault.", f.Code)
		if f.Detail != "" {
			line += ": " + f.Detail
		}
		out = append(out, line)
	}
	c := text(strings.Join(out, "\n"))
	if len(out) > 0 {
		c.Style = Warn
	}
	return c
}

// complementaryTable has what attestations expect of their customers, with our controls and how they came out.
func (b *builder) complementaryTable(id string, organisations []assessment.SubserviceOrganisation) Table {
	t := Table{
		ID: id, Caption: b.t.Get("subservices.complementary"), Empty: b.t.Get("subservices.no-complementary"),
		Columns: []Column{b.col("subservices.attestation", 1.6), b.col("word.id", 1.2), b.col("subservices.expects", 4), b.col("word.control", 2), b.col("word.conclusion", 1.6)},
	}
	for _, o := range organisations {
		for _, a := range o.Attestations {
			for _, c := range a.Complementary {
				head := []Cell{text(lines(o.Name, a.ID)), text(c.ID), text(b.inEither(c.Text))}
				if len(c.Controls) == 0 {
					t.Rows = append(t.Rows, append(head, styled(b.t.Get("subservices.unmapped"), Bad), text("")))
				}
				for _, m := range c.Controls {
					conclusion := styled(b.t.Get("subservices.no-such-control"), Bad)
					if m.Status != "" {
						conclusion = b.statusCell(m.Status)
					}
					t.Rows = append(t.Rows, append(head[:3:3], b.controlCell(m.Control), conclusion))
				}
			}
		}
	}
	return t
}
