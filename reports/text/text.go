// Package text renders a report as plain text, for terminals and golden files. It shows what the paged formats show, in their
// order, without wrapping a word.
package text

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"auditpack/reports"
)

// maxLine is the width in characters up to which a table is written as columns; a wider one is written row by row.
const maxLine = 132

// Renderer writes plain text in UTF-8. The zero value is ready for use.
type Renderer struct {
	Width int // in characters, up to which a table is written as columns; 0 is maxLine
}

var _ reports.Renderer = Renderer{}

// Render writes d to w.
func (r Renderer) Render(w io.Writer, d reports.Document) error {
	p := &printer{w: bufio.NewWriter(w), d: d, width: cmp.Or(r.Width, maxLine)}
	p.cover()
	number := 0
	for _, s := range d.Sections {
		if s.For == reports.Spreadsheet {
			continue
		}
		number++
		p.section(s, 1, fmt.Sprintf("%d  ", number))
	}
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("write text: %w", err)
	}
	return nil
}

type printer struct {
	w     *bufio.Writer
	d     reports.Document
	width int
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

func (p *printer) cover() {
	title := visible(p.d.Title)
	p.line("%s\n%s", title, strings.Repeat("=", utf8.RuneCountInString(title)))
	p.line("%s\n", visible(p.d.Subtitle))
	p.fields(p.d.Cover)
	p.line("%s", visible(p.d.Seal))
}

func (p *printer) section(s reports.Section, level int, number string) {
	if s.For == reports.Spreadsheet {
		return
	}
	title := number + strings.ReplaceAll(visible(s.Title), "\n", " ")
	p.line("")
	switch level {
	case 1:
		p.line("%s\n%s", title, strings.Repeat("=", utf8.RuneCountInString(title)))
	case 2:
		p.line("%s\n%s", title, strings.Repeat("-", utf8.RuneCountInString(title)))
	default:
		p.line("%s", title)
	}
	for _, b := range s.Blocks {
		p.line("")
		p.block(b)
	}
	for _, sub := range s.Sections {
		p.section(sub, level+1, "")
	}
}

func (p *printer) block(b reports.Block) {
	switch v := b.(type) {
	case reports.Paragraph:
		p.paragraph(v)
	case reports.Fields:
		p.fields(v.Items)
	case reports.Table:
		p.table(v)
	case reports.Chart:
		p.chart(v)
	case reports.SignOff:
		p.signOff(v)
	}
}

func (p *printer) paragraph(v reports.Paragraph) {
	text := visible(v.Text)
	if v.Style == reports.Code {
		text = "    " + strings.ReplaceAll(text, "\n", "\n    ")
	}
	p.line("%s", text)
	if len(v.Basis) > 0 {
		short := make([]string, len(v.Basis))
		for i, d := range v.Basis {
			short[i] = reports.ShortDigest(string(d))
		}
		p.line("%s %s", visible(p.d.Labels.Evidence), strings.Join(short, ", "))
	}
}

func (p *printer) fields(items []reports.Field) {
	width := 0
	for _, f := range items {
		width = max(width, utf8.RuneCountInString(visible(f.Label)))
	}
	for _, f := range items {
		value := strings.ReplaceAll(p.cell(f.Value), "\n", "\n"+strings.Repeat(" ", width+2))
		p.line("%s  %s", pad(visible(f.Label), width, false), value)
	}
}

func (p *printer) cell(c reports.Cell) string {
	if c.Kind == reports.CellInput {
		return "[" + visible(c.Text) + "]"
	}
	return visible(reports.FormatCell(p.d.Language, c))
}

// table writes columns where every row fits on a line, else a small block for each row.
func (p *printer) table(t reports.Table) {
	if t.Caption != "" {
		p.line("%s", visible(t.Caption))
	}
	if len(t.Rows) == 0 {
		p.line("%s", strings.Join(titles(t), " | "))
		p.line("%s", visible(t.Empty))
		return
	}
	rows := [][]string{titles(t)}
	fits := true
	for _, row := range t.Rows {
		cells := make([]string, len(t.Columns))
		for i := range min(len(row), len(cells)) {
			cells[i] = p.cell(row[i])
			fits = fits && !strings.Contains(cells[i], "\n")
		}
		rows = append(rows, cells)
	}
	widths, total := make([]int, len(t.Columns)), 0
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
		total += widths[i] + 3
	}
	if fits && total-3 <= p.width {
		p.columns(t, rows, widths)
	} else {
		p.blocks(rows)
	}
	if t.Total > int64(len(t.Rows)) {
		p.line("%s", reports.ShownText(p.d, int64(len(t.Rows)), t.Total))
	}
}

func titles(t reports.Table) []string {
	out := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = strings.ReplaceAll(visible(c.Title), "\n", " ")
	}
	return out
}

func (p *printer) columns(t reports.Table, rows [][]string, widths []int) {
	for n, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = pad(c, widths[i], t.Columns[i].Align == reports.Right)
		}
		p.line("%s", strings.TrimRight(strings.Join(cells, " | "), " "))
		if n == 0 {
			rules := make([]string, len(widths))
			for i, w := range widths {
				rules[i] = strings.Repeat("-", w)
			}
			p.line("%s", strings.Join(rules, "-+-"))
		}
	}
}

func (p *printer) blocks(rows [][]string) {
	for _, row := range rows[1:] {
		mark := "- "
		for i, c := range row {
			if c == "" {
				continue
			}
			p.line("%s%s: %s", mark, rows[0][i], strings.ReplaceAll(c, "\n", "\n    "))
			mark = "  "
		}
	}
	p.line("(%s)", strings.Join(rows[0], " | "))
}

func (p *printer) chart(c reports.Chart) {
	p.line("%s", visible(c.Title))
	for _, bar := range c.Bars {
		var parts []string
		for _, part := range bar.Parts {
			if part.Value != 0 {
				parts = append(parts, visible(part.Label)+" "+reports.FormatNumber(p.d.Language, part.Value))
			}
		}
		p.line("  %s: %s", visible(bar.Label), strings.Join(parts, ", "))
	}
}

func (p *printer) signOff(s reports.SignOff) {
	p.line("%s", visible(strings.Join(s.Columns, " | ")))
	for _, r := range s.Rows {
		p.line("%s | %s | ____________ | ________________________", visible(r.Role), visible(r.Name))
	}
}

func pad(s string, width int, right bool) string {
	space := strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
	if right {
		return space + s
	}
	return s + space
}

func visible(s string) string { return reports.Visible(s, nil) }
