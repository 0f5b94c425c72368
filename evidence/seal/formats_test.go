package seal

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/internal/doctest"
)

const formats = "../../docs/formats/"

func TestCheckpointPage(t *testing.T) {
	key, err := ParseLogVerifier([]byte(doctest.Blocks(t, formats+"checkpoint.md", "key")[0]))
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenCheckpoint([]byte(doctest.Blocks(t, formats+"checkpoint.md", "note")[0]), key)
	if err != nil {
		t.Fatal(err)
	}
	var tree Tree
	for _, b := range doctest.Blocks(t, formats+"journal.md", "json") {
		if _, err := tree.Add([]byte(strings.TrimSuffix(b, "\n"))); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Check(c.Origin, c); err != nil || c.Size != tree.Size() {
		t.Errorf("checkpoint of %d entries: %v", c.Size, err)
	}
}

// TestJournalPageRoot runs the page's own commands over its entries.
func TestJournalPageRoot(t *testing.T) {
	dir := t.TempDir()
	for i, b := range doctest.Blocks(t, formats+"journal.md", "json") {
		name := filepath.Join(dir, []string{"00000001.json", "00000002.json"}[i])
		if err := os.WriteFile(name, []byte(strings.TrimSuffix(b, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", doctest.Blocks(t, formats+"journal.md", "sh")[0])
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doctest.Blocks(t, formats+"journal.md", "root")[0], string(out)); diff != "" {
		t.Errorf("root (-page +openssl):\n%s", diff)
	}
}
