package assessment_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence/facts"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// goodFixture is the fixture of goodTest.
const goodFixture = `cases:
  - name: one line too many
    rows:
      exception:
        - {exception_id: E1, line: 2, file: a.yml}
        - {exception_id: E2, line: 1, file: b.yml}
    population: 2
    deviations:
      - {item: E1, detail: x}
  - name: none
    rows: {exception: [{exception_id: E2, line: 1, file: b.yml}]}
    population: 1
`

// germanFiles are the good files with German that differs.
func germanFiles() map[string]string {
	files := map[string]string{"tests/fixtures/TST-01.yaml": goodFixture}
	for name, content := range goodFiles {
		for _, word := range []string{"F", "G", "T", "P", "L", "C", "S", "A"} {
			content = strings.ReplaceAll(content, "{en: "+word+", de: "+word+"}", "{en: "+word+", de: "+word+"-de}")
		}
		files[name] = content
	}
	return files
}

func lint(t *testing.T, engine *facts.Engine, files map[string]string, change func(*assessment.LintInput)) []string {
	t.Helper()
	in := assessment.LintInput{Layers: []assessment.Layer{{Name: "workspace", Files: tree(files)}}, Engine: engine, Own: "workspace"}
	if change != nil {
		change(&in)
	}
	found, err := assessment.Lint(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for _, f := range found {
		lines = append(lines, f.Level+" "+(&assessment.Problem{File: f.File, Line: f.Line, Text: f.Text}).Error())
	}
	return lines
}

func TestLintFinds(t *testing.T) {
	engine := openEngine(t, 1)
	for name, tc := range map[string]struct {
		file, old, new string
		want           []string // beginnings, in order
	}{
		"nothing":                   {},
		"a text that is the same":   {"controls/c-one.yaml", "{en: S, de: S-de}", "{en: S, de: S}", []string{`error workspace/controls/c-one.yaml:3: "S" is the same in German`}},
		"one that may be":           {"controls/c-one.yaml", "statement: {en: S, de: S-de}", "untranslated: [S]\nstatement: {en: S, de: S}", nil},
		"no fixture":                {"tests/fixtures/TST-01.yaml", goodFixture, "", []string{`error workspace/tests/TST-01.yaml: test TST-01 has no fixture: want workspace/tests/fixtures/TST-01.yaml`}},
		"a fixture that disagrees":  {"tests/fixtures/TST-01.yaml", "population: 1", "population: 3", []string{`error workspace/tests/fixtures/TST-01.yaml:10: case "none" of TST-01: population: got 1, want 3`}},
		"an id the edition lacks":   {"controls/c-one.yaml", "id: R-1", "id: R-9", []string{`error workspace/controls/c-one.yaml:9: f-1 has no requirement "R-9"`}},
		"no owner":                  {"controls/c-one.yaml", "owner: team", "owner: \"\"", []string{`error workspace/controls/c-one.yaml:1: control "c-one" has no owner`, `error workspace/tests/TST-01.yaml: test TST-01 shows no aspect of any control`}},
		"an owner nobody knows":     {"controls/c-one.yaml", "owner: team", "owner: others", []string{`error workspace/controls/c-one.yaml:4: owner "others" of control c-one is in neither the RACI nor the responsibility matrix`}},
		"an aspect without a test":  {"controls/c-one.yaml", "tests: [TST-01]", "manual: false", []string{`error workspace/controls/c-one.yaml:7: aspect "a": want either tests or manual: true`, `error workspace/tests/TST-01.yaml: test TST-01 shows no aspect`}},
		"a test that nobody uses":   {"controls/c-one.yaml", "tests: [TST-01]", "manual: true", []string{`error workspace/tests/TST-01.yaml: test TST-01 shows no aspect of any control, so it is never run`}},
		"SQL that does not prepare": {"tests/TST-01.yaml", "select file from", "select fil from", []string{`error workspace/tests/TST-01.yaml:11: population of TST-01: `, `error workspace/tests/fixtures/TST-01.yaml:2: case "one line too many" of TST-01: run population`, `error workspace/tests/fixtures/TST-01.yaml:10: case "none"`}},
		"SQL that writes":           {"tests/TST-01.yaml", "select file from exception", "create table x as select 1", []string{`error workspace/tests/TST-01.yaml:11: population of TST-01: want one SELECT statement`, `error workspace/tests/fixtures`, `error workspace/tests/fixtures`}},
		"SQL that reads files":      {"tests/TST-01.yaml", "select file from exception", "select content from read_text('/etc/passwd')", []string{`error workspace/tests/TST-01.yaml:11: population of TST-01: `, `error workspace/tests/fixtures`, `error workspace/tests/fixtures`}},
		"SQL with a clock":          {"tests/TST-01.yaml", "'x' as detail", "now()::varchar as detail", []string{`error workspace/tests/TST-01.yaml:12: deviations of TST-01: `, `error workspace/tests/fixtures`, `error workspace/tests/fixtures`}},
		"other columns":             {"tests/TST-01.yaml", "'x' as detail", "'x' as details", []string{`error workspace/tests/TST-01.yaml:12: deviations of TST-01: got columns`, `error workspace/tests/fixtures`}},
		"no YAML":                   {"frameworks/f-1.yaml", "requirements:", "requirements: [", []string{`error workspace/controls/c-one.yaml:9: framework "f-1" is not in the catalogue`, `error workspace/frameworks/f-1.yaml:6: `}},
		"a fixture of no test":      {"tests/fixtures/TST-02.yaml", "", goodFixture, []string{`error workspace/tests/fixtures/TST-02.yaml: fixture of no test: there is no workspace/tests/TST-02.yaml`}},
		"a crosswalk to nothing":    {"crosswalks/x.yaml", "", "from: f-1\nbasis: b\ntargets:\n  - {id: R-1, framework: f-2, target: X, strength: primary}\n  - {id: R-7, framework: f-1, target: R-1, strength: strong}\n", []string{`error workspace/crosswalks/x.yaml:4: framework "f-2" is not in the catalogue`, `error workspace/crosswalks/x.yaml:5: f-1 has no requirement "R-7"`, `error workspace/crosswalks/x.yaml:5: strength "strong"`}},
	} {
		t.Run(name, func(t *testing.T) {
			files := germanFiles()
			switch {
			case tc.file == "":
			case tc.old == "":
				files[tc.file] = tc.new
			case !strings.Contains(files[tc.file], tc.old):
				t.Fatalf("no %q to replace", tc.old)
			case tc.new == "":
				delete(files, tc.file)
			default:
				files[tc.file] = strings.Replace(files[tc.file], tc.old, tc.new, 1)
			}
			got := lint(t, engine, files, func(in *assessment.LintInput) { in.Teams.Named = []string{"Team", "Security Team"} })
			same := len(got) == len(tc.want)
			for i := 0; same && i < len(got); i++ {
				same = strings.HasPrefix(got[i], tc.want[i])
			}
			if !same {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// What a workspace cannot change in the layer below its own is a warning, and its fixtures are not run again.
func TestLintOfShippedFiles(t *testing.T) {
	files := germanFiles()
	files["tests/fixtures/TST-01.yaml"] = strings.Replace(goodFixture, "population: 1", "population: 3", 1)
	files["controls/c-one.yaml"] = strings.Replace(files["controls/c-one.yaml"], "tests: [TST-01]", "manual: true", 1)
	var escalation []string
	look := func(in *assessment.LintInput) {
		in.Layers = []assessment.Layer{{Name: "templates", Files: tree(files)}, {Name: "workspace", Files: fstest.MapFS{}}}
		in.Teams.Named, in.Teams.Escalation = []string{"Compliance"}, escalation
	}
	engine := openEngine(t, 1)
	got := lint(t, engine, nil, look)
	want := []string{
		`warning : owner "team", of 1 controls, is in neither the RACI nor the responsibility matrix: name it there, or give your own name for it under owners: in auditpack.yaml`,
		`warning templates/tests/TST-01.yaml: test TST-01 shows no aspect of any control, so it is never run`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	escalation = []string{"Team, then CISO"} // who is escalated to is known, as in an Assessment
	if diff := cmp.Diff(want[1:], lint(t, engine, nil, look)); diff != "" {
		t.Errorf("findings with a path of escalation (-want +got):\n%s", diff)
	}
}

// The organization's own names of owners stand in the catalogue, and the file that says so is an input.
func TestOwners(t *testing.T) {
	layers := []assessment.Layer{{Name: "templates", Files: tree(goodFiles)}}
	c, err := assessment.LoadCatalogue(layers, assessment.Overrides{Owners: map[string]string{"team": "SRE"}})
	if err != nil {
		t.Fatal(err)
	}
	if x, _ := c.Control("c-one"); x.Owner != "SRE" {
		t.Errorf("owner: got %q, want SRE", x.Owner)
	}
	if !slices.ContainsFunc(c.Files, func(f assessment.File) bool { return f.Name == "workspace/owners.json" }) {
		t.Error("the owners are not among the files")
	}
	_, err = assessment.LoadCatalogue(layers, assessment.Overrides{Owners: map[string]string{"teams": "SRE"}})
	if err == nil || !strings.Contains(err.Error(), `owners: no control is owned by "teams"`) {
		t.Errorf("got %v", err)
	}
}

func TestShippedCatalogueIsClean(t *testing.T) {
	found, err := assessment.Lint(context.Background(), assessment.LintInput{
		Layers: []assessment.Layer{{Name: "templates", Files: templates.Files}}, Engine: openEngine(t, 1), Own: "workspace", // its fixtures have a test of their own
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f.Level, f.File, f.Line, f.Text)
	}
}
