package assessment_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/facts"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// shipped loads the catalogue that the program carries.
func shipped(t testing.TB) *assessment.Catalogue {
	t.Helper()
	c, err := assessment.LoadCatalogue([]assessment.Layer{{Name: "templates", Files: templates.Files}}, assessment.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// openEngine opens an engine over the shipped fact files.
func openEngine(t testing.TB, threads int) *facts.Engine {
	t.Helper()
	sql, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		t.Fatal(err)
	}
	e, err := facts.Open(context.Background(), facts.Options{SQL: sql, Temp: t.TempDir(), Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestShippedCatalogue(t *testing.T) {
	c := shipped(t)
	counts := map[string]int{}
	for _, f := range c.Frameworks {
		for _, r := range f.Requirements {
			counts[string(f.ID)+" "+r.Type]++
		}
	}
	want := map[string]int{
		"iso27001-2022 annex-a-control": 93,
		"iso27001-2022 clause":          41,
		"c5-2020 basic-criterion":       121,
		"c5-2020 general-condition":     6,
		"c5-2026 basic-criterion":       168,
		"c5-2026 general-condition":     6,
		"waf-sec waf-control":           10,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("requirements (-want +got):\n%s", diff)
	}
}

func TestShippedCatalogueAgainstFacts(t *testing.T) {
	db, err := openEngine(t, 1).Fixture(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := shipped(t).Check(context.Background(), db); err != nil {
		t.Error(err)
	}
}

// The list of WAF-SEC controls in RAC-03 is a parameter, so that an auditor sees it; it must be the framework's.
func TestWAFControlsAreTheFrameworks(t *testing.T) {
	c := shipped(t)
	test, _ := c.Test("RAC-03")
	framework, _ := c.Framework("waf-sec")
	var want []string
	for _, r := range framework.Requirements {
		want = append(want, string(r.ID))
	}
	if diff := cmp.Diff(want, test.Parameters["waf_controls"]); diff != "" {
		t.Errorf("waf_controls (-framework +test):\n%s", diff)
	}
}

const goodFramework = `id: f-1
edition: "1"
title: {en: F, de: F}
source: https://example.com/
attribution: {en: A, de: A}
requirements:
  - id: R-1
    type: control
    group: {en: G, de: G}
    title: {en: T, de: T}
`

const goodControl = `id: c-one
title: {en: C, de: C}
statement: {en: S, de: S}
owner: team
frequency: yearly
aspects:
  - {id: a, tests: [TST-01], title: {en: A, de: A}}
targets:
  - {framework: f-1, id: R-1, strength: primary}
`

const goodTest = `id: TST-01
title: {en: T, de: T}
procedure: {en: P, de: P}
limits: {en: L, de: L}
assurance: design
severity: low
needs:
  exception: {max_age: 1d, coverage: as-of}
parameters:
  limit: 1
population: select file from exception
deviations: |
  select
      evidence,
      exception_id as item,
      '' as subject,
      '' as resource,
      null::timestamp_ns as at,
      'x' as detail
  from exception
  where line > getvariable('limit')
`

func TestLoadCatalogueRefuses(t *testing.T) {
	replace := func(s, old, new string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("no %q to replace", old)
		}
		return strings.Replace(s, old, new, 1)
	}
	tests := []struct {
		name  string
		files map[string]string // on top of the good ones
		want  string
	}{
		{"unknown key of a framework", map[string]string{"frameworks/f-1.yaml": goodFramework + "extra: 1\n"}, `templates/frameworks/f-1.yaml:11: unknown field "extra"`},
		{"requirement twice", map[string]string{"frameworks/f-1.yaml": goodFramework + goodFramework[strings.Index(goodFramework, "  - id"):]}, `templates/frameworks/f-1.yaml:11: requirement "R-1" occurs twice, first on line 7`},
		{"requirement of no type", map[string]string{"frameworks/f-1.yaml": replace(goodFramework, "type: control", "type: rule")}, `templates/frameworks/f-1.yaml:8: type "rule" of requirement "R-1"`},
		{"no German title", map[string]string{"frameworks/f-1.yaml": replace(goodFramework, "title: {en: T, de: T}", "title: {en: T}")}, `templates/frameworks/f-1.yaml:10: title has no German text (de)`},
		{"parent that is not there", map[string]string{"frameworks/f-1.yaml": goodFramework + "    parent: R-0\n"}, `templates/frameworks/f-1.yaml:11: parent "R-0" of requirement "R-1" is not in this framework`},
		{"unknown key of a control", map[string]string{"controls/c-one.yaml": goodControl + "team: x\n"}, `templates/controls/c-one.yaml:10: unknown field "team"`},
		{"target that the edition lacks", map[string]string{"controls/c-one.yaml": replace(goodControl, "id: R-1", "id: R-9")}, `templates/controls/c-one.yaml:9: f-1 has no requirement "R-9"`},
		{"target of no framework", map[string]string{"controls/c-one.yaml": replace(goodControl, "framework: f-1", "framework: f-2")}, `templates/controls/c-one.yaml:9: framework "f-2" is not in the catalogue`},
		{"target twice", map[string]string{"controls/c-one.yaml": goodControl + "  - {framework: f-1, id: R-1, strength: supporting}\n"}, `templates/controls/c-one.yaml:10: target "R-1" of f-1 occurs twice`},
		{"strength of no kind", map[string]string{"controls/c-one.yaml": replace(goodControl, "primary", "strong")}, `templates/controls/c-one.yaml:9: strength "strong" of target "R-1"`},
		{"aspect with a test that is not there", map[string]string{"controls/c-one.yaml": replace(goodControl, "TST-01", "TST-09")}, `templates/controls/c-one.yaml:7: test "TST-09" of aspect "a" is not in the catalogue`},
		{"aspect with a test of information", map[string]string{"tests/TST-01.yaml": "purpose: ipe\n" + goodTest}, `templates/controls/c-one.yaml:7: test "TST-01" of aspect "a" has purpose ipe`},
		{"purpose of no kind", map[string]string{"tests/TST-01.yaml": "purpose: ITGC\n" + goodTest}, `templates/tests/TST-01.yaml:1: purpose "ITGC": want one of [control ipe]`},
		{"aspect with neither tests nor manual", map[string]string{"controls/c-one.yaml": replace(goodControl, "tests: [TST-01], ", "")}, `templates/controls/c-one.yaml:7: aspect "a": want either tests or manual: true`},
		{"frequency of no kind", map[string]string{"controls/c-one.yaml": replace(goodControl, "yearly", "often")}, `templates/controls/c-one.yaml:5: frequency "often"`},
		{"unknown key of a test", map[string]string{"tests/TST-01.yaml": "sql: x\n" + goodTest}, `templates/tests/TST-01.yaml:1: unknown field "sql"`},
		{"key of a test twice", map[string]string{"tests/TST-01.yaml": goodTest + "severity: low\n"}, `templates/tests/TST-01.yaml:22: mapping key "severity" already defined`},
		{"test in a file of another name", map[string]string{"tests/TST-02.yaml": goodTest}, `templates/tests/TST-02.yaml: file holds TST-01, so its name must be TST-01.yaml`},
		{"file with another ending", map[string]string{"tests/TST-02.yml": goodTest}, `templates/tests/TST-02.yml: want a name that ends in .yaml`},
		{"age in no unit", map[string]string{"tests/TST-01.yaml": replace(goodTest, "max_age: 1d", "max_age: 1w")}, `templates/tests/TST-01.yaml:8: max_age of exception: "1w"`},
		{"operation by a snapshot", map[string]string{"tests/TST-01.yaml": replace(goodTest, "assurance: design", "assurance: operating")}, `templates/tests/TST-01.yaml:8: test "TST-01": a test of operation needs a table over the whole period`},
		{"parameter that is not read", map[string]string{"tests/TST-01.yaml": replace(goodTest, "  limit: 1\n", "  limit: 1\n  other: 2\n")}, `templates/tests/TST-01.yaml:11: parameter "other": neither statement reads`},
		{"parameter that is not declared", map[string]string{"tests/TST-01.yaml": replace(goodTest, "getvariable('limit')", "getvariable('limits')")}, `SQL reads getvariable('limits'), which is no parameter`},
		{"variable in another spelling", map[string]string{"tests/TST-01.yaml": replace(goodTest, "getvariable('limit')", "getvariable('limit') + GetVariable ('limit')")}, `write variables as getvariable('name')`},
		{"floating point", map[string]string{"tests/TST-01.yaml": replace(goodTest, "limit: 1", "limit: 1.5")}, `templates/tests/TST-01.yaml:10: parameter "limit": 1.5 is no whole number`},
		{"wrong type", map[string]string{"tests/TST-01.yaml": replace(goodTest, "needs:\n  exception: {max_age: 1d, coverage: as-of}\n", "needs: 7\n")}, `templates/tests/TST-01.yaml:7: `},
		{"no YAML", map[string]string{"tests/TST-01.yaml": "id: [\n"}, `templates/tests/TST-01.yaml:1: `},
		{"empty file", map[string]string{"tests/TST-01.yaml": "# nothing\n"}, `templates/tests/TST-01.yaml: file is empty`},
		{"two documents", map[string]string{"tests/TST-01.yaml": goodTest + "---\n" + goodTest}, `templates/tests/TST-01.yaml:23: a second YAML document`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			tree := tree(goodFiles)
			for name, content := range tc.files {
				tree[name] = &fstest.MapFile{Data: []byte(content)}
			}
			_, err := assessment.LoadCatalogue([]assessment.Layer{{Name: "templates", Files: tree}}, assessment.Overrides{})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one with %q", err, tc.want)
			}
		})
	}
}

var goodFiles = map[string]string{"frameworks/f-1.yaml": goodFramework, "controls/c-one.yaml": goodControl, "tests/TST-01.yaml": goodTest}

func tree(files map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, content := range files {
		out[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return out
}

func TestOverlay(t *testing.T) {
	base := assessment.Layer{Name: "templates", Files: tree(goodFiles)}
	own := assessment.Layer{Name: "workspace", Files: tree(map[string]string{
		"controls/c-one.yaml": strings.Replace(goodControl, "owner: team", "owner: others", 1),
		"controls/c-two.yaml": strings.Replace(goodControl, "id: c-one", "id: c-two", 1),
	})}
	c, err := assessment.LoadCatalogue([]assessment.Layer{base, own}, assessment.Overrides{Values: map[assessment.TestID]map[string]any{"TST-01": {"limit": uint64(5)}}})
	if err != nil {
		t.Fatal(err)
	}
	var owners, files []string
	for _, x := range c.Controls {
		owners = append(owners, string(x.ID)+" "+x.Owner)
	}
	for _, f := range c.Files {
		files = append(files, f.Name)
	}
	if diff := cmp.Diff([]string{"c-one others", "c-two team"}, owners); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	want := []string{
		"templates/frameworks/f-1.yaml", "templates/tests/TST-01.yaml",
		"workspace/controls/c-one.yaml", "workspace/controls/c-two.yaml", "workspace/parameters.json",
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	test, _ := c.Test("TST-01")
	if diff := cmp.Diff(map[string]any{"limit": int64(5)}, test.Parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestOverridesRefused(t *testing.T) {
	type values = map[assessment.TestID]map[string]any
	layer := []assessment.Layer{{Name: "templates", Files: tree(goodFiles)}}
	place := func(keys ...string) (string, int) { return "a.yaml/" + strings.Join(keys, "."), len(keys) }
	for name, tc := range map[string]struct {
		overrides assessment.Overrides
		want      string
	}{
		"no such test":           {assessment.Overrides{Values: values{"TST-09": {"limit": 1}}}, "a.yaml/parameters.TST-09.:3: parameters of TST-09: no such test"},
		"no such parameter":      {assessment.Overrides{Values: values{"TST-01": {"bound": 1}}}, `a.yaml/parameters.TST-01.bound:3: parameters of TST-01: "bound" is no parameter; there are [limit]`},
		"another type":           {assessment.Overrides{Values: values{"TST-01": {"limit": "1"}}}, `a.yaml/parameters.TST-01.limit:3: parameters of TST-01: "limit": got text, want a whole number`},
		"no value":               {assessment.Overrides{Values: values{"TST-01": {"limit": nil}}}, `a.yaml/parameters.TST-01.limit:3: parameters of TST-01: "limit": no value`},
		"an owner of nothing":    {assessment.Overrides{Owners: map[string]string{"teams": "Crew"}}, `a.yaml/owners.teams:2: owners: no control is owned by "teams"`},
		"a framework not there":  {assessment.Overrides{Frameworks: []assessment.FrameworkID{"f-1", "f-2"}}, `a.yaml/frameworks:1: frameworks: framework "f-2" is not in the catalogue; there are f-1`},
		"a framework by no name": {assessment.Overrides{Frameworks: []assessment.FrameworkID{""}}, `a.yaml/frameworks:1: frameworks: framework "" is not in the catalogue`},
	} {
		t.Run(name, func(t *testing.T) {
			tc.overrides.Place = place
			_, err := assessment.LoadCatalogue(layer, tc.overrides)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	db, err := openEngine(t, 1).Fixture(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for name, tc := range map[string]struct{ old, new, want string }{
		"a table that no fact file makes": {"  exception: {max_age: 1d", "  excepted: {max_age: 1d", `:8: no fact file makes the table "excepted"`},
		"a table that is not needed":      {"select file from exception", "select file from exception join raci_task using (file)", `SQL of TST-01 reads "raci_task", which is not among its needs`},
		"SQL that does not prepare":       {"select file from", "select fil from", `:11: population of TST-01: `},
		"a moment":                        {"'x' as detail", "now()::varchar as detail", `deviations of TST-01: `},
		"a column too few":                {"      'x' as detail\n", "", `deviations of TST-01: got columns [evidence item subject resource at], want [evidence item subject resource at detail]`},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(goodTest, tc.old, tc.new, 1)
			if name == "a column too few" {
				changed = strings.Replace(changed, "as at,", "as at", 1)
			}
			files := tree(goodFiles)
			files["tests/TST-01.yaml"] = &fstest.MapFile{Data: []byte(changed)}
			c, err := assessment.LoadCatalogue([]assessment.Layer{{Name: "templates", Files: files}}, assessment.Overrides{})
			if err != nil {
				t.Fatal(err)
			}
			err = c.Check(context.Background(), db)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want one with %q", err, tc.want)
			}
		})
	}
}

type brokenFS struct{ fs.FS }

func (brokenFS) Open(string) (fs.File, error) { return nil, errors.New("disk is gone") }

func TestLoadCatalogueReadError(t *testing.T) {
	_, err := assessment.LoadCatalogue([]assessment.Layer{{Name: "workspace", Files: brokenFS{}}}, assessment.Overrides{})
	if err == nil || !strings.Contains(err.Error(), "read controls of workspace: disk is gone") {
		t.Errorf("got error %v", err)
	}
}
