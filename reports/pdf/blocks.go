package pdf

import (
	"strconv"
	"strings"

	"auditpack/reports"
)

// layout turns a Document into pages.
type layout struct {
	*flow
	d reports.Document
}

// sections lays out the sections that a paged format shows.
func (l *layout) sections(sections []reports.Section, level int) {
	number := 0
	for _, s := range sections {
		if s.For == reports.Spreadsheet {
			continue
		}
		number++
		title := s.Title
		if level == 1 {
			title = strconv.Itoa(number) + "  " + title
		}
		l.section(s, title, level)
	}
}

func (l *layout) section(s reports.Section, title string, level int) {
	style := headings[min(level, len(headings))-1]
	if s.Compact {
		style = compactText
	}
	if s.NewPage && !l.fresh() {
		l.newPage()
	}
	before := []float64{8, 7, 5, 4}[min(level, 4)-1]
	lines := l.fonts.wrap(title, style, contentWidth)
	height := float64(len(lines)) * style.lineHeight()
	l.skip(before)
	l.need(height + 2 + l.least(s))
	l.mark(s.ID)
	l.entries = append(l.entries, entry{level, strings.Join(strings.Fields(l.fonts.visible(title)), " "), l.places[s.ID], s.Unlisted})
	l.lines(marginLeft, lines, style)
	if level == 1 {
		l.page().fill(marginLeft, l.y+0.8, contentWidth, 0.5, navy)
		l.y += 2
	}
	l.y += 1.5
	for i, b := range s.Blocks {
		if i > 0 {
			l.skip(2.6)
		}
		if p, ok := b.(reports.Paragraph); ok && len(p.Text) < shortLead && i+1 < len(s.Blocks) {
			rest := s
			rest.Blocks = s.Blocks[i:]
			l.need(l.least(rest))
		}
		l.block(b)
	}
	l.sections(s.Sections, level+1)
}

// shortLead is the length in bytes up to which a paragraph leads to what follows it, and stays with it on one page.
const shortLead = 300

// least is the height that must fit under a heading, so that none stands alone at the end of a page.
func (l *layout) least(s reports.Section) float64 {
	if len(s.Blocks) == 0 {
		for _, sub := range s.Sections {
			if sub.For != reports.Spreadsheet {
				return 14 + l.least(sub)
			}
		}
		return 0
	}
	switch v := s.Blocks[0].(type) {
	case reports.Table:
		t := l.newTable(v)
		height := t.captionHeight() + t.headHeight
		if len(t.rows) > 0 {
			height += min(t.rows[0].height, 40)
		}
		return height
	case reports.Fields:
		return min(l.fieldsHeight(v.Items, len(v.Items)), 48) // a short list is not torn apart
	case reports.Chart:
		return l.chartHeight(v)
	case reports.SignOff:
		return 40
	case reports.Paragraph:
		style, lines := paragraphStyle(v.Style), 2
		if v.Style == reports.Code {
			lines = 14
		}
		height := float64(min(lines, len(l.fonts.wrap(v.Text, style, contentWidth-4)))) * style.lineHeight()
		if v.Style != reports.Code && len(v.Text) < shortLead { // a lead sentence stays with what it leads to
			rest := s
			rest.Blocks = s.Blocks[1:]
			height += 2.6 + l.least(rest)
		}
		return height
	}
	return 0
}

func (l *layout) block(b reports.Block) {
	switch v := b.(type) {
	case reports.Paragraph:
		l.paragraph(v)
	case reports.Fields:
		l.fields(v.Items)
	case reports.Table:
		l.table(v)
	case reports.Chart:
		l.chart(v)
	case reports.SignOff:
		l.signOff(v)
	}
}

func paragraphStyle(s reports.Style) textStyle {
	switch s {
	case reports.Note:
		return noteText
	case reports.Strong:
		return strongText
	case reports.Code:
		return codeText
	}
	if t, ok := toneOf(s); ok {
		return textStyle{bodyText.face, bodyText.size, t.text}
	}
	return bodyText
}

func (l *layout) paragraph(p reports.Paragraph) {
	style := paragraphStyle(p.Style)
	if p.Style == reports.Code {
		l.code(p.Text)
	} else {
		l.lines(marginLeft, l.fonts.wrap(p.Text, style, contentWidth), style)
	}
	if len(p.Basis) > 0 {
		short := make([]string, len(p.Basis))
		for i, d := range p.Basis {
			short[i] = reports.ShortDigest(string(d))
		}
		l.y += 0.5
		l.lines(marginLeft, l.fonts.wrap(l.d.Labels.Evidence+" "+strings.Join(short, ", "), noteText, contentWidth), noteText)
	}
}

// code writes lines of fixed width on a grey ground that goes on over page breaks.
func (l *layout) code(s string) {
	const pad = 2.0
	height := codeText.lineHeight()
	lines := l.fonts.wrap(s, codeText, contentWidth-2*pad)
	for i, line := range lines {
		top, end := 0.0, 0.0
		if i == 0 {
			top = pad
			l.need(pad + float64(min(3, len(lines)))*height + pad)
		}
		if i == len(lines)-1 {
			end = pad
		}
		if l.room() < height+end {
			l.newPage()
			top = pad
		}
		p := l.page()
		p.fill(marginLeft, l.y, contentWidth, top+height+end+0.05, codeFill)
		p.text(marginLeft+pad, l.y+top, line, codeText)
		l.y += top + height + end
	}
}

// fieldLabelWidth is the share of a list of fields that labels take.
const fieldLabelWidth = 42.0

func (l *layout) fieldStyle(c reports.Cell) textStyle {
	style := valueText
	if c.Style == reports.Code || c.Kind == reports.CellDigest {
		style = textStyle{mono, 7.5, ink}
	}
	if c.Style == reports.Strong {
		style.face = bold
	}
	if c.Link != "" {
		style.color = blue
	}
	if t, ok := toneOf(c.Style); ok {
		style = textStyle{bold, style.size, t.text}
	}
	return style
}

func (l *layout) fieldsHeight(items []reports.Field, n int) float64 {
	height := 0.0
	for _, f := range items[:min(n, len(items))] {
		height += l.fieldHeight(f)
	}
	return height
}

func (l *layout) fieldHeight(f reports.Field) float64 {
	style := l.fieldStyle(f.Value)
	n := len(l.fonts.wrap(reports.FormatCell(l.d.Language, f.Value), style, contentWidth-fieldLabelWidth))
	labels := len(l.fonts.wrap(f.Label, labelText, fieldLabelWidth-3))
	return max(float64(n)*style.lineHeight(), float64(labels)*labelText.lineHeight()) + 1.1
}

// fields writes labels in a narrow column and values beside them.
func (l *layout) fields(items []reports.Field) {
	for _, f := range items {
		style := l.fieldStyle(f.Value)
		lines := l.fonts.wrap(reports.FormatCell(l.d.Language, f.Value), style, contentWidth-fieldLabelWidth)
		labels := l.fonts.wrap(f.Label, labelText, fieldLabelWidth-3)
		l.need(min(l.fieldHeight(f), 4*style.lineHeight()))
		l.mark(f.Value.Anchor)
		x := marginLeft + fieldLabelWidth
		for i, label := range labels {
			l.page().text(marginLeft, l.y+float64(i)*labelText.lineHeight(), label, labelText)
		}
		labelled := l.y + float64(len(labels))*labelText.lineHeight()
		startPage := len(l.pages)
		for i, line := range lines {
			l.need(style.lineHeight())
			width := l.fonts.measure(line, style)
			if t, ok := toneOf(f.Value.Style); ok && line != "" {
				l.page().fill(x-1, l.y-0.25, width+2, style.lineHeight()+0.1, t.badge)
			}
			if f.Value.Link != "" {
				l.page().jumps = append(l.page().jumps, jump{x, l.y, width, style.lineHeight(), f.Value.Link})
			}
			l.page().text(x, l.y, line, style)
			l.y += style.lineHeight()
			if i == len(lines)-1 {
				l.y += 1.1
			}
		}
		if len(l.pages) == startPage {
			l.y = max(l.y, labelled+1.1)
		}
	}
}

// signOff draws a row for each person, with room for a hand.
func (l *layout) signOff(s reports.SignOff) {
	widths := []float64{44, 44, 30, contentWidth - 118}
	const rowHeight = 14.0
	head := func() {
		p := l.page()
		p.fill(marginLeft, l.y, contentWidth, 6, headFill)
		x := marginLeft
		for i, c := range s.Columns[:min(len(s.Columns), len(widths))] {
			p.text(x+1.5, l.y+1.4, strings.Join(l.fonts.wrap(c, tableHead, 1e6), " "), tableHead)
			x += widths[i]
		}
		l.y += 6
	}
	l.need(6 + rowHeight)
	head()
	for _, r := range s.Rows {
		role := l.fonts.wrap(r.Role, valueText, widths[0]-3)
		name := l.fonts.wrap(r.Name, valueText, widths[1]-3)
		height := max(rowHeight, float64(max(len(role), len(name)))*valueText.lineHeight()+4)
		if l.room() < height {
			l.newPage()
			head()
		}
		p := l.page()
		for i, line := range role {
			p.text(marginLeft+1.5, l.y+2+float64(i)*valueText.lineHeight(), line, valueText)
		}
		for i, line := range name {
			p.text(marginLeft+widths[0]+1.5, l.y+2+float64(i)*valueText.lineHeight(), line, valueText)
		}
		x := marginLeft
		for i, w := range widths {
			if i > 0 {
				p.fill(x+1, l.y+height-2.2, w-3, 0.2, grey)
			}
			x += w
		}
		l.y += height
		p.fill(marginLeft, l.y, contentWidth, 0.15, rule)
	}
}
