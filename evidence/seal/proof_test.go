package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

// proving is a journal with a key for its checkpoints.
type proving struct {
	tree     *Tree
	entries  [][]byte
	signer   note.Signer
	verifier note.Verifier
}

func newProving(t *testing.T, size int64) proving {
	t.Helper()
	k, err := GenerateLogKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := k.Save(dir+"/log.key", dir+"/log.pub"); err != nil {
		t.Fatal(err)
	}
	p := proving{}
	if p.signer, err = LoadLogSigner(dir + "/log.key"); err != nil {
		t.Fatal(err)
	}
	if p.verifier, err = LoadLogVerifier(dir + "/log.pub"); err != nil {
		t.Fatal(err)
	}
	j := memstore.New()
	p.tree = grow(t, j, size)
	for e, err := range j.Entries(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		p.entries = append(p.entries, b)
	}
	return p
}

func (p proving) checkpoint(t *testing.T, size int64) (Checkpoint, []byte) {
	t.Helper()
	c, err := p.tree.Checkpoint(origin, size)
	if err != nil {
		t.Fatal(err)
	}
	b, err := SignCheckpoint(c, p.signer)
	if err != nil {
		t.Fatal(err)
	}
	return c, b
}

// Each entry of each size can be proved, no other bytes and no other number can, and every flipped bit of the proof is found.
func TestEntryProof(t *testing.T) {
	p := newProving(t, 9)
	for size := int64(1); size <= 9; size++ {
		_, signed := p.checkpoint(t, size)
		for n := int64(1); n <= size; n++ {
			hashes, err := p.tree.ProveEntry(n, size)
			if err != nil {
				t.Fatal(err)
			}
			text := EntryProof{Number: n, Hashes: hashes, Checkpoint: signed}.Encode()
			got, err := ParseEntryProof(text)
			if err != nil {
				t.Fatalf("%s%v", text, err)
			}
			c, err := got.Check(p.verifier, p.entries[n-1])
			if err != nil || c.Size != size {
				t.Errorf("entry %d of %d: %v", n, size, err)
			}
			if _, err := got.Check(p.verifier, p.entries[n%9]); err == nil {
				t.Errorf("entry %d of %d: other bytes pass", n, size)
			}
			if diff := cmp.Diff(string(text), string(got.Encode())); diff != "" {
				t.Errorf("encoded again:\n%s", diff)
			}
		}
	}
	hashes, err := p.tree.ProveEntry(4, 9)
	if err != nil {
		t.Fatal(err)
	}
	_, signed := p.checkpoint(t, 9)
	text := EntryProof{Number: 4, Hashes: hashes, Checkpoint: signed}.Encode()
	for i := range text {
		for bit := range 8 {
			damaged := bytes.Clone(text)
			damaged[i] ^= 1 << bit
			if got, err := ParseEntryProof(damaged); err == nil {
				if _, err := got.Check(p.verifier, p.entries[3]); err == nil {
					t.Errorf("bit %d of byte %d (%q) may be flipped", bit, i, text[i])
				}
			}
		}
	}
}

func TestGrowthProof(t *testing.T) {
	p := newProving(t, 9)
	other := newProving(t, 12)
	for older := int64(1); older <= 9; older++ {
		old, _ := p.checkpoint(t, older)
		for newer := older; newer <= 9; newer++ {
			_, signed := p.checkpoint(t, newer)
			hashes, err := p.tree.ProveGrowth(older, newer)
			if err != nil {
				t.Fatal(err)
			}
			text := GrowthProof{OlderSize: older, Hashes: hashes, Checkpoint: signed}.Encode()
			if !IsGrowthProof(text) {
				t.Errorf("not known as a growth proof:\n%s", text)
			}
			got, err := ParseGrowthProof(text)
			if err != nil {
				t.Fatalf("%s%v", text, err)
			}
			if c, err := got.Check(p.verifier, old); err != nil || c.Size != newer {
				t.Errorf("from %d to %d: %v", older, newer, err)
			}
			forked := old
			forked.Root[3] ^= 1
			if _, err := got.Check(p.verifier, forked); !errors.Is(err, ErrForked) {
				t.Errorf("from %d to %d: got %v, want ErrForked", older, newer, err)
			}
			if _, err := got.Check(other.verifier, old); !errors.Is(err, ErrSignature) {
				t.Errorf("another key: got %v, want ErrSignature", err)
			}
		}
	}
	old, _ := p.checkpoint(t, 3)
	if _, err := (GrowthProof{OlderSize: 2}).Check(p.verifier, old); err == nil {
		t.Error("a proof without a checkpoint passes")
	}
}

func TestParseProofRefuses(t *testing.T) {
	hash := evidence.DigestOf(nil).Hex()
	for name, text := range map[string]string{
		"empty":                 "",
		"no checkpoint":         entryProofLine + "\nindex 1\n",
		"another kind":          growthProofLine + "\nindex 1\n\nx",
		"no number":             entryProofLine + "\n\nx",
		"a negative number":     entryProofLine + "\nindex -1\n\nx",
		"a number with zeros":   entryProofLine + "\nindex 01\n\nx",
		"too large a number":    entryProofLine + "\nindex 9223372036854775807\n\nx",
		"a hash in hexadecimal": entryProofLine + "\nindex 1\n" + hash + "\n\nx",
		"too many hashes":       entryProofLine + "\nindex 1\n" + strings.Repeat("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 200) + "\nx",
	} {
		if _, err := ParseEntryProof([]byte(text)); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
