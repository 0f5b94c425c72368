package reports_test

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/reports"
	"auditpack/reports/assessment"
	"auditpack/reports/rendertest"
	"auditpack/reports/text"
	"auditpack/templates"
)

var update = flag.Bool("update", false, "write the golden files")

var languages = []templates.Language{templates.English, templates.German}

func TestGolden(t *testing.T) {
	before := rendertest.Sample()
	before.AsOf = before.AsOf.AddDate(0, -3, 0)
	before.Tests[4].Deviations = append(before.Tests[4].Deviations[:3:3], assessment.Deviation{Key: "00112233445566aa", Test: "VAL-02", Item: "gone", Detail: "closed since", Owner: "platform-team"})
	criteria := rendertest.Criteria()
	for _, l := range languages {
		words := rendertest.Words(t, l)
		for name, doc := range map[string]reports.Document{
			"evidence":          reports.Evidence(rendertest.Sample(), words).SealedBy("SHA256:" + strings.Repeat("0f", 32)),
			"criteria":          reports.Evidence(criteria, words),
			"review":            reports.Review([]assessment.Assessment{rendertest.Sample()}, words),
			"review-since":      reports.Review([]assessment.Assessment{before, rendertest.Sample(), criteria}, words),
			"review-of-nothing": reports.Review(nil, words),
		} {
			t.Run(name+"-"+string(l), func(t *testing.T) {
				var got bytes.Buffer
				if err := (text.Renderer{}).Render(&got, doc); err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join("testdata", name+"-"+string(l)+".txt"), got.Bytes())
			})
		}
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test -update writes it:\n%s", file, diff)
	}
}

// Every link leads to one target, and every identifier is there once, in each medium.
func TestLinks(t *testing.T) {
	for _, doc := range rendertest.Documents(t) {
		for _, medium := range []reports.Medium{reports.Paged, reports.Spreadsheet} {
			targets, links := map[string]int{}, map[string]bool{}
			cell := func(c reports.Cell) {
				if c.Anchor != "" {
					targets[c.Anchor]++
				}
				if c.Link != "" {
					links[c.Link] = true
				}
			}
			tables := map[string]int{}
			var section func(reports.Section)
			section = func(s reports.Section) {
				if s.For != reports.Everywhere && s.For != medium {
					return
				}
				targets[s.ID]++
				for _, block := range s.Blocks {
					switch v := block.(type) {
					case reports.Fields:
						for _, f := range v.Items {
							cell(f.Value)
						}
					case reports.Table:
						tables[v.ID]++
						for _, row := range v.Rows {
							if len(row) != len(v.Columns) {
								t.Errorf("%s: table %q has a row of %d cells under %d columns", doc.Name, v.ID, len(row), len(v.Columns))
							}
							for _, c := range row {
								cell(c)
							}
						}
					}
				}
				for _, sub := range s.Sections {
					section(sub)
				}
			}
			for _, s := range doc.Document.Sections {
				section(s)
			}
			for id, n := range targets {
				if n > 1 {
					t.Errorf("%s, medium %d: target %q is there %d times", doc.Name, medium, id, n)
				}
			}
			for id, n := range tables {
				if n > 1 {
					t.Errorf("%s, medium %d: table %q is there %d times", doc.Name, medium, id, n)
				}
			}
			for id := range links {
				if targets[id] == 0 && medium == reports.Paged {
					t.Errorf("%s: link to %q leads nowhere", doc.Name, id)
				}
			}
		}
	}
}

// dynamic are the prefixes of keys that are put together with a code from data.
var dynamic = regexp.MustCompile(`^(status|status-short|meaning|result|meaning-of-result|shown|strength|kind|assurance|assurance-long|severity|risk|frequency|declared|outcome|reason|fault|role|side|response-kind|review-state|age|allowed|measure|effect|method|attestation|opinion)\.`)

// Every key that a builder uses exists in every language, no text is there for nothing, and placeholders agree.
func TestWording(t *testing.T) {
	words := map[templates.Language]templates.Text{}
	for _, l := range languages {
		words[l] = rendertest.Words(t, l)
	}
	used := usedKeys(t, words[templates.English])
	for key := range used {
		for _, l := range languages {
			if !words[l].Has(key) {
				t.Errorf("%s: %q is missing", l, key)
			}
		}
	}
	for _, key := range words[templates.English].Keys() {
		if !used[key] && !dynamic.MatchString(key) {
			t.Errorf("en: nothing uses %q", key)
		}
	}
	if diff := cmp.Diff(words[templates.English].Keys(), words[templates.German].Keys()); diff != "" {
		t.Errorf("keys differ between languages (-en +de):\n%s", diff)
	}
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	for _, key := range words[templates.English].Keys() {
		en, de := map[string]bool{}, map[string]bool{}
		for _, p := range placeholder.FindAllString(words[templates.English].Get(key), -1) {
			en[p] = true
		}
		for _, p := range placeholder.FindAllString(words[templates.German].Get(key), -1) {
			de[p] = true
		}
		if diff := cmp.Diff(en, de); diff != "" {
			t.Errorf("placeholders of %q differ (-en +de):\n%s", key, diff)
		}
	}
	for _, forbidden := range []string{"compliant", "certified", "passed", "konform", "zertifiziert", "bestanden"} {
		for _, l := range languages {
			for _, key := range words[l].Keys() {
				if strings.Contains(strings.ToLower(words[l].Get(key)), forbidden) {
					t.Errorf("%s: %q says %q, which only an auditor may say", l, key, forbidden)
				}
			}
		}
	}
}

// usedKeys are the string literals of the builders that begin with a group of the wording.
func usedKeys(t *testing.T, words templates.Text) map[string]bool {
	groups := map[string]bool{}
	for _, key := range words.Keys() {
		group, _, _ := strings.Cut(key, ".")
		groups[group] = true
	}
	used := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`^[a-z][a-z-]*\.[a-z0-9-]*[a-z0-9]$`)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, _ := strconv.Unquote(lit.Value)
				group, _, _ := strings.Cut(s, ".")
				if key.MatchString(s) && groups[group] {
					used[s] = true
				}
			}
			return true
		})
	}
	for _, l := range []string{"1", "2"} {
		used["guide.type-"+l] = true
	}
	return used
}

// Every code that an assessment gives as a reason or a fault has words. Codes are constants there, named code... and fault...
func TestCodeWords(t *testing.T) {
	files, err := filepath.Glob("assessment/*.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			lit, ok := spec.Values[0].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			code, _ := strconv.Unquote(lit.Value)
			switch name := spec.Names[0].Name; {
			case strings.HasPrefix(name, "code"):
				codes["reason."+code] = true
			case strings.HasPrefix(name, "fault"):
				codes["fault."+code] = true
			case strings.HasPrefix(name, "allowed"), strings.HasPrefix(name, "denied"):
				codes["allowed."+code] = true
			case strings.HasPrefix(name, "measure"):
				codes["measure."+code] = true
			}
			return true
		})
	}
	if len(codes) < 15 {
		t.Fatalf("found %d codes, want at least 15: are the constants named differently now?", len(codes))
	}
	for _, l := range languages {
		words := rendertest.Words(t, l)
		for code := range codes {
			if !words.Has(code) {
				t.Errorf("%s: %q is missing", l, code)
			}
		}
	}
}

// Every status has words.
func TestStatusWords(t *testing.T) {
	for _, l := range languages {
		words := rendertest.Words(t, l)
		for _, key := range []string{
			"status.supported", "status.partly-supported", "status.deviations-noted", "status.not-assessed", "status.not-applicable", "status.carved-out",
			"result.no-deviations", "result.deviations", "result.no-occurrences", "result.not-assessed",
			"outcome.ok", "outcome.none", "outcome.not-offered", "outcome.denied", "outcome.failed", "shown.fully", "shown.partly", "shown.deviating", "shown.not",
			"review-state.new", "review-state.still-open", "review-state.closed", "review-state.unknown",
		} {
			if !words.Has(key) {
				t.Errorf("%s: %q is missing", l, key)
			}
		}
	}
}

func TestVisible(t *testing.T) {
	ascii := func(r rune) bool { return r < 128 }
	for _, test := range []struct {
		name, in, want string
		shows          func(rune) bool
	}{
		{"plain", "Grüße", "Grüße", nil},
		{"direction", "a\u202eb", "a‹U+202E›b", nil},
		{"control", "a\x00b\x7f", "a‹U+0000›b‹U+007F›", nil},
		{"line ends", "a\r\nb\nc\rd", "a\nb\nc‹U+000D›d", nil},
		{"tab", "a\tb", "a b", nil},
		{"not UTF-8", "a\xffb", "a‹0xFF›b", nil},
		{"replacement character itself", "a\uFFFDb", "a\uFFFDb", nil},
		{"not in the font", "審", "‹U+5BE9›", ascii},
		{"beyond the basic plane", "🔥", "‹U+1F525›", ascii},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := reports.Visible(test.in, test.shows); got != test.want {
				t.Errorf("Visible(%q): got %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func TestFormat(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", -100: "-100"} {
		if got := reports.FormatNumber(templates.English, n); got != want {
			t.Errorf("FormatNumber(%d): got %q, want %q", n, got, want)
		}
	}
	if got, want := reports.FormatNumber(templates.German, 1234567), "1.234.567"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, l := range languages { // sed -n 1,187p would print 187 lines
		if got, want := reports.FormatCell(l, reports.Cell{Kind: reports.CellOrdinal, Number: 1187}), "1187"; got != want {
			t.Errorf("%s: a line number: got %q, want %q", l, got, want)
		}
	}
}
