package reports

import (
	"slices"
	"time"

	"auditpack/evidence"
	"auditpack/reports/assessment"
)

// Cells.

func text(s string) Cell                { return Cell{Text: s} }
func styled(s string, style Style) Cell { return Cell{Text: s, Style: style} }
func link(s, target string) Cell        { return Cell{Text: s, Link: target} }
func number(n int64) Cell               { return Cell{Kind: CellNumber, Number: n} }
func ordinal(n int64) Cell              { return Cell{Kind: CellOrdinal, Number: n} }
func instant(t time.Time) Cell          { return Cell{Kind: CellTime, Time: t.UTC()} }
func day(t time.Time) Cell              { return Cell{Kind: CellDate, Time: t.UTC()} }
func input(value string, choices ...string) Cell {
	return Cell{Kind: CellInput, Text: value, Choices: choices}
}

// digest is empty for the zero Digest: not everything has one.
func digest(d evidence.Digest) Cell { return Cell{Kind: CellDigest, Text: string(d), Style: Code} }

// dayText reads a day as people write it into a file, YYYY-MM-DD. What is no day stays text: a report hides no bad input.
func dayText(s string) Cell {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return text(s)
	}
	return day(t)
}

func instantOrNone(t *time.Time) Cell {
	if t == nil {
		return text("")
	}
	return instant(*t)
}

// optional is empty for a number that nobody stated.
func optional(n *int64) Cell {
	if n == nil {
		return text("")
	}
	return number(*n)
}

// bad and warn are coloured when they are not zero.
func bad(n int64) Cell {
	c := number(n)
	if n > 0 {
		c.Style = Bad
	}
	return c
}

func warn(n int64) Cell {
	c := number(n)
	if n > 0 {
		c.Style = Warn
	}
	return c
}

func (b *builder) controlCell(id assessment.ControlID) Cell {
	if _, ok := b.controls[id]; !ok {
		return text(string(id))
	}
	return link(string(id), controlAnchor(id))
}

func (b *builder) testCell(id assessment.TestID) Cell {
	if _, ok := b.tests[id]; !ok && !b.ipe[id] {
		return text(string(id))
	}
	return link(string(id), testAnchor(id))
}

// blobCell shows the digest of raw evidence and leads to its place in the index, where it stands in full.
func (b *builder) blobCell(d evidence.Digest) Cell {
	c := digest(d)
	if _, ok := b.blobs[d]; ok {
		c.Link = blobAnchor(d)
	} else if i, ok := b.records[d]; ok {
		c.Link = evidenceAnchor(i)
	}
	return c
}

// indexOf finds the record that d is, or that has d as a part.
func (b *builder) indexOf(d evidence.Digest) (int, bool) {
	if i, ok := b.records[d]; ok {
		return i, true
	}
	i, ok := b.blobs[d]
	return i, ok
}

func (b *builder) yesNo(yes bool) Cell {
	if yes {
		return text(b.t.Get("word.yes"))
	}
	return text(b.t.Get("word.no"))
}

// Columns, fields, tables.

func (b *builder) col(key string, width float64) Column {
	return Column{Title: b.t.Get(key), Width: width}
}

func (b *builder) numberCol(key string, width float64) Column {
	return Column{Title: b.t.Get(key), Width: width, Align: Right}
}

func (b *builder) field(key string, c Cell) Field { return Field{Label: b.t.Get(key), Value: c} }

// filled drops the fields that say nothing.
func filled(fields ...Field) Fields {
	return Fields{Items: slices.DeleteFunc(fields, func(f Field) bool {
		return f.Value.Kind != CellNumber && f.Value.Kind != CellOrdinal && f.Value.Text == "" && f.Value.Time.IsZero()
	})}
}

func (b *builder) para(key string, pairs ...string) Paragraph {
	return Paragraph{Text: b.t.Get(key, pairs...)}
}

func (b *builder) num(n int64) string { return FormatNumber(b.t.Language, n) }

// paged cuts a table to what is printed and says how many rows there are.
func paged(t Table) Table {
	if len(t.Rows) > pagedRows {
		t.Total = int64(len(t.Rows))
		t.Rows = t.Rows[:pagedRows]
	}
	return t
}
