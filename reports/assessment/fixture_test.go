package assessment

import (
	"context"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/templates"
)

// testFixture is templates/tests/fixtures/ID.yaml; docs/formats/test.md describes it.
type testFixture struct {
	Cases []testCase `yaml:"cases"`
}

type testCase struct {
	Name       string                      `yaml:"name"`
	From       string                      `yaml:"from"` // these three: 2026-07-01, 2026-10-01 and the same again where left out
	To         string                      `yaml:"to"`
	AsOf       string                      `yaml:"as_of"`
	Parameters map[string]any              `yaml:"parameters"`
	Framework  FrameworkID                 `yaml:"framework"`   // the first one of the test where left out
	ShownTests []string                    `yaml:"shown_tests"` // that found no deviations
	Rows       map[string][]map[string]any `yaml:"rows"`
	Population int64                       `yaml:"population"`
	Deviations []wantDeviation             `yaml:"deviations"`
}

type wantDeviation struct {
	Item     string `yaml:"item"`
	Subject  string `yaml:"subject"`
	Resource string `yaml:"resource"`
	At       string `yaml:"at"`
	Line     int64  `yaml:"line"`
	Detail   string `yaml:"detail"`
}

// TestFixtures runs each shipped test over its fixtures: it must find what they say, and there must be a case in which it finds
// something and one in which it finds nothing.
func TestFixtures(t *testing.T) {
	ctx := context.Background()
	c, err := LoadCatalogue([]Layer{{Name: "templates", Files: templates.Files}}, Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	sql, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		t.Fatal(err)
	}
	engine, err := facts.Open(ctx, facts.Options{SQL: sql, Temp: t.TempDir(), Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	for _, test := range c.Tests {
		t.Run(string(test.ID), func(t *testing.T) {
			name := path.Join("tests/fixtures", string(test.ID)+".yaml")
			b, err := fs.ReadFile(templates.Files, name)
			if err != nil {
				t.Fatal(err)
			}
			var f testFixture
			if _, err := readYAML(File{Name: name, Content: b}, &f); err != nil {
				t.Fatal(err)
			}
			var fires, silent bool
			for _, tc := range f.Cases {
				fires = fires || len(tc.Deviations) > 0
				silent = silent || (len(tc.Deviations) == 0 && tc.Population > 0)
				t.Run(tc.Name, func(t *testing.T) { runFixture(ctx, t, engine, c, test, tc) })
			}
			if !fires || !silent {
				t.Errorf("want a case with deviations and one with a population and none: got %v, %v", fires, silent)
			}
		})
	}
}

func runFixture(ctx context.Context, t *testing.T, engine *facts.Engine, c *Catalogue, test *Test, tc testCase) {
	test, err := test.override(Overrides{Values: map[TestID]map[string]any{test.ID: tc.Parameters}})
	if err != nil {
		t.Fatal(err)
	}
	db, err := engine.Fixture(ctx, namedBlobs(tc.Rows))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w, err := newWindow(2, evidence.Period{From: fixtureDay(t, tc.From, "2026-07-01"), To: fixtureDay(t, tc.To, "2026-10-01")}, fixtureDay(t, tc.AsOf, "2026-10-01"))
	if err != nil {
		t.Fatal(err)
	}
	framework := tc.Framework
	if framework == "" && len(test.Frameworks) > 0 {
		framework = test.Frameworks[0]
	}
	r := &runner{facts: db, window: w, setting: settingOf(c, framework)}
	r.setting.shown = append(r.setting.shown, tc.ShownTests...)
	variables := test.variablesFor(w, r.setting)
	res, err := r.query(ctx, test, variables)
	if err != nil {
		t.Fatal(err)
	}
	if res.Population != tc.Population {
		t.Errorf("population: got %d, want %d", res.Population, tc.Population)
	}
	var got []wantDeviation
	keys := map[string]bool{}
	for i, d := range res.Deviations {
		w := wantDeviation{Item: d.Item, Subject: d.Subject, Resource: d.Resource, Detail: d.Detail, Line: d.Line}
		if d.At != nil {
			w.At = d.At.Format(time.RFC3339Nano)
		}
		if i < len(tc.Deviations) && tc.Deviations[i].At == "" {
			w.At = ""
		}
		if i < len(tc.Deviations) && tc.Deviations[i].Line == 0 {
			w.Line = 0
		}
		got = append(got, w)
		if keys[d.Key] {
			t.Errorf("two deviations have the key %s: %+v", d.Key, d)
		}
		keys[d.Key] = true
	}
	for i := range tc.Deviations {
		tc.Deviations[i].Item = blobDigests(tc.Deviations[i].Item)
	}
	if diff := cmp.Diff(tc.Deviations, got); diff != "" {
		t.Errorf("deviations (-want +got):\n%s", diff)
	}
}

func fixtureDay(t *testing.T, s, otherwise string) time.Time {
	t.Helper()
	if s == "" {
		s = otherwise
	}
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var blobName = regexp.MustCompile(`\bblob-[a-z0-9]+\b`)

func blobDigests(s string) string {
	return blobName.ReplaceAllStringFunc(s, func(name string) string { return string(evidence.DigestOf([]byte(name))) })
}

// namedBlobs puts a digest in the place of names such as blob-1, and blob-0 where a row names no evidence.
func namedBlobs(rows map[string][]map[string]any) map[string][]map[string]any {
	out := map[string][]map[string]any{}
	for table, list := range rows {
		for _, row := range list {
			named := maps.Clone(row)
			for column, v := range row {
				if s, ok := v.(string); ok {
					named[column] = blobDigests(s)
				}
			}
			if _, ok := named["evidence"]; !ok && table != "record" && table != "collection_part" {
				named["evidence"] = blobDigests("blob-0")
				if _, ok := named["line"]; !ok {
					named["line"] = 1
				}
			}
			out[table] = append(out[table], named)
		}
	}
	return out
}

func TestFixturesBelongToTests(t *testing.T) {
	names, err := fs.Glob(templates.Files, "tests/fixtures/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := fs.Glob(templates.Files, "tests/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !slices.Contains(tests, strings.Replace(name, "/fixtures", "", 1)) {
			t.Errorf("%s is the fixture of no test", name)
		}
	}
}
