package filestore

import (
	"io"
	"os"
	"runtime"
	"testing"

	"auditpack/evidence"
	"auditpack/evidence/storetest"
)

// A process vouches for what it wrote or read whole, until anything touches the file.
func TestChecked(t *testing.T) {
	s := newStore(t)
	d := put(t, s, storetest.Bytes(1<<20, 1))
	if !s.Checked(d) {
		t.Error("its writer does not vouch for a blob")
	}
	if s.Checked(put(t, s, []byte("small"))) {
		t.Error("a small blob is remembered")
	}

	other, err := Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if other.Checked(d) {
		t.Error("another process vouches for what it never read")
	}
	readUpTo(t, other, d, 1000)
	if other.Checked(d) {
		t.Error("a reader that stopped halfway vouches for the blob")
	}
	readUpTo(t, other, d, 1<<30)
	if !other.Checked(d) {
		t.Error("a reader of the whole does not vouch for the blob")
	}

	// One bit, with the size and all times that can be set as they were.
	path := s.blobPath(d)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 4
	if err := os.WriteFile(path, b, 0o600); err != nil { // in place
		t.Fatal(err)
	}
	if err := os.Chmod(path, before.Mode()); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" && (s.Checked(d) || other.Checked(d)) { // elsewhere times can be set back unseen
		t.Error("a blob that was changed is vouched for")
	}
}

// readUpTo reads at most n bytes of a blob.
func readUpTo(t *testing.T, s *Store, d evidence.Digest, n int64) {
	t.Helper()
	r, err := s.Get(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(r, n)); err != nil {
		t.Fatal(err)
	}
}
