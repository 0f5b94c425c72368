package assessment_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	"auditpack/evidence"
	"auditpack/evidence/facts"
	"auditpack/reports/assessment"
)

// countingFacts count the statements that are run, and say that the tables rest on what the test says.
type countingFacts struct {
	*facts.DB
	rests evidence.Digest

	mu  sync.Mutex
	ran int
}

func (c *countingFacts) Query(ctx context.Context, query string, params map[string]any) (*facts.Rows, error) {
	c.mu.Lock()
	c.ran++
	c.mu.Unlock()
	return c.DB.Query(ctx, query, params)
}

func (c *countingFacts) Basis(context.Context, ...string) (evidence.Digest, error) {
	return c.rests, nil
}

// slots keep results in memory.
type slots struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (s *slots) Kept(slot string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.kept[slot]
	return b, ok
}

func (s *slots) Keep(slot string, b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[slot] = b
	return nil
}

// What was kept is taken while nothing has changed that can change it, and the Assessment is the same, byte for byte.
func TestKeptResults(t *testing.T) {
	db := &countingFacts{DB: fixtureDB(t, openEngine(t, 1), worldRows()), rests: evidence.DigestOf([]byte("one"))}
	in := world(t, db)
	want := encoded(t, in)
	all := db.ran
	kept := map[string][]byte{}
	in.Results = &slots{kept: kept}
	encoded(t, in)
	tests := len(kept)
	if tests == 0 {
		t.Fatal("nothing is kept")
	}
	clear(kept)
	statements := 2 * tests
	rest := all - statements // of the assessment itself
	run := func(name string, statements int) {
		t.Helper()
		db.ran = 0
		if got := encoded(t, in); !bytes.Equal(got, want) {
			t.Errorf("%s: the assessment differs from one without kept results", name)
		}
		if db.ran != rest+statements {
			t.Errorf("%s: got %d statements run, want %d", name, db.ran, rest+statements)
		}
	}
	run("first", statements)
	run("again", 0)
	db.rests = evidence.DigestOf([]byte("two"))
	run("other evidence", statements)
	run("other evidence again", 0)

	for i, slot := range slices.Sorted(maps.Keys(kept)) {
		kept[slot] = [][]byte{nil, []byte("{}"), []byte(`{"key":"","outcome":{"population":9}}`)}[i%3]
	}
	run("what was kept cannot be read", statements)

	in.AsOf = in.Period.To.AddDate(0, 0, -1)
	in.Results = nil
	want = encoded(t, in)
	in.Results = &slots{kept: kept}
	run("another day", statements)
	if len(kept) != 2*tests {
		t.Errorf("got %d slots, want one for each of %d tests and 2 windows", len(kept), tests)
	}
}

// Another statement or another parameter is another key.
func TestKeptResultsAreOfTheTest(t *testing.T) {
	db := &countingFacts{DB: fixtureDB(t, openEngine(t, 1), worldRows()), rests: evidence.DigestOf([]byte("one"))}
	in := world(t, db)
	in.Results = &slots{kept: map[string][]byte{}}
	encoded(t, in)
	db.ran = 0
	encoded(t, in)
	rest := db.ran // of the assessment itself
	for _, change := range []func(*assessment.Test){
		func(x *assessment.Test) { x.Population += " " },
		func(x *assessment.Test) { x.Deviations += " " },
		func(x *assessment.Test) { x.Parameters = map[string]any{"other": int64(1)} },
	} {
		x, ok := in.Catalogue.Test("TST-02")
		if !ok {
			t.Fatal("there is no TST-02")
		}
		change(x)
		db.ran = 0
		encoded(t, in)
		if db.ran != rest+2 {
			t.Errorf("got %d statements run, want %d, two of the changed test among them", db.ran, rest+2)
		}
	}
}
