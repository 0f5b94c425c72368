package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/reports/assessment"
	"auditpack/templates"
)

// What tests say decides on which line it is shown: a wording that none of them has any more shows nothing there.
func TestAboutKeysAreWhatTestsSay(t *testing.T) {
	catalogue, err := assessment.LoadCatalogue([]assessment.Layer{{Name: "templates", Files: templates.Files}}, assessment.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for _, id := range []assessment.TestID{"EXC-01", "EXC-02", "EXC-03", "EXC-06"} {
		test, _ := catalogue.Test(id)
		said.WriteString(test.Deviations)
	}
	for _, about := range aboutKeys {
		if !strings.Contains(said.String(), "'"+about.begins) {
			t.Errorf("no test says %q", about.begins)
		}
	}
}

func TestLineOf(t *testing.T) {
	files := lintFiles{keys: map[string]map[string]int64{"a.yml": keyLines([]byte("# x\ncontrol: A\napprovals:\n  - role: CISO\nresource: b\r\ncontrol: B\n"))}}
	got := map[string]int64{}
	for _, detail := range []string{"control A is not known", "resource * is nothing but a wildcard", "ended on 2026-01-01", "controlled by nobody"} {
		got[detail] = files.lineOf("a.yml", detail, 1)
	}
	want := map[string]int64{"control A is not known": 2, "resource * is nothing but a wildcard": 5, "ended on 2026-01-01": 1, "controlled by nobody": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if n := files.lineOf("b.yml", "control A is not known", 3); n != 3 {
		t.Errorf("line in a file that was not read: got %d, want 3", n)
	}
}
