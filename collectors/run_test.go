package collectors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

const testKind evidence.Kind = "test.items/1"

// collectorFunc is a collector of one function.
type collectorFunc func(ctx context.Context, p evidence.Period, out Sink) error

func (f collectorFunc) Collect(ctx context.Context, p evidence.Period, out Sink) error {
	return f(ctx, p, out)
}

func source(name string, f collectorFunc) Source {
	return Source{Name: name, Type: Type{Name: "test", Version: "1", Kinds: []evidence.Kind{testKind}}, Collector: f}
}

func options(s *memstore.Store) Options {
	at := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	return Options{Store: s, Journal: s, Actor: evidence.Actor{Principal: "tester", Host: "here", Tool: "auditpack/test"}, Now: func() time.Time { return at }}
}

// one adds a record with one part and says so.
func one(ctx context.Context, _ evidence.Period, out Sink) error {
	part, err := out.Put(ctx, "notes.file/1", "a", "text/plain", strings.NewReader("hello"))
	if err != nil {
		return err
	}
	if _, err := out.Add(ctx, evidence.Record{Kind: testKind, Procedure: "look", Content: []evidence.Part{part}}); err != nil {
		return err
	}
	out.Outcome(OutcomeOf("a", testKind, 1, nil))
	return out.SetCursor(map[string]int{"seen": 1})
}

func TestRunKeepsSourcesApart(t *testing.T) {
	s := memstore.New()
	results := Run(t.Context(), []Source{
		source("good", one),
		source("down", func(context.Context, evidence.Period, Sink) error { return errors.New("connection refused") }),
		source("broken", func(context.Context, evidence.Period, Sink) error { panic("index out of range") }),
		source("half", func(ctx context.Context, p evidence.Period, out Sink) error {
			if err := one(ctx, p, out); err != nil {
				return err
			}
			out.Outcome(OutcomeOf("b", testKind, 0, &DeniedError{Permission: "read b", Cause: errors.New("403")}))
			return nil
		}),
	}, options(s))
	want := []struct {
		source  string
		failed  bool
		records int
		parts   string
	}{
		{"good", false, 1, "a ok"},
		{"down", true, 0, "source failed"},
		{"broken", true, 0, "source failed"},
		{"half", true, 1, "a ok, b denied"},
	}
	for i, w := range want {
		r := results[i]
		var parts []string
		for _, p := range r.Entry.Parts {
			parts = append(parts, fmt.Sprintf("%s %s", p.Part, p.Outcome))
		}
		got := strings.Join(parts, ", ")
		if r.Source != w.source || r.Failed() != w.failed || r.Records != w.records || got != w.parts {
			t.Errorf("got %s failed=%v records=%d parts=%q (%v), want %+v", r.Source, r.Failed(), r.Records, got, r.Err, w)
		}
		if r.Entry.Number == 0 {
			t.Errorf("%s: nothing was committed: a failure is evidence too", r.Source)
		}
	}
	if n, _ := s.Size(t.Context()); n != 4 {
		t.Errorf("journal has %d entries, want one for each source", n)
	}
}

func TestRunCompletesRecords(t *testing.T) {
	s := memstore.New()
	res := Run(t.Context(), []Source{source("good", one)}, options(s))
	b, err := evidence.ReadAll(t.Context(), s, res[0].Entry.Records[0], 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	r, err := evidence.DecodeRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	want := evidence.Collected{At: at, Principal: "tester", Host: "here", Tool: "auditpack/test", Collector: "test/1"}
	if diff := cmp.Diff(want, r.Collected); diff != "" {
		t.Errorf("collected (-want +got):\n%s", diff)
	}
	if r.Source.Name != "good" || r.Source.Type != "test" || r.At == nil || !r.At.Equal(at) {
		t.Errorf("got source %+v at %v", r.Source, r.At)
	}
}

func TestRunHandsTheCursorOn(t *testing.T) {
	s := memstore.New()
	Run(t.Context(), []Source{source("good", one)}, options(s))
	var got map[string]int
	res := Run(t.Context(), []Source{source("good", func(_ context.Context, _ evidence.Period, out Sink) error {
		_, err := out.Cursor(&got)
		return errors.Join(err, errors.New("down")) // a failure keeps the cursor that it started from
	})}, options(s))
	if diff := cmp.Diff(map[string]int{"seen": 1}, got); diff != "" {
		t.Errorf("cursor (-want +got):\n%s", diff)
	}
	if string(res[0].Entry.Cursor) != `{"seen":1}` || res[0].Entry.SourcePrevious != 1 {
		t.Errorf("got cursor %s after entry %d, want it kept, after 1", res[0].Entry.Cursor, res[0].Entry.SourcePrevious)
	}
}

func TestRunOfOneSourceTwiceAtOnce(t *testing.T) {
	s := memstore.New()
	var ready sync.WaitGroup
	ready.Add(2)
	slow := func(ctx context.Context, p evidence.Period, out Sink) error {
		ready.Done()
		ready.Wait() // both have read the same last entry
		return one(ctx, p, out)
	}
	results := Run(t.Context(), []Source{source("same", slow), source("same", slow)}, options(s))
	conflicts := 0
	for _, r := range results {
		if errors.Is(r.Err, evidence.ErrConflict) {
			conflicts++
		}
	}
	if n, _ := s.Size(t.Context()); conflicts != 1 || n != 1 {
		t.Errorf("got %d conflicts and %d entries, want 1 and 1", conflicts, n)
	}
}

func TestInterruptedRunCommitsWhatItHas(t *testing.T) {
	s := memstore.New()
	ctx, cancel := context.WithCancel(t.Context())
	res := Run(ctx, []Source{source("long", func(ctx context.Context, p evidence.Period, out Sink) error {
		if err := one(ctx, p, out); err != nil {
			return err
		}
		cancel()
		<-ctx.Done()
		return ctx.Err()
	})}, options(s))
	if !errors.Is(res[0].Err, context.Canceled) || res[0].Entry.Number != 1 || len(res[0].Entry.Records) != 1 {
		t.Errorf("got entry %d with %d records and %v, want the record kept and the interruption said", res[0].Entry.Number, len(res[0].Entry.Records), res[0].Err)
	}
}

func TestOutcomeOf(t *testing.T) {
	tests := []struct {
		items int64
		err   error
		want  evidence.Outcome
	}{
		{3, nil, evidence.OutcomeOK},
		{0, nil, evidence.OutcomeNone},
		{0, fmt.Errorf("ask: %w", ErrNotOffered), evidence.OutcomeNotOffered},
		{0, fmt.Errorf("ask: %w", &DeniedError{Permission: "p", Cause: errors.New("403")}), evidence.OutcomeDenied},
		{2, errors.New("cut"), evidence.OutcomeFailed},
	}
	for _, tt := range tests {
		if got := OutcomeOf("x", testKind, tt.items, tt.err); got.Outcome != tt.want {
			t.Errorf("OutcomeOf(%d, %v): got %s, want %s", tt.items, tt.err, got.Outcome, tt.want)
		}
	}
}

// TestRunNamesAFaultOfTheJournalOnce: the journal says itself that it was being read.
func TestRunNamesAFaultOfTheJournalOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := Run(ctx, []Source{source("good", one)}, options(memstore.New()))[0].Err
	if want := "collect good: read journal: context canceled"; got == nil || got.Error() != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// A checkpoint is an entry of its own, from which a killed collection goes on; that it was not the end, it says of every kind.
func TestCheckpoint(t *testing.T) {
	s := memstore.New()
	res := Run(t.Context(), []Source{source("long", func(ctx context.Context, p evidence.Period, out Sink) error {
		if err := out.(Checkpointer).Checkpoint(ctx); err != nil { // nothing yet: no entry
			return err
		}
		if err := one(ctx, p, out); err != nil {
			return err
		}
		if err := out.(Checkpointer).Checkpoint(ctx); err != nil {
			return err
		}
		var cursor map[string]int
		if found, err := out.Cursor(&cursor); err != nil || !found || cursor["seen"] != 1 {
			t.Errorf("cursor after the checkpoint: %v %t %v", cursor, found, err)
		}
		return nil
	})}, options(s))[0]
	if res.Err != nil || res.Records != 1 || res.Items != 1 || res.Entry.Number != 2 || res.Entry.SourcePrevious != 1 || len(res.Entry.Records) != 0 {
		t.Errorf("got error %v, %d records, %d items, entry %+v", res.Err, res.Records, res.Items, res.Entry)
	}
	var first evidence.Entry
	for e, err := range s.Entries(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		first = e
		break
	}
	if len(first.Records) != 1 || len(first.Parts) != 1 || first.Parts[0].Part != "source" || first.Parts[0].Outcome != evidence.OutcomeFailed || string(first.Cursor) != `{"seen":1}` {
		t.Errorf("entry of the checkpoint: %+v", first)
	}
}

// failing is a journal that takes no entry after the first ones.
type failing struct {
	evidence.Journal
	left int
}

func (j *failing) Append(ctx context.Context, e evidence.Entry) (evidence.Entry, error) {
	if j.left == 0 {
		return evidence.Entry{}, errors.New("disk full")
	}
	j.left--
	return j.Journal.Append(ctx, e)
}

// TestLastCommitFails: what checkpoints committed is committed, and what came after them is not counted.
func TestLastCommitFails(t *testing.T) {
	for _, tt := range []struct {
		left            int
		number, records int
	}{{0, 0, 0}, {1, 1, 1}} {
		s := memstore.New()
		o := options(s)
		o.Journal = &failing{s, tt.left}
		res := Run(t.Context(), []Source{source("long", func(ctx context.Context, p evidence.Period, out Sink) error {
			if tt.left > 0 {
				if err := one(ctx, p, out); err != nil {
					return err
				}
				if err := out.(Checkpointer).Checkpoint(ctx); err != nil {
					return err
				}
			}
			return one(ctx, p, out) // in no entry
		})}, o)[0]
		if res.Err == nil || int(res.Entry.Number) != tt.number || res.Records != tt.records || len(res.Entry.Records) != tt.records || len(res.Entry.Parts) != 1 || res.Entry.Parts[0].Part != "a" {
			t.Errorf("after %d entries: got %v, %d records, entry %+v; want entry %d with %d records", tt.left, res.Err, res.Records, res.Entry, tt.number, tt.records)
		}
	}
}
