package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"auditpack/evidence"
	"auditpack/evidence/storetest"
	"auditpack/internal/disk/disktest"
)

// promise is something that the store has acknowledged: after that many operations it must be there, whatever happens.
type promise struct {
	from  int
	check func(ctx context.Context, s *Store) error
}

// The power fails after each operation in turn, and takes with it what was not synced: what was acknowledged is there, fsck finds no
// fault, and the store can be written on.
func TestPowerLoss(t *testing.T) {
	root := t.TempDir()
	rec := disktest.New(t, root)
	promises := work(t, rec, filepath.Join(root, "store"))
	if rec.Len() < 100 {
		t.Fatalf("got %d operations: the recorder does not see what the store does", rec.Len())
	}
	for n := range rec.Len() + 1 {
		for _, loss := range disktest.Losses {
			dir := t.TempDir()
			if err := rec.Replay(n, loss, dir); err != nil {
				t.Fatal(err)
			}
			if err := afterLoss(t.Context(), filepath.Join(dir, "store"), n, promises); err != nil {
				t.Errorf("after %s, %s: %v", rec.Last(n), loss, err)
			}
			os.RemoveAll(dir)
		}
	}
}

// work makes a store on the recorder, fills it, and says what was acknowledged when.
func work(t *testing.T, rec *disktest.Recorder, dir string) (promises []promise) {
	t.Helper()
	s, err := createOn(rec, dir)
	if err != nil {
		t.Fatal(err)
	}
	promised := func(check func(ctx context.Context, s *Store) error) {
		promises = append(promises, promise{rec.Len(), check})
	}
	promised(func(context.Context, *Store) error { return nil })
	previous := map[string]int64{}
	for i, source := range []string{"a", "b", "a", "a"} {
		for j, size := range []int{0, 40, 2000, chunkBytes + 1000} {
			if j == 3 && i > 0 {
				continue // one large blob is enough
			}
			raw := storetest.Bytes(size, uint64(10*i+j))
			put(t, s, raw)
			promised(holdsBlob(raw))
		}
		raw := storetest.Bytes(500, uint64(i))
		record := recordOf(t, put(t, s, raw), len(raw))
		put(t, s, raw) // again: it is there, and nothing is lost by it
		e := storetest.Collection(source, previous[source])
		e.Records = []evidence.Digest{put(t, s, record)}
		e, err := s.Append(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		previous[source] = e.Number
		promised(holdsEntry(e))
		promised(holdsBlob(record))
		if i == 1 { // another process goes on
			if s, err = openOn(rec, dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	return promises
}

// recordOf returns the bytes of a record that has one part.
func recordOf(t *testing.T, part evidence.Digest, size int) []byte {
	t.Helper()
	at := time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC)
	r := evidence.Record{
		Format: evidence.RecordFormat, Kind: "vault.audit-log/1", Source: evidence.Source{Name: "vault", Type: "vault"}, At: &at,
		Collected: evidence.Collected{At: at}, Procedure: "read the file",
		Content: []evidence.Part{{Name: "audit.log", MediaType: "text/plain", Digest: part, SizeBytes: int64(size)}},
	}
	b, _, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func holdsBlob(raw []byte) func(context.Context, *Store) error {
	return func(ctx context.Context, s *Store) error {
		got, err := evidence.ReadAll(ctx, s, evidence.DigestOf(raw), 1<<30)
		if err == nil && !bytes.Equal(got, raw) {
			err = errors.New("other bytes")
		}
		if err != nil {
			return fmt.Errorf("blob of %d bytes: %w", len(raw), err)
		}
		return nil
	}
}

func holdsEntry(e evidence.Entry) func(context.Context, *Store) error {
	return func(ctx context.Context, s *Store) error {
		got, _, err := s.readEntry(e.Number)
		if err != nil {
			return err
		}
		if got.Previous != e.Previous || got.Source != e.Source {
			return fmt.Errorf("entry %d is another one", e.Number)
		}
		last, err := s.Last(ctx, e.Source)
		if err == nil && last.Number < e.Number {
			err = fmt.Errorf("entry %d is there, and the source stands at %d", e.Number, last.Number)
		}
		return err
	}
}

// afterLoss opens what is left after n operations.
func afterLoss(ctx context.Context, dir string, n int, promises []promise) error {
	s, err := Open(dir)
	if n < promises[0].from && (errors.Is(err, ErrNotStore) || errors.Is(err, os.ErrNotExist)) {
		return nil // its making was not over
	}
	if err != nil {
		return err
	}
	for _, p := range promises {
		if n >= p.from {
			if err := p.check(ctx, s); err != nil {
				return err
			}
		}
	}
	faults, err := Fsck(ctx, s, nil)
	if err != nil {
		return err
	}
	for _, f := range faults {
		return fmt.Errorf("fsck: %s: %s%s: %s", f.Kind, f.File, f.Digest, f.Text)
	}
	if _, _, err := s.Put(ctx, bytes.NewReader([]byte("later"))); err != nil {
		return fmt.Errorf("write on: %w", err)
	}
	return nil
}

// A full disk is an error; what was acknowledged before stays, nothing half-written counts, and when there is room again all goes on.
func TestFullDisk(t *testing.T) {
	for n := range 12 {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			root := t.TempDir()
			rec := disktest.New(t, root)
			s, err := createOn(rec, filepath.Join(root, "store"))
			if err != nil {
				t.Fatal(err)
			}
			before := storetest.Bytes(100, 1)
			put(t, s, before)
			large := storetest.Bytes(chunkBytes+10, 2)
			rec.FailAt(n, syscall.ENOSPC)
			_, _, err = s.Put(t.Context(), io.MultiReader(bytes.NewReader(large)))
			_, appendErr := s.Append(t.Context(), storetest.Collection("a", 0))
			if !errors.Is(appendErr, syscall.ENOSPC) || err != nil && !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("got %v and %v, want no space left", err, appendErr)
			}
			acknowledged := err == nil
			rec.FailAt(0, nil)
			if err := holdsBlob(before)(t.Context(), s); err != nil {
				t.Error(err)
			}
			// A blob whose last sync failed may be there all the same, and is whole then.
			if err := holdsBlob(large)(t.Context(), s); err != nil && (acknowledged || !errors.Is(err, evidence.ErrNotFound)) {
				t.Error(err)
			}
			put(t, s, large)
			if n, err := s.Size(t.Context()); n != 0 || err != nil {
				t.Errorf("the journal has %d entries (%v), none was committed", n, err)
			}
			record := put(t, s, recordOf(t, evidence.DigestOf(large), len(large)))
			e := storetest.Collection("a", 0)
			e.Records = []evidence.Digest{record}
			if _, err := s.Append(t.Context(), e); err != nil {
				t.Errorf("append when there is room again: %v", err)
			}
			if faults, err := Fsck(t.Context(), s, nil); len(faults) > 0 || err != nil {
				t.Errorf("fsck: %v, %v", faults, err)
			}
		})
	}
}
