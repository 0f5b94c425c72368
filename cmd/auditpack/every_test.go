package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/evidence/memstore"
)

// fakeClock stands still but for sleeping and for what a turn takes.
type fakeClock struct {
	at     time.Time
	slept  []time.Duration
	onwake func(*fakeClock) // after each sleep; nil for nothing
}

func (c *fakeClock) now() time.Time { return c.at }

func (c *fakeClock) sleep(_ context.Context, d time.Duration) {
	c.at = c.at.Add(d)
	c.slept = append(c.slept, d)
	if c.onwake != nil {
		c.onwake(c)
	}
}

var errEnough = errors.New("enough turns")

// turns runs a schedule for n turns, each of which takes took, and returns when they began, as minutes and seconds after six o'clock.
func turns(t *testing.T, c *fakeClock, random int64, n int, took time.Duration) []string {
	t.Helper()
	began := []string{}
	s := schedule{every: 15 * time.Minute, now: c.now, sleep: c.sleep, random: func(n int64) int64 { return min(random, n-1) }}
	err := s.run(t.Context(), func(number int, at, _ time.Time) error {
		if number != len(began)+1 {
			t.Errorf("turn %d: got number %d", len(began)+1, number)
		}
		began = append(began, at.Format("04:05"))
		if len(began) == n {
			return errEnough
		}
		c.at = c.at.Add(took)
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatalf("run: got %v", err)
	}
	return began
}

func at6() time.Time { return time.Date(2026, 10, 1, 6, 0, 0, 0, time.UTC) }

func TestSchedule(t *testing.T) {
	for name, c := range map[string]struct {
		random int64
		took   time.Duration
		want   []string
	}{
		"no jitter":                     {0, 0, []string{"00:00", "15:00", "30:00", "45:00"}},
		"the most jitter is a tenth":    {1 << 62, 0, []string{"00:00", "13:30", "27:00", "40:30"}},
		"from start to start":           {0, 10 * time.Minute, []string{"00:00", "15:00", "30:00", "45:00"}},
		"a turn longer than the pause":  {0, 20 * time.Minute, []string{"00:00", "20:00", "40:00", "00:00"}},
		"a pause shorter than a minute": {0, 14*time.Minute + 50*time.Second, []string{"00:00", "15:00", "30:00", "45:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			clock := &fakeClock{at: at6()}
			got := turns(t, clock, c.random, 4, c.took)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("turns (-want +got):\n%s", diff)
			}
			for _, d := range clock.slept {
				if d <= 0 || d > longestSleep {
					t.Errorf("slept %s, want more than nothing and at most %s", d, longestSleep)
				}
			}
		})
	}
}

// A machine that slept for hours collects as soon as it wakes; a clock that was set back does not hold the next turn up.
func TestScheduleWithAClockThatJumps(t *testing.T) {
	for name, jump := range map[string]time.Duration{"asleep for three hours": 3 * time.Hour, "set back by a day": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			clock := &fakeClock{at: at6()}
			clock.onwake = func(c *fakeClock) {
				if len(c.slept) == 1 {
					c.at = c.at.Add(jump)
				}
			}
			turns(t, clock, 0, 2, 0)
			if len(clock.slept) != 1 {
				t.Errorf("slept %d times before the second turn, want once", len(clock.slept))
			}
		})
	}
}

func TestScheduleEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	clock := &fakeClock{at: at6(), onwake: func(*fakeClock) { cancel() }}
	n := 0
	s := schedule{every: time.Hour, now: clock.now, sleep: clock.sleep, random: func(int64) int64 { return 0 }}
	err := s.run(ctx, func(int, time.Time, time.Time) error { n++; return nil })
	if !errors.Is(err, context.Canceled) || n != 1 || len(clock.slept) != 1 {
		t.Errorf("got %v after %d turns and %d sleeps, want the context's end after one each", err, n, len(clock.slept))
	}
}

// collected commits an empty collection of a source with the outcomes given.
func collected(t *testing.T, store *memstore.Store, source string, at time.Time, outcomes ...evidence.Outcome) {
	t.Helper()
	last, err := store.Last(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	e := evidence.Entry{Type: evidence.EntryCollection, Time: at, Source: source, SourcePrevious: last.Number, Actor: evidence.Actor{Principal: "tester", Host: "host", Tool: "test"}}
	for i, o := range outcomes {
		e.Parts = append(e.Parts, evidence.PartOutcome{Part: fmt.Sprint("part ", i), Kind: "test.items/1", Outcome: o, Detail: "because"})
	}
	if _, err := store.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

// The period moves on with the calendar, and takes with it what the last collection of the old quarter came too early for.
func TestPeriodMovesOn(t *testing.T) {
	const ok, failed, denied, none = evidence.OutcomeOK, evidence.OutcomeFailed, evidence.OutcomeDenied, evidence.OutcomeNone
	day := func(month time.Month, d int) time.Time { return time.Date(2026, month, d, 23, 55, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		before func(t *testing.T, s *memstore.Store)
		now    time.Time
		want   string
	}{
		"never collected":   {func(*testing.T, *memstore.Store) {}, day(8, 1), "2026-07-01T00:00:00Z/2026-10-01T00:00:00Z"},
		"within a quarter":  {func(t *testing.T, s *memstore.Store) { collected(t, s, "a", day(7, 5), ok) }, day(8, 1), "2026-07-01T00:00:00Z/2026-10-01T00:00:00Z"},
		"first in the next": {func(t *testing.T, s *memstore.Store) { collected(t, s, "a", day(9, 30), ok) }, day(10, 1), "2026-07-01T00:00:00Z/2027-01-01T00:00:00Z"},
		"second in the next": {func(t *testing.T, s *memstore.Store) {
			collected(t, s, "a", day(9, 30), ok)
			collected(t, s, "a", day(10, 1), ok)
		}, day(10, 2), "2026-10-01T00:00:00Z/2027-01-01T00:00:00Z"},
		"failed at the border": {func(t *testing.T, s *memstore.Store) {
			collected(t, s, "a", day(9, 30), ok)
			collected(t, s, "a", day(10, 1), ok, failed)
		}, day(10, 2), "2026-07-01T00:00:00Z/2027-01-01T00:00:00Z"},
		"never whole": {func(t *testing.T, s *memstore.Store) {
			collected(t, s, "a", day(5, 1), failed)
			collected(t, s, "a", day(9, 1), failed)
		}, day(9, 2), "2026-04-01T00:00:00Z/2026-10-01T00:00:00Z"},
		"denied stays denied": {func(t *testing.T, s *memstore.Store) {
			collected(t, s, "a", day(9, 30), none, denied)
			collected(t, s, "a", day(10, 1), ok, denied)
		}, day(10, 2), "2026-10-01T00:00:00Z/2027-01-01T00:00:00Z"},
		"the oldest source counts": {func(t *testing.T, s *memstore.Store) {
			collected(t, s, "a", day(10, 1), ok)
			collected(t, s, "b", day(9, 1), ok)
		}, day(10, 2), "2026-07-01T00:00:00Z/2027-01-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			store := memstore.New()
			c.before(t, store)
			got, err := sinceLastAnswer(t.Context(), store, []collectors.Source{{Name: "a"}, {Name: "b"}}, c.now)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
