package reports

import (
	"strings"

	"auditpack/reports/assessment"
)

// exceptionRegister lists every exception with what is wrong with it, one small block each: its texts are too long for a table.
func (b *builder) exceptionRegister() Section {
	s := Section{
		ID: "exceptions", Title: b.t.Get("exceptions.title"), For: Paged, NewPage: true,
		Blocks: []Block{b.para("exceptions.lead")},
	}
	overview := Table{
		ID: "exception-overview",
		Columns: []Column{
			b.col("word.exception", 2.4), b.col("word.control", 1.6), b.col("word.risk", 1), b.col("exceptions.approved", 1.25), b.col("exceptions.expires", 1.25),
			b.numberCol("exceptions.days", 0.7), b.numberCol("exceptions.covers", 1.1), b.col("word.state", 1.3), b.col("exceptions.faults", 3),
		},
		Empty: b.t.Get("exceptions.none"),
	}
	for i, e := range b.a.Exceptions {
		overview.Rows = append(overview.Rows, []Cell{
			link(e.ID, exceptionAnchor(i)), text(e.Control), text(b.word("risk.", e.RiskLevel)), dayText(e.ApprovedOn), dayText(e.ExpiresOn),
			optional(e.Days), number(int64(len(e.Covers))), b.validCell(e), text(b.words("fault.", e.Faults)),
		})
		s.Sections = append(s.Sections, b.exception(i, e))
	}
	s.Blocks = append(s.Blocks, overview)
	s.Blocks = append(s.Blocks, b.openTogether()...)
	return s
}

func (b *builder) validCell(e assessment.Exception) Cell {
	switch {
	case e.Removed:
		return styled(b.t.Get("exceptions.removed"), Neutral)
	case !e.Valid:
		return styled(b.t.Get("exceptions.invalid"), Bad)
	case len(e.Faults) > 0:
		return styled(b.t.Get("exceptions.valid-with-faults"), Warn)
	}
	return styled(b.t.Get("exceptions.valid"), Good)
}

func (b *builder) exception(i int, e assessment.Exception) Section {
	return Section{ID: exceptionAnchor(i), Title: e.ID, Compact: true, Unlisted: true, Blocks: []Block{filled(
		b.field("word.state", b.validCell(e)),
		b.field("exceptions.faults", text(b.words("fault.", e.Faults))),
		b.field("word.control", text(e.Control)),
		b.field("word.resource", text(e.Resource)),
		b.field("word.reason", text(e.Reason)),
		b.field("word.risk", text(strings.TrimSuffix(b.word("risk.", e.RiskLevel)+"; "+b.t.Get("exceptions.risk-owner", "name", firstOf(e.RiskOwner, "–")), "; "))),
		b.field("exceptions.requested-by", text(e.RequestedBy)),
		b.field("exceptions.entered-by", text(e.EnteredBy)),
		b.field("exceptions.approved-by", text(b.approvalWords(e))),
		b.field("exceptions.approved", dayText(e.ApprovedOn)),
		b.field("exceptions.expires", dayText(e.ExpiresOn)),
		b.field("exceptions.days", optional(e.Days)),
		b.field("exceptions.chain", text(b.chainWords(e))),
		b.field("exceptions.compensating", text(b.measureWords(e))),
		b.field("exceptions.impact", text(b.impactWords(e))),
		b.field("exceptions.covers", number(int64(len(e.Covers)))),
		b.field("exceptions.redundant", text(b.redundantWords(e.Redundant))),
		b.field("exceptions.version", text(b.versionWords(e))),
		b.field("exceptions.change", text(strings.TrimSpace(shortCommit(e.Commit)+" "+e.Author))),
		b.field("word.file", text(place(e.File, e.Line))),
		b.field("word.evidence", b.blobCell(e.Evidence)),
	)}}
}

func shortCommit(c string) string {
	if len(c) > 12 {
		return c[:12]
	}
	return c
}

// exceptionRows is one row for each exception.
func (b *builder) exceptionRows() Section {
	t := Table{
		ID: "exception-rows",
		Columns: []Column{
			b.col("word.exception", 2.6), b.col("word.state", 1.6), b.col("exceptions.faults", 4), b.col("word.control", 1.6), b.col("word.resource", 4),
			b.col("word.reason", 5), b.col("word.risk", 1.2), b.col("exceptions.risk-owner-short", 2), b.col("exceptions.requested-by", 2),
			b.col("exceptions.entered-by", 2), b.col("exceptions.approved-by", 5), b.col("exceptions.approved", 1.4), b.col("exceptions.expires", 1.4), b.numberCol("exceptions.days", 0.8),
			b.col("exceptions.chain", 3), b.numberCol("exceptions.chain-days", 1), b.col("exceptions.compensating", 5), b.col("exceptions.impact", 5),
			b.numberCol("exceptions.covers", 1), b.col("exceptions.keys", 2), b.col("exceptions.redundant", 3),
			b.col("exceptions.since", 2), b.col("exceptions.until", 2), b.numberCol("exceptions.versions", 1), b.col("exceptions.commit", 3),
			b.col("exceptions.author", 2), b.col("word.file", 3), b.numberCol("word.line", 0.8), b.col("word.evidence", 5),
		},
		Empty: b.t.Get("exceptions.none"),
	}
	for i, e := range b.a.Exceptions {
		id := text(e.ID)
		id.Anchor = exceptionAnchor(i)
		t.Rows = append(t.Rows, []Cell{
			id, b.validCell(e), text(b.words("fault.", e.Faults)), text(e.Control), text(e.Resource), text(e.Reason), text(b.word("risk.", e.RiskLevel)), text(e.RiskOwner),
			text(e.RequestedBy), text(e.EnteredBy), text(b.approvalWords(e)), dayText(e.ApprovedOn), dayText(e.ExpiresOn), optional(e.Days),
			text(strings.Join(e.Chain, "\n")), optional(e.ChainDays), text(b.measureWords(e)), text(b.impactWords(e)),
			number(int64(len(e.Covers))), text(strings.Join(e.Covers, "\n")), text(b.redundantWords(e.Redundant)),
			instantOrNone(e.Since), instantOrNone(e.Until), number(int64(len(e.Versions))), text(e.Commit), text(e.Author),
			text(e.File), lineCell(e.Line), b.blobCell(e.Evidence),
		})
	}
	return Section{ID: "exception-rows", Title: b.t.Get("exceptions.title"), Sheet: b.t.Get("sheet.exceptions"), For: Spreadsheet, Blocks: []Block{t}}
}
