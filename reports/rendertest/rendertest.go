// Package rendertest is the suite that every renderer of reports passes, and the fictional Assessments that tests of reports
// share. A renderer's own tests add what only its format has: that a spreadsheet's cells are typed, that a PDF's pages are
// numbered.
package rendertest

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// Subject is a renderer under test.
type Subject struct {
	Renderer reports.Renderer
	Medium   reports.Medium // reports.Paged or reports.Spreadsheet: which sections it shows

	// Read gives back all text that a reader of the output sees, in any order of blocks; within a cell or paragraph the order
	// is that of the text. White space does not count.
	Read func(t *testing.T, output []byte) string

	// Visible is how the format shows a text: characters that it cannot hold stand as their code points.
	Visible func(string) string

	// ShortDigests says that digests in cells may be cut to 12 hexadecimal digits.
	ShortDigests bool
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	for _, doc := range Documents(t) {
		t.Run(doc.Name, func(t *testing.T) {
			first, second := render(t, s, doc.Document), render(t, s, doc.Document)
			if !bytes.Equal(first, second) {
				t.Errorf("the same Document gave %d and %d bytes that differ", len(first), len(second))
			}
			s.checkText(t, first, doc.Document)
		})
	}
	t.Run("empty", func(t *testing.T) {
		if out := render(t, s, reports.Document{Title: "Nothing", Language: templates.English, AsOf: time.Unix(0, 0).UTC()}); len(out) == 0 {
			t.Error("an empty Document gave no bytes")
		}
	})
	t.Run("writer fails", func(t *testing.T) {
		doc := Documents(t)[0].Document
		if err := s.Renderer.Render(failing{}, doc); !errors.Is(err, errFull) {
			t.Errorf("Render to a full disk: got %v, want an error that wraps %v", err, errFull)
		}
	})
}

var errFull = errors.New("no space left on device")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

// Named is a document with the name of its case.
type Named struct {
	Name     string
	Document reports.Document
}

// Documents are what the suite renders: both reports in both languages, an Assessment without anything in it, and a document of
// every block with nasty text in every place.
func Documents(t testing.TB) []Named {
	var out []Named
	for _, l := range []templates.Language{templates.English, templates.German} {
		words := Words(t, l)
		out = append(out,
			Named{"evidence-" + string(l), reports.Evidence(Sample(), words)},
			Named{"criteria-" + string(l), reports.Evidence(Criteria(), words)},
			Named{"review-" + string(l), reports.Review([]assessment.Assessment{Sample()}, words)},
			Named{"bare-" + string(l), reports.Evidence(assessment.Assessment{Type: 1, AsOf: Sample().AsOf}, words)},
		)
	}
	return append(out, Named{"nasty", NastyDocument()})
}

// Words returns the shipped wording.
func Words(t testing.TB, l templates.Language) templates.Text {
	words, err := templates.LoadText(templates.Files, l)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func render(t *testing.T, s Subject, d reports.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Renderer.Render(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkText looks for everything the Document says in what a reader sees.
func (s Subject) checkText(t *testing.T, output []byte, d reports.Document) {
	seen := squeeze(s.Read(t, output))
	missing := 0
	s.walk(d, func(place, text string) {
		if !strings.Contains(seen, squeeze(s.Visible(text))) {
			if missing++; missing <= 10 {
				t.Errorf("%s: %q is not in the output", place, text)
			}
		}
	})
}

// squeeze takes out what wrapping changes.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFC.String(s))
}

func (s Subject) walk(d reports.Document, visit func(place, text string)) {
	visit("title", d.Title)
	visit("subtitle", d.Subtitle)
	visit("seal", d.Seal)
	cell := func(place string, c reports.Cell) {
		text := reports.FormatCell(d.Language, c)
		if c.Kind == reports.CellDigest && s.ShortDigests {
			text = reports.ShortDigest(c.Text)
		}
		visit(place, text)
	}
	for _, f := range d.Cover {
		visit("cover", f.Label)
		cell("cover "+f.Label, f.Value)
	}
	var section func(reports.Section)
	section = func(sec reports.Section) {
		if sec.For != reports.Everywhere && sec.For != s.Medium {
			return
		}
		visit("heading", sec.Title)
		for _, block := range sec.Blocks {
			s.walkBlock(sec.ID, block, visit, cell)
		}
		for _, sub := range sec.Sections {
			section(sub)
		}
	}
	for _, sec := range d.Sections {
		section(sec)
	}
}

func (s Subject) walkBlock(id string, block reports.Block, visit func(place, text string), cell func(string, reports.Cell)) {
	switch v := block.(type) {
	case reports.Paragraph:
		visit("paragraph in "+id, v.Text)
		for _, d := range v.Basis {
			visit("basis in "+id, reports.ShortDigest(string(d)))
		}
	case reports.Fields:
		for _, f := range v.Items {
			visit("field in "+id, f.Label)
			cell("field "+f.Label+" in "+id, f.Value)
		}
	case reports.Table:
		visit("caption in "+id, v.Caption)
		for _, c := range v.Columns {
			visit("column of "+v.ID, c.Title)
		}
		for _, row := range v.Rows {
			for _, c := range row {
				cell("cell of "+v.ID, c)
			}
		}
		if len(v.Rows) == 0 {
			visit("empty "+v.ID, v.Empty)
		}
	case reports.Chart:
		visit("chart in "+id, v.Title)
		for _, bar := range v.Bars {
			visit("bar in "+id, bar.Label)
		}
	case reports.SignOff:
		for _, c := range v.Columns {
			visit("sign-off in "+id, c)
		}
		for _, r := range v.Rows {
			visit("sign-off in "+id, r.Role)
		}
	}
}
