package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"auditpack/collectors"
)

const (
	auditRetention = 14 * 24 * time.Hour // what HCP Terraform keeps
	auditOverlap   = clocks              // asked for again: events carry the server's time, appear late, and since is exclusive
)

const readAudit = "an organization token or an audit trails token in TFE_AUDIT_TOKEN or audit_token_file"

// auditPage is what this package reads of a page of the audit trail, which is no JSON:API document.
//
// Source: HCP Terraform API, "Audit trails", list an organization's audit events, fields as of 2026-11.
type auditPage struct {
	Data []struct {
		ID        string    `json:"id"`
		Timestamp time.Time `json:"timestamp"`
	} `json:"data"`
	Pagination struct {
		NextPage   *int `json:"next_page"`
		TotalCount *int `json:"total_count"`
	} `json:"pagination"`
}

// auditOptions: the documentation has 1,000 events a page unless asked otherwise, and names no maximum.
type auditOptions struct {
	Since  string `url:"since,omitempty"`
	Number int    `url:"page[number],omitempty"`
}

// auditTrail reads what the organization's audit trail has kept since it was read last, whatever period is collected: what is not
// read in time can never be had again.
func (o *organization) auditTrail(ctx context.Context) {
	trail, err := o.readAuditTrail(ctx)
	if fatal := new(storeError); errors.As(err, &fatal) {
		o.mu.Lock()
		o.stop(err)
		o.mu.Unlock()
	}
	o.mu.Lock()
	l := trail.ledger(o)
	if l != nil {
		o.ledgers[KindAuditTrail] = l
	}
	if err == nil && trail != nil {
		o.audit = trail.cursor()
	}
	o.mu.Unlock()
	items := int64(0)
	if trail != nil {
		items = int64(len(trail.ids))
	}
	outcome := collectors.OutcomeOf(o.part("audit trail"), KindAuditTrail, items, o.cause(err))
	if err == nil && trail.hole != "" {
		outcome.Detail = trail.hole
	}
	o.out.Outcome(outcome)
}

// trail is one reading of the audit trail.
type trail struct {
	period    period
	since     time.Time // zero: from as far back as the server keeps
	hole      string    // what was never read and cannot be had any more, in words
	principal string
	before    auditCursor
	pages     []page
	ids       map[string]time.Time
	total     *int64
}

func (o *organization) readAuditTrail(ctx context.Context) (*trail, error) {
	token, err := o.collector.readAuditToken(o.name)
	if err != nil {
		return nil, err
	}
	s := o.session
	switch {
	case token != "":
		if s, err = o.as(token); err != nil {
			return nil, err
		}
	case o.enterprise():
		return nil, fmt.Errorf("%w: Terraform Enterprise has no audit trail API", collectors.ErrNotOffered)
	}
	t := o.newTrail(s.principal)
	for range listTries {
		if err = t.read(ctx, s, o.out); !errors.Is(err, errMoved) {
			break
		}
	}
	if missing(err) && o.enterprise() {
		return t, fmt.Errorf("%w: Terraform Enterprise has no audit trail API: %w", collectors.ErrNotOffered, err)
	}
	if missing(err) {
		return t, o.unlessInPlan(ctx, readAudit, err, "audit-logging")
	}
	var api *apiError
	if errors.As(err, &api) && api.status == 401 {
		return t, &collectors.DeniedError{Permission: readAudit, Cause: &deniedToken{api}}
	}
	return t, o.refused(readAudit, err)
}

// deniedToken is a 401 for the audit token alone: the collection goes on.
type deniedToken struct{ api *apiError }

func (e *deniedToken) Error() string { return e.api.Error() }

func (o *organization) newTrail(principal string) *trail {
	now := o.collector.env.Now().UTC()
	kept := now.Add(-auditRetention)
	t := &trail{period: period{From: kept, To: now}, principal: principal, ids: map[string]time.Time{}}
	if o.before.Audit == nil {
		t.hole = "what happened before " + kept.Format(time.RFC3339) + " can never be had again: HCP Terraform keeps the audit trail for 14 days, and it was not collected before"
		return t
	}
	t.before = *o.before.Audit
	if t.before.To.Before(kept) {
		t.hole = "what happened between " + t.before.To.Format(time.RFC3339) + " and " + kept.Format(time.RFC3339) + " can never be had again: HCP Terraform keeps the audit trail for 14 days"
		return t
	}
	t.since = t.before.To.Add(-auditOverlap)
	t.period.From = t.since
	if t.since.Before(kept) {
		t.period.From = kept
	}
	return t
}

// read reads all pages, and stores each.
func (t *trail) read(ctx context.Context, s *session, out collectors.Sink) error {
	t.pages, t.total, t.ids = nil, nil, map[string]time.Time{}
	for number := 1; number > 0; {
		if len(t.pages) == maxPages {
			return fmt.Errorf("audit trail has more than %d pages", maxPages)
		}
		options := auditOptions{Number: number}
		if !t.since.IsZero() {
			options.Since = t.since.Format("2006-01-02T15:04:05.000Z")
		}
		a, err := s.get(ctx, "organization/audit-trail", options)
		if err != nil {
			return err
		}
		var doc auditPage
		if err := json.Unmarshal(a.body, &doc); err != nil {
			return fmt.Errorf("read page %d of the audit trail: %w", number, err)
		}
		if doc.Data == nil {
			return fmt.Errorf("read page %d of the audit trail: it has no data", number)
		}
		p, err := s.put(ctx, out, KindAuditTrail, a, "application/json")
		if err != nil {
			return err
		}
		t.pages = append(t.pages, p)
		for _, e := range doc.Data {
			if e.ID == "" {
				return fmt.Errorf("read page %d of the audit trail: an event has no id", number)
			}
			t.ids[e.ID] = e.Timestamp.UTC()
		}
		if t.total == nil && doc.Pagination.TotalCount != nil {
			total := int64(*doc.Pagination.TotalCount)
			t.total = &total
		}
		next := 0
		if doc.Pagination.NextPage != nil {
			next = *doc.Pagination.NextPage
		}
		if next != 0 && next <= number {
			return fmt.Errorf("audit trail: page %d is followed by page %d", number, next)
		}
		number = next
	}
	if t.total != nil && int64(len(t.ids)) < *t.total {
		return fmt.Errorf("audit trail: %w: got %d events, server states %d", errMoved, len(t.ids), *t.total)
	}
	return nil
}

// ledger returns what was read, nil when nothing was.
func (t *trail) ledger(o *organization) *ledger {
	if t == nil || len(t.pages) == 0 {
		return nil
	}
	l := &ledger{kind: KindAuditTrail, period: &t.period, principal: t.principal,
		procedure: "GET /organization/audit-trail, all pages, since the last reading less " + auditOverlap.String() + ", else as far back as the server keeps; of " + o.collector.address.String() + ", bodies stored as received"}
	l.add(place{}, t.pages...)
	l.count(int64(len(t.ids)), t.total)
	for _, at := range t.ids {
		l.span(at)
	}
	if t.hole != "" {
		l.note("%s", t.hole)
	}
	if t.total != nil && int64(len(t.ids)) > *t.total {
		l.note("%d events came, where the server states %d", len(t.ids), *t.total)
	}
	return l
}

// cursor returns where the next reading goes on.
func (t *trail) cursor() *auditCursor {
	return &auditCursor{To: later(t.period.To, t.before.To)}
}
