package filestore

import (
	"context"
	"errors"
	"testing"
	"time"

	"auditpack/evidence/storetest"
)

// Any number write at once; who is alone waits for all of them, and they for it.
func TestWritersAndAlone(t *testing.T) {
	s := newStore(t)
	first, err := s.Writing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Writing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Alone(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("alone beside writers: got %v, want that it waits", err)
	}
	if err := first(); err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() {
		release, err := s.Alone(t.Context())
		if err == nil {
			err = release()
		}
		got <- err
	}()
	if err := second(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	alone, err := s.Alone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer alone()
	soon, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Writing(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("writing beside one who is alone: got %v, want that it waits", err)
	}
}

// What is stored while fsck reads is no fault.
func TestFsckBesideACollection(t *testing.T) {
	s := recordsOf(t, 3)
	var more bool
	faults, err := Fsck(t.Context(), s, func(FsckProgress) {
		if more {
			return
		}
		more = true
		b, _, err := record(t, s, "stored meanwhile").Encode()
		if err != nil {
			t.Error(err)
		}
		e := storetest.Collection("vault", 3)
		e.Records = append(e.Records[:0], put(t, s, b))
		if _, err := s.Append(context.Background(), e); err != nil {
			t.Error(err)
		}
	})
	if err != nil || len(faults) > 0 || !more {
		t.Errorf("got %v, %v, want no fault", faults, err)
	}
}
