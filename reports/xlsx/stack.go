package xlsx

import (
	"fmt"

	"auditpack/reports"
)

func (b *book) stackWidths(s *sheet) {
	s.widths = []float64{stackedFirst}
	for range stacked - 1 {
		s.widths = append(s.widths, stackedOther)
	}
}

// overview is the first sheet: cover, list of sheets, and the blocks that the document puts here.
func (b *book) overview(s *sheet, p *pile) {
	b.stackWidths(s)
	s.add(cell{value: printable(b.d.Title), look: look{role: title}})
	s.add(cell{value: printable(b.d.Subtitle), look: look{role: subtitle}})
	s.add()
	b.fields(s, b.d.Cover)
	if b.d.Seal != "" {
		b.fields(s, []reports.Field{{Label: b.d.Labels.Seal, Value: reports.Cell{Text: b.d.Seal, Style: reports.Code}}})
	}
	b.stack(s, p.items, false)
	if len(b.sheets) > 1 {
		s.add()
		s.add(cell{value: printable(b.d.Labels.Sheets), look: look{role: heading}})
		for _, other := range b.sheets[1:] {
			id := "\x00sheet " + other.name
			b.point(id, location(other.name, 1))
			s.add(cell{value: other.name, look: look{role: back}, link: id}, cell{value: printable(other.title), look: look{role: subtitle}})
		}
	}
	b.point("\x00first", location(s.name, 1))
}

// stack writes blocks under each other; skipFirst leaves the first heading out, which is the sheet's title.
func (b *book) stack(s *sheet, items []item, skipFirst bool) {
	for i, it := range items {
		if it.section != nil {
			b.point(it.section.ID, s.target(len(s.rows)+1))
			if i == 0 && skipFirst {
				continue
			}
			s.add()
			s.add(cell{value: printable(it.section.Title), look: look{role: heading}})
			continue
		}
		switch v := it.block.(type) {
		case reports.Paragraph:
			b.prose(s, b.proseText(v), v.Style)
		case reports.Fields:
			b.fields(s, v.Items)
		case reports.Table:
			s.add()
			if v.Caption != "" {
				s.add(cell{value: printable(v.Caption), look: look{role: caption}})
			}
			b.stackedTable(s, v)
		case reports.Chart:
			b.chart(s, v)
		case reports.SignOff:
			b.signOff(s, v)
		}
	}
}

// merge makes one cell of a row's cells from one column to the last of the stack, and gives the row the height that its text
// needs there.
func (b *book) merge(s *sheet, n, from int, text string) {
	s.merges = append(s.merges, [2]string{fmt.Sprintf("%s%d", column(from), n), fmt.Sprintf("%s%d", column(stacked), n)})
	width := 0.0
	for _, w := range s.widths[from-1 : stacked] {
		width += w
	}
	s.rows[n-1].height = max(s.rows[n-1].height, heightOf(text, width))
}

func (b *book) prose(s *sheet, text string, style reports.Style) {
	// A row is at most 409 points high: a longer text takes several rows.
	size := min(b.limits.chars, 2500)
	for _, part := range chunks(text, size) {
		n := s.add(cell{value: part, look: look{role: prose, tone: style}})
		b.merge(s, n, 1, part)
	}
}

func (b *book) fields(s *sheet, items []reports.Field) {
	for _, f := range items {
		parts := b.parts(f.Value, value)
		for i, part := range parts {
			name := cell{value: printable(f.Label), look: look{role: label}}
			if i > 0 {
				name.value = "↳ " + b.d.Labels.Continued
			}
			n := s.add(name, part)
			if i == 0 {
				b.point(f.Value.Anchor, s.target(n))
			}
			text, _ := part.value.(string)
			b.merge(s, n, 2, text)
			s.rows[n-1].height = max(s.rows[n-1].height, heightOf(fmt.Sprint(name.value), s.widths[0]))
		}
	}
}

// stackedTable writes a table between other blocks. Its last column takes the rest of the stack's width.
func (b *book) stackedTable(s *sheet, t reports.Table) {
	from := len(s.rows)
	b.tableRows(s, t, false)
	n := len(t.Columns)
	if n == 0 || n >= stacked || len(t.Rows) == 0 || t.Columns[n-1].Align == reports.Right {
		return
	}
	for i := from; i < len(s.rows); i++ {
		text, _ := s.rows[i].cells[n-1].value.(string)
		k := s.rows[i].cells[n-1].look
		for len(s.rows[i].cells) < stacked {
			s.rows[i].cells = append(s.rows[i].cells, cell{look: look{role: k.role}})
		}
		for col := range n - 1 {
			if other, ok := s.rows[i].cells[col].value.(string); ok {
				s.rows[i].height = max(s.rows[i].height, heightOf(other, s.widths[min(col, len(s.widths)-1)]))
			}
		}
		b.merge(s, i+1, n, text)
	}
}

// chart leaves room for the drawing, which floats above the cells.
func (b *book) chart(s *sheet, c reports.Chart) {
	if len(c.Bars) == 0 {
		return
	}
	s.add()
	s.add(cell{value: printable(c.Title), look: look{role: caption}})
	s.charts = append(s.charts, chart{row: len(s.rows) + 1, data: c})
	for range chartRows(c) {
		s.add()
	}
}

// chartRows is how many rows of 15 points a chart covers.
func chartRows(c reports.Chart) int { return 6 + 2*len(c.Bars) }

// signOff gives each person a row of input cells.
func (b *book) signOff(s *sheet, v reports.SignOff) {
	s.add()
	var head []cell
	for _, c := range v.Columns {
		head = append(head, cell{value: printable(c), look: look{role: header}})
	}
	s.add(head...)
	for _, r := range v.Rows {
		cells := b.parts(reports.Cell{Text: r.Role}, body)[:1]
		cells = append(cells, b.parts(reports.Cell{Kind: reports.CellInput, Text: r.Name}, body)[0])
		for len(cells) < len(v.Columns) {
			cells = append(cells, cell{look: look{role: signature, kind: reports.CellInput}})
		}
		n := s.add(cells...)
		s.rows[n-1].height = 30
	}
}
