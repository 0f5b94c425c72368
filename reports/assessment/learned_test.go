package assessment_test

import (
	"bytes"
	"io/fs"
	"os"
	"testing"

	"auditpack/evidence/facts"
	"auditpack/reports/assessment"
	"auditpack/templates"
)

// withoutLearned hides what an earlier run learned.
type withoutLearned struct{ fs.FS }

func (f withoutLearned) Open(name string) (fs.File, error) {
	if name == facts.LearnedFile {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f.FS.Open(name)
}

// What is shipped as learned of the fact files and of the tests is what an engine learns of them: every rule for fact files and for the
// statements of shipped tests is held here, and not again on each user's machine.
func TestLearnedIsUpToDate(t *testing.T) {
	sql, err := fs.Sub(templates.Files, "facts")
	if err != nil {
		t.Fatal(err)
	}
	e, err := facts.Open(t.Context(), facts.Options{SQL: withoutLearned{sql}, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	db, err := e.Fixture(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	catalogue, err := assessment.LoadCatalogue([]assessment.Layer{{Name: "templates", Files: templates.Files}}, assessment.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	if err := catalogue.Check(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	got, err := e.Learned()
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../templates/facts/" + facts.LearnedFile
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the fact files give (%v); make it with: make golden", path, err)
	}
}
