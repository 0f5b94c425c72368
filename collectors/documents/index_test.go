package documents_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors/documents"
)

func TestDocumentedExample(t *testing.T) {
	b, err := os.ReadFile("../../docs/sources/documents.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml example=index\n(.*?)```").FindSubmatch(b)
	if m == nil {
		t.Fatal("the page has no example")
	}
	got, problems := documents.Parse(m[1])
	if len(problems) > 0 {
		t.Errorf("problems: got %v, want none", problems)
	}
	want := []documents.Entry{{
		Line: 2, ID: "DOC-001", Title: "Information security policy", File: "policies/information-security.pdf",
		Targets: []string{"iso27001-2022:A.5.1", "c5-2020:SP-01"}, Owner: "Compliance",
		ValidFrom: "2026-01-15", ValidUntil: "2027-01-14", Approver: "CISO - Max Mustermann",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestLocal(t *testing.T) {
	for file, want := range map[string]bool{
		"a.pdf": true, "a/b.pdf": true, "..a/b": true, "": false, ".": false, "..": false, "../a": false, "a/../../b": false,
		"/etc/passwd": false, "a//b": false, "./a": false,
	} {
		if got := (documents.Entry{File: file}).Local(); got != want {
			t.Errorf("Local of %q: got %v, want %v", file, got, want)
		}
	}
}

// A link that lies in the folder and leads out of it is not followed, neither as the file nor as a folder on the way.
func TestLinksAreRefused(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write := func(path, content string) {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(outside, "secret.txt"), "canary")
	index := ""
	for _, file := range []string{"link.txt", "folder/secret.txt"} {
		index += "  - {id: " + file[:4] + ", title: t, file: " + file + ", targets: [x], owner: o, valid_from: 2026-01-01, valid_until: 2026-12-31, approver: a}\n"
	}
	write(filepath.Join(dir, "index.yaml"), "documents:\n"+index)
	for name, target := range map[string]string{"link.txt": filepath.Join(outside, "secret.txt"), "folder": outside} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	res, _ := collect(t, dir, documents.Config{Index: "index.yaml"})
	var got []string
	for _, p := range res.Entry.Parts {
		got = append(got, p.Part+" "+string(p.Outcome)+" "+p.Detail)
	}
	want := []string{
		"documents failed index.yaml, line 2: read document \"link.txt\": it is no regular file\n" +
			"index.yaml, line 3: read document \"folder/secret.txt\": \"folder\" is no folder",
		"documents ok ",
		"git history not-offered not in a git repository, or before its first commit",
		"index ok ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

// The schema that editors are given is the one that the index is checked with.
func TestSchemaInDocs(t *testing.T) {
	const path = "../../docs/formats/schemas/documents.schema.json"
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(path, documents.Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, documents.Schema()) {
		t.Errorf("%s differs from the schema in the program: go test -update rewrites it", path)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("documents:\n  - {id: a, title: t, file: f, targets: [x], owner: o, valid_from: 2026-01-01, valid_until: 2026-12-31, approver: a}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, problems := documents.Parse(b)
		for _, e := range entries {
			problems = append(problems, e.Problems...)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Field == "" || p.What == "" {
				t.Errorf("problem without line, field or words: %+v", p)
			}
		}
	})
}
