package terraform

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// mediaType of every list that is stored.
const mediaType = "application/vnd.api+json"

// page is one stored body and what it holds.
type page struct {
	part      evidence.Part
	items     []resource
	redaction *evidence.Redaction
}

// list is one list that was asked for: its pages in order, its items once each.
type list struct {
	pages    []page
	items    []resource
	expected *int64 // how many items the server says these pages hold; nil when it does not say
}

// ledger gathers what becomes one record: bodies of one kind of one organization. Its organization's lock guards it.
type ledger struct {
	kind      evidence.Kind
	snapshot  bool             // its record speaks about an instant, not about the period
	open      bool             // more is to come that belongs to the same record
	period    *evidence.Period // that it speaks about; nil: the one that is collected
	principal string           // whose token was asked with; empty: the source's
	procedure string
	parts     []placed
	redacted  []evidence.Redaction
	seen      int64
	expected  int64
	unstated  bool // a list came without totals
	first     time.Time
	last      time.Time
	notes     []string
}

// placed is a part with its place in the record: what is asked at the same time comes in any order.
type placed struct {
	place place
	part  evidence.Part
}

// place orders parts: by the workspace, by the page or run in it, by the request about that run.
type place [3]int

func (l *ledger) add(at place, pages ...page) {
	for i, p := range pages {
		at := at
		at[2] += i
		l.parts = append(l.parts, placed{at, p.part})
		if p.redaction != nil {
			l.redacted = append(l.redacted, *p.redaction)
		}
	}
}

// count adds to the items of l. A nil expected is a list without a total.
func (l *ledger) count(seen int64, expected *int64) {
	l.seen += seen
	if expected == nil {
		l.unstated = true
		return
	}
	l.expected += *expected
}

// content returns the parts in their places, each under a name of its own.
func (l *ledger) content() []evidence.Part {
	slices.SortStableFunc(l.parts, func(a, b placed) int { return slices.Compare(a.place[:], b.place[:]) })
	names := map[string]int{}
	var parts []evidence.Part
	for _, p := range l.parts {
		names[p.part.Name]++
		if n := names[p.part.Name]; n > 1 { // asked twice in one collection
			p.part.Name = fmt.Sprintf("%s (%d)", p.part.Name, n)
		}
		parts = append(parts, p.part)
	}
	return parts
}

// reset makes l ready for the next record.
func (l *ledger) reset() {
	*l = ledger{kind: l.kind, snapshot: l.snapshot, open: l.open, procedure: l.procedure}
}

// span widens the time that the items speak about.
func (l *ledger) span(t time.Time) {
	if t.IsZero() {
		return
	}
	if l.first.IsZero() || t.Before(l.first) {
		l.first = t
	}
	l.last = later(l.last, t)
}

func (l *ledger) note(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

// record returns the record of l, for the sink to complete.
func (l *ledger) record(source evidence.Source, principal string) evidence.Record {
	seen := l.seen
	r := evidence.Record{
		Kind:       l.kind,
		Source:     source,
		Collected:  evidence.Collected{Principal: principal},
		Procedure:  l.procedure,
		Content:    l.content(),
		Stated:     evidence.Stated{ItemsSeen: &seen, Notes: l.notes},
		Redactions: l.redacted,
	}
	if !l.unstated {
		expected := l.expected
		r.Stated.ItemsExpected = &expected
	}
	if !l.first.IsZero() {
		first, last := l.first, l.last
		r.Stated.First, r.Stated.Last = &first, &last
	}
	return r
}

// put stores a body as received. A server that sends a token of ours back is the one case in which it is changed: a token is never
// stored, and the record says that it was taken out. A list of tokens that holds the secret of one is refused.
func (s *session) put(ctx context.Context, out collectors.Sink, kind evidence.Kind, a answer, media string) (page, error) {
	var p page
	if err := withoutSecret(kind, a.body); err != nil {
		return page{}, err
	}
	body, name := a.body, a.name
	for _, secret := range s.secrets {
		if n := bytes.Count(body, []byte(secret)); n > 0 {
			if p.redaction == nil {
				p.redaction = &evidence.Redaction{Rule: "the API token that the source was asked with", Before: evidence.DigestOf(a.body)}
			}
			p.redaction.Count += int64(n)
			body = bytes.ReplaceAll(body, []byte(secret), []byte("[token]"))
		}
		name = strings.ReplaceAll(name, secret, "[token]")
	}
	s.line.puts <- struct{}{}
	defer func() { <-s.line.puts }()
	part, err := out.Put(ctx, kind, name, media, bytes.NewReader(body))
	if err != nil {
		return page{}, &storeError{err}
	}
	p.part = part
	return p, nil
}

// storeError says that evidence could not be kept. It ends the collection: to ask for more would bring nothing.
type storeError struct{ cause error }

func (e *storeError) Error() string { return e.cause.Error() }
func (e *storeError) Unwrap() error { return e.cause }
