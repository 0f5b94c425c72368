package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/reports/rendertest"
	"auditpack/templates"
)

// all reads every cell of every sheet, numbers and dates as both languages write them.
func all(t *testing.T, output []byte) string {
	t.Helper()
	f := open(t, output)
	var b strings.Builder
	for _, name := range f.GetSheetList() {
		b.WriteString(name + "\n")
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := f.GetRows(name, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			for j := range rows[i] {
				b.WriteString(rows[i][j] + "\n")
				if n, err := strconv.ParseInt(raw[i][j], 10, 64); err == nil {
					b.WriteString(reports.FormatNumber(templates.English, n) + "\n" + reports.FormatNumber(templates.German, n) + "\n")
				}
			}
		}
	}
	return b.String()
}

func open(t *testing.T, output []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestRenderer(t *testing.T) {
	rendertest.Run(t, rendertest.Subject{Renderer: Renderer{}, Medium: reports.Spreadsheet, Read: all, Visible: printable})
}

func render(t *testing.T, r Renderer, d reports.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Render(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func cellKinds(t *testing.T, f *excelize.File) map[excelize.CellType]int {
	t.Helper()
	kinds := map[excelize.CellType]int{}
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j := range row {
				at, _ := excelize.CoordinatesToCellName(j+1, i+1)
				formula, err := f.GetCellFormula(name, at)
				if err != nil {
					t.Fatal(err)
				}
				if formula != "" {
					t.Errorf("%s!%s holds the formula %q", name, at, formula)
				}
				kind, err := f.GetCellType(name, at)
				if err != nil {
					t.Fatal(err)
				}
				kinds[kind]++
			}
		}
	}
	return kinds
}

// No cell of any report is a formula, whatever evidence says.
func TestNoFormulas(t *testing.T) {
	for _, doc := range rendertest.Documents(t) {
		kinds := cellKinds(t, open(t, render(t, Renderer{}, doc.Document)))
		if kinds[excelize.CellTypeFormula] > 0 {
			t.Errorf("%s: %d formulas", doc.Name, kinds[excelize.CellTypeFormula])
		}
	}
}

// Numbers are numbers and dates are dates, so that a reader can sum, sort and filter them.
func TestTypedCells(t *testing.T) {
	at := time.Date(2026, 9, 30, 23, 59, 58, 0, time.UTC)
	d := reports.Document{Title: "t", AsOf: at, Language: templates.German, Labels: reports.Labels{Back: "Start"}, Sections: []reports.Section{{ID: "s", Title: "s", Sheet: "s", Blocks: []reports.Block{
		reports.Table{ID: "t", Columns: []reports.Column{{Title: "n"}, {Title: "d"}, {Title: "t"}, {Title: "x"}, {Title: "big"}, {Title: "old"}}, Rows: [][]reports.Cell{{
			{Kind: reports.CellNumber, Number: 1234567}, {Kind: reports.CellDate, Time: at}, {Kind: reports.CellTime, Time: at}, {Text: "=1+1"},
			{Kind: reports.CellNumber, Number: 1<<62 + 1}, {Kind: reports.CellDate, Time: time.Date(1899, 1, 2, 0, 0, 0, 0, time.UTC)},
		}}},
	}}}}
	f := open(t, render(t, Renderer{}, d))
	shown, err := f.GetRows("s")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := f.GetRows("s", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1,234,567", "30.09.2026", "30.09.2026 23:59:58 UTC", "=1+1", "4.611.686.018.427.387.905", "02.01.1899"}
	if diff := cmp.Diff(want, shown[3]); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if got, want := raw[3][0], "1234567"; got != want {
		t.Errorf("number: got %q, want %q", got, want)
	}
	if days, err := strconv.ParseFloat(raw[3][1], 64); err != nil || days != 46295 {
		t.Errorf("date: got %q, want day 46295", raw[3][1])
	}
}

// A table longer than a sheet and a text longer than a cell go on: nothing is cut off.
func TestLimits(t *testing.T) {
	long := strings.Repeat("0123456789", 7) + "Ω🔥" + strings.Repeat("abcdefghij", 3)
	table := reports.Table{ID: "t", Columns: []reports.Column{{Title: "a"}, {Title: "b"}}}
	for i := range 20 {
		table.Rows = append(table.Rows, []reports.Cell{{Text: fmt.Sprintf("row %d", i), Anchor: fmt.Sprintf("a%d", i)}, {Text: long, Link: "a19"}})
	}
	d := reports.Document{Title: "t", AsOf: time.Unix(0, 0).UTC(), Labels: reports.Labels{Back: "Start", Continued: "continued"},
		Sections: []reports.Section{{ID: "s", Title: "Rows", Sheet: "Rows", Blocks: []reports.Block{table}}}}
	f := open(t, render(t, Renderer{rows: 16, chars: 32}, d))
	var texts []string
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) > 16 {
			t.Errorf("sheet %q has %d rows, want at most 16", name, len(rows))
		}
		for i, row := range rows {
			for _, text := range row {
				if units(text) > 32 {
					t.Errorf("%s, row %d: a cell holds %d units, want at most 32", name, i+1, units(text))
				}
			}
			if strings.HasPrefix(name, "Rows") && i >= 3 {
				if strings.HasPrefix(row[0], "↳") {
					texts[len(texts)-1] += row[1]
				} else {
					texts = append(texts, row[1])
				}
			}
		}
	}
	if len(texts) != 20 {
		t.Fatalf("got %d rows, want 20", len(texts))
	}
	for i, text := range texts {
		if text != long {
			t.Errorf("row %d: got %q, want %q", i, text, long)
		}
	}
	last := f.GetSheetList()[len(f.GetSheetList())-2]
	_, target, err := f.GetCellHyperLink(last, "B4")
	if err != nil || !strings.HasPrefix(target, "'"+last+"'!A") {
		t.Errorf("link from %q: got %q, %v", last, target, err)
	}
}

func TestSheetNames(t *testing.T) {
	var n names
	for _, test := range []struct{ wanted, want string }{
		{"Tests", "Tests"}, {"tests", "tests (2)"}, {"History", "History (2)"}, {"a/b\\c?*[x]:", "a-b-c---x--"}, {"'quoted'", "quoted"}, {"Management's view", "Management’s view"}, {"", "-"}, {"\x00", "‹U+0000›"},
		{strings.Repeat("x", 40), strings.Repeat("x", 31)}, {strings.Repeat("x", 40), strings.Repeat("x", 27) + " (2)"}, {strings.Repeat("🔥", 20), strings.Repeat("🔥", 15)},
	} {
		if got := n.add(test.wanted); got != test.want {
			t.Errorf("name of %q: got %q, want %q", test.wanted, got, test.want)
		}
	}
}

// The sheets have what a reader works with: filters, frozen headers, drop-downs, a chart, links that lead somewhere.
func TestSheets(t *testing.T) {
	words := rendertest.Words(t, templates.English)
	output := render(t, Renderer{}, reports.Evidence(rendertest.Sample(), words))
	f := open(t, output)
	want := []string{"Overview", "How to read", "Not assessed", "Sources", "Statement of applicability", "Versions", "Requirements", "Controls", "Manual tests", "Tests", "Deviations", "Exceptions", "Responses", "Subservice organisations", "Attestations", "Complementary controls", "Who is responsible", "Ownership findings", "By team", "Responsibilities", "RACI", "IPE", "IPE gaps", "Evidence", "Inputs", "Queries", "data"}
	if diff := cmp.Diff(want, f.GetSheetList()); diff != "" {
		t.Errorf("sheets (-want +got):\n%s", diff)
	}
	if visible, err := f.GetSheetVisible("data"); err != nil || visible {
		t.Errorf("the sheet of data is visible, %v", err)
	}
	for _, name := range want[1 : len(want)-1] {
		panes, err := f.GetPanes(name)
		if err != nil {
			t.Fatal(err)
		}
		if name != "How to read" && (!panes.Freeze || panes.YSplit < 3) {
			t.Errorf("%s: header is not frozen: %+v", name, panes)
		}
		layout, err := f.GetPageLayout(name)
		if err != nil || layout.Orientation == nil || *layout.Orientation != "landscape" {
			t.Errorf("%s: not landscape, %v", name, err)
		}
	}
	linked := 0
	for _, name := range want[:len(want)-1] {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j := range row {
				at, _ := excelize.CoordinatesToCellName(j+1, i+1)
				ok, target, err := f.GetCellHyperLink(name, at)
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					continue
				}
				linked++
				sheet, _, _ := strings.Cut(strings.TrimPrefix(target, "'"), "'!")
				if index, err := f.GetSheetIndex(sheet); err != nil || index < 0 {
					t.Errorf("%s!%s leads to %q, where there is no sheet", name, at, target)
				}
			}
		}
	}
	if linked < 60 {
		t.Errorf("got %d links, want at least 60", linked)
	}
	filters := 0
	for _, n := range f.GetDefinedName() {
		if strings.Contains(n.Name, "_FilterDatabase") {
			filters++
		}
	}
	if filters != len(want)-3 {
		t.Errorf("got %d filters, want %d", filters, len(want)-3)
	}
	members := zipMembers(t, output)
	if !members["xl/charts/chart1.xml"] {
		t.Error("there is no chart")
	}
	review := open(t, render(t, Renderer{}, reports.Review([]assessment.Assessment{rendertest.Sample()}, words)))
	lists, err := review.GetDataValidations("Deviations")
	if err != nil || len(lists) != 1 {
		t.Fatalf("drop-downs of the review: got %d, %v, want 1", len(lists), err)
	}
	choices, err := review.GetCols("data")
	if err != nil || len(choices) == 0 {
		t.Fatal(err)
	}
	found := false
	for _, column := range choices {
		found = found || cmp.Equal(column, []string{"correct", "request an exception", "false positive", "escalate"})
	}
	if !found {
		t.Errorf("choices: got %v", choices)
	}
}

func zipMembers(t *testing.T, output []byte) map[string]bool {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(output), int64(len(output)))
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]bool{}
	for _, f := range z.File {
		members[f.Name] = true
	}
	return members
}

// Prose above a table is lines that a screen shows, with no word lost and none broken that fits a line.
func TestProseLines(t *testing.T) {
	ids := strings.TrimSuffix(strings.Repeat("A.5.1, ", 90), ", ")
	long := strings.Repeat("x", 2*proseWidth+7)
	for _, text := range []string{"", "short", ids, "first\nsecond " + ids, "a " + long + " b", strings.Repeat("größer ", 60) + "🔥"} {
		lines := proseLines(text)
		for _, line := range lines {
			if n := units(line); n > proseWidth || strings.TrimSpace(line) != line {
				t.Errorf("%.20q: a line of %d units: %q", text, n, line)
			}
		}
		if got, want := strings.Join(strings.Fields(strings.Join(lines, " ")), ""), strings.Join(strings.Fields(text), ""); got != want {
			t.Errorf("%.20q: got %q, want %q", text, got, want)
		}
	}
	if got, want := len(proseLines(ids)), 5; got != want {
		t.Errorf("%d units: got %d lines, want %d", units(ids), got, want)
	}
	if got := proseLines("one\ntwo"); len(got) != 2 {
		t.Errorf("lines of the text are not kept: %q", got)
	}
}

// A label that needs two lines has a row that is two lines high, however short its value is.
func TestLabelHeight(t *testing.T) {
	const long = "Fingerabdruck des Schlüssels, der diesen Bericht besiegelt"
	f := open(t, render(t, Renderer{}, reports.Document{Title: "t", Cover: []reports.Field{
		{Label: "Stand", Value: reports.Cell{Text: "kurz"}}, {Label: long, Value: reports.Cell{Text: "kurz"}},
	}}))
	sheet := f.GetSheetList()[0]
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	heights := map[string]float64{}
	for i, row := range rows {
		if len(row) > 0 {
			if heights[row[0]], err = f.GetRowHeight(sheet, i+1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if one, two := heights["Stand"], heights[long]; two < one+lineHeight {
		t.Errorf("a label of one line: %v points, of two: %v", one, two)
	}
}

// What management says of the system has a sheet of its own, whose columns are as wide as its texts ask for.
func TestDescriptionParts(t *testing.T) {
	a := rendertest.Criteria()
	for i := range a.Description.Slots {
		if a.Description.Slots[i].Line > 0 {
			a.Description.Slots[i].Text.EN = strings.Repeat("The platform runs in two regions. ", 20)
		}
	}
	f := open(t, render(t, Renderer{}, reports.Evidence(a, rendertest.Words(t, templates.English))))
	const sheet = "Description parts"
	text, err := f.GetColWidth(sheet, "B")
	if err != nil {
		t.Fatal(err)
	}
	remarks, err := f.GetColWidth(sheet, "D")
	if err != nil {
		t.Fatal(err)
	}
	if text < 40 || text < remarks {
		t.Errorf("the text has %v characters, the remarks have %v", text, remarks)
	}
}
