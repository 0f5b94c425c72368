package filestore

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"auditpack/evidence"
	"auditpack/evidence/storetest"
	"auditpack/internal/disk/disktest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) evidence.Store { return newStore(t) })
}

// The same on a disk that can be full, with blobs that can be damaged.
func TestStoreOnBadDisk(t *testing.T) {
	storetest.Run(t, func(t *testing.T) evidence.Store {
		root := t.TempDir()
		rec := disktest.New(t, root)
		s, err := createOn(rec, filepath.Join(root, "store"))
		if err != nil {
			t.Fatal(err)
		}
		return badDisk{s, rec, t}
	})
}

// badDisk is a store whose disk fails when it is told to.
type badDisk struct {
	evidence.Store
	rec *disktest.Recorder
	t   *testing.T
}

func (b badDisk) FailAt(n int, err error) { b.rec.FailAt(n, err) }

// Damage writes a file as the store would have written it for the other bytes.
func (b badDisk) Damage(d evidence.Digest, other []byte) {
	b.t.Helper()
	name := b.Store.(*Store).blobPath(d)
	enc := encoderPool.Get().(*zstd.Encoder)
	defer encoderPool.Put(enc)
	if err := errors.Join(os.Chmod(name, 0o600), os.WriteFile(name, enc.EncodeAll(other, nil), 0o600)); err != nil {
		b.t.Fatal(err)
	}
}

func TestJournal(t *testing.T) {
	storetest.RunJournal(t, func(t *testing.T) evidence.Journal { return newStore(t) })
}

func TestJournalOfTwoProcesses(t *testing.T) {
	s := newStore(t)
	storetest.RunJournalHandles(t, s, reopen(t, s))
}

func newStore(t *testing.T) *Store {
	t.Helper()
	s, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func reopen(t *testing.T, s *Store) *Store {
	t.Helper()
	again, err := Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return again
}
