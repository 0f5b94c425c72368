package reports

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"auditpack/evidence"
	"auditpack/reports/assessment"
	"auditpack/reports/assessment/sampling"
	"auditpack/templates"
)

// Sample builds the sheet on which an auditor ticks the items of a sample off: how it was drawn, and a row for each item with columns to
// fill in. A row of the population that is no JSON object is an error.
func Sample(s sampling.Sheet, t templates.Text) (Document, error) {
	b := newBuilder(assessment.Assessment{}, t)
	items, err := b.sampleItems(s)
	if err != nil {
		return Document{}, err
	}
	doc := Document{
		Title: t.Get("sample.title", "test", string(s.Population.Test)), Subtitle: b.in(s.Title), Language: t.Language, AsOf: s.Population.AsOf,
		Cover: b.sampleCover(s), Seal: t.Get("cover.not-sealed"), Footer: t.Get("cover.footer", "organization", s.Organization.Name), Labels: labels(t),
	}
	how := Section{ID: "sample-how", Title: t.Get("sample.how"), Blocks: []Block{b.para("sample.lead"), b.sampleDraw(s)}}
	if s.Plan.Stratify != "" {
		how.Blocks = append(how.Blocks, b.sampleStrata(s))
	}
	doc.Sections = []Section{
		{ID: "sample-test", Title: t.Get("sample.test"), Blocks: []Block{b.sampleTest(s)}},
		how,
		{ID: "sample-items", Title: t.Get("sample.items"), Sheet: t.Get("sheet.sample"), Blocks: []Block{items}},
	}
	return doc, nil
}

func (b *builder) sampleCover(s sampling.Sheet) []Field {
	kind := b.t.Get("sample.with-nonce")
	if s.SelfTest() {
		kind = b.t.Get("sample.self-test")
	}
	return filled(
		b.field("cover.organization", text(s.Organization.Name)),
		b.field("sample.kind", styled(kind, Strong)),
		b.field("cover.period", text(b.periodText(s.Population.Period))),
		b.field("cover.as-of", day(s.Population.AsOf)),
		b.field("word.population", number(s.Population.Rows)),
		b.field("sample.drawn", number(int64(len(s.Items)))),
	).Items
}

func (b *builder) sampleTest(s sampling.Sheet) Fields {
	return filled(
		b.field("word.test", text(string(s.Population.Test)+"  "+b.in(s.Title))),
		b.field("word.procedure", text(b.in(s.Procedure))),
		b.field("word.limits", text(b.in(s.Limits))),
		b.field("word.result", b.testStatusCell(s.Status)),
		b.field("word.reasons", text(b.reasonLines(s.Reasons))),
		b.field("cover.journal", text(b.t.Get("cover.entries", "n", b.num(s.Population.KnownEntries)))),
	)
}

func (b *builder) sampleDraw(s sampling.Sheet) Fields {
	fixed := b.t.Get("sample.not-fixed")
	if s.Fixed != nil {
		fixed = b.t.Get("sample.fixed-in", "entry", fmt.Sprint(s.Fixed.Entry), "time", formatTime(b.t.Language, s.Fixed.Time))
	}
	return filled(
		b.field("tests.population-root", styled(s.Population.Root, Code)),
		b.field("sample.fixed", text(fixed)),
		b.field("sample.nonce", styled(s.Nonce, Code)),
		b.field("sample.seed", styled(s.Seed, Code)),
		b.field("sample.method", text(b.sampleMethod(s.Plan.Method))),
		b.field("sample.strata", text(s.Plan.Stratify)),
		b.field("word.parameters", styled(parameterText(s.Population.Parameters, whole), Code)),
		b.field("tests.population-query", styled(s.Population.SQL, Code)),
	)
}

// sampleMethod says how items were chosen.
func (b *builder) sampleMethod(m sampling.Method) string {
	switch m {
	case sampling.Random:
		return b.t.Get("sample.random")
	case sampling.Systematic:
		return b.t.Get("sample.systematic")
	}
	return b.t.Get("sample.all")
}

func (b *builder) sampleStrata(s sampling.Sheet) Table {
	t := Table{
		ID: "sample-strata", Caption: b.t.Get("sample.strata-caption", "column", s.Plan.Stratify),
		Columns: []Column{b.col("sample.stratum", 4), b.numberCol("word.population", 1.2), b.numberCol("sample.drawn", 1.2)},
	}
	for _, x := range s.Strata {
		t.Rows = append(t.Rows, []Cell{text(x.Value), number(x.Rows), number(x.Size)})
	}
	return t
}

// sampleItems has the columns to fill in first, then those of the population.
func (b *builder) sampleItems(s sampling.Sheet) (Table, error) {
	t := Table{
		ID: "sample",
		Columns: []Column{
			b.numberCol("sample.line", 0.8), b.numberCol("sample.rank", 0.8),
			b.col("sample.agrees", 1.4), b.col("sample.reference", 2), b.col("sample.remark", 2.4), b.col("sample.by", 1.4), b.col("sample.on", 1.2),
		},
	}
	if s.Plan.Stratify != "" {
		t.Columns = append(t.Columns, b.col("sample.stratum", 1.6))
	}
	for _, c := range s.Columns {
		t.Columns = append(t.Columns, Column{Title: c.Name, Width: 2, Align: alignOf(c)})
	}
	t.Columns = append(t.Columns, b.col("sample.raw", 2))
	ticks := []string{b.t.Get("sample.tick-agrees"), b.t.Get("sample.tick-deviates"), b.t.Get("sample.tick-missing"), b.t.Get("sample.tick-na")}
	for _, it := range s.Items {
		row := []Cell{ordinal(it.Line), ordinal(it.Rank), input("", ticks...), input(""), input(""), input(""), input("")}
		if s.Plan.Stratify != "" {
			row = append(row, text(it.Stratum))
		}
		values, err := rowCells(s.Columns, it.Row)
		if err != nil {
			return Table{}, fmt.Errorf("write sample: row %d of the population: %w", it.Line, err)
		}
		t.Rows = append(t.Rows, append(append(row, values...), text(it.Raw)))
	}
	return t, nil
}

func alignOf(c sampling.Column) Align {
	switch c.Type {
	case "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER", "HUGEINT":
		return Right
	}
	return Left
}

// rowCells are the values of a row as typed cells. A number beyond 53 bits is a text in the row already, and stays one.
func rowCells(columns []sampling.Column, row []byte) ([]Cell, error) {
	dec := json.NewDecoder(bytes.NewReader(row))
	dec.UseNumber()
	var values map[string]any
	if err := dec.Decode(&values); err != nil {
		return nil, err
	}
	cells := make([]Cell, len(columns))
	for i, c := range columns {
		cells[i] = valueCell(c, values[c.Name])
	}
	return cells, nil
}

func valueCell(c sampling.Column, v any) Cell {
	switch v := v.(type) {
	case nil:
		return text("")
	case json.Number:
		n, err := v.Int64()
		switch {
		case err != nil:
			return text(v.String())
		case c.Name == "line":
			return ordinal(n)
		}
		return number(n)
	case string:
		at, err := time.Parse(time.RFC3339Nano, v)
		switch {
		case err == nil && c.Type == "DATE":
			return day(at)
		case err == nil && strings.HasPrefix(c.Type, "TIMESTAMP"):
			return instant(at)
		case c.Name == "evidence":
			return digest(evidence.Digest(v))
		}
		return text(v)
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = fmt.Sprint(item)
		}
		return text(strings.Join(parts, ", "))
	case bool:
		return text(fmt.Sprint(v))
	}
	b, err := json.Marshal(v)
	if err != nil {
		return text(fmt.Sprint(v))
	}
	return text(string(b))
}
