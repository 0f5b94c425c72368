package pdf

import (
	"math"
	"strings"

	"auditpack/reports"
)

// Inner spacing of table cells in millimetres.
const (
	cellPadX = 1.3
	cellPadY = 1.0
)

// wideWord is the width up to which the words of cells widen a column; longer ones are broken.
const wideWord = 26.0

// grid is a table with widths and wrapped text.
type grid struct {
	l          *layout
	t          reports.Table
	widths     []float64
	head       [][]string
	headHeight float64
	rows       []gridRow
}

type gridRow struct {
	cells  []gridCell
	height float64
}

type gridCell struct {
	reports.Cell
	lines []string
	style textStyle
}

// newTable measures t.
func (l *layout) newTable(t reports.Table) *grid {
	g := &grid{l: l, t: t}
	g.setWidths()
	for i, c := range t.Columns {
		lines := l.fonts.wrap(c.Title, tableHead, g.inner(i))
		g.head = append(g.head, lines)
		g.headHeight = max(g.headHeight, float64(len(lines))*tableHead.lineHeight()+2*cellPadY)
	}
	for _, row := range t.Rows {
		g.rows = append(g.rows, g.row(row))
	}
	return g
}

func (g *grid) inner(column int) float64 { return max(1, g.widths[column]-2*cellPadX) }

// setWidths shares the width out by the weights of the columns. Each column has room for its longest word first, as far as
// that is possible, and takes no more than its longest line while others have to wrap.
func (g *grid) setWidths() {
	n := len(g.t.Columns)
	least, most := make([]float64, n), make([]float64, n)
	for limit := wideWord; limit >= 8; limit -= 2.5 {
		sum := 0.0
		for i := range n {
			least[i], most[i] = g.bounds(i, limit)
			sum += least[i]
		}
		if sum <= contentWidth {
			break
		}
		if limit-2.5 < 8 { // too many columns for their words: all give way alike
			for i := range least {
				least[i] *= contentWidth / sum
			}
		}
	}
	g.widths = share(g.t.Columns, least, most)
}

// bounds are the width that a column needs so that no word of at most limit millimetres is broken, and the width that its longest
// line would like.
func (g *grid) bounds(i int, limit float64) (least, most float64) {
	f := g.l.fonts
	title := g.t.Columns[i].Title
	least, most = min(f.longestWord(title, tableHead), max(limit, 14)), f.measure(f.visible(title), tableHead)
	for _, row := range g.t.Rows {
		if i >= len(row) {
			continue
		}
		c := row[i]
		text, style := g.cellText(c), g.cellStyle(c)
		if c.Kind == reports.CellInput {
			text = strings.Join(append([]string{c.Text}, c.Choices...), "\n")
			most = max(most, 24)
		}
		word := f.longestWord(text, style)
		if word > limit {
			word = min(limit, f.longestPiece(text, style))
		}
		least = max(least, word)
		for line := range strings.SplitSeq(f.visible(text), "\n") {
			most = max(most, f.measure(line, style))
		}
	}
	const margin = 2*cellPadX + 0.2
	return least + margin, most + margin + 0.5
}

// share gives columns their share of the page by weight, not less than least, and not more than most as long as another
// column can use the difference.
func share(columns []reports.Column, least, most []float64) []float64 {
	widths := make([]float64, len(columns))
	fixed := make([]bool, len(columns))
	left := func() (room, weights float64) {
		room = contentWidth
		for i, c := range columns {
			if fixed[i] {
				room -= widths[i]
			} else {
				weights += max(c.Width, 0.01)
			}
		}
		return room, weights
	}
	fix := func(wrong func(i int, width float64) (float64, bool)) bool {
		room, weights := left()
		again := false
		for i, c := range columns {
			if fixed[i] {
				continue
			}
			widths[i] = room * max(c.Width, 0.01) / weights
			if width, bad := wrong(i, widths[i]); bad {
				widths[i], fixed[i], again = width, true, true
			}
		}
		return again
	}
	for fix(func(i int, w float64) (float64, bool) { return least[i], w < least[i]-1e-9 }) {
	}
	// What some columns have too much of goes to those that wrap.
	wanting := 0.0
	for i := range widths {
		wanting += max(0, most[i]-widths[i])
	}
	if wanting <= 0 {
		return widths
	}
	spare := 0.0
	for i := range widths {
		if surplus := widths[i] - max(most[i], least[i]); surplus > 0 {
			take := surplus
			widths[i] -= take
			spare += take
		}
	}
	weights := 0.0
	for _, c := range columns {
		weights += max(c.Width, 0.01)
	}
	for i, c := range columns {
		widths[i] += max(0, most[i]-widths[i]) * min(1, spare/wanting)
		widths[i] += max(0, spare-wanting) * max(c.Width, 0.01) / weights // more than anybody needs: to all alike
	}
	return stretch(widths)
}

// stretch makes up for rounding: the columns fill the page.
func stretch(widths []float64) []float64 {
	sum := 0.0
	for _, w := range widths {
		sum += w
	}
	for i := range widths {
		widths[i] *= contentWidth / sum
	}
	return widths
}

func (g *grid) cellText(c reports.Cell) string {
	if c.Kind == reports.CellDigest {
		return reports.ShortDigest(c.Text)
	}
	return reports.FormatCell(g.l.d.Language, c)
}

func (g *grid) cellStyle(c reports.Cell) textStyle {
	style := tableText
	if c.Style == reports.Code || c.Kind == reports.CellDigest {
		style = tableCode
	}
	if c.Style == reports.Strong {
		style.face = bold
	}
	if c.Style == reports.Note {
		style.color = grey
	}
	if c.Link != "" {
		style.color = blue
	}
	if t, ok := toneOf(c.Style); ok {
		style = textStyle{bold, style.size, t.text}
	}
	return style
}

func (g *grid) row(cells []reports.Cell) gridRow {
	r := gridRow{}
	for i := range g.t.Columns {
		var c reports.Cell
		if i < len(cells) {
			c = cells[i]
		}
		style := g.cellStyle(c)
		cell := gridCell{Cell: c, style: style, lines: g.l.fonts.wrap(g.cellText(c), style, g.inner(i))}
		if c.Kind == reports.CellInput {
			cell.lines = g.inputLines(c, i)
		}
		r.cells = append(r.cells, cell)
		r.height = max(r.height, cell.height())
	}
	return r
}

func (c gridCell) height() float64 { return float64(len(c.lines))*c.style.lineHeight() + 2*cellPadY }

// inputLines are what is filled in so far and the choices, each a line with a box to tick.
func (g *grid) inputLines(c reports.Cell, column int) []string {
	var lines []string
	if c.Text != "" {
		lines = g.l.fonts.wrap(c.Text, tableText, g.inner(column))
	}
	for _, choice := range c.Choices {
		for i, line := range g.l.fonts.wrap(choice, tableText, g.inner(column)-3.2) {
			if i == 0 {
				line = tick + line
			} else {
				line = noTick + line
			}
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		lines = []string{"", "", ""}
	}
	return lines
}

// Marks of lines of choices; they are drawn, never printed.
const (
	tick   = "\x01"
	noTick = "\x02"
)

func (g *grid) captionHeight() float64 {
	if g.t.Caption == "" {
		return 0
	}
	return float64(len(g.l.fonts.wrap(g.t.Caption, captionText, contentWidth)))*captionText.lineHeight() + 0.8
}

// table draws a table; its header stands again on each page.
func (l *layout) table(t reports.Table) {
	if len(t.Columns) == 0 {
		return
	}
	g := l.newTable(t)
	first := valueText.lineHeight() + 2*cellPadY
	if len(g.rows) > 0 {
		first = min(g.rows[0].height, 45)
	}
	l.need(g.captionHeight() + g.headHeight + first)
	if t.Caption != "" {
		l.lines(marginLeft, l.fonts.wrap(t.Caption, captionText, contentWidth), captionText)
		l.y += 0.8
	}
	g.drawHead()
	if len(g.rows) == 0 {
		l.lines(marginLeft+cellPadX, l.fonts.wrap(" "+t.Empty, noteText, contentWidth-2*cellPadX), noteText)
		return
	}
	for _, r := range g.rows {
		g.draw(r)
	}
	if t.Total > int64(len(t.Rows)) {
		l.y += 1
		l.lines(marginLeft, l.fonts.wrap(reports.ShownText(l.d, int64(len(t.Rows)), t.Total), noteText, contentWidth), noteText)
	}
}

func (g *grid) drawHead() {
	l := g.l
	p := l.page()
	p.fill(marginLeft, l.y, contentWidth, g.headHeight, headFill)
	x := marginLeft
	for i, lines := range g.head {
		for n, line := range lines {
			y := l.y + g.headHeight - cellPadY - float64(len(lines)-n)*tableHead.lineHeight()
			p.text(g.aligned(i, x, line, tableHead), y, line, tableHead)
		}
		x += g.widths[i]
	}
	l.y += g.headHeight
	p.fill(marginLeft, l.y, contentWidth, 0.3, navy)
	l.y += 0.3
}

func (g *grid) aligned(column int, x float64, line string, style textStyle) float64 {
	if g.t.Columns[column].Align == reports.Right {
		return x + g.widths[column] - cellPadX - g.l.fonts.measure(line, style)
	}
	return x + cellPadX
}

// draw puts a row on the page, on the next one if that keeps it whole, and cuts one that is longer than most of a page.
func (g *grid) draw(r gridRow) {
	l := g.l
	full := bottom - marginTop - g.headHeight
	if l.room() < r.height && r.height <= 0.62*full {
		l.newPage()
		g.drawHead()
	}
	for {
		if l.room() >= r.height {
			g.drawPart(r)
			return
		}
		fits := int(math.Floor((l.room() - 2*cellPadY) / tableText.lineHeight()))
		if fits < 4 {
			l.newPage()
			g.drawHead()
			continue
		}
		head, rest := g.cut(r, l.room())
		g.drawPart(head)
		r = rest
		l.newPage()
		g.drawHead()
	}
}

// cut divides the lines of a row at a height.
func (g *grid) cut(r gridRow, height float64) (head, rest gridRow) {
	for _, c := range r.cells {
		n := min(len(c.lines), max(0, int((height-2*cellPadY)/c.style.lineHeight())))
		first, second := c, c
		first.lines, second.lines = c.lines[:n], c.lines[n:]
		second.Anchor = ""
		head.cells, rest.cells = append(head.cells, first), append(rest.cells, second)
		head.height, rest.height = max(head.height, first.height()), max(rest.height, second.height())
	}
	return head, rest
}

func (g *grid) drawPart(r gridRow) {
	l := g.l
	p := l.page()
	x := marginLeft
	for i, c := range r.cells {
		l.mark(c.Anchor)
		g.drawCell(p, i, x, r.height, c)
		x += g.widths[i]
	}
	l.y += r.height
	p.fill(marginLeft, l.y-0.08, contentWidth, 0.15, rule)
}

func (g *grid) drawCell(p *sheet, column int, x, height float64, c gridCell) {
	y := g.l.y + cellPadY
	if c.Kind == reports.CellInput {
		p.fill(x+0.4, g.l.y+0.4, g.widths[column]-0.8, height-0.8, inputFill)
	}
	badge, isBadge := toneOf(c.Style)
	if isBadge && c.Kind == reports.CellText && len(c.lines) > 0 && c.Text != "" {
		widest := 0.0
		for _, line := range c.lines {
			widest = max(widest, g.l.fonts.measure(line, c.style))
		}
		p.fill(x+cellPadX-0.9, y-0.3, widest+1.8, float64(len(c.lines))*c.style.lineHeight()+0.4, badge.badge)
	}
	for _, line := range c.lines {
		left := x
		switch {
		case len(line) > 0 && line[:1] == tick:
			p.frame(x+cellPadX, y+0.45, 2, 2, 0.18, grey)
			line, left = line[1:], x+3.2
		case len(line) > 0 && line[:1] == noTick:
			line, left = line[1:], x+3.2
		}
		at := g.aligned(column, left, line, c.style)
		p.text(at, y, line, c.style)
		if c.Link != "" && line != "" {
			p.jumps = append(p.jumps, jump{at, y, g.l.fonts.measure(line, c.style), c.style.lineHeight(), c.Link})
		}
		y += c.style.lineHeight()
	}
}
