package pdf

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"auditpack/reports"
	"auditpack/reports/rendertest"
	"auditpack/templates"
)

// all gives the text of all pages in the order in which it was drawn.
func all(t *testing.T, output []byte) string {
	t.Helper()
	ctx, err := api.ReadContext(bytes.NewReader(output), configuration())
	if err != nil {
		t.Fatal(err)
	}
	if err := api.ValidateContext(ctx); err != nil {
		t.Fatalf("pdfcpu finds fault: %v", err)
	}
	var b strings.Builder
	for page := 1; page <= ctx.PageCount; page++ {
		r, err := pdfcpu.ExtractPageContent(ctx, page)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(drawnText(content))
	}
	return b.String()
}

// drawnText finds the strings that a page shows: UTF-16 in parentheses, with \ before what ends a string.
func drawnText(content []byte) string {
	var out strings.Builder
	for i := 0; i < len(content); i++ {
		if content[i] != '(' {
			continue
		}
		var raw []byte
		for i++; i < len(content) && content[i] != ')'; i++ {
			if content[i] == '\\' {
				i++
				if content[i] == 'r' {
					raw = append(raw, '\r')
					continue
				}
			}
			raw = append(raw, content[i])
		}
		for n := 0; n+1 < len(raw); n += 2 {
			out.WriteRune(rune(raw[n])<<8 | rune(raw[n+1]))
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestRenderer(t *testing.T) {
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	rendertest.Run(t, rendertest.Subject{Renderer: Renderer{}, Medium: reports.Paged, Read: all, Visible: f.visible, ShortDigests: true})
}

func validated(t *testing.T, d reports.Document) *model.Context {
	t.Helper()
	b, err := render(d)
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := api.ReadContext(bytes.NewReader(b), configuration())
	if err != nil {
		t.Fatal(err)
	}
	if err := api.ValidateContext(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// A report of a company of some years: every page has a number and something on it, every heading a bookmark on its page.
func TestPagesAndBookmarks(t *testing.T) {
	start := time.Now()
	ctx := validated(t, reports.Evidence(rendertest.Large(93, 20, 500), rendertest.Words(t, templates.German)))
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v, want less than 10 s", took)
	}
	if ctx.PageCount < 50 {
		t.Errorf("got %d pages, want at least 50", ctx.PageCount)
	}
	var pages []string
	for n := 1; n <= ctx.PageCount; n++ {
		r, err := pdfcpu.ExtractPageContent(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		text := drawnText(content)
		if !strings.Contains(text, fmt.Sprintf("Seite %d von %d\n", n, ctx.PageCount)) {
			t.Errorf("page %d has no number", n)
		}
		if lines := strings.Count(text, "\n"); lines < 6 {
			t.Errorf("page %d is all but empty: %q", n, text)
		}
		pages = append(pages, squeeze(text))
	}
	marks, err := pdfcpu.Bookmarks(ctx)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	var check func(list []pdfcpu.Bookmark)
	check = func(list []pdfcpu.Bookmark) {
		for _, m := range list {
			count++
			if !strings.Contains(pages[m.PageFrom-1], squeeze(m.Title)) {
				t.Errorf("bookmark %q leads to page %d, which does not have it", m.Title, m.PageFrom)
			}
			check(m.Kids)
		}
	}
	check(marks)
	if count < 93 {
		t.Errorf("got %d bookmarks, want at least 93", count)
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// Every link of the report has a place to go to.
func TestLinks(t *testing.T) {
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	body := &layout{newFlow(f), reports.Evidence(rendertest.Sample(), rendertest.Words(t, templates.English))}
	body.sections(body.d.Sections, 1)
	jumps := 0
	for n, p := range body.pages {
		for _, j := range p.jumps {
			jumps++
			if _, ok := body.places[j.target]; !ok {
				t.Errorf("page %d: a link leads to %q, which is nowhere", n, j.target)
			}
		}
	}
	if jumps < 60 {
		t.Errorf("got %d links, want at least 60", jumps)
	}
}

// Nothing is drawn outside of the page's margins, and no two lines of text overlap.
func TestNothingOverlaps(t *testing.T) {
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range rendertest.Documents(t) {
		l := &layout{newFlow(f), doc.Document}
		l.sections(doc.Document.Sections, 1)
		for n, p := range l.pages {
			for i, r := range p.runs {
				width := f.measure(r.text, r.style)
				if r.x < marginLeft-0.01 || r.x+width > marginLeft+contentWidth+0.6 || r.y < marginTop-0.01 || r.y+r.style.lineHeight() > bottom+0.6 {
					t.Errorf("%s, page %d: %q at %.1f, %.1f is %.1f mm wide: outside of the margins", doc.Name, n, r.text, r.x, r.y, width)
				}
				for _, other := range p.runs[i+1:] {
					apart := r.x+width <= other.x+0.05 || other.x+f.measure(other.text, other.style) <= r.x+0.05 ||
						r.y+0.75*r.style.lineHeight() <= other.y || other.y+0.75*other.style.lineHeight() <= r.y
					if !apart && strings.TrimSpace(r.text) != "" && strings.TrimSpace(other.text) != "" {
						t.Errorf("%s, page %d: %q and %q overlap", doc.Name, n, r.text, other.text)
					}
				}
			}
		}
	}
}

func TestWrap(t *testing.T) {
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, in string
		width    float64 // in millimetres
	}{
		{"sentence", "the quick brown fox jumps over the lazy dog", 20},
		{"one long word", strings.Repeat("x", 300), 20},
		{"digest", "sha256:" + strings.Repeat("0f", 32), 30},
		{"path", rendertest.LongPath, 25},
		{"german", "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz", 12},
		{"narrower than a letter", "abc", 0.5},
		{"line breaks", "a\n\nb\nc", 20},
		{"empty", "", 20},
		{"spaces", "   a   b   ", 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			lines := f.wrap(test.in, tableText, test.width)
			if got, want := squeeze(strings.Join(lines, "")), squeeze(f.visible(test.in)); got != want {
				t.Errorf("text changed: got %q, want %q", got, want)
			}
			for _, line := range lines {
				if len([]rune(line)) > 1 && f.measure(line, tableText) > test.width+0.01 {
					t.Errorf("line %q is %.1f mm wide, want at most %.1f", line, f.measure(line, tableText), test.width)
				}
			}
		})
	}
	if diff := cmp.Diff([]string{"valid until", "2026-08-02"}, f.wrap("valid until 2026-08-02", tableText, 16)); diff != "" {
		t.Errorf("a date was torn apart (-want +got):\n%s", diff)
	}
}

// A row longer than a page goes on, with its header, and loses nothing.
func TestRowLongerThanAPage(t *testing.T) {
	var want []string
	for i := range 400 {
		want = append(want, fmt.Sprintf("line-%d.", i))
	}
	f, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	l := &layout{newFlow(f), reports.Document{}}
	l.table(reports.Table{ID: "t", Columns: []reports.Column{{Title: "Head", Width: 1}, {Title: "Other", Width: 1}}, Rows: [][]reports.Cell{{{Text: strings.Join(want, "\n")}, {Text: "short"}}}})
	if len(l.pages) < 4 {
		t.Fatalf("got %d pages, want at least 4", len(l.pages))
	}
	var got []string
	for n, p := range l.pages {
		heads := 0
		for _, r := range p.runs {
			if r.text == "Head" {
				heads++
			}
			if strings.HasPrefix(r.text, "line-") {
				got = append(got, r.text)
			}
		}
		if heads != 1 {
			t.Errorf("page %d has %d headers, want 1", n, heads)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines differ (-want +got):\n%s", diff)
	}
}

// The digests of the stored parts stand on one line each in the evidence index, so that they can be copied and searched for.
func TestDigestsStandOnOneLine(t *testing.T) {
	a := rendertest.Sample()
	for i := range a.Evidence {
		for n := range a.Evidence[i].Data.Content {
			a.Evidence[i].Data.Content[n].Name = "api/v2/runs/run-0123456789abcdef/policy-evaluations?page[size]=100&page[number]=1 and what else it was asked for"
		}
	}
	for _, l := range []templates.Language{templates.English, templates.German} {
		output, err := render(reports.Evidence(a, rendertest.Words(t, l)))
		if err != nil {
			t.Fatal(err)
		}
		drawn := all(t, output)
		for _, e := range a.Evidence {
			for _, p := range e.Data.Content {
				if !strings.Contains(drawn, "\n"+p.Digest.Hex()+"\n") {
					t.Errorf("%s: %s of %s is broken or missing", l, p.Digest, p.Name)
				}
			}
		}
	}
}
