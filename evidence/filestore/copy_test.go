package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/storetest"
)

// filesOf reads a folder with all below it.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, relErr := filepath.Rel(dir, path)
		files[rel] = string(b)
		return errors.Join(err, relErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCopy(t *testing.T) {
	s := recordsOf(t, 3)
	put(t, s, storetest.Bytes(2<<20, 1))
	to := filepath.Join(t.TempDir(), "below", "copy")
	var last FsckProgress
	faults, err := Copy(t.Context(), s, to, func(p FsckProgress) { last = p })
	if err != nil || len(faults) > 0 {
		t.Fatalf("%v, %v", faults, err)
	}
	if diff := cmp.Diff(filesOf(t, s.Dir()), filesOf(t, to)); diff != "" {
		t.Errorf("files (-original +copy):\n%s", diff)
	}
	if last.Blobs != last.BlobsTotal || last.Bytes != last.BytesTotal || last.Blobs != 7 {
		t.Errorf("progress at the end: %+v", last)
	}
	if _, err := Copy(t.Context(), s, to, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a store: got %v, want fs.ErrExist", err)
	}
	c, err := Open(to)
	if err != nil {
		t.Fatal(err)
	}
	if c.UUID() != s.UUID() {
		t.Errorf("UUID: got %s, want %s", c.UUID(), s.UUID())
	}
	if _, err := c.Append(t.Context(), storetest.Collection("vault", 3)); err != nil {
		t.Errorf("writing on: %v", err)
	}
}

// What is damaged is named and left out, all else is copied.
func TestCopyOfDamage(t *testing.T) {
	s := recordsOf(t, 3)
	part := evidence.DigestOf([]byte("part of 2"))
	damageFile(t, s.blobPath(part), func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	to := filepath.Join(t.TempDir(), "copy")
	faults, err := Copy(t.Context(), s, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []FaultKind
	for _, f := range faults {
		kinds = append(kinds, f.Kind)
	}
	if diff := cmp.Diff([]FaultKind{FaultBlobCorrupt, FaultPartMissing}, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	want := filesOf(t, s.Dir())
	for name := range want {
		if strings.Contains(name, part.Hex()) {
			delete(want, name)
		}
	}
	if diff := cmp.Diff(want, filesOf(t, to)); diff != "" {
		t.Errorf("files (-original +copy):\n%s", diff)
	}
}

// An interrupted copy is no store, and the next one goes on with it.
func TestCopyGoesOn(t *testing.T) {
	s := recordsOf(t, 20)
	to := filepath.Join(t.TempDir(), "copy")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Copy(ctx, s, to, func(p FsckProgress) {
		if p.Blobs == 10 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	if _, err := Open(to); !errors.Is(err, ErrNotStore) {
		t.Errorf("half a copy: got %v, want ErrNotStore", err)
	}
	if faults, err := Copy(t.Context(), s, to, nil); err != nil || len(faults) > 0 {
		t.Fatalf("%v, %v", faults, err)
	}
	if diff := cmp.Diff(filesOf(t, s.Dir()), filesOf(t, to)); diff != "" {
		t.Errorf("files (-original +copy):\n%s", diff)
	}
	other := filepath.Join(t.TempDir(), "copy")
	if _, err := Copy(ctx, recordsOf(t, 2), other, nil); err == nil {
		t.Error("a cancelled copy gives no error")
	}
	if err := os.MkdirAll(filepath.Join(other, "journal"), 0o700); err != nil {
		t.Fatal(err)
	}
	e := storetest.Collection("else", 0)
	e.Format, e.Number = evidence.EntryFormat, 1
	b, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "journal", "00000001.json"), b, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := Copy(t.Context(), s, other, nil); err == nil || !strings.Contains(err.Error(), "a copy of something else") {
		t.Errorf("over another journal: got %v", err)
	}
}

// A fault names the records and the bundles that rest on the blob.
func TestFsckNamesUses(t *testing.T) {
	s := recordsOf(t, 3)
	part := evidence.DigestOf([]byte("part of 2"))
	manifest := put(t, s, []byte(part.Hex()+"  data/evidence/sha256/"+part.Hex()+"\n"))
	other := put(t, s, []byte("of another bundle\n"))
	for note, d := range map[string]evidence.Digest{"bundle with it": manifest, "bundle without": other} {
		if _, err := s.Append(t.Context(), evidence.Entry{Type: evidence.EntryExported, Time: time.Date(2026, 10, 2, 8, 0, 0, 0, time.UTC), Subjects: []evidence.Digest{d}, Note: note}); err != nil {
			t.Fatal(err)
		}
	}
	damageFile(t, s.blobPath(part), func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	faults, err := Fsck(t.Context(), s, nil)
	if err != nil || len(faults) != 1 {
		t.Fatalf("%v, %v", faults, err)
	}
	var got []string
	for _, u := range faults[0].Uses {
		got = append(got, u.Source+u.Bundle)
	}
	if diff := cmp.Diff([]string{"vault", "bundle with it"}, got); diff != "" || faults[0].Uses[0].Entry != 2 {
		t.Errorf("uses (-want +got):\n%s\n%+v", diff, faults[0].Uses)
	}
}
