package filestore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/storetest"
)

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   string
	}{
		"no store":        {func(t *testing.T, dir string) { remove(t, dir, headFile) }, "not an evidence store"},
		"other format":    {func(t *testing.T, dir string) { replace(t, dir, headFile, `{"format":"auditpack.store/9","uuid":""}`) }, `got "auditpack.store/9"`},
		"torn head":       {func(t *testing.T, dir string) { replace(t, dir, headFile, `{"form`) }, headFile},
		"no UUID":         {func(t *testing.T, dir string) { replace(t, dir, headFile, `{"format":"auditpack.store/1","uuid":"x"}`) }, `"x" is not a UUID`},
		"no journal":      {func(t *testing.T, dir string) { remove(t, dir, journalFolder) }, ErrIncomplete.Error()},
		"no blobs folder": {func(t *testing.T, dir string) { remove(t, dir, "blobs") }, ErrIncomplete.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			c.damage(t, s.Dir())
			if _, err := Open(s.Dir()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "store")
	s, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir); !errors.Is(err, fs.ErrExist) {
		t.Errorf("again: got %v, want fs.ErrExist", err)
	}
	if again := reopen(t, s); again.UUID() != s.UUID() {
		t.Errorf("UUID: got %s, want %s", again.UUID(), s.UUID())
	}
	if newStore(t).UUID() == s.UUID() {
		t.Error("two stores have one UUID")
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the folder: %v, %v", info.Mode(), err)
	}
}

func TestBlobFiles(t *testing.T) {
	s := newStore(t)
	d := put(t, s, []byte("as received\n"))
	path, err := s.Locate(d)
	if err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(s.Dir(), "blobs", "sha256", d.Hex()[:2], d.Hex()+".zst")
	if diff := cmp.Diff(want, path); diff != "" {
		t.Errorf("path (-want +got):\n%s", diff)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("mode: %v, %v", info.Mode(), err)
	}
	if _, err := s.Locate(evidence.DigestOf(nil)); !errors.Is(err, evidence.ErrNotFound) {
		t.Errorf("a blob that is not there: got %v, want ErrNotFound", err)
	}
}

func TestDamagedBlobIsFoundWhileReading(t *testing.T) {
	raw := storetest.Bytes(3<<20, 1)
	for name, damage := range map[string]func(b []byte) []byte{
		"cut off":        func(b []byte) []byte { return b[:len(b)/2] },
		"emptied":        func([]byte) []byte { return nil },
		"a flipped bit":  func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
		"not zstd":       func([]byte) []byte { return []byte("plain text") },
		"something else": func([]byte) []byte { return packed(t, []byte("something else")) },
		"something more": func(b []byte) []byte { return append(b, packed(t, []byte("more"))...) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			d := put(t, s, raw)
			damageFile(t, s.blobPath(d), damage)
			r, err := s.Get(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			_, err = io.Copy(io.Discard, r)
			var corrupt *evidence.CorruptError
			if !errors.As(err, &corrupt) || !errors.Is(err, evidence.ErrCorrupt) || corrupt.Want != d {
				t.Errorf("got %v, want a CorruptError of %s", err, d)
			}
			if _, again := r.Read(make([]byte, 1)); !errors.Is(again, evidence.ErrCorrupt) {
				t.Errorf("reading on: got %v, want ErrCorrupt again", again)
			}
		})
	}
}

// packed returns b as a store would write it.
func packed(t *testing.T, b []byte) []byte {
	t.Helper()
	s := newStore(t)
	out, err := os.ReadFile(s.blobPath(put(t, s, b)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTornBlobIsNotTakenForThere(t *testing.T) {
	s := newStore(t)
	d := put(t, s, []byte("a"))
	damageFile(t, s.blobPath(d), func([]byte) []byte { return nil })
	if _, err := evidence.PutBytes(t.Context(), s, []byte("a")); err == nil || !strings.Contains(err.Error(), s.blobPath(d)) {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

func TestLeftoversOfTheDeadGo(t *testing.T) {
	s := newStore(t)
	dead := filepath.Join(s.Dir(), tempFolder, "put-123")
	if err := os.WriteFile(dead, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	living, err := s.newTemp()
	if err != nil {
		t.Fatal(err)
	}
	defer living.Close()
	reopen(t, s)
	if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("leftover: got %v, want it gone", err)
	}
	if _, err := os.Stat(living.Name()); err != nil {
		t.Errorf("file that is being written: %v", err)
	}
}

func TestFailedPutLeavesNoFile(t *testing.T) {
	s := newStore(t)
	broken := errors.New("broken")
	for _, size := range []int64{0, 100, 5 << 20} {
		r := io.MultiReader(strings.NewReader(strings.Repeat("x", int(size))), failing{broken})
		if _, _, err := s.Put(t.Context(), r); !errors.Is(err, broken) {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(filepath.Join(s.Dir(), tempFolder))
	if err != nil || len(files) != 0 {
		t.Errorf("left in tmp: %v, %v", files, err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestDamagedJournal(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, dir string)
		want   string
	}{
		"an entry is missing":                {func(t *testing.T, dir string) { remove(t, dir, "journal/00000002.json") }, "00000002.json"},
		"the last entry is missing":          {func(t *testing.T, dir string) { remove(t, dir, "journal/00000004.json") }, "00000004.json"},
		"an entry is torn":                   {func(t *testing.T, dir string) { replace(t, dir, "journal/00000003.json", `{"format":"aud`) }, "00000003.json"},
		"an entry is empty":                  {func(t *testing.T, dir string) { replace(t, dir, "journal/00000003.json", "") }, "00000003.json"},
		"the last entry is another":          {func(t *testing.T, dir string) { copyFile(t, dir, "journal/00000003.json", "journal/00000004.json") }, "00000004.json"},
		"the state is torn":                  {func(t *testing.T, dir string) { replace(t, dir, stateFile, `{`) }, "it may be removed"},
		"an entry is missing, and the state": {func(t *testing.T, dir string) { remove(t, dir, stateFile); remove(t, dir, "journal/00000002.json") }, "00000002.json"},
	} {
		t.Run(name, func(t *testing.T) {
			s := journalOf(t, 4)
			c.damage(t, s.Dir())
			var err error
			for _, e := range reopen(t, s).Entries(t.Context(), 1) {
				err = errors.Join(err, e)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error that names %s", err, c.want)
			}
		})
	}
}

// TestDamagedStateMayBeRemoved: what the message says is true. The entries are all there, and the next one makes the note again.
func TestDamagedStateMayBeRemoved(t *testing.T) {
	s := journalOf(t, 4)
	want := read(t, s.Dir(), stateFile)
	replace(t, s.Dir(), stateFile, `{`)
	remove(t, s.Dir(), stateFile)
	again := reopen(t, s)
	if n, err := again.Size(t.Context()); err != nil || n != 4 {
		t.Fatalf("got %d entries, %v, want 4", n, err)
	}
	if _, err := again.Append(t.Context(), storetest.Collection("vault", 4)); err != nil {
		t.Fatal(err)
	}
	got, err := reopen(t, s).readState()
	if err != nil || got.Size != 5 || got.Sources["vault"] != 5 {
		t.Errorf("after the next entry: got %+v, %v, want a note of 5 entries; it was %s", got, err, want)
	}
}

func TestJournalWithoutItsNotes(t *testing.T) {
	s := recordsOf(t, 7)
	tree := read(t, s.Dir(), treeFile)
	remove(t, s.Dir(), stateFile)
	remove(t, s.Dir(), treeFile)
	again := reopen(t, s)
	last, err := again.Last(t.Context(), "vault")
	if err != nil || last.Number != 7 {
		t.Fatalf("Last: got entry %d, %v, want 7", last.Number, err)
	}
	e := storetest.Collection("vault", 7)
	e.Records = nil
	if _, err := again.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s.Dir(), treeFile); !strings.HasPrefix(string(got), string(tree)) || len(got) <= len(tree) {
		t.Errorf("the tree made again has %d bytes and is not the old one of %d bytes and more", len(got), len(tree))
	}
	checkFaults(t, again)
}

// TestLongJournalOpensQuickly counts what is read instead of the time it takes: with a state note, two files.
func TestLongJournalOpensQuickly(t *testing.T) {
	s := journalOf(t, 60)
	// Entries that opening does not need are made unreadable.
	for n := int64(1); n < 60; n++ {
		damageFile(t, s.entryPath(n), func([]byte) []byte { return []byte("not read") })
	}
	again := reopen(t, s)
	if last, err := again.Last(t.Context(), "vault"); err != nil || last.Number != 60 {
		t.Errorf("Last: got entry %d, %v, want 60", last.Number, err)
	}
	if _, err := again.Append(t.Context(), storetest.Collection("vault", 60)); err != nil {
		t.Errorf("Append: %v", err)
	}
}

func TestEntriesInTree(t *testing.T) {
	for _, c := range []struct{ hashes, want int64 }{{0, 0}, {1, 1}, {2, 1}, {3, 2}, {4, 3}, {6, 3}, {7, 4}, {8, 5}, {15, 8}} {
		if got := entriesInTree(c.hashes * 32); got != c.want {
			t.Errorf("%d hashes: got %d entries, want %d", c.hashes, got, c.want)
		}
	}
}

func TestFsck(t *testing.T) {
	part := evidence.DigestOf([]byte("part of 2"))
	for name, c := range map[string]struct {
		damage func(t *testing.T, s *Store)
		want   []Fault // kind and file
	}{
		"nothing": {func(*testing.T, *Store) {}, nil},
		"a blob is damaged": {func(t *testing.T, s *Store) {
			damageFile(t, s.blobPath(part), func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
		}, []Fault{{Kind: FaultBlobCorrupt, File: blobFolder + "/" + part.Hex()[:2] + "/" + part.Hex() + ".zst"}}},
		"a part is gone": {func(t *testing.T, s *Store) { remove(t, s.blobPath(part), "") }, []Fault{{Kind: FaultPartMissing, File: blobFolder + "/" + part.Hex()[:2] + "/" + part.Hex() + ".zst"}}},
		"a foreign file": {func(t *testing.T, s *Store) {
			if err := os.WriteFile(filepath.Join(s.Dir(), blobFolder, "notes.txt"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, []Fault{{Kind: FaultForeignFile, File: blobFolder + "/notes.txt"}}},
		"an entry is gone": {func(t *testing.T, s *Store) { remove(t, s.Dir(), "journal/00000002.json") },
			[]Fault{{Kind: FaultEntryMissing, File: "journal/00000002.json"}, {Kind: FaultChain, File: "journal/00000003.json"}}},
		"the last entry is gone": {func(t *testing.T, s *Store) { remove(t, s.Dir(), "journal/00000003.json") },
			[]Fault{{Kind: FaultEntryMissing, File: "journal/00000003.json"}}},
		"the last entry and its note are gone": {func(t *testing.T, s *Store) {
			remove(t, s.Dir(), "journal/00000003.json")
			remove(t, s.Dir(), stateFile)
		}, []Fault{{Kind: FaultEntryMissing, File: "journal/00000003.json"}}},
		"an entry is edited": {func(t *testing.T, s *Store) {
			damageFile(t, s.entryPath(2), func(b []byte) []byte { return []byte(strings.Replace(string(b), `"items":3`, `"items":2`, 1)) })
		}, []Fault{{Kind: FaultChain, File: "journal/00000003.json"}, {Kind: FaultTree, File: treeFile}}},
		"an entry is torn": {func(t *testing.T, s *Store) { damageFile(t, s.entryPath(2), func(b []byte) []byte { return b[:40] }) },
			[]Fault{{Kind: FaultEntryCorrupt, File: "journal/00000002.json"}, {Kind: FaultChain, File: "journal/00000003.json"}, {Kind: FaultTree, File: treeFile}}},
		"the tree is edited": {func(t *testing.T, s *Store) {
			damageFile(t, filepath.Join(s.Dir(), treeFile), func(b []byte) []byte { b[40] ^= 1; return b })
		}, []Fault{{Kind: FaultTree, File: treeFile}}},
		"the tree is gone": {func(t *testing.T, s *Store) { remove(t, s.Dir(), treeFile) }, []Fault{{Kind: FaultTree, File: treeFile}}},
		"the state is edited": {func(t *testing.T, s *Store) {
			damageFile(t, filepath.Join(s.Dir(), stateFile), func(b []byte) []byte {
				return []byte(strings.Replace(string(b), `"vault":3`, `"vault":2`, 1))
			})
		}, []Fault{{Kind: FaultState, File: stateFile}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := recordsOf(t, 3)
			c.damage(t, s)
			checkFaults(t, reopen(t, s), c.want...)
		})
	}
	t.Run("records that are none, or lack their parents", func(t *testing.T) {
		s := recordsOf(t, 1)
		noRecord := put(t, s, []byte("no record"))
		missing := evidence.DigestOf([]byte("never put"))
		r := record(t, s, "orphan")
		r.DerivedFrom = []evidence.Digest{missing}
		r.Content[0].SizeBytes++
		b, orphan, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, b)
		e := storetest.Collection("vault", 1)
		e.Records = []evidence.Digest{noRecord, missing, orphan}
		if _, err := s.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		got, err := Fsck(t.Context(), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []FaultKind
		for _, f := range got {
			kinds = append(kinds, f.Kind)
		}
		if diff := cmp.Diff([]FaultKind{FaultRecordCorrupt, FaultRecordMissing, FaultPartSize, FaultParentMissing}, kinds); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
	})
}

func TestFsckReportsProgress(t *testing.T) {
	s := recordsOf(t, 5)
	var last FsckProgress
	if _, err := Fsck(t.Context(), s, func(p FsckProgress) { last = p }); err != nil {
		t.Fatal(err)
	}
	if last.Blobs != 10 || last.BlobsTotal != 10 || last.Bytes != last.BytesTotal || last.Bytes == 0 {
		t.Errorf("got %+v, want all of 10 blobs", last)
	}
}

// checkFaults runs Fsck and compares kinds and files.
func checkFaults(t *testing.T, s *Store, want ...Fault) {
	t.Helper()
	got, err := Fsck(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	var short []Fault
	for _, f := range got {
		if f.Text == "" {
			t.Errorf("%v has no text", f)
		}
		short = append(short, Fault{Kind: f.Kind, File: f.File})
	}
	if diff := cmp.Diff(want, short); diff != "" {
		t.Errorf("faults (-want +got):\n%s\n%v", diff, got)
	}
}

// journalOf returns a store with n entries whose records are not there.
func journalOf(t *testing.T, n int64) *Store {
	t.Helper()
	s := newStore(t)
	for i := range n {
		if _, err := s.Append(t.Context(), storetest.Collection("vault", i)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// recordsOf returns a store with n entries of one record each.
func recordsOf(t *testing.T, n int64) *Store {
	t.Helper()
	s := newStore(t)
	for i := range n {
		b, d, err := record(t, s, fmt.Sprintf("part of %d", i+1)).Encode()
		if err != nil {
			t.Fatal(err)
		}
		put(t, s, b)
		e := storetest.Collection("vault", i)
		e.Records = []evidence.Digest{d}
		if _, err := s.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// record stores a part and returns a record of it.
func record(t *testing.T, s *Store, part string) evidence.Record {
	t.Helper()
	at := time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)
	return evidence.Record{
		Kind: "vault.audit-log/1", Source: evidence.Source{Name: "vault", Type: "vault"}, At: &at,
		Collected: evidence.Collected{At: at}, Procedure: "read the file", Format: evidence.RecordFormat,
		Content: []evidence.Part{{Name: "audit.log", MediaType: "text/plain", Digest: put(t, s, []byte(part)), SizeBytes: int64(len(part))}},
	}
}

func put(t *testing.T, s *Store, b []byte) evidence.Digest {
	t.Helper()
	d, err := evidence.PutBytes(t.Context(), s, b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func replace(t *testing.T, dir, name, text string) {
	t.Helper()
	damageFile(t, filepath.Join(dir, name), func([]byte) []byte { return []byte(text) })
}

func copyFile(t *testing.T, dir, from, to string) {
	t.Helper()
	replace(t, dir, to, string(read(t, dir, from)))
}

// damageFile changes a file behind the store's back.
func damageFile(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(slices.Clone(b)), 0o400); err != nil {
		t.Fatal(err)
	}
}
