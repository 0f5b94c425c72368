package codeowners_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"auditpack/collectors/codeowners"
)

func TestParse(t *testing.T) {
	source := "\ufeff# comment\r\n/modules/iam/ @platform-team @acme/security-team someone@security.example # why\r\n\r\n" +
		"/a[b] @x\n!/b @x\n/c nobody\n/d\n/e\\ f @x\n\xff @x\n/modules/iam/**/*.tf @x"
	want := codeowners.Rules{
		{Line: 2, Pattern: "/modules/iam/", Owners: []string{"@platform-team", "@acme/security-team", "someone@security.example"}},
		{Line: 4, Pattern: "/a[b]", Owners: []string{}, Problem: "unexpected character '[' at position 3"},
		{Line: 5, Pattern: "!/b", Owners: []string{}, Problem: "unexpected character '!' at position 1"},
		{Line: 6, Pattern: "/c", Owners: []string{}, Problem: "invalid owner format 'nobody' at position 4"},
		{Line: 7, Pattern: "/d", Owners: []string{}},
		{Line: 8, Pattern: `/e\ f`, Owners: []string{"@x"}},
		{Line: 9, Owners: []string{}, Problem: "bytes that are not UTF-8"},
		{Line: 10, Pattern: "/modules/iam/**/*.tf", Owners: []string{"@x"}},
	}
	got := codeowners.Parse([]byte(source))
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(codeowners.Rule{})); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestMatchTakesTheLastRule(t *testing.T) {
	rules := codeowners.Parse([]byte("* @all\n/modules/kms/ @security\n/modules/k* @dev\n/bad[ @x\n*.md @docs\n/docs/\n"))
	for path, want := range map[string]int{
		"main.tf": 1, "modules/kms/x": 3, "modules/kms/deep/er/x.tf": 3, "modules/iam/x": 1, "modules/kms/README.md": 5,
		"docs/x.md": 6, "bad[": 1,
	} {
		r, ok, err := rules.Match(path)
		if err != nil || !ok || r.Line != want {
			t.Errorf("Match(%q): got line %d, %v, %v, want line %d", path, r.Line, ok, err, want)
		}
	}
	if r, ok, err := codeowners.Parse(nil).Match("x"); ok || err != nil || r.Line != 0 {
		t.Errorf("Match without rules: got %+v, %v, %v, want none", r, ok, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("/modules/iam/ @a @b/c d@e.fg # why\n*.md\n\\ x @y\n***\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := 0
		rules := codeowners.Parse(b)
		for _, r := range rules {
			if r.Line <= last {
				t.Fatalf("lines out of order: %d after %d", r.Line, last)
			}
			last = r.Line
		}
		if _, _, err := rules.Match("modules/iam/x"); err != nil {
			t.Errorf("match: %v", err)
		}
	})
}
