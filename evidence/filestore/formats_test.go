package filestore

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/internal/doctest"
)

const formats = "../../docs/formats/"

// TestStorePage stores what the pages on records and journals show, and compares the folder with what the page on stores shows.
func TestStorePage(t *testing.T) {
	s := newStore(t)
	put(t, s, []byte(doctest.Blocks(t, formats+"record.md", "log")[0]))
	put(t, s, []byte(strings.TrimSuffix(doctest.Blocks(t, formats+"record.md", "json")[0], "\n")))
	for _, b := range doctest.Blocks(t, formats+"journal.md", "json") {
		b = strings.TrimSuffix(b, "\n")
		e, err := evidence.DecodeEntry([]byte(b))
		if err != nil {
			t.Fatal(err)
		}
		committed, err := s.Append(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b, string(read(t, s.Dir(), "journal/"+filepath.Base(s.entryPath(committed.Number))))); diff != "" {
			t.Errorf("entry %d (-page +got):\n%s", committed.Number, diff)
		}
	}
	var files strings.Builder
	err := filepath.WalkDir(s.Dir(), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(s.Dir(), path)
		files.WriteString(rel + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doctest.Blocks(t, formats+"store.md", "files")[0], files.String()); diff != "" {
		t.Errorf("files (-page +got):\n%s", diff)
	}
	json := doctest.Blocks(t, formats+"store.md", "json")
	if diff := cmp.Diff(json[1], string(read(t, s.Dir(), stateFile))); diff != "" {
		t.Errorf("state (-page +got):\n%s", diff)
	}
	head := filepath.Join(s.Dir(), headFile)
	if err := os.Remove(head); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(head, []byte(json[0]), 0o400); err != nil {
		t.Fatal(err)
	}
	if again := reopen(t, s); !strings.Contains(json[0], again.UUID()) {
		t.Errorf("UUID: got %s, want the one on the page", again.UUID())
	}
	checkFaults(t, s)
}
