package xlsx

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"auditpack/reports"
)

// write puts the composed sheets into f.
func (b *book) write(f *excelize.File) error {
	w := &writer{book: b, f: f, styles: map[look]int{}}
	if err := f.SetSheetName("Sheet1", b.sheets[0].name); err != nil {
		return err
	}
	for _, s := range b.sheets[1:] {
		if _, err := f.NewSheet(s.name); err != nil {
			return fmt.Errorf("add sheet %q: %w", s.name, err)
		}
	}
	if _, err := f.NewSheet(b.hidden); err != nil {
		return fmt.Errorf("add sheet %q: %w", b.hidden, err)
	}
	for _, s := range b.sheets {
		if err := w.sheet(s); err != nil {
			return fmt.Errorf("write sheet %q: %w", s.name, err)
		}
	}
	if err := w.dataSheet(); err != nil {
		return fmt.Errorf("write sheet %q: %w", b.hidden, err)
	}
	f.SetActiveSheet(0)
	title := cut(printable(b.d.Title), 255)
	return f.SetDocProps(&excelize.DocProperties{
		Created: stamp(b.d), Modified: stamp(b.d), Creator: "auditpack", LastModifiedBy: "auditpack", Title: title, Subject: cut(printable(b.d.Subtitle), 255), Language: string(b.d.Language),
	})
}

type writer struct {
	*book
	f      *excelize.File
	styles map[look]int
	data   [][]string        // columns of the hidden sheet: choices of drop-downs, and charts
	lists  map[string]string // choices to their range
}

func (w *writer) style(k look) (int, error) {
	if id, ok := w.styles[k]; ok {
		return id, nil
	}
	id, err := w.f.NewStyle(k.style(w.d.Language))
	if err != nil {
		return 0, fmt.Errorf("make style: %w", err)
	}
	w.styles[k] = id
	return id, nil
}

func (w *writer) sheet(s *sheet) error {
	s.fit()
	if err := w.setUp(s); err != nil {
		return err
	}
	out, err := w.f.NewStreamWriter(s.name)
	if err != nil {
		return err
	}
	for i, width := range s.widths {
		if err := out.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if s.frozen > 0 {
		err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: s.frozen, TopLeftCell: fmt.Sprintf("A%d", s.frozen+1), ActivePane: "bottomLeft"})
		if err != nil {
			return err
		}
	}
	links := 0
	for i, r := range s.rows {
		if err := w.row(out, s, i+1, r, &links); err != nil {
			return err
		}
	}
	for _, m := range s.merges {
		if err := out.MergeCell(m[0], m[1]); err != nil {
			return err
		}
	}
	if err := w.extras(s); err != nil {
		return err
	}
	return out.Flush()
}

// setUp has what must be known before the rows: page, print titles.
func (w *writer) setUp(s *sheet) error {
	if err := w.f.SetSheetProps(s.name, &excelize.SheetPropsOptions{FitToPage: pointer(true)}); err != nil {
		return err
	}
	err := w.f.SetPageLayout(s.name, &excelize.PageLayoutOptions{
		Size: pointer(9), Orientation: pointer("landscape"), FitToWidth: pointer(s.pagesAcross()), FitToHeight: pointer(0), // 9: A4
	})
	if err != nil {
		return err
	}
	if err := w.f.SetSheetView(s.name, 0, &excelize.ViewOptions{ShowGridLines: pointer(s.frozen > 0)}); err != nil {
		return err
	}
	footer := cut(" "+headerText(w.d.Footer), 90) // the space parts a leading digit from the code for the size
	if strings.HasSuffix(footer, "&") && !strings.HasSuffix(footer, "&&") {
		footer = footer[:len(footer)-1]
	}
	page := fmt.Sprintf("&R&8%s &P %s &N", headerText(w.d.Labels.Page), headerText(w.d.Labels.Of))
	if err := w.f.SetHeaderFooter(s.name, &excelize.HeaderFooterOptions{OddFooter: "&L&8" + footer + page}); err != nil {
		return err
	}
	if s.head == 0 {
		return nil
	}
	return w.f.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("'%[1]s'!$A:$A,'%[1]s'!$%[2]d:$%[2]d", s.name, s.head), Scope: s.name,
	})
}

// pagesAcross is how many pages a printed sheet is wide, so that what it says can still be read.
func (s *sheet) pagesAcross() int {
	width := 0.0
	for _, w := range s.widths {
		width += w
	}
	const readable = 230 // characters on a landscape page, about half of the natural size
	return max(1, int(width/readable+0.6))
}

// headerText doubles the sign that begins a code in headers and footers.
func headerText(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(printable(s)), " "), "&", "&&")
}

func (w *writer) row(out *excelize.StreamWriter, s *sheet, n int, r row, links *int) error {
	if len(r.cells) == 0 {
		return nil
	}
	values := make([]any, len(r.cells))
	for i, c := range r.cells {
		target := w.targets[c.link]
		if target == "" || *links >= maxLinks {
			c.look.linked = false
		} else {
			if err := w.f.SetCellHyperLink(s.name, fmt.Sprintf("%s%d", column(i+1), n), target, "Location"); err != nil {
				return err
			}
			*links++
		}
		id, err := w.style(c.look)
		if err != nil {
			return err
		}
		v := c.value
		if text, ok := v.(string); ok {
			v = escaped(text)
		}
		values[i] = excelize.Cell{StyleID: id, Value: v}
	}
	var options []excelize.RowOpts
	if r.height > 0 {
		options = append(options, excelize.RowOpts{Height: r.height})
	}
	return out.SetRow(fmt.Sprintf("A%d", n), values, options...)
}

// extras are what the format keeps beside the rows: filter, drop-downs, charts.
func (w *writer) extras(s *sheet) error {
	if s.filter != "" {
		if err := w.f.AutoFilter(s.name, s.filter, nil); err != nil {
			return fmt.Errorf("add filter: %w", err)
		}
	}
	for _, l := range s.lists {
		v := excelize.NewDataValidation(true)
		v.SetSqref(l.cells)
		v.SetSqrefDropList(w.choices(l.choices))
		if err := w.f.AddDataValidation(s.name, v); err != nil {
			return fmt.Errorf("add drop-down: %w", err)
		}
	}
	for _, c := range s.charts {
		if err := w.chart(s, c); err != nil {
			return fmt.Errorf("add chart: %w", err)
		}
	}
	return nil
}

// choices puts a list on the hidden sheet, once, and returns its range: a list written into the cell's rule itself has room for
// 255 characters and none for a comma.
func (w *writer) choices(list []string) string {
	key := strings.Join(list, "\x00")
	if ref, ok := w.lists[key]; ok {
		return ref
	}
	if w.lists == nil {
		w.lists = map[string]string{}
	}
	ref := w.dataRange(list, 1)
	w.lists[key] = ref
	return ref
}

// dataRange adds a column to the hidden sheet and returns the range of its cells from a row on.
func (w *writer) dataRange(values []string, from int) string {
	w.data = append(w.data, values)
	name := column(len(w.data))
	return fmt.Sprintf("'%s'!$%s$%d:$%s$%d", w.hidden, name, from, name, len(values))
}

// chart draws stacked bars; the numbers lie on the hidden sheet.
func (w *writer) chart(s *sheet, c chart) error {
	labels := []string{c.data.Title}
	for _, bar := range c.data.Bars {
		labels = append(labels, bar.Label)
	}
	categories := w.dataRange(labels, 2)
	chart := &excelize.Chart{
		Type: excelize.BarStacked, Legend: excelize.ChartLegend{Position: "bottom"}, Dimension: excelize.ChartDimension{Width: 1080, Height: uint(20 * (chartRows(c.data) - 1))},
		PlotArea: excelize.ChartPlotArea{ShowVal: true}, GapWidth: pointer(uint(45)),
		XAxis: excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Color: "1F2937", Size: 9}}, YAxis: excelize.ChartAxis{None: true},
	}
	for i, part := range c.data.Bars[0].Parts {
		values := []string{part.Label}
		for _, bar := range c.data.Bars {
			n := int64(0)
			if i < len(bar.Parts) {
				n = bar.Parts[i].Value
			}
			values = append(values, fmt.Sprintf("\x00%d", n))
		}
		ref := w.dataRange(values, 2)
		name := fmt.Sprintf("'%s'!$%s$1", w.hidden, column(len(w.data)))
		fill := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{barColor(part.Style)}}
		for _, before := range c.data.Bars[0].Parts[:i] {
			if before.Style == part.Style { // tell two parts of one style apart
				fill.Color = []string{"B9C2CE"}
			}
		}
		figures := excelize.ChartDataLabel{Font: excelize.Font{Color: "1F2937", Size: 9, Bold: true}}
		if part.Style == reports.Good || part.Style == reports.Bad {
			figures.Font.Color = "FFFFFF"
		}
		chart.Series = append(chart.Series, excelize.ChartSeries{Name: name, Categories: categories, Values: ref, Fill: fill, DataLabel: figures})
	}
	return w.f.AddChart(s.name, fmt.Sprintf("A%d", c.row), chart)
}

// dataSheet writes the hidden sheet.
func (w *writer) dataSheet() error {
	out, err := w.f.NewStreamWriter(w.hidden)
	if err != nil {
		return err
	}
	longest := 0
	for _, values := range w.data {
		longest = max(longest, len(values))
	}
	text, err := w.style(look{role: body})
	if err != nil {
		return err
	}
	for n := range longest {
		values := make([]any, len(w.data))
		for i, list := range w.data {
			if n >= len(list) {
				continue
			}
			if digits, ok := strings.CutPrefix(list[n], "\x00"); ok {
				var count int64
				if _, err := fmt.Sscan(digits, &count); err != nil {
					return fmt.Errorf("count %q: %w", digits, err)
				}
				if count != 0 { // an empty cell draws no figure
					values[i] = count
				}
				continue
			}
			values[i] = excelize.Cell{StyleID: text, Value: escaped(cut(printable(list[n]), maxChars))}
		}
		if err := out.SetRow(fmt.Sprintf("A%d", n+1), values); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return w.f.SetSheetVisible(w.hidden, false)
}
