package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"auditpack/evidence"
)

// RunJournal tests a journal. Open returns a new and empty one each time.
func RunJournal(t *testing.T, open func(t *testing.T) evidence.Journal) {
	t.Run("handles", func(t *testing.T) {
		j := open(t)
		RunJournalHandles(t, j, j)
	})
	for _, c := range []struct {
		name string
		test func(*testing.T, evidence.Journal)
	}{
		{"an empty journal", emptyJournal},
		{"what was appended is read", appendAndRead},
		{"entries from the middle", entriesFrom},
		{"a source moves on", lastOfSource},
		{"an entry that starts from another one is a conflict", conflict},
		{"an entry that is none is refused", invalidEntry},
		{"a cancelled context appends nothing", cancelledAppend},
		{"stopping early", stopEarly},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// RunJournalHandles tests two handles of one empty journal, such as two processes would have.
func RunJournalHandles(t *testing.T, a, b evidence.Journal) {
	const each = 20
	var wg sync.WaitGroup
	for i, j := range []evidence.Journal{a, b, a, b} {
		wg.Go(func() {
			own, shared := fmt.Sprintf("own-%d", i), 0
			for range each {
				last := mustLast(t, j, own)
				if _, err := j.Append(t.Context(), Collection(own, last.Number)); err != nil {
					t.Errorf("own source: %v", err)
				}
				last = mustLast(t, j, "shared")
				_, err := j.Append(t.Context(), Collection("shared", last.Number))
				if err != nil && !errors.Is(err, evidence.ErrConflict) {
					t.Errorf("shared source: %v", err)
				}
				if err == nil {
					shared++
				}
			}
			if shared == 0 {
				t.Logf("handle %d never got its turn on the shared source", i)
			}
		})
	}
	wg.Wait()

	var fromA, fromB []evidence.Entry
	collect(t, a, 1, &fromA)
	collect(t, b, 1, &fromB)
	if diff := cmp.Diff(fromA, fromB); diff != "" {
		t.Errorf("the handles differ (-first +second):\n%s", diff)
	}
	last := map[string]int64{}
	for i, e := range fromA {
		if e.Number != int64(i)+1 {
			t.Errorf("entry at %d has the number %d", i+1, e.Number)
		}
		if e.SourcePrevious != last[e.Source] {
			t.Errorf("entry %d of %q starts from %d, want %d", e.Number, e.Source, e.SourcePrevious, last[e.Source])
		}
		last[e.Source] = e.Number
	}
	if len(fromA) < 4*each {
		t.Errorf("got %d entries, want at least the %d that nobody contended for", len(fromA), 4*each)
	}
	checkChain(t, fromA)
}

// Collection returns an entry of a source that starts from its entry previous.
func Collection(source string, previous int64) evidence.Entry {
	return evidence.Entry{
		Type: evidence.EntryCollection, Time: time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC),
		Actor:  evidence.Actor{Principal: "ada", Host: "collector-1", Tool: "auditpack test"},
		Source: source, SourcePrevious: previous,
		Records: []evidence.Digest{evidence.DigestOf([]byte(source))},
		Parts:   []evidence.PartOutcome{{Part: "audit.log", Kind: "vault.audit-log/1", Outcome: evidence.OutcomeOK, Items: 3}},
		Cursor:  json.RawMessage(`{"offset":42}`),
	}
}

func emptyJournal(t *testing.T, j evidence.Journal) {
	if n, err := j.Size(t.Context()); n != 0 || err != nil {
		t.Errorf("Size: got %d, %v", n, err)
	}
	if e := mustLast(t, j, "vault"); e.Number != 0 {
		t.Errorf("Last: got entry %d", e.Number)
	}
	for e, err := range j.Entries(t.Context(), 1) {
		t.Errorf("Entries: got %v, %v", e, err)
	}
}

func appendAndRead(t *testing.T, j evidence.Journal) {
	var want []evidence.Entry
	for _, e := range []evidence.Entry{
		Collection("vault", 0),
		Collection("terraform", 0),
		{Type: evidence.EntryExported, Time: time.Date(2026, 10, 2, 8, 0, 0, 5, time.FixedZone("CEST", 7200)), Subjects: []evidence.Digest{evidence.DigestOf(nil)}, Note: "für die Prüfung"},
	} {
		got, err := j.Append(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		e.Format, e.Number, e.Previous = evidence.EntryFormat, int64(len(want))+1, got.Previous
		e.Time = e.Time.UTC()
		if diff := cmp.Diff(e, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("entry as committed (-want +got):\n%s", diff)
		}
		want = append(want, got)
	}
	var got []evidence.Entry
	collect(t, j, 1, &got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	checkChain(t, got)
	if n, err := j.Size(t.Context()); n != 3 || err != nil {
		t.Errorf("Size: got %d, %v", n, err)
	}
}

func entriesFrom(t *testing.T, j evidence.Journal) {
	appendN(t, j, 5)
	for from, want := range map[int64]int{-1: 5, 0: 5, 1: 5, 4: 2, 5: 1, 6: 0, 100: 0} {
		var got []evidence.Entry
		collect(t, j, from, &got)
		if len(got) != want {
			t.Errorf("from %d: got %d entries, want %d", from, len(got), want)
		}
	}
}

func lastOfSource(t *testing.T, j evidence.Journal) {
	appendN(t, j, 3)
	if _, err := j.Append(t.Context(), Collection("other", 0)); err != nil {
		t.Fatal(err)
	}
	if e := mustLast(t, j, "vault"); e.Number != 3 || string(e.Cursor) != `{"offset":42}` {
		t.Errorf("got entry %d with cursor %s, want entry 3", e.Number, e.Cursor)
	}
	if e := mustLast(t, j, "other"); e.Number != 4 {
		t.Errorf("got entry %d, want 4", e.Number)
	}
}

func conflict(t *testing.T, j evidence.Journal) {
	appendN(t, j, 2)
	for _, previous := range []int64{0, 1, 3} {
		if e, err := j.Append(t.Context(), Collection("vault", previous)); !errors.Is(err, evidence.ErrConflict) {
			t.Errorf("from %d: got entry %d, %v; want ErrConflict", previous, e.Number, err)
		}
	}
	if n, err := j.Size(t.Context()); n != 2 || err != nil {
		t.Errorf("Size: got %d, %v, want 2", n, err)
	}
}

func invalidEntry(t *testing.T, j evidence.Journal) {
	change := func(fn func(*evidence.Entry)) evidence.Entry {
		e := Collection("vault", 0)
		fn(&e)
		return e
	}
	for name, e := range map[string]evidence.Entry{
		"no type":          change(func(e *evidence.Entry) { e.Type = "" }),
		"unknown type":     change(func(e *evidence.Entry) { e.Type = "guess" }),
		"no time":          change(func(e *evidence.Entry) { e.Time = time.Time{} }),
		"no source":        change(func(e *evidence.Entry) { e.Source = "" }),
		"bad digest":       change(func(e *evidence.Entry) { e.Records = []evidence.Digest{"sha256:1"} }),
		"no outcome":       change(func(e *evidence.Entry) { e.Parts[0].Outcome = "" }),
		"not UTF-8":        change(func(e *evidence.Entry) { e.Note = "\xff" }),
		"cursor no JSON":   change(func(e *evidence.Entry) { e.Cursor = json.RawMessage("{") }),
		"export of source": change(func(e *evidence.Entry) { e.Type = evidence.EntryExported }),
	} {
		if _, err := j.Append(t.Context(), e); err == nil || errors.Is(err, evidence.ErrConflict) {
			t.Errorf("%s: got %v, want an error", name, err)
		}
	}
	if n, err := j.Size(t.Context()); n != 0 || err != nil {
		t.Errorf("Size: got %d, %v, want 0", n, err)
	}
}

func cancelledAppend(t *testing.T, j evidence.Journal) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Append(ctx, Collection("vault", 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("Append: got %v, want context.Canceled", err)
	}
	if _, err := j.Last(ctx, "vault"); !errors.Is(err, context.Canceled) {
		t.Errorf("Last: got %v, want context.Canceled", err)
	}
	if _, err := j.Size(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Size: got %v, want context.Canceled", err)
	}
	appendN(t, j, 2)
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	read := 0
	for _, err := range j.Entries(ctx, 1) {
		if read++; read == 2 && !errors.Is(err, context.Canceled) {
			t.Errorf("Entries: got %v, want context.Canceled", err)
		}
		cancel()
	}
	if read != 2 {
		t.Errorf("Entries: got %d steps, want an entry and an error", read)
	}
}

func stopEarly(t *testing.T, j evidence.Journal) {
	appendN(t, j, 3)
	for e := range j.Entries(t.Context(), 2) {
		if e.Number != 2 {
			t.Errorf("got entry %d, want 2", e.Number)
		}
		break
	}
}

// appendN appends n collections of the source "vault".
func appendN(t *testing.T, j evidence.Journal, n int64) {
	t.Helper()
	for i := range n {
		if _, err := j.Append(t.Context(), Collection("vault", i)); err != nil {
			t.Fatal(err)
		}
	}
}

func mustLast(t *testing.T, j evidence.Journal, source string) evidence.Entry {
	t.Helper()
	e, err := j.Last(t.Context(), source)
	if err != nil {
		t.Errorf("last entry of %q: %v", source, err)
	}
	return e
}

func collect(t *testing.T, j evidence.Journal, from int64, into *[]evidence.Entry) {
	t.Helper()
	for e, err := range j.Entries(t.Context(), from) {
		if err != nil {
			t.Fatal(err)
		}
		*into = append(*into, e)
	}
}

// checkChain checks that each entry names the bytes of the one before.
func checkChain(t *testing.T, entries []evidence.Entry) {
	t.Helper()
	var previous evidence.Digest
	for _, e := range entries {
		if e.Previous != previous {
			t.Errorf("entry %d names %q as the one before, want %q", e.Number, e.Previous, previous)
		}
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		previous = evidence.DigestOf(b)
	}
}
