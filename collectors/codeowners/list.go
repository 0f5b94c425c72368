package codeowners

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"auditpack/collectors"
	"auditpack/evidence"
)

const (
	pageSize  = "100"  // the most that the API gives
	maxPages  = 10_000 // a million items: no list that is asked for is so long
	listTries = 3      // a list that changes while it is paged is read again
)

// errMoved says that the pages of a list did not add up to what the server said of it.
var errMoved = errors.New("pages do not add up")

// page is one stored answer.
type page struct {
	part       evidence.Part
	redactions []evidence.Redaction
}

// list is what was asked for, page by page.
type list struct {
	pages []page
	items []json.RawMessage
}

// query is how a list is asked for.
type query struct {
	kind   evidence.Kind // of the record that the pages are for
	path   string
	values url.Values
	field  string                       // of an object that holds the list; empty: the answer is the list
	enough func([]json.RawMessage) bool // after each page: the rest is of no interest; nil reads to the end
}

// list reads all pages of q by the Link header, or as many as are enough, and stores each. When the pages do not add up it reads
// again, and in the end returns what it has with an error that wraps errMoved.
//
// Source: GitHub REST API documentation, "Using pagination in the REST API", as of 2026-11.
func (s *session) list(ctx context.Context, out collectors.Sink, q query) (list, error) {
	var got list
	var err error
	for range listTries {
		got, err = s.pages(ctx, out, q)
		if !errors.Is(err, errMoved) {
			break
		}
	}
	return got, err
}

func (s *session) pages(ctx context.Context, out collectors.Sink, q query) (list, error) {
	var got list
	values := url.Values{"per_page": {pageSize}}
	for k, v := range q.values {
		values[k] = v
	}
	next := s.url(q.path, values)
	first := nameOf(q.path, values)
	asked := map[string]bool{}
	lastStated := 0
	for n := 1; next != nil; n++ {
		if n > maxPages {
			return got, fmt.Errorf("list of %s has more than %d pages", q.path, maxPages)
		}
		if asked[next.String()] {
			return got, fmt.Errorf("list of %s: %w: page %d is followed by one that was read before", q.path, errMoved, n-1)
		}
		asked[next.String()] = true
		name := first
		if n > 1 {
			name = fmt.Sprintf("%s (page %d)", first, n)
		}
		a, err := s.get(ctx, next, name)
		if err != nil {
			return got, err
		}
		items, err := itemsOf(a.body, q.field)
		if err != nil {
			return got, fmt.Errorf("list of %s: %w", q.path, err)
		}
		p, err := s.put(ctx, out, q.kind, a)
		if err != nil {
			return got, err
		}
		got.pages, got.items = append(got.pages, p), append(got.items, items...)
		links := linksOf(a.header.Get("Link"))
		if n == 1 {
			lastStated = pageNumber(links["last"])
		}
		if q.enough != nil && q.enough(items) {
			return got, nil
		}
		if next, err = s.follow(links["next"]); err != nil {
			return got, fmt.Errorf("list of %s: %w", q.path, err)
		}
	}
	if len(got.pages) < lastStated {
		return got, fmt.Errorf("list of %s: %w: got %d pages, server stated %d", q.path, errMoved, len(got.pages), lastStated)
	}
	return got, nil
}

// itemsOf returns the elements of an answer.
func itemsOf(body []byte, field string) ([]json.RawMessage, error) {
	raw := json.RawMessage(body)
	if field != "" {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(body, &object); err != nil {
			return nil, fmt.Errorf("answer is no object: %w", err)
		}
		if raw = object[field]; raw == nil {
			return nil, nil
		}
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, fmt.Errorf("answer is no list: %w", err)
	}
	return items, nil
}

// follow reads the target of rel="next", nil for none. It may lie under /repositories/ID, but on no other host.
func (s *session) follow(target string) (*url.URL, error) {
	if target == "" {
		return nil, nil
	}
	u, err := url.Parse(target)
	if err != nil {
		return nil, errors.New("next page: not a URL")
	}
	u = s.address.ResolveReference(u)
	if u.Scheme != s.address.Scheme || u.Host != s.address.Host || u.User != nil {
		return nil, fmt.Errorf("next page is on %s://%s: the token is not sent there", u.Scheme, u.Host)
	}
	return u, nil
}

// linksOf reads a Link header: targets by their relation.
func linksOf(header string) map[string]string {
	links := map[string]string{}
	for header != "" {
		begin, end := strings.IndexByte(header, '<'), strings.IndexByte(header, '>')
		if begin < 0 || end < begin {
			return links
		}
		target := header[begin+1 : end]
		parameters, rest, _ := strings.Cut(header[end+1:], ",")
		header = rest
		for p := range strings.SplitSeq(parameters, ";") {
			if key, value, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(key, "rel") {
				for rel := range strings.FieldsSeq(strings.Trim(value, `"`)) {
					links[rel] = target
				}
			}
		}
	}
	return links
}

// pageNumber returns the number of a page from its URL, 0 where it has none: lists with cursors have no numbers.
func pageNumber(target string) int {
	u, err := url.Parse(target)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(u.Query().Get("page"))
	if err != nil {
		return 0
	}
	return n
}

// nameOf is how people write the request, in the order that Encode gives.
func nameOf(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	query, err := url.QueryUnescape(values.Encode())
	if err != nil {
		return path
	}
	return path + "?" + query
}

// one asks for a single object and stores it, for a record of that kind.
func (s *session) one(ctx context.Context, out collectors.Sink, kind evidence.Kind, path string, values url.Values) (page, []byte, error) {
	a, err := s.get(ctx, s.url(path, values), nameOf(path, values))
	if err != nil {
		return page{}, nil, err
	}
	p, err := s.put(ctx, out, kind, a)
	return p, a.body, err
}

// put stores an answer as received, but for secrets: our token, should the server send it back, and those that the patch
// of a commit shows. The record says what was taken out.
func (s *session) put(ctx context.Context, out collectors.Sink, kind evidence.Kind, a answer) (page, error) {
	var p page
	body, name := a.body, a.name
	if n := bytes.Count(body, []byte(s.token)); n > 0 {
		p.redactions = append(p.redactions, evidence.Redaction{Rule: "the API token that the source was asked with", Count: int64(n), Before: evidence.DigestOf(body)})
		body = bytes.ReplaceAll(body, []byte(s.token), []byte("[token]"))
	}
	body, done := redact(body, a.body)
	p.redactions = append(p.redactions, done...)
	part, err := out.Put(ctx, kind, name, "application/json", bytes.NewReader(body))
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

// ledger gathers what becomes one record: the answers of one kind.
type ledger struct {
	kind      evidence.Kind
	procedure string
	parts     []evidence.Part
	redacted  []evidence.Redaction
	items     int64  // that came
	expected  *int64 // that the server said there are; nil when it does not say
	notes     []string
}

func (l *ledger) add(items int, pages ...page) {
	for _, p := range pages {
		l.parts = append(l.parts, p.part)
		l.redacted = append(l.redacted, p.redactions...)
	}
	l.items += int64(items)
}

// record returns the record of l, for the sink to complete, once; l is then empty again.
func (l *ledger) record(s *session) evidence.Record {
	seen := l.items
	r := evidence.Record{
		Kind: l.kind, Source: s.source(), Collected: evidence.Collected{Principal: s.principal}, Procedure: l.procedure, Content: l.parts,
		Stated: evidence.Stated{ItemsSeen: &seen, ItemsExpected: l.expected, Notes: l.notes}, Redactions: l.redacted,
	}
	*l = ledger{kind: l.kind, procedure: l.procedure}
	return r
}
