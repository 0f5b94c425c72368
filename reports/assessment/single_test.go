package assessment_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// Exception files alone are enough for the tests of what they say, and for a rule of C5 where C5 is judged. They are not for what the history, an
// override, a document or another test must show.
func TestTestsNeeding(t *testing.T) {
	sql, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		t.Fatal(err)
	}
	files, err := facts.LoadFiles(sql)
	if err != nil {
		t.Fatal(err)
	}
	catalogue := shipped(t)
	kinds := []evidence.Kind{"exceptions.file/1", "exceptions.rows/1", "exceptions.life/1"}
	for name, tc := range map[string]struct {
		framework assessment.FrameworkID
		kinds     []evidence.Kind
		want      []assessment.TestID
	}{
		"under every framework":         {"iso27001-2022", kinds, []assessment.TestID{"EXC-01", "EXC-02", "EXC-03", "EXC-07"}},
		"with the rule of an edition":   {"c5-2026", kinds, []assessment.TestID{"EXC-01", "EXC-02", "EXC-03", "EXC-06", "EXC-07"}},
		"a kind that no test is for":    {"c5-2026", []evidence.Kind{"exceptions.file/1"}, []assessment.TestID{}},
		"a framework that is not there": {"soc2", kinds, []assessment.TestID{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, catalogue.TestsNeeding(tc.framework, tc.kinds, files)); diff != "" {
				t.Errorf("tests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadExceptionsRefuses(t *testing.T) {
	db := fixtureDB(t, openEngine(t, 1), nil)
	for name, tc := range map[string]struct {
		in   assessment.Input
		want string
	}{
		"no catalogue": {assessment.Input{Facts: db, Type: 1, AsOf: time.Unix(0, 0)}, "no catalogue"},
		"no facts":     {assessment.Input{Catalogue: shipped(t), Type: 1, AsOf: time.Unix(0, 0)}, "no facts"},
		"no date":      {assessment.Input{Catalogue: shipped(t), Facts: db, Type: 1}, "wants an as-of date"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := assessment.ReadExceptions(t.Context(), tc.in); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error that says %q", err, tc.want)
			}
		})
	}
}
