package terraform

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"auditpack/collectors"
	"auditpack/evidence"
)

// mediaType of every body that is stored.
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
	total    *int64 // how many the whole list holds, by the server
}

// ledger gathers what becomes one record: all bodies of one kind of one organization.
type ledger struct {
	kind      evidence.Kind
	procedure string
	parts     []evidence.Part
	names     map[string]int
	redacted  []evidence.Redaction
	seen      int64
	expected  int64
	unstated  bool // a list came without totals
	first     time.Time
	last      time.Time
	notes     []string
}

// add takes a list over. Nothing of it may be added twice.
func (l *ledger) add(got list) {
	if l.names == nil {
		l.names = map[string]int{}
	}
	for _, p := range got.pages {
		l.names[p.part.Name]++
		if n := l.names[p.part.Name]; n > 1 { // asked twice in one collection
			p.part.Name = fmt.Sprintf("%s (%d)", p.part.Name, n)
		}
		l.parts = append(l.parts, p.part)
		if p.redaction != nil {
			l.redacted = append(l.redacted, *p.redaction)
		}
	}
	l.seen += int64(len(got.items))
	if got.expected == nil {
		l.unstated = true
	} else {
		l.expected += *got.expected
	}
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
		Content:    l.parts,
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

// put stores a body as received. A server that sends our token back is the one case in which it is changed: a token is never
// stored, and the record says that it was taken out.
func (s *session) put(ctx context.Context, out collectors.Sink, name string, body []byte) (page, error) {
	var p page
	if n := bytes.Count(body, []byte(s.token)); n > 0 {
		p.redaction = &evidence.Redaction{Rule: "the API token that the source was asked with", Count: int64(n), Before: evidence.DigestOf(body)}
		body = bytes.ReplaceAll(body, []byte(s.token), []byte("[token]"))
		name = strings.ReplaceAll(name, s.token, "[token]")
	}
	part, err := out.Put(ctx, name, mediaType, bytes.NewReader(body))
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
