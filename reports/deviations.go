package reports

import "auditpack/reports/assessment"

func (b *builder) splitDeviations(all []assessment.Deviation) (open, excepted []assessment.Deviation) {
	for _, d := range all {
		if d.Exception == "" {
			open = append(open, d)
		} else {
			excepted = append(excepted, d)
		}
	}
	return open, excepted
}

// deviationTable lists deviations with the bytes they rest on.
func (b *builder) deviationTable(id, caption string, deviations []assessment.Deviation, excepted bool) Table {
	last := b.col("word.response", 1.5)
	if excepted {
		last = b.col("word.exception", 1.5)
	}
	t := Table{
		ID: id, Caption: caption,
		Columns: []Column{
			b.col("word.when", 1.5), b.col("word.item", 1.9), b.col("word.subject", 1.7), b.col("word.resource", 2.3), b.col("word.finding", 2.6),
			b.col("word.evidence", 1.65), b.numberCol("word.line", 0.8), last,
		},
	}
	for _, d := range deviations {
		t.Rows = append(t.Rows, []Cell{
			instantOrNone(d.At), text(d.Item), text(d.Subject), text(d.Resource), text(d.Detail), b.blobCell(d.Evidence), lineCell(d.Line), b.stateCell(d),
		})
	}
	return t
}

func lineCell(line int64) Cell {
	if line <= 0 {
		return text("")
	}
	return ordinal(line)
}

// stateCell names the exception that covers a deviation, else the response to it.
func (b *builder) stateCell(d assessment.Deviation) Cell {
	if d.Exception != "" {
		for i, e := range b.a.Exceptions {
			if e.ID == d.Exception && e.Valid {
				return link(d.Exception, exceptionAnchor(i))
			}
		}
		return text(d.Exception)
	}
	if i, ok := b.responseOf(d); ok {
		return link(b.a.Responses[i].ID, responseAnchor(i))
	}
	if d.Response != "" {
		return text(d.Response)
	}
	return text(b.t.Get("responses.none-yet"))
}

// responseOf returns the index of the response that answers d.
func (b *builder) responseOf(d assessment.Deviation) (int, bool) {
	if i, ok := b.responses[d.Response]; ok && d.Response != "" {
		return i, true
	}
	i, ok := b.answers[d.Key]
	return i, ok
}

// deviationRows is one row for each deviation of every test.
func (b *builder) deviationRows() Section {
	return Section{
		ID: "deviation-rows", Title: b.t.Get("word.deviations"), Sheet: b.t.Get("sheet.deviations"), For: Spreadsheet,
		Blocks: []Block{b.rowsOfDeviations("deviation-rows", b.t.Get("deviations.none"), b.a.Tests)},
	}
}

func (b *builder) rowsOfDeviations(id, empty string, results []assessment.TestResult) Table {
	t := Table{
		ID: id,
		Columns: []Column{
			b.col("word.test", 1.2), b.col("word.state", 1.4), b.col("word.when", 2), b.col("word.item", 3), b.col("word.subject", 2.6), b.col("word.resource", 4),
			b.col("word.finding", 5), b.col("word.owner", 2), b.col("word.response", 2), b.col("word.exception", 2.4), b.col("word.evidence", 5),
			b.numberCol("word.line", 1), b.col("word.key", 2),
		},
		Empty: empty,
	}
	for _, r := range results {
		for _, d := range r.Deviations {
			state := styled(b.t.Get("state.open"), Bad)
			response, exception := text(""), text("")
			if d.Exception != "" {
				state, exception = styled(b.t.Get("state.excepted"), Warn), b.stateCell(d)
			} else {
				response = b.stateCell(d)
			}
			t.Rows = append(t.Rows, []Cell{
				b.testCell(r.ID), state, instantOrNone(d.At), text(d.Item), text(d.Subject), text(d.Resource), text(d.Detail), text(d.Owner), response, exception,
				b.blobCell(d.Evidence), lineCell(d.Line), text(d.Key),
			})
		}
	}
	return t
}
