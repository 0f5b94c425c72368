package xlsx

import (
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"auditpack/reports"
)

// stacked is how many columns a sheet of stacked blocks has, and their widths in characters.
const (
	stacked      = 9
	stackedFirst = 34.0
	stackedOther = 15.0
)

// cell is one cell of a sheet before it is written.
type cell struct {
	value any // nil, string, int64 or time.Time
	look  look
	link  string
}

// row of a sheet; height 0 leaves it to the spreadsheet program.
type row struct {
	cells  []cell
	height float64
}

// sheet is a sheet before it is written.
type sheet struct {
	name, title string
	rows        []row
	widths      []float64
	merges      [][2]string
	frozen      int // rows that stay in view; 0: none
	head        int // row of the header that is printed on each page; 0: none
	filter      string
	lists       []list
	charts      []chart
}

// list is a drop-down over a range of cells.
type list struct {
	cells   string
	choices []string
}

// chart is anchored at a row; its numbers lie on the hidden sheet.
type chart struct {
	row  int
	data reports.Chart
}

// book composes the sheets of a document.
type book struct {
	d       reports.Document
	limits  Renderer
	names   names
	sheets  []*sheet
	targets map[string]string // identifier to "'sheet'!A1"
	hidden  string            // name of the hidden sheet
}

// pile gathers what goes to one sheet.
type pile struct {
	name, title string
	items       []item
}

type item struct {
	section *reports.Section // a heading, when block is nil
	block   reports.Block
}

func newBook(d reports.Document, limits Renderer) *book {
	return &book{d: d, limits: limits, targets: map[string]string{}}
}

// compose lays every sheet out. The first has the cover and links to the others.
func (b *book) compose() {
	first := b.d.Labels.Back
	if first == "" {
		first = b.d.Title
	}
	piles := []*pile{{name: first, title: b.d.Title}}
	byName := map[string]*pile{first: piles[0]}
	var gather func(s reports.Section, sheet string)
	gather = func(s reports.Section, sheet string) {
		if s.For == reports.Paged {
			return
		}
		if s.Sheet != "" {
			sheet = s.Sheet
		}
		p := byName[sheet]
		if p == nil {
			p = &pile{name: sheet, title: s.Title}
			byName[sheet] = p
			piles = append(piles, p)
		}
		p.items = append(p.items, item{section: &s})
		for _, block := range s.Blocks {
			p.items = append(p.items, item{block: block})
		}
		for _, sub := range s.Sections {
			gather(sub, sheet)
		}
	}
	for _, s := range b.d.Sections {
		gather(s, first)
	}
	overview := &sheet{name: b.names.add(first), title: b.d.Title}
	b.sheets = append(b.sheets, overview)
	for _, p := range piles[1:] {
		b.pile(p)
	}
	b.hidden = b.names.add("data")
	b.overview(overview, piles[0])
}

// pile makes the sheet of a pile: one table with its header frozen, or blocks under each other.
func (b *book) pile(p *pile) {
	s := &sheet{name: b.names.add(p.name), title: p.title}
	b.sheets = append(b.sheets, s)
	tables := 0
	for _, it := range p.items {
		switch it.block.(type) {
		case nil, reports.Paragraph:
		case reports.Table:
			tables++
		default:
			tables = 2
		}
	}
	b.sheetTitle(s)
	if tables == 1 {
		b.single(s, p)
		return
	}
	b.stackWidths(s)
	b.stack(s, p.items, true)
}

// sheetTitle writes the title and the way back.
func (b *book) sheetTitle(s *sheet) {
	s.add(cell{value: s.title, look: look{role: title}})
	s.add(cell{value: "← " + b.sheets[0].name, look: look{role: back}, link: "\x00first"})
}

func (s *sheet) add(cells ...cell) int {
	s.rows = append(s.rows, row{cells: cells})
	return len(s.rows)
}

func (s *sheet) target(row int) string { return location(s.name, row) }

func location(sheet string, row int) string {
	return fmt.Sprintf("'%s'!A%d", sheet, row)
}

func (b *book) point(id, to string) {
	if _, taken := b.targets[id]; id != "" && !taken {
		b.targets[id] = to
	}
}

// single is a sheet of one table: title, paragraphs, then the header, which is frozen, filtered and printed on each page.
func (b *book) single(s *sheet, p *pile) {
	var table reports.Table
	first := true
	for _, it := range p.items {
		switch v := it.block.(type) {
		case nil:
			b.point(it.section.ID, s.target(1))
			if !first && it.section.Title != s.title {
				s.add(cell{value: printable(it.section.Title), look: look{role: heading}})
			}
			first = false
		case reports.Paragraph:
			for _, text := range proseLines(b.proseText(v)) {
				s.add(cell{value: text, look: look{role: subtitle, tone: v.Style}})
			}
		case reports.Table:
			table = v
		}
	}
	if table.Caption != "" {
		s.add(cell{value: printable(table.Caption), look: look{role: caption}})
	}
	s.widths = b.widths(table)
	b.tableRows(s, table, true)
}

func (b *book) proseText(p reports.Paragraph) string {
	text := printable(p.Text)
	if len(p.Basis) > 0 {
		all := make([]string, len(p.Basis))
		for i, d := range p.Basis {
			all[i] = string(d)
		}
		text += "\n" + b.d.Labels.Evidence + " " + strings.Join(all, ", ")
	}
	return text
}

// tableRows writes header and rows; frozen says that the table has the sheet to itself. What does not fit goes on on another
// sheet with the same header.
func (b *book) tableRows(s *sheet, t reports.Table, frozen bool) {
	head := b.header(s, t, frozen)
	if len(t.Rows) == 0 {
		s.add(cell{value: printable(t.Empty), look: look{role: subtitle}})
		return
	}
	runs := make([]run, len(t.Columns))
	closeAll := func() {
		for i := range runs {
			runs[i].close(s, i)
		}
		if frozen {
			s.filter = fmt.Sprintf("A%d:%s%d", head, column(len(t.Columns)), len(s.rows))
		}
	}
	for _, cells := range t.Rows {
		rows := b.split(t, cells)
		if len(s.rows)+len(rows) > b.limits.rows && len(s.rows) > head {
			closeAll()
			next := &sheet{name: b.names.add(s.name), title: s.title, widths: s.widths}
			b.sheets = append(b.sheets, next)
			s = next
			b.sheetTitle(s)
			head = b.header(s, t, frozen)
		}
		for i, c := range cells {
			b.point(c.Anchor, s.target(len(s.rows)+1))
			if i < len(runs) {
				runs[i].next(s, i, c, len(s.rows)+1)
			}
		}
		s.rows = append(s.rows, rows...)
	}
	closeAll()
}

func (b *book) header(s *sheet, t reports.Table, frozen bool) int {
	var cells []cell
	for _, c := range t.Columns {
		role := header
		if c.Align == reports.Right {
			role = headerRight
		}
		cells = append(cells, cell{value: cut(printable(c.Title), b.limits.chars), look: look{role: role}})
	}
	head := s.add(cells...)
	if frozen {
		s.frozen, s.head = head, head
	}
	return head
}

// run is a stretch of input cells in one column with the same choices.
type run struct {
	from    int
	choices []string
}

func (r *run) next(s *sheet, col int, c reports.Cell, row int) {
	choices := c.Choices
	if c.Kind != reports.CellInput {
		choices = nil
	}
	if r.from > 0 && strings.Join(choices, "\x00") == strings.Join(r.choices, "\x00") {
		return
	}
	r.closeAt(s, col, row-1)
	if len(choices) > 0 {
		*r = run{row, choices}
	}
}

func (r *run) close(s *sheet, col int) { r.closeAt(s, col, len(s.rows)) }

func (r *run) closeAt(s *sheet, col, last int) {
	if r.from > 0 && last >= r.from {
		name := column(col + 1)
		s.lists = append(s.lists, list{fmt.Sprintf("%s%d:%s%d", name, r.from, name, last), r.choices})
	}
	*r = run{}
}

// split makes the rows of one row of a table: more than one when a text is longer than a cell holds.
func (b *book) split(t reports.Table, cells []reports.Cell) []row {
	out := []row{{}}
	for i := range t.Columns {
		var c reports.Cell
		if i < len(cells) {
			c = cells[i]
		}
		for n, part := range b.parts(c, body) {
			if n == len(out) {
				out = append(out, row{})
			}
			for len(out[n].cells) < i {
				out[n].cells = append(out[n].cells, cell{look: look{role: body}})
			}
			out[n].cells = append(out[n].cells, part)
		}
	}
	for n := range out {
		for len(out[n].cells) < len(t.Columns) {
			out[n].cells = append(out[n].cells, cell{look: look{role: body}})
		}
		if n > 0 && out[n].cells[0].value == nil {
			out[n].cells[0] = cell{value: "↳ " + b.d.Labels.Continued, look: look{role: body, tone: reports.Note}}
		}
	}
	return out
}

// earliest is the first day that the format can hold without doubt: its day 60 is one that never was.
var earliest = time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)

// parts turns a cell into typed cells of the sheet.
func (b *book) parts(c reports.Cell, r role) []cell {
	k := look{role: r, tone: c.Style, kind: c.Kind, linked: c.Link != ""}
	switch c.Kind {
	case reports.CellNumber, reports.CellOrdinal:
		if c.Number > 1<<53 || c.Number < -1<<53 { // a spreadsheet's numbers have 15 digits
			k.kind = reports.CellText
			return []cell{{value: reports.FormatCell(b.d.Language, c), look: k, link: c.Link}}
		}
		return []cell{{value: c.Number, look: k, link: c.Link}}
	case reports.CellDate, reports.CellTime:
		if c.Time.IsZero() {
			return []cell{{look: look{role: r}}}
		}
		if c.Time.Before(earliest) || c.Time.Year() > 9999 {
			k.kind = reports.CellText
			return []cell{{value: reports.FormatCell(b.d.Language, c), look: k, link: c.Link}}
		}
		t := c.Time.UTC().Truncate(time.Second)
		if c.Kind == reports.CellDate {
			t = t.Truncate(24 * time.Hour)
		}
		return []cell{{value: t, look: k, link: c.Link}}
	case reports.CellDigest:
		k.tone = reports.Code
	}
	if c.Text == "" {
		k.linked = false
		return []cell{{look: k}}
	}
	var out []cell
	for _, part := range chunks(printable(c.Text), b.limits.chars) {
		k.long = units(part) > 255
		out = append(out, cell{value: part, look: k, link: c.Link})
	}
	return out
}

// written is the width in characters that people get to write in.
const written = 22

// widths fits columns to what stands in them, between 9 and 56 characters; a digest is shown whole.
func (b *book) widths(t reports.Table) []float64 {
	out := make([]float64, len(t.Columns))
	for i, c := range t.Columns {
		widest := float64(len([]rune(c.Title))) + 4 // the filter's button
		for _, row := range t.Rows {
			if i >= len(row) {
				continue
			}
			limit, scale := 48.0, 1.02
			if row[i].Kind == reports.CellDigest || row[i].Style == reports.Code {
				limit, scale = 76, 1.05
			}
			if row[i].Kind == reports.CellInput && len(row[i].Choices) == 0 {
				widest = max(widest, written)
			}
			for _, choice := range row[i].Choices {
				widest = max(widest, min(float64(len([]rune(choice)))+4, limit))
			}
			for _, text := range strings.Split(reports.FormatCell(b.d.Language, row[i]), "\n") {
				widest = max(widest, min(float64(len([]rune(text)))*scale+1.5, limit))
			}
		}
		out[i] = max(9, min(widest, 76))
	}
	return out
}

func column(n int) string {
	name, err := excelize.ColumnNumberToName(n)
	if err != nil { // more columns than the format has: no table of ours comes near
		return "XFD"
	}
	return name
}
