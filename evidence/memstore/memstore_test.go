package memstore

import (
	"errors"
	"io"
	"testing"

	"auditpack/evidence"
	"auditpack/evidence/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) evidence.Store { return New() })
}

func TestJournal(t *testing.T) {
	storetest.RunJournal(t, func(*testing.T) evidence.Journal { return New() })
}

func TestDamageIsFound(t *testing.T) {
	s := New()
	d, err := evidence.PutBytes(t.Context(), s, []byte("as received"))
	if err != nil {
		t.Fatal(err)
	}
	s.Damage(d, []byte("as wished"))
	r, err := s.Get(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, evidence.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}
