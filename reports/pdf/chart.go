package pdf

import (
	"strconv"

	"auditpack/reports"
)

// Geometry of a chart in millimetres.
const (
	barHeight     = 6.0
	barGap        = 2.6
	barLabelWidth = 52.0
	barTotalWidth = 12.0
)

func (l *layout) barLabels(b reports.Bar) []string {
	return l.fonts.wrap(b.Label, tableText, barLabelWidth-3)
}

func (l *layout) barRow(b reports.Bar) float64 {
	return max(barHeight, float64(len(l.barLabels(b)))*tableText.lineHeight()) + barGap
}

func (l *layout) chartHeight(c reports.Chart) float64 {
	height := captionText.lineHeight() + 8
	for _, b := range c.Bars {
		height += l.barRow(b)
	}
	return min(height, 120)
}

// chart draws stacked bars of counts, all to one scale, with the numbers in them.
func (l *layout) chart(c reports.Chart) {
	if len(c.Bars) == 0 {
		return
	}
	longest := int64(1)
	for _, b := range c.Bars {
		longest = max(longest, total(b))
	}
	l.need(l.chartHeight(c))
	l.lines(marginLeft, l.fonts.wrap(c.Title, captionText, contentWidth), captionText)
	l.y += 1.2
	l.legend(c.Bars[0])
	for _, b := range c.Bars {
		l.need(l.barRow(b))
		l.bar(b, longest)
	}
}

func total(b reports.Bar) int64 {
	var n int64
	for _, p := range b.Parts {
		n += p.Value
	}
	return n
}

// legend names the parts; two parts of one style differ by stripes.
func (l *layout) legend(b reports.Bar) {
	x := marginLeft
	p := l.page()
	for i, part := range b.Parts {
		label := l.fonts.visible(part.Label)
		width := 5.2 + l.fonts.measure(label, tableText) + 5
		if x+width > marginLeft+contentWidth && x > marginLeft {
			x = marginLeft
			l.y += tableText.lineHeight() + 1
		}
		l.segment(p, x, l.y+0.2, 3.6, 2.8, b.Parts, i)
		p.text(x+5.2, l.y, label, tableText)
		x += width
	}
	l.y += tableText.lineHeight() + 2.4
}

func (l *layout) segment(p *sheet, x, y, w, h float64, parts []reports.BarPart, i int) {
	t, ok := toneOf(parts[i].Style)
	if !ok {
		t.bar = navy
	}
	p.fill(x, y, w, h, t.bar)
	for _, before := range parts[:i] {
		if before.Style == parts[i].Style {
			for stripe := x + 0.8; stripe < x+w-0.3; stripe += 1.2 {
				p.fill(stripe, y, 0.35, h, color{130, 142, 158})
			}
			return
		}
	}
}

func (l *layout) bar(b reports.Bar, longest int64) {
	p := l.page()
	labels := l.barLabels(b)
	row := l.barRow(b) - barGap
	for i, line := range labels {
		y := l.y + (row-float64(len(labels))*tableText.lineHeight())/2 + float64(i)*tableText.lineHeight()
		p.text(marginLeft, y, line, tableText)
	}
	scale := (contentWidth - barLabelWidth - barTotalWidth) / float64(longest)
	x, y := marginLeft+barLabelWidth, l.y+(row-barHeight)/2
	number := textStyle{bold, 7, white}
	for i, part := range b.Parts {
		if part.Value <= 0 {
			continue
		}
		w := float64(part.Value) * scale
		l.segment(p, x, y, max(w-0.25, 0.2), barHeight, b.Parts, i)
		label := strconv.FormatInt(part.Value, 10)
		number.color = white
		if t, ok := toneOf(part.Style); ok && t.bar.light() {
			number.color = ink
		}
		if lw := l.fonts.measure(label, number); lw+1 < w {
			if number.color == ink { // stripes and light grounds: a quiet patch under the figure
				t, _ := toneOf(part.Style)
				p.fill(x+(w-lw)/2-0.5, y+1.2, lw+1, barHeight-2.4, t.bar)
			}
			p.text(x+(w-lw)/2, y+(barHeight-number.lineHeight())/2+0.2, label, number)
		}
		x += w
	}
	p.text(x+1.5, y+(barHeight-tableHead.lineHeight())/2+0.2, reports.FormatNumber(l.d.Language, total(b)), tableHead)
	l.y += row + barGap
}

// light says whether dark text reads better on c.
func (c color) light() bool { return 299*c.r+587*c.g+114*c.b > 140_000 }
