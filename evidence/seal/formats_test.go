package seal

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
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

// TestSealPageRotation reads the page's entry after those of the journal page, and runs the page's own commands over it.
func TestSealPageRotation(t *testing.T) {
	var c evidence.Chain
	entry := doctest.Blocks(t, formats+"seal.md", "json")[0]
	for _, b := range append(doctest.Blocks(t, formats+"journal.md", "json"), entry) {
		if _, err := c.Add([]byte(strings.TrimSuffix(b, "\n"))); err != nil {
			t.Fatal(err)
		}
	}
	e, err := evidence.DecodeEntry([]byte(strings.TrimSuffix(entry, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseLogVerifier([]byte(doctest.Blocks(t, formats+"checkpoint.md", "key")[0]))
	if err != nil {
		t.Fatal(err)
	}
	r, err := OpenRotation(t.Context(), e, key.Name())
	if err != nil {
		t.Fatal(err)
	}
	old := doctest.Blocks(t, formats+"seal.md", "pem")[0]
	if diff := cmp.Diff(old, string(r.Old.PEM())); diff != "" {
		t.Errorf("old key (-page +entry):\n%s", diff)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"entry.json": entry, "old.pub.pem": old} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", doctest.Blocks(t, formats+"seal.md", "sh")[0])
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	want := "Verified OK\n" + strings.TrimPrefix(r.New.Fingerprint(), "SHA256:") + "  -\n"
	if diff := cmp.Diff(want, string(out)); diff != "" || err != nil {
		t.Errorf("commands of the page: %v (-want +got):\n%s", err, diff)
	}
	page, err := os.ReadFile(formats + "seal.md")
	if err != nil || !strings.Contains(string(page), "`"+r.New.Fingerprint()+"`") {
		t.Errorf("the page does not name the new key %s: %v", r.New.Fingerprint(), err)
	}
}
