package codeowners_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"auditpack/collectors/codeowners"
	"auditpack/collectors/collectortest"
	"auditpack/evidence/facts"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// project collects with cfg relative to dir and gives the tables of it.
func project(t *testing.T, dir string, cfg codeowners.Config) *facts.DB {
	t.Helper()
	store, now := memstore.New(), time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)
	res := collectortest.CollectFolder(t, codeowners.Type, store, dir, now, func(v any) { *v.(*codeowners.Config) = cfg })
	if res.Failed() {
		t.Fatalf("collect: got %v and parts %+v, want no failure", res.Err, res.Entry.Parts)
	}
	return factstest.Project(t, store, store)
}

func TestFacts(t *testing.T) {
	db := project(t, "../../examples/acme", codeowners.Config{Path: "infrastructure", Protected: []codeowners.Protected{
		{Path: "modules/iam/", Purpose: "iam", Owners: []string{"@acme/platform-team", "@acme/security-team"}},
		{Path: "modules/kms/", Purpose: "kms", Owners: []string{"@acme/security-team"}},
		{Path: "exceptions/", Purpose: "exceptions"},
		{Path: "CODEOWNERS", Purpose: "codeowners"},
	}})
	factstest.Check(t, db, `select line, source, path, protected, purpose, pattern, owners, required_owners, "exists", files from codeowners_path order by path`,
		"8 | source | CODEOWNERS | CODEOWNERS | codeowners | /CODEOWNERS | [@acme/platform-team, @acme/security-team] | [] | true | 0",
		"0 | source | exceptions/ | exceptions/ | exceptions | - | [] | [] | false | 0",
		"2 | source | modules/iam/ | modules/iam/ | iam | /modules/iam/ | [@acme/platform-team, @acme/security-team] | [@acme/platform-team, @acme/security-team] | true | 1",
		"11 | source | modules/kms/ | modules/kms/ | kms | /modules/k* | [@acme/dev-team] | [@acme/security-team] | true | 1",
	)
	factstest.Check(t, db, `select line, file, pattern, owners, problem from codeowners_rule where line > 8`,
		"11 | CODEOWNERS | /modules/k* | [@acme/dev-team] | -")
	factstest.Check(t, db, `select count(distinct evidence) from codeowners_path join record on record.blob = evidence where kind = 'codeowners.file/1'`, "1")
}

// A pattern for one sort of file takes over only such files: they get a row of their own, the folder keeps its own.
func TestFactsOfFilesThatAnotherRuleDecides(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"docs/CODEOWNERS":         "/modules/kms/ @security-team\n*.md @docs-team\n",
		"modules/kms/main.tf":     "",
		"modules/kms/README.md":   "",
		"modules/kms/sub/NOTE.md": "",
		"modules/kms/sub/x.tf":    "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	db := project(t, dir, codeowners.Config{Path: ".", Protected: []codeowners.Protected{{Path: "modules/kms/", Purpose: "kms"}}})
	factstest.Check(t, db, `select line, path, protected, pattern, owners, files from codeowners_path order by line`,
		"1 | modules/kms/ | modules/kms/ | /modules/kms/ | [@security-team] | 2",
		"2 | modules/kms/README.md | modules/kms/ | *.md | [@docs-team] | 2",
	)
}
