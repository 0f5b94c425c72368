package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"auditpack/collectors"
	"auditpack/evidence"
	"auditpack/evidence/filestore"
)

const (
	// shortestEvery keeps a slip of the keyboard from asking sources without a pause.
	shortestEvery = time.Second

	// jitterShare: a turn begins up to a tenth of the interval early, so that many copies do not ask at once. Never late:
	// what a source forgets is lost by a collection that comes too late.
	jitterShare = 10

	// longestSleep is how long a pause trusts the clock: it stands still while a machine sleeps, and people set it.
	longestSleep = time.Minute
)

// schedule says when a repeated collection begins.
type schedule struct {
	every  time.Duration
	now    func() time.Time
	random func(n int64) int64 // uniform in [0, n)
	sleep  func(context.Context, time.Duration)
}

// clockSchedule goes by the machine's clock.
func clockSchedule(every time.Duration) schedule {
	return schedule{every: every, now: now, random: rand.Int64N, sleep: sleep}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// run calls turn at once and then again and again, until the context is over or turn returns an error. It tells each turn its
// number, from 1, and when the next is due.
func (s schedule) run(ctx context.Context, turn func(n int, began, next time.Time) error) error {
	for n := 1; ; n++ {
		began := s.now()
		next := began.Add(s.every - time.Duration(s.random(int64(s.every)/jitterShare+1)))
		if err := turn(n, began, next); err != nil {
			return err
		}
		s.wait(ctx, next)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// wait returns when it is next, when the context is over, or when the clock was set back beyond the beginning of the pause.
func (s schedule) wait(ctx context.Context, next time.Time) {
	for ctx.Err() == nil {
		left := next.Sub(s.now())
		if left <= 0 || left > s.every {
			return
		}
		s.sleep(ctx, min(left, longestSleep))
	}
}

// repeater is collect --every.
type repeater struct {
	c        *cli.Context
	store    string // UUID of the store that is claimed
	terminal bool   // people watch: a table for each turn, in place of a line
	schedule schedule
}

// collectEvery collects until a signal comes. Nothing but the start can fail it: what goes wrong in a turn is printed, kept in the
// journal where a source is to blame, and tried again in the next.
func collectEvery(c *cli.Context, s *session) error {
	every := c.Duration("every")
	if every < shortestEvery {
		return usagef("--every: got %s, want at least %s, such as 15m", every, shortestEvery)
	}
	if _, _, err := askedBy(c, s, now()); err != nil { // before anything is kept: what is wrong now would be wrong in each turn
		return err
	}
	a := actor()
	release, err := s.store.Claim(filestore.Holder{PID: os.Getpid(), Host: a.Host, Since: now()})
	if err != nil {
		return fmt.Errorf("collect --every: %w", err)
	}
	defer release()
	r := repeater{c: c, store: s.store.UUID(), terminal: isTerminal(c.App.Writer), schedule: clockSchedule(every)}
	note(c, "collecting every %s until a signal comes; process %d", every, os.Getpid())
	return r.schedule.run(c.Context, r.turn)
}

// turnLine is one turn as JSON.
type turnLine struct {
	Turn    int              `json:"turn"` // from 1
	Began   time.Time        `json:"began"`
	Ended   time.Time        `json:"ended"`
	Next    time.Time        `json:"next"` // when the next one is due
	Period  *evidence.Period `json:"period"`
	Outcome string           `json:"outcome"` // ok | failed | interrupted
	Sources []resultLine     `json:"sources"`
	Errors  []string         `json:"errors"` // of sources, parts and the turn itself
}

// turn asks all sources once, with configuration and secrets read anew, and prints how that went.
func (r repeater) turn(n int, began, next time.Time) error {
	line := turnLine{Turn: n, Began: began.Truncate(time.Second), Outcome: "ok", Sources: []resultLine{}, Errors: []string{}}
	period, results, err := r.ask(began)
	ended := r.schedule.now()
	line.Ended = ended.Truncate(time.Second)
	if next.Before(ended) { // the turn took longer than the interval
		next = ended
	}
	line.Next = next.Truncate(time.Second)
	if !period.IsZero() {
		line.Period = &period
	}
	for _, res := range results {
		line.Sources = append(line.Sources, newResultLine(res))
	}
	switch {
	case r.c.Context.Err() != nil: // the signal is why, and is told once
		line.Outcome = "interrupted"
	case err != nil:
		line.Outcome, line.Errors = "failed", strings.Split(strings.TrimSpace(err.Error()), "\n")
	}
	return r.print(line, results)
}

// ask is a turn without its printing. The store must be the one that is claimed: nobody may find the evidence of one journal in two.
func (r repeater) ask(at time.Time) (evidence.Period, []collectors.Result, error) {
	s, err := openSession(r.c, false)
	if err != nil {
		return evidence.Period{}, nil, err
	}
	if s.store.UUID() != r.store {
		return evidence.Period{}, nil, fmt.Errorf("open evidence store: %q is another store than at the start; end this process and start it again", s.store.Dir())
	}
	period, sources, err := askedBy(r.c, s, at)
	if err != nil {
		return evidence.Period{}, nil, err
	}
	rep := newReporter(r.c.App.ErrWriter, sources, silent(r.c) || !r.terminal)
	results, err := s.ask(r.c, period, sources, rep)
	if err != nil {
		return period, nil, err
	}
	return period, results, s.finish(r.c, results)
}

func (r repeater) print(line turnLine, results []collectors.Result) error {
	out := outputOf(r.c)
	for _, e := range line.Errors {
		fmt.Fprintln(r.c.App.ErrWriter, "auditpack: "+e)
	}
	switch {
	case out.json:
		return out.object(line)
	case r.terminal:
		if err := printResults(out, results); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out.w, line)
	return err
}

// String is the turn in one line.
func (l turnLine) String() string {
	var failed []string
	var items int
	var records int
	for _, s := range l.Sources {
		items, records = items+int(s.Items), records+s.Records
		if s.Outcome != "ok" {
			failed = append(failed, s.Source)
		}
	}
	text := fmt.Sprintf("%s turn %d: %s, %s, %s", l.Began.Format(time.RFC3339), l.Turn, count(len(l.Sources), "source"), count(items, "item"), count(records, "record"))
	switch {
	case l.Outcome == "interrupted":
		return text + "; interrupted"
	case len(failed) > 0:
		text += "; failed: " + strings.Join(failed, ", ")
	case len(l.Errors) > 0:
		text += "; failed: " + l.Errors[0]
	}
	return text + "; next " + l.Next.Format(time.RFC3339)
}

// askedBy is what a collection that begins now asks for, and whom: the period of the command line; else the workspace's, as long
// as it lasts where collections are repeated; else the current quarter. Sources are made anew each time, so that they read their
// secrets anew.
func askedBy(c *cli.Context, s *session, at time.Time) (evidence.Period, []collectors.Source, error) {
	period, err := periodOf(c, s.Workspace)
	if err != nil {
		return evidence.Period{}, nil, err
	}
	sources, err := s.Sources(c.StringSlice("source"), toolName())
	if err != nil {
		return evidence.Period{}, nil, err
	}
	named := c.String("quarter") != "" || c.String("from") != ""
	over := c.IsSet("every") && !named && !period.To.After(at)
	if period.IsZero() || over {
		period, err = sinceLastAnswer(c.Context, s.store, sources, at)
	}
	return period, sources, err
}

// isTerminal says whether people see what is written to w as it comes.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
