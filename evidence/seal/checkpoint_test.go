package seal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"auditpack/evidence"
	"auditpack/evidence/filestore"
	"auditpack/evidence/memstore"
	"auditpack/evidence/storetest"
)

const origin = "auditpack/6b1f4a52-8f0e-4c1b-9a53-0d6f2f1f7a10"

func TestCheckpointRoundTrip(t *testing.T) {
	dir := t.TempDir()
	path, publicPath := filepath.Join(dir, "log.key"), filepath.Join(dir, "log.pub")
	k, err := GenerateLogKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Save(path, publicPath); err != nil {
		t.Fatal(err)
	}
	signer, err := LoadLogSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := LoadLogVerifier(publicPath)
	if err != nil {
		t.Fatal(err)
	}
	want, err := grow(t, memstore.New(), 5).Checkpoint(origin, 4)
	if err != nil {
		t.Fatal(err)
	}
	b, err := SignCheckpoint(want, signer)
	if err != nil {
		t.Fatal(err)
	}
	again, err := SignCheckpoint(want, signer)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(b), string(again)); diff != "" {
		t.Errorf("signed twice (-first +second):\n%s", diff)
	}
	got, err := OpenCheckpoint(b, verifier)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("checkpoint (-want +got):\n%s", diff)
	}
	for i := range b {
		for bit := range 8 {
			flipped := append([]byte(nil), b...)
			flipped[i] ^= 1 << bit
			if _, err := OpenCheckpoint(flipped, verifier); err == nil {
				t.Errorf("byte %d, bit %d: got no error", i, bit)
			}
		}
	}
}

func TestCheckpointOfAnotherKey(t *testing.T) {
	ours, theirs := logKey(t, origin), logKey(t, origin)
	b := sign(t, Checkpoint{Origin: origin, Size: 3}, theirs)
	if _, err := OpenCheckpoint(b, verifier(t, ours)); !errors.Is(err, ErrSignature) {
		t.Errorf("got %v, want ErrSignature", err)
	}
	if c, err := PeekCheckpoint(b); err != nil || c.Size != 3 {
		t.Errorf("PeekCheckpoint: got %v, %v", c, err)
	}
	if _, err := SignCheckpoint(Checkpoint{Origin: "auditpack/other"}, signer(t, ours)); err == nil {
		t.Error("signing for another store: got no error")
	}
}

func TestParseCheckpointRefuses(t *testing.T) {
	k := logKey(t, origin)
	const root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	for name, text := range map[string]string{
		"no root":      origin + "\n3\n",
		"extra line":   origin + "\n3\n" + root + "more\n",
		"leading zero": origin + "\n03\n" + root,
		"negative":     origin + "\n-3\n" + root,
		"short root":   origin + "\n3\nAAAA\n",
		"other origin": "go.sum database tree\n3\n" + root,
	} {
		b, err := note.Sign(&note.Note{Text: text}, signer(t, k))
		if err != nil {
			t.Fatal(err)
		}
		if c, err := OpenCheckpoint(b, verifier(t, k)); err == nil {
			t.Errorf("%s: got %v, want an error", name, c)
		}
	}
}

func TestJournalAgainstCheckpoints(t *testing.T) {
	j := memstore.New()
	tree := grow(t, j, 7)
	at := func(tree *Tree, size int64) Checkpoint {
		t.Helper()
		c, err := tree.Checkpoint(origin, size)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for size := range int64(8) {
		if _, err := VerifyJournal(t.Context(), j, origin, at(tree, size)); err != nil {
			t.Errorf("own checkpoint of %d: %v", size, err)
		}
	}
	longer := memstore.New()
	longerTree := grow(t, longer, 9)
	forkedTree := new(Tree)
	fork := memstore.New()
	if _, err := fork.Append(t.Context(), storetest.Collection("terraform", 0)); err != nil {
		t.Fatal(err)
	}
	forkedTree = grow(t, fork, 7)

	other := at(tree, 3)
	other.Origin = "auditpack/other"
	for name, c := range map[string]struct {
		since Checkpoint
		want  error
	}{
		"truncated":   {at(longerTree, 9), ErrTruncated},
		"forked":      {at(forkedTree, 5), ErrForked},
		"other store": {other, ErrOtherStore},
	} {
		if _, err := VerifyJournal(t.Context(), j, origin, at(tree, 2), c.since); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	_, err := VerifyJournal(t.Context(), j, origin, other, at(longerTree, 9))
	if !errors.Is(err, ErrOtherStore) || !errors.Is(err, ErrTruncated) {
		t.Errorf("two faults: got %v, want both", err)
	}
}

func TestEditedJournalOnDisk(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   error
	}{
		"an entry edited": {func(t *testing.T, dir string) {
			name := filepath.Join(dir, "journal", "00000002.json")
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			edit(t, name, []byte(string(b[:len(b)-1])+" }"))
		}, ErrEdited},
		"an entry replaced by another valid one": {func(t *testing.T, dir string) {
			name := filepath.Join(dir, "journal", "00000002.json")
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			e, err := evidence.DecodeEntry(b)
			if err != nil {
				t.Fatal(err)
			}
			e.Parts[0].Items = 4
			if b, err = e.Encode(); err != nil {
				t.Fatal(err)
			}
			edit(t, name, b)
		}, ErrEdited},
		"the last entry removed": {func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "journal", "00000003.json")); err != nil {
				t.Fatal(err)
			}
		}, ErrTruncated},
		"the last entry removed, and all traces": {func(t *testing.T, dir string) {
			for _, name := range []string{"00000003.json", "state.json", "tree"} {
				if err := os.Remove(filepath.Join(dir, "journal", name)); err != nil {
					t.Fatal(err)
				}
			}
		}, ErrTruncated},
		"an entry in the middle removed": {func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "journal", "00000002.json")); err != nil {
				t.Fatal(err)
			}
		}, ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := filestore.Create(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			since, err := grow(t, s, 3).Checkpoint(Origin(s.UUID()), 3)
			if err != nil {
				t.Fatal(err)
			}
			c.damage(t, s.Dir())
			again, err := filestore.Open(s.Dir())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := VerifyJournal(t.Context(), again, Origin(s.UUID()), since); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestProofs(t *testing.T) {
	j := memstore.New()
	tree := grow(t, j, 11)
	var entries [][]byte
	for e, err := range j.Entries(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, b)
	}
	for size := int64(1); size <= 11; size++ {
		newer, err := tree.Checkpoint(origin, size)
		if err != nil {
			t.Fatal(err)
		}
		for n := int64(1); n <= size; n++ {
			p, err := tree.ProveEntry(n, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckEntry(p, newer, n, entries[n-1]); err != nil {
				t.Error(err)
			}
			if err := CheckEntry(p, newer, n, entries[n%11]); err == nil {
				t.Errorf("entry %d of %d: proof fits another entry", n, size)
			}
			older, err := tree.Checkpoint(origin, n)
			if err != nil {
				t.Fatal(err)
			}
			growth, err := tree.ProveGrowth(n, size)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckGrowth(growth, older, newer); err != nil {
				t.Error(err)
			}
			older.Root[0] ^= 1
			if err := CheckGrowth(growth, older, newer); !errors.Is(err, ErrForked) {
				t.Errorf("another root: got %v, want ErrForked", err)
			}
		}
	}
	if _, err := tree.ProveEntry(12, 12); err == nil {
		t.Error("entry that is not there: got no error")
	}
	if _, err := tree.Checkpoint(origin, 12); err == nil {
		t.Error("checkpoint of more than there is: got no error")
	}
	small, large := Checkpoint{Origin: origin, Size: 1}, Checkpoint{Origin: origin, Size: 2}
	if err := CheckGrowth(nil, large, small); !errors.Is(err, ErrTruncated) {
		t.Errorf("shrinking: got %v, want ErrTruncated", err)
	}
}

// grow appends collections until j has n entries and returns its tree.
func grow(t *testing.T, j evidence.Journal, n int64) *Tree {
	t.Helper()
	size, err := j.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for ; size < n; size++ {
		last, err := j.Last(t.Context(), "vault")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := j.Append(t.Context(), storetest.Collection("vault", last.Number)); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := ReadTree(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func edit(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o400); err != nil {
		t.Fatal(err)
	}
}

func logKey(t *testing.T, origin string) LogKey {
	t.Helper()
	k, err := GenerateLogKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func signer(t *testing.T, k LogKey) note.Signer {
	t.Helper()
	s, err := note.NewSigner(k.Private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verifier(t *testing.T, k LogKey) note.Verifier {
	t.Helper()
	v, err := note.NewVerifier(k.Public)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sign(t *testing.T, c Checkpoint, k LogKey) []byte {
	t.Helper()
	b, err := SignCheckpoint(c, signer(t, k))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
