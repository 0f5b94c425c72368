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

// TestProofPage checks the page's proofs, and runs its commands.
func TestProofPage(t *testing.T) {
	key, err := ParseLogVerifier([]byte(doctest.Blocks(t, formats+"checkpoint.md", "key")[0]))
	if err != nil {
		t.Fatal(err)
	}
	var entries [][]byte
	dir := t.TempDir()
	for i, b := range doctest.Blocks(t, formats+"journal.md", "json") {
		entries = append(entries, []byte(strings.TrimSuffix(b, "\n")))
		if err := os.WriteFile(filepath.Join(dir, []string{"00000001.json", "00000002.json"}[i]), entries[i], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	proofs := doctest.Blocks(t, formats+"proof.md", "proof")
	entry, err := ParseEntryProof([]byte(proofs[0]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Check(key, entries[0]); err != nil {
		t.Errorf("proof of an entry: %v", err)
	}
	growth, err := ParseGrowthProof([]byte(proofs[1]))
	if err != nil {
		t.Fatal(err)
	}
	var tree Tree
	if _, err := tree.Add(entries[0]); err != nil {
		t.Fatal(err)
	}
	older, err := tree.Checkpoint(origin, 1)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(formats + "proof.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := growth.Check(key, older); err != nil || !strings.Contains(string(page), "`"+older.Root.String()+"`") {
		t.Errorf("proof of growth from root %s: %v", older.Root, err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", doctest.Blocks(t, formats+"proof.md", "sh")[0])
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(doctest.Blocks(t, formats+"proof.md", "root")[0], string(out)); diff != "" {
		t.Errorf("root (-page +openssl):\n%s", diff)
	}
}
