package pdf

import (
	"fmt"
	"strings"

	"auditpack/reports"
)

// cover lays the first page out. A cover with more fields than a page holds goes on over more pages.
func (l *layout) cover() {
	l.newPage()
	p := l.page()
	p.fill(0, 0, pageWidth, 9, navy)
	l.y = 50
	title := textStyle{bold, 25, navy}
	l.lines(marginLeft, l.fonts.wrap(l.d.Title, title, contentWidth), title)
	l.y += 2
	subtitle := textStyle{regular, 12.5, grey}
	l.lines(marginLeft, l.fonts.wrap(l.d.Subtitle, subtitle, contentWidth), subtitle)
	l.y += 6
	l.page().fill(marginLeft, l.y, 30, 0.9, navy)
	l.y += 9
	for _, f := range l.d.Cover {
		l.fields([]reports.Field{f})
		l.y += 1.2
	}
	if l.d.Seal != "" {
		l.y += 6
		l.seal()
	}
}

// seal prints the fingerprint in full: the reader compares it with one that came another way.
func (l *layout) seal() {
	label := textStyle{bold, 8.5, navy}
	value := textStyle{mono, 8, ink}
	lines := l.fonts.wrap(l.d.Seal, value, contentWidth-8)
	height := label.lineHeight() + float64(len(lines))*value.lineHeight() + 7
	l.need(height)
	p := l.page()
	p.fill(marginLeft, l.y, contentWidth, height, codeFill)
	p.fill(marginLeft, l.y, 1, height, navy)
	l.y += 3
	p.text(marginLeft+4, l.y, l.fonts.visible(l.d.Labels.Seal), label)
	l.y += label.lineHeight() + 0.8
	for _, line := range lines {
		p.text(marginLeft+4, l.y, line, value)
		l.y += value.lineHeight()
	}
	l.y += 3
}

// contents lists headings of two levels with their page numbers; offset is how many pages stand before the first page of the
// body.
func (l *layout) contents(entries []entry, offset int) {
	if len(entries) == 0 {
		return
	}
	l.newPage()
	style := headings[0]
	l.lines(marginLeft, l.fonts.wrap(l.d.Labels.Contents, style, contentWidth), style)
	l.page().fill(marginLeft, l.y+0.8, contentWidth, 0.5, navy)
	l.y += 5
	for i, e := range entries {
		if e.level > 2 || e.unlisted {
			continue
		}
		l.contentsLine(e, i, offset)
	}
}

func (l *layout) contentsLine(e entry, index, offset int) {
	style, indent := textStyle{bold, 9.5, ink}, 0.0
	if e.level == 2 {
		style, indent = textStyle{regular, 8.5, ink}, 6
	} else {
		l.skip(1.6)
	}
	const numberWidth = 14.0
	lines := l.fonts.wrap(e.title, style, contentWidth-indent-numberWidth)
	height := float64(len(lines)) * style.lineHeight()
	l.need(height + 0.5)
	p := l.page()
	p.jumps = append(p.jumps, jump{marginLeft, l.y, contentWidth, height, entryTarget(index)})
	for i, line := range lines {
		p.text(marginLeft+indent, l.y, line, style)
		if i < len(lines)-1 {
			l.y += style.lineHeight()
		}
	}
	number := fmt.Sprint(e.at.page + offset + 1)
	right := marginLeft + contentWidth
	numberStyle := textStyle{style.face, style.size, ink}
	width := l.fonts.measure(number, numberStyle)
	from := marginLeft + indent + l.fonts.measure(lines[len(lines)-1], style) + 1.5
	p.fill(from, l.y+style.lineHeight()*0.74, right-width-1.5-from, 0.12, rule)
	p.text(right-width, l.y, number, numberStyle)
	l.y += style.lineHeight() + 0.5
}

// entryTarget names the heading of an entry as the target of a link.
func entryTarget(index int) string { return fmt.Sprintf("\x00entry-%d", index) }

// furnish writes header and footer on every page but the first, which has a footer only.
func furnish(f *fonts, d reports.Document, pages []*sheet) {
	right := marginLeft + contentWidth
	title := f.cutTo(strings.Join(strings.Fields(f.visible(d.Title)), " "), furniture, contentWidth-40)
	date := reports.FormatDate(d.Language, d.AsOf)
	seal := f.visible(d.Seal)
	if len(seal) > 30 {
		seal = f.cutTo(seal, furniture, 46)
	}
	foot := f.cutTo(strings.Join(strings.Fields(f.visible(d.Footer)), " "), furniture, 78)
	for i, p := range pages {
		if i > 0 {
			p.text(marginLeft, 12, title, furniture)
			p.text(right-f.measure(date, furniture), 12, date, furniture)
			p.fill(marginLeft, 16.2, contentWidth, 0.15, rule)
		}
		y := pageHeight - 14.0
		p.fill(marginLeft, y-1.8, contentWidth, 0.15, rule)
		p.text(marginLeft, y, foot, furniture)
		p.text(marginLeft+82, y, seal, furniture)
		number := fmt.Sprintf("%s %d %s %d", f.visible(d.Labels.Page), i+1, f.visible(d.Labels.Of), len(pages))
		p.text(right-f.measure(number, furniture), y, number, furniture)
	}
}

// cutTo shortens a line of the page's furniture; what it says stands in full elsewhere.
func (f *fonts) cutTo(s string, style textStyle, width float64) string {
	if f.measure(s, style) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && f.measure(string(runes)+"…", style) > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
