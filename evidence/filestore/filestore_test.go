package filestore

import (
	"testing"

	"auditpack/evidence"
	"auditpack/evidence/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) evidence.Store { return newStore(t) })
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
